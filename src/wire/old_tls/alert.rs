//! Alerts: why a side ends a connection.

use alloc::vec::Vec;
use core::fmt;

use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::Reader;

/// The content of a record of type 21.
///
/// # Layout
/// | bytes | field       | meaning             |
/// | ----- | ----------- | ------------------- |
/// | 1     | level       | 1 warning, 2 fatal  |
/// | 1     | description |                     |
///
/// # Source
/// RFC 5246 §7.2; the same in TLS 1.0 and 1.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TlsAlert {
    /// Whether the connection may go on.
    pub level: AlertLevel,
    /// What it is about.
    pub description: AlertDescription,
}

/// Whether a connection may go on after an alert.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AlertLevel {
    /// The sender has ended the connection.
    Fatal,
    /// The sender goes on, unless it closes.
    Warning,
    /// A level of no version of TLS.
    Unknown(u8),
}

/// What an alert is about, by its number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AlertDescription(pub u8);

impl TlsAlert {
    /// Reads the content of a record.
    ///
    /// # Errors
    /// [`Fault::Truncated`], [`Fault::TrailingGarbage`]: an alert has a record of its own.
    pub fn parse(content: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(content);
        let level = match reader.byte("alert level")? {
            WARNING => AlertLevel::Warning,
            FATAL => AlertLevel::Fatal,
            level => AlertLevel::Unknown(level),
        };
        let description = AlertDescription(reader.byte("alert description")?);
        ends(reader, "alert")?;
        Ok(Self { level, description })
    }

    /// The content of its record.
    #[must_use]
    pub fn emit(self) -> Vec<u8> {
        let level = match self.level {
            AlertLevel::Warning => WARNING,
            AlertLevel::Fatal => FATAL,
            AlertLevel::Unknown(level) => level,
        };
        [level, self.description.0].to_vec()
    }
}

impl AlertDescription {
    /// Nothing more will come.
    pub const CLOSE_NOTIFY: Self = Self(0);
    /// A message that does not belong there.
    pub const UNEXPECTED_MESSAGE: Self = Self(10);
    /// Padding or MAC, which must not be distinguished (RFC 5246 §7.2.2).
    pub const BAD_RECORD_MAC: Self = Self(20);
    /// A record that is too long.
    pub const RECORD_OVERFLOW: Self = Self(22);
    /// The two sides have no parameters in common.
    pub const HANDSHAKE_FAILURE: Self = Self(40);
    /// The certificate is not accepted, for a reason that is not told apart.
    pub const CERTIFICATE_UNKNOWN: Self = Self(46);
    /// A value that was not offered.
    pub const ILLEGAL_PARAMETER: Self = Self(47);
    /// A message that does not follow its format.
    pub const DECODE_ERROR: Self = Self(50);
    /// Finished does not fit the handshake.
    pub const DECRYPT_ERROR: Self = Self(51);
    /// A version that is not spoken.
    pub const PROTOCOL_VERSION: Self = Self(70);
    /// Nothing that was offered is good enough for the server (RFC 5246 §7.2.2).
    pub const INSUFFICIENT_SECURITY: Self = Self(71);
    /// The server could do better: see TLS_FALLBACK_SCSV (RFC 7507 §3).
    pub const INAPPROPRIATE_FALLBACK: Self = Self(86);
    /// An extension that was not offered.
    pub const UNSUPPORTED_EXTENSION: Self = Self(110);
}

impl fmt::Display for AlertDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(number, _)| *number == self.0) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "alert {}", self.0),
        }
    }
}

/// Fails if something follows `field`.
pub(super) fn ends(reader: Reader<'_>, field: &'static str) -> Result<(), Malformed> {
    let garbage = |byte| Malformed::new(reader.offset(), field, Fault::TrailingGarbage(byte));
    reader.peek().map_or(Ok(()), |byte| Err(garbage(byte)))
}

const WARNING: u8 = 1;
const FATAL: u8 = 2;

/// Those that servers send (RFC 5246 §7.2, RFC 7507 §3, RFC 6066 §9).
#[rustfmt::skip]
const NAMES: [(u8, &str); 26] = [
    (0, "close_notify"), (10, "unexpected_message"), (20, "bad_record_mac"),
    (21, "decryption_failed"), (22, "record_overflow"), (30, "decompression_failure"),
    (40, "handshake_failure"), (42, "bad_certificate"), (43, "unsupported_certificate"),
    (44, "certificate_revoked"), (45, "certificate_expired"), (46, "certificate_unknown"),
    (47, "illegal_parameter"), (48, "unknown_ca"), (49, "access_denied"), (50, "decode_error"),
    (51, "decrypt_error"), (60, "export_restriction"), (70, "protocol_version"),
    (71, "insufficient_security"), (80, "internal_error"), (86, "inappropriate_fallback"),
    (90, "user_canceled"), (100, "no_renegotiation"), (110, "unsupported_extension"),
    (112, "unrecognized_name"),
];
