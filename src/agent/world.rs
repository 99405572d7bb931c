//! The real world of a boot pass.

use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::agent::files::{Court, FileErrand, Files, Habit, ServerWalk};
use crate::agent::identity::PhoneIdentity;
use crate::agent::installed::Keeping;
use crate::agent::narrate::say;
use crate::agent::owners::Agent;
use crate::agent::tvs::{Around, Confirming};
use crate::boot::{
    self, CertificateTrouble, Change, Committed, Event, Fetched, LastConfiguration, NotCommitted,
    NotFetched, Seen, Wanted, World,
};
use crate::diagnose::WayFound;
use crate::io::ram::{self, Evicted, NotPut, Quota};
use crate::io::settings::Settings;
use crate::io::{files, resolve, store};
use crate::trust::confirm::RecordToConfirm;
use crate::trust::{Anchors, Confirmed, Query, Reason, Unanswered, Verified, Vouched};
use crate::wire::Envelope;
use crate::wire::configuration::CapfFacts;
use crate::wire::name::FileName;

/// The world as the agent finds it: servers, the store, the ram folder, the screen, the log.
pub(super) struct Real<'a> {
    agent: &'a Agent,
    /// Fixed for the whole pass: a reload takes effect with the next one.
    settings: Rc<Settings>,
    walk: ServerWalk,
    confirming: Confirming,
}

impl<'a> Real<'a> {
    pub(super) fn new(agent: &'a Agent) -> Self {
        let settings = agent.settings();
        let walk = ServerWalk::new(&agent.names, settings.device.address);
        Self { agent, settings, walk, confirming: Confirming::default() }
    }

    /// What a request for a file goes by: servers are judged by the lists in force.
    fn errand<'s>(&'s mut self, identity: &'s PhoneIdentity) -> FileErrand<'s> {
        let (settings, agent) = (&*self.settings, self.agent);
        let around = agent.around(settings, identity);
        let court = Court { tvs: &agent.tvs, around, trial: None };
        FileErrand { walk: &mut self.walk, settings, court }
    }

    /// The line of lists in force.
    fn line(&self) -> u32 {
        self.agent.installed.anchors().line()
    }

    /// How the servers have behaved in this world so far.
    pub(super) fn habits(&self) -> &[(SocketAddr, Habit)] {
        self.walk.habits()
    }

    /// The ways to each server's files.
    pub(super) async fn survey(&mut self) -> Vec<Vec<WayFound>> {
        let (agent, identity) = (self.agent, self.agent.identity());
        agent.files.survey(self.errand(&identity)).await
    }

    /// The settings that a pass in this world goes by.
    pub(super) fn settings(&self) -> boot::PassSettings {
        settings(&self.settings)
    }
}

impl World for Real<'_> {
    fn anchors(&self) -> Arc<Anchors> {
        self.agent.installed.anchors()
    }

    fn awaited(&self) -> Option<[u8; 32]> {
        self.agent.installed.pin()
    }

    fn is_locked(&self) -> bool {
        self.agent.installed.is_locked()
    }

    fn is_in_use(&self) -> bool {
        self.agent.installed.is_in_use()
    }

    fn has_silent_way(&self) -> bool {
        self.walk.ways.has_unanswered()
    }

    fn last_configuration(&self) -> Option<LastConfiguration> {
        self.agent.installed.configuration()
    }

    fn seen(&self, name: &FileName) -> Option<Seen> {
        self.agent
            .installed
            .seen(name.as_str())
            // The store remembers configurations, memory the other files.
            .or_else(|| self.agent.files.seen(name, self.line()))
    }

    fn certificate_md5(&self) -> Option<String> {
        self.agent.identity().certificate_md5()
    }

    fn owns_certificate(&self, md5: &str) -> bool {
        self.agent.identity().owns(md5)
    }

    fn decrypt(&self, file: &Verified<Envelope<'_>>) -> Result<Zeroizing<Vec<u8>>, Reason> {
        let (plain, by) = self.agent.identity().unwrap(file)?;
        self.agent.unwrapped(by);
        Ok(plain)
    }

    async fn first_server(&mut self) -> Option<String> {
        for server in self.walk.order(&self.settings.tftp.servers) {
            // One that does not resolve is logged when it is asked for a file.
            if let Ok(addresses) = self.walk.names.resolve(&server).await {
                return addresses.first().map(|address| resolve::mapped(*address));
            }
        }
        None
    }

    async fn fetch(&mut self, wanted: &Wanted<'_>) -> Result<Fetched, NotFetched> {
        let identity = self.agent.identity();
        let agent = self.agent;
        agent.files.fetch(self.errand(&identity), wanted).await
    }

    fn has_another_server(&self) -> bool {
        Files::has_another(&self.walk, &self.settings)
    }

    async fn fetch_from_another(&mut self, wanted: &Wanted<'_>) -> Result<Fetched, NotFetched> {
        let identity = self.agent.identity();
        let agent = self.agent;
        agent.files.fetch_from_another(self.errand(&identity), wanted).await
    }

    async fn vouch(&mut self, query: &Query) -> Result<Vouched, Unanswered> {
        let identity = self.agent.identity();
        let around = self.agent.around(&self.settings, &identity);
        self.agent.tvs.signer(Around { names: &self.walk.names, ..around }, query).await
    }

    async fn confirm(&mut self, record: &RecordToConfirm) -> Result<Confirmed, Unanswered> {
        let identity = self.agent.identity();
        let around = self.agent.around(&self.settings, &identity);
        let around = Around { names: &self.walk.names, ..around };
        self.confirming.bound(self.agent.tvs.record(around, record)).await
    }

    fn learn(&mut self, capf: &CapfFacts) {
        self.agent.enrolments.learn(capf);
    }

    fn enrol(&mut self, trouble: Option<CertificateTrouble>) {
        self.agent.enrolments.wish(trouble);
    }

    fn commit(&mut self, change: Change<'_>) -> Result<Committed, NotCommitted> {
        let agent = self.agent;
        match change {
            // Nothing can be proven without the lists that were trusted.
            _ if agent.installed.is_locked() => {
                Err(not_stored(agent, &store::StoreFailure::NotOpen))
            }
            Change::File { name, payload, seen } => {
                let written = write(agent, &self.settings, name, payload)?;
                agent.files.remember(name, self.line(), seen);
                Ok(written)
            }
            Change::Keep { name, payload, form, by, seen, members, access, web, log_server } => {
                let name = name.as_str();
                let keeping =
                    Keeping { name, payload, form, by, seen, members, access, web, log_server };
                let kept = agent.installed.keep(&keeping);
                agent.in_force.changed();
                kept.map_err(|failure| not_stored(agent, &failure))
            }
            Change::List { list, name, bytes } => {
                let installed = agent.installed.install(list, name, bytes);
                installed.map_err(|failure| not_stored(agent, &failure))?;
                // After the store has it: a failed install changes no trust.
                agent.trust_changed();
                Ok(Committed::Changed)
            }
            Change::Restore => restore(agent),
        }
    }

    fn say(&mut self, event: Event) {
        match &event {
            Event::AlarmRaised { alarm } => self.agent.raise(*alarm),
            Event::CertificateNamed { hash } => self.agent.own.announce(hash),
            Event::ConfigurationUnread { name, why } => {
                self.agent.passes.misread(format!("{name}: {why}"));
            }
            // `show` logs it as well.
            Event::MessageShown { message } => return self.agent.show(message.clone()),
            Event::StageFailed { stage, outcome, reason } => {
                self.agent.pass_stage(*stage, outcome, Some(reason.clone()));
            }
            Event::StageOver { stage, outcome } => {
                self.agent.pass_stage(*stage, outcome, None);
            }
            _ => {}
        }
        say(&event);
    }
}

