//! Boot passes as others see them: requested, under way, over.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::boot::Stage;

/// The passes of one agent: who waits for one, and how the last one went.
pub(super) struct Passes {
    wanted: Notify,
    begun: Cell<u64>,
    over: watch::Sender<u64>,
    /// The stages so far of the pass under way.
    stages: RefCell<Vec<Passed>>,
    /// The last one that is over; nothing before the first one is.
    last: RefCell<Option<Rc<PassOver>>>,
    /// When the next one begins by itself, after a failure that may pass.
    next: Cell<Option<Instant>>,
    /// What is wrong with the configuration that the last pass found and could not read.
    unread: RefCell<Option<String>>,
}

/// How one stage of a pass went.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Passed {
    /// The number of the pass.
    pub(super) pass: u64,
    pub(super) stage: Stage,
    /// How it went, in one word.
    pub(super) word: &'static str,
    /// Why it failed; nothing if it did not.
    pub(super) reason: Option<String>,
}

/// What came of a pass.
#[derive(Debug, Default)]
pub(super) struct PassOver {
    /// Its stages, as far as it came.
    pub(super) stages: Vec<Passed>,
    /// When it ended, on the agent's time line.
    pub(super) at: Duration,
}

impl PassOver {
    /// How a stage went, in one word.
    pub(super) fn word(&self, stage: Stage) -> &'static str {
        let found = self.stages.iter().find(|passed| passed.stage == stage);
        found.map_or("not reached", |passed| passed.word)
    }

    /// The first stage that failed, and why, in words; nothing if the pass is a success.
    pub(super) fn failure(&self) -> Option<String> {
        let failed = |passed: &Passed| {
            let reason = passed.reason.as_deref()?;
            Some(format!("{}: {reason}", passed.stage.title()))
        };
        self.stages.iter().find_map(failed)
    }
}

impl Default for Passes {
    fn default() -> Self {
        Self {
            wanted: Notify::new(),
            begun: Cell::new(0),
            over: watch::Sender::new(0),
            stages: RefCell::default(),
            last: RefCell::default(),
            next: Cell::default(),
            unread: RefCell::default(),
        }
    }
}

impl Passes {
    /// Notes that a pass begins.
    pub(super) fn begin(&self) {
        self.begun.set(self.begun.get() + 1);
        self.stages.borrow_mut().clear();
        self.next.set(None);
    }

    /// Notes a stage that is over. A fault of the configuration stays noted until a pass finds that
    /// the servers have another one, or none.
    pub(super) fn pass(&self, stage: Stage, word: &'static str, reason: Option<String>) -> Passed {
        if stage == Stage::Configuration && matches!(word, "done" | "failed") {
            self.unread.replace(None);
        }
        let passed = Passed { pass: self.begun.get(), stage, word, reason };
        self.stages.borrow_mut().push(passed.clone());
        passed
    }

    /// Notes what is wrong with a configuration that cannot be read.
    pub(super) fn misread(&self, fault: String) {
        self.unread.replace(Some(fault));
    }

    /// What is wrong with the configuration on the server, if it cannot be read.
    pub(super) fn unread(&self) -> Option<String> {
        self.unread.borrow().clone()
    }

    /// Keeps what came of the pass under way, as that of the last one.
    pub(super) fn close(&self, at: Duration) {
        self.last.replace(Some(Rc::new(PassOver { stages: self.stages.take(), at })));
    }

    /// Notes that the pass is over, which ends the wait for it.
    pub(super) fn end(&self) {
        self.over.send_replace(self.begun.get());
    }

    /// Requests a pass that begins after this moment, and returns its number.
    pub(super) fn ask(&self) -> u64 {
        self.wanted.notify_one();
        // A pass that is under way does not count: it may have begun before what asks for one.
        self.begun.get() + 1
    }

    /// Returns when a pass is requested, at once if one was since the last call.
    pub(super) async fn asked(&self) {
        self.wanted.notified().await;
    }

    /// Returns when the pass of that number is over.
    pub(super) async fn over(&self, number: u64) {
        let mut over = self.over.subscribe();
        let _never_closed = over.wait_for(|over| *over >= number).await;
    }

    /// What came of the last pass that is over; nothing before the first one is.
    pub(super) fn last(&self) -> Option<Rc<PassOver>> {
        self.last.borrow().clone()
    }

    /// Whether a pass is under way.
    pub(super) fn is_under_way(&self) -> bool {
        self.begun.get() > *self.over.borrow()
    }

    /// Notes that the next pass begins by itself after this pause, unless one is requested before.
    pub(super) fn plan(&self, pause: Duration) {
        self.next.set(Some(Instant::now() + pause));
    }

    /// How long it is until then; nothing if no pass begins by itself.
    pub(super) fn next(&self) -> Option<Duration> {
        self.next.get().map(|next| next.saturating_duration_since(Instant::now()))
    }

    /// How many passes have begun since the start.
    pub(super) fn count(&self) -> u64 {
        self.begun.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_belongs_to_its_pass() {
        let passes = Passes::default();
        assert!(passes.last().is_none() && !passes.is_under_way());
        passes.begin();
        let number = passes.ask();
        assert!(passes.is_under_way());
        let stage = passes.pass(Stage::Ctl, "failed", Some("no room".to_owned()));
        assert_ne!(stage.pass, number, "of the pass that was under way");
        passes.close(Duration::from_secs(5));
        passes.end();
        let failed = passes.last().unwrap();
        assert_eq!((failed.at, failed.word(Stage::Ctl)), (Duration::from_secs(5), "failed"));
        assert_eq!(failed.word(Stage::Itl), "not reached");
        passes.begin();
        assert_eq!(passes.pass(Stage::Ctl, "kept", None).pass, number);
        assert_eq!(passes.last().unwrap().failure().as_deref(), Some("CTL: no room"));
        passes.close(Duration::from_secs(6));
        passes.end();
        assert_eq!(passes.last().unwrap().failure(), None);
    }
}
