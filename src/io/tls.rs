//! TLS connections to servers whose certificates the trust lists decide about.
//!
//! Two kinds. A *pinned* one is decided in the handshake: the server's certificate is known
//! beforehand. A *judged* one is decided after it, because the verdict may need the network: the
//! handshake yields [`Handshaken`], which can neither read nor write, and only a
//! [`Grant`] for that very certificate opens it. In both the server must prove
//! that it holds the certificate's key. A resumed session skips that and the pin: a pinned
//! connection never resumes one, a judged one where its caller hands in [`TlsSessions`], and is then
//! judged as any other on the certificate that the session keeps.
//!
//! Both exist in two stacks: `rustls`, and old TLS for servers of TLS 1.0 to 1.2 that have nothing
//! better. Which one is spoken is the caller's choice, connection by connection.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, HandshakeKind};
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

mod algorithms;
mod configuration;
mod failure;
mod identity;
#[cfg(feature = "keylog")]
pub mod keylog;
mod old;
mod probe;
mod proof;
mod sessions;
mod stream;
mod verifier;
mod witness;

pub use algorithms::SmallKeys;
pub use failure::HandshakeFailure;
pub use identity::TlsIdentity;
pub use old::OldTerms;
pub use sessions::{Resuming, SessionPeer, SessionSpan, TlsSessions};
pub use stream::TlsConnection;
pub use verifier::Pin;

use stream::{CurrentStream, Unopened};
use verifier::ShownSoFar;

use crate::trust::Grant;
use crate::trust::signature::sha256;
use crate::wire::address::Host;

/// A finished handshake with a server that has not been judged yet.
///
/// There is no way to read or write: that takes [`admit`](Self::admit).
pub struct Handshaken {
    stream: Unopened,
    chain: Vec<CertificateDer<'static>>,
    session: Option<Arc<sessions::Keeper>>,
}

impl fmt::Debug for Handshaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshaken")
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}

impl Handshaken {
    fn from_stream(stream: CurrentStream, session: Option<Arc<sessions::Keeper>>) -> Self {
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let chain = chain.iter().map(|certificate| certificate.clone().into_owned()).collect();
        Self { stream: Unopened::Current(Box::new(stream)), chain, session }
    }

    /// The certificate that the server proved to hold, in this handshake or in the one whose session
    /// it resumes, DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        self.chain.first().map(AsRef::as_ref).unwrap_or_default()
    }

    /// That one, and those that it sent along.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// Whether an earlier session was resumed.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        self.kind() == Some(HandshakeKind::Resumed)
    }

    fn kind(&self) -> Option<HandshakeKind> {
        match &self.stream {
            Unopened::Current(stream) => stream.get_ref().1.handshake_kind(),
            Unopened::Old(_) => None,
        }
    }

    /// What was agreed, if it is old TLS.
    #[must_use]
    pub fn old_terms(&self) -> Option<OldTerms> {
        match &self.stream {
            Unopened::Current(_) => None,
            Unopened::Old(handshaken) => Some(handshaken.terms()),
        }
    }

    /// Opens the stream, and keeps the session if it may be resumed.
    ///
    /// # Errors
    /// [`OtherCertificate`] if the grant is for another certificate; the connection is closed.
    pub fn admit(self, grant: &Grant) -> Result<TlsConnection, OtherCertificate> {
        // A grant carries the hash of the certificate that was judged.
        if *grant.certificate() == sha256(self.certificate()) {
            if let Some(session) = &self.session {
                session.admit(self.kind());
            }
            return Ok(self.stream.open());
        }
        Err(OtherCertificate)
    }
}

/// A grant that was given for another certificate than the server's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OtherCertificate;

