use alloc::string::ToString;
use alloc::vec::Vec;

use proptest::prelude::{any, proptest};
use proptest::{collection, prop_assert_eq};
use ring::rand::SystemRandom;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPublicKey};
use rsa::pkcs8::{DecodePrivateKey, LineEnding, SecretDocument};
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs1KeyDer};
use secd_lab::keys::KeyPair;
use sha2::{Digest, Sha256};

use crate::proto::capf::{
    CapfExchange, CapfFault, CapfStep, KeyTooSmall, NewKey, NewKeyKind, freshness, ownership,
};
use crate::wire::capf::{
    AskedKey, CapfCommand, CapfReason, CapfSession, CertificateType, Curve, Introduction,
};
use crate::wire::envelope::UnknownTag;
use crate::wire::malformed::{Fault, Malformed};
use crate::wire::name::DeviceName;

/// The exchange of CAPF facts A8: what the server sends.
const GREETING: &str = "5501000000010008 07000103 08000100";
const KEY: &str = "5503000000010008 11000101 12000100";
const STORE: &str = "550900000001012903000101040122 01 011f 0001
    308201193081c0a003020102020110300a06082a8648ce3d04030230133111300f06035504030c08434150462d6c6162
    301e170d3236303130313030303030305a170d3331303130313030303030305a301a3118301606035504030c0f534550
    3030313132323333343435353059301306072a8648ce3d020106082a8648ce3d03010703420004d65a93977caa3d1b08
    1852ff57a79e465f166057
    7304baead505dd3a48589cf350185e895372df6221ea3a137557e473fddb6755f05bd507c3c533fce9c91285300a0608
    2a8648ce3d0403020348003045022068 4353cf5ea9c72cab6dedc7f3ff4192bb57b0b43f78b6ed306fcba4f3a82e8c02
    2100ff43d48b650432cb336377c11b70ded4f67f21156a8c2619aa58db02061528ec";
const END: &str = "550f000000010004 01000101";

/// And the phone: its key, and its messages.
const PUBLIC_KEY: &str = "3059301306072a8648ce3d020106082a8648ce3d03010703420004d65a93977caa3d1b
    081852ff57a79e465f1660577304baead505dd3a48589cf350185e895372df6221ea3a137557e473fddb6755f05bd507
    c3c533fce9c91285";
const INTRODUCTION: &str = "550200000001001f 01000101 07000103 0b000100
    0d0010 53455030303131323233333434353500";
const NOTICE: &str = "5511000000010000";
const KEY_MADE: &str = "550400000001005e 09005b";
const STORED: &str = "550a000000010004 01000101";

