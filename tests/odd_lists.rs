//! One odd field must not cost the whole list, nor weaken it.

#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

use secd::trust::certificate::Certificate;
use secd::trust::decide::{Signing, signer};
use secd::trust::update::{self, Offer};
use secd::trust::{
    Acceptance, Anchors, Decision, ListKind, Policy, Provenance, Reason, State, Warning, stored,
};
use secd::wire::{Envelope, FileKind, Role as WireRole};
use secd_lab::certificate::{Identity, Profile};
use secd_lab::digest::Digest;
use secd_lab::keys::{Kind as KeyKind, Pool};
use secd_lab::list::{Kind as LabKind, List, Material, Record, Role};
use secd_lab::names::{Layout, Name};
use secd_lab::parts::{Parts, put};
use secd_lab::sign::{Style, signed};

const FILE: &str = "SEP001122334455.cnf.xml.sgn";

/// A token that signs lists, and a file server.
struct Cast {
    token: Identity,
    server: Identity,
}

impl Cast {
    fn new() -> Self {
        Self::of(&Pool::new())
    }

    fn of(pool: &Pool) -> Self {
        let identity = |name: &str| {
            let profile = Profile::new(Name::common(name), pool.serial());
            profile.self_signed(pool.take(KeyKind::Rsa2048))
        };
        Self { token: identity("token"), server: identity("cm1") }
    }

    /// The list of the two, the server's record with this material.
    fn parts(&self, material: Material) -> Parts {
        let mut list = List::new(LabKind::Itl, Layout::CallManager, 10);
        list.records = vec![
            Record::new(Role::SAST, &self.token.certificate),
            Record::new(Role::CCM_TFTP, &self.server.certificate).with(material),
        ];
        Parts::of_list(&list.sign(&self.token))
    }

    /// The list in which one field of one record is changed.
    fn list(&self, material: Material, record: usize, tag: u8, value: &[u8]) -> Vec<u8> {
        let mut parts = self.parts(material);
        put(&mut parts.records[record], tag, value);
        parts.sign(&self.token.key, Digest::Sha1)
    }

    fn file(&self) -> Vec<u8> {
        let style = Style { layout: Layout::CallManager, digest: Digest::Sha1, timestamp: 1 };
        signed(style, &self.server, FILE, b"<device/>")
    }
}

/// What a phone without lists makes of a list: the warnings that are not about algorithms.
fn first_use(bytes: &[u8]) -> Result<Vec<&'static str>, Reason> {
    let offer = Offer { name: "ITLFile.tlv", bytes };
    let policy = Policy::default();
    let accepted = update::list(&Anchors::default(), ListKind::Itl, offer, &policy).unasked()?;
    assert_eq!(accepted.value.provenance(), Provenance::FirstUse);
    let classes = accepted.warnings.iter().map(Warning::class);
    Ok(classes.filter(|class| *class != "sha1").collect())
}

fn installed(bytes: &[u8]) -> Anchors {
    let mut anchors = Anchors::default();
    anchors.install(stored::list(ListKind::Itl, bytes, Acceptance::FirstUse).unwrap());
    anchors
}

/// Whether the lists alone vouch for the signer of a file.
fn knows(anchors: &Anchors, bytes: &[u8]) -> bool {
    let offer = Offer { name: FILE, bytes };
    update::file(anchors, FileKind::Signed, offer, &Policy::default()).unasked().is_ok()
}

/// Names, host, address, the certificate's own signature.
const FOR_PEOPLE: [(u8, &[u8]); 12] = [
    (2, b""),
    (2, b"cm1.m\xfcller.test\0"),
    (3, b""),
    (3, b"\0"),
    (3, b"CN=cm1;O=M\xfcller AG;C=CH\0"),
    (3, b"CN=without a NUL"),
    (5, b""),
    (5, b"CN=\0cm1\0"),
    (8, b""),
    (10, b""),
    (10, b"\x7f\0\0"),
    (10, b"\x7f\0\0\x01\0"),
];

#[test]
fn a_record_with_an_odd_name_or_address_counts_in_full() {
    let cast = Cast::new();
    for (tag, value) in FOR_PEOPLE {
        // The file server's record, then the signer's own.
        for record in [1, 0] {
            let list = cast.list(Material::Certificate, record, tag, value);
            assert_eq!(first_use(&list), Ok(vec!["odd-field"]), "{record}: {tag} {value:?}");
            let anchors = installed(&list);
            assert_eq!(anchors.state(), State::Itl);
            assert!(knows(&anchors, &cast.file()), "{record}: {tag} {value:?}");
        }
    }
}

