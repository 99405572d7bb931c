//! One TFTP read transfer, without its socket.
//!
//! The shell sends what [`Transfer::start`], [`Transfer::on_datagram`] and [`Transfer::on_timer`]
//! return, and waits for a datagram of the server or for [`Transfer::deadline`], until
//! [`Transfer::ending`] has something. Time is the duration since a start of the shell's choice.
//! The shell checks that a datagram comes from the server's address; the machine knows ports only.
//!
//! # Source
//! RFC 1350, 2347, 2348, 2349, 7440; RFC 1123 §4.2.3.1 for the Sorcerer's Apprentice: a repeated
//! block gets at most one ACK in the time in which a server repeats it, so a storm cannot grow.

use std::time::Duration;

use crate::wire::tftp::{
    BlockNumber, DATA_HEADER, ErrorCode, LONGEST_REQUEST, MalformedPacket, Packet, Rrq,
    TftpOptions, UnfitName,
};

mod blocks;
mod dally;
mod intake;
mod negotiate;
mod outcome;
mod outgoing;
mod refused;
#[cfg(test)]
mod tests;
mod timing;

pub use dally::Dally;
pub use outcome::{
    Agreed, LONGEST_MESSAGE, Negotiation, Received, ServerMessage, ServerMisbehaved,
    TransferFailure, UselessAnswer, WaitingFor,
};
pub use outgoing::{Datagram, Tid, To};
pub use timing::Timing;

use intake::{Arrival, Intake, PLAIN_BLKSIZE};
use outgoing::Outgoing;
use refused::Refused;
use timing::{RetransmissionTimer, RoundTrip, Sent};

/// What to read, and within which bounds.
#[derive(Clone, Copy, Debug)]
pub struct ReadRequest<'a> {
    /// Name of the file on the server.
    pub name: &'a str,
    /// The most bytes that the file may have.
    pub limit: usize,
    /// Options to ask for.
    pub options: TftpOptions,
    /// How long to wait, and how often to try.
    pub timing: Timing,
}

/// How a transfer ended: with a file, and the care for its last ACK; or with a reason.
pub type Ending = Result<(Received, Dally), TransferFailure>;

/// One read transfer, from the request to its [`Ending`].
#[derive(Debug)]
pub struct Transfer {
    rrq: Rrq,
    asked: TftpOptions,
    agreed: Agreed,
    timing: Timing,
    /// The server's end, once it has answered.
    tid: Option<Tid>,
    /// The refusal of the options that were asked for.
    refused: Option<Refused>,
    /// The last packet that came as a first answer and cannot be one.
    useless: Option<UselessAnswer>,
    /// Whether an answer has shown how the server treats options.
    is_answered: bool,
    intake: Intake,
    retry: RetransmissionTimer,
    round_trip: RoundTrip,
    /// Datagrams in a row that could not be delivered.
    refusals: u32,
    /// When a repeated block may get an ACK again.
    repeat_after: Duration,
    expires: Duration,
    ending: Option<Ending>,
    outgoing: Outgoing,
}

impl Transfer {
    /// A transfer that begins now.
    ///
    /// # Errors
    /// [`UnfitName`] if no request can carry the name.
    pub fn new(request: &ReadRequest<'_>, now: Duration) -> Result<Self, UnfitName> {
        Ok(Self {
            rrq: Rrq::new(request.name)?,
            asked: request.options,
            agreed: Agreed::unanswered(&request.options),
            timing: request.timing,
            tid: None,
            refused: None,
            useless: None,
            is_answered: false,
            intake: Intake::new(request.limit),
            retry: RetransmissionTimer::new(request.timing.timeout, now),
            round_trip: RoundTrip::default(),
            refusals: 0,
            repeat_after: now,
            expires: now.saturating_add(request.timing.deadline),
            ending: None,
            outgoing: Outgoing::new(),
        })
    }

