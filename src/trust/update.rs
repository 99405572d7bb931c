//! Whether an offered file is trusted: the whole way from bytes to proof.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;

pub use crate::trust::accepted::Accepted;
use crate::trust::anchors::Anchors;
use crate::trust::certificate::Certificate;
pub use crate::trust::confirm::{Doubtful, Proofs};
use crate::trust::decide::Decision;
use crate::trust::decide::signer::{self, Anyone, Signing};
use crate::trust::decide::{Signatory, Signature};
use crate::trust::fresh::Freshness;
use crate::trust::list::{ListKind, TrustList};
use crate::trust::policy::{Choice, FirstUsePolicy, Policy};
use crate::trust::reason::{Reason, Warning};
use crate::trust::signature::{Unverified, sha1, sha256};
use crate::trust::tvs::Vouched;
use crate::trust::verified::{FirstUse, Provenance, Verified, Voucher};
use crate::wire::envelope::UnknownTag;
use crate::wire::{Envelope, FileKind, FormatVersion, OddField, list};

/// A file that was fetched, and the name under which it was requested.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The name that was requested.
    pub name: &'a str,
    /// The file as the server sent it.
    pub bytes: &'a [u8],
}

/// What a file contains, once its signer and name are settled.
#[derive(Debug, Eq, PartialEq)]
pub enum Content<'a> {
    /// No signature is required in this state: the payload may be anyone's.
    Unchecked(&'a [u8]),
    /// Signed by someone who may sign files; with the envelope, for its encryption fields.
    Verified(Box<SignedFile<'a>>),
}

/// A file that is signed by someone who may sign files.
#[derive(Debug, Eq, PartialEq)]
pub struct SignedFile<'a> {
    /// The envelope, header and body.
    pub file: Verified<Envelope<'a>>,
    /// SHA-1 of the signer's certificate.
    pub signer: [u8; 20],
}

/// Judges an offered trust list by the installed ones.
pub fn list(
    anchors: &Anchors,
    kind: ListKind,
    offer: Offer<'_>,
    policy: &Policy,
) -> Decision<Accepted<Verified<TrustList>>, Doubtful> {
    list_with(anchors, kind, offer, policy, &Proofs::default())
}

/// As [`list()`], with what the service has answered so far.
///
/// Nothing is carried over from an earlier judgement: if the installed lists know the signer by
/// now, they decide, and a proof for another signer, record or role is worth nothing.
pub fn list_with(
    anchors: &Anchors,
    kind: ListKind,
    offer: Offer<'_>,
    policy: &Policy,
    proofs: &Proofs,
) -> Decision<Accepted<Verified<TrustList>>, Doubtful> {
    let file = match Envelope::parse(offer.bytes, FileKind::List) {
        Ok(file) => file,
        Err(malformed) => return Decision::Refuse(malformed.into()),
    };
    let unverified = Unverified::new(&file, policy);
    let signed_by = |by: &Certificate<'_>| unverified.verify(by);
    // Policy decides from the header alone; records of an unverified list are not read, except on
    // first use.
    let decision = signer::list(anchors, kind, &file.signer, &signed_by);
    let (decision, again) = match (decision, &proofs.signer) {
        (Decision::Ask(query), None) => return Decision::Ask(Doubtful::Signer(query)),
        (Decision::Ask(query), vouched) => {
            // Kept for a list that turns out to be another cluster's, where a cached answer does
            // not count.
            let again = query.clone().afresh();
            (asked(Decision::Ask(query), vouched.as_ref()), Some(again))
        }
        (settled, _) => (settled, None),
    };
    let accepted = decision.and_then(|signing| {
        let accepted = match signing {
            Signing::Free(token) => first_use(kind, &file, token, &signed_by, policy)?,
            Signing::Listed(by) => chained(kind, &file, by.list.into(), by.warnings)?,
            // TVS vouches for the certificate only; the signature is still verified here.
            Signing::Vouched(by) => chained(kind, &file, Voucher::Tvs, signed_by(&by)?)?,
        };
        // Lists carry the generic name, under whichever name they are served (domain facts 1.2).
        named(&file, offer.name, Some(kind.generic_name()))?;
        Ok(accepted)
    });
    match accepted.unasked() {
        Ok(accepted) => Freshness { anchors, policy, proofs }.judge(accepted, again),
        Err(reason) => Decision::Refuse(reason),
    }
}

