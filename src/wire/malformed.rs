//! Why bytes do not follow their format, and where.

use core::fmt;

/// A place in the input that breaks the format, and how.
///
/// `offset` counts from the first byte of the file, also inside nested structures.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Malformed {
    /// Bytes from the start of the file.
    pub offset: usize,
    /// The field that was being read, in the words of the format.
    pub field: &'static str,
    /// What was expected there, and what was found.
    pub fault: Fault,
}

impl Malformed {
    /// A fault in `field` at `offset`.
    #[must_use]
    pub const fn new(offset: usize, field: &'static str, fault: Fault) -> Self {
        Self { offset, field, fault }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "offset {}, {}: {}", self.offset, self.field, self.fault)
    }
}

/// The input ends inside a field: all that can go wrong with one of a fixed size.
///
/// [`Malformed`] for files and frames, and an error of its own for packets that have one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Truncated {
    /// Bytes from the start of the input to the field.
    pub offset: usize,
    /// The field that was being read, in the words of the format.
    pub field: &'static str,
    /// Bytes that the field needs.
    pub expected: usize,
    /// Bytes that are left.
    pub found: usize,
}

impl From<Truncated> for Malformed {
    fn from(Truncated { offset, field, expected, found }: Truncated) -> Self {
        Self::new(offset, field, Fault::Truncated { expected, found })
    }
}

/// The ways in which a field can be wrong; lengths count bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The input has no bytes at all.
    Empty,
    /// A field of a fixed size has another one.
    FieldLength {
        /// The size that the format requires.
        expected: usize,
        /// The size that the element announces.
        found: usize,
    },
    /// The same tag a second time.
    DuplicateTag(u8),
    /// A length that contradicts the structure around it or inside it.
    LengthMismatch {
        /// Where the structure should end, or the smallest possible length.
        expected: usize,
        /// The length that the field announces.
        found: usize,
    },
    /// An announced length runs past its enclosure.
    LengthOverrun {
        /// Bytes that are left in the enclosure.
        expected: usize,
        /// The length that the element announces.
        found: usize,
    },
    /// A required tag is not there.
    MissingField(u8),
    /// A byte that the format fixes has another value.
    Byte {
        /// The value that the format requires.
        expected: u8,
        /// The value that is there instead.
        found: u8,
    },
    /// Something other than padding after the first padding byte.
    Padding(u8),
    /// A tag where the format does not allow it.
    TagOrder(u8),
    /// Not UTF-8 with exactly one NUL, at the end.
    Text,
    /// More bytes than a field may have.
    TooLong {
        /// The most bytes that the field may have.
        expected: usize,
        /// The length that the field announces.
        found: usize,
    },
    /// More records than a list may have, in all or of one kind.
    TooMany {
        /// The most that a list may have of them.
        expected: usize,
    },
    /// Bytes after the last structure.
    TrailingGarbage(u8),
    /// The input ends inside a field.
    Truncated {
        /// Bytes that the field needs.
        expected: usize,
        /// Bytes that are left.
        found: usize,
    },
    /// Tag 0, or a tag that belongs to another kind of file.
    UnknownTag(u8),
    /// A major version of another format.
    Version {
        /// The major version of this kind of file.
        expected: u8,
        /// The major version found.
        found: u8,
    },
    /// A field that must have a value is empty.
    ZeroLength,
}

impl Fault {
    /// The class of the fault in one word, as the test vectors name it.
    #[must_use]
    pub const fn class(&self) -> &'static str {
        // The manifest of the test vectors has the same words, so they never change.
        match self {
            Self::Empty => "empty",
            Self::FieldLength { .. } => "bad-field-length",
            Self::DuplicateTag(_) => "duplicate-tag",
            Self::LengthMismatch { .. } => "length-mismatch",
            Self::LengthOverrun { .. } => "length-overrun",
            Self::MissingField(_) => "missing-field",
            Self::Byte { .. } => "bad-byte",
            Self::Padding(_) => "padding",
            Self::TagOrder(_) => "bad-tag-order",
            Self::Text => "bad-text",
            Self::TooLong { .. } => "too-long",
            Self::TooMany { .. } => "too-many-records",
            Self::TrailingGarbage(_) => "trailing-garbage",
            Self::Truncated { .. } => "truncated",
            Self::UnknownTag(_) => "unknown-tag",
            Self::Version { .. } => "bad-version",
            Self::ZeroLength => "zero-length-field",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What was expected comes first, if it was one thing: it is what a writer has to change.
        match *self {
            Self::Empty => write!(f, "expected a file, found no bytes"),
            Self::FieldLength { expected, found } => {
                write!(f, "expected a length of {expected}, found {found}")
            }
            Self::DuplicateTag(tag) => write!(f, "expected tag {tag} once, found it twice"),
            Self::LengthMismatch { expected, found } => {
                write!(f, "expected length {expected} to match the structure, found {found}")
            }
            Self::LengthOverrun { expected, found } => {
                write!(f, "expected at most {expected} bytes, found a length of {found}")
            }
            Self::MissingField(tag) => write!(f, "required tag {tag} is missing"),
            Self::Byte { expected, found } => {
                write!(f, "expected byte {expected:#04x}, found {found:#04x}")
            }
            Self::Padding(tag) => write!(f, "expected padding to the end, found tag {tag}"),
            Self::TagOrder(tag) => write!(f, "tag {tag} is not allowed here"),
            Self::Text => write!(f, "expected UTF-8 text with a single NUL, at its end"),
            Self::TooLong { expected, found } => {
                write!(f, "expected at most {expected} bytes, found {found}")
            }
            Self::TooMany { expected } => write!(f, "expected at most {expected}, found more"),
            Self::TrailingGarbage(byte) => {
                write!(f, "expected a record or the end, found byte {byte:#04x}")
            }
            Self::Truncated { expected, found } => {
                write!(f, "expected {expected} more bytes, found {found}")
            }
            Self::UnknownTag(tag) => write!(f, "tag {tag} is unknown in this kind of file"),
            Self::Version { expected, found } => {
                write!(f, "expected major version {expected}, found {found}")
            }
            Self::ZeroLength => write!(f, "expected a value, found none"),
        }
    }
}
