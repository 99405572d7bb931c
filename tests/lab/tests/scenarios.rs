//! How the rows of the acceptance tables (domain.md, section 9) are set up, and that each cluster
//! then offers what its row says.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use secd_lab::cluster::{Cluster, Files, Rollback, Security, Service, Setup, Signer};
use secd_lab::list::{Kind, List, Record, Role};
use secd_lab::names::Layout;
use support::{header, records, value};

/// Whether `list` holds the signer of `file` with this role.
fn vouches(list: &[u8], role: Role, file: &[u8]) -> bool {
    let header = header(file);
    let signer = value(&header, 5);
    records(list).iter().any(|record| {
        let serial = record.iter().find(|(tag, _)| *tag == 6);
        let role = value(record, 4) == role.0.to_be_bytes();
        role && serial.is_some_and(|(_, serial)| serial == signer)
    })
}

fn tvs_serials(itl: &[u8]) -> Vec<Vec<u8>> {
    let records = records(itl);
    let tvs = records.iter().filter(|record| value(record, 4) == Role::TVS.0.to_be_bytes());
    tvs.map(|record| value(record, 6).to_vec()).collect()
}

const ITL: &str = "ITLSEP001122334455.tlv";
const CTL: &str = "CTLSEP001122334455.tlv";
const CONFIG: &str = "SEP001122334455.cnf.xml.sgn";

#[test]
fn b1_is_a_cluster_without_lists() {
    let mut files = Cluster::new(Setup::default()).files();
    files.retain(|name, _| name.ends_with(".xml"));
    assert_eq!(files.len(), 2);
}

#[test]
fn b3_and_b4_differ_in_the_moment_of_the_ctl_client() {
    let mut cluster = Cluster::new(Setup { tokens: 2, ..Setup::default() });
    cluster.update_ctl(&Signer::Token(0), Security::Mixed);
    let files = cluster.files();
    assert!(vouches(&files[CTL], Role::SAST, &files[CTL]));
    assert!(vouches(&files[CTL], Role::CCM_TFTP, &files[ITL]));
    cluster.regenerate(0, Service::CallManager);
    let files = cluster.files();
    assert!(!vouches(&files[CTL], Role::CCM_TFTP, &files[ITL]));
}

#[test]
fn b13_is_a_list_of_ones_own() {
    let cluster = Cluster::new(Setup::default());
    let signer = &cluster.nodes[0].callmanager;
    let mut list = List::new(Kind::Itl, Layout::Tools, cluster.timestamp());
    let roles = [Role::SAST, Role::CCM, Role::APP_SERVER];
    list.records = roles.map(|role| Record::new(role, &signer.certificate)).to_vec();
    let itl = list.sign(signer);
    assert_eq!(records(&itl).len(), 3);
    assert!(vouches(&itl, Role::SAST, &itl));
}

#[test]
fn r1_asks_tvs_and_r3_has_nobody_to_ask() {
    let mut cluster = Cluster::new(Setup::default());
    let old = cluster.publish();
    cluster.regenerate(0, Service::CallManager);
    let new = cluster.publish();
    assert!(!vouches(&old[ITL], Role::SAST, &new[ITL]));
    assert_eq!(tvs_serials(&old[ITL]), tvs_serials(&new[ITL]));
    assert!(vouches(&new[ITL], Role::CCM_TFTP, &new[CONFIG]));
    cluster.regenerate(0, Service::Tvs);
    assert_ne!(tvs_serials(&old[ITL]), tvs_serials(&cluster.publish()[ITL]));
}

#[test]
fn r4_leaves_the_second_node_as_it_was() {
    let mut cluster = Cluster::new(Setup::of(&["a.lab.test", "b.lab.test"]));
    let old = cluster.publish();
    cluster.rename(0, "c.lab.test");
    let new = cluster.publish();
    assert_ne!(tvs_serials(&old[ITL])[0], tvs_serials(&new[ITL])[0]);
    assert_eq!(tvs_serials(&old[ITL])[1], tvs_serials(&new[ITL])[1]);
}

