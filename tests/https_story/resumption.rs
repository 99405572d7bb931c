//! Sessions that are resumed: the same walk on the certificate of the session, and no byte before
//! its verdict.

#[path = "impostor.rs"]
mod impostor;

use std::net::SocketAddr;
use std::time::Duration;

use impostor::{Course, Impostor};
use secd::agent::{ErasedBy, NotOpened, Target};
use secd::trust::{ListKind, Purpose};
use secd_lab::certificate::Identity;
use secd_lab::cluster::{Service, Setup};
use secd_lab::https::{self, Connection, Handshake};
use secd_lab::list::Role;
use secd_lab::tls::{Presented, Version};
use secd_lab::tvs::{self, Faults};

use crate::phone::target;
use crate::{Story, lines, log, run};

impl Story {
    /// How the connections since the first `from` were begun, and whether anything was sent on them.
    fn since(&self, from: usize) -> Vec<(Handshake, bool)> {
        let connections = self.https.connections().into_iter().skip(from);
        connections.map(|it| (it.handshake, !it.received.is_empty())).collect()
    }

    /// Speaks a version of TLS, with sessions of its own.
    async fn speak(&self, version: Version) -> usize {
        self.https.present(&Presented::new(&self.tomcat), version);
        self.phone.agent().flush();
        self.press().await.expect("TVS vouches");
        self.https.connections().len()
    }

    /// Has TVS answer for so many seconds only.
    fn answer_for(&self, seconds: u32) {
        let mut known = tvs::entries(&self.cluster.store());
        known.iter_mut().for_each(|entry| entry.ttl = Some(seconds));
        self.tvs.store(known);
    }

    async fn open(&self, server: SocketAddr, purpose: Purpose) -> Result<(), NotOpened> {
        let target = Target { purpose, ..target(server) };
        let opened = self.phone.agent().open(&target).await.map(drop);
        self.https.settle();
        opened
    }
}

const VERSIONS: [Version; 2] = [Version::Tls12, Version::Tls13];

#[test]
fn a_page_that_is_fetched_again_resumes_the_session_and_takes_the_same_walk() {
    run(async {
        let story = Story::begin(Setup::default()).await;
        for version in VERSIONS {
            let from = story.speak(version).await;
            let before = story.https.resumed();
            lines();
            for _ in 0..5 {
                story.press().await.expect("the answer holds");
            }
            assert_eq!(story.https.resumed() - before, 5, "{version:?}: {:?}", story.since(from));
            let lines = lines();
            let count = |text: &str| lines.iter().filter(|line| line.text.contains(text)).count();
            for step in [
                "Server Certificate Validation needs to be done",
                "Searching TL from CTL file",
                "Searching TL from ITL file",
                "Authenticated the HTTPS conn via TVS cache",
            ] {
                assert_eq!(count(step), 5, "{step}");
            }
        }
    });
}

#[test]
fn an_earlier_session_does_not_stand_in_for_a_verdict() {
    run(async {
        let story = Story::begin(Setup::default()).await;
        for version in VERSIONS {
            story.tvs.set_faults(Faults::default());
            story.answer_for(60);
            let from = story.speak(version).await;
            story.phone.wait(Duration::from_secs(60));
            // The certificate is withdrawn: the session is resumed, and what it began with is
            // refused; so is what the server shows in a handshake of its own.
            story.tvs.set_faults(Faults { status: Some(1), ..Faults::default() });
            let refused = story.press().await.expect_err("TVS no longer vouches");
            assert!(matches!(refused, NotOpened::Distrusted(_)), "{refused}");
            let nothing = [(Handshake::Resumed, false), (Handshake::Done, false)];
            assert_eq!(story.since(from), nothing, "{version:?}");
            // Nothing is left of it.
            story.press().await.expect_err("TVS no longer vouches");
            assert_eq!(story.since(from + 2), [(Handshake::Done, false)], "{version:?}");
        }
    });
}

