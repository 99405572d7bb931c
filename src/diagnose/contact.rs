//! What came of talking to a server.

use alloc::string::String;
use core::fmt;
use core::net::IpAddr;

/// What came of talking to a server last.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Contact {
    /// It answered a question.
    Answered,
    /// It gave no answer; others came, from an address that was not asked.
    Elsewhere {
        /// Where they came from.
        from: IpAddr,
        /// Which address was asked.
        asked: IpAddr,
    },
    /// It could not be talked to, or misbehaved; how.
    Failed(String),
    /// It gave the file of this name.
    Gave(String),
    /// It is there, and does not have the file of this name.
    Lacked(String),
    /// It was not talked to.
    #[default]
    Never,
}

impl Contact {
    /// Whether the server did what a server does.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        matches!(self, Self::Answered | Self::Gave(_) | Self::Lacked(_))
    }
}

/// In words; empty if the server was not talked to.
impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered => f.write_str("answered"),
            Self::Elsewhere { from, asked } => {
                write!(f, "answers come from {from}, not from {asked}")
            }
            Self::Failed(how) => f.write_str(how),
            Self::Gave(name) => write!(f, "sent {name}"),
            Self::Lacked(name) => write!(f, "has no {name}"),
            Self::Never => Ok(()),
        }
    }
}
