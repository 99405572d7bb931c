//! Boot passes as others see them: requested, under way, over.

use std::cell::{Cell, RefCell};

use tokio::sync::{Notify, broadcast, watch};

use crate::boot::Stage;

/// The passes of one agent: who waits for one, and how the last one went.
pub(super) struct Passes {
    wanted: Notify,
    begun: Cell<u64>,
    over: watch::Sender<u64>,
    news: broadcast::Sender<Passed>,
    last: RefCell<Vec<Passed>>,
    /// What is wrong with the configuration that the last pass found and could not read.
    unread: RefCell<Option<String>>,
}

/// How one stage of a pass went, in one word.
pub(super) type Passed = (Stage, &'static str);

impl Default for Passes {
    fn default() -> Self {
        Self {
            wanted: Notify::new(),
            begun: Cell::new(0),
            over: watch::Sender::new(0),
            news: broadcast::Sender::new(BACKLOG),
            last: RefCell::default(),
            unread: RefCell::default(),
        }
    }
}

impl Passes {
    /// Notes that a pass begins; what the last one came to is forgotten.
    pub(super) fn begin(&self) {
        self.begun.set(self.begun.get() + 1);
        self.last.borrow_mut().clear();
    }

    /// Notes a stage that is over. A fault of the configuration stays noted until a pass finds that
    /// the servers have another one, or none.
    pub(super) fn pass(&self, passed: Passed) {
        if passed.0 == Stage::Configuration && matches!(passed.1, "done" | "failed") {
            self.unread.replace(None);
        }
        self.last.borrow_mut().push(passed);
        let _nobody_listens = self.news.send(passed);
    }

    /// Notes what is wrong with a configuration that cannot be read.
    pub(super) fn misread(&self, fault: String) {
        self.unread.replace(Some(fault));
    }

    /// What is wrong with the configuration on the server, if it cannot be read.
    pub(super) fn unread(&self) -> Option<String> {
        self.unread.borrow().clone()
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

    /// The stages from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<Passed> {
        self.news.subscribe()
    }

    /// How a stage of the last pass went; "not reached" if the pass ended before it.
    pub(super) fn last(&self, stage: Stage) -> &'static str {
        let last = self.last.borrow();
        last.iter().find(|(found, _)| *found == stage).map_or("not reached", |(_, detail)| detail)
    }

    /// How many passes have begun since the start.
    pub(super) fn count(&self) -> u64 {
        self.begun.get()
    }
}

/// Stages that a slow listener may lag behind: more than one pass has.
const BACKLOG: usize = 16;
