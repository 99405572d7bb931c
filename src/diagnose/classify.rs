//! How the cases are distinguished.

use crate::diagnose::case::{Case, Cluster};
use crate::diagnose::changes::Novelty;
use crate::diagnose::findings::{
    ConfigurationFound, Findings, Integrity, ListFound, ListVerdict, Offered, OfferedList, Reach,
    StoreFound,
};
use crate::diagnose::own::OwnFound;
use crate::trust::anchors::State;
use crate::trust::reason::Reason;
use crate::trust::verified::{Acceptance, Voucher};

impl Case {
    pub(super) fn of(findings: &Findings) -> Self {
        // Nothing was asked of a server then, and no remedy there would help.
        match findings.store {
            StoreFound::Locked => return Self::StoreLocked,
            StoreFound::Missing => return Self::StoreMissing,
            StoreFound::Unusable => return Self::StoreUnusable,
            StoreFound::Repaired | StoreFound::Sound => {}
        }
        // The CTL is fetched first: where that reached no server, the rest was not tried.
        if matches!(findings.ctl.offered, Offered::Unreachable(_) | Offered::NotExamined) {
            // Silence to one name after an answer to another is not a server that is away.
            return if findings.is_answered { Self::ListNotFetched } else { Self::Unreachable };
        }
        // Before all advice: what else is found may come from whoever answers there.
        if findings.shows_impostor() {
            return Self::TvsImpostor;
        }
        // From the most specific to the least: a blank or damaged list also differs, and would
        // otherwise pass for a regenerated one.
        first_contact(findings)
            .or_else(|| rollback(findings))
            .or_else(|| unfit(findings))
            .or_else(|| damaged_configuration(findings))
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

/// The cases of a phone without lists.
fn first_contact(findings: &Findings) -> Option<Case> {
    if findings.state != State::None {
        return None;
    }
    if findings.ctl.found().is_none() && findings.itl.found().is_none() {
        return Some(not_fetched(findings).unwrap_or(Case::NoLists));
    }
    if let Some(unfit) = unfit(findings) {
        return Some(unfit);
    }
    if findings.itl.found().is_some_and(|list| list.is_blank) {
        return Some(Case::RollbackPrepared);
    }
    // First use took the CTL, and with a CTL in force the ITL has to be signed by it (row B4).
    if findings.refuses_list() {
        return Some(Case::CtlBehind);
    }
    if is_central(findings) {
        return Some(Case::CentralTftp);
    }
    Some(damaged_configuration(findings).unwrap_or(Case::FirstContact))
}

/// The cases of a blank list, installed or offered.
fn rollback(findings: &Findings) -> Option<Case> {
    let offered = findings.itl.news();
    if matches!(findings.state, State::Blank | State::CtlAndBlank) {
        // A blank ITL lets anyone in, but a CTL beside it does not: then it is not the rollback.
        if findings.refuses_list() {
            return None;
        }
        let full = offered.is_some_and(|list| !list.is_blank)
            || findings.ctl.news().is_some_and(|_| findings.state == State::Blank);
        return Some(if full { Case::RollbackEnded } else { Case::RollbackActive });
    }
    match &offered.filter(|list| list.is_blank)?.judged {
        ListVerdict::Taken(_) => Some(Case::RollbackPrepared),
        // An old blank list may be a replay that is to switch the checks off.
        ListVerdict::Refused { reason: reason @ Reason::Older { .. }, .. } => {
            Some(Case::RefusedByPolicy(reason.clone()))
        }
        // Only a cluster whose key the phone still trusts can prepare it (technote, "Can I turn off
        // SBD?").
        ListVerdict::Refused { .. } => Some(Case::RollbackTooLate),
        ListVerdict::Same => None,
    }
}

/// A list that no phone should trust, or that this phone's policy refuses.
fn unfit(findings: &Findings) -> Option<Case> {
    [&findings.ctl, &findings.itl].into_iter().find_map(|list| {
        let (reason, _) = list.refused()?;
        // Before policy, which has no say over a list that its own signer did not sign.
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
            // Intact, and by a stranger: what changed in it says which case that is.
            Reason::WrongSigner | Reason::WrongRole { .. } => None,
            _ => Some(Case::ListDamaged),
        }
    })
}

/// The cases of an ITL that is not the installed one.
fn changed(findings: &Findings) -> Option<Case> {
    let list = findings.itl.news()?;
    let changes = &list.changes;
    // Any of these shows that the list is of the phone's own cluster, as another one shares no key.
    let known = changes.shares_any
        || ctl_is_ours(&findings.ctl)
        || findings.shows_offered()
        || is_vouched_by_list(list);
    Some(match (changes.names, changes.callmanager, changes.tvs) {
        // Names are compared before certificates: a rename regenerates all of a server's at once
        // (technote, "Change Host Names or Domain Names").
        _ if is_central(findings) && !known => Case::CentralTftp,
        // With the names of before, and no TVS that vouches: a cluster with new keys is another
        // cluster to a phone (technote, "Backup And Restore").
        (Novelty::None, _, _) if !known && findings.reach() != Reach::Fits => Case::Rebuilt,
        _ if !known => Case::Moved,
        (Novelty::Some | Novelty::All, _, _) => Case::Renamed(Cluster::of(findings)),
        (Novelty::None, Novelty::None, Novelty::None) => {
            // The CTL is what changed; the ITL was merely signed again.
            return new_ctl(findings).or_else(|| Some(unregenerated(findings, list)));
        }
        // TVS.pem may be new as well, but ITLRecovery is the signer that the phone cannot trust.
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

/// The case of an ITL in which neither CallManager.pem nor TVS.pem is new.
fn unregenerated(findings: &Findings, list: &OfferedList) -> Case {
    if list.changes.tokens.is_any() {
        return Case::RecoveryRegenerated;
    }
    // A list that the phone accepts, with the certificates of before, explains nothing that is
    // wrong with the configuration.
    if let Some(case) = of_configuration(findings).filter(|_| !is_refused(list)) {
        return case;
    }
    if list.changes.is_older { Case::OlderList } else { Case::NewerList }
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

/// The cases of a new CTL beside an ITL that is not new.
fn new_ctl(findings: &Findings) -> Option<Case> {
    let list = findings.ctl.news()?;
    // A phone with only an ITL has no CTL to share certificates with: that proves nothing.
    let foreign = findings.ctl.installed.is_some() && !list.changes.shares_any;
    Some(match (&list.judged, foreign) {
        (ListVerdict::Taken(_), _) => Case::NewCtl,
        (_, true) => Case::Moved,
        (_, false) => Case::CtlBehind,
    })
}

/// The cases of a configuration with a fault of its own, which no list brings about: its signature
/// is of a signer that the lists allow, or is damaged itself. Where a list is refused, that list
/// comes first.
fn damaged_configuration(findings: &Findings) -> Option<Case> {
    let is_damaged = match &findings.configuration {
        ConfigurationFound::Announced { .. }
        | ConfigurationFound::ForAnother { .. }
        | ConfigurationFound::Unreadable { .. } => true,
        ConfigurationFound::Refused { reason, .. } => matches!(
            reason,
            Reason::BadCertificate { .. }
                | Reason::DecryptFailed
                | Reason::FileNameMismatch { .. }
                | Reason::Malformed(_)
                | Reason::NoKey
                | Reason::SignatureMismatch
                | Reason::TrustList { .. }
        ),
        _ => false,
    };
    let is_cause = is_damaged && !findings.refuses_list() && !is_central(findings);
    of_configuration(findings).filter(|_| is_cause)
}

/// The cases of a configuration that is not as it should be.
fn of_configuration(findings: &Findings) -> Option<Case> {
    Some(match &findings.configuration {
        ConfigurationFound::ForAnother { .. }
        | ConfigurationFound::Refused { reason: Reason::NoKey | Reason::DecryptFailed, .. } => {
            Case::EncryptedForAnother
        }
        ConfigurationFound::Refused { reason, .. } => Case::ConfigurationRefused(reason.clone()),
        ConfigurationFound::Unreadable { .. } => Case::ConfigurationUnreadable,
        ConfigurationFound::Absent
        | ConfigurationFound::Announced { .. }
        | ConfigurationFound::OnlyUnsigned { .. } => Case::ConfigurationMissing,
        ConfigurationFound::NotExamined | ConfigurationFound::NotFetched { .. } => {
            Case::ConfigurationNotFetched
        }
        ConfigurationFound::Unchecked { .. } | ConfigurationFound::Verified { .. } => {
            return findings.lacks_tvs().then_some(Case::ConfigurationWithoutTvs);
        }
    })
}

/// The case of a list of which it is unknown what the servers have.
fn not_fetched(findings: &Findings) -> Option<Case> {
    let is_open = findings.ctl.offered.is_open() || findings.itl.offered.is_open();
    is_open.then_some(Case::ListNotFetched)
}

/// The cases of lists that are the installed ones.
fn unchanged(findings: &Findings) -> Case {
    if let Some(case) = not_fetched(findings) {
        return case;
    }
    match of_configuration(findings) {
        // A file that cannot be decrypted was verified all the same.
        Some(Case::EncryptedForAnother) => return Case::EncryptedForAnother,
        Some(_) if is_central(findings) => return Case::CentralTftp,
        Some(case) => return case,
        None => {}
    }
    // A server that asks for the phone's certificate refuses these.
    if findings.own.iter().any(OwnFound::is_of_another_cluster) {
        return Case::LscOfOldCluster;
    }
    if findings.own.iter().any(OwnFound::is_expired_lsc) {
        return Case::LscExpired;
    }
    // Last, since nothing fails for it yet: the phone needs TVS for the next change, and for HTTPS.
    match findings.reach() {
        Reach::Differs if findings.tvs_records > 0 => Case::TvsRegenerated,
        Reach::Unreachable if findings.tvs_records > 0 => Case::TvsUnreachable,
        _ => Case::AllWell,
    }
}

/// Whether a server offers its lists to a phone that it does not know, and no configuration that
/// the lists verify.
fn is_central(findings: &Findings) -> bool {
    let configuration = &findings.configuration;
    // The generic name is asked for when the phone's own is missing (technote, "Centralized TFTP").
    findings.itl.found().is_some_and(|list| list.is_generic)
        && !configuration.is_taken()
        // An unreadable one has had its signature verified, so that its cluster is the right one.
        && !matches!(
            configuration,
            ConfigurationFound::NotExamined | ConfigurationFound::Unreadable { .. }
        )
}
