//! TVS members and HTTPS peers, judged as the phone judges them.

use crate::agent::connections::{NotOpened, ShownPeer, Target};
use crate::agent::doctor::shown;
use crate::agent::peers;
use crate::agent::probe::Probing;
use crate::agent::tvs::{self, Around, NotShown};
use crate::boot::Event;
use crate::diagnose::{Presented, ProbedCertificate, TestCase, TestStatus};
use crate::io::tls::Handshaken;
use crate::trust::peer::Pinned;
use crate::trust::{Anchors, ListKind, Purpose};
use crate::wire::Role;
use crate::wire::address::ServerAddress;

impl Probing<'_> {
    /// Has every TVS member present its certificate, and asks each one a question.
    pub(super) async fn try_members(&mut self) {
        let (settings, identity) = (self.agent.settings(), self.agent.identity());
        let around = self.agent.around(&settings, &identity);
        let members = around.members();
        if members.is_empty() {
            let why = "no TVS was asked: no configuration that the phone accepts names a member; \
                       --tvs HOST (or [tvs] members in secd.toml) names one to ask";
            let case = TestCase::new("tvs", "members", TestStatus::Skip);
            self.cases.push(case.because("no-members", why));
        }
        for member in members {
            let case = self.try_member(around, &member.address).await;
            self.cases.push(case);
        }
    }

    async fn try_member(&mut self, around: Around<'_>, member: &ServerAddress) -> TestCase {
        let anchors = self.agent.installed.anchors();
        let Around { settings, names, legacy, .. } = around;
        let place = format!("member {member}");
        let case = |status| TestCase::new("tvs", place.as_str(), status);
        let handshaken = match tvs::look(settings, names, legacy, member, &anchors).await {
            Ok(handshaken) => handshaken,
            Err(NotShown::Unreachable(why)) => {
                return case(TestStatus::Unreachable).does(NEXT).because("unreachable", why);
            }
            Err(NotShown::NoTls(why)) => {
                return case(TestStatus::Fail).does(NEXT).because("no-tls", why);
            }
        };
        let der = handshaken.certificate().to_vec();
        self.certificates.push(ProbedCertificate { holder: format!("TVS {member}"), der });
        let refused = match shown(&handshaken, &anchors, None) {
            Presented::Certificate(found) => match found.pinned {
                Pinned::Fits(_) => None,
                Pinned::NotListed => Some(("tvs-unlisted", "TVS cert not in CTL or ITL")),
                Pinned::OtherCertificate(_) => {
                    Some(("tvs-other-certificate", "cert hash and hash in TL DIFFER"))
                }
            },
            _ => Some(("bad-certificate", "not a single DER certificate")),
        };
        match refused {
            None => {
                let case = self.question(case(TestStatus::Pass), around, member, &anchors).await;
                in_old_tls(case, &handshaken)
            }
            Some(_) if !lists_tvs(&anchors) => case(TestStatus::Skip)
                .does("asks no TVS")
                .because("no-tvs-record", "no list has a TVS record to verify it by"),
            Some((class, why)) => case(TestStatus::Fail).does(NEXT).because(class, why),
        }
    }

    /// Asks a member that is listed about a listed certificate: whatever it thinks of that, it must
    /// answer.
    async fn question(
        &self,
        case: TestCase,
        around: Around<'_>,
        member: &ServerAddress,
        anchors: &Anchors,
    ) -> TestCase {
        let verified = "TVS cert verified with hash from TL";
        let case = case.does("asks it about certificates that no list knows");
        let Some((subject, der)) = anyone(anchors) else {
            return case.because("", format!("{verified}; no list has a certificate to ask about"));
        };
        match self.agent.tvs.try_member(around, member, der).await {
            Ok(answer) => case
                .because("", format!("{verified}; asked about <{subject}>, it answers: {answer}")),
            Err(why) => TestCase { status: TestStatus::Fail, ..case }
                .does(NEXT)
                .because("tvs-answer", format!("{verified}; asked about <{subject}>: {why}")),
        }
    }

    /// Connects to each HTTPS peer and has it judged; nothing is sent to it.
    pub(super) async fn try_peers(&mut self, peers: &[ServerAddress]) {
        for server in peers {
            let case = self.try_peer(server).await;
            self.cases.push(case);
        }
    }

    async fn try_peer(&mut self, server: &ServerAddress) -> TestCase {
        let (settings, identity) = (self.agent.settings(), self.agent.identity());
        let around = self.agent.around(&settings, &identity);
        let purpose = Purpose::HttpsService;
        let target = Target { server: server.clone(), purpose, client: NOBODY };
        let place = format!("peer {server}");
        let case = |status| TestCase::new("https", place.as_str(), status);
        let refuses = "opens no connection, and sends it nothing";
        let met = self.agent.connections.meet(&self.agent.tvs, around, &target).await;
        let ShownPeer { handshaken, address, judged } = match met {
            Ok(met) => met,
            Err(NotOpened::Unreachable(why)) => {
                let case = case(TestStatus::Unreachable);
                return case.does("opens no connection").because("unreachable", why);
            }
            Err(other) => {
                let why = other.to_string();
                return case(TestStatus::Fail).does(refuses).because("no-tls", why);
            }
        };
        let der = handshaken.certificate().to_vec();
        self.certificates.push(ProbedCertificate { holder: format!("HTTPS {server}"), der });
        let steps = judged.steps.iter().map(ToString::to_string).collect::<Vec<_>>();
        let peer = address.ip().to_string();
        match judged.verdict {
            Ok(grant) => {
                let case = case(TestStatus::Pass)
                    .does("opens the connection")
                    .because("", peers::trusted(grant.by(), &peer).to_string());
                in_old_tls(case, &handshaken)
            }
            Err(distrust) => {
                let line = Event::PeerDistrusted { peer, why: distrust.to_string() };
                case(TestStatus::Fail)
                    .does(refuses)
                    .because("not-trusted", distrust.to_string())
                    .with_lines(steps.into_iter().chain([line.to_string()]).collect())
            }
        }
    }
}

/// The same with a warning if the connection is in old TLS.
fn in_old_tls(case: TestCase, handshaken: &Handshaken) -> TestCase {
    match handshaken.old_terms() {
        None => case,
        Some(terms) => case.odd("legacy-tls", &format!("legacy {terms}: no forward secrecy")),
    }
}

fn lists_tvs(anchors: &Anchors) -> bool {
    let lists = |kind| anchors.records(kind).is_some_and(|list| list.lists(Role::Tvs));
    ListKind::ALL.into_iter().any(lists)
}

/// A certificate of the lists that is not a TVS server's, with its subject.
fn anyone(anchors: &Anchors) -> Option<(&str, &[u8])> {
    let records = ListKind::ALL.into_iter().filter_map(|kind| anchors.records(kind));
    let mut records = records.flat_map(|list| &list.anchors);
    records.find_map(|record| {
        let der = record.certificate.as_deref().filter(|_| record.role != Role::Tvs)?;
        Some((record.subject.as_deref().unwrap_or_default(), der))
    })
}

/// No local client waits for the connection.
const NOBODY: i32 = -1;

const NEXT: &str = "asks the next member; without any, it knows only what its lists have";