fn bytes(digits: &str) -> Vec<u8> {
    let digits: Vec<_> = digits.bytes().filter(|digit| !digit.is_ascii_whitespace()).collect();
    let pairs = digits.chunks(2).map(|pair| core::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn device() -> DeviceName {
    DeviceName::parse("SEP001122334455").unwrap()
}

/// Steps of a session until it needs more bytes, needs a person, or is over.
fn step(exchange: CapfExchange, input: &str) -> CapfStep {
    exchange.feed(&bytes(input)).unwrap().step
}

/// A session that the phone has introduced itself in.
fn introduced() -> CapfExchange {
    let CapfStep::Authenticate(question) = step(CapfExchange::default(), GREETING) else {
        panic!("expected a greeting");
    };
    let device = device();
    let introduction = Introduction { device: &device, string: None, ownership: None };
    let (sent, exchange) = question.with(introduction).unwrap();
    assert_eq!(sent, bytes(INTRODUCTION));
    exchange
}

/// A session in which the key of the worked exchange has been sent.
fn with_key() -> CapfExchange {
    let CapfStep::MakeKey(question) = step(introduced(), KEY) else { panic!("expected a key") };
    let (sent, exchange) = question.made(&bytes(PUBLIC_KEY)).unwrap();
    assert_eq!(sent, [bytes(KEY_MADE), bytes(PUBLIC_KEY)].concat());
    exchange
}

fn fault(exchange: CapfExchange, input: &str) -> CapfFault {
    exchange.feed(&bytes(input)).unwrap_err()
}

#[test]
fn the_worked_exchange_is_reproduced_byte_for_byte() {
    let CapfStep::MakeKey(question) = step(introduced(), KEY) else { panic!("expected a key") };
    assert_eq!(question.asked(), AskedKey::Ec(Curve::P256));
    assert_eq!(question.notice().unwrap(), bytes(NOTICE));
    let (sent, exchange) = question.made(&bytes(PUBLIC_KEY)).unwrap();
    assert_eq!(sent, [bytes(KEY_MADE), bytes(PUBLIC_KEY)].concat());
    let CapfStep::Store(question) = step(exchange, STORE) else { panic!("expected a certificate") };
    assert_eq!((question.kind(), question.certificate().len()), (CertificateType::Lsc, 285));
    let (sent, exchange) = question.stored().unwrap();
    assert_eq!(sent, bytes(STORED));
    assert!(matches!(step(exchange, END), CapfStep::End(CapfReason::Done)));
}

#[test]
fn messages_that_come_together_are_taken_one_by_one() {
    let all = [bytes(GREETING), bytes(KEY)].concat();
    let CapfStep::Authenticate(question) = CapfExchange::default().feed(&all).unwrap().step else {
        panic!("expected a greeting");
    };
    let device = device();
    let introduction = Introduction { device: &device, string: None, ownership: None };
    let (_, exchange) = question.with(introduction).unwrap();
    assert!(matches!(step(exchange, ""), CapfStep::MakeKey(_)));
}

#[test]
fn a_message_in_pieces_is_taken_when_it_is_complete() {
    let mut exchange = with_key();
    let message = bytes(STORE);
    let (last, most) = message.split_last().unwrap();
    for byte in most {
        let CapfStep::NeedMore(next) = exchange.feed(&[*byte]).unwrap().step else {
            panic!("incomplete");
        };
        exchange = next;
    }
    assert!(matches!(exchange.feed(&[*last]).unwrap().step, CapfStep::Store(_)));
}

#[test]
fn a_certificate_that_comes_before_the_key_is_sent_waits_for_it() {
    let all = [bytes(KEY), bytes(STORE)].concat();
    let CapfStep::MakeKey(question) = introduced().feed(&all).unwrap().step else {
        panic!("expected a key");
    };
    let (_, exchange) = question.made(&[0x30, 0]).unwrap();
    assert!(matches!(step(exchange, ""), CapfStep::Store(_)));
}

#[test]
fn every_message_must_have_the_number_of_the_first() {
    let other = "550f000000020004 01000101";
    let (expected, found) = (CapfSession(1), CapfSession(2));
    assert_eq!(fault(introduced(), other), CapfFault::OtherSession { expected, found });
    // Already by the header.
    assert_eq!(fault(introduced(), &other[..16]), CapfFault::OtherSession { expected, found });
}

#[test]
fn the_number_of_the_server_is_echoed_whatever_it_is() {
    let CapfStep::Authenticate(question) =
        step(CapfExchange::default(), "5501fffffffe0004 07000103")
    else {
        panic!("expected a greeting");
    };
    assert_eq!(question.session(), CapfSession(0xffff_fffe));
    let device = device();
    let introduction = Introduction { device: &device, string: None, ownership: None };
    let (sent, _) = question.with(introduction).unwrap();
    assert_eq!(sent[..6], bytes("5502fffffffe"));
}

#[test]
fn other_operations_are_answered_as_they_went() {
    let fetch = || match step(introduced(), "550b000000010000") {
        CapfStep::Fetch(question) => question,
        other => panic!("{other:?}"),
    };
    let lsc = fetch().with(Some(&[0x30, 0])).unwrap();
    assert_eq!(lsc.0, bytes("550c00000001000e 01000101 040007 01 0004 0001 3000"));
    assert_eq!(fetch().with(None).unwrap().0, bytes("550c000000010004 01000107"));
    let delete = || match step(introduced(), "550d000000010000") {
        CapfStep::Delete(question) => question,
        other => panic!("{other:?}"),
    };
    assert_eq!(delete().deleted().unwrap().0, bytes("550e000000010004 01000101"));
    let (sent, exchange) = delete().declined().unwrap();
    assert_eq!(sent, bytes("550e000000010004 01000107"));
    assert!(matches!(step(exchange, END), CapfStep::End(CapfReason::Done)));
}

#[test]
fn a_key_or_a_certificate_can_be_declined() {
    let CapfStep::MakeKey(question) = step(introduced(), KEY) else { panic!("expected a key") };
    let (sent, exchange) = question.declined().unwrap();
    assert_eq!(sent, bytes("550400000001000401000107"));
    // There is no key that a certificate could be for.
    let found = CapfCommand::StoreRequest;
    assert_eq!(fault(exchange, STORE), CapfFault::OutOfTurn { expected: "the end", found });
    let CapfStep::Store(question) = step(with_key(), STORE) else {
        panic!("expected a certificate");
    };
    let (sent, exchange) = question.declined().unwrap();
    assert_eq!(sent, bytes("550a00000001000401000107"));
    assert!(matches!(step(exchange, END), CapfStep::End(CapfReason::Done)));
}

#[test]
fn the_server_may_end_break_off_or_put_off_a_session_at_any_time() {
    for exchange in [CapfExchange::default(), introduced(), with_key()] {
        let declined = "550f000000010004 01000107";
        assert!(matches!(step(exchange, declined), CapfStep::End(CapfReason::Declined)));
    }
    for exchange in [CapfExchange::default(), introduced(), with_key()] {
        let CapfStep::Abort(answer) = step(exchange, "5514000000010000") else {
            panic!("expected an abort");
        };
        assert_eq!(answer, bytes("5515000000010000"));
    }
    assert!(matches!(step(introduced(), "5510000000010000"), CapfStep::RetryLater));
}

#[test]
fn commands_that_no_server_sends_end_the_session() {
    for (code, found) in [
        ("05", CapfCommand::EncryptResponse),
        ("06", CapfCommand::EncryptRequest),
        ("07", CapfCommand::DecryptRequest),
        ("08", CapfCommand::DecryptResponse),
        ("11", CapfCommand::InProgress),
        ("12", CapfCommand::StatusRequest),
        ("13", CapfCommand::StatusResponse),
        ("15", CapfCommand::AbortResponse),
        ("16", CapfCommand::SignRequest),
        ("17", CapfCommand::SignResponse),
        ("63", CapfCommand::Unknown(99)),
    ] {
        let expected = "a request or the end";
        let message = alloc::format!("55{code}000000010000");
        assert_eq!(fault(introduced(), &message), CapfFault::OutOfTurn { expected, found });
    }
}

#[test]
fn a_message_out_of_turn_ends_the_session() {
    let out = |expected, found| CapfFault::OutOfTurn { expected, found };
    let first = out("an auth request", CapfCommand::KeyRequest);
    assert_eq!(fault(CapfExchange::default(), KEY), first);
    let again = out("a request or the end", CapfCommand::AuthRequest);
    assert_eq!(fault(introduced(), GREETING), again);
    let early = out("a request or the end", CapfCommand::StoreRequest);
    assert_eq!(fault(introduced(), STORE), early);
    let twice = out("a store certificate request or the end", CapfCommand::KeyRequest);
    assert_eq!(fault(with_key(), KEY), twice);
}

#[test]
fn a_server_that_closes_early_is_at_fault() {
    assert_eq!(introduced().closed(), CapfFault::Closed { inside: 0 });
    let CapfStep::NeedMore(exchange) = step(introduced(), "5503000000") else {
        panic!("incomplete");
    };
    assert_eq!(exchange.closed(), CapfFault::Closed { inside: 5 });
    assert_eq!(exchange.closed().to_string(), "the server closed after 5 bytes of a message");
}

#[test]
fn bytes_that_are_no_message_end_the_session() {
    let other = Fault::Byte { expected: 0x55, found: 0xa5 };
    let garbage = CapfFault::Malformed(Malformed::new(0, "protocol", other));
    assert_eq!(fault(CapfExchange::default(), "a5a5a5a5a5a5a5a5"), garbage);
    let twice = "5501000000010008 07000103 07000103";
    let twice = fault(CapfExchange::default(), twice);
    let duplicate = Malformed::new(12, "version", Fault::DuplicateTag(7));
    assert_eq!(twice, CapfFault::Malformed(duplicate));
}

#[test]
fn skipped_elements_are_reported_with_the_step() {
    let fed = introduced().feed(&bytes("550b000000010004 63000105")).unwrap();
    assert!(matches!(fed.step, CapfStep::Fetch(_)));
    assert_eq!(fed.unknown, [UnknownTag { tag: 0x63, offset: 8 }]);
}

/// The certificate and the key of the vectors, and SHA-256 of a signature as hexadecimal digits.
fn vectors() -> (Vec<u8>, RsaPrivateKey) {
    let pem = include_bytes!("../../../tests/vectors/certs/device.pem");
    let certificate = CertificateDer::from_pem_slice(pem).unwrap().to_vec();
    let key = include_bytes!("../../../tests/vectors/keys/device.key");
    let key = PrivatePkcs1KeyDer::from_pem_slice(key).unwrap();
    (certificate, RsaPrivateKey::from_pkcs1_der(key.secret_pkcs1_der()).unwrap())
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

#[test]
fn proofs_are_those_of_the_vectors() {
    let (certificate, key) = vectors();
    assert_eq!(certificate.len(), 783);
    let own = ownership(&key, &mut OsRng, &device(), &certificate).unwrap();
    let sha1 = bytes("7dff8ff0abaa8e9f9045aee0292e144a0197090e23157b7279191bc909a01847");
    let sha512 = bytes("c1211fcb51ca5f41b5c1dc0480a77a03cd1e0e300b37b7e73ad3030267441952");
    assert_eq!((sha256(&own.sha1), sha256(&own.sha512)), (sha1, sha512));
    let fresh = freshness(&key, &mut OsRng, CapfSession(1), &certificate).unwrap();
    let sha1 = bytes("d997ae9ae3b34036635478e9a04f3436c64a944d207f8d673b9b9541c7993b3e");
    let sha512 = bytes("424905016d1425fdce75e1ea6b03b17294bf0d17724ee5740ded0b81733f2371");
    assert_eq!((sha256(&fresh.sha1), sha256(&fresh.sha512)), (sha1, sha512));
}

#[test]
fn a_key_without_room_for_the_padding_makes_no_proof() {
    // 600 bits are the least: 64 bytes of hash and 11 of padding.
    let small = RsaPrivateKey::new(&mut OsRng, 512).unwrap();
    assert_eq!(ownership(&small, &mut OsRng, &device(), &[]), Err(KeyTooSmall));
    let least = RsaPrivateKey::new(&mut OsRng, 600).unwrap();
    assert!(ownership(&least, &mut OsRng, &device(), &[]).is_ok());
}

#[test]
fn what_can_be_asked_for_and_made() {
    let kind = NewKeyKind::from_asked;
    for bits in [1024, 2048, 3072, 4096] {
        let made = Some(NewKeyKind::Rsa { bits: bits.into() });
        assert_eq!(kind(AskedKey::Rsa { bits }), made);
    }
    for bits in [0, 512, 1023, 2047, 2304, 4097, 8192, u16::MAX] {
        assert_eq!(kind(AskedKey::Rsa { bits }), None, "{bits}");
    }
    assert_eq!(kind(AskedKey::Ec(Curve::P256)), Some(NewKeyKind::P256));
    assert_eq!(kind(AskedKey::Ec(Curve::P384)), Some(NewKeyKind::P384));
    for other in [AskedKey::Ec(Curve::P521), AskedKey::Ec(Curve::Unknown(3)), AskedKey::Other(2)] {
        assert_eq!(kind(other), None);
    }
}

#[test]
fn a_key_on_a_curve_is_one_that_another_implementation_reads() {
    let random = SystemRandom::new();
    let make = |kind| NewKey::generate(kind, &mut OsRng, &random).unwrap();
    for kind in [NewKeyKind::P256, NewKeyKind::P384] {
        let key = make(kind);
        assert_ne!(key.public(), make(kind).public());
        let document = SecretDocument::try_from(key.private().as_slice()).unwrap();
        let pem = document.to_pem("PRIVATE KEY", LineEnding::LF).unwrap();
        assert_eq!(KeyPair::from_pem(&pem).unwrap().spki(), key.public());
    }
}

#[test]
fn an_rsa_key_has_the_bits_asked_for_and_its_halves_fit() {
    let kind = NewKeyKind::Rsa { bits: 1024 };
    let made = NewKey::generate(kind, &mut OsRng, &SystemRandom::new()).unwrap();
    let key = RsaPrivateKey::from_pkcs8_der(made.private()).unwrap();
    assert_eq!(key.n().bits(), 1024);
    // The header of SubjectPublicKeyInfo, then PKCS#1.
    let pkcs1 = key.to_public_key().to_pkcs1_der().unwrap();
    assert!(made.public().ends_with(pkcs1.as_bytes()));
    let secret = key.to_public_key().encrypt(&mut OsRng, Pkcs1v15Encrypt, b"x").unwrap();
    assert_eq!(key.decrypt(Pkcs1v15Encrypt, &secret).unwrap(), b"x");
    assert!(!alloc::format!("{made:?}").contains("private"));
}

proptest! {
    #[test]
    fn a_session_goes_the_same_way_in_whatever_pieces_it_comes(
        input in collection::vec(any::<u8>(), 0..80),
        cut in 0_usize..80,
    ) {
        let (head, tail) = input.split_at(cut.min(input.len()));
        let whole = introduced().feed(&input);
        let pieces = introduced().feed(head).and_then(|fed| match fed.step {
            CapfStep::NeedMore(exchange) => exchange.feed(tail),
            step => Ok(crate::proto::capf::CapfFed { step, unknown: fed.unknown }),
        });
        prop_assert_eq!(whole.is_ok(), pieces.is_ok());
    }
}
