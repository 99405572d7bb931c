//! One file of one server, asked for again when the server falls silent halfway.

use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

use super::failure::ReadFailure;
use crate::proto::tftp::{ReadRequest, Timing, WaitingFor};

/// The attempts at one file.
///
/// A server that has begun is there. If it falls silent, its transfer may have ended while its last
/// packets were lost, and only a new request brings another. All attempts share one deadline.
pub(super) struct Attempts<'a> {
    request: ReadRequest<'a>,
    start: Instant,
    left: u32,
}

impl<'a> Attempts<'a> {
    pub(super) fn new(request: &ReadRequest<'a>) -> Self {
        Self { request: *request, start: Instant::now(), left: request.timing.attempts }
    }

    /// The request of the attempt that begins now.
    pub(super) fn request(&self) -> ReadRequest<'a> {
        let timing = Timing { deadline: self.time_left(), ..self.request.timing };
        ReadRequest { timing, ..self.request }
    }

    /// Whether there is another attempt after this failure.
    pub(super) fn is_worth_another(&mut self, failure: &ReadFailure) -> bool {
        self.left = self.left.saturating_sub(1);
        // In the middle of a file: before that, the transfer itself has repeated its request.
        let fell_silent =
            matches!(failure, ReadFailure::TimedOut { waiting: WaitingFor::Block(_), .. });
        // Time that is not enough for one wait is not enough for an attempt.
        fell_silent && self.left > 0 && self.time_left() > self.request.timing.timeout
    }

    fn time_left(&self) -> Duration {
        self.request.timing.deadline.saturating_sub(self.start.elapsed())
    }
}

/// The address that a datagram from elsewhere comes from, if it looks like the answer of a TFTP
/// server: DATA, ERROR or OACK.
pub(super) fn answers_from(from: IpAddr, datagram: &[u8]) -> Option<IpAddr> {
    // Opcodes of RFC 1350 §5 and RFC 2347.
    matches!(datagram, [0, 3 | 5 | 6, ..]).then_some(from)
}
