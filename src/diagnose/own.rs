//! The phone's own certificates, as a diagnosis sees them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::trust::{Expiry, LscOrigin, OwnFacts, Which};

/// One of the phone's own certificates.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnFound {
    /// What the certificate itself says.
    pub facts: OwnFacts,
    /// The first and the last second of its validity, as dates.
    pub dates: [String; 2],
    /// How far it is from its end.
    pub expiry: Expiry,
    /// Whether the phone is known by it.
    pub is_in_use: bool,
    /// Whether encrypted configurations can be decrypted with its key.
    pub decrypts: bool,
    /// Whether the configuration's `certHash` names it; nothing if none is known.
    pub is_named: Option<bool>,
    /// Where it comes from; nothing for a MIC, of which lists say nothing.
    pub origin: Option<LscOrigin>,
}

impl OwnFound {
    /// What is odd about it, in words.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let [from, until] = &self.dates;
        let dates = match self.expiry {
            Expiry::Expired => Some(format!("expired on {until}")),
            Expiry::NotYet => Some(format!("valid only from {from}, or the clock is wrong")),
            Expiry::Soon { days } => Some(format!("expires on {until}, in {days} days")),
            Expiry::Good | Expiry::Unknown => None,
        };
        let origin = (self.origin == Some(LscOrigin::OtherLine)).then(|| {
            "issued by no CAPF of the lists in force, and installed under other lists: an LSC of \
             another cluster"
                .to_string()
        });
        // The call manager need not know the one that is not in use.
        let named = (self.is_in_use && self.is_named == Some(false))
            .then(|| "the configuration is for another certificate (certHash)".to_string());
        [dates, origin, named].into_iter().flatten().collect()
    }

    /// Whether it is an LSC that its cluster does not know.
    pub(super) fn is_of_another_cluster(&self) -> bool {
        self.origin == Some(LscOrigin::OtherLine)
    }

    /// Whether it is an LSC that no server accepts any more.
    pub(super) fn is_expired_lsc(&self) -> bool {
        self.facts.which == Which::Lsc && self.expiry == Expiry::Expired
    }
}
