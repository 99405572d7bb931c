//! What policy decides without asking anyone, about the signers of files and about peers.

pub mod candidates;
pub mod peer;
pub mod signer;
pub mod step;

pub use candidates::{Signatory, Signature};
pub use peer::{AtHand, Stranger, WalkedVerdict, peer};
pub use signer::{Anyone, Signing};
pub use step::SearchStep;

pub use crate::trust::query::Query;
use crate::trust::reason::Reason;

/// What policy decides without asking anyone.
#[derive(Debug, Eq, PartialEq)]
#[must_use]
pub enum Decision<Grant, Q: Question = Query> {
    /// What is installed does not settle it: ask the Trust Verification Service.
    Ask(Q),
    /// Refused, and why; asking would not help.
    Refuse(Q::Refusal),
    /// Trusted, under these terms.
    Trust(Grant),
}

/// A question to the Trust Verification Service.
pub trait Question {
    /// Why policy refuses instead of asking it.
    type Refusal;
}

impl Question for Query {
    type Refusal = Reason;
}

impl<Grant> Decision<Grant> {
    /// Goes on from a grant to what it allows.
    pub fn and_then<T>(self, next: impl FnOnce(Grant) -> Result<T, Reason>) -> Decision<T> {
        match self {
            Self::Ask(query) => Decision::Ask(query),
            Self::Refuse(reason) => Decision::Refuse(reason),
            Self::Trust(grant) => next(grant).map_or_else(Decision::Refuse, Decision::Trust),
        }
    }

    /// The decision for a caller that asks no one: a question counts as a refusal.
    ///
    /// # Errors
    /// [`Reason`].
    pub fn unasked(self) -> Result<Grant, Reason> {
        match self {
            // The question carries the reason that holds if it stays unanswered.
            Self::Ask(query) => Err(query.otherwise),
            Self::Refuse(reason) => Err(reason),
            Self::Trust(grant) => Ok(grant),
        }
    }
}
