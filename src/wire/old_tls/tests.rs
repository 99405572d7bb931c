use alloc::vec::Vec;

use super::{
    AlertDescription, AlertLevel, ClientOffer, HandshakeHeader, HandshakeKind, MAX_CERTIFICATES,
    OldSuite, OldVersion, RecordHeader, RecordKind, ServerChoice, TlsAlert, certificates, finished,
    key_exchange, no_certificates,
};
use crate::wire::hello::{Suite, TlsVersion};
use crate::wire::{Fault, Malformed};

fn offer(newest: OldVersion, host: Option<&str>) -> Vec<u8> {
    ClientOffer { newest, random: [7; 32], host }.emit()
}

#[test]
fn the_offer_has_four_suites_two_signals_and_no_compression() {
    let expected = [
        [1, 0, 0, 51, 3, 1].as_slice(),
        &[7; 32],
        &[0, 0, 12, 0x00, 0x35, 0x00, 0x2F, 0x00, 0x3D, 0x00, 0x3C, 0x00, 0xFF, 0x56, 0x00],
        &[1, 0],
    ]
    .concat();
    assert_eq!(offer(OldVersion::Tls10, None), expected);
}

#[test]
fn signatures_are_named_to_servers_of_tls_1_2_alone() {
    let named = |newest| offer(newest, None).windows(4).any(|four| four == [0, 13, 0, 34]);
    assert!(named(OldVersion::Tls12));
    assert!(!named(OldVersion::Tls11));
}

#[test]
fn the_host_is_named_to_the_server() {
    let offer = offer(OldVersion::Tls10, Some("tvs"));
    assert!(offer.ends_with(&[0, 12, 0, 0, 0, 8, 0, 6, 0, 0, 3, b't', b'v', b's']));
    let header = HandshakeHeader::parse(&offer).unwrap().unwrap();
    assert_eq!(header.kind, HandshakeKind::ClientHello);
    assert_eq!(header.length + HandshakeHeader::LENGTH, offer.len());
}

#[test]
fn numbers_have_versions_and_suites() {
    assert_eq!(OldVersion::of(TlsVersion([3, 0])), None);
    assert_eq!(OldVersion::of(TlsVersion([3, 4])), None);
    assert_eq!(OldVersion::of(TlsVersion([3, 1])), Some(OldVersion::Tls10));
    assert_eq!(OldVersion::Tls10.to_string(), "TLS 1.0");
    assert_eq!(OldSuite::of(Suite(0x000A)), None);
    assert_eq!(OldSuite::of(Suite(0x0035)), Some(OldSuite::Aes256Sha));
    assert_eq!(OldSuite::Aes256Sha.to_string(), "TLS_RSA_WITH_AES_256_CBC_SHA");
    for suite in OldSuite::OFFERED {
        let name = suite.to_string();
        assert!(name.contains(&alloc::format!("AES_{}_", 8 * suite.key_length())), "{name}");
        assert_eq!(name.ends_with("_SHA256"), suite.mac_length() == 32);
        assert_eq!(name.ends_with("_SHA256"), suite.since() == OldVersion::Tls12);
    }
}

#[test]
fn a_header_of_a_record_is_read_as_soon_as_it_is_there() {
    let record = RecordHeader::emit(RecordKind::Alert, TlsVersion([3, 1]), &[2, 40]);
    assert_eq!(record, [21, 3, 1, 0, 2, 2, 40]);
    let header = RecordHeader { kind: RecordKind::Alert, version: TlsVersion([3, 1]), length: 2 };
    for length in 0..RecordHeader::LENGTH {
        assert_eq!(RecordHeader::parse(&record[..length]), Ok(None));
    }
    assert_eq!(RecordHeader::parse(&record), Ok(Some(header)));
}

#[test]
fn records_of_something_else_are_refused() {
    let wrong = |bytes: [u8; 5]| RecordHeader::parse(&bytes).unwrap_err();
    let fault = Fault::Byte { expected: 22, found: 24 };
    assert_eq!(wrong([24, 3, 1, 0, 0]), Malformed::new(0, "record type", fault));
    let fault = Fault::Byte { expected: 3, found: 2 };
    assert_eq!(wrong([22, 2, 0, 0, 0]), Malformed::new(1, "record version", fault));
    let fault = Fault::TooLong { expected: 18_432, found: 65_535 };
    assert_eq!(wrong([22, 3, 1, 255, 255]), Malformed::new(3, "record length", fault));
}

