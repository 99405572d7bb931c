//! Why there is no TLS connection, in terms of what an administrator can do about it.

use std::fmt;
use std::io;

use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

/// A handshake that did not come to its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server does not hold the key of the certificate that it shows.
    BadSignature,
    /// The server's certificate cannot be read.
    BadCertificate(String),
    /// The connection ended within the handshake.
    Closed,
    /// The server has none of our cipher suites.
    NoCommonSuite,
    /// The server has neither TLS 1.2 nor 1.3.
    OldVersion,
    /// Something else.
    Other(String),
    /// Nothing more came in time.
    TimedOut,
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
            Self::Closed => write!(f, "the server closed the connection within the handshake"),
            Self::NoCommonSuite => write!(
                f,
                "the server offers only RSA key exchange or CBC cipher suites, which are not supported"
            ),
            Self::OldVersion => {
                write!(f, "the server offers only TLS 1.0 or 1.1, which are not supported")
            }
            Self::Other(error) => write!(f, "no TLS handshake, {error}"),
            Self::TimedOut => write!(f, "no TLS handshake in time"),
            Self::Unpinned => {
                write!(f, "the server's certificate is not the one in the trust list")
            }
        }
    }
}

impl std::error::Error for Failure {}
