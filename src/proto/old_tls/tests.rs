//! Transcripts with a server that has code of its own: `tests/server.rs`.

mod refusals;
mod server;

use alloc::boxed::Box;
use alloc::vec::Vec;

use rsa::rand_core::{CryptoRng, Error, RngCore};

use self::server::TestServer;
use super::prf::derive;
use super::{
    Ended, Finishing, FinishingStep, FromServer, Greeting, GreetingStep, OldConnection,
    OldTlsFault, Opening, Proven, ServerKey, ToJudge, UnusableKey,
};
use crate::wire::old_tls::{AlertDescription, OldVersion};

/// Every suite in every version that has it.
const SPOKEN: [(OldVersion, u16); 8] = [
    (OldVersion::Tls10, 0x0035),
    (OldVersion::Tls10, 0x002F),
    (OldVersion::Tls11, 0x0035),
    (OldVersion::Tls11, 0x002F),
    (OldVersion::Tls12, 0x0035),
    (OldVersion::Tls12, 0x002F),
    (OldVersion::Tls12, 0x003D),
    (OldVersion::Tls12, 0x003C),
];

/// Random bytes that are the same in every run.
struct Repeatable(u64);

impl RngCore for Repeatable {
    fn next_u32(&mut self) -> u32 {
        u32::try_from(self.next_u64() >> 32).unwrap()
    }

    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        self.0
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.next_u64().to_be_bytes()[0]);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Repeatable {}

fn begin(newest: OldVersion) -> (Greeting, Vec<u8>) {
    let opening = Opening { host: Some("tvs.lab.test"), newest };
    Greeting::begin(opening, Box::new(Repeatable(7)))
}

fn to_judge(greeting: Greeting, bytes: &[u8]) -> ToJudge {
    match greeting.feed(bytes) {
        Ok(GreetingStep::Judge(judge)) => judge,
        Ok(GreetingStep::More(_)) => panic!("the turn is complete"),
        Err(ended) => panic!("{}", ended.why),
    }
}

/// Client and server when the certificates are there.
fn greeted(version: OldVersion, suite: u16) -> (ToJudge, TestServer) {
    let (greeting, hello) = begin(OldVersion::Tls12);
    let mut server = TestServer::new(version, suite);
    server.take_hello(&hello);
    let turn = server.turn();
    (to_judge(greeting, &turn), server)
}

/// Client and server when the server must show that it has the keys.
fn exchanged(version: OldVersion, suite: u16) -> (Finishing, TestServer) {
    let (judge, mut server) = greeted(version, suite);
    let (finishing, bytes) = judge.accept(&server.public_key()).expect("a key of 1024 bits");
    server.take_keys(&bytes);
    (finishing, server)
}

fn proven(finishing: Finishing, bytes: &[u8]) -> Proven {
    match finishing.feed(bytes) {
        Ok(FinishingStep::Done(proven)) => proven,
        Ok(FinishingStep::More(_)) => panic!("the turn is complete"),
        Err(ended) => panic!("{}", ended.why),
    }
}

fn opened(version: OldVersion, suite: u16) -> (OldConnection, TestServer) {
    let (finishing, mut server) = exchanged(version, suite);
    let turn = server.finish();
    (proven(finishing, &turn).open(), server)
}

/// Everything that has come as data.
fn data(connection: &mut OldConnection) -> Result<Vec<u8>, Ended> {
    let mut all = Vec::new();
    loop {
        match connection.receive()? {
            FromServer::Data(data) => all.extend_from_slice(&data),
            FromServer::CloseNotify | FromServer::Nothing => return Ok(all),
        }
    }
}