/// Judges an offered file that is not a trust list, by the installed lists.
pub fn file<'a>(
    anchors: &Anchors,
    kind: FileKind,
    offer: Offer<'a>,
    policy: &Policy,
) -> Decision<Accepted<Content<'a>>> {
    judged_file(anchors, kind, offer, policy, None)
}

/// Judges a file again, now that the service vouches for the signer that [`file`](fn@file) asked
/// about; the rules are those of [`list_with`].
///
/// # Errors
/// [`Reason`], as in [`file`](fn@file).
pub fn file_vouched<'a>(
    anchors: &Anchors,
    kind: FileKind,
    offer: Offer<'a>,
    policy: &Policy,
    vouched: &Vouched,
) -> Result<Accepted<Content<'a>>, Reason> {
    judged_file(anchors, kind, offer, policy, Some(vouched)).unasked()
}

fn judged_file<'a>(
    anchors: &Anchors,
    kind: FileKind,
    offer: Offer<'a>,
    policy: &Policy,
    vouched: Option<&Vouched>,
) -> Decision<Accepted<Content<'a>>> {
    let file = match Envelope::parse(offer.bytes, kind) {
        Ok(file) => file,
        Err(malformed) => return Decision::Refuse(malformed.into()),
    };
    // Otherwise a signed list, served as a configuration, would be put in place as one.
    if is_list(&file) {
        return Decision::Refuse(Reason::TrustList { name: file.file_name.to_string() });
    }
    let unverified = Unverified::new(&file, policy);
    let signed_by = |by: &Certificate<'_>| unverified.verify(by);
    let decision = asked(signer::file(anchors, &file.signer, &signed_by), vouched);
    decision.and_then(|signing| {
        let (voucher, signer, warnings) = match signing {
            Signing::Free(Anyone) => {
                let value = Content::Unchecked(file.body());
                return Ok(Accepted { value, warnings: header_warnings(&file) });
            }
            Signing::Listed(by) => (by.list.into(), sha1(by.certificate.der), by.warnings),
            Signing::Vouched(by) => (Voucher::Tvs, sha1(by.der), signed_by(&by)?),
        };
        // What verifies the file still borrows it.
        named(&file, offer.name, None)?;
        let warnings = warnings.into_iter().chain(header_warnings(&file)).collect();
        let file = Verified::assertion(file.clone(), Provenance::Chained(voucher));
        let value = Content::Verified(Box::new(SignedFile { file, signer }));
        Ok(Accepted { value, warnings })
    })
}

/// Whether a file is a trust list, whatever name it was served under: its header has a list's name,
/// or its body is a sequence of records.
fn is_list(file: &Envelope<'_>) -> bool {
    let body = file.body();
    FileKind::of_name(file.file_name) == FileKind::List
        || (!body.is_empty() && list::parse(body, file.header_length).is_ok())
}

/// The decision, once it is known whether the service vouches for the signer.
fn asked<'a, Free>(
    decision: Decision<Signing<'a, Free>>,
    vouched: Option<&'a Vouched>,
) -> Decision<Signing<'a, Free>> {
    match vouched {
        Some(vouched) => decision.asked(vouched),
        None => decision,
    }
}

fn chained(
    kind: ListKind,
    file: &Envelope<'_>,
    voucher: Voucher,
    mut warnings: Vec<Warning>,
) -> Result<Accepted<Verified<TrustList>>, Reason> {
    let list = TrustList::decode(kind, file)?;
    warnings.extend(header_warnings(file).into_iter().chain(record_warnings(&list)));
    let value = Verified::assertion(list, Provenance::Chained(voucher));
    Ok(Accepted { value, warnings })
}

