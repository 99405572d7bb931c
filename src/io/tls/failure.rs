//! Why there is no TLS connection, in terms of what an administrator can do about it.

use std::fmt;
use std::io;

use rustls::{
    AlertDescription, CertificateError, Error, InvalidMessage, OtherError, PeerIncompatible,
    PeerMisbehaved,
};

use crate::io::reason;
use crate::proto::old_tls::OldTlsFault;
use crate::wire::hello::ServerHello;
use crate::wire::old_tls::{AlertDescription as OldAlert, OldSuite, OldVersion};

/// Why a handshake was not completed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HandshakeFailure {
    /// The server does not hold the key of the certificate that it shows.
    BadSignature,
    /// The server ended the handshake after it had shown its certificate.
    BrokenOff,
    /// The connection ended during the handshake.
    Closed,
    /// The server refuses old TLS, since it can do better than the first handshake showed.
    Downgraded,
    /// The server ended the handshake after the phone had sent its own certificate.
    IdentityRefused,
    /// The server's key is of a kind that the library cannot verify with.
    KeyKind(String),
    /// What went wrong in old TLS.
    Legacy(OldTlsFault),
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

    /// What ended a handshake in old TLS; in the terms of the current one where it has them.
    pub(super) const fn from_old(fault: OldTlsFault) -> Self {
        match fault {
            OldTlsFault::Alert(OldAlert::HANDSHAKE_FAILURE | OldAlert::INSUFFICIENT_SECURITY) => {
                Self::NoCommonSuite
            }
            OldTlsFault::Alert(OldAlert::INAPPROPRIATE_FALLBACK) => Self::Downgraded,
            OldTlsFault::Alert(OldAlert::PROTOCOL_VERSION) => Self::OldVersion,
            fault => Self::Legacy(fault),
        }
    }

    /// Whether the server may have old TLS alone: it has shown no certificate, and has nothing that
    /// it was offered.
    #[must_use]
    pub fn may_be_older(&self) -> bool {
        match self {
            Self::NoCommonSuite | Self::OldVersion => true,
            Self::OffersOnly(hello) => OldVersion::of(hello.version).is_some(),
            _ => false,
        }
    }

    /// Whether the server has nothing of what it was offered.
    #[must_use]
    pub const fn is_refused_offer(&self) -> bool {
        matches!(
            self,
            Self::Closed
                | Self::Legacy(OldTlsFault::Version(_))
                | Self::NoCommonSuite
                | Self::OldVersion
        )
    }

    /// Whether old TLS would help, as far as the server has said what it has.
    #[must_use]
    pub fn is_spoken_in_old(&self) -> bool {
        match self {
            Self::OffersOnly(hello) => spoken_in_old(hello),
            Self::OldVersion => true,
            _ => false,
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
            Self::IdentityRefused => write!(
                f,
                "the server ended the handshake, perhaps because it does not accept the phone's \
                 certificate"
            ),
            Self::Closed => write!(f, "the server closed the connection during the handshake"),
            Self::Downgraded => write!(
                f,
                "the server refuses legacy TLS because it supports better, but the first handshake \
                 failed: someone on the way may be forcing older TLS"
            ),
            Self::Legacy(fault) => write!(f, "the legacy TLS handshake failed, {fault}"),
            Self::NoCommonSuite => {
                write!(f, "the server has no supported cipher suite, or no supported kind of key")
            }
            Self::OffersOnly(hello) => outdated(f, hello),
            Self::OldVersion => {
                write!(f, "the server offers only TLS 1.0 or 1.1, which this phone refuses")
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
    f.write_str("the server offers only ")?;
    // The suite explains nothing where the version alone is refused.
    let is_alone = spoken_in_old(hello) || OldVersion::of(*version).is_none();
    match version.is_old() {
        true if is_alone => write!(f, "{version}")?,
        true => write!(f, "{version} with {} ({suite})", suite.flaw().unwrap_or(OUTDATED))?,
        false => write!(f, "{} ({suite})", suite.flaw().unwrap_or(OUTDATED))?,
    }
    f.write_str(", which this phone refuses")
}

/// Whether a server has chosen what old TLS speaks.
pub(super) fn spoken_in_old(hello: &ServerHello) -> bool {
    OldVersion::of(hello.version)
        .zip(OldSuite::of(hello.suite))
        .is_some_and(|(version, suite)| suite.since() <= version)
}

const OUTDATED: &str = "outdated cipher suites";

impl std::error::Error for HandshakeFailure {}
