//! Identity is serial number, key and hash: what a printed name can do, and where that ends.

#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

use std::cell::Cell;
use std::sync::LazyLock;
use std::time::Duration;

use proptest::prelude::{ProptestConfig, proptest};
use proptest::{collection, prop_assert};
use rustls::pki_types::{ServerName, UnixTime};
use secd::trust::certificate::Certificate;
use secd::trust::decide::{self, AtHand, Signing, candidates, signer};
use secd::trust::peer::{AuthorityPaths, Pinned, ShownChain, pinned};
use secd::trust::signature::Unverified;
use secd::trust::update::{self, Offer};
use secd::trust::{
    Acceptance, Anchors, Cache, Decision, ListKind, Policy, Provenance, Purpose, Reason, State,
    Voucher, stored,
};
use secd::wire::{Envelope, FileKind};
use secd_lab::certificate::{Identity, Profile};
use secd_lab::digest::Digest;
use secd_lab::keys::{KeyPair, Kind as KeyKind, Pool};
use secd_lab::list::{Kind as LabKind, List, Material, Record, Role};
use secd_lab::names::{Layout, Name};
use secd_lab::parts::{Parts, put, remove};
use secd_lab::sign::{Style, signed};

const FILE: &str = "SEP001122334455.cnf.xml.sgn";

/// A certificate with this common name and serial number.
fn identity(name: &str, serial: u8, key: &KeyPair) -> Identity {
    Profile::new(Name::common(name), vec![serial; 9]).self_signed(key.clone())
}

fn key(pool: &Pool) -> KeyPair {
    pool.take(KeyKind::Rsa2048)
}

fn list(kind: LabKind, records: Vec<Record>, by: &Identity) -> Vec<u8> {
    let mut list = List::new(kind, Layout::CallManager, 1);
    list.records = records;
    list.sign(by)
}

fn installed(lists: &[(ListKind, &[u8])]) -> Anchors {
    let mut anchors = Anchors::default();
    for (kind, bytes) in lists {
        anchors.install(stored::list(*kind, bytes, Acceptance::FirstUse).unwrap());
    }
    anchors
}

fn file(by: &Identity) -> Vec<u8> {
    let style = Style { layout: Layout::CallManager, digest: Digest::Sha1, timestamp: 1 };
    signed(style, by, FILE, b"<device/>")
}

/// The file with the signer's names in another print.
fn printed(by: &Identity, subject: &[u8], issuer: &[u8]) -> Vec<u8> {
    let mut parts = Parts::of_file(&file(by));
    parts.print_signer(subject, issuer);
    parts.sign(&by.key, Digest::Sha1)
}

/// Who vouches for the signer of a file, or why nobody does.
fn judged(anchors: &Anchors, bytes: &[u8]) -> Result<Voucher, Reason> {
    let offer = Offer { name: FILE, bytes };
    let accepted = update::file(anchors, FileKind::Signed, offer, &Policy::default()).unasked()?;
    match accepted.value {
        update::Content::Verified(signed) => match signed.file.provenance() {
            Provenance::Chained(voucher) => Ok(voucher),
            other => panic!("{other:?}"),
        },
        update::Content::Unchecked(_) => panic!("signed files are demanded"),
    }
}

/// An ITL with one file server, printed by its certificate's names.
fn one_server(server: &Identity) -> Anchors {
    let records = vec![Record::new(Role::CCM_TFTP, &server.certificate)];
    installed(&[(ListKind::Itl, &list(LabKind::Itl, records, server))])
}

/// As tokens and call managers print names in the field.
const PRINTS: [(&[u8], &[u8]); 4] = [
    (b"cn=\"SAST-LAB00112233        \";ou=IPCBU;o=\"Lab Systems\0", b"cn=Lab CA;o=Lab\0"),
    (b"CN=cm1;O=Lab, Inc.;C=US\0", b"emailAddress=pki@lab.test;CN=Lab Root\0"),
    (b"CN=M\xfcller\0", b"CN=M\xfcller\0"),
    (b"\0", b"\0"),
];

#[test]
fn a_listed_signer_is_known_however_its_names_are_printed() {
    let pool = Pool::new();
    let server = identity("cm1", 1, &key(&pool));
    let anchors = one_server(&server);
    for (subject, issuer) in PRINTS {
        assert_eq!(judged(&anchors, &printed(&server, subject, issuer)), Ok(Voucher::Itl));
    }
}

