//! Enrolments with CAPF: what is known for them, and whether one is wished for or under way.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use tokio::sync::Notify;

use crate::boot::CertificateTrouble;
use crate::wire::configuration::CapfFacts;

/// What the agent knows of CAPF.
#[derive(Default)]
pub(super) struct Enrolments {
    /// What the last verified configuration since the start said about it.
    facts: RefCell<Option<CapfFacts>>,
    /// Shared by the enrolment that is under way and the key that is being made for it, which may
    /// outlive it.
    held: Arc<()>,
    /// Whether the phone's certificate has changed since the last pass ended.
    changed: Cell<bool>,
    /// The wish for an enrolment that was not begun yet, with what the pass found about the
    /// certificate.
    wish: Cell<Option<Option<CertificateTrouble>>>,
    wanted: Notify,
}

impl Enrolments {
    /// Takes note of what a verified configuration says.
    pub(super) fn learn(&self, facts: &CapfFacts) {
        self.facts.replace(Some(facts.clone()));
    }

    /// What the last verified configuration said, if there was one.
    pub(super) fn facts(&self) -> Option<CapfFacts> {
        self.facts.borrow().clone()
    }

    /// Has CAPF asked at the end of a pass, if that is due; not at the end of the pass that fetches
    /// everything again with a new certificate, or a server whose files are late would be asked for
    /// ever.
    pub(super) fn wish(&self, trouble: Option<CertificateTrouble>) {
        if self.changed.take() || Arc::strong_count(&self.held) > 1 {
            return;
        }
        self.wish.set(Some(trouble));
        self.wanted.notify_one();
    }

    /// Returns when a pass has wished for an enrolment, with what it found about the certificate.
    pub(super) async fn wished(&self) -> Option<CertificateTrouble> {
        loop {
            if let Some(trouble) = self.wish.take() {
                return trouble;
            }
            self.wanted.notified().await;
        }
    }

    /// The same at once; nothing if no pass has wished for one that was not begun since.
    pub(super) fn take_wish(&self) -> Option<Option<CertificateTrouble>> {
        self.wish.take()
    }

    /// Notes that the phone's certificate has changed.
    pub(super) fn note_change(&self) {
        self.changed.set(true);
    }

    /// Takes the only place; `None` if an enrolment has it, or still makes a key.
    pub(super) fn hold(&self) -> Option<Arc<()>> {
        (Arc::strong_count(&self.held) == 1).then(|| self.held.clone())
    }
}
