//! What can be wrong with a configuration file.

use core::fmt;
use core::ops::RangeInclusive;
use std::path::PathBuf;

use crate::io::console::escape;
use crate::io::files::UnreadableFile;
use crate::wire::address::NoAddress;
use crate::wire::name::{MAX_DEVICE, MAX_MODEL};

/// Why there is no configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SettingsFailure {
    /// The file says something that is wrong.
    Invalid(Vec<SettingFault>),
    /// The file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: UnreadableFile,
    },
}

impl SettingsFailure {
    /// A fault of the file as a whole.
    pub(super) fn of_file(file: &str, wrong: Wrong) -> Self {
        let file = file.to_owned();
        Self::Invalid(vec![SettingFault { file, line: 1, column: 1, key: String::new(), wrong }])
    }
}

/// Shows the first fault, and how many more there are.
impl fmt::Display for SettingsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(faults) => {
                if let Some(first) = faults.first() {
                    first.fmt(f)?;
                }
                match faults.len().saturating_sub(1) {
                    0 => Ok(()),
                    more => write!(f, " (and {more} more)"),
                }
            }
            Self::Unreadable { path, reason } => write!(f, "{}: {reason}", path.display()),
        }
    }
}

impl core::error::Error for SettingsFailure {}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SettingFault {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// Section and key, as far as they are known.
    pub key: String,
    /// What is wrong.
    pub wrong: Wrong,
}

impl fmt::Display for SettingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, key, wrong } = self;
        write!(f, "{file}:{line}:{column}: ")?;
        if !key.is_empty() {
            write!(f, "{}: ", escape(key))?;
        }
        wrong.fmt(f)
    }
}

/// What is wrong with a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wrong {
    /// It needs the other key.
    Alone {
        /// The key that is not given.
        without: &'static str,
    },
    /// It is not the address of a server.
    BadAddress {
        /// What it is.
        found: String,
        /// Why it is none.
        why: NoAddress,
    },
    /// It is not a device name.
    BadDeviceName {
        /// What it is.
        found: String,
    },
    /// It is not a model.
    BadModel {
        /// What it is.
        found: String,
    },
    /// It is not a file mode.
    BadMode {
        /// What it is.
        found: String,
    },
    /// It is not a SHA-256 hash.
    BadPin {
        /// What it is.
        found: String,
    },
    /// It names neither a user nor a group.
    BadPrincipal {
        /// What it is.
        found: String,
    },
    /// It must be given.
    Missing,
    /// It is not text in UTF-8.
    NotText {
        /// The byte where text ends.
        offset: usize,
    },
    /// It is not within its range.
    OutOfRange {
        /// What it is.
        found: u64,
        /// What it may be.
        range: RangeInclusive<u64>,
    },
    /// It is not a path from the root.
    RelativePath {
        /// What it is.
        found: String,
    },
    /// It is the same as another, and must not be.
    Same {
        /// The other key.
        other: &'static str,
    },
    /// The TOML reader does not understand it.
    Toml {
        /// What it says.
        message: String,
    },
    /// The file is longer than it may be.
    TooLong {
        /// The most bytes.
        limit: u64,
    },
    /// There are more than there may be.
    TooMany {
        /// How many there are.
        found: usize,
        /// The most.
        limit: usize,
    },
    /// There is no such section.
    UnknownSection,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alone { without } => write!(f, "needs {without} as well"),
            Self::BadAddress { found, why } => write!(f, "{found:?}: {why}"),
            Self::BadDeviceName { found } => {
                write!(f, "{found:?} is not 1 to {MAX_DEVICE} letters and digits")
            }
            Self::BadModel { found } => {
                write!(f, "{found:?} is not 1 to {MAX_MODEL} letters and digits")
            }
            Self::BadMode { found } => write!(f, "{found:?} is not three octal digits"),
            Self::BadPin { found } => write!(f, "{found:?} is not 64 hexadecimal digits"),
            Self::BadPrincipal { found } => {
                write!(f, "{found:?} is not user:NAME, group:NAME or everyone")
            }
            Self::Missing => f.write_str("must be given"),
            Self::NotText { offset } => write!(f, "not text in UTF-8 at offset {offset}"),
            Self::OutOfRange { found, range } => {
                write!(f, "{found} is not within {} to {}", range.start(), range.end())
            }
            Self::RelativePath { found } => write!(f, "{found:?} does not start with /"),
            Self::Same { other } => write!(f, "must neither hold {other} nor stand in it"),
            Self::Toml { message } => escape(message).fmt(f),
            Self::TooLong { limit } => write!(f, "longer than {limit} bytes"),
            Self::TooMany { found, limit } => write!(f, "{found} of at most {limit}"),
            Self::UnknownSection => f.write_str("unknown section"),
        }
    }
}
