//! How the lab's TLS servers present themselves.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rsa::Pss;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::ring::{default_provider, sign::any_supported_type};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, HandshakeKind, ServerConfig, ServerConnection,
    SignatureAlgorithm, SignatureScheme, StreamOwned, SupportedProtocolVersion, version,
};
use sha2::Sha256;

use crate::certificate::Identity;
use crate::digest::Digest;
use crate::keylog::Keeper;
use crate::keys::KeyPair;
use crate::old_tls::{self, OldServer, OldStream};

/// What a server shows: certificates, its own first, and the key that it signs with.
#[derive(Clone, Debug)]
pub struct Presented {
    /// Certificates in DER.
    pub chain: Vec<Vec<u8>>,
    /// The key, which need not be the certificate's.
    pub key: KeyPair,
}

impl Presented {
    /// The certificate of an identity alone.
    pub fn new(identity: &Identity) -> Self {
        Self { chain: vec![identity.certificate.der.clone()], key: identity.key.clone() }
    }

    /// The same, with an issuer sent along.
    #[must_use]
    pub fn below(mut self, issuer: &Identity) -> Self {
        self.chain.push(issuer.certificate.der.clone());
        self
    }

    /// The same certificates with another's key: what someone can show who only saw them.
    #[must_use]
    pub fn signing_with(mut self, key: &KeyPair) -> Self {
        self.key = key.clone();
        self
    }
}

/// The versions of TLS that a server takes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Version {
    /// 1.2 and 1.3.
    #[default]
    Any,
    /// None: a server of others is before it, and speaks TLS.
    Plain,
    /// 1.0 alone, with AES256-SHA and RSA key exchange, as call managers 8.0 to 11.5 have it.
    Tls10,
    /// 1.2 alone.
    Tls12,
    /// 1.3 alone.
    Tls13,
}

impl Version {
    fn supported(self) -> Vec<&'static SupportedProtocolVersion> {
        match self {
            // Not for rustls.
            Self::Plain | Self::Tls10 => Vec::new(),
            Self::Any => vec![&version::TLS12, &version::TLS13],
            Self::Tls12 => vec![&version::TLS12],
            Self::Tls13 => vec![&version::TLS13],
        }
    }
}

/// Whether a server asks for the client's certificate.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ClientCertificate {
    /// Asks, and goes on without.
    Asked,
    /// Does not ask.
    #[default]
    NotAsked,
}

/// What a server shakes hands by.
#[derive(Clone, Debug)]
pub enum Config {
    /// TLS 1.2 and 1.3.
    Current(Arc<ServerConfig>),
    /// TLS 1.0.
    Old(Presented, ClientCertificate),
    /// No TLS.
    Plain,
}

impl Config {
    /// The same, with the sessions that another has begun; in TLS 1.0 none is resumed.
    #[must_use]
    pub fn with_sessions_of(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Current(anew), Self::Current(other)) => {
                let mut anew = ServerConfig::clone(&anew);
                anew.session_storage = Arc::clone(&other.session_storage);
                Self::Current(Arc::new(anew))
            }
            (anew, _) => anew,
        }
    }
}

/// The stream of one connection.
pub enum Stream {
    /// Of TLS 1.2 and 1.3.
    Current(Box<StreamOwned<ServerConnection, TcpStream>>),
    /// Of TLS 1.0.
    Old(Box<OldStream>),
    /// Without TLS.
    Plain(TcpStream),
}

impl Stream {
    /// The client's certificate, if it has shown one.
    pub fn client(&self) -> Option<Vec<u8>> {
        match self {
            Self::Current(stream) => Some(stream.conn.peer_certificates()?.first()?.to_vec()),
            Self::Old(_) | Self::Plain(_) => None,
        }
    }

    /// Whether an earlier session was taken up.
    pub fn is_resumed(&self) -> bool {
        match self {
            Self::Current(stream) => stream.conn.handshake_kind() == Some(HandshakeKind::Resumed),
            Self::Old(_) | Self::Plain(_) => false,
        }
    }

    /// The connection below it.
    pub fn tcp(&mut self) -> &mut TcpStream {
        match self {
            Self::Current(stream) => &mut stream.sock,
            Self::Old(stream) => stream.tcp(),
            Self::Plain(stream) => stream,
        }
    }

