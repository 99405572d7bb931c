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
use crate::wire::configuration::SettingsAccess;

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
        old_tls: None,
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
        signer: None,
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
        "CTL not on the server, nothing changes; ITL accepted, TVS vouches for the \
         signer; configuration not on the server, nothing changes; then state S1 (ITL \
         in force; files must be signed)"
    );
}

#[test]
fn nothing_is_well_that_could_not_be_found_out() {
    let fetch = |why: &str| ConfigurationFound::NotFetched { name: "a".into(), why: why.into() };
    for configuration in [fetch("timed out"), ConfigurationFound::NotExamined] {
        let findings = Findings { configuration, ..well() };
        assert_eq!(concluded(&findings), ("configuration-not-fetched", "reach-servers"));
    }
    let configuration = ConfigurationFound::Announced { name: "a.enc.sgn".into() };
    let findings = Findings { configuration, ..well() };
    assert_eq!(concluded(&findings), ("configuration-missing", "make-configuration"));
    for offered in [Offered::NotFetched("too large".into()), Offered::Unreachable("no".into())] {
        let mut findings = well();
        findings.itl.offered = offered.clone();
        assert_eq!(concluded(&findings), ("list-not-fetched", "reach-servers"));
        findings.state = State::None;
        assert_eq!(concluded(&findings).0, "list-not-fetched", "not: no server has a list");
    }
}

#[test]
fn a_server_that_answered_one_request_is_not_called_silent() {
    let mut findings = well();
    findings.ctl.offered = Offered::Unreachable("timed out, no answer".into());
    assert_eq!(concluded(&findings).0, "unreachable");
    findings.is_answered = true;
    assert_eq!(concluded(&findings), ("list-not-fetched", "reach-servers"));
}

/// A list that the phone accepts, with the certificates of before.
fn newer() -> Findings {
    with_list(offered(ListVerdict::Taken(Acceptance::Chained(Voucher::Itl))))
}

#[test]
fn a_new_list_that_is_accepted_does_not_hide_what_is_wrong_with_the_configuration() {
    assert_eq!(concluded(&newer()), ("newer-list", "reset-phone"));
    let name = || "SEP.cnf.xml.sgn".to_string();
    let refused = |reason| ConfigurationFound::Refused {
        name: name(),
        reason,
        unanswered: None,
        signer: None,
    };
    let why = "cut short".to_string();
    for (configuration, case) in [
        (ConfigurationFound::Unreadable { name: name(), why }, "configuration-unreadable"),
        (refused(Reason::SignatureMismatch), "configuration-refused"),
        (refused(Reason::WrongSigner), "configuration-refused"),
        (refused(Reason::NoKey), "encrypted-for-another"),
        (ConfigurationFound::Absent, "configuration-missing"),
    ] {
        assert_eq!(concluded(&Findings { configuration, ..newer() }).0, case);
    }
    // A new key explains a signer that is not listed, and no damage.
    let accepted = ListVerdict::Taken(Acceptance::Chained(Voucher::Tvs));
    let mut regenerated = with_list(regenerated(Novelty::None, accepted));
    regenerated.configuration = refused(Reason::WrongSigner);
    assert_eq!(concluded(&regenerated).0, "callmanager-regenerated");
    regenerated.configuration = refused(Reason::SignatureMismatch);
    assert_eq!(concluded(&regenerated).0, "configuration-refused");
}

#[test]
fn a_refused_configuration_is_explained_by_its_reason_and_its_signer() {
    let signer = Some("signed by CN=b, serial 07; listed signers: CN=a, serial 01".to_string());
    let (name, reason) = ("SEP.cnf.xml.sgn".to_string(), Reason::WrongSigner);
    let configuration = ConfigurationFound::Refused { name, reason, unanswered: None, signer };
    let findings = Findings { configuration, ..well() };
    let case = Diagnosis::of(&findings).case.to_string();
    assert!(case.ends_with("the configuration on the server: signer not in CTL or ITL"), "{case}");
    let checks = findings.checks();
    let check = checks.iter().find(|check| check.name == "configuration").unwrap();
    let detail = "SEP.cnf.xml.sgn: signer not in CTL or ITL; signed by CN=b, serial 07; listed \
                  signers: CN=a, serial 01";
    assert_eq!(check.detail, detail);
}

#[test]
fn a_configuration_without_tvs_is_a_fault_where_the_lists_have_tvs() {
    let mut findings = well();
    findings.named_tvs = Some(0);
    findings.passed_over = alloc::vec!["2:1: skipped".to_string()];
    assert_eq!(concluded(&findings), ("configuration-without-tvs", "make-configuration"));
    let not_ok: Vec<_> =
        findings.checks().into_iter().filter(|check| check.mark == Mark::NotOk).collect();
    let names: Vec<_> = not_ok.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["configuration content", "TVS in the configuration"]);
    findings.tvs_records = 0;
    assert_eq!(concluded(&findings).0, "all-well", "there is nothing that TVS could be proven by");
}

#[test]
fn without_access_to_settings_the_remedy_is_the_factory_reset() {
    let judged = refused(Unanswered::NobodyToAsk);
    let mut findings = with_list(regenerated(Novelty::All, judged));
    findings.members = alloc::vec![member(Pinned::NotListed)];
    for (access, remedy) in [
        (None, Remedy::DeleteItl),
        (Some(SettingsAccess::Enabled), Remedy::DeleteItl),
        (Some(SettingsAccess::Restricted), Remedy::DeleteItlByReset),
        (Some(SettingsAccess::Disabled), Remedy::DeleteItlByReset),
    ] {
        findings.access = access;
        assert_eq!(Diagnosis::of(&findings).remedy, remedy);
        assert_eq!(remedy.word(), "delete-itl");
        let named = findings.checks().into_iter().find(|check| check.name == "settings access");
        assert_eq!(named.is_some(), remedy == Remedy::DeleteItlByReset);
    }
    assert!(Remedy::DeleteItlByReset.to_string().contains("secd erase all as root"));
}