#[test]
fn every_version_and_suite_carries_data_both_ways() {
    let long: Vec<u8> = (0..40_000_u32).map(|byte| byte.to_le_bytes()[0]).collect();
    for (version, suite) in SPOKEN {
        let (mut client, mut server) = opened(version, suite);
        for text in [b"GET / HTTP/1.0\r\n".as_slice(), &long, b"x"] {
            let sent = client.send(text);
            assert_eq!(server.data(&sent), text, "{version} {suite:#06x}");
            let answer = text.chunks(16_384).flat_map(|part| server.seal(23, part));
            client.feed(&answer.collect::<Vec<u8>>());
            assert_eq!(data(&mut client).unwrap(), text, "{version} {suite:#06x}");
        }
        client.feed(&server.seal(21, &[1, 0]));
        assert_eq!(client.receive(), Ok(FromServer::CloseNotify));
        assert_eq!(client.end_of_stream(), Ok(()));
        let close = client.close();
        assert_eq!(server.open(&close), [(21, [1, 0].to_vec())]);
    }
}

#[test]
fn one_byte_at_a_time_is_the_same_as_all_at_once() {
    for (version, suite) in SPOKEN {
        let (mut greeting, hello) = begin(OldVersion::Tls12);
        let mut server = TestServer::new(version, suite);
        server.take_hello(&hello);
        let turn = server.turn();
        let (last, first) = turn.split_last().unwrap();
        for byte in first {
            greeting = match greeting.feed(&[*byte]) {
                Ok(GreetingStep::More(greeting)) => greeting,
                _ => panic!("more must come"),
            };
        }
        let (mut finishing, bytes) =
            to_judge(greeting, &[*last]).accept(&server.public_key()).unwrap();
        server.take_keys(&bytes);
        let turn = server.finish();
        let (last, first) = turn.split_last().unwrap();
        for byte in first {
            finishing = match finishing.feed(&[*byte]) {
                Ok(FinishingStep::More(finishing)) => finishing,
                _ => panic!("more must come"),
            };
        }
        let mut client = proven(finishing, &[*last]).open();
        let (last, first) = {
            let sealed = server.seal(23, b"answer");
            (sealed[sealed.len() - 1], sealed[..sealed.len() - 1].to_vec())
        };
        for byte in first {
            client.feed(&[byte]);
            assert_eq!(client.receive(), Ok(FromServer::Nothing));
        }
        client.feed(&[last]);
        assert_eq!(data(&mut client).unwrap(), b"answer");
    }
}

#[test]
fn the_caller_has_the_chain_before_anything_secret_goes_out() {
    let (judge, mut server) = greeted(OldVersion::Tls10, 0x0035);
    assert_eq!(judge.chain(), [b"leaf".to_vec(), b"authority".to_vec()]);
    assert_eq!((judge.version(), judge.suite().number().0), (OldVersion::Tls10, 0x0035));
    // Refused, the server has an alert and nothing else.
    assert_eq!(server.open(&judge.refuse()), [(21, [2, 46].to_vec())]);
}

#[test]
fn data_waits_until_the_caller_opens_it() {
    let (finishing, mut server) = exchanged(OldVersion::Tls10, 0x0035);
    let turn = [server.finish(), server.seal(23, b"220 ready")].concat();
    let proven = proven(finishing, &turn);
    assert_eq!((proven.version(), proven.suite().number().0), (OldVersion::Tls10, 0x0035));
    assert_eq!(data(&mut proven.open()).unwrap(), b"220 ready");
}

#[test]
fn what_the_caller_does_not_open_is_closed_without_a_byte() {
    let (finishing, mut server) = exchanged(OldVersion::Tls12, 0x003C);
    let turn = server.finish();
    let close = proven(finishing, &turn).close();
    assert_eq!(server.open(&close), [(21, [1, 0].to_vec())]);
}

#[test]
fn tls_1_0_sends_an_empty_record_before_each_and_others_do_not() {
    for (version, suite) in SPOKEN {
        let (mut client, mut server) = opened(version, suite);
        let sent = client.send(&[7; 20_000]);
        let lengths: Vec<_> = server.open(&sent).iter().map(|(_, content)| content.len()).collect();
        if version == OldVersion::Tls10 {
            assert_eq!(lengths, [0, 16_384, 0, 3616]);
        } else {
            assert_eq!(lengths, [16_384, 3616]);
        }
    }
}

