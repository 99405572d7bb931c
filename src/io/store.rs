//! What is installed, on disk: atomic, with a previous copy, and damage distinct from absence.
//!
//! One folder of mode 0700, owned by one process at a time. A slot `itl` has three files:
//!
//! | file           | what it is                                                            |
//! | -------------- | --------------------------------------------------------------------- |
//! | `itl`          | the [`StoreEntry`] installed: bytes and notes, replaced by one rename |
//! | `itl.previous` | the entry before it                                                   |
//! | `itl.present`  | the marker: something was installed here once, and in which others    |
//!
//! The slot `lsc` has no marker: see `Slot::MARKED`.
//!
//! A slot is absent only if the folder is there, none of the three is, and no marker of another
//! slot names it. Anything else that is not an intact entry of this slot is [`Damage`]. The folder
//! is never made here: an image provides it, and a store that is missing must not look like a phone
//! fresh from the box.

mod damage;
mod entry;
mod install;
mod markers;
mod pin;
mod slot;
mod tidy;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use zeroize::Zeroizing;

pub use damage::{Damage, DamageReason, Oddity, StoreFailure, StoreWarning};
pub use entry::StoreEntry;
pub use install::Before;
pub use slot::Slot;

use super::files::{self, Links, UnreadableFile};
use super::reason::errno;

/// What a slot holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Loaded {
    /// Nothing was ever installed, or it was erased.
    Absent,
    /// What was installed last.
    Current(StoreEntry),
    /// What was installed before that; the last is damaged.
    Previous {
        /// The older entry, which is intact.
        entry: StoreEntry,
        /// What is wrong with the newer one.
        damage: Damage,
    },
    /// Something was installed, and none of it can be read.
    Locked {
        /// All that is wrong, at least one.
        damage: Vec<Damage>,
    },
}

/// The folder of what is installed.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    folder: Flock<File>,
}

impl Store {
    /// Opens the store in `dir`, removes what a crash left, and sets modes right.
    ///
    /// It is this process's own until it is dropped: another one would take what is being written
    /// for the leftovers of a crash.
    ///
    /// # Errors
    /// [`Damage`] if the folder is missing, is none, or cannot be read: every slot is then locked.
    pub fn open(dir: &Path) -> Result<(Self, Vec<StoreWarning>), Damage> {
        let damage = |reason| Damage::new(dir, 0, reason);
        let folder =
            OpenOptions::new().read(true).custom_flags(OFlag::O_DIRECTORY.bits()).open(dir);
        let folder = folder.map_err(|error| damage(of_folder(&error)))?;
        let folder =
            // Locked before anything is looked at: another agent may just be writing.
            Flock::lock(folder, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| {
                damage(match errno {
                    Errno::EWOULDBLOCK => DamageReason::InUse,
                    errno => DamageReason::Unreadable(errno),
                })
            })?;
        let store = Self { dir: dir.to_path_buf(), folder };
        let warnings =
            store.tidy().map_err(|error| damage(DamageReason::Unreadable(errno(&error))))?;
        Ok((store, warnings))
    }

    /// Reads a slot: its entry, else the one before, else what is wrong.
    pub fn load(&self, slot: Slot) -> Loaded {
        let current = match self.read(slot, &self.current(slot)) {
            Ok(Some(entry)) => return Loaded::Current(entry),
            Ok(None) => None,
            Err(damage) => Some(damage),
        };
        let missing = || Damage::new(&self.current(slot), 0, DamageReason::Missing);
        let previous = match self.read(slot, &self.previous(slot)) {
            Ok(Some(entry)) => {
                return Loaded::Previous { entry, damage: current.unwrap_or_else(missing) };
            }
            Ok(None) => None,
            Err(damage) => Some(damage),
        };
        if current.is_some() || previous.is_some() {
            let damage = [current.unwrap_or_else(missing)].into_iter().chain(previous);
            return Loaded::Locked { damage: damage.collect() };
        }
        if !slot.is_marked() {
            return Loaded::Absent;
        }
        // The markers come last: an entry that can be read proves more than they do.
        match self.was_installed(slot) {
            Ok(false) => Loaded::Absent,
            Ok(true) => Loaded::Locked { damage: vec![missing()] },
            Err(damage) => Loaded::Locked { damage: vec![damage] },
        }
    }

    /// The entry that was installed before the current one, if it is there and intact.
    pub fn before(&self, slot: Slot) -> Option<StoreEntry> {
        self.read(slot, &self.previous(slot)).ok().flatten()
    }

    /// A folder that was moved away or mounted over is empty, but not absent.
    fn still_there(&self) -> Result<(), Damage> {
        let damage = |reason| Damage::new(&self.dir, 0, reason);
        let unreadable = |error: io::Error| damage(of_folder(&error));
        let opened = self.folder.metadata().map_err(unreadable)?;
        let found = fs::metadata(&self.dir).map_err(unreadable)?;
        // Another folder, or a mount on top of this one, has another pair of numbers.
        if (opened.dev(), opened.ino()) == (found.dev(), found.ino()) {
            return Ok(());
        }
        Err(damage(DamageReason::Replaced))
    }

    /// The entry in `path`; `None` if there is no such file.
    fn read(&self, slot: Slot, path: &Path) -> Result<Option<StoreEntry>, Damage> {
        // The limits are far below what u64 takes.
        let limit = entry::HEADER.saturating_add(u64::try_from(slot.limit()).unwrap_or(u64::MAX));
        // The agent makes no links here: one was put there by somebody else.
        let file = match files::read(path, limit, Links::Refuse) {
            Ok(file) => file,
            Err(UnreadableFile::Absent) => return Ok(None),
            Err(unreadable) => {
                let offset = match unreadable {
                    UnreadableFile::Failed { offset, .. } => offset,
                    _ => 0,
                };
                return Err(Damage::new(path, offset, unreadable.into()));
            }
        };
        // A configuration may hold secrets.
        let file = Zeroizing::new(file);
        let entry = StoreEntry::decode(slot, &file);
        entry.map(Some).map_err(|(offset, reason)| Damage::new(path, offset, reason))
    }

    fn current(&self, slot: Slot) -> PathBuf {
        self.dir.join(slot.name())
    }

    fn previous(&self, slot: Slot) -> PathBuf {
        self.dir.join(format!("{slot}.previous"))
    }

    fn marker(&self, slot: Slot) -> PathBuf {
        self.dir.join(format!("{slot}.present"))
    }
}

/// What is wrong with the folder of a store, looked at from outside: nothing is locked or changed.
///
/// # Errors
/// [`Damage`].
pub fn look(dir: &Path) -> Result<(), Damage> {
    let damage = |reason| Damage::new(dir, 0, reason);
    let found = fs::metadata(dir).map_err(|error| damage(of_folder(&error)))?;
    if found.is_dir() { Ok(()) } else { Err(damage(DamageReason::NotAFolder)) }
}

fn of_folder(error: &io::Error) -> DamageReason {
    match errno(error) {
        Errno::ENOENT => DamageReason::NoFolder,
        Errno::ENOTDIR => DamageReason::NotAFolder,
        errno => DamageReason::Unreadable(errno),
    }
}

/// Whether there is anything at all at `path`.
fn exists(path: &Path) -> Result<bool, Errno> {
    // Not through links: one that leads nowhere is something all the same.
    match fs::symlink_metadata(path).map_err(|error| errno(&error)) {
        Ok(_) => Ok(true),
        Err(Errno::ENOENT) => Ok(false),
        Err(errno) => Err(errno),
    }
}

#[cfg(test)]
mod tests;