#[test]
fn a_signer_with_an_odd_name_in_the_header_counts_in_full() {
    let cast = Cast::new();
    for name in [&b"CN=M\xfcller\0"[..], b"\0"] {
        let mut parts = cast.parts(Material::Certificate);
        parts.print_signer(name, name);
        let list = parts.sign(&cast.token.key, Digest::Sha1);
        assert_eq!(first_use(&list), Ok(vec!["odd-field"; 2]));
    }
    // The NUL at the end is the format's.
    for name in [&b"CN=token"[..], b"CN=\0token\0", b""] {
        let mut parts = cast.parts(Material::Certificate);
        parts.print_signer(name, b"CN=token\0");
        let refused = first_use(&parts.sign(&cast.token.key, Digest::Sha1)).unwrap_err();
        assert!(["bad-text", "zero-length-field"].contains(&refused.class()), "{refused:?}");
    }
}

/// Serial number, key, certificate, hash and its algorithm, role.
const ESSENTIAL: [(Material, u8, &[u8]); 13] = [
    (Material::Certificate, 4, b""),
    (Material::Certificate, 4, b"\x02"),
    (Material::Certificate, 4, b"\0\0\x02"),
    (Material::Certificate, 6, b""),
    (Material::Certificate, 7, b""),
    (Material::Certificate, 9, b""),
    (Material::Certificate, 9, b"\x30\x03\x02\x01\x00"),
    (Material::Hash, 6, b""),
    (Material::Hash, 11, b""),
    (Material::Hash, 11, b"nineteen bytes long"),
    (Material::Hash, 12, b""),
    (Material::Hash, 12, b"\x02"),
    (Material::Hash, 12, b"\0\x01"),
];

/// The only file server's record cannot be used: it is for nobody, and signed files are demanded.
#[test]
fn an_unusable_record_is_for_nobody_and_switches_nothing_off() {
    let cast = Cast::new();
    for (material, tag, value) in ESSENTIAL {
        let list = cast.list(material, 1, tag, value);
        assert_eq!(first_use(&list), Ok(vec!["unusable-record"]), "{tag} {value:?}");
        let anchors = installed(&list);
        assert_eq!(anchors.state(), State::Itl, "{tag} {value:?}");
        assert!(anchors.demand_signed_files());
        assert!(!anchors.records(ListKind::Itl).unwrap().is_blank());
        assert!(!knows(&anchors, &cast.file()), "{tag} {value:?}");
        expect_no_first_use(&anchors, &cast);
    }
}

/// The list is still what the next one is verified with.
fn expect_no_first_use(anchors: &Anchors, cast: &Cast) {
    let pool = Pool::new();
    let [_, stranger] = [Cast::of(&pool), Cast::of(&pool)];
    let judge = |by: &Identity, parts: Parts| {
        let bytes = parts.sign(&by.key, Digest::Sha1);
        let file = Envelope::parse(&bytes, FileKind::List).unwrap();
        let unsigned = |_: &Certificate<'_>| Err(Reason::SignatureMismatch);
        let decision = signer::list(anchors, ListKind::Itl, &file.signer, &unsigned);
        assert!(!matches!(decision, Decision::Trust(Signing::Free(_))), "{decision:?}");
        let offer = Offer { name: "ITLFile.tlv", bytes: &bytes };
        update::list(anchors, ListKind::Itl, offer, &Policy::default()).unasked().is_ok()
    };
    assert!(judge(&cast.token, cast.parts(Material::Certificate)));
    assert!(!judge(&stranger.token, stranger.parts(Material::Certificate)));
}

/// A record whose role cannot be read may have been a file server's, whatever else it carries.
#[test]
fn a_blank_list_with_one_unreadable_role_is_not_blank() {
    let cast = Cast::new();
    let blank = || {
        let mut parts = cast.parts(Material::Nothing);
        parts.records.remove(0);
        parts
    };
    let state = |parts: &Parts| installed(&parts.sign(&cast.token.key, Digest::Sha1)).state();
    assert_eq!(state(&blank()), State::Blank);
    let mut odd = blank();
    put(&mut odd.records[0], 4, b"\x02");
    assert_eq!(state(&odd), State::Itl);
    // An unknown role is read: it is none of a file server.
    let mut unknown = cast.parts(Material::Certificate);
    put(&mut unknown.records[1], 4, &[0, 22]);
    assert_eq!(state(&unknown), State::ItlWithoutFiles);
    // Key material that cannot be used is key material.
    for tag in [7, 9] {
        let mut odd = blank();
        for (tag, value) in [(3, &b"CN=a\0"[..]), (5, b"CN=a\0"), (6, b"\x01"), (7, b"key")] {
            put(&mut odd.records[0], tag, value);
        }
        put(&mut odd.records[0], tag, b"");
        assert_eq!(state(&odd), State::Itl, "{tag}");
    }
}

