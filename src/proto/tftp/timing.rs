//! How long a transfer waits, and how often it asks again.

use std::time::Duration;

/// The patience of one transfer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timing {
    /// Wait after the first sending of a packet; doubles with each repetition.
    pub timeout: Duration,
    /// Longest wait after one packet.
    pub longest: Duration,
    /// How often one packet is sent in all.
    pub tries: u32,
    /// Longest duration of the whole transfer, so that a dripping server cannot hold a boot up.
    pub deadline: Duration,
    /// How long a repeated last block is still answered when the file is complete.
    pub dally: Duration,
    /// Wait after a refused port, before it is tried again.
    pub refusal_pause: Duration,
    /// Refusals after which a server counts as unreachable.
    pub refusals: u32,
}

impl Default for Timing {
    /// # Source
    /// The phone's own are not published. Inferred: 4 s, 4 tries, doubling up to 16 s; a minute
    /// for a file is generous on a LAN; a server repeats its last block after 1 to 5 s.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(4),
            longest: Duration::from_secs(16),
            tries: 4,
            deadline: Duration::from_secs(60),
            dally: Duration::from_secs(5),
            refusal_pause: Duration::from_millis(100),
            refusals: 3,
        }
    }
}

/// The retransmission timer of the packet last sent.
#[derive(Debug)]
pub(super) struct Retry {
    sent: u32,
    interval: Duration,
    due: Duration,
}

impl Retry {
    /// The timer of a packet sent now for the first time.
    pub(super) fn new(timing: &Timing, now: Duration) -> Self {
        let interval = timing.timeout.min(timing.longest);
        Self { sent: 1, interval, due: now.saturating_add(interval) }
    }

    pub(super) fn due(&self) -> Duration {
        self.due
    }

    /// Brings the next repetition forward.
    pub(super) fn hasten(&mut self, due: Duration) {
        self.due = self.due.min(due);
    }

    /// Counts one more repetition, if `timing` allows another.
    #[must_use]
    pub(super) fn repeat(&mut self, timing: &Timing, now: Duration) -> bool {
        if self.sent >= timing.tries {
            return false;
        }
        self.sent += 1;
        self.interval = self.interval.saturating_mul(2).min(timing.longest);
        self.due = now.saturating_add(self.interval);
        true
    }
}
