//! What an answer of the Trust Verification Service can do, and what it cannot, with the test
//! vectors' files whose signer no list knows.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secd::trust::update::{self, Content, Offer};
use secd::trust::{
    Acceptance, Accepted, Anchors, Decision, Doubtful, ListKind, Policy, Proofs, Provenance,
    Purpose, Query, Reason, TrustList, Unvouched, Verified, Vouched, Voucher, Warning, stored, tvs,
};
use secd::wire::tvs::{Response, Status};
use secd::wire::{FileKind, Role};

fn read(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(file);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn certificate(name: &str) -> Vec<u8> {
    let pem = read(&format!("certs/{name}.pem"));
    CertificateDer::from_pem_slice(&pem).expect("a certificate").to_vec()
}

fn anchors() -> Anchors {
    let mut anchors = Anchors::default();
    let list = read("trust/itl-2048-sha1.tlv");
    anchors.install(stored::list(ListKind::Itl, &list, Acceptance::FirstUse).expect("a list"));
    anchors
}

fn trusted<'a>(certificate: &'a [u8], roles: &[Role]) -> Response<'a> {
    Response {
        status: Status::Trusted,
        roles: (!roles.is_empty()).then(|| roles.to_vec()),
        ttl: Some(Duration::from_secs(86_400)),
        certificate: Some(certificate),
        unknown: Vec::new(),
    }
}

const FILE: &str = "SEP001122334455.cnf.xml.sgn";

fn list_query(bytes: &[u8]) -> Query {
    let offer = Offer { name: "ITLFile.tlv", bytes };
    match update::list(&anchors(), ListKind::Itl, offer, &Policy::default()) {
        Decision::Ask(Doubtful::Signer(query)) => query,
        other => panic!("expected a question, got {other:?}"),
    }
}

fn judged(
    offer: Offer<'_>,
    policy: &Policy,
    vouched: Vouched,
) -> Result<Accepted<Verified<TrustList>>, Reason> {
    let proofs = Proofs::from(vouched);
    update::list_with(&anchors(), ListKind::Itl, offer, policy, &proofs).unasked()
}

fn file_query(bytes: &[u8]) -> Query {
    let offer = Offer { name: FILE, bytes };
    match update::file(&anchors(), FileKind::Signed, offer, &Policy::default()) {
        Decision::Ask(query) => query,
        other => panic!("expected a question, got {other:?}"),
    }
}

fn vouched(query: &Query, certificate: &[u8], roles: &[Role]) -> Vouched {
    tvs::signer(query, &trusted(certificate, roles)).expect("an answer that vouches")
}

#[test]
fn a_list_by_a_signer_that_the_service_knows_is_accepted() {
    let bytes = read("bad/update-by-stranger.tlv");
    let vouched = vouched(&list_query(&bytes), &certificate("newsast"), &[Role::Sast]);
    let offer = Offer { name: "ITLFile.tlv", bytes: &bytes };
    let policy = Policy::default();
    let accepted = judged(offer, &policy, vouched);
    let provenance = accepted.expect("accepted").value.provenance();
    assert_eq!(provenance, Provenance::Chained(Voucher::Tvs));
}

#[test]
fn a_file_by_a_signer_that_the_service_knows_is_accepted() {
    let bytes = read("bad/sgn-unknown-signer.sgn");
    let roles = [Role::Sast, Role::Tftp];
    let vouched = vouched(&file_query(&bytes), &certificate("other"), &roles);
    let offer = Offer { name: FILE, bytes: &bytes };
    let policy = Policy::default();
    let accepted = update::file_vouched(&anchors(), FileKind::Signed, offer, &policy, &vouched);
    let Content::Verified(signed) = accepted.expect("accepted").value else { panic!("unchecked") };
    assert_eq!(signed.file.provenance(), Provenance::Chained(Voucher::Tvs));
}

