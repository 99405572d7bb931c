//! The layout of lists and files, element by element.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use secd_lab::certificate::Certificate;
use secd_lab::cluster::{Cluster, Rollback, Security, Service, Setup, Signer};
use secd_lab::encrypt::Cipher;
use secd_lab::keys::Kind;
use secd_lab::names::Layout;
use support::{header, header_length, records, tags, value};

/// Origin: vectors, `good/cucm8-like.tlv`: the sizes of the technote's `show itl`.
const CUCM8: &[u8] = include_bytes!("cucm8-like.tlv");

fn record_tags(file: &[u8]) -> Vec<Vec<u8>> {
    records(file).iter().map(|record| tags(record)).collect()
}

#[test]
fn an_itl_has_the_elements_of_the_call_manager() {
    let itl = Cluster::new(Setup { key: Kind::Rsa1024, ..Setup::default() }).itl();
    let plain = |file: &[u8]| {
        let mut tags = tags(&header(file));
        tags.retain(|tag| *tag != 13);
        tags
    };
    assert_eq!(plain(&itl), plain(CUCM8));
    assert_eq!(record_tags(&itl), record_tags(CUCM8));
    let roles = |file: &[u8]| -> Vec<Vec<u8>> {
        records(file).iter().map(|record| value(record, 4).to_vec()).collect()
    };
    assert_eq!(roles(&itl), roles(CUCM8));
    for tag in [1, 8, 10, 11, 14] {
        assert_eq!(value(&header(&itl), tag), value(&header(CUCM8), tag), "tag {tag}");
    }
}

#[test]
fn every_header_is_a_multiple_of_four_and_padded_by_less() {
    for host in ["a", "ab", "abc", "abcd"] {
        for layout in [Layout::CallManager, Layout::Tools] {
            let cluster = Cluster::new(Setup { layout, ..Setup::of(&[host]) });
            for (name, file) in cluster.encrypted_files(Cipher::Aes256) {
                if name.ends_with(".xml") {
                    continue;
                }
                assert_eq!(header_length(&file) % 4, 0, "{name}");
                let padding = tags(&header(&file)).iter().filter(|tag| **tag == 13).count();
                assert!(padding < 4, "{name}");
            }
        }
    }
}

#[test]
fn the_tools_write_28_second_and_the_issuer_before_the_serial() {
    let setup = Setup { layout: Layout::Tools, ..Setup::default() };
    let itl = Cluster::new(setup).itl();
    assert_eq!(tags(&header(&itl))[..8], [1, 2, 28, 3, 4, 6, 5, 7]);
    assert_eq!(record_tags(&itl), vec![vec![1, 3, 5, 6, 4, 7, 8, 9]; 4]);
    assert!(value(&header(&itl), 4).starts_with(b"C=US,O=Lab,OU=Voice,CN="));
}

#[test]
fn a_blank_itl_keeps_its_signer() {
    let mut cluster = Cluster::new(Setup::default());
    cluster.set_rollback(Rollback::On);
    let expected: [&[u8]; 4] =
        [&[1, 2, 3, 4, 5, 6, 7, 8, 9], &[1, 2, 4], &[1, 2, 4], &[1, 2, 3, 4, 5, 6, 7, 8, 11, 12]];
    assert_eq!(record_tags(&cluster.itl()), expected);
}

#[test]
fn a_blank_ctl_record_is_the_host_the_role_and_the_address() {
    let cluster = Cluster::new(Setup { tokens: 1, ..Setup::of(&["172.18.172.2"]) });
    let ctl = cluster.ctl(&Signer::Token(0), Security::NonSecure);
    let [token, blank, capf] = record_tags(&ctl).try_into().unwrap();
    assert_eq!(token, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(blank, [1, 2, 4, 10]);
    assert_eq!(capf, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(value(&records(&ctl)[1], 1), [0, 33]);
}

#[test]
fn files_bear_the_whole_requested_name_and_lists_the_generic_one() {
    let mut cluster = Cluster::new(Setup::default());
    cluster.update_ctl(&Signer::CallManager(0), Security::Mixed);
    let files = cluster.encrypted_files(Cipher::Aes128);
    let name = |file: &str| String::from_utf8(value(&header(&files[file]), 14).to_vec()).unwrap();
    assert_eq!(name("ITLSEP001122334455.tlv"), "ITLFile.tlv\0");
    assert_eq!(name("CTLSEP001122334455.tlv"), "CTLFile.tlv\0");
    assert_eq!(name("Ringlist.xml.sgn"), "Ringlist.xml.sgn\0");
    let encrypted = "SEP001122334455.cnf.xml.enc.sgn";
    assert_eq!(name(encrypted), format!("{encrypted}\0"));
    assert_eq!(
        tags(&header(&files[encrypted]))[14..26],
        [16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27]
    );
}

#[test]
fn files_are_the_same_until_something_changes() {
    let mut cluster = Cluster::new(Setup::default());
    let first = cluster.publish();
    assert_eq!(cluster.files(), first);
    cluster.regenerate(0, Service::Tvs);
    assert_ne!(cluster.publish(), first);
    assert_eq!(cluster.restore(), Some(first));
    assert_eq!(cluster.restore(), None);
}

#[test]
fn a_rename_changes_every_certificate_of_the_node_and_no_other() {
    let mut cluster = Cluster::new(Setup::of(&["a.lab.test", "b.lab.test"]));
    let ders = |cluster: &Cluster| -> Vec<Certificate> {
        cluster.store().into_iter().map(|stored| stored.certificate).collect()
    };
    let before = ders(&cluster);
    cluster.rename(0, "c.lab.test");
    let after = ders(&cluster);
    for (index, (old, new)) in before.iter().zip(&after).enumerate() {
        assert_eq!(old == new, index >= 3, "certificate {index}");
    }
    assert!(cluster.config().xml().contains("<address>c.lab.test</address>"));
}

#[test]
fn the_ctl_stays_as_the_ctl_client_left_it() {
    let mut cluster = Cluster::new(Setup { tokens: 2, ..Setup::default() });
    cluster.update_ctl(&Signer::Token(1), Security::Mixed);
    let before = cluster.files();
    cluster.rename(0, "other.lab.test");
    let after = cluster.files();
    assert_eq!(before["CTLFile.tlv"], after["CTLFile.tlv"]);
    assert_ne!(before["ITLFile.tlv"], after["ITLFile.tlv"]);
}

#[test]
fn clusters_of_one_pool_share_no_key() {
    let setup = Setup::default();
    let (one, two) = (Cluster::new(setup.clone()), Cluster::new(setup));
    for (old, new) in one.store().iter().zip(two.store()) {
        assert_ne!(old.certificate.public_key, new.certificate.public_key);
        assert_ne!(old.certificate.serial, new.certificate.serial);
    }
}

#[test]
fn itlrecovery_signs_where_there_is_one() {
    let cluster = Cluster::new(Setup { recovery: true, ..Setup::default() });
    let itl = cluster.itl();
    let recovery = cluster.recovery.as_ref().unwrap();
    assert_eq!(value(&header(&itl), 5), recovery.certificate.serial);
    assert_eq!(value(&records(&itl)[0], 6), recovery.certificate.serial);
}
