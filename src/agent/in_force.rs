//! Word that other settings, or another verified configuration, may be in force, for whoever goes by
//! either without being asked: the forwarding of the log, and the web page.

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// Wakes those who wait for such a change.
#[derive(Default)]
pub(super) struct ChangesInForce(Notify);

impl ChangesInForce {
    /// From now on, something else may be in force.
    pub(super) fn changed(&self) {
        self.0.notify_waiters();
    }

    /// Waits for a change after this call, whether or not the future was polled by then.
    pub(super) fn changes(&self) -> Notified<'_> {
        self.0.notified()
    }
}
