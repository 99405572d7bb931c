//! Whatever the doctor finds: the same facts come to the same case and remedy, both have words, and
//! nobody is advised to delete a list unless all that speaks for it was seen and nothing against it.

use arbitrary::{Result, Unstructured};
use secd::diagnose::{
    Case, Changes, Check, Clock, ConfigurationFound, Diagnosis, Findings, Fingerprint, Integrity,
    ListFound, ListVerdict, MemberFound, Novelty, Offered, OfferedList, OwnFound, Presented,
    Remedy, ShownCertificate, StoreFound,
};
use secd::trust::anchors::State;
use secd::trust::peer::Pinned;
use secd::trust::reason::{OldFile, Unsupported};
use secd::trust::{
    Acceptance, Anchors, Expiry, ListKind, LscOrigin, OwnFacts, Reason, Unanswered, Unvouched,
    Voucher, Which,
};
use secd::wire::configuration::SettingsAccess;
use secd::wire::{Digest, Fault, Malformed, Role};

pub(crate) fn one(input: &[u8]) {
    if let Ok(findings) = findings(&mut Unstructured::new(input)) {
        diagnosed(&findings);
    }
}

fn diagnosed(findings: &Findings) {
    let diagnosis = Diagnosis::of(findings);
    assert_eq!(Diagnosis::of(findings), diagnosis);
    worded(findings, &diagnosis);
    let Diagnosis { case, next_boot, remedy, conditions } = &diagnosis;
    assert_eq!(conditions.is_some(), findings.refuses());
    assert_eq!(*remedy == Remedy::EraseAll, findings.store == StoreFound::Locked);
    assert_eq!(next_boot.is_locked, findings.store.is_locked());
    if deletes(*remedy) {
        let conditions = conditions.expect("something is refused");
        assert!(conditions.hold() && findings.itl.found().is_some(), "{case:?}");
        assert!(!next_boot.succeeds(), "a reset is all that it takes");
        let barred = findings.access.is_some_and(|access| access != SettingsAccess::Enabled);
        assert_eq!(*remedy == Remedy::DeleteItlByReset, barred);
    }
    if next_boot.succeeds() {
        assert!(*remedy != Remedy::RestoreBackup, "{case:?}");
    }
    vouched(findings.clone());
    impostor(findings.clone());
    unexamined(findings.clone());
}

const fn deletes(remedy: Remedy) -> bool {
    matches!(remedy, Remedy::DeleteItl | Remedy::DeleteItlByReset)
}

/// The technote: where the record of TVS matches, do not delete.
fn vouched(mut findings: Findings) {
    findings.members.push(presenting(Pinned::Fits(ListKind::Itl), false));
    assert!(!deletes(Diagnosis::of(&findings).remedy));
}

/// Who answers in place of TVS is found out before anything else.
fn impostor(mut findings: Findings) {
    findings.members.push(presenting(Pinned::OtherCertificate(ListKind::Itl), true));
    let Diagnosis { case, remedy, .. } = Diagnosis::of(&findings);
    let is_found = matches!(case, Case::TvsImpostor) && remedy == Remedy::FindImpostor;
    let is_elsewhere =
        findings.store.is_locked() || matches!(case, Case::ListNotFetched | Case::Unreachable);
    assert!(is_found || is_elsewhere, "{case:?}");
}

/// What was not seen does not speak for deleting.
fn unexamined(findings: Findings) {
    let mut without_list = findings.clone();
    without_list.itl.offered = Offered::NotExamined;
    let mut without_tvs = findings;
    for member in &mut without_tvs.members {
        member.presented = Presented::NotExamined;
    }
    for findings in [without_list, without_tvs] {
        assert!(!deletes(Diagnosis::of(&findings).remedy));
    }
}

fn worded(findings: &Findings, diagnosis: &Diagnosis) {
    let Diagnosis { case, next_boot, remedy, conditions } = diagnosis;
    for text in [case.to_string(), next_boot.to_string(), remedy.to_string()] {
        assert!(!text.is_empty() && !text.chars().any(char::is_control), "{text}");
    }
    // A word of its own for machines, and a sentence for people.
    assert!(case.to_string() != case.word() && remedy.to_string() != remedy.word());
    for Check { name, detail, .. } in findings.checks() {
        assert!(!name.is_empty() && !detail.is_empty(), "{name}: {detail}");
    }
    let listed = conditions.map(|conditions| conditions.listed());
    assert!(listed.is_none_or(|them| them.iter().all(|(words, _)| !words.is_empty())));
}

