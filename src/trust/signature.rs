//! Signatures and digests: the only place of this layer with cryptography, beside `decrypt`.

use alloc::vec::Vec;
use core::cell::OnceCell;

use md5::Md5;
use ring::digest::{Algorithm, Context, SHA256, SHA512};
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use crate::trust::certificate::{Certificate, PublicKey};
use crate::trust::policy::{Choice, Policy};
use crate::trust::reason::{Reason, Unsupported, Warning};
use crate::wire::envelope::SignatureInfo;
use crate::wire::{Digest, Envelope};

/// The key of someone who may sign.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignerKey(RsaPublicKey);

impl SignerKey {
    /// The key in a certificate.
    ///
    /// # Errors
    /// [`Reason::UnsupportedAlgorithm`] for a key that is not RSA or not one of 1 to 4096 bits.
    pub fn of_certificate(certificate: &Certificate<'_>) -> Result<Self, Reason> {
        let PublicKey::Rsa(der) = certificate.key else {
            let kind = Unsupported::KeyKind(certificate.key_kind);
            return Err(Reason::UnsupportedAlgorithm(kind));
        };
        let unusable = Unsupported::Key { most: RsaPublicKey::MAX_SIZE };
        RsaPublicKey::from_pkcs1_der(der)
            .map(Self)
            .map_err(|_| Reason::UnsupportedAlgorithm(unusable))
    }

    /// Bits of the modulus.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.0.n().bits()
    }

    fn allowed(&self, info: SignatureInfo, policy: &Policy) -> Result<Vec<Warning>, Reason> {
        if info.algorithm != RSA_PKCS1 {
            return Err(Reason::UnsupportedAlgorithm(Unsupported::Signature(info.algorithm)));
        }
        let choice = match info.digest {
            Digest::Sha1 => policy.sha1,
            Digest::Sha256 => policy.sha256,
            Digest::Sha512 => Choice::Accept,
            // Fail closed: an unknown number must not pass as any known digest (domain facts 10).
            Digest::Unknown(_) => Choice::Refuse,
        };
        if choice == Choice::Refuse {
            return Err(Reason::UnsupportedDigest(info.digest));
        }
        let (bits, least) = (self.bits(), policy.min_rsa_bits);
        if bits < least {
            return Err(Reason::WeakKey { bits, least });
        }
        if *self.0.e() < BigUint::from(LEAST_EXPONENT) {
            // Smaller than the least, so that all of it fits.
            let bytes = self.0.e().to_bytes_be();
            let found = bytes.iter().fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
            let exponent = Unsupported::Exponent { found, least: LEAST_EXPONENT };
            return Err(Reason::UnsupportedAlgorithm(exponent));
        }
        let small = (bits < GOOD_RSA_BITS).then_some(Warning::SmallKey { bits });
        let sha1 = (info.digest == Digest::Sha1).then_some(Warning::Sha1);
        Ok(small.into_iter().chain(sha1).collect())
    }
}

/// A signed file whose signer is not known yet: its digest is computed at most once, however many
/// keys are tried.
#[derive(Debug)]
pub struct Unverified<'a> {
    file: &'a Envelope<'a>,
    policy: &'a Policy,
    digest: OnceCell<Option<Vec<u8>>>,
}

impl<'a> Unverified<'a> {
    /// A file, and the policy for its signature.
    #[must_use]
    pub const fn new(file: &'a Envelope<'a>, policy: &'a Policy) -> Self {
        Self { file, policy, digest: OnceCell::new() }
    }

    /// Verifies the signature with the key of a certificate, and returns what policy accepts with a
    /// warning.
    ///
    /// The file is read in place: neither the digest nor the signature check copies it.
    ///
    /// # Errors
    /// [`Reason::UnsupportedAlgorithm`], [`Reason::UnsupportedDigest`] and [`Reason::WeakKey`] by
    /// policy; [`Reason::SignatureMismatch`] for anything but the signer's signature of this file.
    pub fn verify(&self, by: &Certificate<'_>) -> Result<Vec<Warning>, Reason> {
        let key = SignerKey::of_certificate(by)?;
        let Envelope { info, signature, .. } = self.file;
        // Policy first: a digest that is not accepted need not be computed.
        let warnings = key.allowed(*info, self.policy)?;
        // A length that differs from the key's is refused, whatever the header announces (domain
        // facts 10).
        if signature.len() != key.0.size() {
            return Err(Reason::SignatureMismatch);
        }
        let digest = self.digest.get_or_init(|| hashed(info.digest, self.file.signed_bytes()));
        let (Some(scheme), Some(digest)) = (scheme(info.digest), digest) else {
            return Err(Reason::UnsupportedDigest(info.digest));
        };
        key.0.verify(scheme, digest, signature).map_err(|_| Reason::SignatureMismatch)?;
        Ok(warnings)
    }
}

