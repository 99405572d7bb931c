//! Proofs that the phone has the key of a certificate.
//!
//! RSA keys only. A proof by a key on an elliptic curve is an ECDSA signature with SHA-1 and one
//! with SHA-512, which the linked implementation of ECDSA does not make.

use alloc::vec::Vec;
use core::fmt;

use rsa::rand_core::CryptoRngCore;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha1::Sha1;
use sha2::{Digest, Sha512};

use crate::wire::capf::CapfSession;
use crate::wire::name::DeviceName;

/// Signatures of the same bytes: PKCS#1 padding of type 1 around the bare hash, without the
/// identifier of the hash that RFC 8017 puts before it.
///
/// # Source
/// Reference client and server, tried; CAPF facts A5.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BareSignatures {
    /// That of their SHA-1.
    pub sha1: Vec<u8>,
    /// That of their SHA-512.
    pub sha512: Vec<u8>,
}

/// A modulus that has no room for the padding around a hash.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyTooSmall;

impl fmt::Display for KeyTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the RSA key is too small for a proof, expected at least 600 bits")
    }
}

/// Proves that the phone of that name has the key of a certificate.
///
/// # Errors
/// [`KeyTooSmall`].
pub fn ownership(
    key: &RsaPrivateKey,
    random: &mut dyn CryptoRngCore,
    device: &DeviceName,
    certificate: &[u8],
) -> Result<BareSignatures, KeyTooSmall> {
    sign(key, random, &[device.as_str().as_bytes(), &[0], certificate])
}

/// Proves the same for this session, so that a recorded proof is of no use later.
///
/// # Errors
/// [`KeyTooSmall`].
pub fn freshness(
    key: &RsaPrivateKey,
    random: &mut dyn CryptoRngCore,
    session: CapfSession,
    certificate: &[u8],
) -> Result<BareSignatures, KeyTooSmall> {
    // Little-endian here, unlike everywhere else (reference client and server).
    sign(key, random, &[&session.0.to_le_bytes(), certificate])
}

fn sign(
    key: &RsaPrivateKey,
    random: &mut dyn CryptoRngCore,
    parts: &[&[u8]],
) -> Result<BareSignatures, KeyTooSmall> {
    let (mut sha1, mut sha512) = (Sha1::new(), Sha512::new());
    for part in parts {
        sha1.update(part);
        sha512.update(part);
    }
    let mut bare = |hash: &[u8]| {
        // Blinded: how long it takes must not depend on the key.
        let mut random = &mut *random;
        let scheme = Pkcs1v15Sign::new_unprefixed();
        key.sign_with_rng(&mut random, scheme, hash).map_err(|_| KeyTooSmall)
    };
    Ok(BareSignatures { sha1: bare(&sha1.finalize())?, sha512: bare(&sha512.finalize())? })
}
