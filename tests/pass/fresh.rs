//! Old genuine files: what age decides, what TVS confirms, and what nobody does.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use secd::boot::file::take;
use secd::boot::{Configured, Form, Listed, NotTaken, Obtained, Order, Seen};
use secd::trust::cache::Source;
use secd::trust::certificate::Certificate;
use secd::trust::confirm::QUESTIONS;
use secd::trust::peer::{Pinned, is_impostor, pinned};
use secd::trust::policy::{DefaultConfiguration, OlderFile, OlderList};
use secd::trust::query::Asks;
use secd::trust::reason::{Doubt, OldFile, Reason, Warning};
use secd::trust::signature::sha1;
use secd::trust::{Acceptance, Cache, ListKind, State, Unanswered, Unvouched, Voucher, stored};
use secd::wire::Role;
use secd::wire::name::FileName;
use secd_lab::certificate::Profile;
use secd_lab::cluster::{Cluster, Rollback, Security, Service, Setup, Signer};
use secd_lab::encrypt::Cipher;
use secd_lab::envelope::signature_range;
use secd_lab::list::{Kind, List, Material, Record, Role as LabRole};
use secd_lab::names::Name;

use super::script::{Script, at_once, confirming, settings, tvs_of};
use super::{OWN, SIGNED, mixed, phone_with_key};

const CTL: &str = "CTLSEP001122334455.tlv";
const ITL: &str = "ITLSEP001122334455.tlv";

/// The same list, as the call manager makes it at another time.
fn itl_at(cluster: &Cluster, timestamp: u32) -> Vec<u8> {
    let mut cluster = cluster.clone();
    cluster.set_timestamp(timestamp);
    cluster.itl()
}

/// A phone with an ITL that ITLRecovery signed, after CallManager.pem was stolen and replaced; and
/// the files of before.
fn after_a_theft() -> (Cluster, Script, Vec<u8>) {
    let mut cluster = Cluster::new(Setup { recovery: true, ..Setup::default() });
    let old = cluster.itl();
    cluster.regenerate(0, Service::CallManager);
    (cluster.clone(), Script::booted(&cluster), old)
}

