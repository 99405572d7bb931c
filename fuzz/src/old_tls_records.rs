//! An open connection of old TLS is done with any records, also with those that a server with the
//! right keys seals: what it gives out is what was sent, in order, and nothing after a fault.

use std::sync::OnceLock;

use rsa::RsaPrivateKey;
use secd::proto::old_tls::{
    Finishing, FinishingStep, FromServer, Greeting, GreetingStep, OldConnection, Opening, ServerKey,
};
use secd::wire::old_tls::OldVersion;
use secd_lab::keys::{Kind, Pool};
use secd_lab::old_tls::OldServer;

use crate::repeatable::Repeatable;

pub(crate) fn one(input: &[u8]) {
    let Some((first, mut rest)) = input.split_first() else { return };
    let (mut client, mut server) = opened(*first);
    let mut sent = Vec::new();
    // One byte for what is done to a record, one for its kind, one for its length.
    while let [change, kind, length, left @ ..] = rest {
        let (content, left) = left.split_at(usize::from(*length).min(left.len()));
        rest = left;
        let kind = if *kind < 128 { DATA } else { 20 + kind % 5 };
        let (sealed, is_honest) = sealed(&mut server, (kind, content), *change);
        client.feed(&sealed);
        if is_honest && kind == DATA {
            sent.extend_from_slice(content);
        }
        match received(&mut client, &mut sent) {
            Course::Open => assert!(is_honest, "a record that was changed has passed"),
            Course::Closed => return,
        }
    }
    assert!(sent.is_empty(), "{} bytes of an honest server are missing", sent.len());
}

enum Course {
    Closed,
    Open,
}

/// Takes what has come off what was sent.
fn received(client: &mut OldConnection, sent: &mut Vec<u8>) -> Course {
    loop {
        match client.receive() {
            Ok(FromServer::Data(data)) => {
                assert!(sent.starts_with(&data), "what was not sent has come");
                sent.drain(..data.len());
            }
            Ok(FromServer::Nothing) => return Course::Open,
            Ok(FromServer::CloseNotify) => return Course::Closed,
            Err(ended) => {
                assert!(!ended.why.to_string().is_empty());
                // Again and again the same, without another alert.
                let again = client.receive().expect_err("a fault is for good");
                assert!(again.why == ended.why && again.alert.is_empty());
                return Course::Closed;
            }
        }
    }
}

/// A record, and whether it is as it should be.
fn sealed(server: &mut OldServer, (kind, content): (u8, &[u8]), change: u8) -> (Vec<u8>, bool) {
    let at = usize::from(change);
    match change {
        // Up to 13 more blocks of padding, which are allowed.
        0..=13 => (server.seal_padded(kind, content, at, |_| {}), true),
        // A bit of content, MAC or padding.
        14..=127 => {
            let flip = |plain: &mut Vec<u8>| {
                let at = at % plain.len();
                plain[at] ^= 1 << (change % 8);
            };
            (server.seal_padded(kind, content, 0, flip), false)
        }
        // A bit of the ciphertext.
        128..=223 => {
            let mut record = server.seal(kind, content);
            let at = 5 + at % (record.len() - 5);
            record[at] ^= 1 << (change % 8);
            (record, false)
        }
        // Without keys.
        _ => {
            let length = u16::try_from(content.len()).expect("one byte");
            ([&[kind, 3, 1][..], &length.to_be_bytes(), content].concat(), false)
        }
    }
}

fn opened(choice: u8) -> (OldConnection, OldServer) {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    let key = KEY.get_or_init(|| Pool::new().take(Kind::Rsa1024).rsa().expect("RSA").clone());
    let (version, suite) = SPOKEN[usize::from(choice) % SPOKEN.len()];
    let mut server = OldServer::new(key.clone(), vec![b"leaf".to_vec()], version, suite);
    let opening = Opening { host: None, newest: OldVersion::Tls12 };
    let (greeting, hello) = Greeting::begin(opening, Box::new(Repeatable(1)));
    server.take_hello(&hello).expect("the offer of this client");
    let Ok(GreetingStep::Judge(judge)) = greeting.feed(&server.turn()) else {
        panic!("a turn of an honest server");
    };
    let public = ServerKey::new(&server.public_der(), 1024).expect("a key of 1024 bits");
    let (finishing, bytes) = judge.accept(&public).unwrap_or_else(|ended| panic!("{}", ended.why));
    server.take_keys(&bytes).expect("the keys of this client");
    (proven(finishing, &server.finish()), server)
}

fn proven(finishing: Finishing, turn: &[u8]) -> OldConnection {
    match finishing.feed(turn) {
        Ok(FinishingStep::Done(proven)) => proven.open(),
        _ => panic!("the last turn of an honest server"),
    }
}

/// Versions with the suites that they have.
const SPOKEN: [([u8; 2], u16); 6] = [
    ([3, 1], 0x0035),
    ([3, 1], 0x002f),
    ([3, 2], 0x0035),
    ([3, 3], 0x002f),
    ([3, 3], 0x003d),
    ([3, 3], 0x003c),
];

const DATA: u8 = 23;
