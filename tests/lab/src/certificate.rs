//! X.509 certificates, self-signed or issued.

use std::net::IpAddr;

use crate::der;
use crate::digest::Digest;
use crate::keys::KeyPair;
use crate::names::Name;

/// A certificate and the fields of it that lists repeat.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    /// The whole certificate in DER.
    pub der: Vec<u8>,
    /// Subject.
    pub subject: Name,
    /// Issuer.
    pub issuer: Name,
    /// Serial number: magnitude, without a sign byte.
    pub serial: Vec<u8>,
    /// Public key as record tag 7 has it.
    pub public_key: Vec<u8>,
    /// The certificate's own signature value.
    pub signature: Vec<u8>,
}

/// A certificate with its private key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub certificate: Certificate,
    /// Its key pair.
    pub key: KeyPair,
}

/// Whether the certificate may issue others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Usage {
    /// A certificate authority.
    Authority,
    /// A certificate authority that serves TLS, too, as CAPF is.
    AuthorityAndServer,
    /// A server or a signer of files.
    EndEntity,
}

/// What a certificate shall say.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Subject.
    pub subject: Name,
    /// Serial number: magnitude.
    pub serial: Vec<u8>,
    /// Start of the validity, seconds since 1970.
    pub not_before: u64,
    /// End of the validity, seconds since 1970.
    pub not_after: u64,
    /// DNS names for the subject alternative name.
    pub dns: Vec<String>,
    /// Addresses for the subject alternative name.
    pub addresses: Vec<IpAddr>,
    /// Authority or end entity.
    pub usage: Usage,
    /// Digest of the signature.
    pub digest: Digest,
}

impl Profile {
    /// An end entity, valid from 2020 to 2045, signed with SHA-256, without alternative names.
    pub fn new(subject: Name, serial: Vec<u8>) -> Self {
        Self {
            subject,
            serial,
            not_before: START_OF_2020,
            not_after: START_OF_2045,
            dns: Vec::new(),
            addresses: Vec::new(),
            usage: Usage::EndEntity,
            digest: Digest::Sha256,
        }
    }

    /// The same, but over since the start of 2021.
    #[must_use]
    pub fn expired(mut self) -> Self {
        self.not_after = START_OF_2021;
        self
    }

    /// The certificate of `key`, signed by itself.
    pub fn self_signed(&self, key: KeyPair) -> Identity {
        let certificate = self.certificate(&key, &self.subject, &key);
        Identity { certificate, key }
    }

    /// The certificate of `key`, signed by `issuer` (whatever the issuer's own certificate says).
    pub fn issued_by(&self, issuer: &Identity, key: KeyPair) -> Identity {
        let certificate = self.certificate(&key, &issuer.certificate.subject, &issuer.key);
        Identity { certificate, key }
    }

    fn certificate(&self, key: &KeyPair, issuer: &Name, issuer_key: &KeyPair) -> Certificate {
        let algorithm = signature_algorithm(issuer_key, self.digest);
        let body = self.body(key, issuer, issuer_key, &algorithm);
        let signature = issuer_key.sign(self.digest, &body);
        let first = self.serial.iter().position(|byte| *byte != 0).unwrap_or(0);
        Certificate {
            der: der::sequence(&[&body, &algorithm, &der::bit_string(&signature)]),
            subject: self.subject.clone(),
            issuer: issuer.clone(),
            serial: self.serial.iter().skip(first).copied().collect(),
            public_key: key.public_key(),
            signature,
        }
    }

    /// `TBSCertificate`.
    fn body(&self, key: &KeyPair, issuer: &Name, by: &KeyPair, algorithm: &[u8]) -> Vec<u8> {
        let version = der::element(0xA0, &der::integer(&[2]));
        let validity = der::sequence(&[&der::time(self.not_before), &der::time(self.not_after)]);
        der::sequence(&[
            &version,
            &der::integer(&self.serial),
            algorithm,
            &issuer.der(),
            &validity,
            &self.subject.der(),
            &key.spki(),
            &der::element(0xA3, &self.extensions(key, by)),
        ])
    }

    fn extensions(&self, key: &KeyPair, issuer_key: &KeyPair) -> Vec<u8> {
        let authority_key = der::element(0x80, &key_identifier(issuer_key));
        let mut parts = vec![
            self.basic_constraints(),
            self.key_usage(),
            extension(&[0x55, 0x1D, 0x0E], &der::byte_string(&key_identifier(key))),
            extension(&[0x55, 0x1D, 0x23], &der::sequence(&[&authority_key])),
        ];
        if !(self.dns.is_empty() && self.addresses.is_empty()) {
            parts.push(extension(&[0x55, 0x1D, 0x11], &self.alternative_names()));
        }
        der::element(0x30, &parts.concat())
    }

    fn basic_constraints(&self) -> Vec<u8> {
        let content = match self.usage {
            Usage::Authority | Usage::AuthorityAndServer => der::sequence(&[&TRUE]),
            Usage::EndEntity => der::sequence(&[]),
        };
        critical(&[0x55, 0x1D, 0x13], &content)
    }

    /// digitalSignature and keyEncipherment, or keyCertSign and cRLSign; for CAPF the former and
    /// keyCertSign.
    fn key_usage(&self) -> Vec<u8> {
        let bits = match self.usage {
            Usage::Authority => der::named_bits(0x06, 1),
            Usage::AuthorityAndServer => der::named_bits(0xA4, 2),
            Usage::EndEntity => der::named_bits(0xA0, 5),
        };
        critical(&[0x55, 0x1D, 0x0F], &bits)
    }

    fn alternative_names(&self) -> Vec<u8> {
        let dns = self.dns.iter().map(|name| der::element(0x82, name.as_bytes()));
        let addresses = self.addresses.iter().map(|address| match address {
            IpAddr::V4(v4) => der::element(0x87, &v4.octets()),
            IpAddr::V6(v6) => der::element(0x87, &v6.octets()),
        });
        der::element(0x30, &dns.chain(addresses).collect::<Vec<_>>().concat())
    }
}

/// SHA-1 of the public key (RFC 5280, 4.2.1.2, method 1).
fn key_identifier(key: &KeyPair) -> Vec<u8> {
    Digest::Sha1.of(&key.public_key())
}

/// An extension that a reader may pass over.
pub fn extension(oid: &[u8], content: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::oid(oid), &der::byte_string(content)])
}

/// An extension that a reader must know.
pub fn critical(oid: &[u8], content: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::oid(oid), &TRUE, &der::byte_string(content)])
}

/// `AlgorithmIdentifier`: with NULL for RSA (RFC 4055), without parameters for EC (RFC 5758).
pub fn signature_algorithm(key: &KeyPair, digest: Digest) -> Vec<u8> {
    if key.rsa().is_some() {
        let last = match digest {
            Digest::Sha1 => 5,
            Digest::Sha256 => 11,
            Digest::Sha512 => 13,
        };
        let oid = der::oid(&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, last]);
        return der::sequence(&[&oid, &[0x05, 0x00]]);
    }
    let arc: &[u8] = match digest {
        Digest::Sha1 => &[1],
        Digest::Sha256 => &[3, 2],
        Digest::Sha512 => &[3, 4],
    };
    let oid = [&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04], arc].concat();
    der::sequence(&[&der::oid(&oid)])
}

const TRUE: [u8; 3] = [0x01, 0x01, 0xFF];
/// 2020-01-01.
const START_OF_2020: u64 = 1_577_836_800;
/// 2021-01-01.
const START_OF_2021: u64 = 1_609_459_200;
/// 2045-01-01.
const START_OF_2045: u64 = 2_366_841_600;