#[test]
fn r7_to_r9_go_by_itlrecovery() {
    let mut cluster = Cluster::new(Setup { recovery: true, ..Setup::default() });
    let first = cluster.itl();
    cluster.regenerate(0, Service::CallManager);
    let second = cluster.itl();
    assert!(vouches(&first, Role::SAST, &second));
    cluster.regenerate_recovery();
    cluster.itl_signer = Signer::CallManager(0);
    let third = cluster.itl();
    assert!(vouches(&second, Role::SAST, &third));
    cluster.itl_signer = Signer::Recovery;
    assert!(vouches(&third, Role::SAST, &cluster.itl()));
}

#[test]
fn h3b_comes_back_by_the_tokens() {
    let mut cluster = Cluster::new(Setup { tokens: 2, ..Setup::default() });
    cluster.update_ctl(&Signer::Token(0), Security::Mixed);
    let old = cluster.publish();
    cluster.rename(0, "new.lab.test");
    let broken = cluster.publish();
    assert_eq!(old[CTL], broken[CTL]);
    cluster.update_ctl(&Signer::Token(1), Security::Mixed);
    let repaired = cluster.publish();
    assert!(vouches(&old[CTL], Role::SAST, &repaired[CTL]));
    assert!(vouches(&repaired[CTL], Role::CCM_TFTP, &repaired[ITL]));
}

#[test]
fn m3_imports_the_new_cluster_into_the_old_ones_store() {
    let mut old = Cluster::new(Setup::of(&["old.lab.test"]));
    let new = Cluster::new(Setup { pool: old.setup.pool.clone(), ..Setup::of(&["new.lab.test"]) });
    let foreign = &new.nodes[0].callmanager.certificate;
    assert!(!vouches(&old.itl(), Role::SAST, &new.itl()));
    old.import(foreign, &[Role::SAST, Role::TFTP]);
    assert!(old.store().iter().any(|stored| stored.certificate == *foreign));
}

#[test]
fn d3_signs_with_a_key_that_is_not_listed_and_d4_puts_older_files_back() {
    let mut cluster = Cluster::new(Setup::default());
    let lost = Signer::Identity(Box::new(cluster.nodes[0].callmanager.clone()));
    let old = cluster.publish();
    cluster.regenerate(0, Service::CallManager);
    let corrupt = cluster.itl_of(0, &lost);
    assert!(!vouches(&corrupt, Role::SAST, &corrupt));
    let new = cluster.publish();
    assert!(value(&header(&old[ITL]), 15) < value(&header(&new[ITL]), 15));
    assert_eq!(cluster.restore(), Some(old));
}

#[test]
fn d5_serves_from_another_node() {
    let mut cluster = Cluster::new(Setup::of(&["a.lab.test", "b.lab.test"]));
    cluster.serve_from(1);
    let files = cluster.files();
    let signer = &cluster.nodes[1].callmanager.certificate;
    assert_eq!(value(&header(&files[CONFIG]), 5), signer.serial);
    assert!(vouches(&files[ITL], Role::SAST, &files[ITL]));
}

#[test]
fn t3_mixes_the_files_of_two_clusters() {
    let central = Cluster::new(Setup::of(&["central.lab.test"]));
    let setup = Setup { pool: central.setup.pool.clone(), ..Setup::of(&["home.lab.test"]) };
    let mut files: Files = Cluster::new(setup).files();
    files.retain(|name, _| name.ends_with(".xml"));
    files.insert("ITLFile.tlv".to_owned(), central.itl());
    assert_eq!(files.len(), 3);
}

#[test]
fn p1_and_p5_differ_in_who_signs_the_blank_list() {
    let mut cluster = Cluster::new(Setup::default());
    let full = cluster.itl();
    cluster.set_rollback(Rollback::On);
    assert!(vouches(&full, Role::SAST, &cluster.itl()));
    cluster.regenerate(0, Service::CallManager);
    assert!(!vouches(&full, Role::SAST, &cluster.itl()));
    cluster.set_rollback(Rollback::Off);
    let itl = cluster.itl();
    assert!(vouches(&itl, Role::CCM_TFTP, &itl));
}
