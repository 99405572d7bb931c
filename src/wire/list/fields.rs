//! The fields of a record while they are collected, and what becomes of odd ones.

use alloc::vec::Vec;

use crate::wire::codes::{Role, Serial};
use crate::wire::envelope::UnknownTag;
use crate::wire::list::record::{CertificateHash, Record, field_name};
use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::{Element, Reader, once, required};
use crate::wire::text::{OddField, Text};

#[derive(Default)]
pub(super) struct RecordFields<'a> {
    host: Option<Element<'a>>,
    subject: Option<Element<'a>>,
    role: Option<Element<'a>>,
    issuer: Option<Element<'a>>,
    serial: Option<Element<'a>>,
    public_key: Option<Element<'a>>,
    signature: Option<Element<'a>>,
    certificate: Option<Element<'a>>,
    address: Option<Element<'a>>,
    hash: Option<Element<'a>>,
    hash_algorithm: Option<Element<'a>>,
    unknown: Vec<UnknownTag>,
}

impl<'a> RecordFields<'a> {
    pub(super) fn read(reader: Reader<'a>) -> Result<Self, Malformed> {
        // In any order: only the length has a place of its own, and it has been read.
        let mut fields = Self::default();
        for element in reader.elements(field_name) {
            fields.keep(element?)?;
        }
        Ok(fields)
    }

    fn keep(&mut self, element: Element<'a>) -> Result<(), Malformed> {
        let name = field_name(element.tag);
        // The three that people are shown have a limit, whatever becomes of the record.
        if matches!(element.tag, 2 | 3 | 5) {
            Text::from_element(&element, name)?;
        }
        // Values are looked at when all fields are known: which may be bad depends on the others.
        let slot = match element.tag {
            0 => return Err(Malformed::new(element.offset, name, Fault::UnknownTag(0))),
            1 => return Err(Malformed::new(element.offset, name, Fault::DuplicateTag(1))),
            2 => &mut self.host,
            3 => &mut self.subject,
            4 => &mut self.role,
            5 => &mut self.issuer,
            6 => &mut self.serial,
            7 => &mut self.public_key,
            8 => &mut self.signature,
            9 => &mut self.certificate,
            10 => &mut self.address,
            11 => &mut self.hash,
            12 => &mut self.hash_algorithm,
            tag => {
                self.unknown.push(UnknownTag { tag, offset: element.offset });
                return Ok(());
            }
        };
        once(slot, &element, name, element)
    }

    pub(super) fn finish(self, offset: usize, length: usize) -> Result<Record<'a>, Malformed> {
        let hash = self.hash(offset)?;
        // A record without any is not malformed: call managers write emptied ones.
        if self.claims_certificate() {
            self.names_a_certificate(offset)?;
        }
        let role = role(&required(self.role, 4, field_name(4), offset)?);
        let value = |element: Option<Element<'a>>| element.map(|element| element.value);
        Ok(Record {
            offset,
            length,
            host: value(self.host),
            subject: some(self.subject).map(Text::new),
            role,
            issuer: some(self.issuer).map(Text::new),
            serial: some(self.serial).map(Serial::new),
            public_key: value(self.public_key),
            signature: some(self.signature),
            certificate: value(self.certificate),
            hash,
            address: value(self.address),
            odd: self.odd(),
            unusable: self.unusable(role, hash),
            unknown: self.unknown,
        })
    }

    const fn claims_certificate(&self) -> bool {
        self.certificate.is_some() || self.hash.is_some()
    }

    /// A certificate or its digest needs subject, issuer, serial number and public key.
    fn names_a_certificate(&self, offset: usize) -> Result<(), Malformed> {
        required(self.subject, 3, field_name(3), offset)?;
        required(self.issuer, 5, field_name(5), offset)?;
        required(self.serial, 6, field_name(6), offset)?;
        required(self.public_key, 7, field_name(7), offset)?;
        Ok(())
    }

    fn hash(&self, offset: usize) -> Result<Option<CertificateHash<'a>>, Malformed> {
        let missing = |tag| Err(Malformed::new(offset, field_name(tag), Fault::MissingField(tag)));
        let (hash, algorithm) = match (self.hash, self.hash_algorithm) {
            (None, None) => return Ok(None),
            (Some(hash), Some(algorithm)) => (hash.value, algorithm.value),
            (Some(_), None) => return missing(12),
            (None, Some(_)) => return missing(11),
        };
        Ok(Some(match <&[u8; 20]>::try_from(hash) {
            Ok(sha1) if algorithm == [SHA1] => CertificateHash::Sha1(sha1),
            _ => CertificateHash::Unknown { algorithm, bytes: hash },
        }))
    }

    /// Names, host and address that are not what they should be; an emptied record has no names.
    fn odd(&self) -> Vec<OddField> {
        let names = [self.subject, self.issuer].into_iter().flatten();
        let claims = self.claims_certificate();
        let names = names
            .filter(|name| Text::new(name.value).is_odd() && (claims || !name.value.is_empty()));
        let host = self
            .host
            .filter(|host| host.value.is_empty() || core::str::from_utf8(host.value).is_err());
        // IPv4 or IPv6.
        let address = self.address.filter(|address| ![4, 16].contains(&address.value.len()));
        let signature = self.signature.filter(|signature| signature.value.is_empty());
        names.chain(host).chain(address).chain(signature).map(|element| odd(&element)).collect()
    }

    /// The first bad field that keeps every certificate from matching the record.
    ///
    /// If the record has the certificate itself, its digest is left to the comparison of the two:
    /// an unknown algorithm is no evidence against it.
    fn unusable(&self, role: Role, hash: Option<CertificateHash<'_>>) -> Option<OddField> {
        let bad_role = self.role.filter(|_| role == Role::Unreadable);
        if !self.claims_certificate() {
            return bad_role.map(|element| odd(&element));
        }
        // There is nothing in an empty value that a certificate could be compared with.
        let empty = |element: &Element<'_>| element.value.is_empty();
        let bad_hash = self.hash.filter(|_| match hash {
            Some(CertificateHash::Unknown { algorithm, .. }) => {
                self.certificate.is_none() || algorithm == [SHA1]
            }
            _ => false,
        });
        bad_role
            .or(self.serial.filter(empty))
            .or(self.public_key.filter(empty))
            .or(self.certificate.filter(empty))
            .or(bad_hash)
            .map(|element| odd(&element))
    }
}

fn role(element: &Element<'_>) -> Role {
    let code = <[u8; 2]>::try_from(element.value).map(u16::from_be_bytes);
    code.map_or(Role::Unreadable, Role::from)
}

const fn odd(element: &Element<'_>) -> OddField {
    OddField { field: field_name(element.tag), offset: element.offset }
}

/// The value, unless it is empty: then the field counts as absent.
fn some<'a>(element: Option<Element<'a>>) -> Option<&'a [u8]> {
    element.map(|element| element.value).filter(|value| !value.is_empty())
}

/// The algorithm SHA-1 in tag 12 (domain facts 3.3).
const SHA1: u8 = 1;
