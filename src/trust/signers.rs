//! Who a file claims to be signed by, beside those whom the lists allow to sign it: for people, who
//! compare. Nothing is decided by it.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::trust::anchors::Anchors;
use crate::wire::{Envelope, FileKind, Role};

/// A signer and the listed ones, in words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClaimedSigner {
    /// The subject of the signer's certificate, as the file claims.
    pub subject: String,
    /// The serial number of that certificate.
    pub serial: String,
    /// The signers that the lists have for such files, by subject and serial number; "none" if they
    /// have none.
    pub listed: String,
}

impl ClaimedSigner {
    /// The signer that the header of a file names; nothing if it has no header that can be read.
    #[must_use]
    pub fn of(anchors: &Anchors, kind: FileKind, bytes: &[u8]) -> Option<Self> {
        let file = Envelope::parse(bytes, kind).ok()?;
        let may_sign = |role: Role| match kind {
            FileKind::List => role == Role::Sast,
            _ => role.serves_files(),
        };
        Some(Self {
            subject: file.signer.name.into(),
            serial: file.signer.serial.to_string(),
            listed: listed(anchors, may_sign),
        })
    }
}

fn listed(anchors: &Anchors, may_sign: impl Fn(Role) -> bool) -> String {
    // A certificate is often in both lists, and once for each of its roles.
    let mut seen = BTreeSet::new();
    let all = anchors.lists().flat_map(|list| &list.anchors);
    let signers = all.filter(|anchor| may_sign(anchor.role) && anchor.has_material());
    let named: Vec<String> = signers
        .filter(|anchor| seen.insert(anchor.sha1))
        .map(|anchor| {
            let subject = anchor.subject.as_deref().unwrap_or_default();
            let serial = anchor.serial().map(|serial| serial.to_string()).unwrap_or_default();
            format!("{subject}, serial {serial}")
        })
        .collect();
    match named.split_at_checked(SHOWN) {
        _ if named.is_empty() => "none".to_string(),
        Some((shown, [])) => shown.join("; "),
        Some((shown, rest)) => format!("{}; and {} more", shown.join("; "), rest.len()),
        None => named.join("; "),
    }
}

/// Listed signers that are named. Inferred: more do not fit a line of the log, and a cluster has
/// few servers that sign files.
const SHOWN: usize = 8;
