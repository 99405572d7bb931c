//! What remains to be done for the server once the file is complete.

use std::time::Duration;

use super::outgoing::{Datagram, Tid, To};
use super::timing::Timing;
use crate::wire::tftp::{BlockNumber, DATA_HEADER, Packet};

/// The care for the last ACK, while the file is already in use.
///
/// Without it a server whose last ACK was lost repeats its last block to a closed port, and reports
/// a failed transfer.
///
/// # Source
/// RFC 1350 §6, "dallying".
#[derive(Debug, Eq, PartialEq)]
pub struct Dally {
    tid: Tid,
    last: BlockNumber,
    until: Duration,
    left: u32,
    out: Vec<u8>,
}

impl Dally {
    pub(super) fn new(tid: Tid, last: BlockNumber, timing: &Timing, now: Duration) -> Self {
        let until = now.saturating_add(timing.dally);
        Self { tid, last, until, left: timing.tries, out: Vec::with_capacity(DATA_HEADER) }
    }

    /// When to stop; `None` for at once.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        (self.left > 0).then_some(self.until)
    }

    /// Takes a datagram from port `from` of the server's address: only the last block is answered,
    /// by its ACK.
    pub fn on_datagram(&mut self, from: Tid, bytes: &[u8]) -> Option<Datagram<'_>> {
        let is_last = matches!(Packet::parse(bytes),
            Ok(Packet::Data { block, .. }) if block == self.last && from == self.tid);
        if !is_last || self.left == 0 {
            return None;
        }
        // Bounded, so that a server that repeats for ever is not answered for ever.
        self.left -= 1;
        self.out.clear();
        Packet::Ack(self.last).emit(&mut self.out);
        Some(Datagram { to: To::Tid(self.tid), bytes: &self.out })
    }
}
