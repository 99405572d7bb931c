//! From the key of a certificate to the keys of a connection.

use alloc::vec::Vec;
use core::fmt;

use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::rand_core::RngCore;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Encrypt, RsaPublicKey};
use zeroize::Zeroizing;

use super::prf::derive;
use super::protection::Protection;
use super::random::OldTlsRandom;
use crate::wire::old_tls::{OldSuite, OldVersion};

/// The key in the certificate of a server, with which only the server can go on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerKey(RsaPublicKey);

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UnusableKey {
    /// Not an RSA key in PKCS#1 DER, or one of more than 4096 bits.
    NotRsa,
    /// Fewer bits than are accepted.
    TooSmall {
        /// Bits of its modulus.
        bits: usize,
        /// The fewest bits that are accepted.
        least: usize,
    },
}

impl ServerKey {
    /// The key from a certificate, PKCS#1 DER; the caller decides how many bits are the `least`.
    ///
    /// # Errors
    /// [`UnusableKey`].
    pub fn new(pkcs1: &[u8], least: usize) -> Result<Self, UnusableKey> {
        let key = RsaPublicKey::from_pkcs1_der(pkcs1).map_err(|_| UnusableKey::NotRsa)?;
        let bits = key.n().bits();
        if bits < least {
            return Err(UnusableKey::TooSmall { bits, least });
        }
        Ok(Self(key))
    }

    /// The secret as only the holder of the private key can read it; `None` if the key is smaller
    /// than the secret.
    pub(super) fn encrypt(
        &self,
        premaster: &Premaster,
        random: &mut OldTlsRandom,
    ) -> Option<Vec<u8>> {
        let mut random = random.as_mut();
        self.0.encrypt(&mut random, Pkcs1v15Encrypt, premaster.0.as_slice()).ok()
    }
}

impl fmt::Display for UnusableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRsa => f.write_str("not an RSA key of at most 4096 bits"),
            Self::TooSmall { bits, least } => {
                write!(f, "RSA key of {bits} bits, expected at least {least}")
            }
        }
    }
}

/// What the client alone chooses: a version, and 46 random bytes (RFC 5246 §7.4.7.1).
pub(super) struct Premaster(Zeroizing<[u8; 48]>);

impl Premaster {
    /// `offered` is the version of the offer, and not the one that was chosen: a server notices by
    /// it that an offer was changed on its way.
    pub(super) fn new(offered: OldVersion, random: &mut OldTlsRandom) -> Self {
        let mut bytes = Zeroizing::new([0; 48]);
        random.fill_bytes(bytes.as_mut_slice());
        let [major, minor] = offered.number().0;
        (bytes[0], bytes[1]) = (major, minor);
        Self(bytes)
    }
}

/// What both sides know once the premaster secret is exchanged (RFC 5246 §8.1).
pub(super) struct Master {
    version: OldVersion,
    bytes: Zeroizing<[u8; 48]>,
}

/// The random bytes of both hellos.
#[derive(Clone, Copy)]
pub(super) struct Randoms {
    pub(super) client: [u8; 32],
    pub(super) server: [u8; 32],
}

impl Master {
    pub(super) fn new(version: OldVersion, premaster: &Premaster, randoms: Randoms) -> Self {
        let mut bytes = Zeroizing::new([0; 48]);
        let seed = [b"master secret".as_slice(), &randoms.client, &randoms.server];
        derive(version, premaster.0.as_slice(), &seed, bytes.as_mut_slice());
        Self { version, bytes }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// What protects the client's records, and the server's.
    ///
    /// # Source
    /// RFC 5246 §6.3: two MAC keys, two keys, and in TLS 1.0 two first vectors (RFC 2246 §6.3).
    pub(super) fn protections(
        &self,
        suite: OldSuite,
        randoms: Randoms,
    ) -> (Protection, Protection) {
        let (mac, key) = (suite.mac_length(), suite.key_length());
        let mut block = Zeroizing::new(alloc::vec![0; 2 * (mac + key + Protection::BLOCK)]);
        let seed = [b"key expansion".as_slice(), &randoms.server, &randoms.client];
        derive(self.version, self.as_bytes(), &seed, &mut block);
        let (macs, rest) = block.split_at(2 * mac);
        let (keys, vectors) = rest.split_at(2 * key);
        let side =
            |mac_key, key, vector| Protection::new((self.version, suite), mac_key, key, vector);
        let (client_mac, server_mac) = macs.split_at(mac);
        let (client_key, server_key) = keys.split_at(key);
        let (client_vector, server_vector) = vectors.split_at(Protection::BLOCK);
        (side(client_mac, client_key, client_vector), side(server_mac, server_key, server_vector))
    }
}
