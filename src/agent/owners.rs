//! The agent of one phone: its owners, side by side.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::SystemTime;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;

use crate::agent::capacity::Capacity;
use crate::agent::confined::Confined;
use crate::agent::connections::{Connections, NotOpened, Opened, Target};
use crate::agent::enrolments::Enrolments;
use crate::agent::files::Files;
use crate::agent::identity::{OwnCertificates, PhoneIdentity};
use crate::agent::in_force::ChangesInForce;
use crate::agent::installed::{ErasedBy, Installed, NotErased};
use crate::agent::legacy::LegacyCount;
use crate::agent::manager::Manager;
use crate::agent::narrate::say;
use crate::agent::news::{Happening, NewsDesk};
use crate::agent::passes::Passes;
use crate::agent::screen::Screen;
use crate::agent::tvs::{Around, TvsService};
use crate::boot::{Alarm, Event, Stage, StatusMessage};
use crate::io::clock::{self, Timeline};
use crate::io::descriptors;
use crate::io::proxy::Relayed;
use crate::io::resolve::{Names, SystemFiles};
use crate::io::settings::Settings;
use crate::trust::cache::CachedAnswer;
use crate::trust::{ListKind, State};

/// The agent of one phone.
pub struct Agent {
    settings: RefCell<Rc<Settings>>,
    pub(super) own: OwnCertificates,
    /// The file that the settings were read from, if any.
    source: Option<PathBuf>,
    pub(super) timeline: Timeline,
    /// How many connections there may be; fixed at the start.
    pub(super) capacity: Capacity,
    pub(super) installed: Installed,
    pub(super) names: Names,
    pub(super) files: Files,
    pub(super) tvs: TvsService,
    pub(super) connections: Connections,
    pub(super) legacy: LegacyCount,
    pub(super) screen: Screen,
    pub(super) passes: Passes,
    pub(super) news: NewsDesk,
    pub(super) manager: Manager,
    pub(super) confined: Confined,
    pub(super) in_force: ChangesInForce,
    pub(super) enrolments: Enrolments,
    /// Held by the one diagnosis that may run.
    pub(super) diagnosis: Semaphore,
}

impl Agent {
    /// An agent with the lists and the configuration that its store holds; what it learns expires
    /// by `timeline`.
    #[must_use]
    pub fn new(settings: Settings, timeline: Timeline) -> Self {
        // By the limit as it is now: `run` has raised it before.
        let capacity = Capacity::of(&settings, descriptors::limit());
        let agent = Self {
            installed: Installed::load(&settings.paths.state),
            own: OwnCertificates::default(),
            source: None,
            names: Names::of(&SystemFiles::default()),
            files: Files::new(timeline.clone()),
            tvs: TvsService::new(&settings.tvs, timeline.clone()),
            connections: Connections::new(capacity.slots),
            legacy: LegacyCount::default(),
            capacity,
            screen: Screen::default(),
            passes: Passes::default(),
            news: NewsDesk::default(),
            manager: Manager::default(),
            confined: Confined::default(),
            in_force: ChangesInForce::default(),
            enrolments: Enrolments::default(),
            diagnosis: Semaphore::new(1),
            timeline,
            settings: RefCell::new(Rc::new(settings)),
        };
        agent.read_identity();
        agent
    }

    /// The same agent, which can read its settings again from a file.
    #[must_use]
    pub fn reading(mut self, source: PathBuf) -> Self {
        self.source = Some(source);
        self
    }

    /// The same agent, which notifies the service manager that has started it.
    #[must_use]
    pub(super) fn managed_by(mut self, manager: Manager) -> Self {
        self.manager = manager;
        self
    }

    /// The same agent in a sandbox that it has entered.
    #[must_use]
    pub(super) fn confined_by(mut self, confined: Confined) -> Self {
        self.confined = confined;
        self
    }

    /// The same agent, which looks names up by other files of the system.
    #[must_use]
    pub fn resolving_by(mut self, files: &SystemFiles) -> Self {
        self.names = Names::of(files);
        self
    }

    /// The file that the settings were read from, if any.
    pub(super) const fn source(&self) -> Option<&PathBuf> {
        self.source.as_ref()
    }

    /// The settings in force.
    pub(super) fn settings(&self) -> Rc<Settings> {
        self.settings.borrow().clone()
    }

    /// Puts settings in force, with the certificate and key that they name.
    pub(super) fn put_settings(&self, settings: Settings) {
        self.files.keep_only(&settings.tftp.servers);
        // What was accepted in a handshake under another policy may not be under this one.
        if settings.policy != self.settings().policy {
            self.connections.forget_sessions();
        }
        self.settings.replace(Rc::new(settings));
        self.read_identity();
        self.in_force.changed();
    }

