//! A certificate of the phone's own with its key: in files that a person has put there, or as one
//! entry of the store.
//!
//! Two forms. The key as bytes is there only while it is read, stored or written elsewhere; what is
//! kept is what calculates with it.

use core::fmt;
use std::path::Path;

use rsa::RsaPrivateKey;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use super::files::{self, Links, UnreadableFile};
use super::store::StoreEntry;
use super::tls::TlsIdentity;
use crate::trust::certificate::{Certificate, KeyKind};
use crate::trust::decrypt::DeviceKey;
use crate::trust::signature::md5;

/// A certificate (LSC or MIC) and its key in DER, which is wiped from memory when dropped.
pub struct CertificateWithKey {
    /// The phone's own certificate first; never empty.
    chain: Vec<CertificateDer<'static>>,
    key: Zeroizing<PrivateKeyDer<'static>>,
}

/// Why the phone has no such certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoIdentity {
    /// The certificate is neither PEM nor DER.
    Certificate,
    /// The key is none that can sign a handshake: RSA from 2048 to 4096 bits, P-256 or P-384.
    Key,
    /// Certificate and key do not belong together.
    Mismatch,
    /// The file of the key has no private key, or one with a passphrase.
    NoKey,
    /// A file cannot be read.
    Unreadable(UnreadableFile),
}

impl CertificateWithKey {
    /// Reads certificate and key, each PEM or DER.
    ///
    /// # Errors
    /// [`NoIdentity::Certificate`], [`NoIdentity::NoKey`], [`NoIdentity::Unreadable`]: what the key
    /// is of use for is up to the caller.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, NoIdentity> {
        // The paths are the owner's choice, and may be links.
        let read = |path| files::read(path, LIMIT, Links::Follow).map_err(NoIdentity::Unreadable);
        let key = Zeroizing::new(read(key)?);
        let chain = chain(&read(certificate)?).ok_or(NoIdentity::Certificate)?;
        Self::new(chain, private_key(&key)?)
    }

    /// What an authority has just issued: one certificate, and the key in PKCS#8, both in DER.
    ///
    /// # Errors
    /// [`NoIdentity::Certificate`], [`NoIdentity::NoKey`], [`NoIdentity::Mismatch`].
    pub fn issued(certificate: &[u8], key: &Zeroizing<Vec<u8>>) -> Result<Self, NoIdentity> {
        let der = CertificateDer::from(certificate.to_vec());
        let key = PrivatePkcs8KeyDer::from(key.to_vec());
        let issued = Self::new(vec![der], Zeroizing::new(key.into()))?;
        let identity = DeviceIdentity::from(&issued);
        // Where nothing here can calculate with the key, nothing shows that it is one.
        let is_used = identity.client.is_some() || identity.unwrapping.is_some();
        if !is_used && !is_unsupported(certificate) {
            return Err(NoIdentity::NoKey);
        }
        if identity.is_mismatched() { Err(NoIdentity::Mismatch) } else { Ok(issued) }
    }

    /// Reads an entry of the store that [`entry`](Self::entry) has made.
    ///
    /// # Errors
    /// [`NoIdentity::Certificate`].
    pub fn from_entry(entry: &StoreEntry) -> Result<Self, NoIdentity> {
        let mut rest = entry.bytes.as_slice();
        let mut chain = Vec::new();
        for (_, length) in entry.notes.iter().filter(|(key, _)| key == CERTIFICATE) {
            let length = length.parse().map_err(|_| NoIdentity::Certificate)?;
            let (der, behind) = rest.split_at_checked(length).ok_or(NoIdentity::Certificate)?;
            chain.push(CertificateDer::from(der.to_vec()));
            rest = behind;
        }
        let key = PrivatePkcs8KeyDer::from(rest.to_vec());
        Self::new(chain, Zeroizing::new(key.into()))
    }

    /// The entry of the store: the certificates, then the key, and the length of each certificate as
    /// a note. One entry, so that no crash leaves one of the two without the other.
    #[must_use]
    pub fn entry(&self) -> StoreEntry {
        let certificates = self.chain.iter().map(|der| der.len()).sum::<usize>();
        let key = self.key.secret_der();
        // In one allocation: growing would leave copies of the key.
        let mut bytes = Vec::with_capacity(certificates + key.len());
        self.chain.iter().for_each(|der| bytes.extend_from_slice(der));
        bytes.extend_from_slice(key);
        let lengths = self.chain.iter().map(|der| der.len().to_string());
        lengths.fold(StoreEntry::new(bytes), |entry, length| entry.with(CERTIFICATE, &length))
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: Zeroizing<PrivateKeyDer<'static>>,
    ) -> Result<Self, NoIdentity> {
        let own = chain.first().ok_or(NoIdentity::Certificate)?;
        // A file that holds only a key would be hashed otherwise, and no configuration be for that.
        Certificate::parse(own).map_err(|_| NoIdentity::Certificate)?;
        Ok(Self { chain, key })
    }

    /// The phone's own certificate, and those above it, as far as they came with it.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The private key, for proofs that the phone holds it.
    #[must_use]
    pub fn key(&self) -> &PrivateKeyDer<'static> {
        &self.key
    }
}