#[test]
fn the_other_checks_of_a_file_still_hold() {
    let bytes = read("bad/sgn-unknown-signer.sgn");
    let vouched = vouched(&file_query(&bytes), &certificate("other"), &[Role::Tftp]);
    let judge = |name, bytes: &[u8]| {
        let offer = Offer { name, bytes };
        let policy = Policy::default();
        update::file_vouched(&anchors(), FileKind::Signed, offer, &policy, &vouched).map(|_| ())
    };
    assert_eq!(judge(FILE, &bytes), Ok(()));
    let other = judge("SEPFFFFFFFFFFFF.cnf.xml.sgn", &bytes);
    assert!(matches!(other, Err(Reason::FileNameMismatch { .. })), "{other:?}");
    let mut changed = bytes;
    *changed.last_mut().expect("bytes") ^= 1;
    assert_eq!(judge(FILE, &changed), Err(Reason::SignatureMismatch));
}

#[test]
fn proof_for_one_signer_is_worth_nothing_for_another() {
    let list = read("bad/update-by-stranger.tlv");
    let file = read("bad/sgn-unknown-signer.sgn");
    let policy = Policy::default();
    let for_file = vouched(&file_query(&file), &certificate("other"), &[Role::Sast, Role::Tftp]);
    let offer = Offer { name: "ITLFile.tlv", bytes: &list };
    let judged = judged(offer, &policy, for_file);
    assert_eq!(judged.map(|_| ()), Err(Reason::WrongSigner));
    let for_list = vouched(&list_query(&list), &certificate("newsast"), &[Role::Sast, Role::Tftp]);
    let offer = Offer { name: FILE, bytes: &file };
    let judged = update::file_vouched(&anchors(), FileKind::Signed, offer, &policy, &for_list);
    assert_eq!(judged.map(|_| ()), Err(Reason::WrongSigner));
}

#[test]
fn proof_for_files_does_not_make_a_signer_of_lists() {
    let list = read("bad/update-by-stranger.tlv");
    let asked = Query { roles: &[Role::Tftp], ..list_query(&list) };
    let for_files = vouched(&asked, &certificate("newsast"), &[Role::Tftp]);
    let offer = Offer { name: "ITLFile.tlv", bytes: &list };
    let policy = Policy::default();
    let judged = judged(offer, &policy, for_files);
    assert_eq!(judged.map(|_| ()), Err(Reason::WrongSigner));
}

#[test]
fn the_answer_must_be_the_certificate_asked_for() {
    let query = list_query(&read("bad/update-by-stranger.tlv"));
    let stranger = certificate("newsast");
    let judge = |query: &Query, certificate: &[u8]| {
        tvs::signer(query, &trusted(certificate, &[Role::Sast])).map(|_| ())
    };
    let other = |field| Err(Unvouched::OtherCertificate { field });
    assert_eq!(judge(&query, &stranger), Ok(()));
    assert_eq!(judge(&query, &certificate("sast")), other("serial number"));
    let longer = [&stranger[..], &[0]].concat();
    assert_eq!(judge(&query, &longer), Err(Unvouched::NotACertificate));
    assert_eq!(judge(&query, &stranger[1..]), Err(Unvouched::NotACertificate));
}

/// Names are printed in too many ways to decide anything; what was asked still tells answers apart.
#[test]
fn names_do_not_refuse_an_answer_and_do_not_move_it_to_another_question() {
    let query = list_query(&read("bad/update-by-stranger.tlv"));
    let stranger = certificate("newsast");
    for name in [&b"CN=Nobody"[..], b"cn=\"unbalanced", b"CN=M\xfcller", b""] {
        let printed = Query { issuer: name.into(), subject: name.into(), ..query.clone() };
        let vouched = vouched(&printed, &stranger, &[Role::Sast]);
        assert_eq!(vouched.answers(&printed), Ok(()));
        assert_eq!(vouched.answers(&query), Err(Unvouched::OtherQuestion));
    }
}