#[test]
fn while_tvs_is_silent_a_resumed_session_is_refused_as_well() {
    run(async {
        let story = Story::begin(Setup::default()).await;
        story.answer_for(60);
        let from = story.speak(Version::Tls13).await;
        story.phone.wait(Duration::from_secs(60));
        let conduct = tvs::Conduct::Close;
        story.tvs.set_faults(Faults { conduct, ..Faults::default() });
        story.press().await.expect_err("nobody vouches");
        // One connection: TVS would be as silent if it were asked again.
        assert_eq!(story.since(from), [(Handshake::Resumed, false)]);
    });
}

#[test]
fn a_server_with_a_new_certificate_is_opened_though_it_resumes_sessions_of_the_old_one() {
    run(async {
        for version in VERSIONS {
            let story = Story::begin(Setup::default()).await;
            story.answer_for(60);
            let from = story.speak(version).await;
            let renewed = story.cluster.setup.identity("tomcat.lab.test");
            story.https.present_anew(&Presented::new(&renewed), version);
            story.phone.wait(Duration::from_secs(60));
            story.tvs.store(vec![entry(&renewed)]);
            story.press().await.expect("TVS vouches for the new one");
            let both = [(Handshake::Resumed, false), (Handshake::Done, true)];
            assert_eq!(story.since(from), both, "{version:?}");
        }
    });
}

#[test]
fn who_has_seen_a_ticket_without_its_secret_is_judged_by_a_certificate_of_its_own() {
    run(async {
        let story = Story::begin(Setup::default()).await;
        let mine = story.cluster.setup.identity("tomcat.lab.test");
        let other = https::Server::start(&Presented::new(&mine), Version::Any);
        let way = Impostor::before(story.https.address());
        for version in VERSIONS {
            story.speak(version).await;
            let page = story.phone.press_directories(way.address).await;
            page.expect("the way leads to the server");
            let page = story.phone.press_directories(way.address).await;
            page.expect("the way leads to the server");
            story.https.settle();
            assert_eq!(story.last().handshake, Handshake::Resumed, "{version:?}");

            // In TLS 1.2 the ticket has passed in the clear.
            let pretence = match version {
                Version::Tls12 => Course::Resumed,
                _ => Course::Passed(other.address()),
            };
            way.turn(pretence, Course::Passed(other.address()));
            let refused = story.phone.press_directories(way.address).await.expect_err("a stranger");
            assert!(matches!(refused, NotOpened::Distrusted(_)), "{version:?}: {refused}");
            other.settle();
            for connection in other.connections() {
                let nothing = Connection { handshake: Handshake::Done, received: Vec::new() };
                assert_eq!(connection, nothing, "{version:?}");
            }
            assert!(!other.connections().is_empty());
            way.turn(Course::Passed(story.https.address()), Course::Passed(story.https.address()));
        }
        // Of TLS 1.2 it got an alert: no record of application data.
        let [heard] = way.heard().try_into().expect("one pretence");
        assert_eq!((heard.first(), heard.len()), (Some(&21), 7), "{heard:02x?}");
    });
}

#[test]
fn a_server_that_breaks_off_a_resumed_handshake_is_connected_to_again_without_a_session() {
    run(async {
        let story = Story::begin(Setup::default()).await;
        let way = Impostor::before(story.https.address());
        for version in VERSIONS {
            story.speak(version).await;
            story.phone.press_directories(way.address).await.expect("the answer holds");
            let from = story.https.connections().len();
            let server = Course::Passed(story.https.address());
            way.turn(Course::Closed, server);
            story.phone.press_directories(way.address).await.expect("the second time");
            story.https.settle();
            assert_eq!(story.since(from), [(Handshake::Done, true)], "{version:?}");
            // A server that breaks off without having been offered a session is not.
            story.phone.agent().flush();
            way.turn(Course::Closed, server);
            let refused = story.phone.press_directories(way.address).await.expect_err("it closes");
            assert!(matches!(refused, NotOpened::Handshake(_)), "{refused}");
        }
    });
}

