//! What policy says, without having asked anyone.

pub mod signer;

pub use signer::{Signed, Signing, signer};

pub use crate::trust::query::Query;
use crate::trust::reason::Reason;

/// What policy says, without having asked anyone.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision<Grant> {
    /// Only someone else can tell: ask the Trust Verification Service.
    Ask(Query),
    /// No.
    Refuse(Reason),
    /// Yes, under these terms.
    Trust(Grant),
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

    /// The decision for one who will not ask anybody: a question is a refusal.
    ///
    /// # Errors
    /// [`Reason`].
    pub fn unasked(self) -> Result<Grant, Reason> {
        match self {
            Self::Ask(query) => Err(query.otherwise),
            Self::Refuse(reason) => Err(reason),
            Self::Trust(grant) => Ok(grant),
        }
    }
}
