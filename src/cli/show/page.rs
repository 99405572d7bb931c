//! A file field by field, as the call manager's `show itl` prints it.

use std::fmt::{self, Display};
use std::time::Duration;

use rustls::pki_types::UnixTime;

use crate::io::clock::Rfc3339;
use crate::io::console::escape;
use crate::trust::signature::sha1;
use crate::trust::update::{self, Offer};
use crate::trust::{Anchors, Decision, ListKind, Policy, Reason};
use crate::wire::list::CertificateHash;
use crate::wire::{Envelope, OddField, Record, Role, Serial, Text};

/// The page that one file is printed as.
pub(super) struct Page<'a> {
    pub(super) file: &'a Envelope<'a>,
    pub(super) records: Option<&'a [Record<'a>]>,
}

impl Page<'_> {
    fn word(&self) -> &'static str {
        match self.records {
            Some(_) => self.list_kind().word(),
            None => "signed",
        }
    }

    fn list_kind(&self) -> ListKind {
        if self.file.file_name.starts_with("CTL") { ListKind::Ctl } else { ListKind::Itl }
    }

    fn header(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file;
        let signer = file.signer;
        row(f, 3, "SIGNERID", 2, signer_length(file))?;
        row(f, 4, "SIGNERNAME", signer.name.field_length(), signer.name)?;
        serial(f, 5, signer.serial)?;
        row(f, 6, "CANAME", signer.issuer.field_length(), signer.issuer)?;
        // 15 and 8 are lengths, as the call manager prints them: tag 8 takes 4 bytes, block 9
        // takes 11, and in it tags 10 and 11 take 4 each.
        row(f, 7, "SIGNATUREINFO", 2, 15)?;
        row(f, 8, "DIGESTALGORITHM", 1, file.info.digest)?;
        row(f, 9, "SIGNATUREALGOINFO", 2, 8)?;
        row(f, 10, "SIGNATUREALGORITHM", 1, file.info.algorithm)?;
        row(f, 11, "SIGNATUREMODULUS", 1, file.info.modulus)?;
        row(f, 12, "SIGNATURE", file.signature.len(), "")?;
        // The field ends with a NUL, which its length counts.
        row(f, 14, "FILENAME", file.file_name.len() + 1, file.file_name)?;
        if let Some(time) = written_at(file) {
            row(f, 15, "TIMESTAMP", 4, time)?;
        }
        for unknown in &file.unknown {
            row(f, unknown.tag, "UNKNOWN", 0, format_args!("at byte {}", unknown.offset))?;
        }
        Ok(())
    }

    fn record(&self, f: &mut fmt::Formatter<'_>, record: &Record<'_>) -> fmt::Result {
        row(f, 1, "RECORDLENGTH", 2, record.length)?;
        if let Some(host) = record.host {
            row(f, 2, "DNSNAME", host.len(), Text::new(host).to_string().trim_matches('\0'))?;
        }
        if let Some(subject) = record.subject {
            row(f, 3, "SUBJECTNAME", subject.field_length(), subject)?;
        }
        row(f, 4, "FUNCTION", 2, Function(record.role))?;
        if let Some(issuer) = record.issuer {
            row(f, 5, "ISSUERNAME", issuer.field_length(), issuer)?;
        }
        if let Some(number) = record.serial {
            serial(f, 6, number)?;
        }
        material(f, record)?;
        for unknown in &record.unknown {
            row(f, unknown.tag, "UNKNOWN", 0, format_args!("at byte {}", unknown.offset))?;
        }
        for odd in &record.odd {
            writeln!(f, "Odd: {} at byte {}, kept as it is.", odd.field, odd.offset)?;
        }
        if let Some(OddField { field, offset }) = record.unusable {
            writeln!(f, "Unusable: {field} at byte {offset}; matches no certificate.")?;
        }
        if record.role == Role::Sast {
            let used = if self.signed_by(record) { "was" } else { "was not" };
            writeln!(f, "This etoken {used} used to sign the {} file.", self.word())?;
        }
        Ok(())
    }

    /// By the serial number that the header names, as the call manager does.
    fn signed_by(&self, record: &Record<'_>) -> bool {
        record.certificate.is_some() && record.serial == Some(self.file.signer.serial)
    }

    /// The result of verifying the file without any installed list.
    fn verdict(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.records.is_none() {
            return writeln!(f, "Not verified: the signer's certificate is not in the file.");
        }
        let word = self.word();
        let offer = Offer { name: self.file.file_name, bytes: self.file.bytes() };
        // As on first use: only what the file itself holds can speak for it.
        let nothing = Anchors::default();
        match update::list(&nothing, self.list_kind(), offer, &Policy::default()) {
            Decision::Trust(accepted) => {
                for warning in &accepted.warnings {
                    writeln!(f, "Warning: {}.", escape(&warning.to_string()))?;
                }
                writeln!(f, "The {word} file was verified successfully, by its own token.")
            }
            Decision::Refuse(reason) => failed(f, word, &reason),
            // Files are shown without a network: what TVS would have to confirm is not verified.
            Decision::Ask(doubtful) => failed(f, word, &doubtful.otherwise()),
        }
    }
}

