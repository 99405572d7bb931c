//! Options: asked for, granted, refused, passed over in silence.

use std::time::Duration;

use super::outcome::{
    Agreed, Negotiation, ServerMessage, ServerMisbehaved, TransferFailure, not_asked,
};
use super::refused::{Refused, may_be_about_options};
use super::timing::RetransmissionTimer;
use super::{Datagram, Tid, Transfer};
use crate::wire::tftp::{ErrorCode, TftpOptions};

impl Transfer {
    /// Silence may be loss, or a server that passes over requests with options: every second
    /// request is a plain one.
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
        // A server with one port for everything says the same to both requests.
        if self.refused.as_ref().is_some_and(again) && self.retry.sent() == 1 {
            return None;
        }
        self.is_answered = true;
        self.end(match code {
            ErrorCode::Undefined | ErrorCode::NotFound | ErrorCode::AccessViolation => {
                TransferFailure::NotFound { code, message }
            }
            code => TransferFailure::ServerError { code, message },
        })
    }

    /// An ERROR for the repetition of an OACK that could not be followed, so that it ends.
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
        // What was refused once is not accepted by halves when it comes again.
        if self.refused.as_ref().is_some_and(|refused| refused.is_oack_of(tid)) {
            return self.refuse_again(tid);
        }
        if let Some(option) = not_asked(&self.asked, &granted) {
            return self.on_broken_oack(tid, ServerMisbehaved::OptionNotAsked(option), now);
        }
        self.tid = Some(tid);
        self.is_answered = true;
        self.agreed = Agreed { options: granted, negotiation: Negotiation::Answered };
        if let Err(failure) = self.intake.agree(&granted) {
            return self.fail(tid, failure);
        }
        self.progress(now);
        self.acknowledge(tid)
    }
}