#[test]
fn names_and_serial_numbers_may_be_written_in_any_of_their_ways() {
    let query = list_query(&read("bad/update-by-stranger.tlv"));
    let reversed = |name: &[u8]| {
        let parts: Vec<_> = name.split(|byte| b",;".contains(byte)).rev().collect();
        parts.join(&b';').into()
    };
    let written = Query {
        subject: reversed(&query.subject),
        issuer: reversed(&query.issuer),
        serial: [&[0], &query.serial[..]].concat().into(),
        ..query
    };
    let stranger = certificate("newsast");
    assert!(tvs::signer(&written, &trusted(&stranger, &[Role::Sast])).is_ok());
}

#[test]
fn a_signer_needs_a_status_a_certificate_and_a_role() {
    let query = list_query(&read("bad/update-by-stranger.tlv"));
    let stranger = certificate("newsast");
    let good = trusted(&stranger, &[Role::Sast]);
    let judge = |response: Response<'_>| tvs::signer(&query, &response).map(|_| ());
    assert_eq!(judge(good.clone()), Ok(()));
    let invalid = Response { status: Status::Invalid, ..good.clone() };
    assert_eq!(judge(invalid), Err(Unvouched::Invalid));
    let failed = Response { status: Status::Unknown(9), ..good.clone() };
    assert_eq!(judge(failed), Err(Unvouched::Failed { status: 9 }));
    let bare = Response { certificate: None, ..good.clone() };
    assert_eq!(judge(bare), Err(Unvouched::NoCertificate));
    let without = Response { roles: None, ..good.clone() };
    assert_eq!(judge(without), Err(Unvouched::NoRoles));
    let for_nothing = Response { roles: Some(Vec::new()), ..good.clone() };
    assert_eq!(judge(for_nothing), Err(Unvouched::EmptyRoles));
    for role in [Role::Tftp, Role::AppServer, Role::Unknown(256)] {
        let wrong = Response { roles: Some(vec![role]), ..good.clone() };
        assert_eq!(judge(wrong), Err(Unvouched::WrongRoles { found: vec![role] }));
    }
}

#[test]
fn a_peer_is_judged_by_status_and_roles() {
    let judge = |purpose, roles: &[Role]| {
        let response = Response { certificate: None, ..trusted(&[], roles) };
        tvs::peer(purpose, b"certificate", &response).map(|accepted| accepted.warnings)
    };
    assert_eq!(judge(Purpose::HttpsService, &[Role::Ccm, Role::AppServer]), Ok(vec![]));
    assert_eq!(judge(Purpose::HttpsService, &[]), Ok(vec![Warning::NoRoles]));
    let wrong = Unvouched::WrongRoles { found: vec![Role::Ccm] };
    assert_eq!(judge(Purpose::HttpsService, &[Role::Ccm]), Err(wrong));
    assert_eq!(judge(Purpose::HttpsProvisioning, &[Role::CcmTftp]), Ok(vec![]));
    for purpose in [Purpose::Capf, Purpose::HttpsProvisioning, Purpose::Signalling] {
        assert_eq!(judge(purpose, &[]), Err(Unvouched::NoRoles), "{purpose}");
    }
    assert_eq!(judge(Purpose::Tvs, &[Role::Tvs]), Err(Unvouched::NotForTvs));
}

#[test]
fn an_empty_list_of_roles_vouches_for_no_purpose() {
    let frame = [&[7, 0, 1, 0][..], &[8, 0, 0]].concat();
    let response = Response::parse(&frame).expect("an answer");
    assert_eq!(response.roles, Some(Vec::new()));
    for purpose in
        [Purpose::Capf, Purpose::HttpsProvisioning, Purpose::HttpsService, Purpose::Signalling]
    {
        let judged = tvs::peer(purpose, b"certificate", &response);
        let judged = judged.map(|accepted| accepted.warnings);
        assert_eq!(judged, Err(Unvouched::EmptyRoles), "{purpose}");
    }
    assert!(Unvouched::EmptyRoles.is_final(), "another member would only repeat it");
}

#[test]
fn an_invalid_peer_is_refused_whatever_its_roles() {
    let response = Response { status: Status::Invalid, ..trusted(&[], &[Role::AppServer]) };
    let judged = tvs::peer(Purpose::HttpsService, b"certificate", &response);
    assert_eq!(judged.map(|_| ()), Err(Unvouched::Invalid));
}