fn refused(listed: Option<&Listed>) -> &Reason {
    match listed {
        Some(Listed::Refused { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn doubt(listed: Option<&Listed>) -> (Role, Doubt) {
    match refused(listed) {
        Reason::Unconfirmed(unconfirmed) => (unconfirmed.role, unconfirmed.doubt.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_that_was_replaced_does_not_come_back_with_an_old_list() {
    let (cluster, mut phone, old) = after_a_theft();
    phone.confirm = confirming(&cluster);
    phone.files.insert(ITL.to_owned(), old);
    let before = phone.anchors.clone();
    let outcome = phone.boot();
    let (role, doubt) = doubt(outcome.itl.as_ref());
    assert_eq!(role, Role::Sast);
    assert_eq!(doubt, Doubt::Unanswered(Unvouched::Invalid.to_string()));
    assert_eq!(phone.anchors, before);
}

#[test]
fn silence_of_tvs_refuses_an_older_list_and_policy_may_accept_or_refuse_it_unasked() {
    let (_, mut phone, old) = after_a_theft();
    phone.confirm = Box::new(|_, _| Err(Unanswered::NoAnswer("all are silent".to_owned())));
    phone.files.insert(ITL.to_owned(), old);
    let outcome = phone.boot();
    let (_, why) = doubt(outcome.itl.as_ref());
    assert!(matches!(&why, Doubt::Unanswered(why) if why.contains("all are silent")), "{why}");
    assert!(refused(outcome.itl.as_ref()).to_string().contains("older_list"));

    phone.confirm = Box::new(|_, _| panic!("policy settles it"));
    phone.policy.older_list = OlderList::Refuse;
    let outcome = phone.boot();
    assert!(matches!(refused(outcome.itl.as_ref()), Reason::Older { .. }));
    phone.policy.older_list = OlderList::Accept;
    let outcome = phone.boot();
    assert!(matches!(outcome.itl, Some(Listed::Installed { .. })), "{outcome:?}");
}

#[test]
fn each_record_is_asked_about_once_in_its_role() {
    let (cluster, mut phone, old) = after_a_theft();
    let asked = Rc::new(RefCell::new(Vec::new()));
    let (asked_too, mut knows) = (asked.clone(), confirming(&cluster));
    phone.confirm = Box::new(move |anchors, record| {
        asked_too.borrow_mut().push(record.role());
        // The key is good again, as after a restore.
        knows(anchors, record).or_else(|_| Ok(trusting(record)))
    });
    phone.files.insert(ITL.to_owned(), old);
    let outcome = phone.boot();
    assert!(matches!(outcome.itl, Some(Listed::Installed { .. })), "{outcome:?}");
    assert_eq!(*asked.borrow(), [Role::Sast, Role::CcmTftp]);
    assert!(phone.names().contains(&"RecordConfirmed"));
}

fn trusting(record: &secd::trust::confirm::RecordToConfirm) -> secd::trust::Confirmed {
    record.confirm(&trusted(&[Role::Sast, Role::Tftp], None)).expect("as good as any")
}

fn trusted<'a>(roles: &[Role], certificate: Option<&'a [u8]>) -> secd::wire::tvs::Response<'a> {
    secd::wire::tvs::Response {
        status: secd::wire::tvs::Status::Trusted,
        roles: Some(roles.to_vec()),
        ttl: None,
        certificate,
        unknown: Vec::new(),
    }
}

/// What a confirmed key may not do is not confirmed: a file server's is no signer of lists.
#[test]
fn a_record_is_confirmed_for_its_role_alone() {
    let (_, mut phone, old) = after_a_theft();
    phone.confirm = Box::new(|_, record| {
        record.confirm(&trusted(&[Role::Tftp], None)).map_err(Unanswered::Unvouched)
    });
    phone.files.insert(ITL.to_owned(), old);
    let outcome = phone.boot();
    let (role, doubt) = doubt(outcome.itl.as_ref());
    assert_eq!(role, Role::Sast);
    assert!(doubt.to_string().contains("but only as TFTP"), "{doubt}");
}

#[test]
fn a_list_is_not_a_way_to_ask_without_end() {
    let (cluster, mut phone, _) = after_a_theft();
    phone.confirm = Box::new(|_, _| panic!("refused before anyone is asked"));
    let mut list = List::new(Kind::Itl, cluster.setup.layout, 1_500_000_000);
    list.records = cluster.itl_records(0);
    for number in 0..=QUESTIONS {
        let token = cluster.setup.identity(&format!("token{number}"));
        list.records.push(Record::new(LabRole::SAST, &token.certificate));
    }
    phone.files.insert(ITL.to_owned(), list.sign(cluster.signer(&Signer::Recovery)));
    let outcome = phone.boot();
    assert_eq!(doubt(outcome.itl.as_ref()).1, Doubt::TooMany { most: QUESTIONS });
}

/// A record that has only a hash is asked about by its names, and the answer's hash compared.
#[test]
fn a_record_with_a_hash_alone_is_queried() {
    let (cluster, mut phone, _) = after_a_theft();
    let token = cluster.setup.identity("token");
    let mut list = List::new(Kind::Itl, cluster.setup.layout, 1_500_000_000);
    list.records = cluster.itl_records(0);
    let record = Record::new(LabRole::TFTP, &token.certificate).with(Material::Hash);
    list.records.push(record);
    phone.files.insert(ITL.to_owned(), list.sign(cluster.signer(&Signer::Recovery)));
    let other = cluster.setup.identity("other");
    for (shown, is_taken) in [(&other, false), (&token, true)] {
        let shown = shown.certificate.der.clone();
        phone.confirm = Box::new(move |_, record| {
            assert!(matches!(record.request(), secd::wire::tvs::TvsRequest::Query { .. }));
            let answer = trusted(&[Role::Tftp], Some(&shown));
            record.confirm(&answer).map_err(Unanswered::Unvouched)
        });
        let outcome = phone.boot();
        let taken = matches!(outcome.itl, Some(Listed::Installed { .. }));
        assert_eq!(taken, is_taken, "{outcome:?}");
    }
}

/// Call managers make the ITL anew at each restart and the CTL by hand: a new phone may find the
/// two in either order.
#[test]
fn the_first_itl_of_a_line_may_be_older_than_the_ctl_that_began_it() {
    let cluster = mixed();
    let mut phone = Script::new(cluster.files());
    phone.files.insert(ITL.to_owned(), itl_at(&cluster, 1_500_000_000));
    phone.boot();
    assert_eq!(phone.anchors.state(), State::Both);
}

/// The CTL of another cluster begins a line, and lets the first ITL that it vouches for be older:
/// but not one of the cluster before.
#[test]
fn an_old_itl_of_the_cluster_before_does_not_come_back_beside_the_new_ctl() {
    let old = mixed();
    let mut phone = Script::booted(&old);
    let pool = old.setup.pool.clone();
    let mut new = Cluster::new(Setup { pool, timestamp: 1_600_000_000, ..Setup::of(&["new"]) });
    new.update_ctl(&Signer::CallManager(0), Security::Mixed);
    phone.tvs = tvs_of(&new);
    phone.files = new.files();
    let replayed = itl_at(&old, 1_650_000_000);
    for name in [ITL, "ITLFile.tlv"] {
        phone.files.insert(name.to_owned(), replayed.clone());
    }
    // One that lists a key of long ago besides.
    let mut list = List::new(Kind::Itl, old.setup.layout, 1_650_000_000);
    list.records = old.itl_records(0);
    let stolen = old.setup.identity("stolen");
    list.records.push(Record::new(LabRole::CCM_TFTP, &stolen.certificate));
    let signer = Signer::CallManager(0);
    for name in [ITL, "ITLFile.tlv"] {
        phone.files.insert(name.to_owned(), list.sign(old.signer(&signer)));
    }
    let outcome = phone.boot();
    assert!(matches!(outcome.ctl, Some(Listed::Installed { .. })), "{outcome:?}");
    assert_eq!(doubt(outcome.itl.as_ref()).0, Role::CcmTftp);
    phone.files = new.files();
    let outcome = phone.boot();
    assert!(matches!(outcome.itl, Some(Listed::Installed { .. })), "{outcome:?}");
}

/// Another cluster's list begins a line: TVS has to vouch for its signer now.
#[test]
fn what_tvs_once_said_does_not_begin_a_line() {
    let old = Cluster::new(Setup::default());
    let mut phone = Script::booted(&old);
    let pool = old.setup.pool.clone();
    let new = Cluster::new(Setup { pool, ..Setup::of(&["new"]) });
    let mut knows = tvs_of(&new);
    let asked = Rc::new(RefCell::new(Vec::new()));
    let asked_too = asked.clone();
    phone.tvs = Box::new(move |anchors, query| {
        asked_too.borrow_mut().push(query.asks);
        let vouched = knows(anchors, query)?;
        let mut cache = Cache::default();
        cache.insert_signer(vouched, Source { member: "tvs".into() }, Duration::ZERO);
        let unknown = Unanswered::Unvouched(Unvouched::Invalid);
        cache.signer(query, Duration::ZERO).cloned().ok_or(unknown)
    });
    phone.files = new.files();
    let outcome = phone.boot();
    assert_eq!(*refused(outcome.itl.as_ref()), Reason::WrongSigner);
    assert_eq!(asked.borrow()[..2], [Asks::Ordinarily, Asks::Afresh]);
    phone.tvs = tvs_of(&new);
    let outcome = phone.boot();
    assert!(matches!(outcome.itl, Some(Listed::Installed { .. })), "{outcome:?}");
}

#[test]
fn a_list_is_the_same_wherever_its_signature_stands() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = Script::booted(&cluster);
    let mut file = cluster.itl();
    let range = signature_range(&file);
    // Behind the next field: its tag, its length in two bytes, its value.
    let next = 3 + usize::from(u16::from_be_bytes([file[range.end + 1], file[range.end + 2]]));
    file[range.start..range.end + next].rotate_left(range.len());
    phone.files.insert(ITL.to_owned(), file);
    let outcome = phone.boot();
    assert!(matches!(outcome.itl, Some(Listed::Same { .. })), "{outcome:?}");
    assert!(!phone.changes.iter().any(|change| change.starts_with("list")), "{:?}", phone.changes);
    assert_eq!(phone.alarms(), [0; 0]);
}

#[test]
fn not_found_keeps_the_own_configuration_as_long_as_its_signer_is_listed() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = Script::booted(&cluster);
    phone.files.remove(SIGNED);
    let outcome = phone.boot();
    assert_eq!(outcome.configuration, Some(Configured::Absent));
    assert!(phone.names().contains(&"ConfigurationKept"));
    assert_eq!(phone.asked.last().map(String::as_str), Some(SIGNED));
    phone.policy.default_configuration = DefaultConfiguration::Always;
    let outcome = phone.boot();
    assert!(matches!(outcome.configuration, Some(Configured::Taken { .. })), "{outcome:?}");
}

/// CallManager.pem is regenerated: the signer of what the phone has is listed no more.
#[test]
fn the_default_configuration_counts_once_the_signer_is_listed_no_more() {
    let mut cluster = Cluster::new(Setup::default());
    let mut phone = Script::booted(&cluster);
    cluster.regenerate(0, Service::CallManager);
    phone.tvs = tvs_of(&cluster);
    phone.files = cluster.files();
    phone.files.remove(SIGNED);
    let outcome = phone.boot();
    let name = "XMLDefault.cnf.xml.sgn";
    assert!(
        matches!(&outcome.configuration, Some(Configured::Taken { name: taken, .. }) if taken == name),
        "{outcome:?}"
    );
}

fn old_file(outcome: Option<&Configured>) -> OldFile {
    match outcome {
        Some(Configured::Refused { reason: Reason::OlderFile(old), .. }) => *old,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_old_plain_configuration_does_not_end_encryption() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = phone_with_key(&cluster);
    phone.files = cluster.encrypted_files(Cipher::Aes128);
    phone.boot();
    let (kept, now) = (phone.ram.clone(), Some(cluster.timestamp()));
    for offered in [cluster.timestamp() - 1, cluster.timestamp()] {
        let mut plain = cluster.clone();
        plain.set_timestamp(offered);
        phone.files = plain.files();
        let outcome = phone.boot();
        let old = old_file(outcome.configuration.as_ref());
        assert_eq!(old, OldFile { kept: now, offered: Some(offered), was_encrypted: true });
        assert_eq!(phone.ram, kept);
        assert_eq!(phone.last.as_ref().map(|last| last.form), Some(Form::Encrypted));
    }
    let mut newer = cluster.clone();
    newer.set_timestamp(cluster.timestamp() + 1);
    phone.files = newer.files();
    let outcome = phone.boot();
    assert!(matches!(outcome.configuration, Some(Configured::Taken { .. })), "{outcome:?}");
    assert!(phone.odd_files().contains(&Warning::NoLongerEncrypted));
}

#[test]
fn a_configuration_that_is_too_old_has_no_say_in_enrolment() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = phone_with_key(&cluster);
    phone.files = cluster.encrypted_files(Cipher::Aes128);
    phone.boot();
    for (offered, learned) in [(cluster.timestamp() - 1, 0), (cluster.timestamp() + 1, 1)] {
        let mut plain = cluster.clone();
        plain.set_timestamp(offered);
        phone.files = plain.files();
        phone.forget();
        let outcome = phone.boot();
        assert_eq!(phone.learned.len(), learned, "{outcome:?}");
    }
}

#[test]
fn an_older_plain_configuration_is_logged_and_policy_may_refuse_it() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = Script::booted(&cluster);
    let mut older = cluster.clone();
    older.set_timestamp(cluster.timestamp() - 1);
    older.config_extra = "<older/>".to_owned();
    phone.files = older.files();
    phone.files.insert(ITL.to_owned(), cluster.itl());
    phone.policy.older_file = OlderFile::Refuse;
    let outcome = phone.boot();
    assert!(!old_file(outcome.configuration.as_ref()).was_encrypted);
    phone.policy.older_file = OlderFile::UnlessEncrypted;
    let outcome = phone.boot();
    assert!(matches!(outcome.configuration, Some(Configured::Taken { .. })), "{outcome:?}");
    assert!(matches!(phone.odd_files()[..], [Warning::OlderFile(_)]), "{:?}", phone.odd_files());
    // It makes no room for one between the two.
    let mut between = older.clone();
    between.config_extra = "<between/>".to_owned();
    phone.files.insert(SIGNED.to_owned(), between.files()[SIGNED].clone());
    phone.forget();
    phone.boot();
    assert!(matches!(phone.odd_files()[..], [Warning::OlderFile(_)]), "{:?}", phone.odd_files());
}

/// A move to another cluster: what was kept says nothing of its files.
#[test]
fn another_clusters_configuration_may_be_older_and_plain() {
    let old = Cluster::new(Setup::default());
    let mut phone = phone_with_key(&old);
    phone.files = old.encrypted_files(Cipher::Aes128);
    phone.boot();
    let pool = old.setup.pool.clone();
    let new = Cluster::new(Setup { pool, timestamp: 1_500_000_000, ..Setup::of(&["new"]) });
    phone.tvs = tvs_of(&new);
    phone.files = new.files();
    let outcome = phone.boot();
    assert!(matches!(outcome.configuration, Some(Configured::Taken { .. })), "{outcome:?}");
}

fn ring_list(phone: &mut Script) -> Result<Obtained, NotTaken> {
    let name = FileName::parse("Ringlist.xml").expect("a name");
    let order = Order { name: &name, limit: 1 << 16, requester: "jvm", form: Form::Plain };
    let settings = secd::boot::PassSettings { policy: phone.policy.clone(), ..settings() };
    at_once(take(phone, &settings, &order))
}

#[test]
fn files_of_applications_are_compared_as_well() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = Script::booted(&cluster);
    assert!(ring_list(&mut phone).is_ok());
    let mut older = cluster.clone();
    older.set_timestamp(cluster.timestamp() - 1);
    phone.files = older.files();
    assert!(ring_list(&mut phone).is_ok());
    assert!(matches!(phone.odd_files()[..], [Warning::OlderFile(_)]), "{:?}", phone.odd_files());
    phone.policy.older_file = OlderFile::Refuse;
    let refused = ring_list(&mut phone);
    assert!(
        matches!(refused, Err(NotTaken::Refused { reason: Reason::OlderFile(_), .. })),
        "{refused:?}"
    );
}

#[test]
fn a_clock_that_is_set_back_is_not_the_time() {
    const DAY: u64 = 86_400;
    let cluster = Cluster::new(Setup::default());
    let phone = Script::booted(&cluster);
    let by = Acceptance::Chained(Voucher::Itl);
    let list = &stored::list(ListKind::Itl, &cluster.itl(), by).expect("a list");
    let at = cluster.timestamp();
    assert_eq!(phone.anchors.floor(), at);
    let floor = |now| {
        let (standing, ahead) = phone.anchors.standing_of(list, now);
        (standing.floor, ahead)
    };
    let empty = secd::trust::Anchors::default();
    let first = |now| empty.standing_of(list, now).0.floor;
    let at = u64::from(at);
    assert_eq!(first(Some(at - DAY)), cluster.timestamp());
    assert_eq!(first(Some(at - DAY - 1)), 0, "more than a day ahead of the clock");
    assert_eq!(first(None), cluster.timestamp(), "an unset clock says nothing");
    assert_eq!(
        floor(Some(at - DAY - 1)),
        (cluster.timestamp(), true),
        "what has passed has passed"
    );
    let mut erased = (*phone.anchors).clone();
    erased.erase(ListKind::Itl);
    assert_eq!(erased.floor(), 0);
}

/// What is known of a configuration that an older version kept: that it was signed, and when it
/// came.
fn upgrade(phone: &mut Script, form: Form, taken: u32) {
    let seen = Seen { newest: None, read: None, form, signer: None, taken: Some(taken) };
    phone.seen = [(OWN.to_owned(), (phone.anchors.line(), seen))].into();
}

fn is_installed(listed: Option<&Listed>) -> bool {
    matches!(listed, Some(Listed::Installed { .. }))
}

/// The SHA-1 of a node's CallManager.pem.
fn call_manager(cluster: &Cluster) -> [u8; 20] {
    sha1(&cluster.nodes[0].callmanager.certificate.der)
}

#[test]
fn an_old_ctl_of_the_same_cluster_is_no_other_clusters() {
    let mut cluster = mixed();
    let old = cluster.files()[CTL].clone();
    let revoked = call_manager(&cluster);
    cluster.delete_ctl();
    cluster.regenerate(0, Service::CallManager);
    cluster.regenerate(0, Service::Capf);
    let mut brought_back = Vec::new();
    for older_list in [OlderList::Confirmed, OlderList::Refuse] {
        let mut phone = Script::booted(&cluster);
        assert_eq!(phone.anchors.state(), State::Itl);
        phone.policy.older_list = older_list;
        phone.tvs = tvs_of(&cluster);
        phone.confirm = confirming(&cluster);
        phone.files.insert(CTL.to_owned(), old.clone());
        phone.boot();
        brought_back.extend(phone.anchors.lists_file_signer(revoked).then_some(older_list));
    }
    assert_eq!(brought_back, []);
}

#[test]
fn an_itl_of_before_a_ctl_update_is_not_the_first_of_its_line() {
    let mut cluster = Cluster::new(Setup { recovery: true, ..Setup::default() });
    let recovery = cluster.recovery.clone().expect("asked for");
    let ctl = |cluster: &Cluster| {
        let mut list = List::new(Kind::Ctl, cluster.setup.layout, cluster.timestamp());
        list.records = cluster.ctl_records(Security::Mixed);
        list.records.push(Record::new(LabRole::SAST, &recovery.certificate));
        list.sign(&recovery)
    };
    let (old, revoked) = (cluster.itl(), call_manager(&cluster));
    let mut phone = Script::new([(CTL.to_owned(), ctl(&cluster))].into());
    phone.boot();
    cluster.regenerate(0, Service::CallManager);
    phone.files.insert(CTL.to_owned(), ctl(&cluster));
    assert!(is_installed(phone.boot().ctl.as_ref()));
    assert!(!phone.anchors.lists_file_signer(revoked));
    phone.files.insert(ITL.to_owned(), old);
    let outcome = phone.boot();
    assert!(!phone.anchors.lists_file_signer(revoked), "{:?}", outcome.itl);
}

#[test]
fn an_upgrade_does_not_end_encryption() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = phone_with_key(&cluster);
    phone.files = cluster.encrypted_files(Cipher::Aes128);
    phone.boot();
    upgrade(&mut phone, Form::Encrypted, cluster.timestamp() + 60);
    let mut before = cluster.clone();
    before.set_timestamp(1_500_000_000);
    phone.files = before.files();
    phone.files.insert(ITL.to_owned(), cluster.itl());
    let outcome = phone.boot();
    assert!(old_file(outcome.configuration.as_ref()).was_encrypted);
    // What the call manager makes from now on is newer.
    let mut later = cluster.clone();
    later.set_timestamp(cluster.timestamp() + 120);
    phone.files = later.files();
    let outcome = phone.boot();
    assert!(matches!(outcome.configuration, Some(Configured::Taken { .. })), "{outcome:?}");
}

