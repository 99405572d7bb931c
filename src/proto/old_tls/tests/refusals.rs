//! What is refused, with which reason and which alert.

use alloc::vec::Vec;

use super::server::{TestServer, message, record};
use super::{SPOKEN, begin, data, exchanged, greeted, opened};
use crate::proto::old_tls::{
    Ended, FinishingStep, Found, FromServer, GreetingStep, MAX_IDLE, OldConnection, OldTlsFault,
    ServerKey,
};
use crate::wire::hello::{Suite, TlsVersion};
use crate::wire::old_tls::{HandshakeKind, OldVersion, RecordKind};
use crate::wire::{Fault, Malformed};

/// How a first turn ends.
fn first_turn(bytes: &[u8]) -> Ended {
    let (greeting, _) = begin(OldVersion::Tls12);
    match greeting.feed(bytes) {
        Err(ended) => ended,
        Ok(GreetingStep::Judge(_) | GreetingStep::More(_)) => panic!("it is refused"),
    }
}

/// How a first turn ends that is one record in TLS 1.0.
fn first_messages(messages: &[u8]) -> OldTlsFault {
    first_turn(&record(22, [3, 1], messages)).why
}

/// How the server's last turn ends.
fn last_turn(change: impl FnOnce(&mut TestServer) -> Vec<u8>) -> OldTlsFault {
    let (finishing, mut server) = exchanged(OldVersion::Tls10, 0x0035);
    let turn = change(&mut server);
    match finishing.feed(&turn) {
        Err(ended) => ended.why,
        Ok(FinishingStep::Done(_) | FinishingStep::More(_)) => panic!("it is refused"),
    }
}

fn ended(client: &mut OldConnection) -> Ended {
    data(client).expect_err("it is refused")
}

fn hello(version: [u8; 2], suite: u16, after_suite: &[u8]) -> Vec<u8> {
    message(2, &[&version[..], &[9; 32], &[0], &suite.to_be_bytes(), after_suite].concat())
}

#[test]
fn padding_and_mac_have_one_fault_and_one_alert() {
    for (version, suite) in SPOKEN {
        let mut seen = Vec::new();
        // A byte of the content, of the MAC, of the padding, and the padding's length; the last
        // is a padding longer than the record.
        for place in [0_isize, 20, -20, -2, -1] {
            let (mut client, mut server) = opened(version, suite);
            let bad = server.seal_padded(23, b"twenty bytes of text", 2, |plain| {
                let length = isize::try_from(plain.len()).unwrap();
                let byte = &mut plain[usize::try_from(place.rem_euclid(length)).unwrap()];
                *byte = if place == -1 { 0xFF } else { *byte ^ 1 };
            });
            client.feed(&bad);
            let Ended { why, alert } = ended(&mut client);
            assert_eq!(why, OldTlsFault::BadRecord, "{version}, {suite:#06x}, {place}");
            seen.push(server.open(&alert));
            assert_eq!(ended(&mut client), Ended { why, alert: Vec::new() });
        }
        assert!(seen.iter().all(|alert| *alert == [(21, [2, 20].to_vec())]), "{seen:?}");
    }
}

#[test]
fn every_length_of_padding_is_accepted_and_every_wrong_byte_of_it_refused() {
    for blocks in 0..=15 {
        let (mut client, mut server) = opened(OldVersion::Tls12, 0x003C);
        client.feed(&server.seal_padded(23, b"text", blocks, |_| {}));
        assert_eq!(data(&mut client).unwrap(), b"text", "{blocks} blocks");
    }
    for place in 36..287 {
        let (mut client, mut server) = opened(OldVersion::Tls12, 0x003C);
        client.feed(&server.seal_padded(23, b"text", 15, |plain| plain[place] ^= 0x80));
        assert_eq!(ended(&mut client).why, OldTlsFault::BadRecord, "byte {place}");
    }
}

#[test]
fn a_record_that_is_not_of_blocks_or_too_short_is_a_bad_record() {
    for (version, suite) in SPOKEN {
        for length in [0, 1, 15, 16, 17, 31, 32, 33, 48] {
            let (mut client, _) = opened(version, suite);
            client.feed(&record(23, version.number().0, &alloc::vec![0; length]));
            let why = ended(&mut client).why;
            assert_eq!(why, OldTlsFault::BadRecord, "{version}, {suite:#06x}, {length}");
        }
    }
}

