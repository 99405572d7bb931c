//! Certificates and their extensions, as the lab's profiles cannot have them.

use secd_lab::certificate::{critical, extension, signature_algorithm};
use secd_lab::der;
use secd_lab::digest::Digest;
use secd_lab::keys::KeyPair;
use secd_lab::names::Name;

/// Who signs: name, key and digest.
pub(super) type Signing = (String, KeyPair, Digest);

/// What a certificate says beside dates and extensions.
#[derive(Clone, Copy)]
pub(super) struct Says<'a> {
    pub(super) subject: &'a str,
    pub(super) key: &'a KeyPair,
    pub(super) issuer: &'a Signing,
    pub(super) serial: u8,
}

impl Says<'_> {
    pub(super) fn der(&self, (first, last): (u64, u64), extensions: &[Vec<u8>]) -> Vec<u8> {
        let (issuer, key, digest) = self.issuer;
        let algorithm = signature_algorithm(key, *digest);
        let body = der::sequence(&[
            &der::element(0xA0, &der::integer(&[2])),
            &der::integer(&[self.serial]),
            &algorithm,
            &Name::common(issuer).der(),
            &der::sequence(&[&der::time(first), &der::time(last)]),
            &Name::common(self.subject).der(),
            &self.key.spki(),
            &der::element(0xA3, &der::element(0x30, &extensions.concat())),
        ]);
        let signature = der::bit_string(&key.sign(*digest, &body));
        der::sequence(&[&body, &algorithm, &signature])
    }
}

pub(super) fn constraints(is_authority: bool, length: Option<u8>) -> Vec<u8> {
    let mut parts = Vec::new();
    if is_authority {
        parts.extend([1, 1, 0xFF]);
    }
    parts.extend(length.map(|length| der::integer(&[length])).unwrap_or_default());
    critical(&[0x55, 0x1D, 0x13], &der::element(0x30, &parts))
}

pub(super) fn usage(bits: u8) -> Vec<u8> {
    let unused = u8::try_from(bits.trailing_zeros()).expect("eight bits");
    critical(&[0x55, 0x1D, 0x0F], &der::named_bits(bits, unused))
}

pub(super) fn purposes(purpose: &[u8]) -> Vec<u8> {
    extension(&[0x55, 0x1D, 0x25], &der::sequence(&[&der::oid(purpose)]))
}

pub(super) fn alternative(names: &[Vec<u8>]) -> Vec<u8> {
    extension(&[0x55, 0x1D, 0x11], &der::element(0x30, &names.concat()))
}

/// Name constraints: only hosts of this domain.
pub(super) fn permitted(domain: &str) -> Vec<u8> {
    let subtrees = der::element(0xA0, &der::sequence(&[&dns(domain)]));
    critical(&[0x55, 0x1D, 0x1E], &der::element(0x30, &subtrees))
}

pub(super) fn dns(name: &str) -> Vec<u8> {
    der::element(0x82, name.as_bytes())
}

pub(super) fn address(ip: [u8; 4]) -> Vec<u8> {
    der::element(0x87, &ip)
}

/// Bits of keyUsage (RFC 5280 §4.2.1.3).
pub(super) const DIGITAL_SIGNATURE: u8 = 0x80;
pub(super) const KEY_ENCIPHERMENT: u8 = 0x20;
pub(super) const KEY_AGREEMENT: u8 = 0x08;
pub(super) const CERT_SIGN: u8 = 0x04;
pub(super) const CRL_SIGN: u8 = 0x02;
/// Purposes (RFC 5280 §4.2.1.12), contents of the DER.
pub(super) const SERVER: [u8; 8] = [0x2B, 6, 1, 5, 5, 7, 3, 1];
pub(super) const CLIENT: [u8; 8] = [0x2B, 6, 1, 5, 5, 7, 3, 2];
pub(super) const ANYTHING: [u8; 4] = [0x55, 0x1D, 0x25, 0];
/// An extension that nobody knows.
pub(super) const UNKNOWN: &[u8] = &[0x2B, 6, 1, 4, 1, 0x82, 0x37, 0x63];
