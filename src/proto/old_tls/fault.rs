//! Why a connection ends.

use alloc::vec::Vec;
use core::fmt;

use crate::wire::hello::{Suite, TlsVersion};
use crate::wire::old_tls::{AlertDescription, HandshakeKind, RecordKind};
use crate::wire::{Fault, Malformed};

/// What ended a connection, and what to send before it is closed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ended {
    /// The reason, for whoever reads of it.
    pub why: OldTlsFault,
    /// An alert as a record, or nothing if the server has ended it itself.
    pub alert: Vec<u8>,
}

/// What a server did wrong, or why it ended the connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OldTlsFault {
    /// The server sent a fatal alert, or closed during the handshake.
    Alert(AlertDescription),
    /// Its Finished does not fit: it has other keys, or has seen other messages.
    BadFinished,
    /// Padding or MAC of a record is wrong, and nobody can know which.
    BadRecord,
    /// The stream ended without close_notify: what came may be cut.
    Closed,
    /// It chose a compression method.
    Compression(u8),
    /// It sent an extension that was not asked for.
    Extension(u16),
    /// It sent more records in a row than [`MAX_IDLE`](super::MAX_IDLE) that carry nothing.
    Idle,
    /// The key of its certificate is too small for the key exchange.
    Key,
    /// Its bytes do not follow the format.
    Malformed(Malformed),
    /// It asked for another handshake.
    Renegotiation,
    /// It sent a ServerKeyExchange, which RSA key exchange does not have.
    ServerKeyExchange,
    /// It chose a suite that was not offered, or that its version does not have.
    Suite(Suite),
    /// Something came out of turn.
    Unexpected {
        /// What was due instead of it.
        expected: &'static str,
        /// What the server sent.
        found: Found,
    },
    /// It chose a version that was not offered.
    Version(TlsVersion),
}

/// What came out of turn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Found {
    /// A message of a handshake.
    Message(HandshakeKind),
    /// A record of another kind.
    Record(RecordKind),
}

impl OldTlsFault {
    /// The alert that names it to the server; `None` if the server has ended the connection.
    pub(super) fn alert(self) -> Option<AlertDescription> {
        Some(match self {
            Self::Alert(_) | Self::Closed => return None,
            Self::BadFinished => AlertDescription::DECRYPT_ERROR,
            Self::BadRecord => AlertDescription::BAD_RECORD_MAC,
            Self::Compression(_) | Self::Suite(_) => AlertDescription::ILLEGAL_PARAMETER,
            Self::Extension(_) => AlertDescription::UNSUPPORTED_EXTENSION,
            Self::Key | Self::Renegotiation => AlertDescription::HANDSHAKE_FAILURE,
            Self::Malformed(Malformed { fault: Fault::TooLong { .. }, .. }) => {
                AlertDescription::RECORD_OVERFLOW
            }
            Self::Malformed(_) => AlertDescription::DECODE_ERROR,
            Self::Idle | Self::ServerKeyExchange | Self::Unexpected { .. } => {
                AlertDescription::UNEXPECTED_MESSAGE
            }
            Self::Version(_) => AlertDescription::PROTOCOL_VERSION,
        })
    }
}

impl From<Malformed> for OldTlsFault {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl fmt::Display for OldTlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alert(description) => write!(f, "the server ended it with {description}"),
            Self::BadFinished => f.write_str(
                "the server's Finished does not match: it does not hold the key of its \
                 certificate, or the handshake was changed on its way",
            ),
            Self::BadRecord => f.write_str("a record was changed on its way"),
            Self::Closed => f.write_str("the server closed without close_notify"),
            Self::Compression(method) => write!(f, "compression method {method} was not offered"),
            Self::Extension(number) => write!(f, "extension {number} was not offered"),
            Self::Idle => f.write_str("too many records without content"),
            Self::Key => f.write_str("the key of the certificate is too small to encrypt with"),
            Self::Malformed(malformed) => malformed.fmt(f),
            Self::Renegotiation => f.write_str("the server asked for a renegotiation"),
            Self::ServerKeyExchange => {
                f.write_str("ServerKeyExchange, which RSA key exchange does not have")
            }
            Self::Suite(suite) => write!(f, "{suite} was not offered for this version"),
            Self::Unexpected { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::Version(version) => write!(f, "{version} was not offered"),
        }
    }
}

impl core::error::Error for OldTlsFault {}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(kind) => kind.fmt(f),
            Self::Record(kind) => kind.fmt(f),
        }
    }
}
