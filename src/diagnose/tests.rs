use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::*;
use crate::trust::anchors::{Anchors, State};
use crate::trust::list::ListKind;
use crate::trust::peer::Pinned;
use crate::trust::reason::{Doubt, Reason, Unconfirmed};
use crate::trust::tvs::{Unanswered, Unvouched};
use crate::trust::verified::{Acceptance, Voucher};
use crate::wire::Role;

/// A phone with an ITL, and a cluster that agrees with it.
fn well() -> Findings {
    let mut findings = Findings::new(StoreFound::Sound, Clock::Set, &Anchors::default());
    findings.state = State::Itl;
    findings.state_after = State::Itl;
    findings.tvs_records = 1;
    findings.ctl.offered = Offered::Absent;
    findings.itl.installed =
        Some(Fingerprint { md5: [1; 16], signer: "CN=a".into(), timestamp: 1 });
    findings.itl.offered = Offered::Found(Box::new(offered(ListVerdict::Same)));
    findings.members = alloc::vec![member(Pinned::Fits(ListKind::Itl))];
    let name = "SEP.cnf.xml.sgn".to_string();
    findings.configuration = ConfigurationFound::Verified { name, by: Voucher::Itl };
    findings
}

fn offered(judged: ListVerdict) -> OfferedList {
    OfferedList {
        name: "ITLSEP.tlv".to_string(),
        is_generic: false,
        md5: [2; 16],
        sha1: [2; 20],
        signer: "CN=a".to_string(),
        serial: "01".to_string(),
        signer_sha256: None,
        integrity: Integrity::Intact,
        is_blank: false,
        changes: Changes { shares_any: true, ..Changes::default() },
        judged,
    }
}

fn refused(unanswered: Unanswered) -> ListVerdict {
    ListVerdict::Refused { reason: Reason::WrongSigner, unanswered: Some(unanswered) }
}

fn member(pinned: Pinned) -> MemberFound {
    let shown = ShownCertificate {
        issuer: "CN=a".to_string(),
        serial: "02".to_string(),
        sha1: [3; 20],
        pinned,
        is_impostor: matches!(pinned, Pinned::OtherCertificate(_)),
        is_offered: false,
    };
    let presented = Presented::Certificate(Box::new(shown));
    MemberFound { address: "192.0.2.1:2445".to_string(), presented }
}

/// The same phone, whose server has this list.
fn with_list(list: OfferedList) -> Findings {
    Findings { itl: ListFound { offered: Offered::Found(Box::new(list)), ..well().itl }, ..well() }
}

fn concluded(findings: &Findings) -> (&'static str, &'static str) {
    let diagnosis = Diagnosis::of(findings);
    (diagnosis.case.word(), diagnosis.remedy.word())
}

/// CallManager.pem and what else was regenerated.
fn regenerated(tvs: Novelty, judged: ListVerdict) -> OfferedList {
    let mut list = offered(judged);
    list.changes.callmanager = Novelty::All;
    list.changes.tvs = tvs;
    list
}

#[test]
fn a_configuration_that_cannot_be_read_is_named_with_its_place() {
    let (name, why) = ("SEP.cnf.xml.sgn".to_string(), "3:1: the file is cut short".to_string());
    let mut findings = well();
    findings.configuration = ConfigurationFound::Unreadable { name, why };
    // Its signature was verified: a server of another cluster could not have made it.
    let mut generic = offered(ListVerdict::Same);
    generic.is_generic = true;
    findings.itl.offered = Offered::Found(Box::new(generic));
    assert_eq!(concluded(&findings), ("configuration-unreadable", "make-configuration"));
    assert!(!findings.refuses(), "nobody's trust is at stake");
    let checks = findings.checks();
    let check = checks.iter().find(|check| check.name == "configuration").unwrap();
    let detail = "SEP.cnf.xml.sgn: cannot be read: 3:1: the file is cut short";
    assert_eq!((check.mark, check.detail.as_str()), (Mark::NotOk, detail));
    let boot = Diagnosis::of(&findings).next_boot;
    assert!(!boot.succeeds());
    assert_eq!(boot.configuration.to_string(), "CANNOT BE READ, the phone keeps the last good one");
}

#[test]
fn agreement_needs_nothing() {
    assert_eq!(concluded(&well()), ("all-well", "nothing"));
    assert_eq!(Diagnosis::of(&well()).conditions, None);
    assert!(well().checks().iter().all(|check| check.mark == Mark::Ok));
}

#[test]
fn a_locked_store_comes_before_everything() {
    let findings = Findings { store: StoreFound::Locked, ..well() };
    assert_eq!(concluded(&findings), ("store-locked", "erase-all"));
    let findings = Findings { store: StoreFound::Missing, ..well() };
    assert_eq!(concluded(&findings), ("store-missing", "provide-folder"));
    let findings = Findings { store: StoreFound::Unusable, ..well() };
    assert_eq!(concluded(&findings), ("store-unusable", "provide-folder"));
    assert!(!Diagnosis::of(&findings).next_boot.succeeds());
}

#[test]
fn nothing_is_concluded_from_a_server_that_is_silent() {
    let mut findings = well();
    findings.ctl.offered = Offered::Unreachable("no answer".to_string());
    findings.itl.offered = Offered::NotExamined;
    findings.configuration = ConfigurationFound::NotExamined;
    assert_eq!(concluded(&findings), ("unreachable", "reach-servers"));
    assert_eq!(Conditions::of(&findings).fails, None);
}

#[test]
fn a_tvs_that_matches_and_does_not_know_the_signer_is_to_be_restarted() {
    let judged = refused(Unanswered::Unvouched(Unvouched::Invalid));
    let findings = with_list(regenerated(Novelty::None, judged));
    assert_eq!(concluded(&findings), ("callmanager-regenerated", "restart-services"));
}

