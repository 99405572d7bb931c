//! TLS 1.0 to 1.2 with RSA key exchange, as clusters 8.0 to 11.5 speak it: records and messages.
//!
//! Nothing is encrypted, compared or decided here; the machine is `proto::old_tls`. Offsets of
//! faults count from the first byte of the record's header, or of the message's body.

mod alert;
mod chain;
mod client_hello;
mod handshake;
mod record;
mod server_hello;
#[cfg(test)]
mod tests;

pub use alert::{AlertDescription, AlertLevel, TlsAlert};
pub use chain::{MAX_CERTIFICATES, certificates, no_certificates};
pub use client_hello::ClientOffer;
pub use handshake::{HandshakeHeader, HandshakeKind, finished, key_exchange};
pub use record::{RecordHeader, RecordKind};
pub use server_hello::ServerChoice;

use core::fmt;

use crate::wire::hello::{Suite, TlsVersion};

/// A version that is spoken here. SSL 3.0 is not among them: its padding cannot be verified.
///
/// # Source
/// RFC 2246, RFC 4346, RFC 5246.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum OldVersion {
    /// Records continue each other's CBC, keys come from MD5 and SHA-1.
    Tls10,
    /// Every record has an initialisation vector of its own.
    Tls11,
    /// Keys come from SHA-256.
    Tls12,
}

impl OldVersion {
    /// The version with this number, if it is spoken here.
    #[must_use]
    pub fn of(version: TlsVersion) -> Option<Self> {
        [Self::Tls10, Self::Tls11, Self::Tls12].into_iter().find(|it| it.number() == version)
    }

    /// Its number, as hellos and records have it.
    #[must_use]
    pub const fn number(self) -> TlsVersion {
        match self {
            Self::Tls10 => TlsVersion([3, 1]),
            Self::Tls11 => TlsVersion([3, 2]),
            Self::Tls12 => TlsVersion::TLS12,
        }
    }
}

impl fmt::Display for OldVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

/// A suite that is spoken here: RSA key exchange, AES in CBC, and an HMAC.
///
/// # Source
/// RFC 3268 §2 (SHA), RFC 5246 appendix A.5 (SHA-256).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OldSuite {
    /// 0x002F, the one that every server of TLS 1.2 must have
    Aes128Sha,
    /// 0x003C, with a longer MAC than [`Self::Aes128Sha`]
    Aes128Sha256,
    /// 0x0035, which the TVS of the technote chooses
    Aes256Sha,
    /// 0x003D, with a longer MAC than [`Self::Aes256Sha`]
    Aes256Sha256,
}

impl OldSuite {
    /// All of them, in the order of the offer. The technote's comes first.
    pub const OFFERED: [Self; 4] =
        [Self::Aes256Sha, Self::Aes128Sha, Self::Aes256Sha256, Self::Aes128Sha256];

    /// The suite with this number, if it is spoken here.
    #[must_use]
    pub fn of(suite: Suite) -> Option<Self> {
        Self::OFFERED.into_iter().find(|it| it.number() == suite)
    }

    /// Its number, which also has its name.
    #[must_use]
    pub const fn number(self) -> Suite {
        Suite(match self {
            Self::Aes128Sha => 0x002F,
            Self::Aes128Sha256 => 0x003C,
            Self::Aes256Sha => 0x0035,
            Self::Aes256Sha256 => 0x003D,
        })
    }

    /// The name that OpenSSL and the traces of phones have for it.
    ///
    /// # Source
    /// Technote: `Session ciphers - AES256-SHA`; openssl-ciphers(1).
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::Aes128Sha => "AES128-SHA",
            Self::Aes128Sha256 => "AES128-SHA256",
            Self::Aes256Sha => "AES256-SHA",
            Self::Aes256Sha256 => "AES256-SHA256",
        }
    }

    /// Bytes of the AES key.
    #[must_use]
    pub const fn key_length(self) -> usize {
        match self {
            Self::Aes128Sha | Self::Aes128Sha256 => 16,
            Self::Aes256Sha | Self::Aes256Sha256 => 32,
        }
    }

    /// Bytes of the MAC, and of its key.
    #[must_use]
    pub const fn mac_length(self) -> usize {
        match self {
            Self::Aes128Sha | Self::Aes256Sha => 20,
            Self::Aes128Sha256 | Self::Aes256Sha256 => 32,
        }
    }

    /// The oldest version that has it: SHA-256 came with TLS 1.2 (RFC 5246 appendix A.5).
    #[must_use]
    pub const fn since(self) -> OldVersion {
        match self {
            Self::Aes128Sha | Self::Aes256Sha => OldVersion::Tls10,
            Self::Aes128Sha256 | Self::Aes256Sha256 => OldVersion::Tls12,
        }
    }
}

impl fmt::Display for OldSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}