/// A certificate (LSC or MIC), and what calculates with its key.
pub struct DeviceIdentity {
    /// The phone's own certificate first; never empty.
    chain: Vec<CertificateDer<'static>>,
    /// What proves it to a server; none if the key cannot sign a handshake.
    client: Option<TlsIdentity>,
    /// What unwraps files that are encrypted for it; RSA only, as the format is.
    unwrapping: Option<DeviceKey>,
}

impl From<&CertificateWithKey> for DeviceIdentity {
    fn from(pair: &CertificateWithKey) -> Self {
        Self {
            chain: pair.chain.clone(),
            client: TlsIdentity::new(pair.chain.clone(), &pair.key),
            unwrapping: DeviceKey::of_der(pair.key.secret_der()).ok(),
        }
    }
}

impl DeviceIdentity {
    /// The phone's own certificate, in DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        self.chain.first().map_or(&[], |der| der.as_ref())
    }

    /// The same with those above it, as far as they came with it.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// What a server that asks for a certificate is offered; none if the key cannot sign a
    /// handshake.
    #[must_use]
    pub const fn client(&self) -> Option<&TlsIdentity> {
        self.client.as_ref()
    }

    /// The key that unwraps encrypted files; none if it is not RSA.
    #[must_use]
    pub const fn unwrapping(&self) -> Option<&DeviceKey> {
        self.unwrapping.as_ref()
    }

    /// The key itself, if it is RSA.
    #[must_use]
    pub fn rsa(&self) -> Option<&RsaPrivateKey> {
        self.unwrapping.as_ref().map(DeviceKey::rsa)
    }

    /// The name of the certificate in `certHash` (domain facts 4.2), lower-case hexadecimal.
    #[must_use]
    pub fn certificate_md5(&self) -> String {
        md5(self.certificate()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether the key is another one than the certificate's, as far as that can be known.
    #[must_use]
    pub fn is_mismatched(&self) -> bool {
        self.client.as_ref().is_some_and(TlsIdentity::is_mismatched)
            || self.unwrapping.as_ref().is_some_and(|key| !key.is_of(self.certificate()))
    }
}

/// Whether a certificate is for a key of a kind that this program can do nothing with by itself.
fn is_unsupported(certificate: &[u8]) -> bool {
    Certificate::parse(certificate).is_ok_and(|it| it.key_kind == KeyKind::P521)
}

/// The certificates of a file, PEM or a single one in DER; nothing if it has none.
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

fn private_key(bytes: &[u8]) -> Result<Zeroizing<PrivateKeyDer<'static>>, NoIdentity> {
    let key = PrivateKeyDer::from_pem_slice(bytes).ok();
    let key = key.or_else(|| PrivateKeyDer::try_from(bytes.to_vec()).ok());
    key.map(Zeroizing::new).ok_or(NoIdentity::NoKey)
}

impl fmt::Debug for CertificateWithKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let certificates = self.chain.len();
        f.debug_struct("CertificateWithKey")
            .field("certificates", &certificates)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for NoIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate => f.write_str("the certificate is neither PEM nor DER"),
            Self::Key => f.write_str("the key is not RSA of 2048 to 4096 bits, P-256 or P-384"),
            Self::Mismatch => f.write_str("the certificate is for another key"),
            Self::NoKey => f.write_str("no private key, or one with a passphrase"),
            Self::Unreadable(unreadable) => unreadable.fmt(f),
        }
    }
}

impl core::error::Error for NoIdentity {}

/// The key of the notes about the lengths of the certificates in an entry.
const CERTIFICATE: &str = "certificate";

/// The tag that a DER certificate begins with.
const DER_SEQUENCE: u8 = 0x30;

/// The longest file that is read, in bytes. Chains of the field have two or three certificates of 1
/// to 2 KiB, a key of 4096 bits has 3 KiB in PEM; inferred.
pub const LIMIT: u64 = 64 << 10;
