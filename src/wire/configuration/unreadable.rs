//! Why a configuration cannot be read.

use alloc::boxed::Box;
use core::fmt;

/// A place in the text, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Lines.
    pub line: u32,
    /// Characters.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why a configuration cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// A document type definition: where entity bombs are built.
    DocumentType(Place),
    /// Another encoding than UTF-8, by its own word.
    Encoding {
        /// The declared encoding.
        declared: Box<str>,
    },
    /// Longer than a configuration may be.
    TooLarge {
        /// Octets.
        found: usize,
    },
    /// More attributes, levels, namespaces or nodes than a configuration has.
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// Where the limit was passed.
        place: Place,
    },
    /// Octets that are not UTF-8.
    Utf8(Place),
    /// Not well-formed XML.
    Xml(roxmltree::Error),
}

impl From<roxmltree::Error> for Unreadable {
    fn from(error: roxmltree::Error) -> Self {
        let place = Place { line: error.pos().row, column: error.pos().col };
        match error {
            roxmltree::Error::DtdDetected => Self::DocumentType(place),
            roxmltree::Error::NodesLimitReached => Self::TooMany { what: "nodes", place },
            error => Self::Xml(error),
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DocumentType(place) => write!(f, "{place}: a document type definition"),
            Self::Encoding { declared } => write!(f, "expected UTF-8, found {declared:?}"),
            Self::TooLarge { found } => {
                write!(f, "a configuration may have {MAX_OCTETS} octets, this one has {found}")
            }
            Self::TooMany { what, place } => write!(f, "{place}: too many {what}"),
            Self::Utf8(place) => write!(f, "{place}: not UTF-8"),
            Self::Xml(error) => {
                write!(f, "{}:{}: not well-formed, {error}", error.pos().row, error.pos().col)
            }
        }
    }
}

/// The most that is read, and so the most that any limit of a configuration may be: what is kept is
/// read again. Inferred: twice the size limit of the technote's request (550001).
pub const MAX_OCTETS: usize = 1 << 20;
