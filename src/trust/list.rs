//! Trust lists as the phone keeps them: the facts of their records, owned and indexed.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::trust::certificate::{self, Authority, Certificate};
use crate::trust::name::DistinguishedName;
use crate::trust::reason::Reason;
use crate::trust::signature::{md5, sha1, sha256};
use crate::wire::envelope::UnknownTag;
use crate::wire::list::{self, CertificateHash, Record, field_name};
use crate::wire::{Envelope, FormatVersion, OddField, Role, Serial, Text};

/// The two kinds of list that a phone keeps.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum ListKind {
    /// Certificate Trust List, of clusters in mixed mode.
    Ctl,
    /// Identity Trust List, of every cluster since 8.0.
    Itl,
}

impl fmt::Display for ListKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl ListKind {
    /// Both, in the order in which they are brought up to date and searched.
    pub const ALL: [Self; 2] = [Self::Ctl, Self::Itl];

    /// The name that the header of such a list carries, whichever name it is served under.
    #[must_use]
    pub const fn generic_name(self) -> &'static str {
        match self {
            Self::Ctl => "CTLFile.tlv",
            Self::Itl => "ITLFile.tlv",
        }
    }

    /// The other of the two kinds.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Ctl => Self::Itl,
            Self::Itl => Self::Ctl,
        }
    }

    /// The kind in the words of the screens.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ctl => "CTL",
            Self::Itl => "ITL",
        }
    }
}

/// One record: its certificate, and what that may do.
///
/// A record that cannot be used has neither certificate nor digest here, whatever the file
/// contains: it matches no certificate, but still counts when the list is classified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Anchor {
    /// What its certificate may do.
    pub role: Role,
    /// The certificate's subject as the list prints it; for people.
    pub subject: Option<Box<str>>,
    /// The certificate's issuer as the list prints it; for people.
    pub issuer: Option<Box<str>>,
    serial: Option<Box<[u8]>>,
    /// The key, in a record that carries no certificate.
    key: Option<Box<[u8]>>,
    /// The certificate, where the list carries it.
    pub certificate: Option<Box<[u8]>>,
    /// SHA-1 of the certificate, carried or computed.
    pub sha1: Option<[u8; 20]>,
    /// What the certificate may issue, if it is an authority's.
    pub(in crate::trust) authority: Option<Authority>,
    has_material: bool,
}

impl Anchor {
    /// The record, and the field that makes it unusable, if there is one.
    fn from_record(record: &Record<'_>) -> Result<(Self, Option<OddField>), Reason> {
        let mut anchor = Self {
            role: record.role,
            subject: record.subject.map(shown),
            issuer: record.issuer.map(shown),
            serial: record.serial.map(|serial| Box::from(serial.bytes())),
            key: None,
            certificate: None,
            sha1: None,
            authority: None,
            has_material: record.has_material(),
        };
        if record.unusable.is_some() {
            return Ok((anchor, record.unusable));
        }
        match (record.certificate, record.hash) {
            (Some(der), _) => {
                let Some(certificate) = agreeing(record, der)? else {
                    // Tag 9 is the certificate. One that cannot be read makes its record useless,
                    // not the whole list.
                    let field = OddField { field: field_name(9), offset: record.offset };
                    return Ok((anchor, Some(field)));
                };
                anchor.certificate = Some(Box::from(der));
                anchor.sha1 = Some(sha1(der));
                anchor.authority = certificate.authority;
            }
            (None, Some(CertificateHash::Sha1(hash))) => {
                anchor.sha1 = Some(*hash);
                anchor.key = record.public_key.map(Box::from);
            }
            // A hash of another kind, or none: the record matches no certificate (domain facts
            // 6.4).
            (None, _) => {}
        }
        Ok((anchor, None))
    }

    /// Whether the record prints these names of subject and issuer. Its own have to be parsed for
    /// that, which costs more than the rest of the record: done only where needed, once a
    /// judgement.
    pub(in crate::trust) fn prints(&self, [subject, issuer]: &[DistinguishedName; 2]) -> bool {
        let is = |text: &Option<Box<str>>, name: &DistinguishedName| {
            text.as_deref().is_some_and(|text| DistinguishedName::from_text(text) == *name)
        };
        is(&self.subject, subject) && is(&self.issuer, issuer)
    }

