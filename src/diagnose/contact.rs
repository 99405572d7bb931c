//! The result of contacting a server.

use alloc::string::String;
use core::fmt;
use core::net::IpAddr;

/// The result of the last contact with a server.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Contact {
    /// It answered a question; what it answered is not recorded here.
    Answered,
    /// It did not answer; answers came from an address that was not asked.
    Elsewhere {
        /// The address that they came from.
        from: IpAddr,
        /// The address that was asked.
        asked: IpAddr,
    },
    /// It could not be reached, or misbehaved; how, in words.
    Failed(String),
    /// It answered that it does not have the file of this name.
    Lacked(String),
    /// It was not contacted.
    #[default]
    Never,
    /// It sent the file of this name.
    Sent(String),
}

impl Contact {
    /// Whether the server did its part; to lack a file is an ordinary answer.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        matches!(self, Self::Answered | Self::Lacked(_) | Self::Sent(_))
    }
}

/// In words; empty if the server was not contacted.
impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered => f.write_str("answered"),
            Self::Elsewhere { from, asked } => {
                write!(f, "answers come from {from}, not from {asked}")
            }
            Self::Failed(how) => f.write_str(how),
            Self::Lacked(name) => write!(f, "has no {name}"),
            Self::Never => Ok(()),
            Self::Sent(name) => write!(f, "sent {name}"),
        }
    }
}