#[test]
fn another_serial_number_or_key_under_the_same_names_is_refused() {
    let pool = Pool::new();
    let server = identity("cm1", 1, &key(&pool));
    let anchors = one_server(&server);
    assert_eq!(judged(&anchors, &file(&server)), Ok(Voucher::Itl));
    let other_serial = identity("cm1", 2, &server.key);
    assert_eq!(judged(&anchors, &file(&other_serial)), Err(Reason::WrongSigner));
    let other_key = identity("cm1", 1, &key(&pool));
    assert_eq!(judged(&anchors, &file(&other_key)), Err(Reason::SignatureMismatch));
    for (subject, issuer) in PRINTS {
        let forged = printed(&other_key, subject, issuer);
        assert_eq!(judged(&anchors, &forged), Err(Reason::SignatureMismatch));
    }
}

/// A stranger may have a listed serial number by chance: TVS is asked about it as ever.
#[test]
fn a_stranger_of_a_listed_number_is_still_asked_about() {
    let pool = Pool::new();
    let tvs = identity("tvs", 9, &key(&pool));
    let server = identity("cm1", 1, &key(&pool));
    let anchors = one_server(&server);
    let stranger = identity("elsewhere", 1, &tvs.key);
    let bytes = file(&stranger);
    let offer = Offer { name: FILE, bytes: &bytes };
    let decision = update::file(&anchors, FileKind::Signed, offer, &Policy::default());
    assert!(matches!(decision, Decision::Ask(_)), "{decision:?}");
}

#[test]
fn of_several_keys_under_a_number_the_one_that_signed_counts() {
    let pool = Pool::new();
    let servers: Vec<_> = ["a", "b", "c"].map(|name| identity(name, 1, &key(&pool))).into();
    let records = |servers: &[Identity]| {
        servers.iter().map(|it| Record::new(Role::TFTP, &it.certificate)).collect()
    };
    // The second is in both lists, and twice in one.
    let ctl = list(LabKind::Ctl, records(&servers[..2]), &servers[0]);
    let itl = [&servers[1..], &servers[1..]].concat();
    let itl = list(LabKind::Itl, records(&itl), &servers[0]);
    let anchors = installed(&[(ListKind::Ctl, &ctl), (ListKind::Itl, &itl)]);
    assert_eq!(anchors.state(), State::Both);
    let (subject, issuer) = PRINTS[0];
    let by = [Voucher::Ctl, Voucher::Ctl, Voucher::Itl];
    for (server, by) in servers.iter().zip(by) {
        assert_eq!(judged(&anchors, &printed(server, subject, issuer)), Ok(by));
    }
    let stranger = identity("d", 1, &key(&pool));
    let forged = printed(&stranger, subject, issuer);
    assert_eq!(judged(&anchors, &forged), Err(Reason::SignatureMismatch));
}

/// Where a record prints the names, no other is tried; else no more than eight are.
#[test]
fn signature_checks_are_few() {
    let pool = Pool::new();
    let kinds = [(KeyKind::P256, 4), (KeyKind::P384, 2), (KeyKind::Rsa2048, 4)];
    let keys = kinds.into_iter().flat_map(|(kind, count)| vec![kind; count]);
    let keys: Vec<_> = keys.map(|kind| pool.take(kind)).collect();
    let (signer, others) = keys.split_last().unwrap();
    assert!(others.len() > candidates::MAX_CANDIDATES);
    let mut servers: Vec<_> = others.iter().map(|key| identity("x", 1, key)).collect();
    servers.push(identity("last", 1, signer));
    let server = servers.last().unwrap();
    let records = servers.iter().map(|it| Record::new(Role::TFTP, &it.certificate)).collect();
    let anchors = installed(&[(ListKind::Itl, &list(LabKind::Itl, records, server))]);
    let checks = |bytes: &[u8]| {
        let count = Cell::new(0);
        let file = Envelope::parse(bytes, FileKind::Signed).unwrap();
        let policy = Policy::default();
        let unverified = Unverified::new(&file, &policy);
        let counted = |by: &Certificate<'_>| {
            count.set(count.get() + 1);
            unverified.verify(by)
        };
        let trusted = matches!(
            signer::file(&anchors, &file.signer, &counted),
            Decision::Trust(Signing::Listed(_))
        );
        (count.get(), trusted)
    };
    assert_eq!(checks(&file(server)), (1, true));
    let (subject, issuer) = PRINTS[0];
    let odd = printed(server, subject, issuer);
    assert_eq!(checks(&odd), (candidates::MAX_CANDIDATES, false));
}

