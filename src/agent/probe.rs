//! `probe` and `run --once`: a phone boots against real servers, and each of its judgements is
//! reported as a test case.
//!
//! The pass is the very one of [`boot`](crate::boot), in the agent's own world, watched. What is
//! tried after it goes the way of the agent too: files as for applications, TVS members and HTTPS
//! peers as they are judged; none of it changes the phone.

use crate::agent::daemon::EndSignals;
use crate::agent::owners::Agent;
use crate::boot::{Event, Stage};
use crate::diagnose::{Diagnosis, ProbeReport, ProbedCertificate, TestCase, TestStatus};
use crate::io::clock::{self, Timeline};
use crate::io::settings::{Settings, doubtful_name};
use crate::trust::State;
use crate::wire::address::ServerAddress;

mod files;
mod judged;
mod observed;
mod peers;
mod phone;
mod servers;

use observed::Observed;
pub use phone::{NotProbed, ProbeRequest};

/// Boots a phone in memory against the servers of a request, twice, and tries everything that it
/// is sent. Nothing of it stays.
///
/// Must run inside a `LocalSet`.
///
/// # Errors
/// [`NotProbed`]; what could not be reached is part of the report.
pub async fn probe(request: ProbeRequest) -> Result<ProbeReport, NotProbed> {
    // Before there are folders: a signal from here on ends the probe in order.
    let end = EndSignals::new().map_err(NotProbed::System)?;
    let phone = phone::MemoryPhone::new()?;
    let settings = phone.settings(&request);
    let agent = Agent::new(settings, Timeline::start());
    request.install_lists(&agent)?;
    unless_interrupted(end, agent.probe(2, &request.https, Some(FOLDER))).await
}

/// Goes through one boot pass of the configured phone, which installs and keeps what it accepts,
/// and tries everything that it was sent.
///
/// Must run inside a `LocalSet`.
///
/// # Errors
/// [`NotProbed`]; what could not be reached is part of the report.
pub async fn run_once(
    settings: Settings,
    https: &[ServerAddress],
) -> Result<ProbeReport, NotProbed> {
    let end = EndSignals::new().map_err(NotProbed::System)?;
    let agent = Agent::new(settings, Timeline::start());
    if let Some(damage) = agent.installed.folder_damage() {
        return Err(NotProbed::Folder(damage));
    }
    unless_interrupted(end, agent.probe(1, https, None)).await
}

/// A signal ends it in order, so that the folders of a phone in memory are removed.
async fn unless_interrupted(
    mut end: EndSignals,
    probing: impl Future<Output = ProbeReport>,
) -> Result<ProbeReport, NotProbed> {
    tokio::select! {
        report = probing => Ok(report),
        () = end.asked() => Err(NotProbed::Interrupted),
    }
}

impl Agent {
    async fn probe(
        &self,
        boots: usize,
        https: &[ServerAddress],
        folder: Option<&str>,
    ) -> ProbeReport {
        let begun = clock::monotonic();
        let mut probing = Probing::new(self, folder);
        let diagnosed = probing.go(boots, https).await;
        let settings = self.settings();
        ProbeReport {
            device: settings.device.name.to_string(),
            servers: settings.tftp.servers.iter().map(ToString::to_string).collect(),
            cases: probing.cases,
            diagnosed,
            state: self.state(),
            millis: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }

    async fn diagnosed(&self) -> Option<Diagnosis> {
        Some(self.diagnose().await.ok()?.diagnosis)
    }
}

/// A probe under way.
struct Probing<'a> {
    agent: &'a Agent,
    /// The world of the last boot, for what comes after it.
    world: Observed<'a>,
    cases: Vec<TestCase>,
    certificates: Vec<ProbedCertificate>,
}

impl<'a> Probing<'a> {
    fn new(agent: &'a Agent, folder: Option<&str>) -> Self {
        let world = Observed::new(agent, folder);
        Self { agent, world, cases: Vec::new(), certificates: Vec::new() }
    }

    async fn go(&mut self, boots: usize, https: &[ServerAddress]) -> Option<Diagnosis> {
        let device = &self.agent.settings().device.name;
        if let Some(doubt) = doubtful_name(device) {
            let case = TestCase::new("phone", "device name", TestStatus::Warn);
            let does = "requests the files of this name";
            self.cases.push(case.does(does).because("device-name", doubt));
        }
        if self.agent.installed.is_locked() {
            self.cases.push(locked());
            return self.agent.diagnosed().await;
        }
        // Before the lists change: what is wrong with lists that were given is seen by them. A
        // phone without lists is compared afterwards; before, every case would be "first contact".
        let before = match self.agent.state() {
            State::None => None,
            _ => self.agent.diagnosed().await,
        };
        for number in 1..=boots {
            if !self.boot(number).await {
                self.judge_servers();
                return before;
            }
        }
        self.try_files().await;
        self.try_members().await;
        self.try_peers(https).await;
        self.judge_ways().await;
        self.judge_servers();
        self.judge_certificates();
        match before {
            None => self.agent.diagnosed().await,
            before => before,
        }
    }

    /// Goes through one boot; whether any server was reached.
    async fn boot(&mut self, number: usize) -> bool {
        let group = format!("boot {number}");
        let settings = self.world.begin_pass();
        let outcome = self.agent.refresh_in(&mut self.world, &settings).await;
        let lists = [(Stage::Ctl, "CTL", &outcome.ctl), (Stage::Itl, "ITL", &outcome.itl)];
        for (stage, name, listed) in lists {
            if let Some(listed) = listed {
                let case = judged::list(&group, name, listed);
                self.cases.push(judged::with_log(case, self.world.during(stage)));
            }
        }
        if let Some(configured) = &outcome.configuration {
            let own = format!("{}.cnf.xml", settings.device);
            let case = judged::configuration(&group, &own, configured);
            let case = judged::with_log(case, self.world.during(Stage::Configuration));
            self.cases.push(case);
            self.cases.push(self.shown(&group));
        }
        // The pass ends before the configuration only if no server was reached.
        outcome.configuration.is_some()
    }

    /// What the phone shows of a boot: its state, the status messages, the alarm.
    fn shown(&self, group: &str) -> TestCase {
        let state = self.agent.state();
        let why = format!("shows: {}", self.world.shown().join("; "));
        let case = TestCase::new(group, "trust state", TestStatus::Pass)
            .does(format!("{state}: {}", state.meaning()))
            .because("", why);
        match state {
            State::Itl | State::Ctl | State::Both => case,
            _ => case.odd("unprotected", "files are accepted from anyone in this state"),
        }
    }

    fn judge_certificates(&mut self) {
        let anchors = self.agent.installed.anchors();
        let mut found = Vec::new();
        for kind in crate::trust::ListKind::ALL {
            let records = anchors.records(kind).map(|list| list.anchors.as_slice());
            let ders = records.into_iter().flatten().filter_map(|it| it.certificate.as_deref());
            let holder = kind.word();
            found.extend(
                ders.map(|der| ProbedCertificate { holder: holder.to_owned(), der: der.to_vec() }),
            );
        }
        found.append(&mut self.certificates);
        self.cases.extend(ProbedCertificate::cases(&found, clock::seconds()));
    }
}

fn locked() -> TestCase {
    TestCase::new("boot 1", "store", TestStatus::Fail)
        .does("asks no server, and trusts nothing")
        .because("locked", "the lists that were trusted cannot be read; --log says why")
        .with_lines(vec![Event::RefreshLocked {}.to_string()])
}

/// The folder of verified files as the technote's log names it; where that of a phone in memory is
/// means nothing to anybody.
const FOLDER: &str = "/ram";
