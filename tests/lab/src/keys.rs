//! Key pairs, and the pool of committed throw-away keys that they come from.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use crate::digest::Digest;

/// The kinds of key in the pool.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// EC on P-256.
    P256,
    /// EC on P-384.
    P384,
    /// RSA, 1024 bits.
    Rsa1024,
    /// RSA, 2048 bits.
    Rsa2048,
    /// RSA, 4096 bits.
    Rsa4096,
}

impl Kind {
    fn bundle(self) -> &'static str {
        match self {
            Self::P256 => include_str!("../keys/p256.pem"),
            Self::P384 => include_str!("../keys/p384.pem"),
            Self::Rsa1024 => include_str!("../keys/rsa-1024.pem"),
            Self::Rsa2048 => include_str!("../keys/rsa-2048.pem"),
            Self::Rsa4096 => include_str!("../keys/rsa-4096.pem"),
        }
    }
}

/// A private key with its public half; a clone is the same key.
#[derive(Clone)]
pub struct KeyPair(Arc<Secret>);

enum Secret {
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    P521(p521::SecretKey),
    Rsa(Box<RsaPrivateKey>),
}

impl KeyPair {
    /// Reads an unencrypted PKCS#8 key in PEM; `None` if it is not a key of a known kind.
    pub fn from_pem(pem: &str) -> Option<Self> {
        let rsa = || RsaPrivateKey::from_pkcs8_pem(pem).ok().map(Box::new).map(Secret::Rsa);
        let p256 = || p256::SecretKey::from_pkcs8_pem(pem).ok().map(Secret::P256);
        let p384 = || p384::SecretKey::from_pkcs8_pem(pem).ok().map(Secret::P384);
        let p521 = || p521::SecretKey::from_pkcs8_pem(pem).ok().map(Secret::P521);
        rsa().or_else(p256).or_else(p384).or_else(p521).map(|secret| Self(Arc::new(secret)))
    }

    /// The private key as PKCS#8 DER, as rustls wants it.
    pub fn pkcs8(&self) -> Vec<u8> {
        let document = match &*self.0 {
            Secret::P256(key) => key.to_pkcs8_der(),
            Secret::P384(key) => key.to_pkcs8_der(),
            Secret::P521(key) => key.to_pkcs8_der(),
            Secret::Rsa(key) => key.to_pkcs8_der(),
        };
        document.expect("a key of the pool encodes").as_bytes().to_vec()
    }

    /// The private key as PKCS#8 PEM.
    pub fn pem(&self) -> String {
        let text = match &*self.0 {
            Secret::P256(key) => key.to_pkcs8_pem(LineEnding::LF),
            Secret::P384(key) => key.to_pkcs8_pem(LineEnding::LF),
            Secret::P521(key) => key.to_pkcs8_pem(LineEnding::LF),
            Secret::Rsa(key) => key.to_pkcs8_pem(LineEnding::LF),
        };
        text.expect("a key of the pool encodes").to_string()
    }

    /// The public key as SubjectPublicKeyInfo DER.
    pub fn spki(&self) -> Vec<u8> {
        let document = match &*self.0 {
            Secret::P256(key) => key.public_key().to_public_key_der(),
            Secret::P384(key) => key.public_key().to_public_key_der(),
            Secret::P521(key) => key.public_key().to_public_key_der(),
            Secret::Rsa(key) => key.to_public_key().to_public_key_der(),
        };
        document.expect("a key of the pool encodes").into_vec()
    }

    /// The public key as record tag 7 has it: PKCS#1 for RSA, the uncompressed point for EC.
    pub fn public_key(&self) -> Vec<u8> {
        match &*self.0 {
            Secret::P256(key) => key.public_key().to_encoded_point(false).as_bytes().to_vec(),
            Secret::P384(key) => key.public_key().to_encoded_point(false).as_bytes().to_vec(),
            Secret::P521(key) => key.public_key().to_encoded_point(false).as_bytes().to_vec(),
            Secret::Rsa(key) => key
                .to_public_key()
                .to_pkcs1_der()
                .expect("a key of the pool encodes")
                .as_bytes()
                .to_vec(),
        }
    }

    /// The RSA private key; `None` for EC.
    pub fn rsa(&self) -> Option<&RsaPrivateKey> {
        match &*self.0 {
            Secret::Rsa(key) => Some(key),
            Secret::P256(_) | Secret::P384(_) | Secret::P521(_) => None,
        }
    }

