//! TLS connections to servers whose certificates the trust lists decide about.
//!
//! Two kinds. A *pinned* one is decided in the handshake: the server's certificate is known
//! beforehand. A *judged* one is decided after it, because the verdict may need the network: the
//! handshake yields [`Handshaken`], which can neither read nor write, and only a
//! [`Grant`] for that very certificate opens it. In both the server must prove
//! that it holds the certificate's key, and no session is ever resumed: a resumed one would skip
//! the verdict.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, version};
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

mod algorithms;
mod failure;
mod identity;
mod probe;
mod proof;
mod verifier;

pub use algorithms::SmallKeys;
pub use failure::HandshakeFailure;
pub use identity::{NoIdentity, TlsIdentity};
pub use verifier::Pin;

use verifier::ShownSoFar;

use crate::trust::Grant;
use crate::trust::signature::sha256;
use crate::wire::address::Host;

/// An open connection, on which application data may flow.
pub type TlsConnection = TlsStream<BufReader<TcpStream>>;

/// A finished handshake with a server that has not been judged yet.
///
/// There is no way to read or write: that takes [`admit`](Self::admit).
pub struct Handshaken {
    stream: TlsConnection,
    chain: Vec<CertificateDer<'static>>,
}

impl fmt::Debug for Handshaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshaken")
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}

impl Handshaken {
    /// The certificate that the server proved to hold, DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        self.chain.first().map(AsRef::as_ref).unwrap_or_default()
    }

    /// The certificates that it sent along.
    #[must_use]
    pub fn intermediates(&self) -> &[CertificateDer<'static>] {
        self.chain.get(1..).unwrap_or_default()
    }

    /// Opens the stream.
    ///
    /// # Errors
    /// [`OtherCertificate`] if the grant is for another certificate; the connection is closed.
    pub fn admit(self, grant: &Grant) -> Result<TlsConnection, OtherCertificate> {
        // A grant carries the hash of the certificate that was judged.
        if *grant.certificate() == sha256(self.certificate()) {
            return Ok(self.stream);
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

/// Shakes hands with a server that is to be judged afterwards. No client certificate is offered.
///
/// # Errors
/// [`HandshakeFailure`] if there is no handshake in time, or the server does not prove its key.
pub async fn shake_hands(stream: TcpStream, terms: Terms) -> Result<Handshaken, HandshakeFailure> {
    let verifier = Arc::new(verifier::HoldsItsKey::new(terms.keys));
    let stream = connect(stream, terms, verifier, None).await?;
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let chain = chain.iter().map(|certificate| certificate.clone().into_owned()).collect();
    Ok(Handshaken { stream, chain })
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
    connect(stream, terms, verifier, identity).await
}

async fn connect(
    stream: TcpStream,
    terms: Terms,
    verifier: Arc<dyn ServerCertVerifier>,
    identity: Option<&TlsIdentity>,
) -> Result<TlsConnection, HandshakeFailure> {
    let connector = TlsConnector::from(Arc::new(configuration(verifier, identity)?));
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

fn configuration(
    verifier: Arc<dyn ServerCertVerifier>,
    identity: Option<&TlsIdentity>,
) -> Result<ClientConfig, HandshakeFailure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(|error| HandshakeFailure::from_io(&io::Error::other(error)))?
        // The verifiers prove possession of the key; whose key it may be is decided by `trust`.
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut configuration = match identity {
        Some(identity) => builder.with_client_cert_resolver(identity.resolver()),
        None => builder.with_no_client_auth(),
    };
    // A resumed session skips the verifier, and with it the verdict.
    configuration.resumption = Resumption::disabled();
    Ok(configuration)
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
