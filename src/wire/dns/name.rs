//! Domain names, and the reading of messages in which they are compressed.

use alloc::vec::Vec;
use core::fmt;

use crate::wire::reader::Reader;

/// A domain name: its labels, each behind its length, and the empty one that ends them, in lower
/// case.
#[derive(Clone, Eq, PartialEq)]
pub struct DomainName(Vec<u8>);

impl DomainName {
    /// Reads a name as a person writes it; a dot at its end changes nothing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // One length more than there are dots, and the zero at the end.
        let mut name = Self(Vec::with_capacity(text.len() + 2));
        for label in text.strip_suffix('.').unwrap_or(text).split('.') {
            name.push(label.as_bytes())?;
        }
        name.0.push(0);
        Some(name)
    }

    /// The name as it is sent: lower case, uncompressed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn push(&mut self, label: &[u8]) -> Option<()> {
        // The two bits above 63 mark a pointer (RFC 1035 §4.1.4).
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
        // One byte is left for the end.
        if self.0.len() + 1 + label.len() >= MAX_NAME {
            return None;
        }
        self.0.push(length);
        // Names are equal whatever their case (RFC 1035 §2.3.3), so one case is kept.
        self.0.extend(label.iter().map(u8::to_ascii_lowercase));
        Some(())
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

/// A position in a message, and the message, into which names point back.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    message: &'a [u8],
    reader: Reader<'a>,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(message: &'a [u8]) -> Self {
        Self { message, reader: Reader::new(message) }
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        self.reader.take(count, "bytes").ok()
    }

    pub(super) fn number(&mut self) -> Option<u16> {
        self.reader.u16("number").ok()
    }

    /// A name, which may end in a pointer to an earlier one (RFC 1035 §4.1.4). Each pointer leads
    /// to before the place where the labels in front of it began, so that none is followed twice.
    pub(super) fn name(&mut self) -> Option<DomainName> {
        let mut name = DomainName(Vec::new());
        let mut reading = self.reader;
        let mut before = reading.offset();
        let mut end = None;
        for _ in 0..MAX_PARTS {
            let length = reading.byte("label").ok()?;
            match length >> 6 {
                // The root ends each name. What follows is behind the first pointer, if any.
                0 if length == 0 => {
                    name.0.push(0);
                    self.reader = end.unwrap_or(reading);
                    return Some(name);
                }
                0 => name.push(reading.take(usize::from(length), "label").ok()?)?,
                3 => {
                    let low = reading.byte("pointer").ok()?;
                    end = end.or(Some(reading));
                    let target = usize::from(u16::from_be_bytes([length & 0x3f, low]));
                    if target >= before {
                        return None;
                    }
                    before = target;
                    reading = Reader::at(self.message.get(target..)?, target);
                }
                // 01 and 10 are reserved.
                _ => return None,
            }
        }
        None
    }
}

/// Bytes of a name with all its lengths (RFC 1035 §3.1).
const MAX_NAME: usize = 255;

/// Labels and pointers of a name: 127 labels fit into its bytes, and no writer needs more pointers.
const MAX_PARTS: usize = 255;
