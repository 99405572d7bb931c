//! How an offered list differs from the installed ones, by what it claims to hold.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;

use crate::trust::anchors::Anchors;
use crate::trust::list::{Anchor, ListKind, TrustList};
use crate::wire::Role;

/// How much of something is new.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Novelty {
    /// Everything that the offered list has of it.
    All,
    /// Nothing: whatever the offered list has is installed already.
    #[default]
    None,
    /// Some of it; the rest is installed already.
    Some,
}

impl Novelty {
    fn between<T: Ord>(before: &BTreeSet<T>, after: &BTreeSet<T>) -> Self {
        match after.difference(before).count() {
            // First, so that a list without any of it counts as unchanged and not as all new.
            0 => Self::None,
            new if new == after.len() => Self::All,
            _ => Self::Some,
        }
    }

    /// Whether anything is new.
    #[must_use]
    pub const fn is_any(self) -> bool {
        !matches!(self, Self::None)
    }
}

/// What is new in an offered list.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Changes {
    /// The certificates of file servers.
    pub callmanager: Novelty,
    /// The certificates of TVS.
    pub tvs: Novelty,
    /// The certificates of tokens and of ITLRecovery: SAST records of no file server.
    pub tokens: Novelty,
    /// The names of servers.
    pub names: Novelty,
    /// Whether any certificate is in the installed lists as well.
    pub shares_any: bool,
    /// Whether a SAST certificate is in the installed list of the same kind as well: a key that
    /// could sign for the phone.
    pub shares_sast: bool,
    /// Whether the list is older than the installed one.
    pub is_older: bool,
}

impl Changes {
    /// What is new in `offered` to a phone with these lists.
    #[must_use]
    pub fn between(anchors: &Anchors, offered: &TrustList) -> Self {
        // Compared kind with kind: the first list of its kind has nothing to differ from.
        let Some(installed) = anchors.records(offered.kind) else { return Self::default() };
        let sast = |list| digests(list, |anchor| anchor.role == Role::Sast);
        Self {
            callmanager: Novelty::between(&files(installed), &files(offered)),
            tvs: Novelty::between(&tvs(installed), &tvs(offered)),
            tokens: Novelty::between(&tokens(installed), &tokens(offered)),
            names: Novelty::between(&names(installed), &names(offered)),
            // Over both kinds: a cluster has its certificates in its CTL and in its ITL.
            shares_any: [ListKind::Ctl, ListKind::Itl]
                .into_iter()
                .filter_map(|kind| anchors.records(kind))
                .any(|list| !digests(list, |_| true).is_disjoint(&digests(offered, |_| true))),
            shares_sast: !sast(installed).is_disjoint(&sast(offered)),
            is_older: offered.timestamp < installed.timestamp,
        }
    }
}

type Digests = BTreeSet<[u8; 20]>;

fn digests(list: &TrustList, wanted: impl Fn(&Anchor) -> bool) -> Digests {
    list.anchors.iter().filter(|anchor| wanted(anchor)).filter_map(|anchor| anchor.sha1).collect()
}

fn files(list: &TrustList) -> Digests {
    digests(list, |anchor| anchor.role.serves_files())
}

fn tvs(list: &TrustList) -> Digests {
    digests(list, |anchor| anchor.role == Role::Tvs)
}

/// SAST certificates that belong to no file server: eTokens, and ITLRecovery.
pub(super) fn tokens(list: &TrustList) -> Digests {
    // CallManager.pem is in two records, as SAST and as CCM+TFTP (domain facts 2.6).
    let sast = digests(list, |anchor| anchor.role == Role::Sast);
    sast.difference(&files(list)).copied().collect()
}

/// The servers by the subjects of their certificates.
fn names(list: &TrustList) -> BTreeSet<Box<str>> {
    // Tokens have subjects too, but are not renamed with a server.
    let server = |anchor: &&Anchor| anchor.role.serves_files() || anchor.role == Role::Tvs;
    list.anchors.iter().filter(server).filter_map(|anchor| anchor.subject.clone()).collect()
}
