//! What is noted in a handshake that offers no certificate, before the phone's own is offered.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

use crate::io::tls::algorithms::SmallKeys;
use crate::io::tls::verifier::HoldsItsKey;

/// Has no certificate to offer, and keeps what the server of one handshake has shown.
pub(super) struct Witness {
    key: HoldsItsKey,
    seen: Mutex<SeenOfServer>,
}

#[derive(Default)]
struct SeenOfServer {
    asks: bool,
    chain: Vec<CertificateDer<'static>>,
    proved: bool,
}

impl Witness {
    pub(super) fn new(keys: SmallKeys) -> Self {
        Self { key: HoldsItsKey::new(keys), seen: Mutex::default() }
    }

    /// The certificates of a server that has asked for one, and has proved its own.
    pub(super) fn asker(&self) -> Option<Vec<CertificateDer<'static>>> {
        let mut seen = self.seen();
        (seen.asks && seen.proved).then(|| std::mem::take(&mut seen.chain))
    }

    /// There is one thread: the library asks for what several could share.
    fn seen(&self) -> MutexGuard<'_, SeenOfServer> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(
        &self,
        verified: Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.seen().proved = verified.is_ok();
        verified
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}

impl ResolvesClientCert for Witness {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.seen().asks = true;
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = [end_entity].into_iter().chain(intermediates);
        self.seen().chain = shown.map(|der| der.clone().into_owned()).collect();
        self.key.verify_server_cert(end_entity, intermediates, name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.note(self.key.verify_tls12_signature(message, certificate, signed))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.note(self.key.verify_tls13_signature(message, certificate, signed))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.key.supported_verify_schemes()
    }
}