#[test]
fn only_pages_of_the_same_server_resume_a_session() {
    run(async {
        let story = Story::begin(Setup::default()).await;
        let roles = vec![Role::APP_SERVER, Role::TFTP, Role::CAPF, Role::CCM];
        story.tvs.store(vec![tvs::Entry { roles, ..entry(&story.tomcat) }]);
        for version in VERSIONS {
            let from = story.speak(version).await;
            let server = story.https.address();
            for purpose in [Purpose::HttpsProvisioning, Purpose::Capf, Purpose::Signalling] {
                for _ in 0..2 {
                    let opened = story.open(server, purpose).await;
                    opened.unwrap_or_else(|why| panic!("{purpose}: {why}"));
                }
            }
            let full = vec![(Handshake::Done, false); 6];
            assert_eq!(story.since(from), full, "{version:?}");
            story.press().await.expect("the answer holds");
            assert_eq!(story.last().handshake, Handshake::Resumed, "{version:?}");
            // The same server by another port.
            let from = story.https.connections().len();
            let way = Impostor::before(server);
            story.open(way.address, Purpose::HttpsService).await.expect("the answer holds");
            story.https.settle();
            assert_eq!(story.since(from), [(Handshake::Done, false)], "{version:?}");
        }
    });
}

#[test]
fn tvs_proves_its_key_for_every_question() {
    run(async {
        let story = Story::begin(Setup::default()).await;
        for version in VERSIONS {
            story.tvs.set_version(version);
            for _ in 0..3 {
                story.phone.wait(Duration::from_secs(86_400));
                story.press().await.expect("TVS vouches");
            }
        }
        let questions = story.tvs.questions();
        assert!(questions.len() >= 6, "{questions:?}");
        assert!(questions.iter().all(|question| !question.resumed), "{questions:?}");
    });
}

#[test]
fn a_session_ends_a_day_after_the_key_was_proved_however_often_it_is_resumed() {
    run(async {
        let story = Story::begin(Setup::default()).await;
        for version in VERSIONS {
            let from = story.speak(version).await;
            for (seconds, handshake) in [
                (43_200, Handshake::Resumed),
                (43_199, Handshake::Resumed),
                (1, Handshake::Done),
                (86_399, Handshake::Resumed),
                (1, Handshake::Done),
            ] {
                story.phone.wait(Duration::from_secs(seconds));
                story.press().await.expect("TVS vouches");
                assert_eq!(story.last().handshake, handshake, "{version:?}, {seconds} s");
            }
            assert_eq!(story.since(from).len(), 5);
        }
    });
}

#[test]
fn sessions_are_dropped_with_every_change_of_trust_and_when_the_cache_is_flushed() {
    run(async {
        let mut story = Story::begin(Setup::default()).await;
        for version in VERSIONS {
            let from = story.speak(version).await;
            story.press().await.expect("the answer holds");
            story.phone.agent().flush();
            story.press().await.expect("TVS vouches");
            let flushed = [(Handshake::Resumed, true), (Handshake::Done, true)];
            assert_eq!(story.since(from), flushed, "{version:?}");

            story.cluster.regenerate(0, Service::CallManager);
            story.tvs.store(tvs::entries(&story.cluster.store()));
            story.tftp.serve(story.cluster.files());
            log::take();
            story.phone.agent().refresh().await;
            assert!(log::take().iter().any(|line| line.contains("ITL file updated")));
            let from = story.https.connections().len();
            story.press().await.expect("TVS vouches");
            assert_eq!(story.since(from), [(Handshake::Done, true)], "{version:?}");

            story.press().await.expect("the answer holds");
            let erased = story.phone.agent().erase(&ListKind::ALL, None, ErasedBy::Root);
            erased.expect("the store can be written");
            let from = story.https.connections().len();
            story.press().await.expect_err("nobody is trusted");
            assert_eq!(story.since(from), [(Handshake::Done, false)], "{version:?}");
            story.phone.agent().refresh().await;
        }
    });
}

fn entry(identity: &Identity) -> tvs::Entry {
    let certificate = identity.certificate.clone();
    tvs::Entry { certificate, roles: vec![Role::APP_SERVER], ttl: Some(60) }
}