fn findings(input: &mut Unstructured<'_>) -> Result<Findings> {
    let store = *input.choose(&[
        StoreFound::Sound,
        StoreFound::Repaired,
        StoreFound::Locked,
        StoreFound::Missing,
        StoreFound::Unusable,
    ])?;
    let clock = *input.choose(&[Clock::Set, Clock::Unset])?;
    let mut findings = Findings::new(store, clock, &Anchors::default());
    findings.state = *input.choose(&STATES)?;
    findings.state_after = *input.choose(&STATES)?;
    findings.ctl = list(input)?;
    findings.itl = list(input)?;
    findings.configuration = configuration(input)?;
    for _ in 0..input.int_in_range(0..=2)? {
        findings.members.push(member(input)?);
    }
    for _ in 0..input.int_in_range(0..=2)? {
        findings.own.push(own(input)?);
    }
    findings.named_tvs = *input.choose(&[None, Some(0), Some(1)])?;
    findings.tvs_records = input.int_in_range(0..=3)?;
    findings.has_token = input.arbitrary()?;
    findings.is_answered = input.arbitrary()?;
    findings.access = *input.choose(&[
        None,
        Some(SettingsAccess::Enabled),
        Some(SettingsAccess::Disabled),
        Some(SettingsAccess::Restricted),
    ])?;
    Ok(findings)
}

fn list(input: &mut Unstructured<'_>) -> Result<ListFound> {
    let fingerprint = Fingerprint { md5: [1; 16], signer: Box::from("CN=cm1"), timestamp: 7 };
    let installed = input.arbitrary::<bool>()?.then_some(fingerprint);
    let offered = match input.int_in_range(0..=7)? {
        0 => Offered::Absent,
        1 => Offered::NotExamined,
        2 => Offered::NotFetched("too large".to_owned()),
        3 => Offered::Unreachable("no answer".to_owned()),
        _ => Offered::Found(Box::new(offered(input)?)),
    };
    Ok(ListFound { installed, offered })
}

fn offered(input: &mut Unstructured<'_>) -> Result<OfferedList> {
    let novelty = [Novelty::None, Novelty::Some, Novelty::All];
    Ok(OfferedList {
        name: "ITLFile.tlv".to_owned(),
        is_generic: input.arbitrary()?,
        md5: [2; 16],
        sha1: [2; 20],
        signer: "CN=cm1".to_owned(),
        serial: "01".to_owned(),
        signer_sha256: input.arbitrary::<bool>()?.then_some([2; 32]),
        integrity: match input.int_in_range(0..=3)? {
            0 => Integrity::Broken(reason(input)?),
            1 => Integrity::SignerNotListed,
            _ => Integrity::Intact,
        },
        is_blank: input.ratio(1, 4)?,
        changes: Changes {
            callmanager: *input.choose(&novelty)?,
            tvs: *input.choose(&novelty)?,
            tokens: *input.choose(&novelty)?,
            names: *input.choose(&novelty)?,
            shares_any: input.arbitrary()?,
            shares_sast: input.arbitrary()?,
            is_older: input.arbitrary()?,
        },
        judged: match input.int_in_range(0..=3)? {
            0 => ListVerdict::Same,
            1 => ListVerdict::Taken(acceptance(input)?),
            _ => ListVerdict::Refused { reason: reason(input)?, unanswered: unanswered(input)? },
        },
    })
}

fn acceptance(input: &mut Unstructured<'_>) -> Result<Acceptance> {
    Ok(match input.arbitrary()? {
        true => Acceptance::FirstUse,
        false => Acceptance::Chained(*input.choose(&VOUCHERS)?),
    })
}

fn reason(input: &mut Unstructured<'_>) -> Result<Reason> {
    let older = OldFile { kept: Some(2), offered: Some(1), was_encrypted: input.arbitrary()? };
    let (blank, weaker) = (input.arbitrary()?, input.arbitrary()?);
    let reasons = [
        Reason::AmbiguousSigner,
        Reason::BadCertificate { offset: 9 },
        Reason::DecryptFailed,
        Reason::FileNameMismatch { expected: "a".to_owned(), found: "b".to_owned() },
        Reason::FirstUseDenied,
        Reason::Locked,
        Reason::Malformed(Malformed::new(3, "field", Fault::TagOrder(4))),
        Reason::NoKey,
        Reason::NotPinned { signer: [3; 32] },
        Reason::Older { installed: 2, offered: 1, blank, weaker },
        Reason::OlderFile(older),
        Reason::RecordMismatch { offset: 9, field: "serial number" },
        Reason::SignatureMismatch,
        Reason::TrustList { name: "ITLFile.tlv".to_owned() },
        Reason::UnsupportedAlgorithm(Unsupported::Signature(9)),
        Reason::UnsupportedDigest(Digest::Sha256),
        Reason::WeakKey { bits: 512, least: 1024 },
        Reason::WrongRole { found: Role::Tvs },
        Reason::WrongSigner,
        Reason::WrongSigner,
    ];
    input.choose(&reasons).cloned()
}

