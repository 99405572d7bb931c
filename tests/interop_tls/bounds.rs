//! Peers that do not mean well, or cannot be borne: each is refused for one reason, soon, and with
//! little taken in.

use std::io::Write;
use std::sync::mpsc;
use std::time::Duration;

use secd::agent::NotOpened;
use secd_lab::certificate::Profile;
use secd_lab::cluster::Setup;
use secd_lab::https;
use secd_lab::keys::Kind;
use secd_lab::tls::{Presented, Version};
use tokio::time::Instant;

use crate::office::Office;
use crate::peer::Peer;
use crate::{hostile, run};

#[test]
fn a_server_that_is_asked_what_it_offers_hears_nothing_after_its_answer() {
    run(async {
        let office = Office::listing(&[]).await;
        let (heard, ears) = mpsc::channel();
        let server = hostile::refuse_and(move |mut stream| {
            let hello = hostile::record(&mut stream)?;
            let head = [22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2].as_slice();
            stream.write_all(&[head, &[7; 32], &[0, 0, 0x35, 0]].concat())?;
            let more = hostile::drained(&mut stream)?;
            let _told = heard.send((hello.len(), more));
            Ok(())
        });
        let refused = office.press(server).await.expect_err("an old server");
        let why =
            "the server offers only TLS 1.1, which this phone refuses (https.legacy_tls allows it)";
        assert_eq!(refused, NotOpened::Handshake(why.to_owned()));
        let (hello, more) = ears.recv().expect("the connection has ended");
        assert!(hello < 512, "{hello} bytes are no small question");
        assert!(more.is_empty(), "{more:?}");
    });
}

#[test]
fn a_server_that_is_asked_and_misbehaves_is_refused_all_the_same_and_soon() {
    run(async {
        let office = Office::listing(&[]).await;
        let why = NotOpened::Handshake(
            "the server has no supported cipher suite, or no supported kind of key".into(),
        );
        let empty_records = [22, 3, 1, 0, 0];
        for (what, server) in [
            ("silence", hostile::refuse_and(|mut stream| hostile::drained(&mut stream).map(drop))),
            ("nothing", hostile::refuse_and(|_| Ok(()))),
            ("garbage", hostile::refuse_and(|mut stream| stream.write_all(&[0xA5; 600]))),
            (
                "an alert",
                hostile::refuse_and(|mut stream| stream.write_all(&[21, 3, 1, 0, 2, 2, 40])),
            ),
            (
                "records without end",
                hostile::refuse_and(move |mut stream| {
                    assert!(hostile::flood(&mut stream, &empty_records) < 16 << 20);
                    Ok(())
                }),
            ),
            (
                "an answer without end",
                hostile::refuse_and(|mut stream| {
                    hostile::trickle(&mut stream, hostile::endless_message())
                }),
            ),
        ] {
            let start = Instant::now();
            assert_eq!(office.press(server).await.expect_err(what), why, "{what}");
            assert!(start.elapsed() < Duration::from_secs(10), "{what}: {:?}", start.elapsed());
        }
    });
}

#[test]
fn handshakes_without_end_are_ended() {
    run(async {
        let office = Office::listing(&[]).await;
        let too_late = "the TLS handshake timed out";
        let trickle = hostile::serve(|_, mut stream| {
            hostile::trickle(&mut stream, hostile::endless_message())
        });
        let refused = office.press(trickle).await.expect_err("one byte after the other");
        assert_eq!(refused, NotOpened::Handshake(too_late.to_owned()));
        let silence = hostile::serve(|_, mut stream| hostile::drained(&mut stream).map(drop));
        let refused = office.press(silence).await.expect_err("no byte at all");
        assert_eq!(refused, NotOpened::Handshake(too_late.to_owned()));
        // A message of 16 MB, records without content, a change of cipher over and over.
        let (heard, ears) = mpsc::channel();
        for block in [
            hostile::endless_message().take(5 + (16 << 10)).collect(),
            vec![22, 3, 3, 0, 0],
            vec![20, 3, 3, 0, 1, 1],
            vec![21, 3, 3, 0, 2, 1, 90],
        ] {
            let heard = heard.clone();
            let flood = hostile::serve(move |_, mut stream| {
                hostile::record(&mut stream)?;
                let _told = heard.send(hostile::flood(&mut stream, &block));
                Ok(())
            });
            let start = Instant::now();
            let refused = office.press(flood).await.expect_err("a flood");
            assert!(matches!(refused, NotOpened::Handshake(_)), "{refused}");
            assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
            let written = ears.recv().expect("the flood has ended");
            assert!(written < 32 << 20, "{written} bytes were taken in: {refused}");
        }
    });
}

#[test]
fn certificates_of_64_kib_are_refused() {
    let setup = Setup::default();
    let large = |names: usize| {
        let names = (0..names).map(|name| format!("n{name:05}.lab.test")).collect();
        let profile = Profile { dns: names, ..setup.profile("large.lab.test") };
        setup.issue(&profile, Kind::P256)
    };
    run(async {
        let office = Office::listing(&[]).await;
        // One that the handshake cannot carry, and one that no question to TVS can.
        let by_tls = "the server sent a handshake message of 64 KiB or more, larger than allowed";
        for (names, least, why) in
            [(3900, 64 << 10, by_tls), (3700, 62 << 10, "exceeds the limit of 16384")]
        {
            let identity = large(names);
            let length = identity.certificate.der.len();
            assert!(length > least, "{length} bytes");
            office.vouch(&identity.certificate);
            for version in [Version::Tls12, Version::Tls13] {
                let server = https::Server::start(&Presented::new(&identity), version);
                let refused = office.press(server.address()).await.expect_err("too large");
                assert!(refused.to_string().contains(why), "{length}, {version:?}: {refused}");
            }
            let peer = Peer::of(&identity, "");
            let refused = office.press(peer.address).await.expect_err("too large");
            assert!(refused.to_string().contains(why), "{length}: {refused}");
        }
    });
}