#[test]
fn a_record_that_is_repeated_left_out_or_of_another_kind_is_a_bad_record() {
    for (version, suite) in SPOKEN {
        let (mut client, mut server) = opened(version, suite);
        let one = server.seal(23, b"one");
        client.feed(&[one.as_slice(), &one].concat());
        assert_eq!(client.receive().map(|_| ()), Ok(()));
        assert_eq!(ended(&mut client).why, OldTlsFault::BadRecord);

        let (mut client, mut server) = opened(version, suite);
        let _lost = server.seal(23, b"one");
        client.feed(&server.seal(23, b"two"));
        assert_eq!(ended(&mut client).why, OldTlsFault::BadRecord);

        let (mut client, mut server) = opened(version, suite);
        let mut other = server.seal(23, &[1, 0]);
        other[0] = 21;
        client.feed(&other);
        assert_eq!(ended(&mut client).why, OldTlsFault::BadRecord);
    }
}

#[test]
fn a_server_key_exchange_is_refused_wherever_it_comes() {
    let hello = hello([3, 1], 0x0035, &[0]);
    let exchange = message(12, &[0; 40]);
    let certificate = TestServer::new(OldVersion::Tls10, 0x0035).certificate();
    for turn in [
        exchange.clone(),
        [hello.as_slice(), &exchange].concat(),
        [hello.as_slice(), &certificate, &exchange].concat(),
        [hello.as_slice(), &certificate, &message(13, &[1, 1, 0, 0]), &exchange].concat(),
    ] {
        let Ended { why, alert } = first_turn(&record(22, [3, 1], &turn));
        assert_eq!(why, OldTlsFault::ServerKeyExchange);
        assert_eq!(alert, [21, 3, 1, 0, 2, 2, 10]);
        let text = "ServerKeyExchange, which RSA key exchange does not have";
        assert_eq!(why.to_string(), text);
    }
}

#[test]
fn only_what_was_offered_can_be_chosen() {
    for (version, suite, after, why) in [
        ([3, 0], 0x0035, &[0][..], OldTlsFault::Version(TlsVersion([3, 0]))),
        ([3, 4], 0x0035, &[0], OldTlsFault::Version(TlsVersion([3, 4]))),
        // 3DES, DHE, GCM, none at all, and the signals that are no suites
        ([3, 1], 0x000A, &[0], OldTlsFault::Suite(Suite(0x000A))),
        ([3, 1], 0x0039, &[0], OldTlsFault::Suite(Suite(0x0039))),
        ([3, 3], 0x009C, &[0], OldTlsFault::Suite(Suite(0x009C))),
        ([3, 1], 0x0000, &[0], OldTlsFault::Suite(Suite(0x0000))),
        ([3, 1], 0x00FF, &[0], OldTlsFault::Suite(Suite(0x00FF))),
        ([3, 1], 0x5600, &[0], OldTlsFault::Suite(Suite(0x5600))),
        // SHA-256 is of TLS 1.2.
        ([3, 1], 0x003D, &[0], OldTlsFault::Suite(Suite(0x003D))),
        ([3, 2], 0x003C, &[0], OldTlsFault::Suite(Suite(0x003C))),
        ([3, 1], 0x0035, &[1], OldTlsFault::Compression(1)),
        // encrypt_then_mac, extended_master_secret, a ticket
        ([3, 1], 0x0035, &[0, 0, 4, 0, 22, 0, 0], OldTlsFault::Extension(22)),
        ([3, 1], 0x0035, &[0, 0, 4, 0, 23, 0, 0], OldTlsFault::Extension(23)),
        ([3, 1], 0x0035, &[0, 0, 4, 0, 35, 0, 0], OldTlsFault::Extension(35)),
    ] {
        assert_eq!(first_messages(&hello(version, suite, after)), why);
    }
}

#[test]
fn a_version_newer_than_the_newest_offered_is_refused() {
    let (greeting, _) = begin(OldVersion::Tls10);
    let Err(ended) = greeting.feed(&record(22, [3, 1], &hello([3, 2], 0x0035, &[0]))) else {
        panic!("it was not offered");
    };
    assert_eq!(ended.why, OldTlsFault::Version(TlsVersion([3, 2])));
    assert_eq!(ended.why.to_string(), "TLS 1.1 was not offered");
}

#[test]
fn the_extensions_that_were_asked_for_may_come() {
    let (judge, _) = {
        let (greeting, bytes) = begin(OldVersion::Tls12);
        let mut server = TestServer::new(OldVersion::Tls10, 0x0035);
        server.after_suite = [0, 0, 9, 0, 0, 0, 0, 0xFF, 1, 0, 1, 0].to_vec();
        server.take_hello(&bytes);
        let turn = server.turn();
        (super::to_judge(greeting, &turn), server)
    };
    assert_eq!(judge.version(), OldVersion::Tls10);
}

