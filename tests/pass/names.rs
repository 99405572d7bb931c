//! Lists as the field has them (`tests/field/ORIGIN.md`), judged alone and in a pass.

use std::fs;
use std::path::Path;

use super::script::{Script, Tvs};
use secd::boot::{Configured, Listed};
use secd::trust::update::{self, Offer};
use secd::trust::{
    Acceptance, Anchors, ListKind, Policy, Provenance, Reason, State, Unanswered, Unvouched,
    Voucher, tvs,
};
use secd::wire::tvs::{Response, Status};
use secd::wire::{Envelope, FileKind, Role, list};
use secd_lab::certificate::Profile;
use secd_lab::cluster::{Cluster, Setup};
use secd_lab::keys::Kind as KeyKind;
use secd_lab::names::Name;
use secd_lab::parts::{Field, Parts, put};

/// CTLs whose signers' names are printed in five ways.
const PRINTS: [&str; 5] =
    ["etoken", "comma", "ad-ca-without-DC", "public-ca-inc", "mail-attribute"];

const CTL: &str = "CTLSEP001122334455.tlv";

fn ctl(print: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field");
    let path = folder.join(format!("f03-CTLFile-{print}.tlv"));
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The certificate of the first token in a list, which signed it.
fn token(bytes: &[u8]) -> Vec<u8> {
    let file = Envelope::parse(bytes, FileKind::List).expect("a list");
    let records = list::parse(file.body(), file.header_length).expect("records");
    let token = records.iter().find(|record| record.role == Role::Sast).expect("a token");
    token.certificate.expect("its certificate").to_vec()
}

/// A TVS that has one certificate in its store, and says so whatever the names.
fn knows(certificate: Vec<u8>, roles: &[Role]) -> Tvs {
    let roles = roles.to_vec();
    Box::new(move |_, query| {
        let response = Response {
            status: Status::Trusted,
            roles: Some(roles.clone()),
            ttl: None,
            certificate: Some(&certificate),
            unknown: Vec::new(),
        };
        tvs::signer(query, &response).map_err(Unanswered::Unvouched)
    })
}

/// A phone in force with a cluster's ITL, to which a CTL comes.
fn offered(bytes: &[u8], tvs: Tvs) -> (Script, Option<Listed>) {
    let mut phone = Script::booted(&Cluster::new(Setup::default()));
    assert_eq!(phone.anchors.state(), State::Itl);
    phone.files.insert(CTL.to_owned(), bytes.to_vec());
    phone.tvs = tvs;
    let outcome = phone.boot();
    (phone, outcome.ctl)
}

#[test]
fn a_ctl_whose_signer_only_tvs_knows_is_installed_however_names_are_printed() {
    for print in PRINTS {
        let bytes = ctl(print);
        let (phone, listed) = offered(&bytes, knows(token(&bytes), &[Role::Sast, Role::Tftp]));
        let Some(Listed::Installed { acceptance, .. }) = listed else {
            panic!("{print}: {listed:?}")
        };
        assert_eq!(acceptance, Acceptance::Chained(Voucher::Tvs), "{print}");
        assert_eq!(phone.anchors.state(), State::Both, "{print}");
    }
}

#[test]
fn a_ctl_whose_signer_tvs_does_not_know_is_refused() {
    for print in PRINTS {
        let bytes = ctl(print);
        let unknown = || -> Tvs { Box::new(|_, _| Err(Unanswered::Unvouched(Unvouched::Invalid))) };
        let other_role = || knows(token(&bytes), &[Role::Tftp]);
        let other_number =
            || knows(token(&ctl(PRINTS[usize::from(print == PRINTS[0])])), &[Role::Sast]);
        for tvs in [unknown(), other_role(), other_number()] {
            let (phone, listed) = offered(&bytes, tvs);
            assert!(matches!(listed, Some(Listed::Refused { .. })), "{print}: {listed:?}");
            assert_eq!(phone.anchors.state(), State::Itl);
        }
    }
}

/// The number of the signer and a role are not enough: its key has to have signed.
#[test]
fn another_key_under_the_signers_number_is_a_mismatch() {
    let bytes = ctl("etoken");
    let file = Envelope::parse(&bytes, FileKind::List).expect("a list");
    let cluster = Cluster::new(Setup::default());
    let profile = Profile::new(Name::common("token"), file.signer.serial.bytes().to_vec());
    let other = profile.self_signed(cluster.setup.pool.take(KeyKind::Rsa2048)).certificate;
    let (_, listed) = offered(&bytes, knows(other.der, &[Role::Sast]));
    let Some(Listed::Refused { reason, .. }) = listed else { panic!("{listed:?}") };
    assert_eq!(reason, Reason::SignatureMismatch);
}

#[test]
fn a_first_ctl_is_its_tokens_however_names_are_printed() {
    for print in PRINTS {
        let bytes = ctl(print);
        let offer = Offer { name: CTL, bytes: &bytes };
        let policy = Policy::default();
        let accepted = update::list(&Anchors::default(), ListKind::Ctl, offer, &policy).unasked();
        let provenance = accepted.expect("its own token signed it").value.provenance();
        assert_eq!(provenance, Provenance::FirstUse, "{print}");
    }
}

/// The only file server's record cannot be used: nothing is taken unsigned for that, and no list on
/// first use.
#[test]
fn a_first_list_without_a_usable_file_server_still_demands_signatures() {
    let cluster = Cluster::new(Setup::default());
    let mut parts = Parts::of_list(&cluster.itl());
    let server = |record: &&mut Vec<Field>| record.contains(&(4, vec![0, 2]));
    for record in parts.records.iter_mut().filter(server) {
        put(record, 6, b"");
    }
    let key = &cluster.signer(&cluster.itl_signer).key;
    let mut phone = Script::new(cluster.files());
    let itl = parts.sign(key, cluster.setup.digest);
    phone.files.insert("ITLSEP001122334455.tlv".to_owned(), itl);
    phone.files.insert("SEP001122334455.cnf.xml".to_owned(), b"<device/>".to_vec());
    let outcome = phone.boot();
    assert_eq!(phone.anchors.state(), State::Itl);
    assert!(phone.names().contains(&"ListOdd"));
    assert!(!phone.asked.contains(&"SEP001122334455.cnf.xml".to_owned()), "{:?}", phone.asked);
    assert!(matches!(outcome.configuration, Some(Configured::Refused { .. })), "{outcome:?}");
    let stranger =
        Cluster::new(Setup { pool: cluster.setup.pool.clone(), ..Setup::of(&["x.test"]) });
    phone.files = stranger.files();
    assert!(matches!(phone.boot().itl, Some(Listed::Refused { .. })));
}
