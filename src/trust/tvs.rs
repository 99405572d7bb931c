//! What an answer of the Trust Verification Service proves.
//!
//! Policy on answers that have already been matched to their question. The caller must have
//! verified the member that answered against a TVS record of a list.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::trust::accepted::Accepted;
use crate::trust::certificate::Certificate;
use crate::trust::purpose::Purpose;
use crate::trust::query::Query;
use crate::trust::reason::Warning;
use crate::trust::signature::sha256;
use crate::wire::tvs::{Response, Status};
use crate::wire::{Role, Serial};

/// Proof that the service knows a certificate: its digest, and what it may do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endorsed {
    sha256: [u8; 32],
    roles: Option<Box<[Role]>>,
    ttl: Option<Duration>,
}

impl Endorsed {
    /// States that the service answered with "trusted".
    fn assertion(certificate: &[u8], response: &Response<'_>) -> Self {
        Self {
            sha256: sha256(certificate),
            roles: response.roles.as_deref().map(Box::from),
            ttl: response.ttl,
        }
    }

    /// SHA-256 of the certificate.
    #[must_use]
    pub const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// The roles that the service names; nothing if the answer contains none.
    #[must_use]
    pub fn roles(&self) -> Option<&[Role]> {
        self.roles.as_deref()
    }

    /// How long the answer is valid, if the service states it.
    #[must_use]
    pub const fn ttl(&self) -> Option<Duration> {
        self.ttl
    }

    /// Whether the certificate may serve a purpose.
    ///
    /// If the answer contains no roles, only HTTPS services are accepted, with a warning: servers
    /// may leave them out (domain facts 5.6). An empty list of roles serves no purpose.
    ///
    /// # Errors
    /// [`Unvouched::NoRoles`], [`Unvouched::EmptyRoles`], [`Unvouched::WrongRoles`],
    /// [`Unvouched::NotForTvs`].
    pub fn serves(&self, purpose: Purpose) -> Result<Option<Warning>, Unvouched> {
        // The recursion guard: TVS is never authenticated by TVS (domain facts 5.8).
        if purpose == Purpose::Tvs {
            return Err(Unvouched::NotForTvs);
        }
        // Servers may leave roles out (domain facts 5.6); other purposes need one that is named.
        if self.roles.is_none() && purpose == Purpose::HttpsService {
            return Ok(Some(Warning::NoRoles));
        }
        self.plays(purpose.roles()).map(|()| None)
    }

    pub(in crate::trust) fn plays(&self, wanted: &[Role]) -> Result<(), Unvouched> {
        match self.roles() {
            None => Err(Unvouched::NoRoles),
            Some([]) => Err(Unvouched::EmptyRoles),
            Some(roles) if roles.iter().any(|role| wanted.contains(role)) => Ok(()),
            Some(roles) => Err(Unvouched::WrongRoles { found: roles.to_vec() }),
        }
    }
}

/// Proof that the service vouches for a signer, with the certificate to verify with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Vouched {
    asked: [u8; 32],
    certificate: Box<[u8]>,
    endorsed: Endorsed,
    vouched_at: VouchedAt,
}

/// When the service vouched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VouchedAt {
    /// In an earlier answer, which has been cached since.
    Earlier,
    /// In the answer to this very question.
    Now,
}

impl Vouched {
    /// States that the service returned this certificate for the signer that was asked about.
    fn assertion(query: &Query, certificate: &[u8], response: &Response<'_>) -> Self {
        let endorsed = Endorsed::assertion(certificate, response);
        Self {
            asked: query.digest(),
            certificate: Box::from(certificate),
            endorsed,
            vouched_at: VouchedAt::Now,
        }
    }

    /// The question that it answers, by its digest.
    pub(in crate::trust) const fn asked(&self) -> &[u8; 32] {
        &self.asked
    }

    /// The signer's certificate, DER.
    #[must_use]
    pub const fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// What the service knows about it.
    #[must_use]
    pub const fn endorsed(&self) -> &Endorsed {
        &self.endorsed
    }

    /// When the service vouched, which decides whether it counts for a list of another cluster.
    #[must_use]
    pub const fn vouched_at(&self) -> VouchedAt {
        self.vouched_at
    }

    /// The same, marked as an earlier answer for the cache.
    pub(in crate::trust) fn kept(self) -> Self {
        Self { vouched_at: VouchedAt::Earlier, ..self }
    }

    /// Whether this is the signer that a question is about, in a role that it may sign in.
    ///
    /// # Errors
    /// As of [`answer`](Self::answer).
    pub fn answers(&self, query: &Query) -> Result<(), Unvouched> {
        self.answer(query).map(|_| ())
    }

    /// The certificate, if it is the one that a question is about, in a role that it may sign in.
    ///
    /// Its names are not compared with those of the question: they are printed in too many ways
    /// (domain facts 3.7). Its serial number, its roles and finally its key's signature decide.
    ///
    /// # Errors
    /// [`Unvouched::NotACertificate`], [`Unvouched::OtherCertificate`],
    /// [`Unvouched::OtherQuestion`], and the errors of [`serves`](Endorsed::serves) about roles.
    pub fn answer(&self, query: &Query) -> Result<Certificate<'_>, Unvouched> {
        let certificate =
            Certificate::parse(&self.certificate).map_err(|_| Unvouched::NotACertificate)?;
        // A server may know more than one certificate by these names.
        if certificate.serial != Serial::new(&query.serial) {
            return Err(Unvouched::OtherCertificate { field: "serial number" });
        }
        // Answers are kept and shared, so this one may have been obtained for another signer.
        if self.asked != query.digest() {
            return Err(Unvouched::OtherQuestion);
        }
        self.endorsed.plays(query.roles)?;
        Ok(certificate)
    }
}

