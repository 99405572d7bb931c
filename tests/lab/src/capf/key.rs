//! Public keys of phones, read strictly.

use std::fmt;

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};

use crate::der::read::{Reader, only};
use crate::digest::Digest;
use crate::keys::filled;

/// The kind of key that a phone is asked to make.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyKind {
    /// EC on P-256.
    P256,
    /// EC on P-384.
    P384,
    /// EC on P-521.
    P521,
    /// RSA of so many bits.
    Rsa(u16),
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::P256 => f.write_str("p256"),
            Self::P384 => f.write_str("p384"),
            Self::P521 => f.write_str("p521"),
            Self::Rsa(bits) => write!(f, "{bits}"),
        }
    }
}

impl std::str::FromStr for KeyKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "p256" => Self::P256,
            "p384" => Self::P384,
            "p521" => Self::P521,
            bits => Self::Rsa(
                bits.parse().map_err(|_| format!("no such key: {bits}; bits, p256, p384, p521"))?,
            ),
        })
    }
}

/// A public key.
#[derive(Clone)]
pub enum PublicKey {
    /// EC on P-256.
    P256(Box<p256::ecdsa::VerifyingKey>),
    /// EC on P-384.
    P384(Box<p384::ecdsa::VerifyingKey>),
    /// EC on P-521.
    P521(Box<p521::ecdsa::VerifyingKey>),
    /// RSA.
    Rsa(RsaPublicKey),
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo in DER.
    ///
    /// `None` if a byte of it is not as it has to be: parameters, lengths, an even modulus or
    /// exponent, a point that is compressed or not on its curve.
    pub fn parse(spki: &[u8]) -> Option<Self> {
        let mut parts = only(spki, 0x30)?;
        let algorithm = parts.expect(0x30)?.content;
        let key = parts.expect(0x03)?.content.strip_prefix(&[0])?;
        parts.end()?;
        if algorithm == RSA {
            return rsa_key(key).map(Self::Rsa);
        }
        if key.first() != Some(&4) {
            return None;
        }
        let mut oids = Reader::new(algorithm);
        (oids.expect(0x06)?.content == EC).then_some(())?;
        let curve = oids.expect(0x06)?.content;
        oids.end()?;
        match curve {
            P256 => {
                p256::ecdsa::VerifyingKey::from_sec1_bytes(key).ok().map(Box::new).map(Self::P256)
            }
            P384 => {
                p384::ecdsa::VerifyingKey::from_sec1_bytes(key).ok().map(Box::new).map(Self::P384)
            }
            P521 => {
                p521::ecdsa::VerifyingKey::from_sec1_bytes(key).ok().map(Box::new).map(Self::P521)
            }
            _ => None,
        }
    }

    /// What kind it is.
    pub fn kind(&self) -> KeyKind {
        match self {
            Self::P256(_) => KeyKind::P256,
            Self::P384(_) => KeyKind::P384,
            Self::P521(_) => KeyKind::P521,
            Self::Rsa(key) => KeyKind::Rsa(u16::try_from(key.n().bits()).unwrap_or(u16::MAX)),
        }
    }

    /// The RSA key; `None` for EC.
    pub fn rsa(&self) -> Option<&RsaPublicKey> {
        match self {
            Self::Rsa(key) => Some(key),
            Self::P256(_) | Self::P384(_) | Self::P521(_) => None,
        }
    }

    /// Whether `signature` is over `content` as proofs are: RSA over the bare hash in a complete
    /// padding, ECDSA in DER.
    pub fn proves(&self, digest: Digest, content: &[u8], signature: &[u8]) -> bool {
        let hash = digest.of(content);
        match self {
            Self::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(&filled(&hash, 32), &signature).is_ok()),
            Self::P384(key) => p384::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(&filled(&hash, 48), &signature).is_ok()),
            Self::P521(key) => p521::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(&filled(&hash, 66), &signature).is_ok()),
            Self::Rsa(key) => key.verify(Pkcs1v15Sign::new_unprefixed(), &hash, signature).is_ok(),
        }
    }
}

fn rsa_key(pkcs1: &[u8]) -> Option<RsaPublicKey> {
    let mut numbers = only(pkcs1, 0x30)?;
    let (modulus, exponent) = (numbers.positive()?, numbers.positive()?);
    numbers.end()?;
    let odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
    if !odd(modulus) || !odd(exponent) || exponent == [1] {
        return None;
    }
    RsaPublicKey::new(BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent)).ok()
}

/// rsaEncryption with NULL.
const RSA: &[u8] = &[0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00];
const EC: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x23];
