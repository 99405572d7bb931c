//! Options: requested, granted, refused, or ignored.

use std::time::Duration;

use super::outcome::{
    Agreed, Negotiation, ServerMessage, ServerMisbehaved, TransferFailure, not_asked,
};
use super::refused::{Refused, may_be_about_options};
use super::timing::RetransmissionTimer;
use super::{Datagram, Tid, Transfer};
use crate::wire::tftp::{ErrorCode, TftpOptions};

impl Transfer {
    /// Silence may be loss, or a server that ignores requests with options: every second request is
    /// a plain one.
    pub(super) fn request_again(&mut self) -> Datagram<'_> {
        if self.asked.is_empty() || self.retry.sent() % 2 == 1 {
            return self.outgoing.request(&self.rrq, &self.asked);
        }
        self.agreed.negotiation = Negotiation::Unanswered;
        self.outgoing.request(&self.rrq, &TftpOptions::default())
    }

    /// The options are refused: a plain request follows at once, and only its answer counts.
    ///
    /// # Source
    /// RFC 2347 for ERROR 8; the other ways: servers in the field (domain facts 1.5).
    fn ask_plainly(&mut self, refused: Refused, now: Duration) -> Datagram<'_> {
        self.refused = Some(refused);
        self.asked = TftpOptions::default();
        self.agreed = Agreed { options: self.asked, negotiation: Negotiation::Refused };
        // The plain request opens another transfer, for which the server may take another port.
        self.tid = None;
        self.is_answered = false;
        self.intake.agree_on_nothing();
        self.refusals = 0;
        self.retry = RetransmissionTimer::new(self.timing.timeout, now);
        self.outgoing.request(&self.rrq, &self.asked)
    }

    /// An ERROR before the first block.
    pub(super) fn on_early_error(
        &mut self,
        from: Tid,
        code: ErrorCode,
        message: &[u8],
        now: Duration,
    ) -> Option<Datagram<'_>> {
        let message = ServerMessage::new(message);
        if !self.asked.is_empty() && may_be_about_options(code) {
            return Some(self.ask_plainly(Refused::by_error(from, code, message), now));
        }
        let again = |refused: &Refused| refused.is_again(from, code, &message);
        // The refusal, come twice. A server with one port for everything answers both requests alike:
        // then it comes once more when the request is repeated.
        if self.refused.as_ref().is_some_and(again) && self.retry.sent() == 1 {
            return None;
        }
        self.is_answered = true;
        self.end(match code {
            // Servers also use 0 and 2 for a file that they do not have (domain facts 1.5).
            ErrorCode::Undefined | ErrorCode::NotFound | ErrorCode::AccessViolation => {
                TransferFailure::NotFound { code, message }
            }
            code => TransferFailure::ServerError { code, message },
        })
    }

    /// An ERROR for the repetition of an OACK that could not be followed, so that the server stops.
    fn refuse_again(&mut self, from: Tid) -> Datagram<'_> {
        self.outgoing.error(from, ErrorCode::OptionRefused, "options not acceptable")
    }

    /// An OACK that cannot be followed.
    pub(super) fn on_broken_oack(
        &mut self,
        from: Tid,
        how: ServerMisbehaved,
        now: Duration,
    ) -> Datagram<'_> {
        if self.refused.as_ref().is_some_and(|refused| refused.is_oack_of(from)) {
            return self.refuse_again(from);
        }
        if self.asked.is_empty() {
            return self.fail(from, how);
        }
        self.ask_plainly(Refused::by_oack(from), now)
    }

    pub(super) fn on_oack(
        &mut self,
        tid: Tid,
        granted: TftpOptions,
        now: Duration,
    ) -> Datagram<'_> {
        // Refused once, it stays refused: the plain request is already on its way.
        if self.refused.as_ref().is_some_and(|refused| refused.is_oack_of(tid)) {
            return self.refuse_again(tid);
        }
        if let Some(option) = not_asked(&self.asked, &granted) {
            return self.on_broken_oack(tid, ServerMisbehaved::OptionNotAsked(option), now);
        }
        self.tid = Some(tid);
        self.is_answered = true;
        self.agreed = Agreed { options: granted, negotiation: Negotiation::Answered };
        // A size beyond the limit ends the transfer before its first block.
        if let Err(failure) = self.intake.agree(&granted) {
            return self.fail(tid, failure);
        }
        // The ACK of block 0 accepts the options (RFC 2347).
        self.progress(now);
        self.acknowledge(tid)
    }
}