#[test]
fn the_list_is_never_deleted_while_tvs_matches_or_is_silent() {
    let judged = || refused(Unanswered::NobodyToAsk);
    let matching = with_list(regenerated(Novelty::All, judged()));
    assert_eq!(concluded(&matching).1, "restart-services");
    let mut silent = with_list(regenerated(Novelty::All, judged()));
    silent.members[0].presented = Presented::Unreachable("no".to_string());
    assert_eq!(concluded(&silent).1, "restore-backup");
    assert_eq!(Diagnosis::of(&silent).conditions.unwrap().tvs_differs, None);
}

#[test]
fn the_least_drastic_remedy_comes_first() {
    let mut findings = with_list(regenerated(Novelty::All, refused(Unanswered::NobodyToAsk)));
    findings.members = alloc::vec![member(Pinned::NotListed)];
    assert_eq!(concluded(&findings), ("both-regenerated", "delete-itl"));
    let Offered::Found(list) = &mut findings.itl.offered else { unreachable!() };
    list.changes.shares_sast = true;
    assert_eq!(concluded(&findings).1, "reset-itl-recovery");
    findings.has_token = true;
    assert_eq!(concluded(&findings).1, "run-ctl-client");
    let Offered::Found(list) = &mut findings.itl.offered else { unreachable!() };
    list.changes.tvs = Novelty::Some;
    findings.tvs_records = 2;
    assert_eq!(concluded(&findings).1, "add-tvs");
    assert!(Remedy::AddTvs < Remedy::RunCtlClient);
    assert!(Remedy::RunCtlClient < Remedy::ExchangeCertificates);
    assert!(Remedy::ExchangeCertificates < Remedy::ResetItlRecovery);
    assert!(Remedy::ResetItlRecovery < Remedy::DeleteItl);
}

#[test]
fn a_certificate_with_another_hash_is_not_the_listed_one() {
    let mut findings = well();
    findings.members = alloc::vec![member(Pinned::OtherCertificate(ListKind::Itl))];
    assert_eq!(concluded(&findings), ("tvs-impostor", "find-impostor"));
    let checks = findings.checks();
    let check = checks.iter().find(|check| check.name.starts_with("TVS ")).unwrap();
    assert_eq!(check.mark, Mark::NotOk);
    assert!(check.detail.contains("ANOTHER hash"), "{}", check.detail);
}

fn unconfirmed() -> Reason {
    let doubt = Doubt::Unanswered("no TVS server answered".to_string());
    let (role, subject) = (Role::Sast, "CN=a".to_string());
    Reason::Unconfirmed(Box::new(Unconfirmed { installed: 2, offered: 1, role, subject, doubt }))
}

#[test]
fn what_policy_refuses_is_the_owners_to_change_unless_it_is_an_old_blank_list() {
    let older = |blank| Reason::Older { installed: 2, offered: 1, blank, weaker: blank };
    for (reason, remedy) in [
        (older(false), "change-policy"),
        (older(true), "restart-services"),
        (unconfirmed(), "change-policy"),
        (Reason::WeakKey { bits: 1024, least: 2048 }, "change-policy"),
    ] {
        let list = offered(ListVerdict::Refused { reason, unanswered: None });
        assert_eq!(concluded(&with_list(list)), ("refused-by-policy", remedy));
    }
}

#[test]
fn an_encrypted_configuration_for_another_needs_the_certificate_learnt() {
    let name = "SEP.cnf.xml.sgn".to_string();
    let refused = |reason| ConfigurationFound::Refused {
        name: "SEP.cnf.xml.enc.sgn".to_string(),
        reason,
        unanswered: None,
    };
    for configuration in [
        ConfigurationFound::ForAnother { name, theirs: "00".into(), ours: None },
        refused(Reason::NoKey),
        refused(Reason::DecryptFailed),
    ] {
        let findings = Findings { configuration, ..well() };
        assert_eq!(concluded(&findings), ("encrypted-for-another", "learn-certificate"));
    }
}

#[test]
fn every_case_and_remedy_has_words_of_its_own() {
    let words: Vec<_> = remedy::WORDS.iter().map(|(_, words)| *words).collect();
    let texts = case::WORDS.iter().map(|(_, text)| *text);
    let all: BTreeSet<_> = words.iter().copied().chain(texts).collect();
    assert_eq!(all.len(), remedy::WORDS.len() + case::WORDS.len());
    for case in [Case::AllWell, Case::Moved, Case::TvsUnreachable, Case::CentralTftp] {
        assert!(case.to_string().contains(' '), "{case}");
    }
    assert!(words.iter().all(|words| words.is_ascii()));
}

#[test]
fn a_cluster_is_told_by_its_lists() {
    let shown = |nodes, group, has_ctl| Cluster { nodes, group, has_ctl }.to_string();
    assert_eq!(shown(1, 1, false), "single-node cluster with only an ITL");
    assert_eq!(shown(1, 1, true), "single-node cluster with CTL and ITL");
    assert_eq!(shown(2, 2, false), "cluster of 2 nodes with only an ITL");
    assert_eq!(
        shown(3, 1, true),
        "cluster of 3 nodes with CTL and ITL, of which the phone can ask only one"
    );
}

#[test]
fn the_next_boot_is_told_step_by_step() {
    let mut findings = with_list(offered(ListVerdict::Taken(Acceptance::Chained(Voucher::Tvs))));
    findings.configuration = ConfigurationFound::Absent;
    assert_eq!(
        NextBoot::of(&findings).to_string(),
        "CTL not on the server, the phone keeps what it has; ITL accepted, TVS vouches for the \
         signer; configuration not on the server, the phone keeps what it has; then state S1 (ITL \
         in force; files must be signed)"
    );
}