/// The settings that a pass goes by.
pub(super) fn settings(settings: &Settings) -> boot::PassSettings {
    boot::PassSettings {
        device: settings.device.name.clone(),
        list_limit: settings.tftp.list_limit,
        config_limit: settings.tftp.config_limit,
        policy: settings.policy.clone(),
        folder: settings.paths.ram.display().to_string(),
    }
}

/// Puts a payload into the ram folder; the same bytes again change nothing. Older files make room,
/// except the phone's own configuration and the one in use.
fn write(
    agent: &Agent,
    settings: &Settings,
    name: &FileName,
    payload: &[u8],
) -> Result<Committed, NotCommitted> {
    let folder = &settings.paths.ram;
    let own = self::settings(settings).own_configuration();
    let used = agent.installed.configuration().map(|last| last.name);
    let own = own.as_ref().map(FileName::as_str);
    let staying: Vec<_> = own.into_iter().chain(used.as_deref()).collect();
    let evicted =
        ram::put(folder, name, payload, settings.ram, &staying).map_err(|why| match why {
            NotPut::Disk(failure) => not_written(&failure),
            NotPut::OverQuota(quota) => over_quota(folder, name, quota),
        })?;
    for Evicted { name, bytes } in evicted {
        say(&Event::FileEvicted { name, bytes });
    }
    Ok(Committed::Changed)
}

fn over_quota(folder: &Path, name: &FileName, Quota { bytes, files }: Quota) -> NotCommitted {
    let why =
        format!("exceeds the limit of {bytes} bytes (ram.bytes) or {files} files (ram.files)");
    let path = folder.join(name.as_str()).display().to_string();
    NotCommitted { path, why, is_full: true }
}

fn restore(agent: &Agent) -> Result<Committed, NotCommitted> {
    let last = agent.installed.configuration();
    let Some(name) = last.and_then(|last| FileName::parse(&last.name).ok()) else {
        return Ok(Committed::Same);
    };
    // The ram folder is empty after a restart: applications get the last good configuration.
    match agent.installed.configuration_payload() {
        Some(payload) => write(agent, &agent.settings(), &name, &payload),
        None => Ok(Committed::Same),
    }
}

/// Why the store was not changed.
pub(super) fn not_stored(agent: &Agent, failure: &store::StoreFailure) -> NotCommitted {
    match failure {
        store::StoreFailure::Disk(failure) => not_written(failure),
        store::StoreFailure::Gone(damage) => NotCommitted {
            path: damage.path.display().to_string(),
            why: damage.reason.to_string(),
            is_full: false,
        },
        other => {
            let path = agent.settings().paths.state.display().to_string();
            NotCommitted { path, why: other.to_string(), is_full: false }
        }
    }
}

fn not_written(failure: &files::WriteFailure) -> NotCommitted {
    // A full disk has a status message of its own.
    let is_full = failure.source.kind() == std::io::ErrorKind::StorageFull;
    NotCommitted { path: failure.path.display().to_string(), why: failure.why(), is_full }
}
