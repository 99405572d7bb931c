//! Why a configuration cannot be read, and where.

use alloc::boxed::Box;
use core::fmt;

use crate::wire::configuration::shown::{TextPosition, shortened};

/// A configuration that cannot be read: nothing is known of it, not even that it is not encrypted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnreadableConfiguration {
    /// Why.
    pub defect: Defect,
    /// Where; `None` if it is the file as a whole.
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
    /// Nothing is in it.
    Empty,
    /// A value that decides, and is none of its values.
    Odd {
        /// The element.
        element: &'static str,
        /// What it is.
        found: Box<str>,
    },
    /// It says that it is a short one, and not that the whole one is encrypted.
    OnlyShort,
    /// Something beside the root element.
    Outside,
    /// The root element of something else.
    Root {
        /// Its name.
        found: Box<str>,
    },
    /// More nested than a configuration is.
    TooDeep,
    /// Longer than a configuration may be.
    TooLarge {
        /// Bytes.
        found: usize,
    },
    /// Not well-formed; in the words of the parser.
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

/// The most that is read, and so the most that any limit of a configuration may be: what is kept is
/// read again. Inferred: twice the size limit of the technote's request (550001).
pub const MAX_BYTES: usize = 1 << 20;
