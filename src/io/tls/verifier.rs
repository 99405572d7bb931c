//! What is checked in the handshake.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use crate::io::tls::algorithms::SmallKeys;
use crate::io::tls::proof::{self, Protocol};

/// Knows whether a certificate, DER, is the one that the server must have.
pub type Pin = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// Accepts any certificate, if the server holds its key: the verdict comes later.
///
/// Has no state: several connections share one, since a session is resumed only under the verifier
/// that it began with.
pub(super) struct HoldsItsKey {
    keys: SmallKeys,
}

impl HoldsItsKey {
    pub(super) const fn new(keys: SmallKeys) -> Self {
        Self { keys }
    }
}

/// How far a server has come in a handshake.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ShownSoFar {
    /// It has shown a certificate.
    Certificate,
    /// None, as also where an earlier session is resumed.
    Nothing,
}

tokio::task_local! {
    /// What the server of the handshake that is going on has shown; the verifier runs within it.
    static SHOWN: Cell<ShownSoFar>;
}

/// A handshake's result, and how far the server came.
pub(super) async fn watched<T>(handshake: impl Future<Output = T>) -> (T, ShownSoFar) {
    let watching = async { (handshake.await, SHOWN.with(Cell::get)) };
    SHOWN.scope(Cell::new(ShownSoFar::Nothing), watching).await
}

/// Accepts the certificate that the pin knows, if the server holds its key.
pub(super) struct PinnedVerifier {
    pin: Pin,
    key: HoldsItsKey,
}

impl PinnedVerifier {
    pub(super) const fn new(pin: Pin, keys: SmallKeys) -> Self {
        Self { pin, key: HoldsItsKey::new(keys) }
    }
}

fn shown() {
    let _only_where_it_is_watched = SHOWN.try_with(|shown| shown.set(ShownSoFar::Certificate));
}

impl fmt::Debug for HoldsItsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HoldsItsKey")
    }
}

impl fmt::Debug for PinnedVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pinned")
    }
}

impl ServerCertVerifier for HoldsItsKey {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // Which certificate it is does not matter yet: the verdict comes after the handshake.
        shown();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        proof::verify(Protocol::Tls12, message, certificate, signed, self.keys)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        proof::verify(Protocol::Tls13, message, certificate, signed, self.keys)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        proof::schemes(self.keys)
    }
}

impl ServerCertVerifier for PinnedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        shown();
        if (self.pin)(end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        // Becomes `HandshakeFailure::Unpinned`.
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.key.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.key.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.key.supported_verify_schemes()
    }
}
