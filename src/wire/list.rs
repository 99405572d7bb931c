//! The records of a trust list.

use alloc::vec::Vec;

use crate::wire::codes::{Role, Serial};
use crate::wire::envelope::UnknownTag;
use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::{Element, Reader, once, required};
use crate::wire::text::{OddField, Text};

/// One record: a certificate, or a reference to one, and what it may do.
///
/// One odd field does not cost the list. A name or an address is for people, so the record counts in
/// full ([`odd`](Self::odd)); without a serial number, a certificate or its digest, or a role that
/// can be read, it is for no certificate ([`unusable`](Self::unusable)), and still shows that
/// something was meant to be here. How the fields tile the record is not negotiable.
///
/// # Layout
/// | tag | length | meaning |
/// | --- | ------ | ------- |
/// | 1   | 2      | octets of the record, this element included; always first |
/// | 2   | n      | host name; any octets (observed: a bare NUL, two octets) |
/// | 3   | n      | subject |
/// | 4   | 2      | role |
/// | 5   | n      | issuer |
/// | 6   | n      | serial number |
/// | 7   | n      | public key: PKCS#1 DER for RSA, uncompressed point for elliptic curves |
/// | 8   | n      | the certificate's own signature |
/// | 9   | n      | certificate, DER |
/// | 10  | n      | IP address |
/// | 11  | 20     | digest of the certificate, in place of 9 or beside it |
/// | 12  | 1      | algorithm of 11: 1 is SHA-1 |
///
/// # Source
/// Technote 116232 (`show itl`), `show ctl` of public documents, reference tools; domain facts 3.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Where it stands in the file.
    pub offset: usize,
    /// Octets of the whole record.
    pub length: usize,
    /// Tag 2 as it stands.
    pub host: Option<&'a [u8]>,
    /// Tag 3.
    pub subject: Option<Text<'a>>,
    /// Tag 4.
    pub role: Role,
    /// Tag 5.
    pub issuer: Option<Text<'a>>,
    /// Tag 6.
    pub serial: Option<Serial<'a>>,
    /// Tag 7.
    pub public_key: Option<&'a [u8]>,
    /// Tag 8.
    pub signature: Option<&'a [u8]>,
    /// Tag 9.
    pub certificate: Option<&'a [u8]>,
    /// Tags 11 and 12.
    pub hash: Option<Hash<'a>>,
    /// Tag 10.
    pub address: Option<&'a [u8]>,
    /// Fields that were skipped.
    pub unknown: Vec<UnknownTag>,
    /// Fields for people that are odd.
    pub odd: Vec<OddField>,
    /// The field for want of which the record is for no certificate.
    pub unusable: Option<OddField>,
}

/// The digest of a certificate that is not in the list itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash<'a> {
    /// Tag 12 is 1.
    Sha1(&'a [u8; 20]),
    /// Any other algorithm, or another length than the algorithm's: kept, and never a match.
    Unknown {
        /// Tag 12 as it stands; known ones have one byte.
        algorithm: &'a [u8],
        /// Tag 11.
        octets: &'a [u8],
    },
}

impl<'a> Hash<'a> {
    /// The digest, whatever its algorithm.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        match self {
            Self::Sha1(octets) => octets.as_slice(),
            Self::Unknown { octets, .. } => octets,
        }
    }
}

impl Record<'_> {
    /// Whether the record stands for a certificate; an emptied one does not.
    ///
    /// A public key counts although nothing is verified with it alone: only a record without any
    /// key material is blank (domain facts 2.1). So does one that cannot be used: what cannot be
    /// read must not switch checks off.
    #[must_use]
    pub const fn has_material(&self) -> bool {
        self.certificate.is_some()
            || self.hash.is_some()
            || self.public_key.is_some()
            || self.unusable.is_some()
    }
}

/// Reads the records that fill `body`, which starts at `offset` in the file.
///
/// # Errors
/// [`Malformed`]: records must tile the body exactly, and each be tiled by its own fields.
pub fn parse(body: &[u8], offset: usize) -> Result<Vec<Record<'_>>, Malformed> {
    let mut reader = Reader::at(body, offset);
    let mut records = Vec::new();
    while let Some(octet) = reader.peek() {
        if octet != 1 {
            let fault = Fault::TrailingGarbage(octet);
            return Err(Malformed::new(reader.offset(), "record", fault));
        }
        if records.len() == MAX_RECORDS {
            let fault = Fault::TooMany { expected: MAX_RECORDS };
            return Err(Malformed::new(reader.offset(), "records", fault));
        }
        records.push(record(&mut reader)?);
    }
    Ok(records)
}