    /// The request, to be sent before anything else.
    pub fn start(&mut self) -> Datagram<'_> {
        self.outgoing.request(&self.rrq, &self.asked)
    }

    /// Bytes of the largest datagram that a shell must receive complete.
    ///
    /// One more than the largest block, so that a block longer than agreed is seen to be.
    #[must_use]
    pub fn longest_datagram(&self) -> usize {
        // An answer without options comes in plain blocks, whatever was asked for.
        let block = self.asked.blksize().map_or(PLAIN_BLKSIZE, usize::from);
        block.max(LONGEST_REQUEST) + DATA_HEADER + 1
    }

    /// When to call [`Transfer::on_timer`]. It moves with every block, but a timer may be left at
    /// an older value and set anew when it fires: a call that is too early does nothing.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.retry.due().min(self.expires)
    }

    /// Bytes of the file received so far.
    #[must_use]
    pub fn received(&self) -> usize {
        self.intake.received()
    }

    /// Bytes of the file that are held in memory.
    #[must_use]
    pub fn held(&self) -> usize {
        self.intake.held()
    }

    /// Moves the bytes that are held to `sink`, so that a file need not fit into memory. The
    /// [`Received`] at the end has only those that came later.
    pub fn hand_over(&mut self, sink: &mut dyn FnMut(&[u8])) {
        self.intake.hand_over(sink);
    }

    /// Bytes of the file, if the server announced them.
    #[must_use]
    pub fn announced(&self) -> Option<u64> {
        self.agreed.options.tsize()
    }

    /// The server's end of the transfer, once it has answered.
    #[must_use]
    pub fn tid(&self) -> Option<Tid> {
        self.tid
    }

    /// How the server treats options, once an answer has shown it.
    #[must_use]
    pub fn negotiation(&self) -> Option<Negotiation> {
        self.is_answered.then_some(self.agreed.negotiation)
    }

    /// How the transfer ended, returned once. The machine must not be fed anything after that.
    pub fn ending(&mut self) -> Option<Ending> {
        self.ending.take()
    }

    /// Takes a datagram from port `from` of the server's address.
    pub fn on_datagram(&mut self, from: Tid, bytes: &[u8], now: Duration) -> Option<Datagram<'_>> {
        // Malformed or not, the port decides first: strangers must not end a transfer.
        let packet = Packet::parse(bytes);
        match self.tid {
            None => self.on_first(from, packet, now),
            Some(tid) if tid == from => self.on_next(tid, packet, now),
            Some(_) => self.on_stranger(from, packet),
        }
    }

    /// Looks at the time. Does nothing before [`Transfer::deadline`].
    pub fn on_timer(&mut self, now: Duration) -> Option<Datagram<'_>> {
        // Before the retries: a server that drips data keeps resetting those.
        if now >= self.expires {
            // Where the last ACK had to be repeated, it is not slowness that there is no more.
            let silent = self.retry.sent() > 1;
            let last = self.intake.last();
            return self.time_out(if silent { WaitingFor::Block(last) } else { WaitingFor::End });
        }
        if now < self.retry.due() {
            return None;
        }
        let packet = if self.tid.is_some() { Sent::Ack } else { Sent::Request };
        if !self.retry.repeat(&self.timing, packet, now) {
            return self.time_out(WaitingFor::Block(self.intake.last()));
        }
        match self.tid {
            None => Some(self.request_again()),
            Some(tid) => Some(self.acknowledge(tid)),
        }
    }

    /// Reports that the network could not deliver the last datagram.
    pub fn on_refusal(&mut self, now: Duration) {
        // One is not enough: the server may just be starting.
        self.refusals += 1;
        if self.refusals >= self.timing.refusals {
            self.ending = Some(Err(TransferFailure::Unreachable));
        }
        self.retry.hasten(now.saturating_add(self.timing.refusal_pause));
    }

    /// The first answer decides port and options. What cannot answer a request is left over from
    /// another transfer, and changes nothing.
    fn on_first(
        &mut self,
        from: Tid,
        packet: Result<Packet<'_>, MalformedPacket>,
        now: Duration,
    ) -> Option<Datagram<'_>> {
        match packet {
            // Data without an OACK: the server has ignored the options (RFC 2347).
            Ok(Packet::Data { block: BlockNumber(1), .. }) => {
                self.tid = Some(from);
                self.is_answered = true;
                self.on_next(from, packet, now)
            }
            Ok(Packet::Oack(granted)) => Some(self.on_oack(from, granted, now)),
            Ok(Packet::Error { code, message }) => self.on_early_error(from, code, message, now),
            Err(malformed) if malformed.code() == ErrorCode::OptionRefused => {
                Some(self.on_broken_oack(from, ServerMisbehaved::Malformed(malformed), now))
            }
            Ok(Packet::Data { block, .. }) => self.pass_over(UselessAnswer::Block(block)),
            Ok(Packet::Ack(_)) => self.pass_over(UselessAnswer::Ack),
            Err(malformed) => self.pass_over(UselessAnswer::Malformed(malformed)),
        }
    }

    /// Remembers what came in place of an answer, for the words of the failure.
    fn pass_over(&mut self, useless: UselessAnswer) -> Option<Datagram<'_>> {
        self.useless = Some(useless);
        None
    }

    /// What a transfer without a first answer was waiting for.
    fn waiting_for_answer(&self) -> WaitingFor {
        match (self.useless, &self.refused) {
            (Some(useless), _) => WaitingFor::UsableAnswer(useless),
            (None, Some(_)) => WaitingFor::PlainAnswer,
            (None, None) => WaitingFor::Answer,
        }
    }

    fn on_next(
        &mut self,
        tid: Tid,
        packet: Result<Packet<'_>, MalformedPacket>,
        now: Duration,
    ) -> Option<Datagram<'_>> {
        match packet {
            Ok(Packet::Data { block, bytes }) => self.on_data(tid, block, bytes, now),
            // Its ACK was lost, and the server waits for it with the first block.
            Ok(Packet::Oack(_)) if self.intake.received() == 0 => self.on_repetition(tid, now),
            // Late, after data: it has been followed already.
            Ok(Packet::Oack(_)) => None,
            // Before any block an ERROR may still be about the options.
            Ok(Packet::Error { code, message }) if self.intake.is_untouched() => {
                self.on_early_error(tid, code, message, now)
            }
            Ok(Packet::Error { code, message }) => {
                let message = ServerMessage::new(message);
                self.end(TransferFailure::ServerError { code, message })
            }
            Ok(Packet::Ack(_)) => Some(self.fail(tid, ServerMisbehaved::UnexpectedAck)),
            Err(malformed) => Some(self.fail(tid, ServerMisbehaved::Malformed(malformed))),
        }
    }

    /// RFC 1350 §4: the stranger gets an ERROR, and the transfer goes on. No ERROR is answered.
    fn on_stranger(
        &mut self,
        from: Tid,
        packet: Result<Packet<'_>, MalformedPacket>,
    ) -> Option<Datagram<'_>> {
        match packet {
            Ok(Packet::Error { .. }) => None,
            _ => Some(self.outgoing.error(from, ErrorCode::UnknownTid, "unknown transfer ID")),
        }
    }

    fn on_data(
        &mut self,
        tid: Tid,
        block: BlockNumber,
        bytes: &[u8],
        now: Duration,
    ) -> Option<Datagram<'_>> {
        match self.intake.data(block, bytes) {
            Ok(Arrival::Last) => {
                self.finish(tid, now);
                Some(self.acknowledge(tid))
            }
            Ok(Arrival::WindowFull) => {
                self.progress(now);
                Some(self.acknowledge(tid))
            }
            Ok(Arrival::New) => {
                self.progress(now);
                None
            }
            // RFC 7440 §4: the server starts again behind the last block in order.
            Ok(Arrival::Gap) => Some(self.outgoing.ack(tid, self.intake.last())),
            Ok(Arrival::Repetition) => self.on_repetition(tid, now),
            Ok(Arrival::Nothing) => None,
            Err(failure) => Some(self.fail(tid, failure)),
        }
    }

    /// A block or OACK that was here before, probably because its ACK was lost. Within a window it
    /// is no sign of that, and an ACK would make the server go back.
    fn on_repetition(&mut self, tid: Tid, now: Duration) -> Option<Datagram<'_>> {
        if !self.intake.is_acknowledged() || now < self.repeat_after {
            return None;
        }
        // A storm of repetitions gets one ACK in the time in which a server repeats (RFC 1123).
        let pause = self.round_trip.timeout(&self.timing).min(REPETITION);
        self.repeat_after = now.saturating_add(pause);
        Some(self.acknowledge(tid))
    }

    /// Something new has come: all waits start again.
    fn progress(&mut self, now: Duration) {
        if let Some(took) = self.retry.round_trip(now) {
            self.round_trip.measured(took);
        }
        self.retry = RetransmissionTimer::new(self.round_trip.timeout(&self.timing), now);
        self.refusals = 0;
    }

    /// Acknowledges all blocks in order, which makes the server start a window after them.
    fn acknowledge(&mut self, tid: Tid) -> Datagram<'_> {
        let last = self.intake.acknowledge();
        self.outgoing.ack(tid, last)
    }

    fn finish(&mut self, tid: Tid, now: Duration) {
        let received = Received { bytes: self.intake.file(), agreed: self.agreed };
        let dally = Dally::new(tid, self.intake.last(), &self.timing, now);
        self.ending = Some(Ok((received, dally)));
    }

    fn time_out(&mut self, waiting: WaitingFor) -> Option<Datagram<'_>> {
        let Some(tid) = self.tid else {
            // With few tries the last wait ends before the last refusal that would count.
            let silent = self.refusals == 0;
            let timed_out = TransferFailure::TimedOut { waiting: self.waiting_for_answer() };
            self.ending = Some(Err(if silent { timed_out } else { TransferFailure::Unreachable }));
            return None;
        };
        Some(self.fail(tid, TransferFailure::TimedOut { waiting }))
    }

    /// Ends a transfer that the server has ended.
    fn end(&mut self, failure: TransferFailure) -> Option<Datagram<'_>> {
        self.ending = Some(Err(failure));
        None
    }

    fn fail(&mut self, tid: Tid, failure: impl Into<TransferFailure>) -> Datagram<'_> {
        let failure = failure.into();
        let (code, message) = failure.reply();
        self.ending = Some(Err(failure));
        // Sent once and never repeated: if it is lost, the server times out (RFC 1350 §7).
        self.outgoing.error(tid, code, message)
    }
}

/// Servers repeat a block after a second or more; one that gives up after a few repetitions must
/// have heard an ACK of each. Inferred, somewhat shorter than tftpd-hpa's second.
const REPETITION: Duration = Duration::from_millis(900);
