//! Whether an offered file is believed: the whole way from octets to proof.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;

use crate::trust::anchors::Anchors;
use crate::trust::certificate::Certificate;
use crate::trust::decide::{self, Decision, Signed, Signing};
use crate::trust::list::{Anchor, ListKind, TrustList};
use crate::trust::policy::{Choice, FirstUsePolicy, Policy};
use crate::trust::reason::{Reason, Warning};
use crate::trust::signature::{SignerKey, sha256};
use crate::trust::verified::{FirstUse, Provenance, Verified, Voucher};
use crate::wire::{Envelope, Kind, Role, Version};

/// A file that was fetched, and the name that it was asked for by.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The name asked for.
    pub name: &'a str,
    /// What came.
    pub octets: &'a [u8],
}

/// What is believed, and what is worth a line in the log about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Accepted<T> {
    /// The proof.
    pub value: T,
    /// What policy let pass.
    pub warnings: Vec<Warning>,
}

/// What a file holds, once its signer and name are settled.
#[derive(Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// Nobody could be verified with in this state: the payload is taken from anyone.
    Unchecked(&'a [u8]),
    /// Signed by someone who may sign files; the whole envelope, for what it says of encryption.
    Verified(Box<Verified<Envelope<'a>>>),
}

/// Judges an offered trust list by the installed ones.
pub fn list(
    anchors: &Anchors,
    kind: ListKind,
    offer: Offer<'_>,
    policy: &Policy,
) -> Decision<Accepted<Verified<TrustList>>> {
    let file = match Envelope::parse(offer.octets, Kind::List) {
        Ok(file) => file,
        Err(malformed) => return Decision::Refuse(malformed.into()),
    };
    let installed = anchors.records(kind);
    let judged = match decide::signer(anchors, Signed::List(kind), &file.signer) {
        Decision::Ask(query) => return Decision::Ask(query),
        Decision::Refuse(reason) => return Decision::Refuse(reason),
        Decision::Trust(Signing::Listed(anchor, voucher)) => {
            chained(kind, &file, anchor, voucher.into(), policy)
        }
        Decision::Trust(Signing::FirstUse(token)) => first_use(kind, &file, token, policy),
        Decision::Trust(Signing::Anyone) => Err(Reason::WrongSigner),
    };
    let judged = judged.and_then(|accepted| {
        named(&file, &[offer.name, kind.generic_name()])?;
        not_older(accepted, installed, policy)
    });
    match judged {
        Ok(accepted) => Decision::Trust(accepted),
        Err(reason) => Decision::Refuse(reason),
    }
}

/// Judges an offered file that is not a trust list, by the installed lists.
pub fn file<'a>(
    anchors: &Anchors,
    kind: Kind,
    offer: Offer<'a>,
    policy: &Policy,
) -> Decision<Accepted<Content<'a>>> {
    let file = match Envelope::parse(offer.octets, kind) {
        Ok(file) => file,
        Err(malformed) => return Decision::Refuse(malformed.into()),
    };
    let judged = match decide::signer(anchors, Signed::File, &file.signer) {
        Decision::Ask(query) => return Decision::Ask(query),
        Decision::Refuse(reason) => return Decision::Refuse(reason),
        Decision::Trust(Signing::Listed(anchor, voucher)) => {
            signed_file(file, anchor, voucher.into(), offer.name, policy)
        }
        Decision::Trust(Signing::Anyone | Signing::FirstUse(_)) => {
            Ok(Accepted { value: Content::Unchecked(file.body()), warnings: told(&file) })
        }
    };
    match judged {
        Ok(accepted) => Decision::Trust(accepted),
        Err(reason) => Decision::Refuse(reason),
    }
}

fn signed_file<'a>(
    file: Envelope<'a>,
    anchor: &Anchor,
    voucher: Voucher,
    name: &str,
    policy: &Policy,
) -> Result<Accepted<Content<'a>>, Reason> {
    let warnings = verified(&file, anchor, policy)?;
    named(&file, &[name])?;
    let value = Verified::assertion(file, Provenance::Chained(voucher));
    Ok(Accepted { value: Content::Verified(Box::new(value)), warnings })
}