    /// What a question to TVS needs besides the question.
    pub(super) const fn around<'a>(
        &'a self,
        settings: &'a Settings,
        identity: &'a PhoneIdentity,
    ) -> Around<'a> {
        let (installed, names, legacy) = (&self.installed, &self.names, &self.legacy);
        Around { settings, identity, installed, names, legacy }
    }

    /// Shows a message to the person at the phone.
    pub(super) fn show(&self, message: StatusMessage) {
        say(&Event::MessageShown { message: message.clone() });
        let time = clock::wall();
        self.screen.show(time, message.clone());
        self.news.publish(Happening::Message((time, message)));
    }

    /// Keeps an alarm for the screen; the log gets its line from whoever raises it.
    pub(super) fn raise(&self, alarm: Alarm) {
        let time = clock::wall();
        self.screen.raise(time, alarm);
        self.news.publish(Happening::Alarm((alarm, time)));
    }

    /// Notes a stage of the boot pass that is over, and why it failed, if it did.
    pub(super) fn pass_stage(&self, stage: Stage, word: &'static str, reason: Option<String>) {
        let passed = self.passes.pass(stage, word, reason);
        self.news.publish(Happening::Stage(passed));
    }

    /// Forgets what TVS answered and the sessions of the servers that were trusted, and returns how
    /// many answers there were.
    pub fn flush(&self) -> usize {
        self.connections.forget_sessions();
        self.tvs.forget()
    }

    /// Has everyone who relies on the lists look at them again: others may be in force now.
    pub(super) fn trust_changed(&self) {
        self.tvs.trust_changed();
        self.connections.forget_sessions();
        self.news.publish(Happening::TrustChanged);
    }
}

impl Agent {
    /// Erases lists by order of somebody, and what TVS answered while they were in
    /// force. The next first use waits for the signer of this SHA-256, or for none in particular.
    ///
    /// # Errors
    /// [`NotErased`]; some of the lists may be gone all the same.
    pub fn erase(
        &self,
        kinds: &[ListKind],
        pin: Option<&[u8; 32]>,
        by: ErasedBy,
    ) -> Result<(), NotErased> {
        let erased = self.installed.erase(kinds, pin, by);
        // Also after a failure midway: some of the lists may be gone. A refusal has changed nothing,
        // and the log must not say that it has.
        if matches!(erased, Ok(()) | Err(NotErased::Failed(_))) {
            self.trust_changed();
            self.in_force.changed();
            self.files.forget_seen();
        }
        erased
    }
}

/// What others may know of the agent.
impl Agent {
    /// The trust state that the phone is in.
    #[must_use]
    pub fn state(&self) -> State {
        self.installed.anchors().state()
    }

    /// The state and its meaning, in words; "locked" if the lists cannot be read.
    pub(super) fn state_words(&self) -> (String, &'static str) {
        if self.installed.is_in_use() {
            return ("locked".to_owned(), "another process uses the store; waiting until it ends");
        }
        if self.installed.is_locked() {
            return (
                "locked".to_owned(),
                "the lists that were trusted cannot be read; nothing is trusted",
            );
        }
        let state = self.state();
        (state.to_string(), state.meaning())
    }

    /// SHA-256 of the installed list of a kind.
    #[must_use]
    pub fn digest(&self, kind: ListKind) -> Option<[u8; 32]> {
        self.installed.anchors().records(kind).map(|list| list.sha256)
    }

    /// The last alarm that was raised.
    #[must_use]
    pub fn alarm(&self) -> Option<Alarm> {
        self.screen.alarm().map(|(alarm, _)| alarm)
    }

    /// The Status Messages screen, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<(SystemTime, StatusMessage)> {
        self.screen.messages()
    }

    /// The answers of TVS that still hold, the next to expire first.
    #[must_use]
    pub fn tvs_cache(&self) -> Vec<CachedAnswer> {
        self.tvs.entries()
    }
}

/// Connections for the phone's other processes.
impl Agent {
    /// Connects to a server and judges it, for root.
    ///
    /// # Errors
    /// [`NotOpened`], of which the log has had its line.
    pub async fn open(&self, target: &Target) -> Result<Opened<'_>, NotOpened> {
        self.open_for(target, 0).await
    }

    /// Connects to a server and judges it, for a process of a user. The connection takes one of
    /// that user's places.
    ///
    /// # Errors
    /// [`NotOpened`].
    pub async fn open_for(&self, target: &Target, uid: u32) -> Result<Opened<'_>, NotOpened> {
        let (settings, identity) = (self.settings(), self.identity());
        self.connections.open(&self.tvs, self.around(&settings, &identity), target, uid).await
    }

    /// Opens a connection and relays between it and a local client of root's until it ends.
    ///
    /// # Errors
    /// [`NotOpened`]; not a byte has been exchanged then.
    pub async fn serve_https<C: AsyncRead + AsyncWrite>(
        &self,
        target: &Target,
        client: C,
    ) -> Result<Relayed, NotOpened> {
        Ok(self.open(target).await?.relay(client).await)
    }
}