#[test]
fn an_upgrade_does_not_make_the_phone_forget() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = Script::booted(&cluster);
    upgrade(&mut phone, Form::Plain, cluster.timestamp());
    phone.files.remove(SIGNED);
    let outcome = phone.boot();
    assert_eq!(outcome.configuration, Some(Configured::Absent));
}

#[test]
fn a_list_from_the_future_does_not_hold_the_time_for_ever() {
    let mut cluster = Cluster::new(Setup::default());
    cluster.set_timestamp(2_100_000_000);
    let mut phone = Script::booted(&cluster);
    phone.confirm = confirming(&cluster);
    cluster.set_timestamp(1_700_000_000);
    phone.files = cluster.files();
    assert!(is_installed(phone.boot().itl.as_ref()));
    let by = Acceptance::Chained(Voucher::Itl);
    let list = &stored::list(ListKind::Itl, &cluster.itl(), by).expect("a list");
    let (standing, _) = phone.anchors.standing_of(list, Some(1_700_000_100));
    assert!(standing.floor <= 1_700_000_100, "{standing:?}");
}

#[test]
fn an_itl_that_was_erased_at_the_phone_comes_back() {
    let cluster = mixed();
    let mut phone = Script::new(cluster.files());
    let mut earlier = cluster.clone();
    earlier.set_timestamp(cluster.timestamp() - 60);
    phone.files.insert(ITL.to_owned(), earlier.itl());
    phone.boot();
    assert_eq!(phone.anchors.state(), State::Both);
    let mut erased = phone.anchors.clone();
    Arc::make_mut(&mut erased).erase(ListKind::Itl);
    phone.anchors = erased;
    phone.tvs = tvs_of(&cluster);
    phone.confirm = confirming(&cluster);
    let outcome = phone.boot();
    assert!(is_installed(outcome.itl.as_ref()), "{outcome:?}");
}

