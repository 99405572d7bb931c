//! HTTPS peers that are not of this project: what `openssl s_server` speaks is spoken, what it
//! cannot be spoken with is named exactly, and who does not mean well is got rid of.
#![allow(clippy::disallowed_methods, reason = "fixtures for openssl are written in place")]

#[path = "interop_tls/authority.rs"]
mod authority;
#[path = "interop_tls/hostile.rs"]
mod hostile;
#[path = "scenarios/log.rs"]
mod log;
#[path = "interop_tls/office.rs"]
mod office;
#[path = "interop_tls/peer.rs"]
mod peer;
#[allow(dead_code, reason = "each test uses its own part")]
#[path = "scenarios/phone.rs"]
mod phone;

use std::fs;
use std::future::Future;
use std::io::Write;
use std::sync::mpsc;
use std::time::Duration;

use authority::{Authority, Leaf};
use office::Office;
use peer::Peer;
use rustls::pki_types::ServerName;
use secd::agent::https::NotOpened;
use secd::io::clock;
use secd::trust::peer::{Peer as Judged, Shown};
use secd::trust::{Acceptance, Anchors, GrantedBy, ListKind, Purpose, stored};
use secd_lab::certificate::{Identity, Profile};
use secd_lab::cluster::Setup;
use secd_lab::https;
use secd_lab::keys::{KeyPair, Kind};
use secd_lab::tls::{Presented, Version};
use tokio::runtime::Builder;
use tokio::task::LocalSet;
use tokio::time::Instant;

fn run(story: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, story);
}

fn identity(kind: Kind) -> Identity {
    let setup = Setup::default();
    setup.issue(&setup.profile("directory.lab.test"), kind)
}

/// Whether a line of this thread's log says so; the lines are taken.
fn said(text: &str) -> bool {
    log::take().iter().any(|line| line.contains(text))
}

#[test]
fn every_kind_of_key_is_opened_in_tls_1_2_and_1_3() {
    let kinds = [Kind::Rsa1024, Kind::Rsa2048, Kind::Rsa4096, Kind::P256, Kind::P384];
    let identities = kinds.map(|kind| (kind, identity(kind)));
    run(async {
        let listed = identities.each_ref().map(|(_, identity)| &identity.certificate);
        let office = Office::listing(&listed).await;
        for (kind, identity) in &identities {
            for (argument, version) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
                let arguments = format!("{argument} -cipher DEFAULT@SECLEVEL=0");
                let peer = Peer::of(identity, &arguments);
                let page = office.press(peer.address).await;
                let page = page.unwrap_or_else(|error| panic!("{kind:?}, {version}: {error}"));
                assert!(page.contains(version), "{kind:?}, {version}: {page}");
                assert!(said("HTTPS cert in ITL"), "{kind:?}, {version}");
            }
        }
        assert_eq!(office.tvs.connections(), 0);
    });
}

#[test]
fn a_peer_that_no_list_knows_is_opened_by_tvs() {
    run(async {
        let office = Office::listing(&[]).await;
        for kind in [Kind::Rsa2048, Kind::P384] {
            let identity = identity(kind);
            office.vouch(&identity.certificate);
            let peer = Peer::of(&identity, "");
            office.press(peer.address).await.expect("TVS vouches");
            assert!(said("Authenticated the HTTPS conn via TVS"));
        }
        let stranger = Peer::of(&identity(Kind::P256), "");
        let refused = office.press(stranger.address).await.expect_err("TVS does not know it");
        assert!(matches!(refused, NotOpened::Distrusted(_)), "{refused}");
    });
}