    /// The certificate's number at its issuer.
    #[must_use]
    pub fn serial(&self) -> Option<Serial<'_>> {
        self.serial.as_deref().map(Serial::new)
    }

    /// Whether the record is for exactly this certificate, which has this SHA-1.
    ///
    /// Where the record carries the certificate, that decides; otherwise digest, serial number and
    /// the record's key together. A record with neither certificate nor digest matches none (domain
    /// facts 6.4), and names are not looked at.
    pub(in crate::trust) fn is_for(&self, certificate: &Certificate<'_>, sha1: &[u8; 20]) -> bool {
        if let Some(listed) = &self.certificate {
            return **listed == *certificate.der;
        }
        self.sha1.as_ref() == Some(sha1)
            // Beside SHA-1, for which collisions exist (domain facts 10, row 13).
            && self.serial() == Some(certificate.serial)
            && self.key.as_deref().is_none_or(|key| key == certificate.key.bytes())
    }

    /// Whether the record contains anything that identifies a certificate; an emptied one does not.
    #[must_use]
    pub const fn has_material(&self) -> bool {
        self.has_material
    }

    /// Whether it identifies its certificate, so that one can be compared with it.
    const fn is_for_any(&self) -> bool {
        self.certificate.is_some() || self.sha1.is_some()
    }

    /// Whether it may be a file server's: a role that cannot be read may have been that, and must
    /// not switch checks off.
    fn may_serve_files(&self) -> bool {
        self.role.serves_files() || self.role == Role::Unreadable
    }
}

fn shown(name: Text<'_>) -> Box<str> {
    String::from(name).into_boxed_str()
}

/// The certificate of a record, which the record must agree with (vectors, rule 7); nothing if it
/// cannot be read at all. Names are not compared: they are for people.
fn agreeing<'a>(record: &Record<'_>, der: &'a [u8]) -> Result<Option<Certificate<'a>>, Reason> {
    let offset = record.offset;
    let Ok(certificate) = Certificate::parse(der) else {
        // Two readers could see two certificates there, so the list as a whole is refused.
        if certificate::has_trailing_bytes(der) {
            return Err(Reason::BadCertificate { offset });
        }
        return Ok(None);
    };
    let differs = |field| Err(Reason::RecordMismatch { offset, field });
    if record.serial != Some(certificate.serial) {
        return differs("serial number");
    }
    if record.public_key.is_some_and(|key| key != certificate.key.bytes()) {
        return differs("public key");
    }
    if record.signature.is_some_and(|signature| signature != certificate.signature) {
        return differs("certificate signature");
    }
    match record.hash {
        Some(CertificateHash::Sha1(hash)) if *hash != sha1(der) => differs("certificate hash"),
        _ => Ok(Some(certificate)),
    }
}

/// A decoded list. It is trusted only inside a [`Verified`](crate::trust::Verified).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TrustList {
    /// Which of the two it is.
    pub kind: ListKind,
    /// The records in the order of the file.
    pub anchors: Vec<Anchor>,
    /// Seconds since 1970, by the signer's clock.
    pub timestamp: u32,
    /// What the signer announces: 1.1 and above elliptic-curve keys and HTTPS provisioning.
    pub signer_version: Option<FormatVersion>,
    /// Bytes of the file.
    pub length: usize,
    /// Bytes behind the header.
    pub body_length: usize,
    /// MD5 of the file, as trust screens show it.
    pub md5: [u8; 16],
    /// SHA-1 of the file, as other trust screens show it.
    pub sha1: [u8; 20],
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// SHA-256 of what is signed: two files are the same list wherever their signature is.
    pub signed: [u8; 32],
    /// The signer's name as the header prints it; for people.
    pub signer: Box<str>,
    /// Fields of records that were skipped because their tag is unknown.
    pub unknown: Vec<UnknownTag>,
    /// Odd fields of records that are only for people, and change nothing.
    pub odd: Vec<OddField>,
    /// Fields that make their records unusable.
    pub unusable: Vec<OddField>,
    by_serial: BTreeMap<Box<[u8]>, Vec<usize>>,
}

impl TrustList {
    /// Decodes the records behind a header.
    ///
    /// # Errors
    /// [`Reason::Malformed`], [`Reason::BadCertificate`], [`Reason::RecordMismatch`].
    pub fn decode(kind: ListKind, file: &Envelope<'_>) -> Result<Self, Reason> {
        let records = list::parse(file.body(), file.header_length)?;
        let (mut anchors, mut unusable) = (Vec::new(), Vec::new());
        for record in &records {
            let (anchor, field) = Anchor::from_record(record)?;
            anchors.push(anchor);
            unusable.extend(field);
        }
        let by_serial = index(&anchors);
        Ok(Self {
            kind,
            anchors,
            // Every list has one, or the header would not have been read.
            timestamp: file.timestamp.unwrap_or_default(),
            signer_version: file.signer_version,
            length: file.bytes().len(),
            body_length: file.body().len(),
            md5: md5(file.bytes()),
            sha1: sha1(file.bytes()),
            sha256: sha256(file.bytes()),
            signed: signed(file),
            signer: shown(file.signer.name),
            unknown: kept(records.iter().flat_map(|record| record.unknown.iter().copied())),
            odd: kept(records.iter().flat_map(|record| record.odd.iter().copied())),
            unusable: kept(unusable),
            by_serial,
        })
    }

