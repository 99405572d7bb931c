//! The boot pass in a scripted world: no socket, no file, no clock, no runtime.

#[path = "pass/field.rs"]
mod field;
#[path = "pass/fresh.rs"]
mod fresh;
#[path = "pass/names.rs"]
mod names;
#[path = "pass/script.rs"]
mod script;

use std::collections::BTreeMap;
use std::sync::Arc;

use script::{Script, digest, tvs_of, unreachable};
use secd::boot::{
    CertificateTrouble, Configured, Form, LastConfiguration, Listed, NotFetched, Outcome,
};
use secd::trust::decrypt::DeviceKey;
use secd::trust::signature::md5;
use secd::trust::{ListKind, Reason, State, Unanswered, Voucher};
use secd_lab::cluster::{Cluster, Rollback, Security, Service, Setup, Signer};
use secd_lab::encrypt::Cipher;

const OWN: &str = "SEP001122334455.cnf.xml";
const SIGNED: &str = "SEP001122334455.cnf.xml.sgn";
const ENCRYPTED: &str = "SEP001122334455.cnf.xml.enc.sgn";

/// A cluster in mixed mode.
fn mixed() -> Cluster {
    let mut cluster = Cluster::new(Setup { tokens: 2, ..Setup::default() });
    cluster.update_ctl(&Signer::Token(0), Security::Mixed);
    cluster
}

/// A phone that has booted and has its key and certificate.
fn phone_with_key(cluster: &Cluster) -> Script {
    let mut phone = Script::booted(cluster);
    give_key(&mut phone, cluster);
    phone
}

fn give_key(phone: &mut Script, cluster: &Cluster) {
    let hash = md5(&cluster.device.certificate.der).map(|byte| format!("{byte:02x}")).concat();
    phone.certificate_md5 = Some(hash);
    phone.key = DeviceKey::of_pem(cluster.device.key.pem().as_bytes()).ok();
}

#[test]
fn lists_come_before_files_and_each_is_in_force_for_the_next() {
    let mut phone = Script::new(mixed().files());
    let outcome = phone.boot();
    let asked = ["CTLSEP001122334455.tlv", "ITLSEP001122334455.tlv", SIGNED];
    assert_eq!(phone.asked, asked);
    let lists = ["list CTLSEP001122334455.tlv", "list ITLSEP001122334455.tlv"];
    assert_eq!(phone.changes[..2], lists);
    assert_eq!(phone.changes[2..], [format!("keep {OWN} Plain, 1 members"), format!("file {OWN}")]);
    assert_eq!(phone.anchors.state(), State::Both);
    let by = Some(Voucher::Ctl);
    assert_eq!(outcome.configuration, Some(Configured::Taken { name: SIGNED.to_owned(), by }));
    assert!(!outcome.is_passing());
    assert_eq!(phone.messages(), ["CTL and ITL installed", OWN]);
    assert_eq!(phone.alarms(), [4]);
}

#[test]
fn what_is_said_of_a_boot_is_the_golden_trace_by_name() {
    let mut phone = Script::new(mixed().files());
    phone.boot();
    let expected = "ListRequested ListVerified ListOdd ListFirstUse ListInstalled StageOver \
         ListRequested ListVerified ListOdd ListInstalled StageOver MessageShown AlarmRaised \
         FileRequested AuthServer ServerLookUp SecurityLookedUp SecurityValue ServerSecure \
         SecurityReturned SecureFileRequested SignedFileApproved FileOdd FileVerified MessageShown \
         StageOver RefreshDone";
    assert_eq!(phone.names().join(" "), expected.split_whitespace().collect::<Vec<_>>().join(" "));
}

#[test]
fn a_second_pass_asks_the_same_and_changes_nothing() {
    let mut phone = Script::booted(&mixed());
    let before = phone.anchors.clone();
    let outcome = phone.boot();
    assert!(matches!(outcome.ctl, Some(Listed::Same { .. })));
    assert!(matches!(outcome.itl, Some(Listed::Same { .. })));
    assert_eq!(phone.anchors, before);
    assert_eq!((phone.messages(), phone.alarms()), (Vec::new(), Vec::new()));
}