#[test]
fn a_peer_that_offers_only_what_is_outdated_is_told_so_exactly() {
    let (rsa, ec) = (identity(Kind::Rsa2048), identity(Kind::P256));
    run(async {
        let office = Office::listing(&[&rsa.certificate, &ec.certificate]).await;
        for (identity, arguments, only) in [
            (&rsa, "-tls1_1 -cipher DEFAULT@SECLEVEL=0", "TLS 1.1"),
            (&ec, "-tls1_1 -cipher DEFAULT@SECLEVEL=0", "TLS 1.1"),
            (&rsa, "-tls1 -cipher DEFAULT@SECLEVEL=0", "TLS 1.0"),
            (
                &rsa,
                "-tls1_2 -cipher ECDHE-RSA-AES128-SHA",
                "CBC cipher suites (TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA)",
            ),
            (
                &ec,
                "-tls1_2 -cipher ECDHE-ECDSA-AES256-SHA384",
                "CBC cipher suites (TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384)",
            ),
            (
                &rsa,
                "-tls1_2 -cipher AES128-GCM-SHA256",
                "RSA key exchange (TLS_RSA_WITH_AES_128_GCM_SHA256)",
            ),
            (
                &rsa,
                "-tls1_2 -cipher AES256-SHA",
                "RSA key exchange with CBC (TLS_RSA_WITH_AES_256_CBC_SHA)",
            ),
            (
                &rsa,
                "-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256",
                "finite-field Diffie-Hellman (TLS_DHE_RSA_WITH_AES_128_GCM_SHA256)",
            ),
        ] {
            let peer = Peer::of(identity, arguments);
            let refused = office.press(peer.address).await.expect_err(arguments);
            let why = format!("the server offers only {only}, nothing that is supported");
            assert_eq!(refused, NotOpened::Handshake(why.clone()), "{arguments}");
            assert!(said(&format!("EROR:clpState: SSL_connect:failed, <127.0.0.1>: {why}")));
        }
    });
}

#[test]
fn a_peer_that_wants_a_certificate_of_the_phone_is_not_said_to_be_outdated() {
    let identity = identity(Kind::Rsa2048);
    run(async {
        let office = Office::listing(&[&identity.certificate]).await;
        // It also has what the agent does not speak, and would say so.
        let peer = Peer::of(&identity, "-tls1_2 -cipher ALL -Verify 1");
        let refused = office.press(peer.address).await.expect_err("there is none to show");
        let why =
            "the server broke off the handshake, perhaps for want of a certificate of the phone's";
        assert_eq!(refused, NotOpened::Handshake(why.to_owned()));
    });
}

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
        let why = "the server offers only TLS 1.1, nothing that is supported";
        assert_eq!(refused, NotOpened::Handshake(why.to_owned()));
        let (hello, more) = ears.recv().expect("the connection has ended");
        assert!(hello < 512, "{hello} octets are no small question");
        assert!(more.is_empty(), "{more:?}");
    });
}

