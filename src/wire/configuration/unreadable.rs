//! Why a configuration cannot be read, and where.

use alloc::boxed::Box;
use core::fmt;

use crate::wire::configuration::shown::{TextPosition, shortened};

/// A configuration that cannot be read: nothing is known of it, not even that it is unencrypted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnreadableConfiguration {
    /// What is wrong with it, the first thing if there are several.
    pub defect: Defect,
    /// Where in the text; `None` if the fault is of the file as such.
    pub place: Option<TextPosition>,
    /// Whether what could be read announces an encrypted configuration.
    pub announces_encryption: bool,
}

/// Why a configuration cannot be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Defect {
    /// It ends before its root element does.
    Cut,
    /// A document type with an internal subset: where entity bombs are built.
    DocumentType,
    /// Nothing is in it but space and NULs.
    Empty,
    /// A value that decides something, and is neither true nor false.
    Odd {
        /// The name of the element, without its prefix.
        element: &'static str,
        /// Its text as it is written; empty if it has none.
        found: Box<str>,
    },
    /// A short one that does not announce an encrypted full one.
    OnlyShort,
    /// Something beside the root element.
    Outside,
    /// The root element of something else.
    Root {
        /// Its name, without its prefix.
        found: Box<str>,
    },
    /// Nested more deeply than any configuration.
    TooDeep,
    /// Longer than a configuration may be.
    TooLarge {
        /// Bytes of the file.
        found: usize,
    },
    /// Not well-formed; the text is the parser's.
    Xml(Box<str>),
}

impl fmt::Display for UnreadableConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.place {
            write!(f, "{place}: ")?;
        }
        self.defect.fmt(f)
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => f.write_str("the file is cut short"),
            Self::DocumentType => {
                f.write_str("a document type with an internal subset is not allowed")
            }
            Self::Empty => f.write_str("the file is empty"),
            Self::Odd { element, found } => {
                write!(f, "{element}: expected true or false, found {}", shortened(found))
            }
            Self::OnlyShort => f.write_str("fullConfig is false, and encrConfig is not true"),
            Self::Outside => f.write_str("unexpected content outside the root element"),
            Self::Root { found } => {
                write!(f, "not a configuration, the root element is {}", shortened(found))
            }
            Self::TooDeep => f.write_str("elements are nested too deeply"),
            Self::TooLarge { found } => {
                write!(f, "a file of {found} bytes exceeds the limit of {MAX_BYTES}")
            }
            Self::Xml(error) => write!(f, "not well-formed, {error}"),
        }
    }
}

/// The most that is read, and so the most that any limit of a configuration may be set to: what is
/// kept is read again. Inferred: twice the size limit of the technote's request (550001).
pub const MAX_BYTES: usize = 1 << 20;
