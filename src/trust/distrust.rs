//! Why a peer is not trusted.

use core::fmt;

use crate::trust::tvs::Unanswered;

/// Why no one vouched for a peer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Distrust {
    /// What the peer sent is not exactly one certificate.
    NotACertificate,
    /// Neither list knows it, and the service is not asked about itself.
    NotListed,
    /// Neither list knows it, and the service does not vouch for it.
    Unanswered(Unanswered),
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotACertificate => {
                write!(f, "the peer's certificate is not a single DER certificate")
            }
            Self::NotListed => write!(f, "the certificate is not in the CTL or ITL"),
            Self::Unanswered(Unanswered::NobodyToAsk) => {
                write!(f, "the certificate is not in the CTL or ITL, and there is no TVS to ask")
            }
            Self::Unanswered(Unanswered::Unvouched(why)) => {
                write!(f, "TVS does not vouch for the certificate ({why})")
            }
            Self::Unanswered(unanswered) => unanswered.fmt(f),
        }
    }
}
