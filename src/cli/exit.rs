//! How a command ends.

use std::fmt::Display;
use std::io;
use std::path::Path;

use crate::io::files;

/// How a command ended, as the shell sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub(super) enum Exit {
    /// The command did what was asked; for a file or a certificate: it is trusted.
    Done,
    /// Refused by policy or by signature.
    Refused,
    /// The arguments are wrong.
    Usage,
    /// The file is of another kind, or damaged.
    Malformed,
    /// A file cannot be read or written, or standard output takes nothing.
    NoInput,
    /// A server or the daemon cannot be reached; the system lacks what is needed.
    Unavailable,
    /// An internal error: this program has panicked.
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
            // EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_UNAVAILABLE, EX_SOFTWARE and EX_CONFIG.
            Self::Usage => 64,
            Self::Malformed => 65,
            Self::NoInput => 66,
            Self::Unavailable => 69,
            Self::Software => 70,
            Self::Config => 78,
        }
    }

    /// The graver of how the work went and how its output was written: what was found weighs more
    /// than that nobody could read it.
    pub(super) fn and(self, written: Self) -> Self {
        if self == Self::Done { written } else { self }
    }

    /// The code in one word, for objects.
    const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Usage => "usage",
            Self::Malformed => "malformed",
            Self::NoInput => "no-input",
            Self::Unavailable => "unavailable",
            Self::Software => "internal",
            Self::Config => "configuration",
        }
    }
}

/// Why a command was not carried out: one line for standard error, and with `--json` an object.
pub(super) struct CommandFailure {
    pub(super) exit: Exit,
    pub(super) message: String,
    /// The kind of failure, for programs.
    pub(super) word: String,
    /// Whether standard output carries data, so that no object may get into it.
    pub(super) is_beside_data: bool,
}

impl CommandFailure {
    pub(super) fn new(exit: Exit, message: impl Display) -> Self {
        let (message, word) = (message.to_string(), exit.word().to_owned());
        Self { exit, message, word, is_beside_data: false }
    }

    /// The same with the name of an error of the interface: `NotAllowed` is `not-allowed`.
    pub(super) fn named(mut self, error: &str) -> Self {
        self.word.clear();
        for (number, letter) in error.chars().enumerate() {
            if number > 0 && letter.is_ascii_uppercase() {
                self.word.push('-');
            }
            self.word.push(letter.to_ascii_lowercase());
        }
        self
    }

    /// The same of a command whose standard output carries data.
    pub(super) fn beside_data(self) -> Self {
        Self { is_beside_data: true, ..self }
    }

    /// A file that cannot be read or written, with the system's reason.
    pub(super) fn of_file(path: &Path, error: &io::Error) -> Self {
        Self::new(Exit::NoInput, format!("{}: {}", path.display(), files::why(error)))
    }

    /// Standard output, or an open file of the daemon's, likewise.
    pub(super) fn of_stream(error: &io::Error) -> Self {
        Self::new(Exit::NoInput, files::why(error))
    }
}

pub(super) fn usage(error: impl Display) -> CommandFailure {
    CommandFailure::new(Exit::Usage, error)
}
