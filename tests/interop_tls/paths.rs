//! Certificates of an authority that is listed: which paths to it count, and which do not.

use std::fs;

use rustls::pki_types::ServerName;
use secd::agent::NotOpened;
use secd::io::clock;
use secd::trust::peer::{AuthorityPaths, Peer as Judged, ShownChain};
use secd::trust::{Acceptance, Anchors, GrantedBy, ListKind, Purpose, stored};
use secd_lab::https;
use secd_lab::keys::KeyPair;
use secd_lab::tls::{Presented, Version};

use crate::authority::{Authority, Leaf};
use crate::office::Office;
use crate::peer::{self, Peer};
use crate::{log, run, said};

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
        let judged = Judged::read(ShownChain {
            purpose: Purpose::HttpsService,
            certificate: &certificate.der,
            intermediates: &[],
            name: Some(&name),
            paths: AuthorityPaths::Count,
        })
        .expect("a certificate");
        let told = |now| {
            let judged = judged.under_authority(&anchors, ListKind::Itl, now);
            judged.map(|grant| grant.is_some()).map_err(|no_path| no_path.to_string())
        };
        assert_eq!(told(clock::now()), Ok(true));
        let unset = "the clock is not set, no certificate path can be verified";
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
            (
                Leaf { usage: "clientAuth", ..Leaf::GOOD },
                "a certificate is not valid for TLS servers",
            ),
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
        // By an authority of the same name that nobody lists; and with a signature that does not
        // fit.
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
            assert!(said("findCaInTL: ITL: no valid path to a listed CA"), "{what}");
        }
    });
}
