//! The Directories key, from the first press on: whom TVS is asked about and when, and what no
//! server gets before it is believed.

#[path = "scenarios/log.rs"]
mod log;
#[allow(dead_code, reason = "each test uses its own part")]
#[path = "scenarios/phone.rs"]
mod phone;
#[path = "https_story/resumption.rs"]
mod resumption;
mod support;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use phone::Phone;
use secd::agent::NotOpened;
use secd_lab::certificate::Identity;
use secd_lab::cluster::{Cluster, Setup};
use secd_lab::https::{self, Connection, Handshake};
use secd_lab::keys::Kind;
use secd_lab::list::Role;
use secd_lab::tftp;
use secd_lab::tls::{ClientCertificate, Presented, Version};
use secd_lab::tvs::{self, Conduct, Faults};
use support::golden;
use support::log::Line;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

/// A phone that has booted from a cluster of one node, and a directory server that only TVS knows.
struct Story {
    phone: Phone,
    tvs: tvs::Server,
    https: https::Server,
    tomcat: Identity,
    cluster: Cluster,
    tftp: tftp::Server,
}

impl Story {
    /// With a TVS server on a port of the system's choice.
    async fn begin(setup: Setup) -> Self {
        Self::begin_at(setup, (Ipv4Addr::LOCALHOST, 0).into()).await
    }

    async fn begin_at(setup: Setup, address: SocketAddr) -> Self {
        log::start();
        let mut cluster = Cluster::new(setup);
        let node = &mut cluster.nodes[0];
        let tvs = tvs::Server::start_at(address, &Presented::new(&node.tvs), Version::Any)
            .expect("the address is free");
        node.tvs_address = tvs.address().ip().to_string();
        node.tvs_port = tvs.address().port();
        let tomcat = cluster.setup.identity("tomcat.lab.test");
        cluster.import(&tomcat.certificate, &[Role::APP_SERVER]);
        tvs.store(tvs::entries(&cluster.store()));
        let https = https::Server::start(&Presented::new(&tomcat), Version::Any);
        let tftp = tftp::Server::start(cluster.files());
        let phone = Phone::new(&[tftp.address()]);
        phone.agent().refresh().await;
        log::take();
        Self { phone, tvs, https, tomcat, cluster, tftp }
    }

    async fn press(&self) -> Result<Vec<u8>, NotOpened> {
        let page = self.phone.press_directories(self.https.address()).await;
        self.https.settle();
        self.tvs.settle();
        page
    }

    /// What the directory server saw of the last connection.
    fn last(&self) -> Connection {
        self.https.connections().pop().expect("a connection")
    }
}

fn run(story: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, story);
}

/// The lines of this thread, as the trace has them.
fn lines() -> Vec<Line> {
    let line = |line: String| {
        let mut fields = line.splitn(3, " | ").map(str::to_owned);
        let mut next = || fields.next().unwrap_or_default();
        Line { process: next(), level: next(), text: next() }
    };
    log::take().into_iter().map(line).collect()
}

/// An address of loopback on which the port of TVS is free for this process.
fn default_port() -> SocketAddr {
    let [.., high, low] = std::process::id().to_be_bytes();
    (Ipv4Addr::new(127, 71, high, low.max(1)), 2445).into()
}

#[test]
fn the_first_press_asks_tvs_once_the_second_not_at_all_and_one_after_the_ttl_again() {
    run(async {
        let story = Story::begin_at(Setup::default(), default_port()).await;
        let url = format!("https://{}/ccmcip/xmldirectory.jsp", story.https.address());
        // The phone's other processes write their own lines.
        ::log::info!(target: "JVM", "Startup Module Loader|cip.dir.TandunDirectories: ? - Directory url {url}");
        let page = story.press().await.expect("the directory server is believed");
        ::log::error!(target: "JVM", "Startup Module Loader|cip.http.ae:?  - listener.httpSucceed: {url}");
        assert!(page.ends_with(https::DIRECTORY.as_bytes()));
        golden::expect(&lines(), GOLDEN, &[("url", url.as_str())]);
        assert_eq!(story.tvs.connections(), 1);

        story.press().await.expect("the answer still holds");
        story.phone.wait(Duration::from_secs(86_399));
        story.press().await.expect("to its last second");
        assert_eq!(story.tvs.connections(), 1);

        story.phone.wait(Duration::from_secs(1));
        story.press().await.expect("TVS still vouches");
        assert_eq!(story.tvs.connections(), 2);
    });
}

#[test]
fn no_byte_leaves_before_the_verdict() {
    run(async {
        let story = Story::begin(Setup::default()).await;
        for faults in [
            Faults { status: Some(1), ..Faults::default() },
            Faults { roles: Some(vec![Role::CCM]), ..Faults::default() },
            Faults { conduct: Conduct::Close, ..Faults::default() },
            // The request waits at the agent as long as TVS makes it wait.
            Faults { conduct: Conduct::Silent, ..Faults::default() },
        ] {
            story.tvs.set_faults(faults.clone());
            let refused = story.press().await.expect_err("nobody vouches");
            assert!(matches!(refused, NotOpened::Distrusted(_)), "{faults:?}: {refused}");
            let nothing = Connection { handshake: Handshake::Done, received: Vec::new() };
            assert_eq!(story.last(), nothing, "{faults:?}");
        }
        story.tvs.set_faults(Faults::default());
        story.press().await.expect("TVS vouches");
        assert!(story.last().received.starts_with(b"GET /ccmcip/xmldirectory.jsp HTTP/1.1\r\n"));
    });
}

