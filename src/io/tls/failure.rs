//! Why there is no TLS connection, in terms of what an administrator can do about it.

use std::fmt;
use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};

use crate::wire::hello::ServerHello;

/// A handshake that did not come to its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server does not hold the key of the certificate that it shows.
    BadSignature,
    /// The server's certificate cannot be read.
    BadCertificate(String),
    /// The server ended the handshake after it had shown its certificate.
    BrokenOff,
    /// The connection ended within the handshake.
    Closed,
    /// The server has none of our cipher suites.
    NoCommonSuite,
    /// The server was asked what it has, and chose this.
    OffersOnly(ServerHello),
    /// The server has neither TLS 1.2 nor 1.3.
    OldVersion,
    /// Something else.
    Other(String),
    /// Nothing more came in time.
    TimedOut,
    /// A message of the handshake is longer than any that the library takes.
    TooLarge,
    /// The certificate is not the one that it must be.
    Unpinned,
}

impl Failure {
    pub(super) fn of(error: &io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        match (inner, error.kind()) {
            (Some(inner), _) => Self::of_tls(inner),
            (None, io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => Self::Closed,
            (None, _) => Self::Other(error.to_string()),
        }
    }

    /// The same of a server that had shown its certificate: version and suite were agreed.
    pub(super) fn after_certificate(self) -> Self {
        match self {
            Self::Closed | Self::NoCommonSuite => Self::BrokenOff,
            other => other,
        }
    }

    fn of_tls(error: &Error) -> Self {
        match error {
            Error::AlertReceived(AlertDescription::ProtocolVersion)
            | Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
                | PeerIncompatible::Tls12NotOfferedOrEnabled,
            ) => Self::OldVersion,
            Error::AlertReceived(
                AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity,
            ) => Self::NoCommonSuite,
            Error::InvalidMessage(InvalidMessage::HandshakePayloadTooLarge) => Self::TooLarge,
            Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure) => {
                Self::Unpinned
            }
            Error::InvalidCertificate(CertificateError::BadSignature) => Self::BadSignature,
            Error::InvalidCertificate(error) => Self::BadCertificate(error.to_string()),
            other => Self::Other(other.to_string()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadSignature => {
                write!(f, "the server does not prove that it holds its certificate's key")
            }
            Self::BadCertificate(error) => {
                write!(f, "the server's certificate is unusable, {error}")
            }
            Self::BrokenOff => write!(
                f,
                "the server broke off the handshake, perhaps for want of a certificate of the phone's"
            ),
            Self::Closed => write!(f, "the server closed the connection within the handshake"),
            Self::NoCommonSuite => {
                write!(f, "the server has no cipher suite that is supported")
            }
            Self::OffersOnly(hello) => outdated(f, hello),
            Self::OldVersion => {
                write!(f, "the server offers only TLS 1.0 or 1.1, which are not supported")
            }
            Self::Other(error) => write!(f, "no TLS handshake, {error}"),
            Self::TimedOut => write!(f, "no TLS handshake in time"),
            Self::TooLarge => write!(f, "the server sends a message of 64 KiB or more"),
            Self::Unpinned => {
                write!(f, "the server's certificate is not the one in the trust list")
            }
        }
    }
}

fn outdated(f: &mut fmt::Formatter<'_>, hello: &ServerHello) -> fmt::Result {
    let ServerHello { version, suite } = hello;
    if version.is_old() {
        return write!(f, "the server offers only {version}, nothing that is supported");
    }
    let flaw = suite.flaw().unwrap_or("outdated cipher suites");
    write!(f, "the server offers only {flaw} ({suite}), nothing that is supported")
}

impl std::error::Error for Failure {}
