//! Word that another log server may be in force, for whoever forwards lines to it.

use tokio::sync::Notify;

/// Wakes the one who forwards.
#[derive(Default)]
pub(super) struct LogServerInForce(Notify);

impl LogServerInForce {
    /// Settings or a configuration may name another server from now on, or none.
    pub(super) fn changed(&self) {
        self.0.notify_one();
    }

    /// Waits for such a change; returns at once if there was one since the last call.
    pub(super) async fn changes(&self) {
        self.0.notified().await;
    }
}
