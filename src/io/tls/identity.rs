//! The phone's own certificate, for servers that ask for one.

use std::fmt;
use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, SignatureScheme};

/// A certificate (LSC or MIC) with a key that can sign a handshake.
#[derive(Clone)]
pub struct TlsIdentity(Arc<CertifiedKey>);

impl TlsIdentity {
    /// The certificate with those above it, and its key; nothing if that cannot sign a handshake:
    /// it must be RSA of 2048 to 4096 bits, P-256 or P-384.
    #[must_use]
    pub fn new(chain: Vec<CertificateDer<'static>>, key: &PrivateKeyDer<'_>) -> Option<Self> {
        // The parsed key is the library's to keep.
        let key = any_supported_type(key).ok()?;
        Some(Self(Arc::new(CertifiedKey::new(chain, key))))
    }

    /// Whether the key is another one than the certificate's, as far as that can be known.
    #[must_use]
    pub fn is_mismatched(&self) -> bool {
        // An unusual certificate may leave it open: a server decides then.
        let mismatch = rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch);
        self.0.keys_match().is_err_and(|error| error == mismatch)
    }

    pub(super) fn resolver(&self) -> Arc<dyn ResolvesClientCert> {
        Arc::new(self.clone())
    }
}

impl ResolvesClientCert for TlsIdentity {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        // There is only this one to offer, whatever the server hints at.
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}
