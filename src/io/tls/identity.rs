//! The phone's own certificate, for servers that ask for one.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, SignatureScheme, sign::SigningKey};
use zeroize::Zeroizing;

use crate::io::files::{self, Links, UnreadableFile};

/// A certificate (LSC or MIC) with its key.
#[derive(Clone)]
pub struct TlsIdentity(Arc<CertifiedKey>);

/// Why the phone has no certificate to offer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoIdentity {
    /// The certificate is neither PEM nor DER.
    Certificate,
    /// The key is none that can sign a handshake: RSA from 2048 to 4096 bits, P-256 or P-384.
    Key,
    /// A file cannot be read.
    Unreadable(UnreadableFile),
}

impl TlsIdentity {
    /// Reads certificate and key, each PEM or DER.
    ///
    /// # Errors
    /// [`NoIdentity`].
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, NoIdentity> {
        let read = |path| files::read(path, LIMIT, Links::Follow).map_err(NoIdentity::Unreadable);
        // The file buffer is wiped; the parsed key is the library's to keep.
        let key = Zeroizing::new(read(key)?);
        let chain = chain(&read(certificate)?).ok_or(NoIdentity::Certificate)?;
        let key = signing_key(&key).ok_or(NoIdentity::Key)?;
        Ok(Self(Arc::new(CertifiedKey::new(chain, key))))
    }

    /// The phone's own certificate, in DER; the chain above it is left out.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        self.0.cert.first().map_or(&[], |der| der.as_ref())
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

fn chain(bytes: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let pem: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    match pem {
        Ok(chain) if !chain.is_empty() => Some(chain),
        Ok(_) if bytes.first() == Some(&DER_SEQUENCE) => {
            Some(vec![CertificateDer::from(bytes.to_vec())])
        }
        _ => None,
    }
}

fn signing_key(bytes: &[u8]) -> Option<Arc<dyn SigningKey>> {
    let key = PrivateKeyDer::from_pem_slice(bytes).ok();
    let key = key.or_else(|| PrivateKeyDer::try_from(bytes.to_vec()).ok())?;
    any_supported_type(&key).ok()
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

impl fmt::Display for NoIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate => f.write_str("the certificate is neither PEM nor DER"),
            Self::Key => f.write_str("the key is not RSA of 2048 to 4096 bits, P-256 or P-384"),
            Self::Unreadable(unreadable) => unreadable.fmt(f),
        }
    }
}

impl std::error::Error for NoIdentity {}

/// The tag that a DER certificate begins with.
const DER_SEQUENCE: u8 = 0x30;

/// Chains of the field have two or three certificates of 1 to 2 KiB; inferred.
const LIMIT: u64 = 64 << 10;