#[test]
fn what_comes_out_of_turn_is_named() {
    let unexpected = |expected, found| OldTlsFault::Unexpected { expected, found };
    let done = Found::Message(HandshakeKind::ServerHelloDone);
    assert_eq!(first_messages(&message(14, &[])), unexpected("ServerHello", done));
    let hello = hello([3, 1], 0x0035, &[0]);
    // No certificate, as in an anonymous key exchange
    let turn = [hello.as_slice(), &message(14, &[])].concat();
    assert_eq!(first_messages(&turn), unexpected("Certificate", done));
    // A session that was never asked for
    let turn = [record(22, [3, 1], &hello), record(20, [3, 1], &[1])].concat();
    let found = Found::Record(RecordKind::ChangeCipherSpec);
    assert_eq!(first_turn(&turn).why, unexpected("Certificate", found));
    let found = Found::Record(RecordKind::ApplicationData);
    let why = first_turn(&record(23, [3, 1], b"HTTP")).why;
    assert_eq!(why, unexpected("ServerHello", found));
    assert_eq!(why.to_string(), "expected ServerHello, found application data");
    // A change of keys in the middle of a message
    let turn = [record(22, [3, 1], &[2, 0, 0]), record(20, [3, 1], &[1])].concat();
    let found = Found::Record(RecordKind::ChangeCipherSpec);
    assert_eq!(first_turn(&turn).why, unexpected("the rest of a handshake message", found));
}

#[test]
fn a_finished_that_does_not_match_is_refused() {
    for changed in [0, 11] {
        let why = last_turn(|server| {
            let mut finished = server.finished();
            finished[4 + changed] ^= 1;
            [server.change(), server.seal(22, &finished)].concat()
        });
        assert_eq!(why, OldTlsFault::BadFinished);
    }
    let cut = last_turn(|server| {
        let finished = server.finished();
        [server.change(), server.seal(22, &message(20, &finished[4..15]))].concat()
    });
    assert_eq!(cut, OldTlsFault::BadFinished);
}

#[test]
fn nothing_but_new_keys_and_finished_may_end_a_handshake() {
    let unexpected = |expected, found| OldTlsFault::Unexpected { expected, found };
    // Finished without keys
    let why = last_turn(|server| {
        let finished = server.finished();
        server.seal(22, &finished)
    });
    let found = Found::Message(HandshakeKind::Finished);
    assert_eq!(why, unexpected("change_cipher_spec", found));
    // Data between the keys and Finished
    let why = last_turn(|server| [server.change(), server.seal(23, b"data")].concat());
    let found = Found::Record(RecordKind::ApplicationData);
    assert_eq!(why, unexpected("Finished", found));
    // The keys twice
    let why = last_turn(|server| [server.change(), server.seal(20, &[1])].concat());
    let found = Found::Record(RecordKind::ChangeCipherSpec);
    assert_eq!(why, unexpected("Finished", found));
}

#[test]
fn a_server_without_the_key_of_its_certificate_cannot_finish() {
    let (judge, mut server) = greeted(OldVersion::Tls10, 0x0035);
    // The key of the certificate is another one than the server's.
    let other = secd_lab::keys::Pool::new();
    let _same = other.take(secd_lab::keys::Kind::Rsa1024);
    let other = other.take(secd_lab::keys::Kind::Rsa1024).public_key();
    let key = ServerKey::new(&other, 1024).unwrap();
    assert_ne!(key, server.public_key());
    let (finishing, _) = judge.accept(&key).unwrap();
    // It makes keys of a secret that it has to guess.
    server.guess();
    let turn = server.finish();
    let Err(ended) = finishing.feed(&turn) else { panic!("it has other keys") };
    assert_eq!(ended.why, OldTlsFault::BadRecord);
}

#[test]
fn a_thousand_records_without_content_are_the_most_in_a_row() {
    let (mut client, mut server) = opened(OldVersion::Tls10, 0x0035);
    for _ in 0..2 {
        for _ in 0..MAX_IDLE {
            client.feed(&server.seal(23, &[]));
            assert_eq!(client.receive(), Ok(FromServer::Nothing));
        }
        client.feed(&server.seal(23, b"x"));
        assert_eq!(data(&mut client).unwrap(), b"x");
    }
    let empty = (0..=MAX_IDLE).flat_map(|_| server.seal(23, &[])).collect::<Vec<u8>>();
    client.feed(&empty);
    let Ended { why, alert } = ended(&mut client);
    assert_eq!((why, server.open(&alert)), (OldTlsFault::Idle, [(21, [2, 10].to_vec())].to_vec()));
}

