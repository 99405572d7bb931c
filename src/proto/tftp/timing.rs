//! How long a transfer waits, and how often it asks again.

use std::time::Duration;

/// The patience of one transfer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timing {
    /// Wait for the answer to a request, each time; and for a block, until a round trip was
    /// measured.
    pub timeout: Duration,
    /// Shortest wait after one packet, however near the server is.
    pub shortest: Duration,
    /// Longest wait after one packet.
    pub longest: Duration,
    /// How often a request is sent in all.
    pub requests: u32,
    /// How often an ACK is sent in all while nothing new comes.
    pub tries: u32,
    /// How often a transfer that breaks off is started in all; the shell does it.
    pub attempts: u32,
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
    /// The phone's own are not published. 1 s before anything was measured: RFC 6298 §2. Measured
    /// (`scripts/loss`): nine requests, waits of 0.3 to 2 s and three attempts bring a boot through
    /// when 40 % of the packets are lost each way; a silent server costs nine seconds, one that
    /// falls silent eight. Inferred: a minute for a file is generous on a LAN; a server repeats its
    /// last block after 1 to 5 s.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(1),
            shortest: Duration::from_millis(300),
            longest: Duration::from_secs(2),
            requests: 9,
            tries: 6,
            attempts: 3,
            deadline: Duration::from_secs(60),
            dally: Duration::from_secs(5),
            refusal_pause: Duration::from_millis(100),
            refusals: 3,
        }
    }
}

/// The retransmission timer of the packet last sent.
#[derive(Debug)]
pub(super) struct RetransmissionTimer {
    sent: u32,
    first: Duration,
    interval: Duration,
    due: Duration,
}

impl RetransmissionTimer {
    /// The timer of a packet sent now for the first time.
    pub(super) fn new(interval: Duration, now: Duration) -> Self {
        Self { sent: 1, first: now, interval, due: now.saturating_add(interval) }
    }

    pub(super) fn due(&self) -> Duration {
        self.due
    }

    /// How often the packet was sent.
    pub(super) fn sent(&self) -> u32 {
        self.sent
    }

    /// How long its answer took, if it is certain which sending was answered.
    ///
    /// # Source
    /// RFC 6298 §3, Karn's algorithm.
    pub(super) fn round_trip(&self, now: Duration) -> Option<Duration> {
        (self.sent == 1).then(|| now.saturating_sub(self.first))
    }

    /// Brings the next repetition forward.
    pub(super) fn hasten(&mut self, due: Duration) {
        self.due = self.due.min(due);
    }

    /// Counts one more repetition, if `timing` allows another. A request is repeated at a steady
    /// pace: there is no traffic yet that it could crowd out, and a dead server must not cost long.
    #[must_use]
    pub(super) fn repeat(&mut self, timing: &Timing, packet: Sent, now: Duration) -> bool {
        let most = match packet {
            Sent::Ack => timing.tries,
            Sent::Request => timing.requests,
        };
        // The last sending has had its wait as well: the time is over.
        if self.sent >= most {
            return false;
        }
        self.sent += 1;
        // RFC 6298 §5.5: the wait doubles.
        if packet == Sent::Ack {
            self.interval = self.interval.saturating_mul(2).min(timing.longest);
        }
        self.due = now.saturating_add(self.interval);
        true
    }
}

/// What was sent last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sent {
    Ack,
    Request,
}

/// How far away the server is: smoothed round trip and its variation, once measured.
///
/// # Source
/// RFC 6298 §2.
#[derive(Debug, Default)]
pub(super) struct RoundTrip(Option<(Duration, Duration)>);

impl RoundTrip {
    pub(super) fn measured(&mut self, took: Duration) {
        self.0 = Some(match self.0 {
            // RFC 6298 §2.2, then §2.3 with its weights of 1/8 and 1/4.
            None => (took, took / 2),
            Some((smooth, varies)) => {
                ((smooth * 7 + took) / 8, (varies * 3 + smooth.abs_diff(took)) / 4)
            }
        });
    }

    /// How long to wait for the answer to an ACK.
    pub(super) fn timeout(&self, timing: &Timing) -> Duration {
        let measured = self.0.map(|(smooth, varies)| smooth.saturating_add(varies * 4));
        let waits = measured.map_or(timing.timeout, |waits| waits.max(timing.shortest));
        // A caller that asks for a long first wait gets it, whatever the cap.
        waits.min(timing.longest.max(timing.timeout))
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, RoundTrip, Timing};

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_near_server_is_waited_for_as_briefly_as_allowed() {
        let mut trip = RoundTrip::default();
        assert_eq!(trip.timeout(&Timing::default()), ms(1000));
        trip.measured(ms(1));
        assert_eq!(trip.timeout(&Timing::default()), ms(300));
    }

    #[test]
    fn a_far_server_is_waited_for_as_long_as_it_takes() {
        let mut trip = RoundTrip::default();
        trip.measured(ms(400));
        assert_eq!(trip.timeout(&Timing::default()), ms(1200));
        for _ in 0..100 {
            trip.measured(ms(400));
        }
        assert!((ms(400)..ms(410)).contains(&trip.timeout(&Timing::default())));
        trip.measured(ms(4000));
        assert_eq!(trip.timeout(&Timing::default()), ms(2000));
    }
}
