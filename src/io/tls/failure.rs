//! Why there is no TLS connection, in terms of what an administrator can do about it.

use std::fmt;
use std::io;

use rustls::{
    AlertDescription, CertificateError, Error, InvalidMessage, OtherError, PeerIncompatible,
    PeerMisbehaved,
};

use crate::io::reason;
use crate::wire::hello::ServerHello;

/// Why a handshake was not completed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HandshakeFailure {
    /// The server does not hold the key of the certificate that it shows.
    BadSignature,
    /// The server ended the handshake after it had shown its certificate.
    BrokenOff,
    /// The connection ended during the handshake.
    Closed,
    /// The server's key is of a kind that the library cannot verify with.
    KeyKind(String),
    /// The server has none of our cipher suites, or none of our signatures.
    NoCommonSuite,
    /// The server was asked what it has, and chose this.
    OffersOnly(ServerHello),
    /// The server has neither TLS 1.2 nor 1.3.
    OldVersion,
    /// Any other failure of TLS or of the connection, in words for a person.
    Other(String),
    /// The server signs in a way that the library does not know in TLS 1.2.
    Scheme,
    /// The server's RSA key is too small; its bits.
    SmallKey(usize),
    /// Nothing more came in time.
    TimedOut,
    /// A message of the handshake is longer than any that the library takes.
    TooLarge,
    /// The certificate is not the one that it must be.
    Unpinned,
    /// The server sent something that is not a certificate.
    Unreadable,
}

impl HandshakeFailure {
    pub(super) fn from_io(error: &io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        match (inner, error.kind()) {
            (Some(inner), _) => Self::from_tls(inner),
            // Some servers close without an alert when nothing they have was offered.
            (None, io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => Self::Closed,
            (None, _) => Self::Other(reason::why(error)),
        }
    }

    /// The same of a server that had shown its certificate: version and suite were agreed.
    pub(super) fn after_certificate(self) -> Self {
        match self {
            Self::Closed | Self::NoCommonSuite => Self::BrokenOff,
            other => other,
        }
    }

    fn from_tls(error: &Error) -> Self {
        match error {
            Error::AlertReceived(AlertDescription::ProtocolVersion)
            | Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
                | PeerIncompatible::Tls12NotOfferedOrEnabled,
            ) => Self::OldVersion,
            Error::AlertReceived(
                // RFC 8446 §6.2: no acceptable set of parameters.
                AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity,
            ) => Self::NoCommonSuite,
            Error::InvalidMessage(InvalidMessage::HandshakePayloadTooLarge) => Self::TooLarge,
            Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure) => {
                Self::Unpinned
            }
            Error::InvalidCertificate(CertificateError::Other(OtherError(why))) => {
                why.downcast_ref().cloned().unwrap_or(Self::Unreadable)
            }
            Error::InvalidCertificate(_) => Self::Unreadable,
            // The library has no name for the schemes of such keys, and takes none in TLS 1.2.
            Error::PeerMisbehaved(PeerMisbehaved::SignedKxWithWrongAlgorithm) => Self::Scheme,
            other => Self::Other(reason::of_tls(other)),
        }
    }
}

impl fmt::Display for HandshakeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadSignature => {
                write!(f, "the server does not prove that it holds its certificate's key")
            }
            Self::KeyKind(kind) => {
                write!(f, "the server's kind of key is not supported ({kind})")
            }
            Self::Unreadable => write!(f, "the server's certificate cannot be read"),
            Self::BrokenOff => write!(
                f,
                "the server ended the handshake, perhaps because the phone sent no certificate"
            ),
            Self::Closed => write!(f, "the server closed the connection during the handshake"),
            Self::NoCommonSuite => {
                write!(f, "the server has no supported cipher suite, or no supported kind of key")
            }
            Self::OffersOnly(hello) => outdated(f, hello),
            Self::OldVersion => {
                write!(
                    f,
                    "the server offers only TLS 1.0 or 1.1, which this phone does not support"
                )
            }
            Self::Other(error) => write!(f, "the TLS handshake failed, {error}"),
            Self::Scheme => write!(
                f,
                "the server's signature scheme is not supported in TLS 1.2, as with an RSA-PSS key"
            ),
            Self::SmallKey(bits) => {
                write!(f, "the server's key is too small, RSA of {bits} bits")
            }
            Self::TimedOut => write!(f, "the TLS handshake timed out"),
            Self::TooLarge => write!(
                f,
                "the server sent a handshake message of 64 KiB or more, larger than allowed"
            ),
            Self::Unpinned => {
                write!(f, "the server's certificate is not the one in the trust list")
            }
        }
    }
}

fn outdated(f: &mut fmt::Formatter<'_>, hello: &ServerHello) -> fmt::Result {
    let ServerHello { version, suite } = hello;
    if version.is_old() {
        return write!(f, "the server offers only {version}, which this phone does not support");
    }
    let flaw = suite.flaw().unwrap_or("outdated cipher suites");
    write!(f, "the server offers only {flaw} ({suite}), which this phone does not support")
}

impl std::error::Error for HandshakeFailure {}
