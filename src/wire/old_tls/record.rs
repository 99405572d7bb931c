//! Records: the frames of everything that TLS sends.

use alloc::vec::Vec;
use core::fmt;

use crate::wire::hello::{MAJOR, TlsVersion};
use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::Reader;

/// What a record holds.
///
/// # Source
/// RFC 5246 §6.2.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecordKind {
    /// From here on the new keys count.
    ChangeCipherSpec,
    /// One [`TlsAlert`](super::TlsAlert), and nothing else.
    Alert,
    /// Messages of a handshake, in any pieces.
    Handshake,
    /// Bytes of the application.
    ApplicationData,
}

/// What precedes the content of a record.
///
/// # Layout
/// | bytes | field   | meaning                                     |
/// | ----- | ------- | ------------------------------------------- |
/// | 1     | type    | 20 to 23                                    |
/// | 2     | version | 3, and one more than the minor one of TLS   |
/// | 2     | length  | of the content, big-endian                  |
///
/// # Source
/// RFC 5246 §6.2.1; the same in TLS 1.0 and 1.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RecordHeader {
    /// What the record holds.
    pub kind: RecordKind,
    /// The version that it is written in.
    pub version: TlsVersion,
    /// Bytes of the content.
    pub length: usize,
}

impl RecordHeader {
    /// Bytes of a header.
    pub const LENGTH: usize = 5;
    /// The most bytes of a record in plaintext (RFC 5246 §6.2.1).
    pub const MAX_PLAIN: usize = 1 << 14;
    /// The most bytes of a record as it is sent (RFC 5246 §6.2.3).
    pub const MAX_SENT: usize = Self::MAX_PLAIN + 2048;

    /// Reads the header at the start of what has come; `None` if it is not all there.
    ///
    /// # Errors
    /// [`Fault::Byte`] for what is no record of SSL 3.0 or newer, [`Fault::TooLong`].
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.left() < Self::LENGTH {
            return Ok(None);
        }
        let kind = reader.byte("record type")?;
        // A peer that speaks something else altogether is named by its first byte.
        let wrong = Fault::Byte { expected: RecordKind::Handshake.number(), found: kind };
        let kind = RecordKind::of(kind).ok_or_else(|| Malformed::new(0, "record type", wrong))?;
        let version = TlsVersion(reader.array("record version")?);
        let TlsVersion([found, _]) = version;
        if found != MAJOR {
            let fault = Fault::Byte { expected: MAJOR, found };
            return Err(Malformed::new(1, "record version", fault));
        }
        let length = usize::from(reader.u16("record length")?);
        if length > Self::MAX_SENT {
            let fault = Fault::TooLong { expected: Self::MAX_SENT, found: length };
            return Err(Malformed::new(3, "record length", fault));
        }
        Ok(Some(Self { kind, version, length }))
    }

    /// A record with a content of at most [`Self::MAX_SENT`] bytes.
    #[must_use]
    pub fn emit(kind: RecordKind, version: TlsVersion, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap_or_default();
        [&[kind.number()], version.0.as_slice(), &length.to_be_bytes(), content].concat()
    }
}

impl RecordKind {
    fn of(number: u8) -> Option<Self> {
        let all = [Self::ChangeCipherSpec, Self::Alert, Self::Handshake, Self::ApplicationData];
        all.into_iter().find(|kind| kind.number() == number)
    }

    /// Its number in a header, which the MAC covers as well.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::ChangeCipherSpec => 20,
            Self::Alert => 21,
            Self::Handshake => 22,
            Self::ApplicationData => 23,
        }
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ChangeCipherSpec => "change_cipher_spec",
            Self::Alert => "an alert",
            Self::Handshake => "a handshake message",
            Self::ApplicationData => "application data",
        })
    }
}