fn chained(
    kind: ListKind,
    file: &Envelope<'_>,
    anchor: &Anchor,
    voucher: Voucher,
    policy: &Policy,
) -> Result<Accepted<Verified<TrustList>>, Reason> {
    let warnings = verified(file, anchor, policy)?;
    let list = TrustList::decode(kind, file)?;
    let value = Verified::assertion(list, Provenance::Chained(voucher));
    Ok(Accepted { value, warnings })
}

/// Believes a list for want of another: it must be signed by one of its own tokens.
///
/// This is the one place where records are decoded before the signature holds, and why it costs a
/// [`FirstUse`].
fn first_use(
    kind: ListKind,
    file: &Envelope<'_>,
    _token: FirstUse,
    policy: &Policy,
) -> Result<Accepted<Verified<TrustList>>, Reason> {
    let list = TrustList::decode(kind, file)?;
    let anchor = decide::listed(&list, &[Role::Sast], &file.signer)?;
    let warnings = verified(file, anchor, policy)?;
    match &policy.first_use {
        FirstUsePolicy::Allow => {}
        FirstUsePolicy::Deny => return Err(Reason::FirstUseDenied),
        FirstUsePolicy::Pin(pins) => {
            let digest = anchor.certificate.as_deref().map(sha256);
            if !digest.is_some_and(|digest| pins.contains(&digest)) {
                return Err(Reason::NotPinned);
            }
        }
    }
    Ok(Accepted { value: Verified::assertion(list, Provenance::FirstUse), warnings })
}

fn verified(file: &Envelope<'_>, anchor: &Anchor, policy: &Policy) -> Result<Vec<Warning>, Reason> {
    let der = anchor.certificate.as_deref().ok_or(Reason::WrongSigner)?;
    let certificate = Certificate::parse(der).map_err(|_| Reason::WrongSigner)?;
    let mut warnings = SignerKey::of_certificate(&certificate)?.verify(file, policy)?;
    warnings.extend(told(file));
    Ok(warnings)
}

/// What a header has that is new to us, and skipped.
fn told(file: &Envelope<'_>) -> Vec<Warning> {
    let newer = file.version > newest(file.version.major);
    let minor = newer.then_some(Warning::MinorVersion(file.version));
    let unknown = file
        .unknown
        .iter()
        .map(|field| Warning::UnknownTag { tag: field.tag, offset: field.offset });
    minor.into_iter().chain(unknown).collect()
}

/// The highest version seen of a format: lists 1.2, encrypted files 2.0 (domain facts 1.2).
const fn newest(major: u8) -> Version {
    Version { major, minor: if major == 1 { 2 } else { 0 } }
}

/// The name that the signature binds must be one of those asked for.
fn named(file: &Envelope<'_>, names: &[&str]) -> Result<(), Reason> {
    let bare = |name: &str| name.strip_prefix("./").unwrap_or(name).to_string();
    if names.iter().any(|name| bare(name) == bare(file.file_name)) {
        return Ok(());
    }
    Err(Reason::FileNameMismatch {
        expected: names.first().copied().unwrap_or_default().to_string(),
        found: file.file_name.to_string(),
    })
}

/// An older list may be a restored one, or a replayed one; a blank one would switch all checks
/// off, and its replay is never accepted (design, policies; domain facts 10, rows 2 and 3).
fn not_older(
    mut accepted: Accepted<Verified<TrustList>>,
    installed: Option<&TrustList>,
    policy: &Policy,
) -> Result<Accepted<Verified<TrustList>>, Reason> {
    let Some(installed) = installed.map(|list| list.timestamp) else { return Ok(accepted) };
    let list = accepted.value.value();
    let (offered, blank) = (list.timestamp, list.is_blank());
    if offered >= installed {
        return Ok(accepted);
    }
    let chained = accepted.value.provenance() != Provenance::FirstUse;
    if blank || (chained && policy.older_list == Choice::Refuse) {
        return Err(Reason::Older { installed, offered, blank });
    }
    accepted.warnings.push(Warning::Older { installed, offered });
    Ok(accepted)
}

impl From<ListKind> for Voucher {
    fn from(kind: ListKind) -> Self {
        match kind {
            ListKind::Ctl => Self::Ctl,
            ListKind::Itl => Self::Itl,
        }
    }
}
