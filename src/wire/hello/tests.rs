use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use super::{HelloOffer, ServerHello, Suite, TlsVersion, certificate, client_hello};
use crate::wire::malformed::{Fault, Malformed};

/// What `openssl s_server -tls1_1 -cipher ECDHE-RSA-AES128-SHA@SECLEVEL=0` begins its answer with.
fn answer() -> Vec<u8> {
    let head = [22, 3, 2, 0, 65, 2, 0, 0, 61, 3, 2].as_slice();
    [head, &[7; 32], &[0, 0xC0, 0x13, 0], &[0, 21, 0xFF, 1, 0, 1, 0], &[0; 16]].concat()
}

#[test]
fn version_and_suite_are_read_however_it_is_cut_into_records() {
    let chosen = ServerHello { version: TlsVersion([3, 2]), suite: Suite(0xC013) };
    let answer = answer();
    assert_eq!(ServerHello::parse(&answer), Ok(Some(chosen)));
    let (_, message) = answer.split_at(5);
    for size in 1..message.len() {
        let piece = |piece: &[u8]| {
            let length = u8::try_from(piece.len()).expect("a short piece");
            [&[22, 3, 1, 0, length], piece].concat()
        };
        let records: Vec<u8> = message.chunks(size).flat_map(piece).collect();
        assert_eq!(ServerHello::parse(&records), Ok(Some(chosen)), "{size} bytes a record");
    }
}

#[test]
fn what_is_not_all_there_yet_is_waited_for() {
    let answer = answer();
    for length in 0..46 {
        assert_eq!(ServerHello::parse(&answer[..length]), Ok(None), "{length} bytes");
    }
    assert!(matches!(ServerHello::parse(&answer[..46]), Ok(Some(_))));
}

#[test]
fn what_comes_after_an_answer_does_not_unsay_it() {
    let hello = ServerHello::parse(&answer()).expect("an answer");
    let alert = [21, 3, 2, 0, 2, 2, 40];
    assert_eq!(ServerHello::parse(&[answer().as_slice(), &alert].concat()), Ok(hello));
}

#[test]
fn an_alert_or_anything_else_is_no_answer() {
    let alert = [21, 3, 1, 0, 2, 2, 40];
    let fault = Fault::Byte { expected: 22, found: 21 };
    assert_eq!(ServerHello::parse(&alert), Err(Malformed::new(0, "record type", fault)));
    assert!(ServerHello::parse(b"HTTP/1.1 400 Bad Request\r\n").is_err());
    // A handshake record, but of another message.
    let certificate_first = [22, 3, 3, 0, 4, 11, 0, 0, 0];
    assert!(ServerHello::parse(&certificate_first).is_err());
}

#[test]
fn what_was_not_offered_is_no_choice() {
    let chosen = |version, suite| {
        let hello = ServerHello { version: TlsVersion(version), suite: Suite(suite) };
        hello.chooses_from_the_offer()
    };
    assert!(chosen([3, 1], 0x0035) && chosen([3, 3], 0xC013));
    assert!(!chosen([3, 4], 0x0035));
    assert!(!chosen([3, 3], 0xC02F));
    assert!(!chosen([3, 2], 0x0000));
    let mut zeros = answer();
    zeros[9..].fill(0);
    let fault = Fault::Byte { expected: 3, found: 0 };
    assert_eq!(ServerHello::parse(&zeros), Err(Malformed::new(4, "version", fault)));
}

#[test]
fn the_offer_is_one_record_with_lengths_that_agree() {
    for host in [None, Some("directory.lab.test")] {
        let hello = client_hello(host, HelloOffer::Outdated);
        let long = |at: usize| usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
        assert_eq!(long(3), hello.len() - 5);
        assert_eq!((hello[5], hello[6], long(7)), (1, 0, hello.len() - 9));
        let suites = 2 * (Suite::OUTDATED.len() + 1);
        assert_eq!(long(44), suites);
        assert_eq!(long(46 + suites + 2), hello.len() - 46 - suites - 4);
        let named = hello.windows(18).any(|window| window == b"directory.lab.test");
        assert_eq!(named, host.is_some());
    }
}

#[test]
fn every_suite_of_the_offer_has_its_flaw() {
    for (what, codes) in [
        ("RSA key exchange", vec![0x009C, 0x0005]),
        ("RSA key exchange with CBC", vec![0x002F, 0x000A]),
        ("CBC cipher suites", vec![0xC013, 0xC009]),
        ("finite-field Diffie-Hellman", vec![0x009E, 0xCCAA]),
        ("finite-field Diffie-Hellman with CBC", vec![0x0033]),
        ("RC4 cipher suites", vec![0xC011]),
        ("CCM cipher suites", vec![0xC0AC]),
    ] {
        for code in codes {
            assert_eq!(Suite(code).flaw(), Some(what), "{code:#06x}");
        }
    }
    assert!(Suite::OUTDATED.iter().all(|(code, _)| Suite(*code).flaw().is_some()));
    // Those that this agent speaks, and unknown ones, have none.
    assert_eq!(Suite(0xC02F).flaw(), None);
    assert_eq!(Suite(0xFFFF).to_string(), "cipher suite 0xffff");
}

#[test]
fn versions_are_shown_by_their_names() {
    let shown = |bytes| TlsVersion(bytes).to_string();
    assert_eq!(shown([3, 0]), "SSL 3.0");
    assert_eq!([shown([3, 1]), shown([3, 2]), shown([3, 3])], ["TLS 1.0", "TLS 1.1", "TLS 1.2"]);
    assert!(TlsVersion([3, 2]).is_old() && !TlsVersion([3, 3]).is_old());
}

/// A greeting and a message of certificates, in one record or two.
#[test]
fn the_certificate_behind_the_greeting_is_read() {
    let hello = [&[2, 0, 0, 4][..], &[3, 3, 0, 0]].concat();
    let shown = [11, 0, 0, 11, 0, 0, 8, 0, 0, 5, 1, 2, 3, 4, 5].as_slice();
    let record = |content: &[u8]| {
        let length = u8::try_from(content.len()).expect("a short record");
        [&[22, 3, 3, 0, length], content].concat()
    };
    let one = record(&[&hello, shown].concat());
    // Records may end anywhere, between messages as well.
    let two = [record(&hello), record(shown)].concat();
    for flight in [&one, &two] {
        assert_eq!(certificate(flight), Ok(Some(vec![1, 2, 3, 4, 5])));
        for length in 0..flight.len() {
            assert_eq!(certificate(&flight[..length]), Ok(None), "{length} bytes");
        }
    }
    // What a server says afterwards, as that it gives up, comes too late to change that.
    let alert = [21, 3, 3, 0, 2, 2, 40].as_slice();
    assert_eq!(certificate(&[&two, alert].concat()), Ok(Some(vec![1, 2, 3, 4, 5])));
    assert!(certificate(&[&record(&hello), alert].concat()).is_err());
    let other = [record(&hello), record(&[12, 0, 0, 0])].concat();
    assert!(certificate(&other).is_err());
    assert!(certificate(&[21, 3, 3, 0, 2, 2, 40]).is_err());
}