/// The name that a server's certificate is compared with; nothing for a host that no certificate
/// can name, such as one whose last label is a number (RFC 1123 §2.1: that is an address).
///
/// The address that such a name leads to is no substitute: whoever answers for names would choose
/// the host that the certificate has to be for.
#[must_use]
pub fn certified_name(host: &Host) -> Option<ServerName<'static>> {
    match host {
        Host::Ip(ip) => Some(ServerName::IpAddress((*ip).into())),
        Host::Name(name) => ServerName::try_from(name.clone()).ok(),
    }
}

/// The name that a handshake is made under; `address` stands in for one that no certificate can
/// have. Nothing is decided by it.
#[must_use]
pub fn server_name(host: &Host, address: SocketAddr) -> ServerName<'static> {
    certified_name(host).unwrap_or_else(|| ServerName::IpAddress(address.ip().into()))
}

/// What both kinds of connection are made under.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The host that was asked for; an address is not sent to the server.
    pub name: ServerName<'static>,
    /// Whether the server's key may be small.
    pub keys: SmallKeys,
    /// The longest duration of the handshake.
    pub within: Duration,
}

/// Shakes hands with a server that is to be judged afterwards; with `resuming`, it may resume an
/// earlier session. No client certificate is offered.
///
/// # Errors
/// [`HandshakeFailure`] if there is no handshake in time, or the server does not prove its key.
pub async fn shake_hands(
    stream: TcpStream,
    terms: Terms,
    resuming: Option<&Resuming>,
) -> Result<Handshaken, HandshakeFailure> {
    let configuration = match resuming {
        Some(resuming) => resuming.configuration.clone(),
        None => Arc::new(configuration::judged(terms.keys)?),
    };
    let stream = connect(stream, terms, configuration).await?;
    Ok(Handshaken::from_stream(stream, resuming.map(|resuming| resuming.keeper.clone())))
}

/// The same in old TLS, in which no session is resumed.
///
/// # Errors
/// As of [`shake_hands`].
pub async fn shake_hands_in_old(
    stream: TcpStream,
    terms: &Terms,
) -> Result<Handshaken, HandshakeFailure> {
    let (handshaken, chain) = shake_hands_within(stream, terms, None).await?;
    Ok(Handshaken { stream: Unopened::Old(Box::new(handshaken)), chain, session: None })
}

/// Shakes hands with a server without offering it a certificate, and notes whether it asks for one.
///
/// A handshake in which the phone offers a certificate has shown it before anybody could judge the
/// server. So what this one yields is judged, and the phone's certificate is offered in a second
/// one, [`connect_pinned`] to exactly the certificate that was.
///
/// # Errors
/// [`HandshakeFailure`]; none if the server asks for a certificate, proves to hold the key of its
/// own, and ends the handshake.
pub async fn look(stream: TcpStream, terms: Terms) -> Result<Acquaintance, HandshakeFailure> {
    let witness = Arc::new(witness::Witness::new(terms.keys));
    let configuration = configuration::of(witness.clone(), Some(witness.clone()))?;
    let connected = connect(stream, terms, Arc::new(configuration)).await;
    match (connected, witness.asker()) {
        (Err(HandshakeFailure::TimedOut), _) => Err(HandshakeFailure::TimedOut),
        // Whatever ended it: the second handshake is a complete one with this very certificate.
        (_, Some(chain)) => Ok(Acquaintance::AsksForIdentity(chain)),
        (Ok(stream), None) => {
            Ok(Acquaintance::Complete(Box::new(Handshaken::from_stream(stream, None))))
        }
        (Err(failure), None) => Err(failure),
    }
}

/// A server that has proved to hold the key of its certificate, and is to be judged.
#[derive(Debug)]
pub enum Acquaintance {
    /// It asks for the phone's certificate. Its own certificates; the connection is closed.
    AsksForIdentity(Vec<CertificateDer<'static>>),
    /// It does not. The connection waits for the verdict.
    Complete(Box<Handshaken>),
}

impl Acquaintance {
    /// The server's certificates, its own first.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        match self {
            Self::AsksForIdentity(chain) => chain,
            Self::Complete(handshaken) => handshaken.chain(),
        }
    }
}