#[test]
fn a_server_that_shows_a_certificate_without_its_key_is_refused() {
    run(async {
        let story = Story::begin(Setup::default()).await;
        story.press().await.expect("the certificate is known to TVS, and then kept");
        let key = story.cluster.setup.pool.take(Kind::Rsa2048);
        let stolen = Presented::new(&story.tomcat).signing_with(&key);
        for version in [Version::Tls12, Version::Tls13] {
            story.https.present(&stolen, version);
            let refused = story.press().await.expect_err("the key is another");
            let why = "the server does not prove that it holds its certificate's key";
            assert_eq!(refused, NotOpened::Handshake(why.to_owned()), "{version:?}");
            let Connection { handshake, received } = story.last();
            assert!(matches!(handshake, Handshake::Failed(_)), "{version:?}: {handshake:?}");
            assert!(received.is_empty());
        }
        assert_eq!(story.tvs.connections(), 1);
    });
}

#[test]
fn a_tvs_server_that_shows_the_listed_certificate_without_its_key_is_not_heard() {
    run(async {
        let story = Story::begin(Setup::default()).await;
        let key = story.cluster.setup.pool.take(Kind::Rsa2048);
        let listed = Presented::new(&story.cluster.nodes[0].tvs);
        story.tvs.present(&listed.signing_with(&key));
        story.press().await.expect_err("nobody vouches");
        assert!(story.tvs.questions().is_empty());
    });
}

#[test]
fn odd_answers_are_borne_and_broken_ones_are_not() {
    run(async {
        let story = Story::begin(Setup::default()).await;
        let plain = Faults::default;
        for (what, faults, is_borne) in [
            ("one byte a record", Faults { pieces: Some(1), ..plain() }, true),
            ("header and payload apart", Faults { pieces: Some(10), ..plain() }, true),
            ("an unknown element", plain().unknown(), true),
            ("the longest payload", Faults { fill: Some(65_535), ..plain() }, true),
            ("no roles", Faults { roles: Some(Vec::new()), ..plain() }, true),
            ("roles that are none", plain().for_nothing(), false),
            ("status 7", Faults { status: Some(7), ..plain() }, false),
            ("a doubled element", plain().doubled(), false),
            ("garbage", Faults { conduct: Conduct::Garbage, ..plain() }, false),
        ] {
            story.tvs.set_faults(faults);
            story.phone.wait(Duration::from_secs(86_400));
            let page = story.press().await;
            assert_eq!(page.is_ok(), is_borne, "{what}: {:?}", page.err());
        }
        story.tvs.set_faults(plain());
        for version in [Version::Tls12, Version::Tls13] {
            story.tvs.set_version(version);
            story.tvs.set_client(ClientCertificate::Asked);
            story.phone.wait(Duration::from_secs(86_400));
            story.press().await.expect("a phone without a certificate is served");
        }
    });
}

#[test]
fn tvs_certificates_of_every_kind_are_known_again() {
    run(async {
        for kind in [Kind::Rsa1024, Kind::Rsa4096, Kind::P256, Kind::P384] {
            let story = Story::begin(Setup { tvs_key: Some(kind), ..Setup::default() }).await;
            for version in [Version::Tls12, Version::Tls13] {
                story.tvs.set_version(version);
                story.phone.wait(Duration::from_secs(86_400));
                let page = story.press().await;
                assert!(page.is_ok(), "{kind:?}, {version:?}: {:?}", page.err());
            }
        }
    });
}

#[test]
fn tvs_is_asked_over_ipv6_as_well() {
    run(async {
        let address = (Ipv6Addr::LOCALHOST, 0).into();
        if std::net::TcpListener::bind(address).is_err() {
            println!("skipped: there is no IPv6 here");
            return;
        }
        let story = Story::begin_at(Setup::default(), address).await;
        story.press().await.expect("TVS vouches");
        let lines = lines();
        let text = "getTvsServerInfo: Retrieving IPv6 address";
        assert!(lines.iter().any(|line| line.text == text), "{lines:?}");
    });
}

#[test]
fn directory_servers_of_every_kind_are_judged_alike() {
    run(async {
        let story = Story::begin(Setup::default()).await;
        let (setup, mut cluster) = (&story.cluster.setup, story.cluster.clone());
        let issue = |kind, profile: &secd_lab::certificate::Profile| setup.issue(profile, kind);
        let profile = setup.profile("other.lab.test");
        let issued = profile.issued_by(&story.cluster.nodes[0].capf, setup.pool.take(Kind::P256));
        for (what, identity) in [
            ("RSA-1024", issue(Kind::Rsa1024, &profile)),
            ("P-256", issue(Kind::P256, &profile)),
            ("expired", issue(Kind::Rsa2048, &profile.clone().expired())),
            ("issued by another", issued),
        ] {
            let shown = Presented::new(&identity).below(&story.cluster.nodes[0].capf);
            story.https.present(&shown, Version::Any);
            let refused = story.press().await.expect_err(what);
            assert!(matches!(refused, NotOpened::Distrusted(_)), "{what}: {refused}");
            cluster.import(&identity.certificate, &[Role::APP_SERVER]);
            story.tvs.store(tvs::entries(&cluster.store()));
            let page = story.press().await;
            assert!(page.is_ok(), "{what}: {:?}", page.err());
        }
    });
}

/// The section of the trace.
const GOLDEN: &str = "https: a certificate that no list knows";