#[test]
fn every_record_of_tls_1_1_and_1_2_has_a_vector_of_its_own() {
    let (mut client, _) = opened(OldVersion::Tls11, 0x002F);
    let records = [client.send(b"same"), client.send(b"same"), client.send(b"same")];
    let mut vectors = records.each_ref().map(|record| &record[5..21]).to_vec();
    vectors.sort_unstable();
    vectors.dedup();
    assert_eq!(vectors.len(), 3);
}

#[test]
fn the_premaster_has_the_version_of_the_offer() {
    // The test server compares it when it takes the keys; here it chose an older one.
    for newest in [OldVersion::Tls10, OldVersion::Tls11, OldVersion::Tls12] {
        let (greeting, hello) = begin(newest);
        let mut server = TestServer::new(OldVersion::Tls10, 0x0035);
        server.take_hello(&hello);
        let turn = server.turn();
        let (_, bytes) = to_judge(greeting, &turn).accept(&server.public_key()).unwrap();
        assert_eq!(server.take_keys(&bytes), newest.number().0);
    }
}

#[test]
fn a_server_that_asks_for_a_certificate_is_shown_none() {
    for (version, suite) in SPOKEN {
        let (greeting, hello) = begin(OldVersion::Tls12);
        let mut server = TestServer::new(version, suite);
        server.asks = true;
        server.take_hello(&hello);
        let turn = server.turn();
        let (finishing, bytes) = to_judge(greeting, &turn).accept(&server.public_key()).unwrap();
        server.take_keys(&bytes);
        let turn = server.finish();
        assert_eq!(proven(finishing, &turn).version(), version);
    }
}

#[test]
fn a_small_key_or_none_is_named() {
    let server = TestServer::new(OldVersion::Tls10, 0x0035);
    let der = server.public_der();
    let small = UnusableKey::TooSmall { bits: 1024, least: 2048 };
    assert_eq!(ServerKey::new(&der, 2048), Err(small));
    assert_eq!(small.to_string(), "RSA key of 1024 bits, expected at least 2048");
    assert!(ServerKey::new(&der, 1024).is_ok());
    assert_eq!(ServerKey::new(b"no key", 1024), Err(UnusableKey::NotRsa));
}

#[test]
fn a_stream_that_ends_without_close_notify_is_cut() {
    let (mut client, mut server) = opened(OldVersion::Tls10, 0x002F);
    client.feed(&server.seal(23, b"half of an ans"));
    assert_eq!(data(&mut client).unwrap(), b"half of an ans");
    assert_eq!(client.end_of_stream(), Err(OldTlsFault::Closed));
}

#[test]
fn what_follows_close_notify_is_not_read() {
    let (mut client, mut server) = opened(OldVersion::Tls10, 0x002F);
    client.feed(&[server.seal(21, &[1, 0]), server.seal(23, b"more")].concat());
    assert_eq!(client.receive(), Ok(FromServer::CloseNotify));
    client.feed(b"rubbish");
    assert_eq!(client.receive(), Ok(FromServer::CloseNotify));
}

#[test]
fn a_fatal_alert_is_named() {
    let (greeting, _) = begin(OldVersion::Tls12);
    // inappropriate_fallback, from a server that can do better
    let Err(ended) = greeting.feed(&[21, 3, 1, 0, 2, 2, 86]) else { panic!("it is fatal") };
    let why = OldTlsFault::Alert(AlertDescription::INAPPROPRIATE_FALLBACK);
    assert_eq!(ended, Ended { why, alert: Vec::new() });
    assert_eq!(why.to_string(), "the server ended it with inappropriate_fallback");
}

#[test]
fn keys_come_from_the_secret_as_in_the_published_vector() {
    // "Test vectors for TLS 1.2 PRF", ietf-tls list, 2009: P_SHA256.
    let secret = bytes("9bbe436ba940f017b17652849a71db35");
    let seed = bytes("a0ba9f936cda311827a6f796ffd5198c");
    let mut out = [0; 100];
    derive(OldVersion::Tls12, &secret, &[b"test label", &seed], &mut out);
    let expected = "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9\
                    c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789ba\
                    a48082d122ee42c5a72e5a5110fff70187347b66";
    assert_eq!(out.as_slice(), bytes(expected));
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| core::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}