fn record<'a>(reader: &mut Reader<'a>) -> Result<Record<'a>, Malformed> {
    let offset = reader.offset();
    let room = reader.left();
    let element = reader.element(field_name(1))?;
    let length = usize::from(u16::from_be_bytes(element.array(field_name(1))?));
    let prefix = reader.offset() - offset;
    let fault = if length < prefix {
        Fault::LengthMismatch { expected: prefix, found: length }
    } else if length > room {
        Fault::LengthOverrun { expected: room, found: length }
    } else {
        let start = reader.offset();
        let fields = reader.take(length - prefix, "record")?;
        return Fields::read(Reader::at(fields, start))?.finish(offset, length);
    };
    Err(Malformed::new(offset, field_name(1), fault))
}

#[derive(Default)]
struct Fields<'a> {
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

impl<'a> Fields<'a> {
    fn read(mut reader: Reader<'a>) -> Result<Self, Malformed> {
        let mut fields = Self::default();
        while let Some(tag) = reader.peek() {
            let element = reader.element(field_name(tag))?;
            fields.keep(element)?;
        }
        Ok(fields)
    }

    fn keep(&mut self, element: Element<'a>) -> Result<(), Malformed> {
        let name = field_name(element.tag);
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

    fn finish(self, offset: usize, length: usize) -> Result<Record<'a>, Malformed> {
        let hash = self.hash(offset)?;
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

    fn hash(&self, offset: usize) -> Result<Option<Hash<'a>>, Malformed> {
        let missing = |tag| Err(Malformed::new(offset, field_name(tag), Fault::MissingField(tag)));
        let (hash, algorithm) = match (self.hash, self.hash_algorithm) {
            (None, None) => return Ok(None),
            (Some(hash), Some(algorithm)) => (hash.value, algorithm.value),
            (Some(_), None) => return missing(12),
            (None, Some(_)) => return missing(11),
        };
        Ok(Some(match <&[u8; 20]>::try_from(hash) {
            Ok(sha1) if algorithm == [SHA1] => Hash::Sha1(sha1),
            _ => Hash::Unknown { algorithm, octets: hash },
        }))
    }

    /// Names, host and address that are none; an emptied record has no names to be odd.
    fn odd(&self) -> Vec<OddField> {
        let names = [self.subject, self.issuer].into_iter().flatten();
        let claims = self.claims_certificate();
        let names = names
            .filter(|name| Text::new(name.value).is_odd() && (claims || !name.value.is_empty()));
        let host = self
            .host
            .filter(|host| host.value.is_empty() || core::str::from_utf8(host.value).is_err());
        let address = self.address.filter(|address| ![4, 16].contains(&address.value.len()));
        let signature = self.signature.filter(|signature| signature.value.is_empty());
        names.chain(host).chain(address).chain(signature).map(|element| odd(&element)).collect()
    }

    /// The first field without which no certificate can be told to be the record's.
    ///
    /// The digest of a record that has the certificate itself is left to the comparison of the two;
    /// an algorithm that is not known says nothing against it.
    fn unusable(&self, role: Role, hash: Option<Hash<'_>>) -> Option<OddField> {
        let bad_role = self.role.filter(|_| role == Role::Unreadable);
        if !self.claims_certificate() {
            return bad_role.map(|element| odd(&element));
        }
        let empty = |element: &Element<'_>| element.value.is_empty();
        let bad_hash = self.hash.filter(|_| match hash {
            Some(Hash::Unknown { algorithm, .. }) => {
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

/// A value of some bytes; one of none says nothing.
fn some<'a>(element: Option<Element<'a>>) -> Option<&'a [u8]> {
    element.map(|element| element.value).filter(|value| !value.is_empty())
}

/// The format's own words for a record's tags.
#[must_use]
pub const fn field_name(tag: u8) -> &'static str {
    match tag {
        1 => "record length",
        2 => "host name",
        3 => "subject",
        4 => "role",
        5 => "issuer",
        6 => "serial number",
        7 => "public key",
        8 => "certificate signature",
        9 => "certificate",
        10 => "IP address",
        11 => "certificate hash",
        12 => "hash algorithm",
        _ => "field of unknown tag",
    }
}

/// Bounds memory and the time of a lookup. Phones refuse lists over 64 KiB, about 39 certificates
/// (security guide 12.5); inferred: 25 times that is no cluster.
pub const MAX_RECORDS: usize = 1000;

/// Tag 12 (domain facts 3.3).
const SHA1: u8 = 1;
