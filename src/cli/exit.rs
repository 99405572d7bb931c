//! How a command ends.

use std::fmt::Display;

/// How a command ended, as the shell sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Exit {
    /// Done, or verified.
    Done,
    /// Refused by policy or by signature.
    Refused,
    /// The arguments make no sense.
    Usage,
    /// The file is not such a file.
    Malformed,
    /// A file cannot be read.
    NoInput,
    /// A server or the daemon cannot be reached; the system does not give what is needed.
    Unavailable,
    /// A fault of this program.
    Software,
    /// The configuration is wrong.
    Config,
}

impl Exit {
    /// The codes of `sysexits.h`, where it has one.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 64,
            Self::Malformed => 65,
            Self::NoInput => 66,
            Self::Unavailable => 69,
            Self::Software => 70,
            Self::Config => 78,
        }
    }
}

/// Why a command was not carried out: one line for standard error.
pub(super) struct CommandFailure {
    pub(super) exit: Exit,
    pub(super) message: String,
}

impl CommandFailure {
    pub(super) fn new(exit: Exit, message: impl Display) -> Self {
        Self { exit, message: message.to_string() }
    }
}

pub(super) fn usage(error: impl Display) -> CommandFailure {
    CommandFailure::new(Exit::Usage, error)
}
