//! Reading bytes without index arithmetic.

use crate::wire::malformed::{Fault, Malformed, Truncated};

/// A position in a run of bytes that knows its offset in the file.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

/// One element of a TLV sequence.
///
/// Which tags are allowed where is decided by the enclosing structure, and not here.
///
/// # Layout
/// | bytes  | field  | meaning                |
/// | ------ | ------ | ---------------------- |
/// | 1      | tag    | numbered per structure |
/// | 2      | length | of value, big-endian   |
/// | length | value  |                        |
///
/// # Source
/// Technote 116232 (`show itl`); domain facts 3.1, checked by arithmetic on three dumps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Element<'a> {
    /// What the element is; each structure has numbers of its own.
    pub tag: u8,
    /// Bytes from the start of the file to the tag.
    pub offset: usize,
    /// The value, without tag and length.
    pub value: &'a [u8],
}

impl<'a> Element<'a> {
    /// Bytes of tag and length.
    pub const PREFIX: usize = 3;

    /// A reader of the value, for an element that holds others.
    #[must_use]
    pub const fn inside(&self) -> Reader<'a> {
        Reader::at(self.value, self.offset + Self::PREFIX)
    }

    /// The elements of the value, for one that holds others; a fault is one of `field`.
    pub fn children(
        &self,
        field: &'static str,
    ) -> impl Iterator<Item = Result<Self, Malformed>> + use<'a> {
        self.inside().elements(move |_| field)
    }

    /// The value as an array.
    ///
    /// # Errors
    /// [`Fault::FieldLength`] if it has another size.
    pub fn array<const N: usize>(&self, field: &'static str) -> Result<[u8; N], Malformed> {
        <[u8; N]>::try_from(self.value).map_err(|_| {
            let fault = Fault::FieldLength { expected: N, found: self.value.len() };
            Malformed::new(self.offset, field, fault)
        })
    }

    /// The value as a big-endian number of two bytes.
    ///
    /// # Errors
    /// [`Fault::FieldLength`] if it has another size.
    pub fn u16(&self, field: &'static str) -> Result<u16, Malformed> {
        self.array(field).map(u16::from_be_bytes)
    }

    /// The value as a big-endian number of four bytes.
    ///
    /// # Errors
    /// [`Fault::FieldLength`] if it has another size.
    pub fn u32(&self, field: &'static str) -> Result<u32, Malformed> {
        self.array(field).map(u32::from_be_bytes)
    }

    /// The value as text: UTF-8 that ends in its only NUL, which is left out.
    ///
    /// # Errors
    /// [`Fault::ZeroLength`] for no bytes, [`Fault::Text`] for others that are not such text.
    pub fn text(&self, field: &'static str) -> Result<&'a str, Malformed> {
        // The length counts the NUL, so a good text has at least one byte.
        let (last, text) = self
            .value
            .split_last()
            .ok_or_else(|| Malformed::new(self.offset, field, Fault::ZeroLength))?;
        let wrong = || Malformed::new(self.offset, field, Fault::Text);
        // A NUL inside would end the text for readers in C, and not for this one.
        if *last != 0 || text.contains(&0) {
            return Err(wrong());
        }
        core::str::from_utf8(text).map_err(|_| wrong())
    }

    /// The value, of which there must be some.
    ///
    /// # Errors
    /// [`Fault::ZeroLength`].
    pub const fn some(&self, field: &'static str) -> Result<&'a [u8], Malformed> {
        if self.value.is_empty() {
            return Err(Malformed::new(self.offset, field, Fault::ZeroLength));
        }
        Ok(self.value)
    }
}

impl<'a> Reader<'a> {
    /// Reads a whole file.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self::at(bytes, 0)
    }

    /// Reads a part of a file that starts at `offset`.
    #[must_use]
    pub const fn at(bytes: &'a [u8], offset: usize) -> Self {
        Self { bytes, offset }
    }

    /// Bytes from the start of the file to the next one.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Bytes that are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.bytes.len()
    }

    /// The next byte, which stays.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.bytes.first().copied()
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// [`Truncated`] if fewer are left.
    pub const fn take(&mut self, count: usize, field: &'static str) -> Result<&'a [u8], Truncated> {
        match self.bytes.split_at_checked(count) {
            Some((taken, rest)) => {
                self.bytes = rest;
                self.offset += count;
                Ok(taken)
            }
            None => Err(self.truncated(count, field)),
        }
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`Truncated`] if fewer are left.
    pub const fn array<const N: usize>(
        &mut self,
        field: &'static str,
    ) -> Result<[u8; N], Truncated> {
        match self.bytes.split_first_chunk() {
            Some((taken, rest)) => {
                self.bytes = rest;
                self.offset += N;
                Ok(*taken)
            }
            None => Err(self.truncated(N, field)),
        }
    }

    const fn truncated(&self, expected: usize, field: &'static str) -> Truncated {
        Truncated { offset: self.offset, field, expected, found: self.bytes.len() }
    }

    /// The next byte.
    ///
    /// # Errors
    /// [`Truncated`] if there is none.
    pub fn byte(&mut self, field: &'static str) -> Result<u8, Truncated> {
        self.array(field).map(|[byte]| byte)
    }

    /// The next two bytes as a big-endian number.
    ///
    /// # Errors
    /// [`Truncated`] if they are not all there.
    pub fn u16(&mut self, field: &'static str) -> Result<u16, Truncated> {
        self.array(field).map(u16::from_be_bytes)
    }

    /// The next four bytes as a big-endian number.
    ///
    /// # Errors
    /// [`Truncated`] if they are not all there.
    pub fn u32(&mut self, field: &'static str) -> Result<u32, Truncated> {
        self.array(field).map(u32::from_be_bytes)
    }

    /// The bytes that are left, which end it.
    #[must_use]
    pub const fn rest(self) -> &'a [u8] {
        self.bytes
    }

    /// The next TLV element.
    ///
    /// # Errors
    /// [`Fault::Truncated`] if tag and length are not all there, [`Fault::LengthOverrun`] if the
    /// announced length runs past what is left.
    pub fn element(&mut self, field: &'static str) -> Result<Element<'a>, Malformed> {
        let offset = self.offset;
        let tag = self.byte(field)?;
        let length = usize::from(self.u16(field)?);
        // The fault is of the length, and so of the whole element: its offset is that of the tag.
        if length > self.left() {
            let fault = Fault::LengthOverrun { expected: self.left(), found: length };
            return Err(Malformed::new(offset, field, fault));
        }
        Ok(Element { tag, offset, value: self.take(length, field)? })
    }

    /// The elements to the end, each read as the field that `name` makes of its tag.
    ///
    /// The first fault is the last item: where the next element begins is then unknown.
    pub fn elements(
        mut self,
        name: impl Fn(u8) -> &'static str,
    ) -> impl Iterator<Item = Result<Element<'a>, Malformed>> {
        core::iter::from_fn(move || {
            let element = self.element(name(self.peek()?));
            // Without a way to find the next element, reading on would be guessing.
            if element.is_err() {
                self = Self::at(&[], self.offset);
            }
            Some(element)
        })
    }
}

