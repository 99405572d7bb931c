//! The contents of a file, as one object for `--json`.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::face::{ObjectType as _, hex, records};
use crate::trust::signature::{md5, sha1};
use crate::wire::list::CertificateHash;
use crate::wire::{Envelope, Record};

/// The members that `show` and `verify` share (design, command line).
#[derive(Serialize)]
pub(super) struct FileFacts<'a> {
    kind: &'static str,
    version: String,
    signer_version: Option<String>,
    header_length: usize,
    signer: SignerFacts,
    digest: String,
    pub(super) filename: &'a str,
    timestamp: Option<u32>,
    // Left out of a signed file: an empty array would claim a list without records.
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<Vec<Map<String, Value>>>,
    md5: Sum<'a>,
    sha1: Sum<'a>,
    /// The files that the certificates were written to, if they were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) certificate_files: Vec<String>,
}

#[derive(Serialize)]
struct SignerFacts {
    name: String,
    issuer: String,
    serial: String,
}

impl<'a> FileFacts<'a> {
    pub(super) fn new(file: &Envelope<'a>, records: Option<&[Record<'_>]>) -> Self {
        Self {
            kind: kind(file, records.is_some()),
            version: file.version.to_string(),
            signer_version: file.signer_version.map(|version| version.to_string()),
            header_length: file.header_length,
            signer: SignerFacts {
                name: file.signer.name.into(),
                issuer: file.signer.issuer.into(),
                serial: file.signer.serial.to_string(),
            },
            digest: file.info.digest.to_string(),
            filename: file.file_name,
            timestamp: file.timestamp,
            records: records.map(|records| records.iter().map(shown).collect()),
            // For comparing with the call manager by hand; nothing is decided by either sum.
            md5: Sum::new(|bytes| hex(&md5(bytes)), file.bytes()),
            sha1: Sum::new(|bytes| hex(&sha1(bytes)), file.bytes()),
            certificate_files: Vec::new(),
        }
    }
}

/// A checksum that is computed when it is printed: for a large file that is longer than all else, and
/// the text for people has none.
pub(super) struct Sum<'a> {
    of: fn(&[u8]) -> String,
    bytes: &'a [u8],
}

impl<'a> Sum<'a> {
    pub(super) const fn new(of: fn(&[u8]) -> String, bytes: &'a [u8]) -> Self {
        Self { of, bytes }
    }
}

impl Serialize for Sum<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&(self.of)(self.bytes))
    }
}

/// The kinds by their file endings, as the vectors' manifest has them.
const fn kind(file: &Envelope<'_>, is_list: bool) -> &'static str {
    match (is_list, &file.encryption) {
        (true, _) => "tlv",
        (false, Some(_)) => "enc",
        (false, None) => "sgn",
    }
}

/// A record as `secd trust` shows it as well.
fn shown(record: &Record<'_>) -> Map<String, Value> {
    let shown = records::Record {
        role: record.role.to_string(),
        role_code: record.role.code(),
        subject: record.subject.map(Into::into),
        issuer: record.issuer.map(Into::into),
        serial: record.serial.map(|serial| serial.to_string()),
        cert_sha1: certificate_sha1(record),
        has_certificate: record.certificate.is_some(),
    };
    shown.into_map()
}

fn certificate_sha1(record: &Record<'_>) -> Option<String> {
    match (record.certificate, record.hash) {
        (Some(der), _) => Some(hex(&sha1(der))),
        (None, Some(CertificateHash::Sha1(hash))) => Some(hex(hash)),
        // A digest of another kind must not pass for SHA-1.
        (None, _) => None,
    }
}
