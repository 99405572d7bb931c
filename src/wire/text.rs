//! Names and other fields for people: kept as they are written, whatever the bytes are.

use alloc::string::String;
use core::fmt;

use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::Element;

/// A name as a file writes it: a hint, to be shown; nothing is decided by it.
///
/// Well-formed is UTF-8 that ends in its only NUL. Call managers have written other bytes too:
/// Latin-1, and names that are empty.
#[derive(Clone, Copy)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// The value of an element, NUL and all.
    ///
    /// # Errors
    /// [`Fault::TooLong`] beyond [`MAX_NAME`].
    pub(in crate::wire) const fn from_element(
        element: &Element<'a>,
        field: &'static str,
    ) -> Result<Self, Malformed> {
        // The only thing that is refused: whatever the bytes are, the file is read.
        let found = element.value.len();
        if found > MAX_NAME {
            let fault = Fault::TooLong { expected: MAX_NAME, found };
            return Err(Malformed::new(element.offset, field, fault));
        }
        Ok(Self(element.value))
    }

    /// The value of a field, NUL and all.
    #[must_use]
    pub const fn new(value: &'a [u8]) -> Self {
        Self(value)
    }

    /// The bytes without the NUL that ends them.
    #[must_use]
    pub const fn bytes(self) -> &'a [u8] {
        // Only the last one: a NUL before it is part of an odd name, and shown as such.
        match self.0 {
            [text @ .., 0] => text,
            text => text,
        }
    }

    /// Bytes of the field, the NUL included.
    #[must_use]
    pub const fn field_length(self) -> usize {
        self.0.len()
    }

    /// Whether it ends in its only NUL.
    #[must_use]
    pub fn is_terminated(self) -> bool {
        self.0.ends_with(&[0]) && !self.bytes().contains(&0)
    }

    /// Whether it is empty, not UTF-8, or does not end in its only NUL.
    #[must_use]
    pub fn is_odd(self) -> bool {
        self.bytes().is_empty()
            || !self.is_terminated()
            || core::str::from_utf8(self.bytes()).is_err()
    }
}

/// Equal is what has the same bytes before the NUL.
impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Text<'_> {}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.bytes() == other.as_bytes()
    }
}

/// The text; bytes that are not UTF-8 as `\x` and two digits.
impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shown(self.bytes(), f)
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As a quoted string: a failed test shows the name and not its numbers.
        write!(f, "{:?}", alloc::format!("{self}"))
    }
}

impl From<Text<'_>> for String {
    fn from(text: Text<'_>) -> Self {
        alloc::format!("{text}")
    }
}

fn shown(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // Replacement characters would make two different names look alike.
    bytes.utf8_chunks().try_for_each(|chunk| {
        f.write_str(chunk.valid())?;
        chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))
    })
}

/// Bytes of a name, its NUL included, in headers and records.
///
/// Bounds what is read, kept and compared before a signature is verified. Inferred: a
/// distinguished name has an attribute or two of each of the nine types that lists write, of at
/// most 64 characters most of them (X.520, upper bounds as in RFC 5280 A.1); names seen have 14 to
/// 75 bytes.
pub const MAX_NAME: usize = 1024;

/// A field whose value breaks the format, in a file that is read all the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OddField {
    /// The field, in the words of the format.
    pub field: &'static str,
    /// Bytes from the start of the file to its tag.
    pub offset: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn bytes_that_are_not_utf8_are_shown_and_kept() {
        let name = Text::new(b"CN=a;O=M\xfcller AG\0");
        assert_eq!(name.to_string(), "CN=a;O=M\\xfcller AG");
        assert_eq!(name.bytes(), b"CN=a;O=M\xfcller AG");
        assert_eq!(name.field_length(), 17);
    }

    #[test]
    fn odd_is_what_is_not_a_terminated_text() {
        assert!(!Text::new("CN=M\u{fc}ller\0".as_bytes()).is_odd());
        for odd in [&b""[..], b"\0", b"CN=a", b"CN\0=a\0", b"CN=M\xfcller\0"] {
            assert!(Text::new(odd).is_odd(), "{odd:?}");
        }
    }
}
