//! The records of a trust list.

use alloc::vec::Vec;

use crate::wire::codes::{Role, Serial};
use crate::wire::envelope::UnknownTag;
use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::{Element, Reader, once, required};

/// One record: a certificate, or a reference to one, and what it may do.
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
    pub subject: Option<&'a str>,
    /// Tag 4.
    pub role: Role,
    /// Tag 5.
    pub issuer: Option<&'a str>,
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
}

/// The digest of a certificate that is not in the list itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash<'a> {
    /// Tag 12 is 1.
    Sha1(&'a [u8; 20]),
    /// Any other algorithm: kept, and never a match.
    Unknown {
        /// Tag 12.
        algorithm: u8,
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
    /// key material is blank (domain facts 2.1).
    #[must_use]
    pub const fn has_material(&self) -> bool {
        self.certificate.is_some() || self.hash.is_some() || self.public_key.is_some()
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
    host: Option<&'a [u8]>,
    subject: Option<Element<'a>>,
    role: Option<Role>,
    issuer: Option<Element<'a>>,
    serial: Option<Element<'a>>,
    public_key: Option<&'a [u8]>,
    signature: Option<&'a [u8]>,
    certificate: Option<&'a [u8]>,
    address: Option<&'a [u8]>,
    hash: Option<Element<'a>>,
    hash_algorithm: Option<[u8; 1]>,
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
        match element.tag {
            0 => Err(Malformed::new(element.offset, name, Fault::UnknownTag(0))),
            1 => Err(Malformed::new(element.offset, name, Fault::DuplicateTag(1))),
            2 => once(&mut self.host, &element, name, element.some(name)?),
            3 => once(&mut self.subject, &element, name, element),
            4 => {
                let code = u16::from_be_bytes(element.array(name)?);
                once(&mut self.role, &element, name, Role::from(code))
            }
            5 => once(&mut self.issuer, &element, name, element),
            6 => once(&mut self.serial, &element, name, element),
            7 => once(&mut self.public_key, &element, name, element.some(name)?),
            8 => once(&mut self.signature, &element, name, element.some(name)?),
            9 => once(&mut self.certificate, &element, name, element.some(name)?),
            10 => once(&mut self.address, &element, name, element.some(name)?),
            11 => once(&mut self.hash, &element, name, element),
            12 => once(&mut self.hash_algorithm, &element, name, element.array(name)?),
            tag => {
                self.unknown.push(UnknownTag { tag, offset: element.offset });
                Ok(())
            }
        }
    }

    fn finish(self, offset: usize, length: usize) -> Result<Record<'a>, Malformed> {
        let hash = self.hash(offset)?;
        let empty = self.certificate.is_none() && hash.is_none();
        if !empty {
            self.names_a_certificate(offset)?;
        }
        Ok(Record {
            offset,
            length,
            host: self.host,
            subject: text(self.subject, empty, field_name(3))?,
            role: required(self.role, 4, field_name(4), offset)?,
            issuer: text(self.issuer, empty, field_name(5))?,
            serial: serial(self.serial, empty)?,
            public_key: self.public_key,
            signature: self.signature,
            certificate: self.certificate,
            hash,
            address: self.address,
            unknown: self.unknown,
        })
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
        match (self.hash, self.hash_algorithm) {
            (None, None) => Ok(None),
            (Some(hash), Some([SHA1])) => hash20(&hash).map(Some),
            (Some(hash), Some([algorithm])) => {
                Ok(Some(Hash::Unknown { algorithm, octets: hash.some(field_name(11))? }))
            }
            (Some(_), None) => missing(12),
            (None, Some(_)) => missing(11),
        }
    }
}

fn hash20<'a>(element: &Element<'a>) -> Result<Hash<'a>, Malformed> {
    <&[u8; 20]>::try_from(element.value).map(Hash::Sha1).map_err(|_| {
        let fault = Fault::FieldLength { expected: 20, found: element.value.len() };
        Malformed::new(element.offset, field_name(11), fault)
    })
}

/// A name; one of no octets is no name, and only an emptied record may have that.
fn text<'a>(
    element: Option<Element<'a>>,
    empty: bool,
    field: &'static str,
) -> Result<Option<&'a str>, Malformed> {
    match element {
        Some(element) if empty && element.value.is_empty() => Ok(None),
        Some(element) => element.text(field).map(Some),
        None => Ok(None),
    }
}

fn serial(element: Option<Element<'_>>, empty: bool) -> Result<Option<Serial<'_>>, Malformed> {
    match element {
        Some(element) if empty && element.value.is_empty() => Ok(None),
        Some(element) => Ok(Some(Serial::new(element.some(field_name(6))?))),
        None => Ok(None),
    }
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
