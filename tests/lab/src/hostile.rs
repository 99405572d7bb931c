//! Lists that are made to take long, by somebody who has no key: their signatures are nobody's.

use crate::certificate::{Certificate, Profile};
use crate::der;
use crate::keys::{Kind, Pool};
use crate::list::Role;
use crate::names::Name;
use crate::tlv;

/// The most that a phone takes of something.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Records of a list.
    pub records: usize,
    /// Records of one serial number.
    pub of_one_serial: usize,
    /// Bytes of a name, its NUL included.
    pub name: usize,
    /// Attributes of a name.
    pub attributes: usize,
}

/// What a hostile list is full of.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Names of as many attributes as are told apart.
    Attributes,
    /// Certificates that cannot be read.
    Garbage,
    /// Names of the greatest length.
    Names,
    /// Certificates of the signer's serial number, each with a key of its own, as many as are
    /// taken; the others have other numbers.
    Serials,
    /// Fields that nobody knows.
    Unknown,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Attributes, Self::Garbage, Self::Names, Self::Serials, Self::Unknown];

    /// One word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Attributes => "attributes",
            Self::Garbage => "garbage",
            Self::Names => "names",
            Self::Serials => "serials",
            Self::Unknown => "unknown",
        }
    }

    /// A list of nearly this size, which says to be signed by this certificate.
    pub fn list(self, signer: &Certificate, limits: Limits, size: usize) -> Vec<u8> {
        let name = match self {
            Self::Attributes => "a=,".repeat(limits.attributes - 1) + "a=",
            Self::Names => "a=,".repeat(limits.name / 3 - 1) + "a=",
            _ => signer.subject.call_manager(),
        };
        let mut file = sealed(&signer.serial, &name, &[]);
        for count in 0..limits.records {
            let other = least(signer, count, limits.of_one_serial);
            let record = self.record(&name, &other);
            if file.len() + record.len() > size {
                break;
            }
            file.extend(record);
        }
        file
    }

    fn record(self, name: &str, other: &Certificate) -> Vec<u8> {
        let proof = match self {
            Self::Garbage => tlv::element(9, &other.der[..other.der.len() - 1]),
            Self::Attributes | Self::Names | Self::Serials => tlv::element(9, &other.der),
            Self::Unknown => tlv::element(99, b"").repeat(500),
        };
        record(name, other, &proof)
    }
}

/// A signer with a key so small that no signature of its has the length of the file's: nobody
/// computes one.
pub fn signer() -> Certificate {
    let pool = Pool::new();
    let profile = Profile::new(Name::common("signer"), vec![0x55; 16]);
    profile.self_signed(pool.take(Kind::Rsa1024)).certificate
}

/// The certificate with another key, and beyond so many with another serial number as well; its own
/// signature does not fit.
pub fn other_than(certificate: &Certificate, count: usize, of_one_serial: usize) -> Certificate {
    let number = u16::try_from(count).expect("a small number").to_be_bytes();
    let changed = |bytes: &[u8]| {
        let middle = bytes.len() / 2;
        [&bytes[..middle], &number, &bytes[middle + number.len()..]].concat()
    };
    let key = changed(&certificate.public_key);
    let der = replaced(&certificate.der, &certificate.public_key, &key);
    let other = Certificate { der, public_key: key, ..certificate.clone() };
    if count < of_one_serial {
        return other;
    }
    let serial = changed(&certificate.serial);
    let der = replaced(&other.der, &certificate.serial, &serial);
    Certificate { der, serial, ..other }
}

/// As short a certificate as can be read, with a key of its own, and beyond so many with a serial
/// number of its own.
fn least(signer: &Certificate, count: usize, of_one_serial: usize) -> Certificate {
    let number = u16::try_from(count).expect("a small number").to_be_bytes();
    let own = count >= of_one_serial;
    let serial = if own { [&[1], &number[..]].concat() } else { signer.serial.clone() };
    let rsa = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
    let algorithm = der::sequence(&[&der::oid(&rsa), &[0x05, 0x00]]);
    let nobody = der::sequence(&[]);
    let body = der::sequence(&[
        &der::integer(&serial),
        &algorithm,
        &nobody,
        &der::sequence(&[&der::time(0), &der::time(0)]),
        &nobody,
        &der::sequence(&[&algorithm, &der::bit_string(&number)]),
    ]);
    let der = der::sequence(&[&body, &algorithm, &der::bit_string(&number)]);
    Certificate { der, serial, public_key: number.to_vec(), ..signer.clone() }
}

fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let place = bytes.windows(old.len()).position(|window| window == old).expect("it is there");
    [&bytes[..place], new, &bytes[place + old.len()..]].concat()
}

/// A record with a certificate, or whatever is in its place.
pub fn record(name: &str, certificate: &Certificate, proof: &[u8]) -> Vec<u8> {
    let fields = [
        tlv::text(3, name),
        tlv::number(4, Role::SAST.0),
        tlv::text(5, name),
        tlv::element(6, &certificate.serial),
        tlv::element(7, &certificate.public_key),
        proof.to_vec(),
    ];
    counted(&fields.concat())
}

/// A record with its length.
fn counted(fields: &[u8]) -> Vec<u8> {
    let length = u16::try_from(fields.len() + 5).expect("a record is below 64 KiB");
    [&tlv::number(1, length), fields].concat()
}

/// A header with a signature that is nobody's, and the records.
pub fn sealed(serial: &[u8], name: &str, records: &[u8]) -> Vec<u8> {
    let signer = [tlv::text(4, name), tlv::element(5, serial), tlv::text(6, name)];
    let algorithm = [tlv::element(10, &[0]), tlv::element(11, &[2])];
    let info = [tlv::element(8, &[3]), tlv::container(9, &algorithm)];
    let fields = [
        tlv::container(3, &signer),
        tlv::container(7, &info),
        tlv::element(12, &[0; 256]),
        tlv::text(14, "ITLFile.tlv"),
        tlv::element(15, &[0x60, 0, 0, 0]),
    ]
    .concat();
    let length = u16::try_from(fields.len() + 10).expect("a header is below 64 KiB");
    [&tlv::element(1, &[1, 2]), &tlv::number(2, length), fields.as_slice(), records].concat()
}

/// A list of 1,000 records of the signer's serial number and next to nothing else, under a signer
/// whose names have 58,000 bytes: what once took the agent 16 seconds
/// to refuse.
pub fn reported() -> Vec<u8> {
    let serial = &[0x55];
    let fields =
        [tlv::element(3, b""), tlv::number(4, 0), tlv::element(5, b""), tlv::element(6, serial)];
    sealed(serial, &("a=,".repeat(9_666) + "a="), &counted(&fields.concat()).repeat(1000))
}
