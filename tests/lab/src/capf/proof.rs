//! Proofs that a phone has the key of a certificate.

use super::key::PublicKey;
use super::message::{self, Element, tag};
use crate::der::read::{Reader, only};
use crate::digest::Digest;

/// Why a proof is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unproven {
    /// There is no element 4, or its wrapper is wrong.
    Certificate,
    /// The certificate is not the one on record.
    Foreign,
    /// The certificate or its key cannot be read.
    Key,
    /// Element 6.
    Signed,
    /// Element 20.
    SignedSha512,
    /// Element 16 is missing, badly made, or there without an RSA certificate.
    Sudi,
    /// The certificate in element 16 is not the one on record.
    SudiForeign,
    /// The signatures in element 16: another session, or another key.
    SudiSigned,
}

/// Checks elements 4, 6 and 20 against the certificate on record.
///
/// # Errors
/// The first element that proves nothing.
pub fn of_certificate(device: &str, elements: &[Element], record: &[u8]) -> Result<(), Unproven> {
    let wrapped = message::value(elements, tag::CERTIFICATE).ok_or(Unproven::Certificate)?;
    let (_, der) = message::unwrapped(wrapped).ok_or(Unproven::Certificate)?;
    if der != record {
        return Err(Unproven::Foreign);
    }
    let key = key_of(der).ok_or(Unproven::Key)?;
    let content = [device.as_bytes(), &[0], der].concat();
    let signed = message::value(elements, tag::SIGNED).ok_or(Unproven::Signed)?;
    if !key.proves(Digest::Sha1, &content, signed) {
        return Err(Unproven::Signed);
    }
    let signed = message::value(elements, tag::SIGNED_SHA512).and_then(sha512_alone);
    let proven = signed.is_some_and(|signed| key.proves(Digest::Sha512, &content, signed));
    proven.then_some(()).ok_or(Unproven::SignedSha512)
}

/// Checks element 16, which must be there if an RSA certificate is on record, and only then.
///
/// # Errors
/// What is wrong with it.
pub fn of_session(
    session: u32,
    elements: &[Element],
    record: Option<&[u8]>,
) -> Result<(), Unproven> {
    let (record, sudi) = match (record, message::value(elements, tag::SUDI)) {
        (None, None) => return Ok(()),
        (Some(record), Some(sudi)) => (record, sudi),
        _ => return Err(Unproven::Sudi),
    };
    let (der, rest) = part(sudi, 0).ok_or(Unproven::Sudi)?;
    let (sha1, rest) = part(rest, Digest::Sha1.code()).ok_or(Unproven::Sudi)?;
    let (sha512, rest) = part(rest, Digest::Sha512.code()).ok_or(Unproven::Sudi)?;
    if !rest.is_empty() {
        return Err(Unproven::Sudi);
    }
    if der != record {
        return Err(Unproven::SudiForeign);
    }
    let key = key_of(der).ok_or(Unproven::Key)?;
    let content = [&session.to_le_bytes(), der].concat();
    let proven =
        key.proves(Digest::Sha1, &content, sha1) && key.proves(Digest::Sha512, &content, sha512);
    proven.then_some(()).ok_or(Unproven::SudiSigned)
}

/// The SubjectPublicKeyInfo of a certificate.
pub fn spki(der: &[u8]) -> Option<&[u8]> {
    let mut body = Reader::new(only(der, 0x30)?.expect(0x30)?.content);
    body.expect(0xA0)?;
    body.expect(0x02)?;
    // Algorithm, issuer, validity and subject.
    for _ in 0..4 {
        body.expect(0x30)?;
    }
    body.expect(0x30).map(|spki| spki.whole)
}

/// The public key of a certificate.
pub fn key_of(der: &[u8]) -> Option<PublicKey> {
    PublicKey::parse(spki(der)?)
}

/// The value in an element 20.
fn sha512_alone(value: &[u8]) -> Option<&[u8]> {
    part(value, Digest::Sha512.code()).filter(|(_, rest)| rest.is_empty()).map(|(part, _)| part)
}

/// The value behind a number and a length, and what follows it.
fn part(bytes: &[u8], number: u8) -> Option<(&[u8], &[u8])> {
    let ([first, length @ ..], rest) = bytes.split_first_chunk::<3>()?;
    let value = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    (*first == number).then_some(value)
}
