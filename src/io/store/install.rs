//! Installing and erasing: a crash between any two steps leaves the old or the new.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{Slot, Store, StoreEntry, StoreFailure};
use crate::io::files;

/// What was just done. A test may stop there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum InstallStep {
    /// The new entry is on disk under a temporary name.
    Written,
    /// The current entry is also the previous one.
    Kept,
    /// The new entry is the current one.
    Renamed,
    /// Which the medium knows.
    Synced,
    /// The marker is there, and the others name the slot.
    Marked,
    /// The markers of the other slots do not name it.
    Unlisted,
    /// The marker is gone.
    Unmarked,
    /// The previous entry is gone.
    PreviousErased,
    /// The current entry is gone.
    CurrentErased,
}

/// Which entry is the previous one after an install.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Before {
    /// The one that was replaced.
    Replaced,
    /// The one that was the previous one already.
    Stays,
}

/// Called after each step; its error ends the sequence there.
pub(super) type After<'a> = &'a mut dyn FnMut(InstallStep) -> io::Result<()>;

impl Store {
    /// Makes `entry` what the slot holds.
    ///
    /// | stopped after        | the slot then holds                                    |
    /// | -------------------- | ------------------------------------------------------ |
    /// | the new file's fsync | the old entry                                          |
    /// | keeping the old one  | the old entry, twice                                   |
    /// | the rename           | the new entry; the old if the medium missed the rename |
    /// | the folder's fsync   | the new entry; the marker comes at the next open       |
    ///
    /// # Errors
    /// [`StoreFailure::BadNote`], [`StoreFailure::Gone`] and [`StoreFailure::TooLong`] before
    /// anything is written; [`StoreFailure::Disk`] if the system refuses a step. What was installed
    /// remains, except that a failure after the rename may leave the new entry: the caller goes on
    /// with the old anchors.
    pub fn install(&self, slot: Slot, entry: &StoreEntry) -> Result<(), StoreFailure> {
        self.install_with(slot, entry, Before::Replaced, &mut |_| Ok(()))
    }

    /// The same, where the caller chooses what the previous entry is afterwards.
    ///
    /// # Errors
    /// As [`install`](Self::install).
    pub fn install_after(
        &self,
        slot: Slot,
        entry: &StoreEntry,
        before: Before,
    ) -> Result<(), StoreFailure> {
        self.install_with(slot, entry, before, &mut |_| Ok(()))
    }

    /// Forgets the previous entry of a slot; the current one stays.
    ///
    /// # Errors
    /// As [`erase`](Self::erase).
    pub fn forget_before(&self, slot: Slot) -> Result<(), StoreFailure> {
        self.still_there().map_err(StoreFailure::Gone)?;
        remove(&self.previous(slot))?;
        self.sync()
    }

    /// Empties the slot: its name in other markers, then marker, previous, and current, each
    /// known to the medium before the next. A crash before the last leaves the current entry
    /// installed, as if erase had not been asked for.
    ///
    /// # Errors
    /// [`StoreFailure::Gone`] before anything is erased; [`StoreFailure::Disk`] if the system
    /// refuses a step.
    pub fn erase(&self, slot: Slot) -> Result<(), StoreFailure> {
        self.erase_with(slot, &mut |_| Ok(()))
    }

    pub(super) fn install_with(
        &self,
        slot: Slot,
        entry: &StoreEntry,
        before: Before,
        after: After<'_>,
    ) -> Result<(), StoreFailure> {
        // Refused before anything is touched, since what is too long could not be read again.
        if entry.bytes.len() > slot.limit() {
            return Err(StoreFailure::TooLong { slot, length: entry.bytes.len() });
        }
        let file = entry.encode(slot).map_err(|key| StoreFailure::BadNote { key })?;
        self.still_there().map_err(StoreFailure::Gone)?;
        let current = self.current(slot);
        let mut step = |step| after(step).map_err(|error| failed(&current, error));

        let new = self.write_temporary(&file, &current)?;
        step(InstallStep::Written)?;
        if before == Before::Replaced {
            self.keep(slot)?;
        }
        step(InstallStep::Kept)?;
        persist(new, &current)?;
        step(InstallStep::Renamed)?;
        self.sync()?;
        step(InstallStep::Synced)?;
        if slot.is_marked() {
            self.mark(slot)?;
        }
        step(InstallStep::Marked)
    }