impl Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, word) = (self.file, self.word());
        writeln!(f, "Length of {word} file: {}", file.bytes().len())?;
        if let Some(time) = written_at(file) {
            writeln!(f, "The {word} file was last modified on {time}\n")?;
        }
        writeln!(f, "Version:       {}", file.version)?;
        writeln!(f, "HeaderLength:  {} (BYTES)", file.header_length)?;
        if let Some(version) = file.signer_version {
            writeln!(f, "SignerVersion: {version}")?;
        }
        writeln!(f)?;
        heading(f)?;
        self.header(f)?;
        for (place, record) in self.records.into_iter().flatten().enumerate() {
            let (number, offset) = (place + 1, record.offset);
            writeln!(f, "\n        {word} Record #:{number} (byte {offset})\n        ----")?;
            heading(f)?;
            self.record(f, record)?;
        }
        writeln!(f)?;
        self.verdict(f)
    }
}

fn failed(f: &mut fmt::Formatter<'_>, word: &str, reason: &Reason) -> fmt::Result {
    writeln!(f, "Verification of the {word} file failed: {}.", escape(&reason.to_string()))
}

fn heading(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "BYTEPOS TAG                 LENGTH  VALUE\n------- ---                 ------  -----"
    )
}

/// One line; the first column is the tag's number, as the call manager prints it.
fn row(
    f: &mut fmt::Formatter<'_>,
    tag: u8,
    name: &str,
    length: usize,
    value: impl Display,
) -> fmt::Result {
    let line = format!("{tag:<7} {name:<19} {length:<7} {}", escape(&value.to_string()));
    writeln!(f, "{}", line.trim_end())
}

fn serial(f: &mut fmt::Formatter<'_>, tag: u8, serial: Serial<'_>) -> fmt::Result {
    row(f, tag, "SERIALNUMBER", serial.bytes().len(), format_args!("{serial:#}"))
}

fn material(f: &mut fmt::Formatter<'_>, record: &Record<'_>) -> fmt::Result {
    if let Some(key) = record.public_key {
        row(f, 7, "PUBLICKEY", key.len(), "")?;
    }
    if let Some(signature) = record.signature {
        row(f, 8, "SIGNATURE", signature.len(), "")?;
    }
    if let Some(der) = record.certificate {
        let digest = pairs(&sha1(der));
        row(f, 9, "CERTIFICATE", der.len(), format_args!("{digest} (SHA1 Hash HEX)"))?;
    }
    if let Some(address) = record.address {
        row(f, 10, "IPADDRESS", address.len(), joined(address))?;
    }
    if let Some(hash) = record.hash {
        row(f, 11, "CERTHASH", hash.bytes().len(), pairs(hash.bytes()))?;
        let algorithm = match hash {
            CertificateHash::Sha1(_) => "SHA-1".to_string(),
            CertificateHash::Unknown { algorithm: [1], .. } => {
                "SHA-1, of another length".to_string()
            }
            CertificateHash::Unknown { algorithm, .. } => {
                format!("unknown ({})", joined(algorithm))
            }
        };
        row(f, 12, "HASH ALGORITHM", 1, algorithm)?;
    }
    Ok(())
}

/// A digest, as `show itl` prints it.
fn pairs(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
}

/// Bytes in decimal, as addresses are written.
fn joined(bytes: &[u8]) -> String {
    bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(".")
}

fn written_at(file: &Envelope<'_>) -> Option<Rfc3339> {
    let since = Duration::from_secs(file.timestamp?.into());
    Some(Rfc3339(UnixTime::since_unix_epoch(since)))
}

/// Bytes of the signer block's content: three elements of a prefix of three each.
fn signer_length(file: &Envelope<'_>) -> usize {
    let signer = file.signer;
    9 + signer.name.field_length() + signer.serial.bytes().len() + signer.issuer.field_length()
}

/// A role in the words of `show itl`.
struct Function(Role);

impl Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Role::Sast => f.write_str("System Administrator Security Token"),
            role => role.fmt(f),
        }
    }
}