#[test]
fn a_ctl_without_file_servers_comes_back_once_it_is_confirmed() {
    let mut cluster = Cluster::new(Setup::default());
    cluster.update_ctl(&Signer::CallManager(0), Security::NonSecure);
    cluster.set_timestamp(cluster.timestamp() + 60);
    let mut phone = Script::booted(&cluster);
    assert_eq!(phone.anchors.state(), State::CtlWithoutFiles);
    assert!(phone.anchors.demand_signed_files());
    Arc::make_mut(&mut phone.anchors).erase(ListKind::Ctl);
    phone.tvs = tvs_of(&cluster);
    phone.confirm = confirming(&cluster);
    let outcome = phone.boot();
    assert!(is_installed(outcome.ctl.as_ref()), "{outcome:?}");
}

#[test]
fn a_refusal_by_policy_names_the_policy() {
    let cluster = Cluster::new(Setup::default());
    let mut phone = Script::booted(&cluster);
    let mut older = cluster.clone();
    older.set_timestamp(cluster.timestamp() - 60);
    phone.policy.older_list = OlderList::Refuse;
    phone.files = older.files();
    let outcome = phone.boot();
    let Some(Listed::Refused { reason, .. }) = outcome.itl else { panic!("{outcome:?}") };
    assert!(reason.to_string().contains("older_list"), "{reason}");
}