#[test]
fn an_alert_has_two_bytes_and_a_name() {
    let alert = TlsAlert {
        level: AlertLevel::Fatal,
        description: AlertDescription::INAPPROPRIATE_FALLBACK,
    };
    assert_eq!(TlsAlert::parse(&[2, 86]), Ok(alert));
    assert_eq!(alert.emit(), [2, 86]);
    assert_eq!(alert.description.to_string(), "inappropriate_fallback");
    assert_eq!(AlertDescription(255).to_string(), "alert 255");
    let fault = TlsAlert::parse(&[2]).unwrap_err().fault;
    assert_eq!(fault, Fault::Truncated { expected: 1, found: 0 });
    assert_eq!(TlsAlert::parse(&[2, 86, 1]).unwrap_err().fault, Fault::TrailingGarbage(1));
}

#[test]
fn messages_of_the_client_have_their_lengths() {
    assert_eq!(key_exchange(&[5, 6]), [16, 0, 0, 4, 0, 2, 5, 6]);
    assert_eq!(no_certificates(), [11, 0, 0, 3, 0, 0, 0]);
    assert_eq!(finished(&[9; 12])[..5], [20, 0, 0, 12, 9]);
}

fn choice(after: &[u8]) -> Result<ServerChoice, Malformed> {
    ServerChoice::parse(&[&[3, 1], [4; 32].as_slice(), after].concat())
}

#[test]
fn a_choice_is_read_to_its_end() {
    let expected = ServerChoice {
        version: TlsVersion([3, 1]),
        random: [4; 32],
        suite: Suite(0x35),
        compression: 0,
        unasked: None,
    };
    assert_eq!(choice(&[0, 0, 0x35, 0]), Ok(expected));
    assert_eq!(choice(&[2, 8, 8, 0, 0x35, 0]), Ok(expected));
    assert_eq!(choice(&[0, 0, 0x35, 0, 0, 0]), Ok(expected));
    let unasked = Ok(ServerChoice { unasked: Some(23), ..expected });
    assert_eq!(choice(&[0, 0, 0x35, 0, 0, 8, 0, 23, 0, 0, 0, 22, 0, 0]), unasked);
}

#[test]
fn a_choice_with_wrong_lengths_is_refused() {
    let fault = |after: &[u8]| choice(after).unwrap_err().fault;
    assert_eq!(fault(&[33]), Fault::TooLong { expected: 32, found: 33 });
    assert_eq!(fault(&[2, 8]), Fault::Truncated { expected: 2, found: 1 });
    assert_eq!(fault(&[0, 0, 0x35]), Fault::Truncated { expected: 1, found: 0 });
    let mismatch = Fault::LengthMismatch { expected: 1, found: 2 };
    assert_eq!(fault(&[0, 0, 0x35, 0, 0, 2, 0]), mismatch);
    let cut = Fault::Truncated { expected: 3, found: 1 };
    assert_eq!(fault(&[0, 0, 0x35, 0, 0, 5, 0, 0, 0, 3, 1]), cut);
    let renegotiation = [0, 0, 0x35, 0, 0, 6, 0xFF, 1, 0, 2, 1, 9];
    assert_eq!(fault(&renegotiation), Fault::FieldLength { expected: 0, found: 1 });
}

#[test]
fn a_chain_has_one_certificate_or_more() {
    let read = certificates(&[0, 0, 9, 0, 0, 1, 7, 0, 0, 2, 8, 8]);
    assert_eq!(read, Ok([&[7][..], &[8, 8]].to_vec()));
    let fault = |body: &[u8]| certificates(body).unwrap_err().fault;
    assert_eq!(fault(&[0, 0, 0]), Fault::ZeroLength);
    assert_eq!(fault(&[0, 0, 3, 0, 0, 0]), Fault::ZeroLength);
    assert_eq!(fault(&[0, 0, 4, 0, 0, 2, 7]), Fault::Truncated { expected: 2, found: 1 });
    assert_eq!(fault(&[0, 0, 1, 0, 0, 1, 7]), Fault::LengthMismatch { expected: 4, found: 1 });
    let many = [&[0, 0, 68][..], &[0, 0, 1, 7].repeat(MAX_CERTIFICATES + 1)].concat();
    assert_eq!(fault(&many), Fault::TooMany { expected: MAX_CERTIFICATES });
}