#[test]
fn without_a_server_the_pass_ends_and_the_lists_stay() {
    let mut phone = Script::booted(&mixed());
    phone.faults.insert("ITLSEP001122334455.tlv".to_owned(), unreachable());
    let before = phone.anchors.clone();
    let outcome = phone.boot();
    assert_eq!(outcome.configuration, None, "it does not come to that");
    assert!(outcome.is_passing());
    assert_eq!(phone.anchors, before);
    assert_eq!(phone.alarms(), [8]);
    assert_eq!(phone.messages(), ["TFTP timeout", "Trust List update failed"]);
}

#[test]
fn the_generic_list_is_asked_for_when_there_is_no_own_one() {
    let mut files = Cluster::new(Setup::default()).files();
    let own = files.remove("ITLSEP001122334455.tlv");
    files.insert("ITLFile.tlv".to_owned(), own.expect("the lab serves it"));
    files.insert("CTLSEP001122334455.tlv".to_owned(), Vec::new());
    let mut phone = Script::new(files);
    let outcome = phone.boot();
    let asked = phone.asked.join(" ");
    assert!(asked.starts_with("CTLSEP001122334455.tlv CTLFile.tlv ITLSEP001122334455.tlv ITLFile"));
    assert!(phone.names().contains(&"ListEmpty"));
    assert_eq!(outcome.ctl, Some(Listed::Absent));
    assert_eq!(phone.anchors.state(), State::Itl);
}

/// The files of a cluster, with another list or file in place of the named one.
fn spoilt(cluster: &Cluster, name: &str) -> BTreeMap<String, Vec<u8>> {
    let mut files = cluster.files();
    let file = files.get_mut(name).expect("the lab serves it");
    let last = file.len() - 1;
    file[last] ^= 1;
    files
}

const ITL: &str = "ITLSEP001122334455.tlv";

#[test]
fn a_list_that_does_not_verify_does_not_starve_the_next_server() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = Script::new(spoilt(&cluster, ITL));
    phone.others = vec![spoilt(&cluster, ITL), cluster.files()];
    let outcome = phone.boot();
    assert!(matches!(outcome.itl, Some(Listed::Installed { .. })), "{outcome:?}");
    assert_eq!(phone.asked[2..5], [ITL, &format!("2:{ITL}"), &format!("3:{ITL}")]);
    assert_eq!(phone.alarms(), [3]);
    let refusals = phone.names().iter().filter(|name| **name == "ListRefused").count();
    assert_eq!(refusals, 1, "the same list again is not judged again");
}

#[test]
fn the_next_server_may_have_the_generic_list_alone() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = Script::new(spoilt(&cluster, ITL));
    let mut files = cluster.files();
    let own = files.remove(ITL).expect("the lab serves it");
    files.insert("ITLFile.tlv".to_owned(), own);
    phone.others = vec![files];
    assert!(matches!(phone.boot().itl, Some(Listed::Installed { .. })));
    assert_eq!(phone.asked[2..5], [ITL, &format!("2:{ITL}"), "2:ITLFile.tlv"]);
}

#[test]
fn what_no_server_has_right_is_refused_and_changes_nothing() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = Script::booted(&cluster);
    let before = phone.anchors.clone();
    phone.files = spoilt(&cluster, ITL);
    phone.others = vec![spoilt(&cluster, ITL), BTreeMap::new()];
    let outcome = phone.boot();
    assert!(matches!(outcome.itl, Some(Listed::Refused { .. })), "{outcome:?}");
    assert_eq!(phone.anchors, before);
    assert_eq!(phone.alarms(), [8]);
}

/// A further server is no way round a rule: what it gives is judged as if it came from the first.
#[test]
fn the_next_server_is_trusted_no_more_than_the_first() {
    let mut cluster = Cluster::new(Setup::default());
    let mut phone = Script::booted(&cluster);
    let before = phone.anchors.clone();
    phone.files = spoilt(&cluster, ITL);
    cluster.set_timestamp(1_500_000_000);
    cluster.set_rollback(Rollback::On);
    let pool = cluster.setup.pool.clone();
    let stranger = Cluster::new(Setup { pool, ..Setup::default() });
    phone.others = vec![cluster.files(), stranger.files()];
    let outcome = phone.boot();
    assert!(matches!(outcome.itl, Some(Listed::Refused { .. })), "{outcome:?}");
    assert_eq!(phone.anchors, before, "neither an older blank list nor a stranger's");
}

