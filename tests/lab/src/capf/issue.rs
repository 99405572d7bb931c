//! The certificates that CAPF issues.

use std::time::{SystemTime, UNIX_EPOCH};

use super::key::PublicKey;
use super::odd::Odd;
use crate::certificate::{Identity, Profile, Usage, critical, extension, signature_algorithm};
use crate::der;
use crate::digest::Digest;
use crate::keys::{KeyPair, Kind, Pool};
use crate::names::Name;

/// Who issues certificates, and for how long.
#[derive(Debug)]
pub(super) struct Issuer {
    /// Its name and key are in the certificates.
    pub(super) identity: Identity,
    pub(super) days: u64,
    pool: Pool,
    /// Keys for deviations, taken from the pool when they are first needed.
    spare: Option<[KeyPair; 2]>,
}

impl Issuer {
    pub(super) fn new(identity: &Identity, pool: &Pool) -> Self {
        Self { identity: identity.clone(), days: A_YEAR, pool: pool.clone(), spare: None }
    }

    /// The certificate of a public key for a phone, or what a deviation makes of it.
    pub(super) fn issue(&mut self, device: &str, spki: &[u8], odd: Option<Odd>) -> Vec<u8> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
        let valid = (now, now + self.days * A_DAY);
        match odd {
            Some(Odd::BadSignature) => {
                let key = self.spare(Spare::Rsa);
                self.certificate(device, spki, valid, &key)
            }
            Some(Odd::Expired) => self.certificate(device, spki, IN_2020, &self.identity.key),
            Some(Odd::ForeignKey) => {
                let key = self.spare(if is_rsa(spki) { Spare::Rsa } else { Spare::Ec });
                self.certificate(device, &key.spki(), valid, &self.identity.key)
            }
            Some(Odd::NotACertificate) => vec![0xA5; 300],
            Some(Odd::OtherAuthority) => {
                let subject = Name::of_service("Other CA");
                let profile = Profile::new(subject, self.pool.serial());
                let profile = Profile { usage: Usage::Authority, ..profile };
                let identity = profile.self_signed(self.spare(Spare::Rsa));
                let mut other = Self::new(&identity, &self.pool);
                other.days = self.days;
                other.issue(device, spki, None)
            }
            Some(Odd::OtherName) => {
                self.certificate("SEP0000DEADBEEF", spki, valid, &self.identity.key)
            }
            _ => self.certificate(device, spki, valid, &self.identity.key),
        }
    }

    fn spare(&mut self, spare: Spare) -> KeyPair {
        let pool = &self.pool;
        let taken = || [pool.take(Kind::Rsa2048), pool.take(Kind::P256)];
        let [rsa, ec] = self.spare.get_or_insert_with(taken);
        match spare {
            Spare::Ec => ec.clone(),
            Spare::Rsa => rsa.clone(),
        }
    }

    /// As the reference writes it; `key` signs.
    fn certificate(
        &self,
        device: &str,
        spki: &[u8],
        (from, to): (u64, u64),
        key: &KeyPair,
    ) -> Vec<u8> {
        let algorithm = signature_algorithm(key, Digest::Sha256);
        let issuer = &self.identity.certificate.subject;
        let body = der::sequence(&[
            &der::element(0xA0, &der::integer(&[2])),
            &der::integer(&self.pool.serial()),
            &algorithm,
            &issuer.der(),
            &der::sequence(&[&der::time(from), &der::time(to)]),
            &issuer.sibling(device).der(),
            spki,
            &der::element(0xA3, &extensions(device)),
        ]);
        let signature = key.sign(Digest::Sha256, &body);
        der::sequence(&[&body, &algorithm, &der::bit_string(&signature)])
    }
}

#[derive(Clone, Copy)]
enum Spare {
    Ec,
    Rsa,
}

fn is_rsa(spki: &[u8]) -> bool {
    PublicKey::parse(spki).is_some_and(|key| key.rsa().is_some())
}

fn extensions(device: &str) -> Vec<u8> {
    let purposes: Vec<Vec<u8>> =
        [1, 2, 5].map(|last| der::oid(&[0x2B, 6, 1, 5, 5, 7, 3, last])).to_vec();
    der::sequence(&[
        &critical(&[0x55, 0x1D, 0x13], &der::sequence(&[])),
        &critical(&[0x55, 0x1D, 0x0F], &der::named_bits(0xA0, 5)),
        &extension(&[0x55, 0x1D, 0x25], &der::element(0x30, &purposes.concat())),
        &extension(&[0x55, 0x1D, 0x11], &der::sequence(&[&der::element(0x86, device.as_bytes())])),
    ])
}

/// The reference's default.
const A_YEAR: u64 = 365;
const A_DAY: u64 = 86_400;
/// From the start of 2020 to that of 2021.
const IN_2020: (u64, u64) = (1_577_836_800, 1_609_459_200);