#[test]
fn a_server_that_is_asked_and_misbehaves_is_refused_all_the_same_and_soon() {
    run(async {
        let office = Office::listing(&[]).await;
        let why = NotOpened::Handshake("the server has no cipher suite that is supported".into());
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
        let too_late = "no TLS handshake in time";
        let trickle = hostile::serve(|_, mut stream| {
            hostile::trickle(&mut stream, hostile::endless_message())
        });
        let refused = office.press(trickle).await.expect_err("one octet after the other");
        assert_eq!(refused, NotOpened::Handshake(too_late.to_owned()));
        let silence = hostile::serve(|_, mut stream| hostile::drained(&mut stream).map(drop));
        let refused = office.press(silence).await.expect_err("no octet at all");
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
            assert!(written < 32 << 20, "{written} octets were taken in: {refused}");
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
        let by_tls = "the server sends a message of 64 KiB or more";
        for (names, least, why) in
            [(3900, 64 << 10, by_tls), (3700, 62 << 10, "a request may have 16384 octets")]
        {
            let identity = large(names);
            let length = identity.certificate.der.len();
            assert!(length > least, "{length} octets");
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

#[test]
fn a_path_to_a_listed_authority_counts_for_the_host_that_was_asked_for() {
    let authority = Authority::new();
    run(async {
        let office = Office::listing(&[&authority.certificate()]).await;
        let issued = authority.issue(&Leaf::GOOD);
        let peer = Peer::start(issued.folder());
        for host in ["localhost", "127.0.0.1"] {
            let by = office.open(host, peer.address.port()).await;
            assert_eq!(by, Ok(GrantedBy::Path(ListKind::Itl)), "{host}");
            assert!(said("HTTPS cert under a CA in ITL, <127.0.0.1>"));
        }
        let page = office.press(peer.address).await.expect("the path holds");
        assert!(page.contains("TLSv1.3"), "{page}");
        assert_eq!(office.tvs.connections(), 0);
    });
}

#[test]
fn no_path_counts_while_the_clock_is_not_set() {
    let authority = Authority::new();
    run(async {
        let office = Office::listing(&[&authority.certificate()]).await;
        let mut anchors = Anchors::default();
        let list = stored::list(ListKind::Itl, &office.itl, Acceptance::FirstUse);
        anchors.install(list.expect("the list that was believed"));
        let certificate = authority.issue(&Leaf::GOOD).certificate();
        let name = ServerName::try_from("localhost").expect("a name");
        let judged = Judged::read(Shown {
            purpose: Purpose::HttpsService,
            certificate: &certificate.der,
            intermediates: &[],
            name: &name,
        })
        .expect("a certificate");
        let told = |now| {
            let judged = judged.under_authority(&anchors, ListKind::Itl, now);
            judged.map(|grant| grant.is_some()).map_err(|no_path| no_path.to_string())
        };
        assert_eq!(told(clock::now()), Ok(true));
        let unset = "the clock is not set, no certificate path counts";
        assert_eq!(told(None), Err(unset.to_owned()));
    });
}

#[test]
fn a_path_that_does_not_hold_leaves_the_word_to_tvs() {
    let authority = Authority::new();
    run(async {
        let office = Office::listing(&[&authority.certificate()]).await;
        for (leaf, why) in [
            (
                Leaf { names: "DNS:other.lab.test,IP:127.0.0.2", ..Leaf::GOOD },
                "the certificate is for another host",
            ),
            (Leaf { ends: "20210101000000Z", ..Leaf::GOOD }, "a certificate has expired"),
            (Leaf { usage: "clientAuth", ..Leaf::GOOD }, "a certificate is not for servers"),
        ] {
            let issued = authority.issue(&leaf);
            let peer = Peer::start(issued.folder());
            let refused = office.open("localhost", peer.address.port()).await.expect_err(why);
            assert!(matches!(refused, NotOpened::Distrusted(_)), "{why}: {refused}");
            let lines = log::take();
            let said =
                lines.iter().any(|line| line.contains("findCaInTL: ITL:") && line.contains(why));
            assert!(said, "{why}: {lines:#?}");
            office.vouch(&issued.certificate());
            let by = office.open("localhost", peer.address.port()).await;
            assert_eq!(by, Ok(GrantedBy::Tvs), "{why}");
        }
    });
}

#[test]
fn chains_that_are_broken_are_refused() {
    let (authority, other) = (Authority::new(), Authority::new());
    run(async {
        let office = Office::listing(&[&authority.certificate()]).await;
        // By an authority of the same name that nobody lists; and with a signature that does not fit.
        let foreign = other.issue(&Leaf::GOOD);
        let forged = authority.issue(&Leaf::GOOD);
        let file = forged.folder().join("server.pem");
        let mut certificate = peer::certificate(&file);
        *certificate.last_mut().expect("a signature") ^= 1;
        let key = fs::read_to_string(forged.folder().join("server.key")).expect("a key");
        let key = KeyPair::from_pem(&key).expect("a key on P-256");
        let forger = Presented { chain: vec![certificate], key };
        let forger = https::Server::start(&forger, Version::Any);
        let foreigner = Peer::start(foreign.folder());
        for (what, address) in [("foreign", foreigner.address), ("forged", forger.address())] {
            let refused = office.open("localhost", address.port()).await.expect_err(what);
            assert!(matches!(refused, NotOpened::Distrusted(_)), "{what}: {refused}");
            assert!(said("findCaInTL: ITL: no path to a listed authority"), "{what}");
        }
    });
}