/// Judges the answer to a question about the signer of a file.
///
/// # Errors
/// [`Unvouched`], all but `NotForTvs` and `OtherQuestion`.
pub fn signer(query: &Query, response: &Response<'_>) -> Result<Vouched, Unvouched> {
    // The status counts before anything else in the answer.
    trusted(response)?;
    let certificate = response.certificate.ok_or(Unvouched::NoCertificate)?;
    let vouched = Vouched::assertion(query, certificate, response);
    vouched.answers(query)?;
    Ok(vouched)
}

/// Proof that the service trusts a certificate, for whatever purpose.
pub(in crate::trust) fn peer_trusted(
    certificate: &[u8],
    response: &Response<'_>,
) -> Result<Endorsed, Unvouched> {
    trusted(response)?;
    Ok(Endorsed::assertion(certificate, response))
}

/// Judges the answer to a question about the certificate that a peer has shown.
///
/// # Errors
/// [`Unvouched`] for a status other than "trusted", and the errors of [`Endorsed::serves`].
pub fn peer(
    purpose: Purpose,
    certificate: &[u8],
    response: &Response<'_>,
) -> Result<Accepted<Endorsed>, Unvouched> {
    let endorsed = peer_trusted(certificate, response)?;
    let warnings = Vec::from_iter(endorsed.serves(purpose)?);
    Ok(Accepted { value: endorsed, warnings })
}

const fn trusted(response: &Response<'_>) -> Result<(), Unvouched> {
    match response.status {
        Status::Trusted => Ok(()),
        Status::Invalid => Err(Unvouched::Invalid),
        Status::Unknown(code) => Err(Unvouched::Failed { status: code }),
    }
}

/// Why no one vouches for a certificate or signer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unanswered {
    /// The lists have changed since the question was asked: the caller decides again.
    ListsChanged,
    /// No member answered; the reason of the last one, in words.
    NoAnswer(String),
    /// No member is known, or no list has a record to verify one with.
    NobodyToAsk,
    /// The service answered, and does not vouch.
    Unvouched(Unvouched),
}

impl Unanswered {
    /// Whether another try may soon end differently: the service has not answered yet.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::ListsChanged | Self::NoAnswer(_))
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ListsChanged => f.write_str("the trust lists changed before TVS answered"),
            Self::NobodyToAsk => f.write_str("there is no TVS to ask"),
            Self::NoAnswer(why) => write!(f, "no TVS server answered ({why})"),
            Self::Unvouched(unvouched) => unvouched.fmt(f),
        }
    }
}

/// Why an answer does not vouch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unvouched {
    /// The service knows the certificate, but vouches for it in no role.
    EmptyRoles,
    /// The service answered with an error.
    Failed {
        /// A status other than "trusted" and "invalid".
        status: u8,
    },
    /// The service does not know the certificate.
    Invalid,
    /// The answer is "trusted", but contains no certificate to verify with.
    NoCertificate,
    /// The answer names no role for the certificate.
    NoRoles,
    /// What the answer contains as a certificate is not exactly one.
    NotACertificate,
    /// The service never vouches for itself.
    NotForTvs,
    /// The certificate is not the one that was asked about.
    OtherCertificate {
        /// The field that differs.
        field: &'static str,
    },
    /// The answer belongs to another question.
    OtherQuestion,
    /// The certificate may not serve the purpose.
    WrongRoles {
        /// What it may do.
        found: Vec<Role>,
    },
}

impl Unvouched {
    /// Whether this is a definite answer, which another member would only repeat; otherwise the
    /// member has failed, and the next one is asked (domain facts 5.8 and 5.9).
    #[must_use]
    pub const fn is_final(&self) -> bool {
        match self {
            Self::EmptyRoles
            | Self::Invalid
            | Self::NoRoles
            | Self::NotForTvs
            | Self::WrongRoles { .. } => true,
            Self::Failed { .. }
            | Self::NoCertificate
            | Self::NotACertificate
            | Self::OtherCertificate { .. }
            | Self::OtherQuestion => false,
        }
    }
}

impl fmt::Display for Unvouched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyRoles => {
                write!(f, "the service knows the certificate, but vouches for it in no role")
            }
            Self::Failed { status } => write!(f, "the service failed with status {status}"),
            Self::Invalid => write!(f, "the service does not know the certificate"),
            Self::NoCertificate => write!(f, "the answer contains no certificate"),
            Self::NoRoles => write!(f, "the answer names no roles"),
            Self::NotACertificate => {
                write!(f, "the answer's certificate is not a single DER certificate")
            }
            Self::NotForTvs => write!(f, "the service does not vouch for itself"),
            Self::OtherCertificate { field } => {
                write!(f, "the answer is about another certificate, its {field} does not match")
            }
            Self::OtherQuestion => write!(f, "the answer belongs to another question"),
            Self::WrongRoles { found } => {
                write!(f, "the service knows the certificate, but only as ")?;
                found.iter().enumerate().try_for_each(|(place, role)| {
                    let separator = if place == 0 { "" } else { ", " };
                    write!(f, "{separator}{role}")
                })
            }
        }
    }
}
