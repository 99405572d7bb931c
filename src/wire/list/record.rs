//! One record of a list.

use alloc::vec::Vec;

use crate::wire::codes::{Role, Serial};
use crate::wire::envelope::UnknownTag;
use crate::wire::text::{OddField, Text};

/// One record: a certificate, or a reference to one, and what it may do.
///
/// One odd field does not cost the list. A name or an address is for people, so the record counts
/// in full ([`odd`](Self::odd)); without a serial number, a certificate or its digest, or a role
/// that can be read, it matches no certificate ([`unusable`](Self::unusable)), and is still
/// evidence that one was listed here. Every record must be tiled by its fields.
///
/// # Layout
/// | tag | length | meaning                                                                |
/// | --- | ------ | ---------------------------------------------------------------------- |
/// | 1   | 2      | bytes of the record, this element included; always first               |
/// | 2   | n      | host name; any bytes (observed: a bare NUL, two bytes)                 |
/// | 3   | n      | subject                                                                |
/// | 4   | 2      | role                                                                   |
/// | 5   | n      | issuer                                                                 |
/// | 6   | n      | serial number                                                          |
/// | 7   | n      | public key: PKCS#1 DER for RSA, uncompressed point for elliptic curves |
/// | 8   | n      | the certificate's own signature                                        |
/// | 9   | n      | certificate, DER                                                       |
/// | 10  | n      | IP address                                                             |
/// | 11  | 20     | digest of the certificate, in place of 9 or beside it                  |
/// | 12  | 1      | algorithm of 11: 1 is SHA-1                                            |
///
/// # Source
/// Technote 116232 (`show itl`), `show ctl` of public documents, reference tools; domain facts 3.3.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record<'a> {
    /// Bytes from the start of the file to the record.
    pub offset: usize,
    /// Bytes of the record, its length element included.
    pub length: usize,
    /// Tag 2: host name, as it is in the file.
    pub host: Option<&'a [u8]>,
    /// Tag 3: subject, as the list's writer prints it.
    pub subject: Option<Text<'a>>,
    /// Tag 4: what the certificate may do.
    pub role: Role,
    /// Tag 5: issuer, as the list's writer prints it.
    pub issuer: Option<Text<'a>>,
    /// Tag 6: serial number of the certificate.
    pub serial: Option<Serial<'a>>,
    /// Tag 7: the public key, in the form of its kind.
    pub public_key: Option<&'a [u8]>,
    /// Tag 8: the certificate's own signature, which must be that of tag 9 if both are there.
    pub signature: Option<&'a [u8]>,
    /// Tag 9: the certificate itself, DER.
    pub certificate: Option<&'a [u8]>,
    /// Tags 11 and 12: its digest, in place of the certificate or beside it.
    pub hash: Option<CertificateHash<'a>>,
    /// Tag 10: the host's IP address, of 4 or 16 bytes if it is proper.
    pub address: Option<&'a [u8]>,
    /// Fields that were skipped.
    pub unknown: Vec<UnknownTag>,
    /// Fields for people that are not what they should be.
    pub odd: Vec<OddField>,
    /// The bad field that keeps the record from matching any certificate.
    pub unusable: Option<OddField>,
}

/// The digest of a certificate that is not in the list itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CertificateHash<'a> {
    /// Tag 12 is 1.
    Sha1(&'a [u8; 20]),
    /// Any other algorithm, or another length than the algorithm's: kept, and never a match.
    Unknown {
        /// Tag 12 as it is in the file; a known algorithm has one byte.
        algorithm: &'a [u8],
        /// Tag 11, of any length.
        bytes: &'a [u8],
    },
}

impl<'a> CertificateHash<'a> {
    /// The digest, whatever its algorithm.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        match self {
            Self::Sha1(bytes) => bytes.as_slice(),
            Self::Unknown { bytes, .. } => bytes,
        }
    }
}

impl Record<'_> {
    /// Whether the record refers to a certificate; an emptied one does not.
    ///
    /// A public key counts although nothing is verified with it alone: only a record without any
    /// key material is blank (domain facts 2.1). A record that cannot be used counts as well: what
    /// cannot be read must not switch checks off.
    #[must_use]
    pub const fn has_material(&self) -> bool {
        self.certificate.is_some()
            || self.hash.is_some()
            || self.public_key.is_some()
            || self.unusable.is_some()
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
