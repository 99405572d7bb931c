//! What the service manager that started the agent gets to know of it.

use core::future;
use std::cell::Cell;
use std::time::Duration;

use tokio::time::sleep;

use crate::agent::narrate::say;
use crate::boot::Event;
use crate::face::records::Outcome;
use crate::io::clock;
use crate::io::files::why;
use crate::io::service_manager::ServiceManager;

/// The service manager, and what it was notified of.
#[derive(Default)]
pub(super) struct Manager {
    link: ServiceManager,
    listens: Cell<bool>,
    runs: Cell<bool>,
    /// Whether the log has its line about a notification that failed.
    is_unheard: Cell<bool>,
}

impl Manager {
    /// The one that the environment names, if any. One that cannot be reached is logged.
    pub(super) fn from_environment() -> Self {
        let link = ServiceManager::from_environment();
        let link = link.inspect_err(|error| say(&Event::ManagerUnreachable { why: why(error) }));
        Self { link: link.unwrap_or_default(), ..Self::default() }
    }

    /// Notes that the socket is open.
    pub(super) fn listening(&self) {
        self.listens.set(true);
        self.notify_ready();
    }

    /// Notes that signals are heard, and that the first boot pass is about to begin.
    pub(super) fn running(&self) {
        self.runs.set(true);
        self.notify_ready();
    }

    /// The agent begins to read its settings again.
    pub(super) fn reloading(&self) {
        if self.is_ready() {
            // By the time a manager knows whether it is its own order that is being carried out.
            let now = clock::monotonic_since_start().as_micros();
            self.notify(&format!("RELOADING=1\nMONOTONIC_USEC={now}"));
        }
    }

    /// It has read them, or they have faults: it goes on in any case.
    pub(super) fn reloaded(&self) {
        self.notify_ready();
    }

    /// A signal ends the agent.
    pub(super) fn stopping(&self) {
        self.notify("STOPPING=1\nSTATUS=ended by signal");
    }

    /// Why no client can be served.
    pub(super) fn deaf(&self, why: &str) {
        self.notify(&format!("STATUS=no client is served: {why}"));
    }

    /// What came of a boot pass.
    pub(super) fn passed(&self, outcome: &Outcome) {
        let Outcome { state, meaning, configuration, .. } = outcome;
        self.notify(&format!("STATUS=state {state} ({meaning}), configuration {configuration}"));
    }

    /// Lets the manager know for ever that the agent is alive: on the one thread that does
    /// everything, so that it stops when that thread is stuck.
    pub(super) async fn feed_watchdog(&self) {
        let Some(limit) = self.link.watchdog() else { return future::pending().await };
        // Twice as often as it must be (sd_watchdog_enabled(3)).
        let pause = (limit / 2).max(SHORTEST_PAUSE);
        loop {
            self.notify("WATCHDOG=1");
            sleep(pause).await;
        }
    }

    fn is_ready(&self) -> bool {
        self.listens.get() && self.runs.get()
    }

    fn notify_ready(&self) {
        if self.is_ready() {
            self.notify("READY=1");
        }
    }

    fn notify(&self, notification: &str) {
        let sent = self.link.notify(notification);
        match sent {
            Ok(()) => self.is_unheard.set(false),
            // One line, however often it fails.
            Err(error) if !self.is_unheard.replace(true) => {
                say(&Event::ManagerUnreachable { why: why(&error) });
            }
            Err(_) => {}
        }
    }
}

/// However short the manager's limit is, the agent does more than to report that it is alive.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