    pub(super) fn erase_with(&self, slot: Slot, after: After<'_>) -> Result<(), StoreFailure> {
        // What is to be erased may be in the folder that was there before.
        self.still_there().map_err(StoreFailure::Gone)?;
        // The other markers forget it first: a slot that they name and that has no files is locked.
        if slot.is_marked() {
            match self.unlist(slot) {
                Err(failure) if failure.is_for_want_of_room() => self.erase_first(slot)?,
                unlisted => unlisted?,
            }
            self.sync()?;
        }
        after(InstallStep::Unlisted).map_err(|error| failed(&self.dir, error))?;
        for (path, step) in [
            (self.marker(slot), InstallStep::Unmarked),
            (self.previous(slot), InstallStep::PreviousErased),
            (self.current(slot), InstallStep::CurrentErased),
        ] {
            remove(&path)?;
            self.sync()?;
            after(step).map_err(|error| failed(&path, error))?;
        }
        Ok(())
    }

    /// A full medium must not keep a person from erasing: what is to be erased makes room for
    /// the new text of the other markers. A crash midway leaves a slot that is missed, and so
    /// locked, until it is erased again.
    fn erase_first(&self, slot: Slot) -> Result<(), StoreFailure> {
        remove(&self.previous(slot))?;
        remove(&self.current(slot))?;
        self.sync()?;
        self.unlist(slot)
    }

    /// Makes the current entry also the previous one. A damaged one is not worth keeping: it
    /// would drive out a previous entry that is intact.
    fn keep(&self, slot: Slot) -> Result<(), StoreFailure> {
        let current = self.current(slot);
        let Ok(Some(entry)) = self.read(slot, &current) else { return Ok(()) };
        if self.keep_by_link(slot).is_ok() {
            return Ok(());
        }
        self.keep_by_copy(slot, &entry)
    }

    fn keep_by_link(&self, slot: Slot) -> io::Result<()> {
        // Through a third name: the previous entry is replaced by a rename, and never missing.
        let link = self.link(slot);
        match fs::remove_file(&link) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => (),
        }
        fs::hard_link(self.current(slot), &link)?;
        fs::rename(&link, self.previous(slot))?;
        // If previous and current already were one file, rename(2) left the link in place.
        match fs::remove_file(&link) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// For a file system without hard links.
    pub(super) fn keep_by_copy(&self, slot: Slot, entry: &StoreEntry) -> Result<(), StoreFailure> {
        let file = entry.encode(slot).map_err(|key| StoreFailure::BadNote { key })?;
        self.replace(&self.previous(slot), &file)
    }

    /// Puts a file into the place of another, or of none.
    pub(super) fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreFailure> {
        persist(self.write_temporary(bytes, path)?, path)
    }

    /// A file on the medium that is to become `path`, which a failure names.
    fn write_temporary(&self, bytes: &[u8], path: &Path) -> Result<NamedTempFile, StoreFailure> {
        let mut new = files::temporary(&self.dir)?;
        let file = new.as_file_mut();
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        written.map_err(|error| failed(path, error))?;
        Ok(new)
    }

    /// Makes the names in the folder known to the medium.
    ///
    /// A file system that cannot answers EINVAL: then there is nothing more to do.
    fn sync(&self) -> Result<(), StoreFailure> {
        match File::sync_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::InvalidInput => {
                Err(failed(&self.dir, error))
            }
            _ => Ok(()),
        }
    }

    /// Where the current entry gets its second name first; open removes it after a crash.
    fn link(&self, slot: Slot) -> PathBuf {
        self.dir.join(format!(".secd-{slot}-previous.tmp"))
    }
}

fn persist(file: NamedTempFile, path: &Path) -> Result<(), StoreFailure> {
    file.persist(path).map(drop).map_err(|error| failed(path, error.error))
}

fn remove(path: &Path) -> Result<(), StoreFailure> {
    Ok(files::remove(path).map(drop)?)
}

fn failed(path: &Path, source: io::Error) -> StoreFailure {
    StoreFailure::Disk(files::WriteFailure::new(path, source))
}