fn unanswered(input: &mut Unstructured<'_>) -> Result<Option<Unanswered>> {
    let reasons = [
        None,
        Some(Unanswered::ListsChanged),
        Some(Unanswered::NoAnswer("silence".to_owned())),
        Some(Unanswered::NobodyToAsk),
        Some(Unanswered::Unvouched(Unvouched::EmptyRoles)),
        Some(Unanswered::Unvouched(Unvouched::Invalid)),
        Some(Unanswered::Unvouched(Unvouched::NoRoles)),
        Some(Unanswered::Unvouched(Unvouched::WrongRoles { found: vec![Role::Ccm] })),
    ];
    input.choose(&reasons).cloned()
}

fn configuration(input: &mut Unstructured<'_>) -> Result<ConfigurationFound> {
    let name = "SEP001122334455.cnf.xml.sgn".to_owned();
    Ok(match input.int_in_range(0..=10)? {
        0 => ConfigurationFound::Absent,
        1 => ConfigurationFound::Announced { name },
        2 => ConfigurationFound::ForAnother { name, theirs: Box::from("0a"), ours: None },
        3 => ConfigurationFound::NotExamined,
        4 => ConfigurationFound::NotFetched { name, why: "silence".to_owned() },
        5 => ConfigurationFound::OnlyUnsigned { name },
        6 => {
            let (reason, unanswered) = (reason(input)?, unanswered(input)?);
            ConfigurationFound::Refused { name, reason, unanswered, signer: None }
        }
        7 => ConfigurationFound::Unreadable { name, why: "line 1".to_owned() },
        8 => ConfigurationFound::Unchecked { name },
        _ => ConfigurationFound::Verified { name, by: *input.choose(&VOUCHERS)? },
    })
}

fn member(input: &mut Unstructured<'_>) -> Result<MemberFound> {
    let presented = match input.int_in_range(0..=5)? {
        0 => Presented::NoTls("alert".to_owned()),
        1 => Presented::NotExamined,
        2 => Presented::Unreachable("silence".to_owned()),
        _ => {
            let pinned = *input.choose(&[
                Pinned::Fits(ListKind::Ctl),
                Pinned::NotListed,
                Pinned::OtherCertificate(ListKind::Itl),
            ])?;
            // Only another certificate with a listed number can be an impostor's.
            let is_other = matches!(pinned, Pinned::OtherCertificate(_));
            return Ok(presenting(pinned, is_other && input.ratio(1, 4)?));
        }
    };
    Ok(MemberFound { address: ADDRESS.to_owned(), presented })
}

fn presenting(pinned: Pinned, is_impostor: bool) -> MemberFound {
    let shown = ShownCertificate {
        issuer: "CN=tvs1".to_owned(),
        serial: "02".to_owned(),
        sha1: [4; 20],
        pinned,
        is_impostor,
        is_offered: false,
        old_tls: None,
    };
    MemberFound { address: ADDRESS.to_owned(), presented: Presented::Certificate(Box::new(shown)) }
}

fn own(input: &mut Unstructured<'_>) -> Result<OwnFound> {
    let facts = OwnFacts {
        which: *input.choose(&[Which::Lsc, Which::Mic])?,
        subject: "CN=SEP001122334455".to_owned(),
        issuer: "CN=CAPF".to_owned(),
        serial: "03".to_owned(),
        validity: (0, 1),
        key: "RSA 2048".to_owned(),
        md5: [5; 16],
    };
    let expiry = [Expiry::Good, Expiry::Expired, Expiry::NotYet, Expiry::Soon { days: 3 }];
    let origin = [
        None,
        Some(LscOrigin::Listed),
        Some(LscOrigin::OtherLine),
        Some(LscOrigin::SameLine),
        Some(LscOrigin::Unknown),
    ];
    Ok(OwnFound {
        facts,
        dates: ["2020-01-01".to_owned(), "2025-01-01".to_owned()],
        expiry: *input.choose(&expiry)?,
        is_in_use: input.arbitrary()?,
        decrypts: input.arbitrary()?,
        is_named: *input.choose(&[None, Some(false), Some(true)])?,
        origin: *input.choose(&origin)?,
    })
}

const STATES: [State; 8] = [
    State::None,
    State::Itl,
    State::ItlWithoutFiles,
    State::Ctl,
    State::Both,
    State::Blank,
    State::CtlAndBlank,
    State::CtlWithoutFiles,
];

const VOUCHERS: [Voucher; 4] = [Voucher::Ctl, Voucher::Https, Voucher::Itl, Voucher::Tvs];

const ADDRESS: &str = "192.0.2.5:2445";
