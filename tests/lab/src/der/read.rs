//! Reads the little DER that keys and certificates have, in its one strict form.

/// What has not been read yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reader<'a>(&'a [u8]);

/// One element.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Element<'a> {
    /// The identifier byte.
    pub tag: u8,
    /// What is in it.
    pub content: &'a [u8],
    /// Identifier, length and content.
    pub whole: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads these bytes from their start.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next element; `None` at the end, and for a length that is not minimal or not there.
    pub fn element(&mut self) -> Option<Element<'a>> {
        let (tag, first) = (*self.0.first()?, *self.0.get(1)?);
        let (start, length) = if first < 0x80 {
            (2, usize::from(first))
        } else {
            let start = 2 + usize::from(first & 0x7F);
            let bytes = self.0.get(2..start).filter(|bytes| (1..=3).contains(&bytes.len()))?;
            let length = bytes.iter().fold(0, |all, byte| all << 8 | usize::from(*byte));
            (length >= 0x80 && bytes.first() != Some(&0)).then_some((start, length))?
        };
        let whole = self.0.get(..start + length)?;
        self.0 = self.0.get(start + length..)?;
        Some(Element { tag, content: whole.get(start..)?, whole })
    }

    /// The next element, if it has this tag.
    pub fn expect(&mut self, tag: u8) -> Option<Element<'a>> {
        self.element().filter(|element| element.tag == tag)
    }

    /// The magnitude of the next element, a positive INTEGER in minimal form.
    pub fn positive(&mut self) -> Option<&'a [u8]> {
        match self.expect(0x02)?.content {
            [0, rest @ ..] if rest.first().is_some_and(|byte| *byte >= 0x80) => Some(rest),
            content if content.first().is_some_and(|byte| (1..0x80).contains(byte)) => {
                Some(content)
            }
            _ => None,
        }
    }

    /// `Some` if nothing is left.
    pub fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// What is in the one element that these bytes are.
pub fn only(bytes: &[u8], tag: u8) -> Option<Reader<'_>> {
    let mut reader = Reader::new(bytes);
    let element = reader.expect(tag)?;
    reader.end()?;
    Some(Reader::new(element.content))
}

#[cfg(test)]
mod tests {
    use super::{Reader, only};

    #[test]
    fn lengths_that_are_not_minimal_or_not_there_are_none() {
        for bad in [&[4, 0x81, 1, 0][..], &[4, 0x80], &[4, 2, 0], &[4], &[4, 0x82, 0, 200]] {
            assert_eq!(Reader::new(bad).element(), None, "{bad:02x?}");
        }
        assert!(only(&[0x30, 0, 0], 0x30).is_none());
    }

    #[test]
    fn integers_are_positive_and_minimal() {
        assert_eq!(Reader::new(&[2, 2, 0, 0x80]).positive(), Some(&[0x80][..]));
        for bad in [&[2, 1, 0x80][..], &[2, 2, 0, 1], &[2, 1, 0], &[2, 0]] {
            assert_eq!(Reader::new(bad).positive(), None, "{bad:02x?}");
        }
    }
}