    /// Bytes of the RSA modulus, which is the length of its signatures; `None` for EC.
    pub fn modulus_length(&self) -> Option<usize> {
        self.rsa().map(PublicKeyParts::size)
    }

    /// Signs `message`: PKCS#1 v1.5 for RSA, ECDSA in DER for EC.
    pub fn sign(&self, digest: Digest, message: &[u8]) -> Vec<u8> {
        let hash = digest.of(message);
        match &*self.0 {
            Secret::P256(key) => {
                let signer = p256::ecdsa::SigningKey::from(key);
                let signature: p256::ecdsa::DerSignature =
                    signer.sign_prehash(&hash).expect("P-256 takes every digest");
                signature.as_bytes().to_vec()
            }
            Secret::P384(key) => {
                let signer = p384::ecdsa::SigningKey::from(key);
                let signature: p384::ecdsa::DerSignature =
                    signer.sign_prehash(&filled(&hash, 48)).expect("as long as the field");
                signature.as_bytes().to_vec()
            }
            Secret::P521(key) => {
                let signer = p521::ecdsa::SigningKey::from_slice(&key.to_bytes());
                let signature: p521::ecdsa::Signature = signer
                    .and_then(|signer| signer.sign_prehash(&filled(&hash, 66)))
                    .expect("as long as the field");
                signature.to_der().as_bytes().to_vec()
            }
            Secret::Rsa(key) => key.sign(padding(digest), &hash).expect("the key is large enough"),
        }
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &*self.0 {
            Secret::P256(_) => "P-256",
            Secret::P384(_) => "P-384",
            Secret::P521(_) => "P-521",
            Secret::Rsa(_) => "RSA",
        };
        write!(f, "KeyPair({kind})")
    }
}

/// A short hash with zeros in front, which do not change it as a number: the crates refuse hashes
/// that are much shorter than the curve's field.
pub(crate) fn filled(hash: &[u8], field: usize) -> Vec<u8> {
    [vec![0; field.saturating_sub(hash.len())], hash.to_vec()].concat()
}

fn padding(digest: Digest) -> Pkcs1v15Sign {
    match digest {
        Digest::Sha1 => Pkcs1v15Sign::new::<Sha1>(),
        Digest::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
        Digest::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
    }
}

/// Keys and serial numbers in order, none given twice; a clone draws from the same pool.
///
/// Two clusters that must not share a key draw from one pool.
#[derive(Clone, Debug, Default)]
pub struct Pool(Arc<Mutex<Drawn>>);

#[derive(Debug, Default)]
struct Drawn {
    keys: BTreeMap<Kind, usize>,
    serials: u64,
}

impl Pool {
    /// A pool of which nothing is used yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next unused key of the kind; panics when there is none left.
    pub fn take(&self, kind: Kind) -> KeyPair {
        let index = {
            let mut drawn = self.0.lock().expect("no panic while drawing");
            let next = drawn.keys.entry(kind).or_default();
            *next += 1;
            *next - 1
        };
        let pem = kind.bundle().split_inclusive("-----END PRIVATE KEY-----\n").nth(index);
        let pem = pem.unwrap_or_else(|| panic!("the pool has only {index} keys of kind {kind:?}"));
        KeyPair::from_pem(pem).expect("keys/make.sh wrote a key")
    }

    /// The next serial number: 16 bytes that look random, half of them with a high first bit.
    pub fn serial(&self) -> Vec<u8> {
        let mut drawn = self.0.lock().expect("no panic while drawing");
        drawn.serials += 1;
        let mut serial = Digest::Sha256.of(&drawn.serials.to_be_bytes());
        serial.truncate(16);
        serial.iter_mut().take(1).for_each(|first| *first |= 0x10);
        serial
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Pool};

    #[test]
    fn clones_of_a_pool_never_give_a_key_twice() {
        let pool = Pool::new();
        let (one, two) = (pool.take(Kind::Rsa1024), pool.clone().take(Kind::Rsa1024));
        assert_ne!(one.spki(), two.spki());
        assert_ne!(pool.serial(), pool.clone().serial());
    }

    #[test]
    fn public_keys_have_the_lengths_of_the_call_manager() {
        let pool = Pool::new();
        let length = |kind| pool.take(kind).public_key().len();
        assert_eq!(length(Kind::Rsa1024), 140);
        assert_eq!(length(Kind::Rsa2048), 270);
        assert_eq!(length(Kind::P256), 65);
        assert_eq!(length(Kind::P384), 97);
    }
}