/// Trusts a list because there is no other: it must be signed by one of its own tokens.
///
/// This is the one place where records are decoded before the signature holds, and why it costs a
/// [`FirstUse`].
fn first_use(
    kind: ListKind,
    file: &Envelope<'_>,
    _token: FirstUse,
    signed_by: Signature<'_>,
    policy: &Policy,
) -> Result<Accepted<Verified<TrustList>>, Reason> {
    let list = TrustList::decode(kind, file)?;
    let Signatory { certificate, mut warnings, .. } =
        // Self-consistency only: it shows that the file is intact, not whose it is (domain facts
        // 10, row 9).
        signer::token(&list, &file.signer, signed_by)?;
    warnings.extend(header_warnings(file).into_iter().chain(record_warnings(&list)));
    match &policy.first_use {
        FirstUsePolicy::Allow => {}
        FirstUsePolicy::Deny => return Err(Reason::FirstUseDenied),
        FirstUsePolicy::Pin(pins) => {
            if !pins.contains(&sha256(certificate.der)) {
                return Err(Reason::NotPinned { signer: sha256(certificate.der) });
            }
        }
    }
    Ok(Accepted { value: Verified::assertion(list, Provenance::FirstUse), warnings })
}

/// SHA-256 of the certificate in a list that has signed the list itself, if one has: for people to
/// compare, not a proof of anything.
#[must_use]
pub fn own_signer(kind: ListKind, offer: Offer<'_>) -> Option<[u8; 32]> {
    let file = Envelope::parse(offer.bytes, FileKind::List).ok()?;
    let list = TrustList::decode(kind, &file).ok()?;
    let policy = Policy { sha256: Choice::Accept, ..Policy::default() };
    let unverified = Unverified::new(&file, &policy);
    let signed_by = |by: &Certificate<'_>| unverified.verify(by);
    let found = signer::token(&list, &file.signer, &signed_by).ok()?;
    Some(sha256(found.certificate.der))
}

/// What is unknown or odd in a header.
fn header_warnings(file: &Envelope<'_>) -> Vec<Warning> {
    let newer = file.version > newest(file.version.major);
    let minor = newer.then_some(Warning::MinorVersion(file.version));
    minor.into_iter().chain(skipped(&file.unknown)).chain(odd(&file.odd)).collect()
}

/// What is unknown, odd or unusable in the records of a list.
fn record_warnings(list: &TrustList) -> Vec<Warning> {
    let unusable = list.unusable.iter().take(MAX_WARNINGS);
    let unusable =
        unusable.map(|&OddField { field, offset }| Warning::UnusableRecord { field, offset });
    skipped(&list.unknown).chain(unusable).chain(odd(&list.odd)).collect()
}

/// Warnings about odd fields, up to [`MAX_WARNINGS`].
fn odd(odd: &[OddField]) -> impl Iterator<Item = Warning> + '_ {
    odd.iter()
        .take(MAX_WARNINGS)
        .map(|&OddField { field, offset }| Warning::OddField { field, offset })
}

/// Warnings about skipped fields, up to [`MAX_WARNINGS`].
fn skipped(unknown: &[UnknownTag]) -> impl Iterator<Item = Warning> + '_ {
    unknown
        .iter()
        .take(MAX_WARNINGS)
        .map(|field| Warning::UnknownTag { tag: field.tag, offset: field.offset })
}

/// The most warnings of a kind about one file: a file full of odd fields must not fill the log.
const MAX_WARNINGS: usize = 8;

/// The highest version seen of a format: lists 1.2, encrypted files 2.0 (domain facts 1.2).
const fn newest(major: u8) -> FormatVersion {
    FormatVersion { major, minor: if major == 1 { 2 } else { 0 } }
}

/// Compares the name that the signature binds with the requested one, or the generic one.
fn named(file: &Envelope<'_>, asked: &str, generic: Option<&str>) -> Result<(), Reason> {
    let bare = |name: &str| name.strip_prefix("./").unwrap_or(name).to_string();
    if [asked].into_iter().chain(generic).any(|name| bare(name) == bare(file.file_name)) {
        return Ok(());
    }
    Err(Reason::FileNameMismatch { expected: asked.to_string(), found: file.file_name.to_string() })
}

impl From<ListKind> for Voucher {
    fn from(kind: ListKind) -> Self {
        match kind {
            ListKind::Ctl => Self::Ctl,
            ListKind::Itl => Self::Itl,
        }
    }
}
