//! A refusal of the options that were requested, and how to recognise it when it comes again.

use super::outcome::ServerMessage;
use super::outgoing::Tid;
use crate::wire::tftp::ErrorCode;

/// The refusal of a request with options.
#[derive(Debug)]
pub(super) struct Refused {
    /// The server's end of the attempt that ended so.
    from: Tid,
    /// Its ERROR; `None` if it was an OACK that could not be followed.
    error: Option<(ErrorCode, ServerMessage)>,
}

impl Refused {
    pub(super) fn by_error(from: Tid, code: ErrorCode, message: ServerMessage) -> Self {
        Self { from, error: Some((code, message)) }
    }

    pub(super) fn by_oack(from: Tid) -> Self {
        Self { from, error: None }
    }

    /// Whether it was an OACK from there.
    pub(super) fn is_oack_of(&self, from: Tid) -> bool {
        self.from == from && self.error.is_none()
    }

    /// Whether this ERROR is the refusal, come twice.
    pub(super) fn is_again(&self, from: Tid, code: ErrorCode, message: &ServerMessage) -> bool {
        // The port alone proves nothing: some servers have one port for all transfers.
        let same = |error: &(ErrorCode, ServerMessage)| error.0 == code && error.1 == *message;
        self.from == from && self.error.as_ref().is_some_and(same)
    }
}

/// Whether an ERROR that answers a request with options may mean them, and not the file.
///
/// # Source
/// 8: RFC 2347. 4 and 0: servers in the field (domain facts 1.5).
pub(super) fn may_be_about_options(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::Undefined | ErrorCode::IllegalOperation | ErrorCode::OptionRefused)
}