/// The cluster has a new signer and TVS is away: the list from before on a server that lags behind
/// is no way back.
#[test]
fn a_server_that_lags_behind_takes_nobody_back() {
    let mut cluster = Cluster::new(Setup::default());
    let old = cluster.files();
    cluster.set_timestamp(cluster.timestamp() + 1000);
    let mut phone = Script::booted(&cluster);
    let before = phone.anchors.clone();
    let current = cluster.files();
    cluster.regenerate(0, Service::CallManager);
    phone.files = cluster.files();
    phone.others = vec![old];
    let unheard = Unanswered::NoAnswer("closed".to_owned());
    let why = unheard.clone();
    phone.tvs = Box::new(move |_, _| Err(why.clone()));
    let outcome = phone.boot();
    let Some(Listed::Refused { reason, unanswered, .. }) = outcome.itl else {
        panic!("{outcome:?}");
    };
    assert_eq!((reason, unanswered), (Reason::WrongSigner, Some(unheard)));
    assert_eq!(phone.anchors, before, "not the older one");
    assert!(!phone.changes.iter().any(|change| change.starts_with("keep")), "{:?}", phone.changes);
    assert_eq!(phone.alarms(), [8]);
    phone.others = vec![current];
    phone.forget();
    let outcome = phone.boot();
    assert!(matches!(outcome.itl, Some(Listed::Refused { .. })), "{outcome:?}");
    assert_eq!(phone.alarms(), [8], "that another server has the list in force hides nothing");
}

#[test]
fn a_configuration_that_does_not_verify_does_not_starve_the_next_server() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = Script::booted(&cluster);
    phone.files = spoilt(&cluster, SIGNED);
    phone.others = vec![spoilt(&cluster, SIGNED), cluster.files()];
    let by = Some(Voucher::Itl);
    let outcome = phone.boot();
    assert_eq!(outcome.configuration, Some(Configured::Taken { name: SIGNED.to_owned(), by }));
    phone.others = vec![BTreeMap::new()];
    let outcome = phone.boot();
    assert!(matches!(outcome.configuration, Some(Configured::Refused { .. })), "{outcome:?}");
}

#[test]
fn what_cannot_be_kept_is_the_phones_own_fault_and_tried_again() {
    let cluster = mixed();
    let mut phone = Script::new(cluster.files());
    phone.full = true;
    let outcome = phone.boot();
    assert!(matches!(outcome.ctl, Some(Listed::NotInstalled { .. })));
    assert!(outcome.is_passing());
    assert_eq!(phone.alarms(), [7]);
    assert_eq!(phone.anchors.state(), State::None);
    let mut phone = Script::booted(&cluster);
    phone.full = true;
    assert!(matches!(phone.boot().configuration, Some(Configured::NotPut(_))));
    assert_eq!(phone.messages(), ["CFG TFTP Size Error"], "the message for want of room");
}

#[test]
fn a_locked_phone_asks_nobody() {
    let mut phone = Script::booted(&mixed());
    phone.locked.set(true);
    let outcome = phone.boot();
    assert_eq!((outcome.ctl.clone(), outcome.itl.clone()), (None, None));
    assert!(outcome.is_passing());
    assert_eq!(phone.asked, [""; 0]);
    assert_eq!(phone.alarms(), [7]);
}

#[test]
fn a_new_signer_counts_once_tvs_vouches_for_it() {
    let mut cluster = Cluster::new(Setup::default());
    let mut phone = Script::booted(&cluster);
    cluster.regenerate(0, Service::CallManager);
    phone.files = cluster.files();
    let before = phone.anchors.clone();
    let Some(Listed::Refused { reason, unanswered, .. }) = phone.boot().itl else {
        panic!("nobody vouches");
    };
    assert_eq!((reason, unanswered), (Reason::WrongSigner, Some(Unanswered::NobodyToAsk)));
    assert_eq!(phone.anchors, before);
    phone.tvs = tvs_of(&cluster);
    let outcome = phone.boot();
    assert!(matches!(outcome.itl, Some(Listed::Installed { .. })), "{outcome:?}");
    assert_ne!(phone.anchors, before);
}