/// Connects to a server that `pin` knows, and offers it the phone's own certificate if there is
/// one and it asks.
///
/// # Errors
/// [`HandshakeFailure`]; [`HandshakeFailure::Unpinned`] if `pin` does not know the certificate.
pub async fn connect_pinned(
    stream: TcpStream,
    terms: Terms,
    pin: Pin,
    identity: Option<&TlsIdentity>,
) -> Result<TlsConnection, HandshakeFailure> {
    let verifier = Arc::new(verifier::PinnedVerifier::new(pin, terms.keys));
    let resolver = identity.map(TlsIdentity::resolver);
    let connected = connect(stream, terms, Arc::new(configuration::of(verifier, resolver)?)).await;
    match connected {
        Ok(stream) => Ok(Unopened::Current(Box::new(stream)).open()),
        Err(HandshakeFailure::BrokenOff) if identity.is_some() => {
            Err(HandshakeFailure::IdentityRefused)
        }
        Err(failure) => Err(failure),
    }
}

/// The same in old TLS, in which no certificate of the phone's is offered; also what was agreed.
///
/// # Errors
/// As of [`connect_pinned`].
pub async fn connect_pinned_in_old(
    stream: TcpStream,
    terms: &Terms,
    pin: &Pin,
) -> Result<(TlsConnection, OldTerms), HandshakeFailure> {
    let (handshaken, _) = shake_hands_within(stream, terms, Some(pin)).await?;
    let agreed = handshaken.terms();
    Ok((Unopened::Old(Box::new(handshaken)).open(), agreed))
}

async fn shake_hands_within(
    stream: TcpStream,
    terms: &Terms,
    pin: Option<&Pin>,
) -> Result<old::OldShown, HandshakeFailure> {
    let handshake = old::shake_hands(stream, &terms.name, terms.keys, pin);
    timeout(terms.within, handshake).await.unwrap_or(Err(HandshakeFailure::TimedOut))
}

async fn connect(
    stream: TcpStream,
    terms: Terms,
    configuration: Arc<ClientConfig>,
) -> Result<CurrentStream, HandshakeFailure> {
    let connector = TlsConnector::from(configuration);
    let stream = BufReader::with_capacity(BUFFER, stream);
    let handshake = timeout(terms.within, connector.connect(terms.name, stream));
    let failure = match verifier::watched(handshake).await {
        (Err(_), _) => HandshakeFailure::TimedOut,
        (Ok(Ok(stream)), _) => return Ok(stream),
        // Version and suite were agreed by then: neither can be the reason.
        (Ok(Err(error)), ShownSoFar::Certificate) => {
            HandshakeFailure::from_io(&error).after_certificate()
        }
        (Ok(Err(error)), ShownSoFar::Nothing) => HandshakeFailure::from_io(&error),
    };
    Err(failure)
}

/// Bytes that one read takes from the system: rustls alone asks for 4 KiB at a time, five reads a
/// record. Two records, inferred; a buffer that is not filled takes up no memory.
const BUFFER: usize = 32 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_whose_last_label_is_a_number_is_no_name_for_a_certificate() {
        let address = SocketAddr::from(([192, 0, 2, 1], 443));
        for (text, named) in [
            ("directory.lab.test", true),
            ("directory_1.lab.test", true),
            ("1.lab.test", true),
            ("192.0.2.7", true),
            ("directory.1", false),
            ("directory.lab.42", false),
            ("a.1.", false),
        ] {
            let host = Host::parse(text).unwrap();
            assert_eq!(certified_name(&host).is_some(), named, "{text}");
            // A handshake needs a name all the same.
            let by_address =
                server_name(&host, address) == ServerName::IpAddress(address.ip().into());
            assert_eq!(by_address, !named, "{text}");
        }
    }
}
