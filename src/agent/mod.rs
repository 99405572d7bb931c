//! The sequences: a boot pass, and what lies between two of them. Owns all mutable state.
//!
//! Everything runs on one thread. The state stands in cells that are borrowed between two awaits,
//! never across one.

use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use log::{error, info, warn};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::io::clock::{self, Timeline};
use crate::io::console;
use crate::io::settings::{self, Settings};
use crate::trust::cache::Entry;
use crate::trust::{Anchors, Cache, ListKind, State};

mod ask;
mod device;
pub mod doctor;
mod fetch;
pub mod https;
mod installed;
mod members;
mod passes;
mod phone_file;
mod provisioned;
mod refresh;
pub mod report;
pub mod service;
mod trust_list;

use ask::Service;
use device::Device;
use installed::Installed;
use passes::Passes;
use report::{Alarm, Message, Messages};

/// The agent of one phone.
pub struct Agent {
    settings: RefCell<Rc<Settings>>,
    installed: RefCell<Installed>,
    messages: RefCell<Messages>,
    alarm: Cell<Option<Alarm>>,
    cache: RefCell<Cache>,
    service: Service,
    /// The phone's own certificate and key.
    device: RefCell<Device>,
    /// The connections that may be open at once.
    slots: Semaphore,
    passes: Passes,
    /// One diagnosis at a time.
    doctor: Semaphore,
    counters: Counters,
    /// What came of talking to a server last, by its address.
    contacts: RefCell<BTreeMap<String, String>>,
    /// Where the configuration was read.
    source: Option<PathBuf>,
    timeline: Timeline,
    /// Numbers the transfers in the log.
    transfers: Cell<u64>,
}

impl Agent {
    /// An agent with the lists and the configuration that its store holds; what it learns expires
    /// by `timeline`.
    #[must_use]
    pub fn new(settings: Settings, timeline: Timeline) -> Self {
        let installed = Installed::load(&settings.paths.state);
        let tvs = &settings.tvs;
        Self {
            cache: RefCell::new(Cache::new(tvs.cache, tvs.ttl_max)),
            service: Service::default(),
            device: RefCell::new(Device::load(&settings.device)),
            slots: Semaphore::new(settings.https.slots),
            passes: Passes::default(),
            doctor: Semaphore::new(1),
            counters: Counters::default(),
            contacts: RefCell::default(),
            source: None,
            timeline,
            settings: RefCell::new(Rc::new(settings)),
            installed: RefCell::new(installed),
            messages: RefCell::default(),
            alarm: Cell::new(None),
            transfers: Cell::new(0),
        }
    }

    /// Boots, and goes through a boot pass again at every SIGHUP, until SIGTERM or SIGINT.
    ///
    /// # Errors
    /// If the system refuses the signal handlers.
    pub async fn run(&self) -> std::io::Result<()> {
        let mut hangup = signal(SignalKind::hangup())?;
        let mut end = End::new()?;
        let mut pause = self.settings().retry.first;
        loop {
            let retry = self.settings().retry;
            let outcome = tokio::select! {
                outcome = self.refresh() => outcome,
                () = end.asked() => break,
            };
            let again = outcome == refresh::Outcome::Again;
            if again {
                let seconds = pause.as_secs();
                info!(target: SECD, "refresh: next try in {seconds} seconds, or at SIGHUP");
            }
            tokio::select! {
                () = sleep(pause), if again => pause = retry.max.min(pause * 2),
                _ = hangup.recv() => {
                    pause = retry.first;
                    self.reload_or_keep();
                }
                () = self.passes.asked() => pause = retry.first,
                () = end.asked() => break,
            }
            // The store may have been mended meanwhile. Before the first pass it was just read.
            self.installed.borrow_mut().unlock();
        }
        info!(target: SECD, "run: ended by signal");
        Ok(())
    }

    /// The same agent, which can read its configuration again from a file.
    #[must_use]
    pub fn reading(mut self, source: PathBuf) -> Self {
        self.source = Some(source);
        self
    }

