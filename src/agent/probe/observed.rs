//! The agent's world, watched: what happens goes through it, and is noted.

use std::net::SocketAddr;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::agent::files::Habit;
use crate::agent::owners::Agent;
use crate::agent::world::Real;
use crate::boot::event::Level;
use crate::boot::{
    Change, Committed, Event, Fetched, LastConfiguration, NotCommitted, NotFetched, PassSettings,
    Seen, Sort, Stage, Wanted, World,
};
use crate::diagnose::WayFound;
use crate::trust::confirm::RecordToConfirm;
use crate::trust::{Anchors, Confirmed, Query, Reason, Unanswered, Verified, Vouched};
use crate::wire::configuration::{Configuration, Root};
use crate::wire::name::FileName;
use crate::wire::{Envelope, FileKind};

/// A real world, and what was said in it.
pub(super) struct Observed<'a> {
    agent: &'a Agent,
    real: Real<'a>,
    /// What the log calls the folder of verified files.
    folder: Option<String>,
    effect: Effect,
    /// The grave events of each stage of the pass.
    stages: Vec<(Stage, Vec<Event>)>,
    /// Those since the last stage.
    said: Vec<Event>,
    /// Status messages and alarm.
    shown: Vec<String>,
    /// `certHash` of the configuration that was fetched last.
    announced: Option<String>,
    habits: Vec<(SocketAddr, Habit)>,
}

/// Whether what is accepted stays.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Effect {
    Installs,
    None,
}

impl<'a> Observed<'a> {
    pub(super) fn new(agent: &'a Agent, folder: Option<&str>) -> Self {
        Self {
            agent,
            real: Real::new(agent),
            folder: folder.map(str::to_owned),
            effect: Effect::None,
            stages: Vec::new(),
            said: Vec::new(),
            shown: Vec::new(),
            announced: None,
            habits: Vec::new(),
        }
    }

    /// The settings of passes in this world.
    pub(super) fn settings(&self) -> PassSettings {
        let settings = self.real.settings();
        let folder = self.folder.clone().unwrap_or_else(|| settings.folder.clone());
        PassSettings { folder, ..settings }
    }

    /// Forgets what was said, and begins a pass that installs what it accepts.
    pub(super) fn begin_pass(&mut self) -> PassSettings {
        self.habits.extend_from_slice(self.real.habits());
        self.real = Real::new(self.agent);
        self.effect = Effect::Installs;
        self.stages.clear();
        self.said.clear();
        self.shown.clear();
        self.settings()
    }

    /// From here on nothing that is accepted changes the phone.
    pub(super) fn only_look(&mut self) {
        self.effect = Effect::None;
        self.said.clear();
    }

    /// What was logged gravely during a stage. A stage that ended the pass is called otherwise.
    pub(super) fn during(&self, stage: Stage) -> &[Event] {
        let of = |wanted| self.stages.iter().find(|(stage, _)| *stage == wanted);
        of(stage).or_else(|| of(Stage::Network)).map_or(&[], |(_, said)| said.as_slice())
    }

    /// Takes what was logged gravely since the last call.
    pub(super) fn take_said(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.said)
    }

    /// The status messages, and the alarm.
    pub(super) fn shown(&self) -> &[String] {
        &self.shown
    }

    /// How the servers have behaved, each habit once.
    pub(super) fn habits(&self) -> Vec<(SocketAddr, Habit)> {
        let mut habits = self.habits.clone();
        habits.extend_from_slice(self.real.habits());
        habits
    }

    /// The ways to each server's files.
    pub(super) async fn survey(&mut self) -> Vec<Vec<WayFound>> {
        self.real.survey().await
    }

    /// Whether the phone has a key, but the certificate that belongs to it is not known.
    pub(super) fn has_only_key(&self) -> bool {
        self.agent.identity().has_only_key()
    }

    /// Notes for whom a configuration says that it is encrypted.
    fn note(&mut self, wanted: &Wanted<'_>, fetched: &Result<Fetched, NotFetched>) {
        if wanted.sort == Sort::List || !self.has_only_key() {
            return;
        }
        let Ok(Fetched { bytes, .. }) = fetched else { return };
        let Ok(file) = Envelope::parse(bytes, FileKind::Signed) else { return };
        let read = Configuration::parse(file.body(), Root::Device);
        self.announced = read.ok().and_then(|read| read.cert_hash).map(String::from);
    }
}

impl World for Observed<'_> {
    fn anchors(&self) -> Arc<Anchors> {
        self.real.anchors()
    }

    fn awaited(&self) -> Option<[u8; 32]> {
        self.real.awaited()
    }

    fn is_locked(&self) -> bool {
        self.real.is_locked()
    }

    fn is_in_use(&self) -> bool {
        self.real.is_in_use()
    }

    fn last_configuration(&self) -> Option<LastConfiguration> {
        self.real.last_configuration()
    }

    fn seen(&self, name: &FileName) -> Option<Seen> {
        self.real.seen(name)
    }

    fn certificate_md5(&self) -> Option<String> {
        // With a key alone the hash cannot be compared: the key itself decides then.
        self.real.certificate_md5().or_else(|| self.announced.clone())
    }

    fn decrypt(&self, file: &Verified<Envelope<'_>>) -> Result<Zeroizing<Vec<u8>>, Reason> {
        self.real.decrypt(file)
    }

    async fn first_server(&mut self) -> Option<String> {
        self.real.first_server().await
    }

    async fn fetch(&mut self, wanted: &Wanted<'_>) -> Result<Fetched, NotFetched> {
        let fetched = self.real.fetch(wanted).await;
        self.note(wanted, &fetched);
        fetched
    }

    fn has_another_server(&self) -> bool {
        self.real.has_another_server()
    }

    async fn fetch_from_another(&mut self, wanted: &Wanted<'_>) -> Result<Fetched, NotFetched> {
        let fetched = self.real.fetch_from_another(wanted).await;
        self.note(wanted, &fetched);
        fetched
    }

    async fn vouch(&mut self, query: &Query) -> Result<Vouched, Unanswered> {
        self.real.vouch(query).await
    }

    async fn confirm(&mut self, record: &RecordToConfirm) -> Result<Confirmed, Unanswered> {
        self.real.confirm(record).await
    }

    fn commit(&mut self, change: Change<'_>) -> Result<Committed, NotCommitted> {
        match self.effect {
            Effect::Installs => self.real.commit(change),
            Effect::None => Ok(Committed::Same),
        }
    }

    fn say(&mut self, event: Event) {
        match &event {
            Event::StageFailed { stage, .. } | Event::StageOver { stage, .. } => {
                self.stages.push((*stage, std::mem::take(&mut self.said)));
            }
            Event::MessageShown { message } => self.shown.push(message.to_string()),
            Event::AlarmRaised { alarm } => self.shown.push(format!("alarm {alarm}")),
            grave if is_grave(grave) && self.said.len() < MOST => self.said.push(event.clone()),
            _ => {}
        }
        self.real.say(event);
    }
}

const fn is_grave(event: &Event) -> bool {
    matches!(event.level(), Level::Error | Level::Warning)
}

/// Events that are kept of a stage: what is odd about a list may come from anybody. Inferred: a
/// person reads the first few.
const MOST: usize = 32;
