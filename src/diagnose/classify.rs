//! How a case is told from the others.

use crate::diagnose::case::{Case, Cluster};
use crate::diagnose::changes::Novelty;
use crate::diagnose::findings::{
    ConfigurationFound, Findings, Integrity, ListFound, ListVerdict, Offered, OfferedList, Reach,
    StoreFound,
};
use crate::trust::anchors::State;
use crate::trust::reason::Reason;
use crate::trust::verified::{Acceptance, Voucher};

impl Case {
    pub(super) fn of(findings: &Findings) -> Self {
        match findings.store {
            StoreFound::Locked => return Self::StoreLocked,
            StoreFound::Missing => return Self::StoreMissing,
            StoreFound::Unusable => return Self::StoreUnusable,
            StoreFound::Repaired | StoreFound::Sound => {}
        }
        if matches!(findings.ctl.offered, Offered::Unreachable(_) | Offered::NotExamined) {
            return Self::Unreachable;
        }
        if findings.shows_impostor() {
            return Self::TvsImpostor;
        }
        first_contact(findings)
            .or_else(|| rollback(findings))
            .or_else(|| unfit(findings))
            .or_else(|| changed(findings))
            .or_else(|| new_ctl(findings))
            .unwrap_or_else(|| unchanged(findings))
    }
}

impl Cluster {
    fn of(findings: &Findings) -> Self {
        let nodes = findings.tvs_records;
        Self { nodes, group: findings.members.len(), has_ctl: findings.ctl.installed.is_some() }
    }
}

/// A phone without lists.
fn first_contact(findings: &Findings) -> Option<Case> {
    if findings.state != State::None {
        return None;
    }
    if findings.ctl.found().is_none() && findings.itl.found().is_none() {
        return Some(Case::NoLists);
    }
    if let Some(unfit) = unfit(findings) {
        return Some(unfit);
    }
    if findings.itl.found().is_some_and(|list| list.is_blank) {
        return Some(Case::RollbackPrepared);
    }
    if findings.refuses_list() {
        return Some(Case::CtlBehind);
    }
    Some(if is_central(findings) { Case::CentralTftp } else { Case::FirstContact })
}

/// A blank list, installed or offered.
fn rollback(findings: &Findings) -> Option<Case> {
    let offered = findings.itl.news();
    if matches!(findings.state, State::Blank | State::CtlAndBlank) {
        if findings.refuses_list() {
            return None;
        }
        let full = offered.is_some_and(|list| !list.is_blank)
            || findings.ctl.news().is_some_and(|_| findings.state == State::Blank);
        return Some(if full { Case::RollbackEnded } else { Case::RollbackActive });
    }
    match &offered.filter(|list| list.is_blank)?.judged {
        ListVerdict::Taken(_) => Some(Case::RollbackPrepared),
        ListVerdict::Refused { reason: reason @ Reason::Older { .. }, .. } => {
            Some(Case::RefusedByPolicy(reason.clone()))
        }
        ListVerdict::Refused { .. } => Some(Case::RollbackTooLate),
        ListVerdict::Same => None,
    }
}

/// A list that nobody should believe, or that this phone's policy does not.
fn unfit(findings: &Findings) -> Option<Case> {
    [&findings.ctl, &findings.itl].into_iter().find_map(|list| {
        let (reason, _) = list.refused()?;
        match list.found().map(|found| &found.integrity) {
            Some(Integrity::SignerNotListed) => return Some(Case::RestoredWithoutKey),
            Some(Integrity::Broken(_)) => return Some(Case::ListDamaged),
            _ => {}
        }
        match reason {
            Reason::FirstUseDenied
            | Reason::NotPinned { .. }
            | Reason::Older { .. }
            | Reason::Unconfirmed(_)
            | Reason::UnsupportedDigest(_)
            | Reason::WeakKey { .. } => Some(Case::RefusedByPolicy(reason.clone())),
            Reason::WrongSigner | Reason::WrongRole { .. } => None,
            _ => Some(Case::ListDamaged),
        }
    })
}