    /// Tells the client that nothing more will come.
    ///
    /// # Errors
    /// As of writing.
    pub fn send_close_notify(&mut self) -> io::Result<()> {
        match self {
            Self::Current(stream) => {
                stream.conn.send_close_notify();
                stream.flush()
            }
            Self::Old(stream) => stream.send_close_notify(),
            Self::Plain(_) => Ok(()),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Current(stream) => stream.read(buffer),
            Self::Old(stream) => stream.read(buffer),
            Self::Plain(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Current(stream) => stream.write(bytes),
            Self::Old(stream) => stream.write(bytes),
            Self::Plain(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Current(stream) => stream.flush(),
            Self::Old(stream) => stream.flush(),
            Self::Plain(stream) => stream.flush(),
        }
    }
}

/// What a server shows and takes; sessions may be resumed as long as it is used.
///
/// # Panics
/// If the key is none that rustls takes.
#[must_use]
pub fn config(presented: &Presented, version: Version, client: ClientCertificate) -> Config {
    match version {
        Version::Plain => return Config::Plain,
        Version::Tls10 => return Config::Old(presented.clone(), client),
        Version::Any | Version::Tls12 | Version::Tls13 => {}
    }
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&version.supported())
        .expect("ring has suites for both versions");
    let builder = match client {
        ClientCertificate::Asked => builder.with_client_cert_verifier(Arc::new(AnyClient)),
        ClientCertificate::NotAsked => builder.with_no_client_auth(),
    };
    let chain = presented.chain.iter().cloned().map(CertificateDer::from).collect();
    let certified = CertifiedKey::new(chain, signing_key(&presented.key));
    let mut config = builder.with_cert_resolver(Arc::new(Fixed(Arc::new(certified))));
    config.key_log = Arc::new(Keeper);
    Config::Current(Arc::new(config))
}

/// Shakes hands as a server.
///
/// # Errors
/// What the client or TLS says.
pub fn accept(config: Config, mut stream: TcpStream) -> io::Result<Stream> {
    let config = match config {
        Config::Current(config) => config,
        Config::Plain => return Ok(Stream::Plain(stream)),
        Config::Old(Presented { chain, key }, client) => {
            let key = key.rsa().ok_or_else(|| io::Error::other("TLS 1.0 takes an RSA key"))?;
            let (version, suite) = (old_tls::TLS10, old_tls::AES256_SHA);
            let mut machine = OldServer::new(key.clone(), chain, version, suite);
            machine.asks = client == ClientCertificate::Asked;
            return old_tls::accept(machine, stream).map(|open| Stream::Old(Box::new(open)));
        }
    };
    let mut connection = ServerConnection::new(config).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    Ok(Stream::Current(Box::new(StreamOwned::new(connection, stream))))
}

/// ring signs with RSA from 2048 bits on; smaller keys take another way.
fn signing_key(key: &KeyPair) -> Arc<dyn SigningKey> {
    if key.modulus_length().is_some_and(|bytes| bytes < 256) {
        return Arc::new(SmallRsa(key.clone()));
    }
    let der = PrivateKeyDer::try_from(key.pkcs8()).expect("PKCS#8");
    any_supported_type(&der).expect("a key of the pool signs")
}

#[derive(Debug)]
struct Fixed(Arc<CertifiedKey>);

impl ResolvesServerCert for Fixed {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
struct SmallRsa(KeyPair);

impl SigningKey for SmallRsa {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let known = [SignatureScheme::RSA_PSS_SHA256, SignatureScheme::RSA_PKCS1_SHA256];
        let scheme = known.into_iter().find(|scheme| offered.contains(scheme))?;
        Some(Box::new(SmallSigner { key: self.0.clone(), scheme }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

#[derive(Debug)]
struct SmallSigner {
    key: KeyPair,
    scheme: SignatureScheme,
}

impl Signer for SmallSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        if self.scheme == SignatureScheme::RSA_PKCS1_SHA256 {
            return Ok(self.key.sign(Digest::Sha256, message));
        }
        let key = self.key.rsa().ok_or_else(|| Error::General("not RSA".to_owned()))?;
        let hash = Digest::Sha256.of(message);
        key.sign_with_rng(&mut rand::thread_rng(), Pss::new::<Sha256>(), &hash)
            .map_err(|error| Error::General(error.to_string()))
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

/// Takes any client certificate whose key the client holds, and clients without one.
#[derive(Debug)]
struct AnyClient;

impl AnyClient {
    fn algorithms() -> WebPkiSupportedAlgorithms {
        default_provider().signature_verification_algorithms
    }
}

impl ClientCertVerifier for AnyClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &Self::algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &Self::algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        Self::algorithms().supported_schemes()
    }
}
