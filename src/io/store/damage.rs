//! What can be wrong with the store, and what was put right.

use core::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::slot::Slot;
use crate::io::files::{self, UnreadableFile};
use crate::io::reason;

/// A file or folder of the store that is not as the agent left it. Never the same as absence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Damage {
    /// Of what.
    pub path: PathBuf,
    /// How many bytes into it.
    pub offset: usize,
    /// What is wrong there.
    pub reason: DamageReason,
}

impl Damage {
    pub(super) fn new(path: &Path, offset: usize, reason: DamageReason) -> Self {
        Self { path: path.to_path_buf(), offset, reason }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason)?;
        if self.reason.is_of_a_folder() { Ok(()) } else { write!(f, " at offset {}", self.offset) }
    }
}

impl core::error::Error for Damage {}

/// What is wrong with a file or folder of the store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DamageReason {
    /// The SHA-256 in the header is not that of what follows it.
    Digest,
    /// The header has something else in this place.
    Header {
        /// What should stand there.
        expected: &'static str,
    },
    /// Another process has the store open.
    InUse,
    /// More or fewer bytes than the header says.
    Length {
        /// What the header says.
        announced: usize,
        /// How many there are.
        found: usize,
    },
    /// The file is whole, and of another slot.
    Misplaced {
        /// Of which.
        slot: Slot,
    },
    /// Something was installed here once, and is gone.
    Missing,
    /// The folder of the store does not exist.
    NoFolder,
    /// No folder stands where the store should be.
    NotAFolder,
    /// A link, folder, pipe or device stands in its place.
    NotRegular,
    /// The folder is not the one that was opened.
    Replaced,
    /// Longer than anything the agent writes there.
    TooLong {
        /// The most it may have.
        limit: u64,
    },
    /// The system refused.
    Unreadable(Errno),
}

impl DamageReason {
    /// Whether it is about the folder, where an offset says nothing.
    const fn is_of_a_folder(&self) -> bool {
        matches!(self, Self::InUse | Self::NoFolder | Self::NotAFolder | Self::Replaced)
    }
}

impl From<UnreadableFile> for DamageReason {
    fn from(unreadable: UnreadableFile) -> Self {
        match unreadable {
            UnreadableFile::Absent => Self::Missing,
            UnreadableFile::Failed { errno, .. } => Self::Unreadable(errno),
            UnreadableFile::NotRegular => Self::NotRegular,
            UnreadableFile::TooLong { limit } => Self::TooLong { limit },
        }
    }
}

impl fmt::Display for DamageReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest => f.write_str("wrong sha256"),
            Self::Header { expected } => write!(f, "no {expected}"),
            Self::InUse => f.write_str("in use by another process"),
            Self::Length { announced, found } => {
                write!(f, "{found} bytes instead of {announced}")
            }
            Self::Misplaced { slot } => write!(f, "an entry of slot {slot}"),
            Self::Missing => f.write_str("missing"),
            Self::NoFolder => f.write_str("does not exist: create it, mode 0700, owner secd"),
            Self::NotAFolder => f.write_str("not a folder"),
            Self::NotRegular => f.write_str("not a regular file"),
            Self::Replaced => f.write_str("another folder than the one opened"),
            Self::TooLong { limit } => write!(f, "longer than {limit} bytes"),
            Self::Unreadable(errno) => write!(f, "unreadable, {},", reason::of_errno(*errno)),
        }
    }
}

/// A change to the store that failed.
#[derive(Debug)]
pub enum StoreFailure {
    /// A note that the header cannot hold.
    BadNote {
        /// Its key.
        key: String,
    },
    /// The system refused.
    Disk(files::WriteFailure),
    /// The folder is not the one that was opened, or is gone.
    Gone(Damage),
    /// There is no store to write to.
    NotOpen,
    /// More bytes than the slot takes.
    TooLong {
        /// Which slot.
        slot: Slot,
        /// How many bytes there are.
        length: usize,
    },
}

impl From<files::WriteFailure> for StoreFailure {
    fn from(failure: files::WriteFailure) -> Self {
        Self::Disk(failure)
    }
}

impl StoreFailure {
    /// Whether the medium is full.
    #[must_use]
    pub fn is_for_want_of_room(&self) -> bool {
        matches!(self, Self::Disk(failure) if failure.source.kind() == ErrorKind::StorageFull)
    }
}

impl fmt::Display for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadNote { key } => write!(f, "note {key:?} does not fit a store header"),
            Self::Disk(failure) => failure.fmt(f),
            Self::Gone(damage) => damage.fmt(f),
            Self::NotOpen => f.write_str("the store is locked"),
            Self::TooLong { slot, length } => {
                write!(f, "{length} bytes for slot {slot}, the limit is {}", slot.limit())
            }
        }
    }
}

impl core::error::Error for StoreFailure {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Disk(failure) => Some(failure),
            Self::Gone(damage) => Some(damage),
            Self::BadNote { .. } | Self::NotOpen | Self::TooLong { .. } => None,
        }
    }
}

/// What was odd about the store at start, without being damage.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoreWarning {
    /// About what.
    pub path: PathBuf,
    /// What it was.
    pub oddity: Oddity,
}

/// Something odd about a file or folder of the store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Oddity {
    /// It belongs to another user.
    ForeignOwner {
        /// Their number.
        uid: u32,
    },
    /// A temporary file of a crash; it was removed if the system let us.
    Leftover {
        /// Why it stays.
        kept: Option<Errno>,
    },
    /// A marker that does not say which slots are occupied; it was made anew if the system let us.
    Unreadable {
        /// Why it is as it was.
        still: Option<Errno>,
    },
    /// Installed, but without its marker; it was made if the system let us.
    Unmarked {
        /// Why there is still none.
        still: Option<Errno>,
    },
    /// Others could read or write it; its mode was set right if the system let us.
    WideMode {
        /// The mode it had.
        mode: u32,
        /// Why it still has it.
        still: Option<Errno>,
    },
}

impl fmt::Display for StoreWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path.display())?;
        let (righted, still) = match self.oddity {
            Oddity::ForeignOwner { uid } => return write!(f, "belongs to user {uid}"),
            Oddity::Leftover { kept } => {
                f.write_str("left over from a crash")?;
                ("removed", kept)
            }
            Oddity::Unmarked { still } => {
                f.write_str("missing though something is installed")?;
                ("restored", still)
            }
            Oddity::Unreadable { still } => {
                f.write_str("does not say what is installed")?;
                ("restored", still)
            }
            Oddity::WideMode { mode, still } => {
                write!(f, "mode {mode:04o} lets others in")?;
                ("narrowed", still)
            }
        };
        match still {
            None => write!(f, ", {righted}"),
            Some(errno) => write!(f, ", cannot be {righted}, {}", reason::of_errno(errno)),
        }
    }
}