#[test]
fn a_first_list_is_its_tokens_however_the_names_are_printed() {
    let pool = Pool::new();
    let token = identity("token", 1, &key(&pool));
    let records = vec![Record::new(Role::SAST, &token.certificate)];
    let mut parts = Parts::of_list(&list(LabKind::Ctl, records, &token));
    let judge = |bytes: &[u8]| {
        let offer = Offer { name: "CTLFile.tlv", bytes };
        let policy = Policy::default();
        update::list(&Anchors::default(), ListKind::Ctl, offer, &policy).unasked().map(|_| ())
    };
    for (subject, issuer) in PRINTS {
        parts.print_signer(subject, issuer);
        assert_eq!(judge(&parts.sign(&token.key, Digest::Sha1)), Ok(()));
        let forged = parts.sign(&key(&pool), Digest::Sha1);
        assert_eq!(judge(&forged), Err(Reason::SignatureMismatch));
    }
}

const PURPOSES: [(Purpose, Role); 5] = [
    (Purpose::Capf, Role::CAPF),
    (Purpose::HttpsProvisioning, Role::TFTP),
    (Purpose::HttpsService, Role::APP_SERVER),
    (Purpose::Signalling, Role::CCM),
    (Purpose::Tvs, Role::TVS),
];

/// Whether the lists vouch for a peer by a record of its own.
fn listed(anchors: &Anchors, purpose: Purpose, certificate: &[u8]) -> bool {
    let name = ServerName::try_from("localhost").unwrap();
    let (name, paths) = (Some(&name), AuthorityPaths::Count);
    let shown = ShownChain { purpose, certificate, intermediates: &[], name, paths };
    let now = Some(UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000)));
    let cache = Cache::default();
    let at_hand = AtHand { anchors, cache: &cache, now, instant: Duration::ZERO };
    let peer = matches!(decide::peer(shown, &at_hand).verdict, Decision::Trust(_));
    if purpose == Purpose::Tvs {
        let certificate = Certificate::parse(certificate).unwrap();
        assert_eq!(peer, matches!(pinned(anchors, &certificate), Pinned::Fits(_)));
    }
    peer
}

/// The lists in which the only record of a server is changed.
fn changed(server: &Identity, role: Role, with: Material, change: fn(&mut Parts)) -> Anchors {
    let record = Record::new(role, &server.certificate).with(with);
    let mut parts = Parts::of_list(&list(LabKind::Itl, vec![record], server));
    change(&mut parts);
    installed(&[(ListKind::Itl, &parts.sign(&server.key, Digest::Sha1))])
}

#[test]
fn a_record_with_neither_certificate_nor_hash_is_for_nobody() {
    let pool = Pool::new();
    let server = identity("server", 1, &key(&pool));
    let der = &server.certificate.der;
    for (purpose, role) in PURPOSES {
        let control = |material| changed(&server, role, material, |_| ());
        assert!(listed(&control(Material::Certificate), purpose, der), "{purpose}");
        assert!(listed(&control(Material::Hash), purpose, der), "{purpose}");
        // Names, serial number and public key stay.
        let bare = changed(&server, role, Material::Certificate, |parts| {
            remove(&mut parts.records[0], 9);
        });
        assert!(!listed(&bare, purpose, der), "{purpose}");
    }
    for role in [Role::SAST, Role::CCM_TFTP, Role::TFTP] {
        let bare = changed(&server, role, Material::Certificate, |parts| {
            remove(&mut parts.records[0], 9);
        });
        let bytes = file(&server);
        let signer = Envelope::parse(&bytes, FileKind::Signed).unwrap().signer;
        let anyone = |_: &Certificate<'_>| panic!("nobody is to be tried");
        for kind in ListKind::ALL {
            let decision = signer::list(&bare, kind, &signer, &anyone);
            assert!(!matches!(decision, Decision::Trust(Signing::Listed(_))), "{decision:?}");
        }
        let decision = signer::file(&bare, &signer, &anyone);
        assert!(!matches!(decision, Decision::Trust(Signing::Listed(_))), "{decision:?}");
    }
}

#[test]
fn a_server_listed_by_hash_is_known_however_its_issuer_is_printed() {
    let pool = Pool::new();
    let server = identity("server", 1, &key(&pool));
    for (purpose, role) in PURPOSES {
        let anchors = changed(&server, role, Material::Hash, |parts| {
            put(&mut parts.records[0], 3, b"cn=\"cut at the comma\0");
            put(&mut parts.records[0], 5, b"CN=M\xfcller\0");
        });
        assert!(listed(&anchors, purpose, &server.certificate.der), "{purpose}");
    }
}

