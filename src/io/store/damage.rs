//! What can be wrong with the store, and what was put right.

use core::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::slot::Slot;
use crate::io::files::{self, UnreadableFile};
use crate::io::reason;

/// A file or folder of the store that is not as the agent left it; never the same as absence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Damage {
    /// The file, or the folder of the store.
    pub path: PathBuf,
    /// How many bytes into the file; 0 for a folder.
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
        /// What a person is shown instead of a grammar.
        expected: &'static str,
    },
    /// Another process has the store open.
    InUse,
    /// More or fewer bytes than the header announces.
    Length {
        /// The bytes after the header, by the header.
        announced: usize,
        /// The bytes that the file has there.
        found: usize,
    },
    /// The file is intact, and of another slot.
    Misplaced {
        /// The slot that it was written for.
        slot: Slot,
    },
    /// Something was installed here once, and is gone.
    Missing,
    /// The folder of the store does not exist.
    NoFolder,
    /// Something other than a folder is where the store should be.
    NotAFolder,
    /// A link, folder, pipe or device is in its place.
    NotRegular,
    /// The folder is not the one that was opened.
    Replaced,
    /// Longer than anything the agent writes there.
    TooLong {
        /// The bytes of the largest file that would be read.
        limit: u64,
    },
    /// The system did not let it be read; why.
    Unreadable(Errno),
}

impl DamageReason {
    /// Whether it is about the folder, where an offset means nothing.
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
            Self::Digest => f.write_str("SHA-256 does not match"),
            Self::Header { expected } => write!(f, "malformed, expected {expected}"),
            Self::InUse => f.write_str("in use by another process, stop that one first"),
            Self::Length { announced, found } => {
                write!(f, "{found} bytes instead of {announced}")
            }
            Self::Misplaced { slot } => write!(f, "contains an entry of slot {slot}"),
            Self::Missing => f.write_str("missing"),
            Self::NoFolder => f.write_str("does not exist: create it, mode 0700, owner secd"),
            Self::NotAFolder => f.write_str("not a folder: create it, mode 0700, owner secd"),
            Self::NotRegular => f.write_str("not a regular file"),
            Self::Replaced => {
                f.write_str("replaced while in use, restore the folder that was here")
            }
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
        /// The key that the caller chose for it.
        key: String,
    },
    /// The system refused a step; the path is that of the step.
    Disk(files::WriteFailure),
    /// The folder is not the one that was opened, or is gone.
    Gone(Damage),
    /// There is no store to write to.
    NotOpen,
    /// More bytes than the slot takes.
    TooLong {
        /// The slot, which knows its limit.
        slot: Slot,
        /// The bytes of the entry, without its header.
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
            Self::BadNote { key } => write!(f, "note {key:?} is not allowed in a store header"),
            Self::Disk(failure) => failure.fmt(f),
            Self::Gone(damage) => damage.fmt(f),
            Self::NotOpen => f.write_str("the store is locked"),
            Self::TooLong { slot, length } => {
                write!(f, "{length} bytes exceed the limit of slot {slot}, {}", slot.limit())
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
    /// The file or folder.
    pub path: PathBuf,
    /// What was odd about it, and whether it was put right.
    pub oddity: Oddity,
}

/// Something odd about a file or folder of the store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Oddity {
    /// It belongs to another user.
    ForeignOwner {
        /// The number of that user; no name is looked up.
        uid: u32,
    },
    /// A temporary file left by a crash; removed if the system let us.
    Leftover {
        /// Why it could not be removed.
        kept: Option<Errno>,
    },
    /// A marker that does not list the occupied slots; written anew if the system let us.
    Unreadable {
        /// Why it could not be written.
        still: Option<Errno>,
    },
    /// Installed, but without its marker; written if the system let us.
    Unmarked {
        /// Why it could not be written.
        still: Option<Errno>,
    },
    /// Others could read or write it; its mode was narrowed if the system let us.
    WideMode {
        /// The mode it had.
        mode: u32,
        /// Why it could not be changed.
        still: Option<Errno>,
    },
}

impl fmt::Display for StoreWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path.display())?;
        let (righted, still) = match self.oddity {
            Oddity::ForeignOwner { uid } => {
                return write!(f, "belongs to user {uid}, change the owner to secd");
            }
            Oddity::Leftover { kept } => {
                f.write_str("left over from a crash")?;
                ("removed", kept)
            }
            Oddity::Unmarked { still } => {
                f.write_str("missing although something is installed")?;
                ("restored", still)
            }
            Oddity::Unreadable { still } => {
                f.write_str("does not list what is installed")?;
                ("restored", still)
            }
            Oddity::WideMode { mode, still } => {
                write!(f, "mode {mode:04o} allows access to others")?;
                ("narrowed", still)
            }
        };
        match still {
            None => write!(f, ", {righted}"),
            Some(errno) => write!(f, ", cannot be {righted}, {}", reason::of_errno(errno)),
        }
    }
}