#[test]
fn a_serial_number_of_another_issuer_is_no_impostor() {
    let cluster = Cluster::new(Setup::default());
    let phone = Script::booted(&cluster);
    let serial = cluster.nodes[0].tvs.certificate.serial.clone();
    let elsewhere = Profile::new(Name::of_service("elsewhere"), serial);
    let elsewhere = elsewhere.self_signed(cluster.setup.pool.take(cluster.setup.key));
    let certificate = Certificate::parse(&elsewhere.certificate.der).expect("a certificate");
    assert_eq!(pinned(&phone.anchors, &certificate), Pinned::OtherCertificate(ListKind::Itl));
    assert!(!is_impostor(&phone.anchors, &certificate));
    let forged = Profile {
        serial: cluster.nodes[0].tvs.certificate.serial.clone(),
        ..cluster.setup.profile("cm1.lab.test")
    };
    let forged = forged.self_signed(cluster.setup.pool.take(cluster.setup.key));
    let forged = Certificate::parse(&forged.certificate.der).expect("a certificate");
    assert!(is_impostor(&phone.anchors, &forged));
}

#[test]
fn an_old_blank_itl_is_not_the_first_of_its_line() {
    let old = mixed();
    let mut phone = Script::booted(&old);
    let pool = old.setup.pool.clone();
    let mut new = Cluster::new(Setup { pool, ..Setup::of(&["new"]) });
    new.update_ctl(&Signer::CallManager(0), Security::Mixed);
    let mut then = new.clone();
    then.set_rollback(Rollback::On);
    then.set_timestamp(1_400_000_000);
    phone.tvs = tvs_of(&new);
    phone.files = new.files();
    phone.files.insert(ITL.to_owned(), then.itl());
    phone.boot();
    assert_ne!(phone.anchors.state(), State::CtlAndBlank);
}