/// The lists may change while TVS is asked, by order of a person at the phone.
#[test]
fn a_file_is_judged_by_the_lists_that_are_in_force_when_tvs_has_answered() {
    let mut cluster = Cluster::new(Setup::default());
    let mut phone = Script::booted(&cluster);
    cluster.regenerate(0, Service::CallManager);
    let signed = cluster.files().remove(SIGNED).expect("the lab serves it");
    phone.files.insert(SIGNED.to_owned(), signed);
    let mut tvs = tvs_of(&cluster);
    phone.tvs = Box::new(move |anchors, query| {
        Arc::make_mut(anchors).erase(ListKind::Itl);
        tvs(anchors, query)
    });
    phone.forget();
    let outcome = phone.boot();
    assert_eq!(phone.anchors.state(), State::None);
    let taken = Configured::Taken { name: SIGNED.to_owned(), by: None };
    assert_eq!(outcome.configuration, Some(taken), "nobody vouches in this state");
    assert!(!phone.names().contains(&"FileVerified"));
}

/// A card that is pulled out, a person at the phone: the store may be lost while TVS is asked.
#[test]
fn nothing_is_taken_once_what_was_trusted_is_lost() {
    for list in [false, true] {
        let mut cluster = Cluster::new(Setup::default());
        let mut phone = Script::booted(&cluster);
        cluster.regenerate(0, Service::CallManager);
        let new = cluster.files();
        match list {
            true => phone.files = new,
            false => drop(phone.files.insert(SIGNED.to_owned(), new[SIGNED].clone())),
        }
        let mut tvs = tvs_of(&cluster);
        let lost = phone.locked.clone();
        phone.tvs = Box::new(move |anchors, query| {
            let vouched = tvs(anchors, query);
            *anchors = Arc::default();
            lost.set(true);
            vouched
        });
        phone.forget();
        let outcome = phone.boot();
        let refused = |reason: &Reason| *reason == Reason::Locked;
        match outcome.configuration {
            Some(Configured::Refused { reason, .. }) => assert!(refused(&reason), "{reason}"),
            other => panic!("list {list}: {other:?}"),
        }
        match &outcome.itl {
            Some(Listed::Refused { reason, .. }) if list => assert!(refused(reason), "{reason}"),
            Some(Listed::Same { .. }) if !list => {}
            other => panic!("list {list}: {other:?}"),
        }
        assert_eq!(phone.changes, [""; 0], "list {list}");
        assert_eq!(phone.anchors.state(), State::None);
    }
}

/// The last configuration was encrypted; then the cluster is prepared for rollback.
#[test]
fn in_rollback_the_plain_form_is_asked_for_at_once() {
    let mut cluster = Cluster::new(Setup::default());
    let mut phone = Script::booted(&cluster);
    phone.last = Some(LastConfiguration { name: OWN.to_owned(), form: Form::Encrypted });
    cluster.set_rollback(Rollback::On);
    phone.files = cluster.files();
    let outcome = phone.boot();
    assert_eq!(phone.anchors.state(), State::Blank);
    assert!(!phone.asked.contains(&ENCRYPTED.to_owned()), "{:?}", phone.asked);
    let taken = Configured::Taken { name: OWN.to_owned(), by: None };
    assert_eq!(outcome.configuration, Some(taken));
}