/// Keeps the value of a tag that may occur once.
///
/// # Errors
/// [`Fault::DuplicateTag`] if the slot is taken.
pub(crate) fn once<T>(
    slot: &mut Option<T>,
    element: &Element<'_>,
    field: &'static str,
    value: T,
) -> Result<(), Malformed> {
    // Another reader could take the other one of the two, so neither counts.
    if slot.replace(value).is_some() {
        let fault = Fault::DuplicateTag(element.tag);
        return Err(Malformed::new(element.offset, field, fault));
    }
    Ok(())
}

/// The value of a tag that the structure at `offset` must contain.
///
/// # Errors
/// [`Fault::MissingField`].
pub(crate) fn required<T>(
    slot: Option<T>,
    tag: u8,
    field: &'static str,
    offset: usize,
) -> Result<T, Malformed> {
    slot.ok_or_else(|| Malformed::new(offset, field, Fault::MissingField(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_past_the_end_overruns() {
        let error = Reader::at(&[4, 0, 3, 1], 100).element("name").unwrap_err();
        let fault = Fault::LengthOverrun { expected: 1, found: 3 };
        assert_eq!(error, Malformed::new(100, "name", fault));
    }

    #[test]
    fn a_cut_length_is_truncated() {
        let error = Reader::new(&[4, 0]).element("name").unwrap_err();
        assert_eq!(error, Malformed::new(1, "name", Fault::Truncated { expected: 2, found: 1 }));
    }

    #[test]
    fn numbers_are_big_endian_and_all_there_or_not_taken() {
        let mut reader = Reader::at(&[1, 2, 0, 0, 3, 4, 9], 10);
        assert_eq!((reader.u16("two"), reader.u32("four")), (Ok(0x102), Ok(0x304)));
        let truncated = Truncated { offset: 16, field: "two", expected: 2, found: 1 };
        assert_eq!(reader.u16("two"), Err(truncated));
        assert_eq!((reader.byte("one"), reader.offset(), reader.rest()), (Ok(9), 17, &[][..]));
    }

    #[test]
    fn text_has_its_only_nul_at_the_end() {
        let text = |value| Element { tag: 4, offset: 0, value }.text("name");
        assert_eq!(text(b"CN=x\0"), Ok("CN=x"));
        for wrong in [&b"CN=x"[..], b"CN\0x\0", b"\xff\0"] {
            assert_eq!(text(wrong).unwrap_err().fault, Fault::Text);
        }
        assert_eq!(text(b"").unwrap_err().fault, Fault::ZeroLength);
    }

    #[test]
    fn elements_end_with_the_first_fault() {
        let elements = |bytes| Reader::new(bytes).elements(|_| "name");
        assert_eq!(elements(&[4, 0, 0, 5, 0, 1, 9]).filter_map(Result::ok).count(), 2);
        assert!(elements(&[4, 0, 0, 5, 0]).map(|element| element.is_ok()).eq([true, false]));
    }

    #[test]
    fn nested_offsets_count_from_the_start_of_the_file() {
        let mut reader = Reader::at(&[3, 0, 4, 4, 0, 1, 0], 10);
        let block = reader.element("block").unwrap();
        assert_eq!(block.inside().element("name").unwrap().offset, 13);
        assert_eq!((reader.left(), reader.offset()), (0, 17));
    }
}
