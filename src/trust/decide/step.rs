//! The steps of the walk that judges a peer, as facts and in plain words.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::trust::list::ListKind;
use crate::trust::peer::NoPath;
use crate::trust::purpose::Purpose;
use crate::trust::reason::Warning;
use crate::trust::tvs::Unanswered;
use crate::wire::Role;

/// One step: what was searched, and what was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SearchStep {
    /// One list, for a path to an authority on it.
    Authority(ListKind, AuthoritySearch),
    /// The earlier answers of the service.
    Cache(Cached),
    /// One list, for exactly this certificate.
    Exact(ListKind, Exact),
    /// What is odd about a certificate that is trusted all the same.
    Oddity(Warning),
    /// The service: the roles that it vouches for; nothing if the answer names none.
    Tvs(Result<Option<Box<[Role]>>, Unanswered>),
}

/// The result of searching a list for an authority that a path leads to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AuthoritySearch {
    /// A path leads to one.
    Found(Purpose),
    /// The list has none for the purpose.
    NoAuthority(Purpose),
    /// The list has some, and no path to any of them is accepted.
    NoPath(NoPath),
}

/// The result of searching the earlier answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cached {
    /// One is there and has not expired; with the warnings about it.
    Hit(Vec<Warning>),
    /// None is there, or it has expired or is for other purposes.
    Miss,
}

/// The result of searching a list for exactly one certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exact {
    /// A record has it, for the purpose.
    Found(Purpose),
    /// No such list is installed.
    NoList,
    /// No record has it.
    NoRecord(Purpose),
    /// A record has it, for something else.
    OtherRole {
        /// The role in which it is listed.
        found: Role,
        /// The purpose that it was to serve.
        wanted: Purpose,
    },
}

impl fmt::Display for SearchStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authority(list, found) => write!(f, "{}: {found}", list.word()),
            Self::Cache(found) => write!(f, "cache: {found}"),
            Self::Exact(list, found) => write!(f, "{}: {found}", list.word()),
            Self::Oddity(warning) => write!(f, "warning: {warning}"),
            // An answer without roles, which only HTTPS services accept.
            Self::Tvs(Ok(None)) => {
                write!(f, "TVS: vouches for the certificate, but names no role")
            }
            Self::Tvs(Ok(Some(roles))) => {
                write!(f, "TVS: vouches for the certificate")?;
                roles.iter().enumerate().try_for_each(|(place, role)| {
                    write!(f, "{}{role}", if place == 0 { " as " } else { ", " })
                })
            }
            Self::Tvs(Err(Unanswered::ListsChanged)) => {
                write!(f, "TVS: the trust lists changed before it answered")
            }
            Self::Tvs(Err(Unanswered::NobodyToAsk)) => write!(f, "TVS: no server to ask"),
            Self::Tvs(Err(Unanswered::NoAnswer(why))) => write!(f, "TVS: no answer, {why}"),
            Self::Tvs(Err(Unanswered::Unvouched(why))) => write!(f, "TVS: {why}"),
        }
    }
}

impl fmt::Display for AuthoritySearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(purpose) => {
                write!(f, "the certificate was issued under a CA listed for {purpose}")
            }
            Self::NoAuthority(purpose) => write!(f, "no CA is listed for {purpose}"),
            Self::NoPath(no_path) => no_path.fmt(f),
        }
    }
}

impl fmt::Display for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hit(warnings) => {
                write!(f, "TVS vouched for this certificate earlier")?;
                warnings.iter().try_for_each(|warning| write!(f, ", {warning}"))
            }
            Self::Miss => write!(f, "no earlier answer from TVS about this certificate"),
        }
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(purpose) => write!(f, "the certificate is listed for {purpose}"),
            Self::NoList => write!(f, "not installed"),
            Self::NoRecord(purpose) => write!(f, "the certificate is not listed for {purpose}"),
            Self::OtherRole { found, wanted } => {
                write!(f, "the certificate is listed as {found} only, not for {wanted}")
            }
        }
    }
}
