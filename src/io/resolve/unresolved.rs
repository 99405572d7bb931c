//! Why a name leads nowhere.

use std::fmt;

use crate::proto::dns::NotFound;

/// Why a name leads nowhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unresolved {
    /// Too many other names are being looked up.
    Crowded,
    /// Our side of the network failed; the system's reason.
    Failed(String),
    /// The name servers were asked; what they answered.
    NotFound(NotFound),
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crowded => f.write_str("too many other names are being looked up"),
            Self::Failed(why) => f.write_str(why),
            Self::NotFound(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for Unresolved {}