#[test]
fn an_unusable_token_does_not_sign_the_first_list() {
    let cast = Cast::new();
    for (tag, value) in [(4, &b"\0"[..]), (6, b""), (9, b""), (9, b"\x30\x03\x02\x01\x00")] {
        let list = cast.list(Material::Certificate, 0, tag, value);
        assert_eq!(first_use(&list), Err(Reason::WrongSigner), "{tag}");
        let anchors = installed(&list);
        assert_eq!(anchors.records(ListKind::Itl).unwrap().anchors[0].certificate, None);
    }
}

/// Where tolerance ends: a record that contradicts itself, and a structure that does not fit.
#[test]
fn a_contradiction_still_costs_the_list() {
    let cast = Cast::new();
    let der = &cast.server.certificate.der;
    let longer = [&der[..], &[0]].concat();
    let refused = |tag, value: &[u8]| {
        first_use(&cast.list(Material::Certificate, 1, tag, value)).unwrap_err().class()
    };
    assert_eq!(refused(9, &longer), "bad-certificate");
    assert_eq!(refused(6, b"\x01\x02\x03"), "record-mismatch");
    assert_eq!(refused(7, b"another key"), "record-mismatch");
    assert_eq!(refused(8, b"another signature"), "record-mismatch");
    assert_eq!(refused(0, b""), "unknown-tag");
    assert_eq!(refused(11, &[0; 20]), "missing-field");
    let mut twice = cast.parts(Material::Certificate);
    twice.records[1].push((6, b"\x01".to_vec()));
    let twice = first_use(&twice.sign(&cast.token.key, Digest::Sha1)).unwrap_err();
    assert_eq!(twice.class(), "duplicate-tag");
}

#[test]
fn what_cannot_be_read_is_shown_and_logged_with_its_place() {
    let cast = Cast::new();
    let list = cast.list(Material::Certificate, 1, 3, b"CN=M\xfcller\0");
    let anchors = installed(&list);
    let record = &anchors.records(ListKind::Itl).unwrap().anchors[1];
    assert_eq!(record.subject.as_deref(), Some("CN=M\\xfcller"));
    let list = cast.list(Material::Certificate, 1, 4, b"\x02");
    let list = stored::list(ListKind::Itl, &list, Acceptance::FirstUse).unwrap();
    assert_eq!(list.value().anchors[1].role, WireRole::Unreadable);
    let [odd] = list.value().unusable[..] else { panic!("one record") };
    let warning = Warning::UnusableRecord { field: odd.field, offset: odd.offset }.to_string();
    let expected =
        format!("offset {}: unusable role, the record matches no certificate", odd.offset);
    assert_eq!(warning, expected);
}

/// Without any list installed, files are taken from anyone; a list is none of them.
#[test]
fn a_list_under_a_configurations_name_is_refused_as_a_list() {
    let cast = Cast::new();
    let mut parts = cast.parts(Material::Certificate);
    parts.header.insert(2, (28, vec![1, 0]));
    let with_tag_28 = parts.sign(&cast.token.key, Digest::Sha1);
    put(&mut parts.header, 14, format!("{FILE}\0").as_bytes());
    let renamed = parts.sign(&cast.server.key, Digest::Sha1);
    let anchors = installed(&cast.parts(Material::Certificate).sign(&cast.token.key, Digest::Sha1));
    for anchors in [&Anchors::default(), &anchors] {
        for bytes in [&with_tag_28, &renamed] {
            let offer = Offer { name: FILE, bytes };
            let decision = update::file(anchors, FileKind::Signed, offer, &Policy::default());
            let refused = decision.unasked().unwrap_err();
            assert_eq!(refused.class(), "trust-list", "{refused}");
            assert!(refused.to_string().contains("this is a trust list ("), "{refused}");
        }
    }
    assert!(knows(&anchors, &cast.file()), "a signed file is none");
}