    /// The records with this serial number that identify a certificate, of whatever issuer and
    /// role. The cost does not grow with the list.
    #[must_use]
    pub fn find_serial(&self, serial: Serial<'_>) -> Vec<&Anchor> {
        let places = self.by_serial.get(serial.magnitude()).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|place| self.anchors.get(*place)).collect()
    }

    /// Whether both lists have a record for the same certificate, in whatever role.
    #[must_use]
    pub fn shares_any(&self, other: &Self) -> bool {
        let digests: BTreeSet<_> = self.anchors.iter().filter_map(|anchor| anchor.sha1).collect();
        other.anchors.iter().filter_map(|anchor| anchor.sha1).any(|sha1| digests.contains(&sha1))
    }

    /// Whether both lists have a record of the same name, whatever the certificate.
    #[must_use]
    pub fn names_any(&self, other: &Self) -> bool {
        let names = |list: &Self| -> Vec<DistinguishedName> {
            let subjects = list.anchors.iter().filter_map(|anchor| anchor.subject.as_deref());
            // Emptied records have empty names, which any two blank lists would share.
            subjects
                .filter(|subject| !subject.is_empty())
                .map(DistinguishedName::from_text)
                .collect()
        };
        let (mut ours, theirs) = (names(self), names(other));
        ours.sort_unstable();
        theirs.iter().any(|name| ours.binary_search(name).is_ok())
    }

    /// Whether a record is for the certificate of this SHA-1, in this role.
    #[must_use]
    pub fn has(&self, sha1: [u8; 20], role: Role) -> bool {
        self.anchors.iter().any(|anchor| anchor.role == role && anchor.sha1 == Some(sha1))
    }

    /// Whether someone on the list may sign files: if so, only signed ones are accepted.
    #[must_use]
    pub fn serves_files(&self) -> bool {
        self.anchors.iter().any(|anchor| anchor.may_serve_files() && anchor.has_material)
    }

    /// Whether the list carries this role with anything to check it by.
    #[must_use]
    pub fn lists(&self, role: Role) -> bool {
        self.anchors.iter().any(|anchor| anchor.role == role && anchor.has_material)
    }

    /// Whether the list switches the checks off ("prepare cluster for rollback").
    ///
    /// It has entries for file servers or TVS and all of them are emptied, or it has no key
    /// material at all. A list that never had such entries, but has a token, is not blank: its
    /// token stays in force (domain facts 2.1).
    #[must_use]
    pub fn is_blank(&self) -> bool {
        // A list without such entries is not blank: hand-made ones must not reopen first use
        // (domain facts 10, row 2a).
        let function = |anchor: &&Anchor| anchor.may_serve_files() || anchor.role == Role::Tvs;
        let mut functions = self.anchors.iter().filter(function).peekable();
        let emptied = functions.peek().is_some() && functions.all(|anchor| !anchor.has_material);
        emptied || !self.anchors.iter().any(|anchor| anchor.has_material)
    }
}

/// SHA-256 of what is signed, without the signature itself.
#[must_use]
pub fn signed(file: &Envelope<'_>) -> [u8; 32] {
    sha256(&file.signed_bytes().concat())
}

/// The part of a list's oddities that is kept with it.
fn kept<T>(odd: impl IntoIterator<Item = T>) -> Vec<T> {
    odd.into_iter().take(MAX_ODD).collect()
}

fn index(anchors: &[Anchor]) -> BTreeMap<Box<[u8]>, Vec<usize>> {
    let mut by_serial: BTreeMap<Box<[u8]>, Vec<usize>> = BTreeMap::new();
    for (place, anchor) in anchors.iter().enumerate().filter(|(_, it)| it.is_for_any()) {
        if let Some(serial) = anchor.serial() {
            by_serial.entry(Box::from(serial.magnitude())).or_default().push(place);
        }
    }
    by_serial
}

/// Bounds the memory for a list full of odd fields. Inferred: several times as many of a kind as
/// are logged.
const MAX_ODD: usize = 64;