/// Another ITL than the installed one.
fn changed(findings: &Findings) -> Option<Case> {
    let list = findings.itl.news()?;
    let changes = &list.changes;
    let known = changes.shares_any
        || ctl_is_ours(&findings.ctl)
        || findings.shows_offered()
        || is_vouched_by_list(list);
    Some(match (changes.names, changes.callmanager, changes.tvs) {
        _ if is_central(findings) && !known => Case::CentralTftp,
        (Novelty::None, _, _) if !known && findings.reach() != Reach::Fits => Case::Rebuilt,
        _ if !known => Case::Moved,
        (Novelty::Some | Novelty::All, _, _) => Case::Renamed(Cluster::of(findings)),
        (Novelty::None, Novelty::None, Novelty::None) => {
            // The CTL is news, and the ITL only signed anew.
            return new_ctl(findings).or_else(|| Some(unregenerated(list)));
        }
        // TVS.pem may be new as well, but this is who cannot be vouched for.
        (Novelty::None, Novelty::None, _) if is_refused(list) && changes.tokens.is_any() => {
            Case::RecoveryRegenerated
        }
        (Novelty::None, _, Novelty::None) => Case::CallManagerRegenerated,
        (Novelty::None, Novelty::None, _) => Case::TvsRegenerated,
        (Novelty::None, _, _) => Case::BothRegenerated,
    })
}

fn is_refused(list: &OfferedList) -> bool {
    matches!(list.judged, ListVerdict::Refused { .. })
}

/// What is new if neither CallManager.pem nor TVS.pem is.
const fn unregenerated(list: &OfferedList) -> Case {
    if list.changes.tokens.is_any() {
        Case::RecoveryRegenerated
    } else if list.changes.is_older {
        Case::OlderList
    } else {
        Case::NewerList
    }
}

/// Whether the server's CTL is one of the cluster that the phone belongs to.
fn ctl_is_ours(ctl: &ListFound) -> bool {
    ctl.installed.is_some()
        && ctl
            .found()
            .is_some_and(|list| list.judged == ListVerdict::Same || list.changes.shares_any)
}

/// Whether the phone itself knows the signer: then the list is of its own cluster.
fn is_vouched_by_list(list: &OfferedList) -> bool {
    list.judged == ListVerdict::Taken(Acceptance::Chained(Voucher::Itl))
}

/// A CTL that is new, beside an ITL that is not.
fn new_ctl(findings: &Findings) -> Option<Case> {
    let list = findings.ctl.news()?;
    let foreign = findings.ctl.installed.is_some() && !list.changes.shares_any;
    Some(match (&list.judged, foreign) {
        (ListVerdict::Taken(_), _) => Case::NewCtl,
        (_, true) => Case::Moved,
        (_, false) => Case::CtlBehind,
    })
}

/// The lists are those that the phone has.
fn unchanged(findings: &Findings) -> Case {
    match &findings.configuration {
        ConfigurationFound::ForAnother { .. }
        | ConfigurationFound::Refused { reason: Reason::NoKey | Reason::DecryptFailed, .. } => {
            return Case::EncryptedForAnother;
        }
        configuration if !configuration.is_taken() && is_central(findings) => {
            return Case::CentralTftp;
        }
        ConfigurationFound::Refused { .. } => return Case::ConfigurationRefused,
        ConfigurationFound::Unreadable { .. } => return Case::ConfigurationUnreadable,
        ConfigurationFound::Absent | ConfigurationFound::OnlyUnsigned { .. } => {
            return Case::ConfigurationMissing;
        }
        _ => {}
    }
    match findings.reach() {
        Reach::Differs if findings.tvs_records > 0 => Case::TvsRegenerated,
        Reach::Unreachable if findings.tvs_records > 0 => Case::TvsUnreachable,
        _ => Case::AllWell,
    }
}

/// Whether a server gives its lists to a phone that it does not know, and no configuration that
/// the lists prove.
fn is_central(findings: &Findings) -> bool {
    let configuration = &findings.configuration;
    findings.itl.found().is_some_and(|list| list.is_generic)
        && !configuration.is_taken()
        && !matches!(
            configuration,
            ConfigurationFound::NotExamined | ConfigurationFound::Unreadable { .. }
        )
}
