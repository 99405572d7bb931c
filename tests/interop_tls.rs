//! HTTPS peers that are not of this project: what `openssl s_server` speaks is spoken, what it
//! cannot be spoken with is named exactly, and who does not mean well is got rid of.
#![allow(clippy::disallowed_methods, reason = "fixtures for openssl are written in place")]

#[path = "interop_tls/authorities.rs"]
mod authorities;
#[path = "interop_tls/authority.rs"]
mod authority;
#[path = "interop_tls/bounds.rs"]
mod bounds;
#[path = "interop_tls/hostile.rs"]
mod hostile;
#[path = "interop_tls/kinds.rs"]
mod kinds;
#[path = "scenarios/log.rs"]
mod log;
#[path = "interop_tls/office.rs"]
mod office;
#[path = "interop_tls/paths.rs"]
mod paths;
#[path = "interop_tls/peer.rs"]
mod peer;
#[allow(dead_code, reason = "each test uses its own part")]
#[path = "scenarios/phone.rs"]
mod phone;
#[path = "interop_tls/signalling.rs"]
mod signalling;
#[allow(dead_code, reason = "each test uses its own part")]
#[path = "https_story/impostor.rs"]
mod way;

use std::future::Future;

use office::Office;
use peer::Peer;
use secd::agent::NotOpened;
use secd_lab::certificate::Identity;
use secd_lab::cluster::Setup;
use secd_lab::keys::Kind;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

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

/// The status page of `openssl s_server` says whether its connection has resumed a session.
#[test]
fn an_independent_server_resumes_sessions_and_is_judged_each_time() {
    let identity = identity(Kind::Rsa2048);
    run(async {
        let office = Office::listing(&[&identity.certificate]).await;
        for (argument, version) in [
            ("-tls1_2", "TLSv1.2"),
            ("-tls1_2 -no_ticket", "TLSv1.2"),
            ("-tls1_3", "TLSv1.3"),
            ("-tls1_3 -no_ticket", "TLSv1.3"),
        ] {
            let peer = Peer::of(&identity, argument);
            for kind in ["New", "Reused", "Reused", "Reused"] {
                let page = office.press(peer.address).await.expect("the list has it");
                let line = format!("{kind}, {version}, Cipher is");
                assert!(page.contains(&line), "{argument}: not {kind}: {page}");
                assert!(said("HTTPS cert in ITL"), "{argument}");
            }
        }
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
        let allowed = " (https.legacy_tls allows it)";
        for (identity, arguments, only, hint) in [
            (&rsa, "-tls1_1 -cipher DEFAULT@SECLEVEL=0", "TLS 1.1", allowed),
            (
                &ec,
                "-tls1_1 -cipher DEFAULT@SECLEVEL=0",
                "TLS 1.1 with CBC cipher suites (TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA)",
                "",
            ),
            (&rsa, "-tls1 -cipher DEFAULT@SECLEVEL=0", "TLS 1.0", allowed),
            (
                &rsa,
                "-tls1_2 -cipher ECDHE-RSA-AES128-SHA",
                "CBC cipher suites (TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA)",
                "",
            ),
            (
                &ec,
                "-tls1_2 -cipher ECDHE-ECDSA-AES256-SHA384",
                "CBC cipher suites (TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384)",
                "",
            ),
            (
                &rsa,
                "-tls1_2 -cipher AES128-GCM-SHA256",
                "RSA key exchange (TLS_RSA_WITH_AES_128_GCM_SHA256)",
                "",
            ),
            (
                &rsa,
                "-tls1_2 -cipher AES256-SHA",
                "RSA key exchange with CBC (TLS_RSA_WITH_AES_256_CBC_SHA)",
                allowed,
            ),
            (
                &rsa,
                "-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256",
                "finite-field Diffie-Hellman (TLS_DHE_RSA_WITH_AES_128_GCM_SHA256)",
                "",
            ),
        ] {
            let peer = Peer::of(identity, arguments);
            let refused = office.press(peer.address).await.expect_err(arguments);
            let why = format!("the server offers only {only}, which this phone refuses{hint}");
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
        let why = "the server ended the handshake, perhaps because the phone sent no certificate";
        assert_eq!(refused, NotOpened::Handshake(why.to_owned()));
    });
}
