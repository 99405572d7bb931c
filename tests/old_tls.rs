//! `proto::old_tls` with a server of others, `openssl s_server`, over a socket of the loopback.

#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]
#![allow(clippy::disallowed_methods, reason = "fixtures for openssl are written in place")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::slice;
use std::time::{Duration, Instant};

use rsa::rand_core::OsRng;
use secd::proto::old_tls::{
    Ended, Finishing, FinishingStep, FromServer, Greeting, GreetingStep, OldConnection,
    OldTlsFault, Opening, Proven, ServerKey, ToJudge,
};
use secd::trust::certificate::{Certificate, PublicKey};
use secd::wire::old_tls::{AlertDescription, OldSuite, OldVersion};
use secd_lab::certificate::Identity;
use secd_lab::cluster::Setup;
use secd_lab::keys::Kind;
use secd_lab::old_tls::OldServer;

#[allow(dead_code, reason = "each test uses its own part")]
#[path = "interop_tls/peer.rs"]
mod peer;

use peer::Peer;

/// A connection on its way; the machine decides what is read and written.
struct Dialogue(TcpStream);

impl Dialogue {
    fn with(peer: &Peer) -> Self {
        let stream = TcpStream::connect(peer.address).unwrap();
        // For a server that stops answering: a test must end.
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(stream)
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// Some bytes; none at the end of the stream.
    fn read(&mut self) -> Vec<u8> {
        let mut buffer = [0; 4096];
        let length = self.0.read(&mut buffer).unwrap();
        buffer[..length].to_vec()
    }

    fn greet(&mut self, newest: OldVersion) -> Result<ToJudge, Ended> {
        let opening = Opening { host: None, newest };
        let (mut greeting, hello) = Greeting::begin(opening, Box::new(OsRng));
        self.write(&hello);
        loop {
            let bytes = self.read();
            assert!(!bytes.is_empty(), "the server closed");
            greeting = match greeting.feed(&bytes)? {
                GreetingStep::Judge(judge) => return Ok(judge),
                GreetingStep::More(greeting) => greeting,
            };
        }
    }

    fn finish(&mut self, mut finishing: Finishing) -> Result<Proven, Ended> {
        loop {
            let bytes = self.read();
            assert!(!bytes.is_empty(), "the server closed");
            finishing = match finishing.feed(&bytes)? {
                FinishingStep::Done(proven) => return Ok(proven),
                FinishingStep::More(finishing) => finishing,
            };
        }
    }

    /// Opens the server if it shows this certificate.
    fn pinned(&mut self, identity: &Identity, newest: OldVersion) -> Result<Proven, Ended> {
        let judge = self.greet(newest)?;
        assert_eq!(judge.chain(), slice::from_ref(&identity.certificate.der));
        let (finishing, bytes) = judge.accept(&key(identity))?;
        self.write(&bytes);
        self.finish(finishing)
    }

    fn expect_pinned(&mut self, identity: &Identity, newest: OldVersion) -> Proven {
        self.pinned(identity, newest).unwrap_or_else(|ended| panic!("{}", ended.why))
    }

    /// So many bytes of data.
    fn receive(&mut self, connection: &mut OldConnection, length: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while all.len() < length {
            match connection.receive().unwrap_or_else(|ended| panic!("{}", ended.why)) {
                FromServer::Data(data) => all.extend_from_slice(&data),
                FromServer::CloseNotify => panic!("closed after {} bytes", all.len()),
                FromServer::Nothing => {
                    let bytes = self.read();
                    assert!(!bytes.is_empty(), "the server closed");
                    connection.feed(&bytes);
                }
            }
        }
        all
    }
}

fn key(identity: &Identity) -> ServerKey {
    let certificate = Certificate::parse(&identity.certificate.der).unwrap();
    let PublicKey::Rsa(der) = certificate.key else { panic!("an RSA key") };
    ServerKey::new(der, 1024).unwrap()
}

fn identity(kind: Kind) -> Identity {
    let setup = Setup::default();
    setup.issue(&setup.profile("tvs.lab.test"), kind)
}

/// Version, suite, and what openssl calls them.
const SPOKEN: [(OldVersion, OldSuite, &str); 8] = [
    (OldVersion::Tls10, OldSuite::Aes256Sha, "-tls1 -cipher AES256-SHA:@SECLEVEL=0"),
    (OldVersion::Tls10, OldSuite::Aes128Sha, "-tls1 -cipher AES128-SHA:@SECLEVEL=0"),
    (OldVersion::Tls11, OldSuite::Aes256Sha, "-tls1_1 -cipher AES256-SHA:@SECLEVEL=0"),
    (OldVersion::Tls11, OldSuite::Aes128Sha, "-tls1_1 -cipher AES128-SHA:@SECLEVEL=0"),
    (OldVersion::Tls12, OldSuite::Aes256Sha, "-tls1_2 -cipher AES256-SHA:@SECLEVEL=0"),
    (OldVersion::Tls12, OldSuite::Aes128Sha, "-tls1_2 -cipher AES128-SHA:@SECLEVEL=0"),
    (OldVersion::Tls12, OldSuite::Aes256Sha256, "-tls1_2 -cipher AES256-SHA256:@SECLEVEL=0"),
    (OldVersion::Tls12, OldSuite::Aes128Sha256, "-tls1_2 -cipher AES128-SHA256:@SECLEVEL=0"),
];

/// Sends lines, and expects each back in reverse, as `s_server -rev` sends it.
fn echo(dialogue: &mut Dialogue, connection: &mut OldConnection) {
    for round in 0..20_usize {
        let line = |number: usize| format!("{number:04}{}", "abc".repeat(700 + round));
        let lines: Vec<String> = (0..8).map(line).collect();
        let sent: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let bytes = connection.send(sent.as_bytes());
        dialogue.write(&bytes);
        let back = dialogue.receive(connection, sent.len());
        let reversed = lines.iter().map(|line| line.chars().rev().collect::<String>() + "\n");
        assert_eq!(String::from_utf8(back).unwrap(), reversed.collect::<String>());
    }
}

#[test]
fn openssl_echoes_in_every_version_and_suite() {
    for kind in [Kind::Rsa1024, Kind::Rsa2048] {
        let identity = identity(kind);
        for (version, suite, arguments) in SPOKEN {
            let peer = Peer::of(&identity, &format!("-rev {arguments}"));
            let mut dialogue = Dialogue::with(&peer);
            let proven = dialogue
                .pinned(&identity, OldVersion::Tls12)
                .unwrap_or_else(|ended| panic!("{version}, {suite}: {}", ended.why));
            assert_eq!((proven.version(), proven.suite()), (version, suite));
            echo(&mut dialogue, &mut proven.open());
        }
    }
}

#[test]
fn openssl_names_version_and_suite_and_ends_with_close_notify() {
    let identity = identity(Kind::Rsa2048);
    for (version, suite, arguments) in SPOKEN {
        let peer = Peer::of(&identity, arguments);
        let mut dialogue = Dialogue::with(&peer);
        let mut connection = dialogue.expect_pinned(&identity, version).open();
        let request = connection.send(b"GET / HTTP/1.0\r\n\r\n");
        dialogue.write(&request);
        let mut page = Vec::new();
        loop {
            match connection.receive().unwrap() {
                FromServer::Data(data) => page.extend_from_slice(&data),
                FromServer::CloseNotify => break,
                FromServer::Nothing => {
                    let bytes = dialogue.read();
                    assert!(!bytes.is_empty(), "{version}, {suite}: no close_notify");
                    connection.feed(&bytes);
                }
            }
        }
        assert_eq!(connection.end_of_stream(), Ok(()));
        let page = String::from_utf8(page).unwrap();
        let name = arguments.split(' ').next_back().unwrap().split(':').next().unwrap();
        assert!(page.contains(&format!("Cipher    : {name}\n")), "{page}");
    }
}

#[test]
fn openssl_asks_for_a_certificate_and_goes_on_without() {
    let identity = identity(Kind::Rsa2048);
    for (version, suite, arguments) in SPOKEN {
        let peer = Peer::of(&identity, &format!("-rev -verify 1 {arguments}"));
        let mut dialogue = Dialogue::with(&peer);
        let proven = dialogue.expect_pinned(&identity, OldVersion::Tls12);
        assert_eq!((proven.version(), proven.suite()), (version, suite));
        echo(&mut dialogue, &mut proven.open());
    }
}

#[test]
fn a_server_that_can_do_better_refuses_the_fallback() {
    let identity = identity(Kind::Rsa2048);
    let peer = Peer::of(&identity, "-cipher ALL:@SECLEVEL=0");
    let Err(ended) = Dialogue::with(&peer).greet(OldVersion::Tls12) else {
        panic!("it speaks TLS 1.3");
    };
    assert_eq!(ended.why, OldTlsFault::Alert(AlertDescription::INAPPROPRIATE_FALLBACK));
}

#[test]
fn a_server_without_a_common_suite_or_version_says_so_before_any_certificate() {
    let identity = identity(Kind::Rsa2048);
    for (arguments, newest, alert) in [
        ("-tls1 -cipher DHE-RSA-AES256-SHA:@SECLEVEL=0", OldVersion::Tls12, 40),
        ("-tls1_2 -cipher AES128-GCM-SHA256:@SECLEVEL=0", OldVersion::Tls12, 40),
        ("-tls1_2 -cipher AES128-SHA:@SECLEVEL=0", OldVersion::Tls10, 70),
    ] {
        let peer = Peer::of(&identity, arguments);
        let Err(ended) = Dialogue::with(&peer).greet(newest) else { panic!("{arguments}") };
        assert_eq!(ended.why, OldTlsFault::Alert(AlertDescription(alert)), "{arguments}");
    }
}

#[test]
fn a_server_with_another_key_than_that_of_the_certificate_ends_it() {
    let (shown, other) = (identity(Kind::Rsa2048), identity(Kind::Rsa1024));
    let peer = Peer::of(&shown, SPOKEN[0].2);
    let mut dialogue = Dialogue::with(&peer);
    let judge = dialogue.greet(OldVersion::Tls12).unwrap_or_else(|ended| panic!("{}", ended.why));
    let (finishing, bytes) = judge.accept(&key(&other)).unwrap_or_else(|_| panic!("a key"));
    dialogue.write(&bytes);
    // Which alert it is depends on what the server makes of a secret that it cannot read.
    let Err(ended) = dialogue.finish(finishing) else { panic!("it has other keys") };
    assert!(matches!(ended.why, OldTlsFault::Alert(_)), "{}", ended.why);
}

#[test]
fn a_stream_that_is_cut_is_no_end() {
    let identity = identity(Kind::Rsa2048);
    let peer = Peer::of(&identity, &format!("-rev {}", SPOKEN[0].2));
    let mut dialogue = Dialogue::with(&peer);
    let mut connection = dialogue.expect_pinned(&identity, OldVersion::Tls12).open();
    echo(&mut dialogue, &mut connection);
    // A killed server closes without a word of TLS, as anyone on the way can do.
    drop(peer);
    let end = dialogue.0.read(&mut [0; 64]);
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    assert_eq!(connection.receive(), Ok(FromServer::Nothing));
    assert_eq!(connection.end_of_stream(), Err(OldTlsFault::Closed));
}

/// A connection that is open, and its server.
fn opened(version: OldVersion, suite: OldSuite, key: &Identity) -> (OldConnection, OldServer) {
    let (greeting, hello) =
        Greeting::begin(Opening { host: None, newest: OldVersion::Tls12 }, Box::new(OsRng));
    let chain = vec![key.certificate.der.clone()];
    let private = key.key.rsa().unwrap().clone();
    let (version, suite) = (version.number().0, suite.number().0);
    let mut server = OldServer::new(private, chain, version, suite);
    server.take_hello(&hello).unwrap();
    let Ok(GreetingStep::Judge(judge)) = greeting.feed(&server.turn()) else { panic!("a turn") };
    let Ok((finishing, bytes)) = judge.accept(&self::key(key)) else { panic!("a key") };
    server.take_keys(&bytes).unwrap();
    let turn = server.finish();
    let Ok(FinishingStep::Done(proven)) = finishing.feed(&turn) else { panic!("the last turn") };
    (proven.open(), server)
}

/// What is done to the plaintext of a record before it is sealed.
type Change = fn(&mut Vec<u8>);

/// How long the client takes for a record that `change` has changed.
fn time_of(key: &Identity, suite: OldSuite, change: Change) -> Duration {
    let (mut client, mut server) = opened(OldVersion::Tls12, suite, key);
    let record = server.seal_padded(23, &[b'x'; 300], 3, change);
    client.feed(&record);
    let start = Instant::now();
    let received = client.receive();
    let took = start.elapsed();
    assert_eq!(received.unwrap_err().why, OldTlsFault::BadRecord);
    took
}

/// `cargo test --test old_tls -- --ignored --nocapture times`
#[test]
#[ignore = "a measurement of minutes, to be read by a person"]
fn times_of_wrong_padding_and_wrong_macs() {
    let key = identity(Kind::Rsa1024);
    let changes: [(&str, Change); 4] = [
        ("MAC", |plain| plain[300] ^= 1),
        ("content", |plain| plain[0] ^= 1),
        ("padding", |plain| {
            let last = plain.len() - 2;
            plain[last] ^= 1;
        }),
        ("padding's length", |plain| {
            let last = plain.len() - 1;
            plain[last] = 0xFF;
        }),
    ];
    for suite in [OldSuite::Aes256Sha, OldSuite::Aes256Sha256] {
        let mut times = changes.map(|_| Vec::new());
        // In turn, so that what else the machine does is spread over all.
        for _ in 0..10_000 {
            for (times, (_, change)) in times.iter_mut().zip(changes) {
                times.push(time_of(&key, suite, change));
            }
        }
        for (mut times, (what, _)) in times.into_iter().zip(changes) {
            times.sort();
            let at = |part: usize| times[times.len() * part / 100];
            println!(
                "{suite}, wrong {what}: median {:?}, 10 % {:?}, 90 % {:?}",
                at(50),
                at(10),
                at(90)
            );
        }
    }
}
