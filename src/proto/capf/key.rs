//! New keys for certificates that CAPF is about to issue.

use alloc::vec::Vec;
use core::fmt;

use ring::rand::SecureRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair,
};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey};
use rsa::rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::wire::capf::{AskedKey, Curve};

/// A key that the phone can make.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NewKeyKind {
    /// On the curve P-256.
    P256,
    /// On the curve P-384.
    P384,
    /// RSA with two primes.
    Rsa {
        /// Bits of the modulus.
        bits: usize,
    },
}

impl NewKeyKind {
    /// The kind that a server asks for, if the phone can make one: P-521 it cannot, nor RSA of a
    /// size that its TLS could not sign with.
    #[must_use]
    pub fn from_asked(asked: AskedKey) -> Option<Self> {
        match asked {
            AskedKey::Ec(Curve::P256) => Some(Self::P256),
            AskedKey::Ec(Curve::P384) => Some(Self::P384),
            AskedKey::Rsa { bits } if RSA_BITS.contains(&bits) => {
                Some(Self::Rsa { bits: bits.into() })
            }
            AskedKey::Ec(_) | AskedKey::Other(_) | AskedKey::Rsa { .. } => None,
        }
    }
}

impl fmt::Display for NewKeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::P256 => f.write_str("EC P-256"),
            Self::P384 => f.write_str("EC P-384"),
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
        }
    }
}

/// A key pair that no certificate is for yet; wiped when dropped.
pub struct NewKey {
    private: Zeroizing<Vec<u8>>,
    public: Vec<u8>,
}

impl NewKey {
    /// Makes a key. This takes seconds for RSA, and minutes on a slow board.
    ///
    /// `random` must be fit for keys, and is for RSA; keys on curves are made by a library with a
    /// source of its own kind.
    ///
    /// # Errors
    /// [`KeyNotMade`].
    pub fn generate(
        kind: NewKeyKind,
        random: &mut dyn CryptoRngCore,
        curve_random: &dyn SecureRandom,
    ) -> Result<Self, KeyNotMade> {
        match kind {
            NewKeyKind::P256 => {
                Self::on_curve(&ECDSA_P256_SHA256_ASN1_SIGNING, &P256_PREFIX, curve_random)
            }
            NewKeyKind::P384 => {
                Self::on_curve(&ECDSA_P384_SHA384_ASN1_SIGNING, &P384_PREFIX, curve_random)
            }
            NewKeyKind::Rsa { bits } => Self::rsa(bits, random),
        }
    }

    fn rsa(bits: usize, mut random: &mut dyn CryptoRngCore) -> Result<Self, KeyNotMade> {
        let key = RsaPrivateKey::new(&mut random, bits).map_err(|_| KeyNotMade)?;
        let private = key.to_pkcs8_der().map_err(|_| KeyNotMade)?;
        let public = key.to_public_key().to_public_key_der().map_err(|_| KeyNotMade)?;
        Ok(Self { private: private.to_bytes(), public: public.into_vec() })
    }

    fn on_curve(
        algorithm: &'static EcdsaSigningAlgorithm,
        prefix: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<Self, KeyNotMade> {
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, random).map_err(|_| KeyNotMade)?;
        let private = Zeroizing::new(document.as_ref().to_vec());
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &private, random);
        let pair = pair.map_err(|_| KeyNotMade)?;
        let public = [prefix, pair.public_key().as_ref()].concat();
        Ok(Self { private, public })
    }

    /// The private key, PKCS#8 in DER.
    #[must_use]
    pub const fn private(&self) -> &Zeroizing<Vec<u8>> {
        &self.private
    }

    /// The public key, `SubjectPublicKeyInfo` in DER.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }
}

/// Only the public half.
impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey").field("public", &self.public.len()).finish_non_exhaustive()
    }
}

/// The library could not make a key, for which it has no reason.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyNotMade;

impl fmt::Display for KeyNotMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no key could be made")
    }
}

/// Bits of RSA keys that are made at all; policy may allow fewer of them.
///
/// # Source
/// Sizes that call managers offer (domain facts 11.3), without 512, which is worth nothing. TLS
/// signs with keys whose primes are multiples of 512 bits.
const RSA_BITS: [u16; 4] = [1024, 2048, 3072, 4096];

/// What `SubjectPublicKeyInfo` begins with for a point on P-256 (RFC 5480 §2).
const P256_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The same for P-384.
const P384_PREFIX: [u8; 23] = [
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
    0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
];
