use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use rustls::pki_types::{ServerName, UnixTime};
use secd_lab::certificate::{Identity, Profile, Usage};
use secd_lab::keys::{Kind as KeyKind, Pool};
use secd_lab::list::{Kind as LabKind, List, Record, Role as LabRole};
use secd_lab::names::{Layout, Name};

use crate::trust::cache::{Cache, Source};
use crate::trust::decide::{self, AtHand, Decision, Stranger, WalkedVerdict};
use crate::trust::peer::{AuthorityPaths, ShownChain};
use crate::trust::tvs::{self, Endorsed, Unanswered, Unvouched};
use crate::trust::{Acceptance, Anchors, Distrust, Grant, GrantedBy, ListKind, Purpose, stored};
use crate::wire::Role;
use crate::wire::tvs::{Response, Status};

const HTTPS: Purpose = Purpose::HttpsService;

/// The middle of the validity of what the lab issues.
const NOW: Option<UnixTime> = Some(UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000)));

struct ScriptedWorld {
    pool: Pool,
    anchors: Anchors,
    cache: Cache,
    now: Option<UnixTime>,
    host: &'static str,
    paths: AuthorityPaths,
}

impl ScriptedWorld {
    fn new() -> Self {
        let (pool, anchors, cache) = (Pool::new(), Anchors::default(), Cache::default());
        Self { pool, anchors, cache, now: NOW, host: "localhost", paths: AuthorityPaths::Count }
    }

    fn profile(&self, name: &str) -> Profile {
        let dns = [String::from("localhost")].into();
        Profile { dns, ..Profile::new(Name::common(name), self.pool.serial()) }
    }

    fn server(&self) -> Identity {
        self.profile("server").self_signed(self.pool.take(KeyKind::Rsa2048))
    }

    fn authority(&self) -> Identity {
        let profile = Profile::new(Name::common("authority"), self.pool.serial());
        let profile = Profile { usage: Usage::Authority, ..profile };
        profile.self_signed(self.pool.take(KeyKind::Rsa2048))
    }

    fn under(&self, authority: &Identity) -> Identity {
        self.profile("server").issued_by(authority, self.pool.take(KeyKind::P256))
    }

    fn install(&mut self, kind: ListKind, records: &[(LabRole, &Identity)]) {
        let lab = match kind {
            ListKind::Ctl => LabKind::Ctl,
            ListKind::Itl => LabKind::Itl,
        };
        let mut list = List::new(lab, Layout::CallManager, 1);
        let record = |(role, identity): &(_, &Identity)| Record::new(*role, &identity.certificate);
        list.records = records.iter().map(record).collect();
        let bytes = list.sign(&self.server());
        self.anchors.install(stored::list(kind, &bytes, Acceptance::FirstUse).unwrap());
    }

    fn keep(&mut self, identity: &Identity, roles: &[Role]) {
        let source = Source { member: Box::from("cm1") };
        self.cache.insert_peer(endorsed(identity, roles), source, Duration::ZERO);
    }

