//! Call managers, to which the phone shows its own certificate: `openssl s_server` says on its page
//! whose it has got.

use secd::agent::{NotOpened, Target};
use secd::trust::Purpose;
use secd_lab::certificate::Identity;
use secd_lab::cluster::Setup;
use secd_lab::keys::Kind;
use secd_lab::list::Role;
use secd_lab::tls::{ClientCertificate, Presented, Version};
use secd_lab::tvs;
use tempfile::TempDir;

use crate::office::Office;
use crate::peer::Peer;
use crate::phone::{DEVICE, target};
use crate::way::{Course, Impostor};
use crate::{identity, log, run, said};

/// A phone with a certificate of its own, which trusts a call manager.
struct Scene {
    office: Office,
    manager: Identity,
    folder: TempDir,
}

impl Scene {
    async fn begin() -> Self {
        let (manager, setup) = (identity(Kind::Rsa2048), Setup::default());
        let own = setup.issue(&setup.profile(DEVICE), Kind::P256);
        let mut office = Office::listing(&[]).await;
        vouch(&office, &manager);
        office.phone.own(&own);
        let folder = TempDir::new().expect("a temporary folder");
        let pem = |name, identity: &Identity| {
            let der = format!("{name}.der");
            std::fs::write(folder.path().join(&der), &identity.certificate.der).expect("fresh");
            let mut openssl = std::process::Command::new("openssl");
            openssl.args(["x509", "-inform", "DER", "-in", &der, "-out", name]);
            assert!(openssl.current_dir(folder.path()).status().expect("openssl").success());
        };
        pem("own.pem", &own);
        pem("other.pem", &manager);
        log::take();
        Self { office, manager, folder }
    }

    /// A server that demands the certificate that a file of the folder has, and no other.
    fn demanding(&self, version: &str, file: &str) -> Peer {
        let file = self.folder.path().join(file);
        let file = file.display();
        // The certificates of the lab are for servers.
        let demands = format!("-Verify 1 -verify_return_error -CAfile {file} -purpose any");
        Peer::of(&self.manager, &format!("{version} {demands}"))
    }

    async fn page(&self, server: std::net::SocketAddr) -> Result<String, NotOpened> {
        let page = self.office.phone.fetch(&signalling(server)).await?;
        Ok(String::from_utf8_lossy(&page).into_owned())
    }
}

fn vouch(office: &Office, manager: &Identity) {
    let certificate = manager.certificate.clone();
    office.tvs.store(vec![tvs::Entry { certificate, roles: vec![Role::CCM], ttl: Some(60) }]);
}

fn signalling(server: std::net::SocketAddr) -> Target {
    Target { purpose: Purpose::Signalling, ..target(server) }
}

const VERSIONS: [&str; 2] = ["-tls1_2", "-tls1_3"];

#[test]
fn a_call_manager_that_demands_a_certificate_gets_the_phones_once_it_is_judged() {
    run(async {
        let scene = Scene::begin().await;
        for version in VERSIONS {
            let peer = scene.demanding(version, "own.pem");
            let page = scene.page(peer.address).await;
            let page = page.unwrap_or_else(|why| panic!("{version}: {why}"));
            assert!(page.contains("Client certificate"), "{version}: {page}");
            let page = page.split("Client certificate").nth(1).unwrap_or_default();
            assert!(page.contains(DEVICE), "{version}: {page}");
            let lines = log::take();
            let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
            assert_eq!(count("start SSL/TLS handshake"), 2, "{version}");
            assert_eq!(count("connecting again to offer the phone's certificate"), 1, "{version}");
        }
    });
}

#[test]
fn a_call_manager_that_does_not_ask_is_connected_to_once() {
    run(async {
        let scene = Scene::begin().await;
        for version in VERSIONS {
            let peer = Peer::of(&scene.manager, version);
            let page = scene.page(peer.address).await.expect("TVS vouches");
            assert!(page.contains("no client certificate available"), "{version}: {page}");
            let lines = log::take();
            let handshakes = lines.iter().filter(|line| line.contains("start SSL/TLS handshake"));
            assert_eq!(handshakes.count(), 1, "{version}");
        }
    });
}

#[test]
fn a_phone_without_a_certificate_is_refused_where_one_is_asked_for_and_only_there() {
    let manager = identity(Kind::Rsa2048);
    run(async {
        let office = Office::listing(&[]).await;
        vouch(&office, &manager);
        for version in VERSIONS {
            let plain = Peer::of(&manager, version);
            office.phone.fetch(&signalling(plain.address)).await.expect("it does not ask");
            for asks in ["-verify 1", "-Verify 1"] {
                let peer = Peer::of(&manager, &format!("{version} {asks}"));
                let refused = office.phone.fetch(&signalling(peer.address)).await;
                assert_eq!(refused.expect_err("it asks"), NotOpened::NoIdentity, "{version}");
                assert!(said("asks for the phone's certificate, and there is none"), "{version}");
            }
        }
    });
}

#[test]
fn a_call_manager_that_does_not_accept_the_phones_certificate_is_not_said_to_want_one() {
    run(async {
        let scene = Scene::begin().await;
        let peer = scene.demanding("-tls1_2", "other.pem");
        let refused = scene.page(peer.address).await.expect_err("it is another's");
        let NotOpened::Handshake(why) = refused else { panic!("{refused}") };
        assert!(why.contains("alert"), "{why}");
        // In TLS 1.3 the phone has finished by then: it is the stream that ends.
        let peer = scene.demanding("-tls1_3", "other.pem");
        let page = scene.page(peer.address).await.expect("the handshake is over");
        assert_eq!(page, "");
        assert!(said("data may be missing"));
    });
}

#[test]
fn a_server_that_is_not_trusted_is_not_offered_the_phones_certificate() {
    run(async {
        let scene = Scene::begin().await;
        let stranger = tvs::Server::start(&Presented::new(&identity(Kind::P256)), Version::Any);
        stranger.set_client(ClientCertificate::Asked);
        let refused = scene.page(stranger.address()).await.expect_err("TVS does not know it");
        assert!(matches!(refused, NotOpened::Distrusted(_)), "{refused}");
        assert_eq!(stranger.connections(), 1);
    });
}

#[test]
fn a_server_that_changes_between_the_two_connections_gets_nothing() {
    run(async {
        let scene = Scene::begin().await;
        for version in [Version::Tls12, Version::Tls13] {
            let presented = Presented::new(&scene.manager);
            let good = tvs::Server::start(&presented, version);
            let other = tvs::Server::start(&Presented::new(&identity(Kind::P256)), version);
            good.set_client(ClientCertificate::Asked);
            other.set_client(ClientCertificate::Asked);
            let way = Impostor::before(good.address());
            way.turn(Course::Passed(good.address()), Course::Passed(other.address()));
            let refused = scene.page(way.address).await.expect_err("it is another");
            assert!(matches!(refused, NotOpened::OtherCertificate(_)), "{version:?}: {refused}");
            assert!(said("SSL_connect:failed, <127.0.0.1>: the server presented another"));
            other.settle();
            assert_eq!((good.connections(), other.connections()), (1, 1), "{version:?}");
            // The phone's alert came in place of its certificate.
            let events = other.events();
            let [tvs::Event::Refused { why, .. }] = events.as_slice() else {
                panic!("{version:?}: a handshake was completed: {events:?}");
            };
            assert!(why.contains("received fatal alert"), "{version:?}: {why}");
        }
    });
}
