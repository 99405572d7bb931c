//! A row of the acceptance tables, and the one runner of all rows.

use std::net::SocketAddr;
use std::time::Duration;

use secd::agent::{self, ErasedBy, NotErased, ProbeRequest, Report};
use secd::diagnose::ways;
use secd::io::settings::ServerAddress;
use secd::trust::ListKind;
use secd::wire::capf::AuthenticationString;
use secd::wire::name::DeviceName;
use secd_lab::cluster::Setup;
use secd_lab::tls::Version;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use crate::lab::Lab;
use crate::log;
use crate::outside::Outside;
use crate::phone::{DEVICE, OldTls, Phone};

/// A row: how the phone begins, what happens around it, and what it must do.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    /// The state that the phone begins in.
    pub(crate) start: &'static str,
    /// What the servers do.
    pub(crate) server: &'static str,
    /// The cluster as it begins.
    pub(crate) setup: fn() -> Setup,
    pub(crate) steps: &'static [Step],
}

/// What happens next.
pub(crate) enum Step {
    /// Whether the agent goes through another boot pass by itself, after the pause that doubles.
    Again(bool),
    /// A boot pass.
    Boot(Boot),
    /// The answers of TVS that are kept, by the seconds that each still holds.
    Cached(&'static [u64]),
    /// Somebody changes something around the phone.
    Do(fn(&mut Lab)),
    /// The doctor's case and remedy, and nothing is changed by asking for them.
    Doctor(&'static str, &'static str),
    /// The phone asks CAPF as the last boot pass wished, or not at all: the status messages, how the
    /// sessions ended, what TVS saw, and whether the LSC is absent (`-`), kept (`=`) or new (`+`).
    Enrol(&'static str),
    /// A person has the phone ask CAPF, with this string if not empty.
    EnrolBy(&'static str, &'static str),
    /// The phone has the certificate that phones of its cluster come with, from now on.
    HasMic,
    /// The last boot pass, key press or enrolment wrote a line with this text.
    Log(&'static str),
    /// The row is about no part of the agent; why.
    Outside(&'static str),
    /// A person erases the list of a kind at the phone.
    Erase(ListKind),
    /// A person at the phone erases lists, or root resets it, and that is refused; why.
    EraseBarred(&'static [ListKind], ErasedBy, &'static str),
    /// Root erases everything: a factory reset.
    FactoryReset,
    /// What `secd probe` finds about the configuration with a phone fresh from the box: status and
    /// class of fault, and the doctor's case beside it.
    Probe(&'static str, &'static str),
    /// The Directories key: how the connection came about, and what TVS saw.
    Press(&'static str, &'static str),
    /// A person resets the phone: it is as fresh from the box.
    Reset,
    /// The agent starts again.
    Restart,
    /// A boot pass on the way to the row's beginning, with nothing to look at but the state.
    Start(&'static str),
    /// Seconds pass.
    Wait(u64),
    /// The way that the phone takes, by the doctor and by `probe`.
    Ways(&'static str),
}

/// What is seen of a boot pass.
pub(crate) struct Boot {
    /// What the TFTP servers are asked for, in order.
    pub(crate) asks: &'static str,
    /// The state afterwards, and of both lists and the configuration whether it is absent (`-`),
    /// kept (`=`) or new (`+`). A new configuration is the one that is served.
    pub(crate) state: &'static str,
    /// The alarm, 0 for none.
    pub(crate) alarm: u8,
    /// The status messages, in order.
    pub(crate) says: &'static [&'static str],
    /// What the TVS servers see, in order.
    pub(crate) tvs: &'static str,
}

/// What came of a row.
pub(crate) struct Outcome {
    pub(crate) expected: Vec<String>,
    pub(crate) seen: Vec<String>,
    pub(crate) is_outside: bool,
}

impl Outcome {
    pub(crate) fn holds(&self) -> bool {
        self.expected == self.seen
    }
}

/// The time that a cluster is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Era {
    /// TLS 1.2 and 1.3.
    Current,
    /// TLS 1.0 with AES256-SHA.
    Old,
}

/// Where rows are gone through: a runtime that was there before the sandbox, the lab outside it, and
/// the folder that phones are in.
pub(crate) struct Stage {
    pub(crate) runtime: Runtime,
    pub(crate) outside: Outside,
    pub(crate) folder: TempDir,
}

/// Goes through a row.
pub(crate) fn run(row: &Row, era: Era, stage: &Stage) -> Outcome {
    let Stage { runtime, outside, folder } = stage;
    LocalSet::new().block_on(runtime, async {
        log::take();
        let (tls, old_tls) = match era {
            Era::Current => (Version::Any, OldTls::Off),
            Era::Old => (Version::Tls10, OldTls::On),
        };
        let setup = row.setup;
        outside.begin(move || Lab::new(Setup { tls, ..setup() }));
        let mut run = Run {
            phone: phone(outside, folder, old_tls),
            lab: outside,
            folder,
            old_tls,
            spoke_old: false,
            lines: Vec::new(),
            came: secd::boot::Outcome::default(),
            report: None,
            outcome: Outcome::new(),
        };
        for step in row.steps {
            run.step(step).await;
        }
        if !run.outcome.is_outside {
            run.foretell().await;
        }
        let spoke_old = format!("spoke old TLS: {}", run.spoke_old);
        run.outcome.compare(format!("spoke old TLS: {}", era == Era::Old), spoke_old);
        run.outcome
    })
}

/// A phone fresh from the box, at the servers of the lab.
fn phone(lab: &Outside, folder: &TempDir, old_tls: OldTls) -> Phone {
    let (servers, ports) = lab.with(|lab| (lab.servers(), lab.ports()));
    Phone::inside(folder.path(), &servers, old_tls).asking_at(ports)
}

struct Run<'a> {
    lab: &'a Outside,
    /// What phones are in.
    folder: &'a TempDir,
    phone: Phone,
    old_tls: OldTls,
    /// Whether a line has warned of it.
    spoke_old: bool,
    /// The log of the last boot pass or key press.
    lines: Vec<String>,
    /// What the last boot pass came to.
    came: secd::boot::Outcome,
    /// What the doctor said before the next boot pass.
    report: Option<Report>,
    outcome: Outcome,
}

impl Outcome {
    const fn new() -> Self {
        Self { expected: Vec::new(), seen: Vec::new(), is_outside: false }
    }

    fn compare(&mut self, expected: String, seen: String) {
        self.expected.push(expected);
        self.seen.push(seen);
    }
}

impl Run<'_> {
    async fn step(&mut self, step: &Step) {
        match step {
            Step::Boot(boot) => {
                let report = match self.report.take() {
                    Some(report) => report,
                    None => self.doctor().await,
                };
                let seen = self.boot().await;
                self.outcome.compare(boot.shown(), seen);
                self.compare_with(&report);
            }
            Step::Again(again) => {
                let seen = self.came.is_passing();
                self.outcome.compare(format!("again: {again}"), format!("again: {seen}"));
            }
            Step::Cached(left) => {
                let now = self.phone.agent().tvs_cache().into_iter();
                let expiry: Vec<u64> = now.map(|entry| entry.expires.as_secs()).collect();
                self.outcome.compare(format!("cache {left:?}"), format!("cache {expiry:?}"));
            }
            Step::Do(change) => self.change(*change),
            Step::Doctor(case, remedy) => {
                let report = self.doctor().await;
                let (found, least) = (&report.diagnosis.case, report.diagnosis.remedy);
                let seen = format!("doctor: {}, {}", found.word(), least.word());
                self.outcome.compare(format!("doctor: {case}, {remedy}"), seen);
                self.report = Some(report);
            }
            Step::Enrol(end) => self.enrol(None, end).await,
            Step::EnrolBy(string, end) => self.enrol(Some(string), end).await,
            Step::HasMic => self.phone.own(&self.lab.with(|lab| lab.home.cluster.device.clone())),
            Step::Probe(expected, case) => self.probe(expected, case).await,
            Step::Erase(kind) => self.erase(&[*kind], ErasedBy::Person),
            Step::EraseBarred(kinds, by, access) => self.bar(kinds, *by, access),
            Step::FactoryReset => self.erase(&ListKind::ALL, ErasedBy::Root),
            Step::Log(text) => self.look_for(text),
            Step::Outside(why) => {
                self.outcome.is_outside = true;
                self.outcome.compare((*why).to_owned(), (*why).to_owned());
            }
            Step::Press(how, tvs) => {
                let seen = self.press().await;
                self.outcome.compare(format!("press: {how}; TVS {{{tvs}}}"), seen);
            }
            Step::Reset => self.reset(),
            Step::Restart => self.phone.restart(),
            Step::Start(state) => {
                let report = self.doctor().await;
                self.boot().await;
                self.compare_with(&report);
                let seen = self.phone.agent().state();
                self.outcome.compare(format!("start {state}"), format!("start {seen}"));
            }
            Step::Ways(taken) => self.look_at_ways(taken).await,
            Step::Wait(seconds) => self.phone.wait(Duration::from_secs(*seconds)),
        }
    }

    fn change(&self, change: fn(&mut Lab)) {
        self.lab.with(move |lab| {
            change(lab);
            lab.publish();
        });
    }

    /// Looks for a line in the log.
    fn look_for(&mut self, text: &str) {
        let found = self.lines.iter().any(|line| line.contains(text));
        let seen = if found { text.to_owned() } else { self.lines.join("\n      ") };
        self.outcome.compare(format!("log: {text}"), format!("log: {seen}"));
    }

    /// Has the phone ask CAPF: by order of a person with a string, or as the last boot pass wished.
    async fn enrol(&mut self, by_order: Option<&str>, end: &str) {
        // What the doctor found before counts no longer.
        self.report = None;
        let agent = self.phone.agent();
        let (before, told) = (self.phone.lsc(), agent.messages().len());
        log::take();
        match by_order {
            None => agent.enrol_as_wished().await,
            Some(string) => {
                let string = (!string.is_empty()).then(|| AuthenticationString::parse(string));
                let string = string.transpose().expect("a string of digits");
                // Screen, log and server have what came of it.
                let _ended = agent.enrol(string).await;
            }
        }
        self.lines = log::take();
        let says: Vec<String> =
            agent.messages().iter().skip(told).map(|(_, message)| message.to_string()).collect();
        let (capf, tvs) = self.lab.with(|lab| (lab.capf_events(), lab.tvs_events()));
        let lsc = mark(&before, &self.phone.lsc());
        let seen = format!("enrol: [{}] CAPF {{{capf}}} TVS {{{tvs}}} LSC{lsc}", says.join("; "));
        self.outcome.compare(format!("enrol: {end}"), seen);
    }

    /// Probes the servers with a phone of the same name that has nothing.
    async fn probe(&mut self, expected: &str, case: &str) {
        let address = |server: SocketAddr| ServerAddress::parse(&server.to_string(), 69);
        let request = ProbeRequest {
            device: DeviceName::parse(DEVICE).expect("a name"),
            servers: self.lab.with(|lab| lab.servers()).into_iter().flat_map(address).collect(),
            provisioning: self.phone.provisioning(),
            tvs: Vec::new(),
            https: Vec::new(),
            key: None,
            lists: Vec::new(),
        };
        let report = Box::pin(agent::probe(request)).await.expect("a folder in memory");
        self.forget();
        let mut cases = report.cases.iter();
        let found = cases.find(|it| it.group == "boot 1" && it.name == "configuration");
        let found =
            found.map_or_else(String::new, |it| format!("{} {}", it.status.word(), it.class));
        let diagnosed = report.diagnosed.map_or("nothing", |diagnosis| diagnosis.case.word());
        let seen = format!("probe: {}, {diagnosed}", found.trim_end());
        self.outcome.compare(format!("probe: {expected}, {case}"), seen);
    }

    /// Whatever the lab has seen so far does not count.
    fn forget(&self) {
        self.lab.with(|lab| {
            lab.asked();
            lab.tvs_events();
        });
    }

    fn reset(&mut self) {
        self.phone = phone(self.lab, self.folder, self.old_tls);
    }

    async fn look_at_ways(&mut self, taken: &str) {
        let report = self.doctor().await;
        let ways = report.findings.servers.first().map(|server| ways::shown(&server.ways));
        let ways = ways.unwrap_or_default();
        let doctor = ways.rsplit_once("; the phone takes ").map_or(&*ways, |(_, taken)| taken);
        let probe = self.phone.probed_ways().await;
        let seen = format!("ways: {doctor}; probe: {probe}");
        self.forget();
        self.outcome.compare(format!("ways: {taken}; probe: takes {taken}"), seen);
        self.report = Some(report);
    }

    fn erase(&self, kinds: &[ListKind], by: ErasedBy) {
        let erased = self.phone.agent().erase(kinds, None, by);
        erased.expect("a store that can be written");
    }

    fn bar(&mut self, kinds: &[ListKind], by: ErasedBy, access: &str) {
        let seen = match self.phone.agent().erase(kinds, None, by) {
            Err(NotErased::SettingsAccess(access)) => access.word(),
            _ => "not barred",
        };
        self.outcome.compare(format!("erase: {access}"), format!("erase: {seen}"));
    }

    /// However a row ends: the doctor says what the next boot pass comes to.
    async fn foretell(&mut self) {
        let report = match self.report.take() {
            Some(report) => report,
            None => self.doctor().await,
        };
        self.boot().await;
        self.compare_with(&report);
    }

    /// Asks the doctor, who must leave everything as it is.
    async fn doctor(&mut self) -> Report {
        let before = self.phone.condition();
        let report = self.phone.agent().diagnose().await.expect("nobody else asks");
        let changed = if before == self.phone.condition() { "nothing" } else { "something" };
        self.outcome.compare("changed: nothing".to_owned(), format!("changed: {changed}"));
        self.forget();
        report
    }

    /// Whether the last boot pass came to what the doctor predicted, to the last reason.
    fn compare_with(&mut self, report: &Report) {
        let state = self.phone.agent().state();
        let next = report.diagnosis.next_boot.state;
        let expected = "the doctor saw it coming".to_owned();
        let seen = if report.outcome == self.came && next == state {
            expected.clone()
        } else {
            format!("predicted {:?} and {next}, came {:?} and {state}", report.outcome, self.came)
        };
        self.outcome.compare(expected, seen);
    }

    /// Boots, and tells what was seen in the words of [`Boot::shown`].
    async fn boot(&mut self) -> String {
        let agent = self.phone.agent();
        let lists = [ListKind::Ctl, ListKind::Itl].map(|kind| agent.digest(kind));
        let before = self.phone.configuration_in_use();
        let told = agent.messages().len();
        log::take();
        self.came = agent.refresh().await;
        self.lines = log::take();
        self.spoke_old |= warned(&self.lines);

        let [ctl, itl] = [ListKind::Ctl, ListKind::Itl].map(|kind| agent.digest(kind));
        let [ctl, itl] = [mark(&lists[0], &ctl), mark(&lists[1], &itl)];
        let after = self.phone.configuration_in_use();
        let served = after == Some(self.lab.with(|lab| lab.payload()));
        let configuration = match (&after, served) {
            (None, _) => '-',
            (Some(_), true) => '+',
            (Some(_), false) if after == before => '=',
            (Some(_), false) => '?',
        };
        let messages = agent.messages();
        let says: Vec<String> =
            messages.iter().skip(told).map(|(_, message)| message.to_string()).collect();
        let raised = self.lines.iter().any(|line| line.contains("Trust List update alarm"));
        let alarm = agent.alarm().filter(|_| raised).map_or(0, |alarm| alarm.code());
        let state = format!("{} CTL{ctl} ITL{itl} CFG{configuration}", agent.state());
        let says: Vec<&str> = says.iter().map(String::as_str).collect();
        let (asked, tvs) = self.lab.with(|lab| (lab.asked(), lab.tvs_events()));
        shown(&asked, &state, alarm, &says, &tvs)
    }

    /// Presses Directories, and tells what came of it. A server that was not believed must not
    /// have got a byte.
    async fn press(&mut self) -> String {
        let address = self.lab.with(|lab| lab.https.address());
        log::take();
        let page = self.phone.press_directories(address).await;
        self.lines = log::take();
        self.spoke_old |= warned(&self.lines);
        let tvs = self.lab.with(|lab| {
            lab.https.settle();
            lab.tvs_events()
        });
        let wrote = |text: &str| self.lines.iter().any(|line| line.contains(text));
        let how = match &page {
            Ok(page) if !page.ends_with(secd_lab::https::DIRECTORY.as_bytes()) => "no page",
            Ok(_) if wrote("Authenticated the HTTPS conn via TVS cache") => "opened by cache",
            Ok(_) if wrote("Authenticated the HTTPS conn via TVS") => "opened by TVS",
            Ok(_) if wrote("https_cert_vfy: HTTPS cert in ") => "opened by list",
            Ok(_) => "opened by nobody",
            Err(_) => {
                let got_nothing = self.lab.with(|lab| {
                    let connections = lab.https.connections();
                    connections.last().expect("the phone has connected").received.is_empty()
                });
                if got_nothing { "refused" } else { "refused too late" }
            }
        };
        format!("press: {how}; TVS {{{tvs}}}")
    }
}

/// Whether the log warns of a connection without forward secrecy.
fn warned(lines: &[String]) -> bool {
    let warning = "SECD | WRN | legacy TLS 1.0 AES256-SHA: no forward secrecy, <127.0.0.1>";
    lines.iter().any(|line| line == warning)
}

fn mark<T: PartialEq>(before: &Option<T>, after: &Option<T>) -> char {
    match after {
        None => '-',
        Some(_) if after == before => '=',
        Some(_) => '+',
    }
}

impl Boot {
    fn shown(&self) -> String {
        shown(self.asks, self.state, self.alarm, self.says, self.tvs)
    }
}

fn shown(asks: &str, state: &str, alarm: u8, says: &[&str], tvs: &str) -> String {
    let says = says.join("; ");
    format!("{state} alarm {alarm} [{says}] TVS {{{tvs}}} TFTP {{{asks}}}")
}

/// A boot pass, in the order of [`Boot`].
pub(crate) const fn boot(
    asks: &'static str,
    state: &'static str,
    alarm: u8,
    says: &'static [&'static str],
    tvs: &'static str,
) -> Step {
    Step::Boot(Boot { asks, state, alarm, says, tvs })
}