    /// The steps in words, and the verdict as it is given to `then`.
    fn walk<T>(
        &self,
        purpose: Purpose,
        certificate: &[u8],
        then: impl FnOnce(Decision<Grant, Stranger<'_>>) -> T,
    ) -> (Vec<String>, T) {
        let name = ServerName::try_from(self.host).unwrap();
        let (name, paths) = (Some(&name), self.paths);
        let shown = ShownChain { purpose, certificate, intermediates: &[], name, paths };
        let WalkedVerdict { steps, verdict } = decide::peer(
            shown,
            &AtHand {
                anchors: &self.anchors,
                cache: &self.cache,
                now: self.now,
                instant: Duration::ZERO,
            },
        );
        (steps.iter().map(ToString::to_string).collect(), then(verdict))
    }

    #[track_caller]
    fn trusts(&self, server: &Identity, by: GrantedBy, steps: &[&str]) {
        let (walked, verdict) =
            self.walk(HTTPS, &server.certificate.der, |verdict| match verdict {
                Decision::Trust(grant) => Some(grant.by()),
                _ => None,
            });
        assert_eq!((walked, verdict), (owned(steps), Some(by)));
    }

    #[track_caller]
    fn asks(&self, server: &Identity, steps: &[&str]) {
        let der = &server.certificate.der;
        let (walked, asked) = self.walk(HTTPS, der, |verdict| match verdict {
            Decision::Ask(stranger) => stranger.certificate() == der && stranger.purpose() == HTTPS,
            _ => false,
        });
        assert_eq!((walked, asked), (owned(steps), true));
    }

    fn refuses(&self, purpose: Purpose, certificate: &[u8]) -> (Vec<String>, Option<Distrust>) {
        self.walk(purpose, certificate, |verdict| match verdict {
            Decision::Refuse(distrust) => Some(distrust),
            _ => None,
        })
    }

    /// What comes of the question, as steps and verdict.
    fn settles(
        &self,
        server: &Identity,
        answer: Result<&Endorsed, Unanswered>,
    ) -> (Vec<String>, Result<GrantedBy, Distrust>) {
        let (_, settled) = self.walk(HTTPS, &server.certificate.der, |verdict| match verdict {
            Decision::Ask(stranger) => Some(stranger.settled(answer, self.now)),
            _ => None,
        });
        let WalkedVerdict { steps, verdict } = settled.unwrap();
        let steps = steps.iter().map(ToString::to_string).collect();
        (steps, verdict.map(|grant| grant.by()))
    }
}

fn owned(steps: &[&str]) -> Vec<String> {
    steps.iter().map(ToString::to_string).collect()
}

fn endorsed(identity: &Identity, roles: &[Role]) -> Endorsed {
    let answer = Response {
        status: Status::Trusted,
        roles: (!roles.is_empty()).then(|| roles.to_vec()),
        ttl: None,
        certificate: None,
        unknown: Vec::new(),
    };
    tvs::peer(HTTPS, &identity.certificate.der, &answer).unwrap().value
}

const NO_LISTS: [&str; 2] = ["CTL: not installed", "ITL: not installed"];
const MISS: &str = "cache: no earlier answer from TVS about this certificate";

#[test]
fn a_record_of_the_ctl_ends_the_walk_before_the_itl() {
    let mut world = ScriptedWorld::new();
    let server = world.server();
    world.install(ListKind::Ctl, &[(LabRole::APP_SERVER, &server)]);
    world.install(ListKind::Itl, &[(LabRole::APP_SERVER, &server)]);
    let steps = ["CTL: the certificate is listed for HTTPS"];
    world.trusts(&server, GrantedBy::Listed(ListKind::Ctl), &steps);
}

#[test]
fn the_itl_is_searched_where_there_is_no_ctl() {
    let mut world = ScriptedWorld::new();
    let server = world.server();
    world.install(ListKind::Itl, &[(LabRole::CCM, &server), (LabRole::APP_SERVER, &server)]);
    let steps = ["CTL: not installed", "ITL: the certificate is listed for HTTPS"];
    world.trusts(&server, GrantedBy::Listed(ListKind::Itl), &steps);
}

#[test]
fn both_lists_are_searched_for_the_certificate_before_either_for_an_authority() {
    let mut world = ScriptedWorld::new();
    let authority = world.authority();
    let server = world.under(&authority);
    let other = world.server();
    world.install(ListKind::Ctl, &[(LabRole::APP_SERVER, &other)]);
    world.install(ListKind::Itl, &[(LabRole::APP_SERVER, &authority)]);
    let steps = [
        "CTL: the certificate is not listed for HTTPS",
        "ITL: the certificate is not listed for HTTPS",
        "CTL: no CA is listed for HTTPS",
        "ITL: the certificate was issued under a CA listed for HTTPS",
    ];
    world.trusts(&server, GrantedBy::Path(ListKind::Itl), &steps);
}

#[test]
fn a_path_that_is_not_accepted_says_why_and_leads_to_the_question() {
    let mut world = ScriptedWorld::new();
    let authority = world.authority();
    let server = world.under(&authority);
    world.install(ListKind::Itl, &[(LabRole::APP_SERVER, &authority)]);
    let [ctl, itl] = [NO_LISTS[0], "ITL: the certificate is not listed for HTTPS"];
    world.host = "other.lab.test";
    world.asks(&server, &[ctl, itl, "ITL: the certificate is for another host", MISS]);
    world.now = None;
    let unset = "ITL: the clock is not set, no certificate path can be verified";
    world.asks(&server, &[ctl, itl, unset, MISS]);
}

#[test]
fn over_old_tls_no_authority_counts_and_the_exact_certificate_does() {
    let mut world = ScriptedWorld::new();
    let authority = world.authority();
    let server = world.under(&authority);
    world.install(ListKind::Itl, &[(LabRole::APP_SERVER, &authority)]);
    world.paths = AuthorityPaths::Ignored;
    let [ctl, itl] = [NO_LISTS[0], "ITL: the certificate is not listed for HTTPS"];
    let no_path = "ITL: no path to a listed CA is accepted over legacy TLS";
    world.asks(&server, &[ctl, itl, no_path, MISS]);
    world.keep(&server, &[Role::AppServer]);
    let hit = "cache: TVS vouched for this certificate earlier";
    world.trusts(&server, GrantedBy::Cache, &[ctl, itl, no_path, hit]);
    world.install(ListKind::Itl, &[(LabRole::APP_SERVER, &server)]);
    let listed = "ITL: the certificate is listed for HTTPS";
    world.trusts(&server, GrantedBy::Listed(ListKind::Itl), &[ctl, listed]);
}

#[test]
fn a_certificate_that_is_listed_for_something_else_says_what_for() {
    let mut world = ScriptedWorld::new();
    let server = world.server();
    world.install(ListKind::Itl, &[(LabRole::CCM, &server)]);
    let other = "ITL: the certificate is listed as CCM only, not for HTTPS";
    world.asks(&server, &[NO_LISTS[0], other, "ITL: no CA is listed for HTTPS", MISS]);
}

#[test]
fn an_earlier_answer_is_the_last_that_is_searched_and_keeps_its_warning() {
    let mut world = ScriptedWorld::new();
    let server = world.server();
    let [ctl, itl] = NO_LISTS;
    world.keep(&server, &[Role::AppServer]);
    let hit = "cache: TVS vouched for this certificate earlier";
    world.trusts(&server, GrantedBy::Cache, &[ctl, itl, hit]);
    world.keep(&server, &[]);
    let hit = "cache: TVS vouched for this certificate earlier, \
               TVS names no role for the certificate";
    world.trusts(&server, GrantedBy::Cache, &[ctl, itl, hit]);
}

#[test]
fn what_is_odd_about_a_trusted_certificate_comes_last() {
    let mut world = ScriptedWorld::new();
    let key = world.pool.take(KeyKind::Rsa1024);
    let server = world.profile("server").expired().self_signed(key);
    let odd = ["warning: the certificate has expired", "warning: an RSA key of only 1024 bits"];
    let answer = endorsed(&server, &[Role::AppServer]);
    let (steps, verdict) = world.settles(&server, Ok(&answer));
    let vouches = "TVS: vouches for the certificate as APP-SERVER";
    assert_eq!((steps, verdict), (owned(&[vouches, odd[0], odd[1]]), Ok(GrantedBy::Tvs)));

    world.install(ListKind::Ctl, &[(LabRole::APP_SERVER, &server)]);
    let listed = "CTL: the certificate is listed for HTTPS";
    world.trusts(&server, GrantedBy::Listed(ListKind::Ctl), &[listed, odd[0], odd[1]]);
}

#[test]
fn what_is_not_a_certificate_is_refused_before_the_first_step() {
    let world = ScriptedWorld::new();
    assert_eq!(world.refuses(HTTPS, b"x"), (Vec::new(), Some(Distrust::NotACertificate)));
}

#[test]
fn a_tvs_server_is_known_by_its_own_record_or_not_at_all() {
    let mut world = ScriptedWorld::new();
    let authority = world.authority();
    let server = world.under(&authority);
    world.install(ListKind::Itl, &[(LabRole::TVS, &authority)]);
    let steps = ["CTL: not installed", "ITL: the certificate is not listed for TVS"];
    let refused = world.refuses(Purpose::Tvs, &server.certificate.der);
    assert_eq!(refused, (owned(&steps), Some(Distrust::NotListed)));
}

#[test]
fn a_question_without_an_answer_is_a_refusal_that_says_why() {
    let world = ScriptedWorld::new();
    let server = world.server();
    for (why, step) in [
        (Unanswered::NobodyToAsk, "TVS: no server to ask"),
        (Unanswered::NoAnswer(String::from("timed out")), "TVS: no answer, timed out"),
        (
            Unanswered::Unvouched(Unvouched::Invalid),
            "TVS: the service does not know the certificate",
        ),
    ] {
        let settled = world.settles(&server, Err(why.clone()));
        assert_eq!(settled, (owned(&[step]), Err(Distrust::Unanswered(why))));
    }
}

#[test]
fn an_answer_about_another_certificate_is_called_that() {
    let world = ScriptedWorld::new();
    let (server, other) = (world.server(), world.server());
    let answer = endorsed(&other, &[Role::AppServer]);
    let (steps, verdict) = world.settles(&server, Ok(&answer));
    let step = "TVS: the answer is about another certificate, its SHA-256 does not match";
    assert_eq!(steps, [step]);
    let why = Unvouched::OtherCertificate { field: "SHA-256" };
    assert_eq!(verdict, Err(Distrust::Unanswered(Unanswered::Unvouched(why))));
}