#[test]
fn warnings_count_as_records_without_content() {
    let warning = record(21, [3, 1], &[1, 112]);
    let why = first_turn(&warning.repeat(MAX_IDLE + 1)).why;
    assert_eq!(why, OldTlsFault::Idle);
    let (greeting, _) = begin(OldVersion::Tls12);
    assert!(matches!(greeting.feed(&warning.repeat(MAX_IDLE)), Ok(GreetingStep::More(_))));
}

#[test]
fn an_empty_record_is_refused_unless_it_is_data_under_keys() {
    let zero = OldTlsFault::Malformed(Malformed::new(3, "record length", Fault::ZeroLength));
    for kind in [20, 21, 22, 23] {
        assert_eq!(first_turn(&record(kind, [3, 1], &[])).why, zero, "{kind}");
    }
    for kind in [20, 21, 22] {
        let (mut client, mut server) = opened(OldVersion::Tls11, 0x0035);
        client.feed(&server.seal(kind, &[]));
        assert_eq!(ended(&mut client).why, zero, "{kind}");
    }
}

#[test]
fn a_renegotiation_is_refused() {
    let (mut client, mut server) = opened(OldVersion::Tls12, 0x0035);
    client.feed(&server.seal(22, &message(0, &[])));
    let Ended { why, alert } = ended(&mut client);
    assert_eq!(why, OldTlsFault::Renegotiation);
    assert_eq!(server.open(&alert), [(21, [2, 40].to_vec())]);
    // Or one that is not asked for
    let (mut client, mut server) = opened(OldVersion::Tls12, 0x0035);
    let hello = server.hello();
    client.feed(&server.seal(22, &hello));
    let found = Found::Message(HandshakeKind::ServerHello);
    let expected = "application data";
    assert_eq!(ended(&mut client).why, OldTlsFault::Unexpected { expected, found });
    // Or one of which the server takes this handshake for the second
    let bound = hello_bound_to_another();
    let fault = Fault::FieldLength { expected: 0, found: 12 };
    let malformed = Malformed::new(44, "renegotiation_info", fault);
    assert_eq!(first_messages(&bound), OldTlsFault::Malformed(malformed));
}

fn hello_bound_to_another() -> Vec<u8> {
    let info = [&[0, 0, 17, 0xFF, 1, 0, 13, 12][..], &[7; 12]].concat();
    hello([3, 1], 0x0035, &info)
}

#[test]
fn sizes_are_bounded_before_anything_is_kept() {
    let malformed =
        |offset, field, fault| OldTlsFault::Malformed(Malformed::new(offset, field, fault));
    // 2^14 + 2048 and one more, of which only the header has come
    let long = Fault::TooLong { expected: 18_432, found: 18_433 };
    let why = first_turn(&[22, 3, 1, 0x48, 0x01]).why;
    assert_eq!(why, malformed(3, "record length", long));
    // A message of 64 KiB and one more byte
    let long = Fault::TooLong { expected: 65_536, found: 65_537 };
    assert_eq!(first_messages(&[2, 1, 0, 1]), malformed(1, "message length", long));
    // 2^14 and one more in plaintext
    let (mut client, mut server) = opened(OldVersion::Tls12, 0x0035);
    client.feed(&server.seal(23, &[0; 16_385]));
    let long = Fault::TooLong { expected: 16_384, found: 16_385 };
    let Ended { why, alert } = ended(&mut client);
    assert_eq!(why, malformed(3, "record length", long));
    assert_eq!(server.open(&alert), [(21, [2, 22].to_vec())]);
    // The most of each passes.
    client = opened(OldVersion::Tls12, 0x0035).0;
    client.feed(&[23, 3, 3, 0x48, 0x00]);
    assert_eq!(client.receive(), Ok(FromServer::Nothing));
}

#[test]
fn another_version_in_a_record_is_refused() {
    let (mut client, mut server) = opened(OldVersion::Tls11, 0x0035);
    let mut bytes = server.seal(23, b"x");
    bytes[2] = 3;
    client.feed(&bytes);
    let fault = Fault::Byte { expected: 2, found: 3 };
    let malformed = Malformed::new(2, "record version", fault);
    assert_eq!(ended(&mut client).why, OldTlsFault::Malformed(malformed));
}

#[test]
fn what_is_not_tls_is_named_by_its_first_byte() {
    let why = first_turn(b"HTTP/1.0 400 Bad Request\r\n").why;
    assert_eq!(why.to_string(), "offset 0, record type: expected byte 0x16, found 0x48");
}