fn scheme(algorithm: Digest) -> Option<Pkcs1v15Sign> {
    match algorithm {
        Digest::Sha1 => Some(Pkcs1v15Sign::new::<Sha1>()),
        Digest::Sha256 => Some(Pkcs1v15Sign::new::<Sha256>()),
        Digest::Sha512 => Some(Pkcs1v15Sign::new::<Sha512>()),
        Digest::Unknown(_) => None,
    }
}

fn hashed(algorithm: Digest, parts: [&[u8]; 2]) -> Option<Vec<u8>> {
    match algorithm {
        Digest::Sha1 => {
            let [start, rest] = parts;
            Some(Sha1::new().chain_update(start).chain_update(rest).finalize().to_vec())
        }
        Digest::Sha256 => Some(sha2_of(&SHA256, &parts).as_ref().to_vec()),
        Digest::Sha512 => Some(sha2_of(&SHA512, &parts).as_ref().to_vec()),
        Digest::Unknown(_) => None,
    }
}

/// By ring, which is there for TLS; `sha2` needs 40 KB to be as fast.
fn sha2_of(algorithm: &'static Algorithm, parts: &[&[u8]]) -> ring::digest::Digest {
    let mut state = Context::new(algorithm);
    for part in parts {
        state.update(part);
    }
    state.finish()
}

/// The digest of some bytes by an algorithm of the format, if that is known.
#[must_use]
pub fn digest_of(algorithm: Digest, bytes: &[u8]) -> Option<Vec<u8>> {
    hashed(algorithm, [bytes, &[]])
}

/// SHA-1, which identifies certificates in trust lists and on trust screens.
#[must_use]
pub fn sha1(bytes: &[u8]) -> [u8; 20] {
    Sha1::digest(bytes).into()
}

/// SHA-256, which identifies certificates where the choice is ours.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha256_of(&[bytes])
}

/// SHA-256 of parts that follow each other.
#[must_use]
pub fn sha256_of(parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(sha2_of(&SHA256, parts).as_ref());
    digest
}

/// MD5, which compares the phone's list with the server's (technote); it proves nothing.
#[must_use]
pub fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

/// Tag 10: RSA PKCS#1 v1.5 (domain facts 3.2).
const RSA_PKCS1: u8 = 0;

/// A key with fewer bits is logged with a warning (design, policies).
pub(in crate::trust) const GOOD_RSA_BITS: usize = 2048;

/// Smaller public exponents have a history of forgeries (domain facts 10, row 12).
const LEAST_EXPONENT: u32 = 65537;

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use secd_lab::certificate::Profile;
    use secd_lab::keys::{Kind, Pool};
    use secd_lab::names::Name;

    use super::*;
    use crate::trust::certificate::KeyKind;

    #[test]
    fn a_key_of_another_kind_is_not_called_a_signature_of_another() {
        let pool = Pool::new();
        let profile = Profile::new(Name::common("signer"), pool.serial());
        let signer = profile.self_signed(pool.take(Kind::P256)).certificate;
        let certificate = Certificate::parse(&signer.der).unwrap();
        let reason = SignerKey::of_certificate(&certificate).unwrap_err();
        let kind = Unsupported::KeyKind(KeyKind::P256);
        assert_eq!(reason, Reason::UnsupportedAlgorithm(kind));
        assert_eq!(
            reason.to_string(),
            "the signer's key is not one for RSA PKCS#1 v1.5, its kind: P-256"
        );
    }

    #[test]
    fn a_damaged_rsa_key_is_not_called_one_of_another_kind() {
        let pool = Pool::new();
        let profile = Profile::new(Name::common("signer"), pool.serial());
        let signer = profile.self_signed(pool.take(Kind::Rsa2048)).certificate;
        let mut certificate = Certificate::parse(&signer.der).unwrap();
        certificate.key = PublicKey::Rsa(&[0x30, 0]);
        let reason = SignerKey::of_certificate(&certificate).unwrap_err();
        assert_eq!(reason, Reason::UnsupportedAlgorithm(Unsupported::Key { most: 4096 }));
        assert!(reason.to_string().contains("it is damaged, has more than 4096 bits"), "{reason}");
    }

    #[test]
    fn a_small_exponent_is_not_called_a_small_key() {
        let modulus = (BigUint::from(1_u8) << 2047) + BigUint::from(1_u8);
        let key = SignerKey(RsaPublicKey::new(modulus, BigUint::from(3_u8)).unwrap());
        let info = SignatureInfo { digest: Digest::Sha512, algorithm: RSA_PKCS1, modulus: 2 };
        let reason = key.allowed(info, &Policy::default()).unwrap_err();
        let exponent = Unsupported::Exponent { found: 3, least: LEAST_EXPONENT };
        assert_eq!(reason, Reason::UnsupportedAlgorithm(exponent));
        let text = "the public exponent of the signer's key is 3, at least 65537 is required";
        assert_eq!(reason.to_string(), text);
    }
}