#[test]
fn a_hash_record_is_for_one_hash_one_number_and_one_key() {
    let pool = Pool::new();
    let server = identity("server", 1, &key(&pool));
    let same_names = identity("server", 1, &key(&pool));
    for (purpose, role) in PURPOSES {
        let anchors = changed(&server, role, Material::Hash, |_| ());
        assert!(!listed(&anchors, purpose, &same_names.certificate.der), "{purpose}: hash");
        let number = changed(&server, role, Material::Hash, |parts| {
            put(&mut parts.records[0], 6, &[2; 9]);
        });
        assert!(!listed(&number, purpose, &server.certificate.der), "{purpose}: number");
        let other_key = changed(&server, role, Material::Hash, |parts| {
            let (_, key) = parts.records[0].iter_mut().find(|(tag, _)| *tag == 7).unwrap();
            key[20] ^= 1;
        });
        assert!(!listed(&other_key, purpose, &server.certificate.der), "{purpose}: key");
    }
    let certificate = Certificate::parse(&same_names.certificate.der).unwrap();
    let anchors = changed(&server, Role::TVS, Material::Hash, |_| ());
    assert_eq!(pinned(&anchors, &certificate), Pinned::OtherCertificate(ListKind::Itl));
}

/// Two serial numbers, two names and two keys in every combination, with a file that each signed.
static CAST: LazyLock<Vec<(Identity, Vec<u8>)>> = LazyLock::new(|| {
    let pool = Pool::new();
    let keys = [key(&pool), key(&pool)];
    let mut cast = Vec::new();
    for serial in [1, 2] {
        for name in ["a", "b"] {
            cast.extend(keys.iter().map(|key| {
                let identity = identity(name, serial, key);
                let file = file(&identity);
                (identity, file)
            }));
        }
    }
    cast
});

const ROLES: [Role; 4] = [Role::SAST, Role::CCM, Role::CCM_TFTP, Role::TFTP];

/// What was accepted when names decided: of each list in turn, the one certificate under the
/// signer's number and names.
fn accepted_by_names(lists: [&[(usize, usize)]; 2], signer: &Identity) -> bool {
    for list in lists {
        let mut fitting: Vec<_> = list
            .iter()
            .filter(|(_, role)| [Role::CCM_TFTP, Role::TFTP].contains(&ROLES[*role]))
            .map(|(who, _)| &CAST[*who].0.certificate)
            .filter(|listed| {
                listed.serial == signer.certificate.serial
                    && listed.subject == signer.certificate.subject
            })
            .collect();
        fitting.dedup_by(|one, other| one.der == other.der);
        if let [only] = fitting[..] {
            return only.public_key == signer.certificate.public_key;
        }
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn what_was_accepted_by_names_still_is_and_nothing_without_a_listed_key(
        ctl in collection::vec((0_usize..8, 0_usize..4), 0..5),
        itl in collection::vec((0_usize..8, 0_usize..4), 0..5),
        who in 0_usize..8,
    ) {
        let pool = Pool::new();
        let other = identity("other", 7, &key(&pool));
        let lists = [(LabKind::Ctl, &ctl), (LabKind::Itl, &itl)].map(|(kind, records)| {
            let records = records.iter().map(|(who, role)| {
                Record::new(ROLES[*role], &CAST[*who].0.certificate)
            });
            // So that both lists are in force.
            let server = Record::new(Role::TFTP, &other.certificate);
            list(kind, records.chain([server]).collect(), &other)
        });
        let anchors = installed(&[(ListKind::Ctl, &lists[0]), (ListKind::Itl, &lists[1])]);
        let (signer, bytes) = &CAST[who];
        let accepted = judged(&anchors, bytes).is_ok();
        if accepted_by_names([&ctl, &itl], signer) {
            prop_assert!(accepted);
        }
        let has_key = ctl.iter().chain(&itl).any(|(who, role)| {
            let listed = &CAST[*who].0.certificate;
            [Role::CCM_TFTP, Role::TFTP].contains(&ROLES[*role])
                && listed.serial == signer.certificate.serial
                && listed.public_key == signer.certificate.public_key
        });
        prop_assert!(!accepted || has_key);
    }
}
