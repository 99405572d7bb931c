//! Opening an encrypted file with the phone's own key.

use alloc::vec::Vec;

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockCipher, BlockDecryptMut, KeyInit, KeyIvInit};
use rsa::pkcs1::{DecodeRsaPrivateKey, DecodeRsaPublicKey};
use rsa::pkcs8::DecodePrivateKey;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey, RsaPublicKey};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use zeroize::Zeroizing;

use crate::trust::certificate::Certificate;
use crate::trust::reason::Reason;
use crate::trust::signature::digest_of;
use crate::trust::verified::Verified;
use crate::wire::Envelope;

/// The phone's private key; forgotten from memory when dropped.
#[derive(Clone, Debug)]
pub struct DeviceKey(RsaPrivateKey);

/// A key that is not an RSA private key in PKCS#1 or PKCS#8 DER.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotAKey;

impl DeviceKey {
    /// Reads a key from PEM, or from DER.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn of_pem(bytes: &[u8]) -> Result<Self, NotAKey> {
        match PrivateKeyDer::from_pem_slice(bytes) {
            Ok(PrivateKeyDer::Pkcs1(key)) => Self::of_der(key.secret_pkcs1_der()),
            Ok(PrivateKeyDer::Pkcs8(key)) => Self::of_der(key.secret_pkcs8_der()),
            Ok(_) => Err(NotAKey),
            // Not PEM, so it may be bare DER.
            Err(_) => Self::of_der(bytes),
        }
    }

    /// Reads a key, PKCS#8 or PKCS#1, DER.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn of_der(der: &[u8]) -> Result<Self, NotAKey> {
        RsaPrivateKey::from_pkcs8_der(der)
            .or_else(|_| RsaPrivateKey::from_pkcs1_der(der))
            .map(Self)
            .map_err(|_| NotAKey)
    }

    /// The key itself, for what else it is needed for.
    #[must_use]
    pub const fn rsa(&self) -> &RsaPrivateKey {
        &self.0
    }

    /// Whether a certificate, in DER, is for this key.
    #[must_use]
    pub fn is_of(&self, certificate: &[u8]) -> bool {
        let Ok(certificate) = Certificate::parse(certificate) else { return false };
        RsaPublicKey::from_pkcs1_der(certificate.key.bytes())
            .is_ok_and(|key| key == self.0.to_public_key())
    }
}

/// Decrypts a file whose signature has been verified, so that no one else can use it as an oracle.
///
/// # Errors
/// [`Reason::DecryptFailed`], whatever failed: key, padding, length and digest are not
/// distinguished (domain facts 10, row 18).
pub fn decrypt(
    file: &Verified<Envelope<'_>>,
    key: &DeviceKey,
) -> Result<Zeroizing<Vec<u8>>, Reason> {
    open(file.value(), key).ok_or(Reason::DecryptFailed)
}

fn open(file: &Envelope<'_>, key: &DeviceKey) -> Option<Zeroizing<Vec<u8>>> {
    let encryption = file.encryption.filter(|encryption| encryption.algorithm == AES_CBC)?;
    // Wiped when dropped, as is the plaintext: a configuration may hold secrets.
    let content_key = Zeroizing::new(key.0.decrypt(Pkcs1v15Encrypt, encryption.wrapped_key).ok()?);
    let mut plain = Zeroizing::new(file.body().to_vec());
    // CBC works on whole blocks, and even an empty file has one of padding.
    if plain.is_empty() || plain.len() % BLOCK != 0 {
        return None;
    }
    match content_key.len() {
        16 => in_place::<Aes128>(&content_key, &encryption.iv, &mut plain),
        24 => in_place::<Aes192>(&content_key, &encryption.iv, &mut plain),
        32 => in_place::<Aes256>(&content_key, &encryption.iv, &mut plain),
        _ => None,
    }?;
    let padding = usize::from(encryption.padding);
    // The count comes from the header; the bytes themselves have any value (vectors).
    if !(1..=BLOCK).contains(&padding) {
        return None;
    }
    let length = plain.len() - padding;
    plain.truncate(length);
    // The signature covers the ciphertext; this digest shows that the key was the right one.
    let digest = digest_of(encryption.digest, &plain)?;
    (digest == encryption.plaintext_digest).then_some(plain)
}

fn in_place<C>(key: &[u8], iv: &[u8], bytes: &mut [u8]) -> Option<()>
where
    C: BlockCipher + BlockDecryptMut + KeyInit,
    cbc::Decryptor<C>: KeyIvInit + BlockDecryptMut,
{
    let cipher = cbc::Decryptor::<C>::new_from_slices(key, iv).ok()?;
    cipher.decrypt_padded_mut::<NoPadding>(bytes).ok().map(|_| ())
}

/// Tag 24 (domain facts 3.2); the tool writes 1 for AES-CBC with a key wrapped by PKCS#1 v1.5.
const AES_CBC: u8 = 1;

/// Bytes of an AES block.
const BLOCK: usize = 16;