    /// Reads the configuration again. What takes effect at the start only stays as it is: paths, the
    /// socket, and the sizes of cache and slots.
    ///
    /// # Errors
    /// Every fault; nothing is changed then.
    fn reload(&self) -> Result<(), Vec<String>> {
        let Some(source) = &self.source else { return Ok(()) };
        let mut configuration = Settings::load(source).map_err(|failure| match failure {
            settings::Failure::Invalid(faults) => faults.iter().map(ToString::to_string).collect(),
            unreadable => vec![unreadable.to_string()],
        })?;
        let before = self.settings();
        if configuration.paths != before.paths || configuration.socket != before.socket {
            warn!(target: SECD, "reload: [paths] and [socket] take effect at the next start");
            configuration.paths = before.paths.clone();
            configuration.socket = before.socket.clone();
        }
        if (&configuration.tvs.cache, &configuration.tvs.ttl_max, configuration.https.slots)
            != (&before.tvs.cache, &before.tvs.ttl_max, before.https.slots)
        {
            warn!(target: SECD, "reload: tvs.cache, tvs.ttl_max_s and https.slots take effect at the next start");
        }
        configuration.https.slots = before.https.slots;
        log::set_max_level(configuration.console.level);
        self.device.replace(Device::load(&configuration.device));
        if configuration.console != before.console {
            console::set_level(configuration.console.level);
        }
        self.settings.replace(Rc::new(configuration));
        info!(target: SECD, "reload: {} is in force", source.display());
        Ok(())
    }

    fn reload_or_keep(&self) {
        for fault in self.reload().err().into_iter().flatten() {
            error!(target: SECD, "EROR:reload: {fault}; the configuration before stays");
        }
    }

    /// Remembers what came of talking to a server.
    fn note_contact(&self, server: &str, result: &str) {
        self.contacts.borrow_mut().insert(server.to_owned(), result.to_owned());
    }

    /// The configuration in force.
    fn settings(&self) -> Rc<Settings> {
        self.settings.borrow().clone()
    }

    /// Shows a message to the person at the phone.
    fn tell(&self, message: Message) {
        info!(target: SECD, "status message: {message}");
        self.messages.borrow_mut().add(clock::wall(), message);
    }

    /// Raises the alarm that a phone would send to its call manager.
    fn raise(&self, alarm: Alarm) {
        if alarm.code() <= Alarm::InitialSuccess.code() {
            info!(target: SECD, "Trust List update alarm: {alarm}");
        } else {
            error!(target: SECD, "Trust List update alarm: {alarm}");
        }
        self.alarm.set(Some(alarm));
    }

    /// The trust state that the phone is in.
    #[must_use]
    pub fn state(&self) -> State {
        self.anchors().state()
    }

    /// The state and what it means, in words; "locked" if it cannot be known.
    fn state_words(&self) -> (String, &'static str) {
        if self.installed.borrow().is_locked() {
            return ("locked".to_owned(), "what was trusted cannot be read; nothing is trusted");
        }
        let state = self.state();
        (state.to_string(), state.meaning())
    }

    /// SHA-256 of the installed list of a kind.
    #[must_use]
    pub fn digest(&self, kind: ListKind) -> Option<[u8; 32]> {
        self.anchors().records(kind).map(|list| list.sha256)
    }

    /// The last alarm that was raised.
    #[must_use]
    pub fn alarm(&self) -> Option<Alarm> {
        self.alarm.get()
    }

    /// The Status Messages screen.
    #[must_use]
    pub fn messages(&self) -> Ref<'_, Messages> {
        self.messages.borrow()
    }

    /// The answers of TVS that still hold, the next to expire first.
    #[must_use]
    pub fn tvs_cache(&self) -> Vec<Entry> {
        self.cache.borrow().entries(self.timeline.now()).cloned().collect()
    }

    fn anchors(&self) -> Ref<'_, Arc<Anchors>> {
        Ref::map(self.installed.borrow(), Installed::anchors)
    }

    fn anchors_snapshot(&self) -> Arc<Anchors> {
        self.anchors().clone()
    }
}

/// What is counted from the start on.
#[derive(Default)]
struct Counters {
    questions: Cell<u64>,
    connections: Cell<u64>,
    refused: Cell<u64>,
}

/// The signals that end the agent.
struct End {
    interrupt: Signal,
    terminate: Signal,
}

impl End {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The names of the phone's processes in the log.
const SECD: &str = "SECD";
const TFTP: &str = "TFTP";
const TFTP_CLIENT: &str = "tftpClient";