#[test]
fn a_short_configuration_leads_to_the_encrypted_one_of_this_phone_alone() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = Script::booted(&cluster);
    phone.files = cluster.encrypted_files(Cipher::Aes128);
    let outcome = phone.boot();
    assert!(
        matches!(&outcome.configuration, Some(Configured::ForAnother { ours: None, .. })),
        "{outcome:?}"
    );
    assert_eq!(phone.messages().last().map(String::as_str), Some("Verification Failed"));
    give_key(&mut phone, &cluster);
    phone.forget();
    let outcome = phone.boot();
    assert_eq!(phone.asked[phone.asked.len() - 2..], [SIGNED, ENCRYPTED]);
    let by = Some(Voucher::Itl);
    assert_eq!(outcome.configuration, Some(Configured::Taken { name: ENCRYPTED.to_owned(), by }));
    assert_eq!(phone.ram[OWN], cluster.config().xml().into_bytes());
    phone.forget();
    phone.files.remove(ENCRYPTED);
    let outcome = phone.boot();
    assert!(
        matches!(
            &outcome.configuration,
            Some(Configured::NotFetched { name, why: NotFetched::Absent }) if name == ENCRYPTED
        ),
        "announced and not there: {outcome:?}"
    );
}

/// Otherwise a phone that has lost its LSC would never read how CAPF issues another one.
#[test]
fn where_the_encrypted_configuration_is_for_a_lost_key_the_signed_one_is_read_too() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = phone_with_key(&cluster);
    phone.files = cluster.encrypted_files(Cipher::Aes128);
    phone.boot();
    let before = (phone.ram.clone(), phone.last.clone());
    (phone.key, phone.certificate_md5) = (None, None);
    phone.forget();
    let outcome = phone.boot();
    assert_eq!(phone.asked[phone.asked.len() - 2..], [ENCRYPTED, SIGNED]);
    assert_eq!(phone.learned.len(), 1);
    let is_refused = |outcome: &Outcome| {
        let trouble = outcome.configuration.as_ref().and_then(Configured::certificate_trouble);
        trouble == Some(CertificateTrouble::DecryptFailed)
    };
    assert!(is_refused(&outcome), "{outcome:?}");
    // Nor does an old one from before the encryption end it, or hide the trouble.
    let plain = cluster.files().remove(SIGNED).unwrap();
    phone.files.insert(SIGNED.to_owned(), plain);
    phone.forget();
    let outcome = phone.boot();
    assert!(is_refused(&outcome), "{outcome:?}");
    assert_eq!((phone.learned.len(), (phone.ram.clone(), phone.last.clone())), (0, before));
    let mut newer = cluster.clone();
    newer.set_timestamp(cluster.timestamp() + 1);
    phone.files.insert(SIGNED.to_owned(), newer.files().remove(SIGNED).unwrap());
    let outcome = phone.boot();
    let by = Some(Voucher::Itl);
    assert_eq!(outcome.configuration, Some(Configured::Taken { name: SIGNED.to_owned(), by }));
}

#[test]
fn a_failure_of_the_server_is_no_absence() {
    let mut phone = Script::booted(&mixed());
    let too_large = NotFetched::TooLarge("more than 550001".to_owned());
    phone.faults.insert(SIGNED.to_owned(), too_large.clone());
    let before = digest(&phone, ListKind::Itl);
    let outcome = phone.boot();
    let not_fetched = Configured::NotFetched { name: SIGNED.to_owned(), why: too_large };
    assert_eq!(outcome.configuration, Some(not_fetched));
    assert!(!phone.asked.iter().any(|name| name.starts_with("XMLDefault")));
    assert_eq!(digest(&phone, ListKind::Itl), before);
    assert_eq!(phone.messages(), ["CFG TFTP Size Error"]);
}

/// The reader takes as much as any limit of a configuration may be.
#[test]
fn the_members_of_a_large_configuration_count() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = Script::booted(&cluster);
    let large = format!("<x>{}</x>\n", "x".repeat(900_000));
    let payload = cluster.config().xml().replace("</device>", &(large + "</device>"));
    assert!(payload.len() > 900_000 && payload.len() < secd::wire::configuration::MAX_BYTES);
    phone.files.insert(SIGNED.to_owned(), cluster.signed(SIGNED, payload.as_bytes()));
    phone.boot();
    assert!(phone.changes.contains(&format!("keep {OWN} Plain, 1 members")), "{:?}", phone.changes);
    assert!(!phone.names().contains(&"ConfigurationUnread"));
}
