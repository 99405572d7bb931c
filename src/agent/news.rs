//! What happens to the phone's trust, for whoever watches it.

use std::time::SystemTime;

use tokio::sync::broadcast;

use crate::agent::passes::Passed;
use crate::boot::{Alarm, StatusMessage};
use crate::face::records::Outcome;

/// Something that happened to the phone's trust.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Happening {
    /// An alarm was raised, at this time.
    Alarm((Alarm, SystemTime)),
    /// Another certificate of the phone's may be in use, or none.
    IdentityChanged,
    /// A message was shown.
    Message((SystemTime, StatusMessage)),
    /// A boot pass is over, with this outcome.
    PassOver(Outcome),
    /// A stage of a boot pass is over.
    Stage(Passed),
    /// Other lists may be in force than before, or none.
    TrustChanged,
}

/// Passes news on to those who watch; a slow one loses what is older, and learns how much.
pub(super) struct NewsDesk(broadcast::Sender<Happening>);

impl Default for NewsDesk {
    fn default() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }
}

impl NewsDesk {
    /// Passes on what has happened, to those who watch by now.
    pub(super) fn publish(&self, happening: Happening) {
        let _nobody_watches = self.0.send(happening);
    }

    /// What happens from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<Happening> {
        self.0.subscribe()
    }
}

/// What a slow watcher may lag behind. Inferred: several boot passes, of some ten happenings each.
pub(super) const BACKLOG: usize = 64;
