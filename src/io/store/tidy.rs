//! What is put right when the store is opened.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use rustix::fs::Dir;

use super::{Oddity, Slot, Store, StoreWarning};
use crate::io::files::is_temporary;
use crate::io::reason::errno;

impl Store {
    /// Narrows modes, removes temporary files, restores markers, and reports it.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub(super) fn tidy(&self) -> io::Result<Vec<StoreWarning>> {
        let mut warnings = narrow(&self.dir, &self.folder, FOLDER_MODE);
        // Not `std::fs::read_dir`, which panics if the folder cannot be closed; nor the C library's
        // way of 32-bit systems, which fails on file systems with larger numbers.
        for entry in Dir::read_from(&*self.folder)? {
            let entry = entry?;
            match entry.file_name().to_str() {
                Ok(name) if is_temporary(name) => {
                    // No other process is writing it: the folder is locked.
                    warnings.push(remove_leftover(self.dir.join(name)));
                }
                _ => {}
            }
        }
        for slot in Slot::ALL {
            for path in [self.current(slot), self.previous(slot), self.marker(slot)] {
                warnings.extend(narrow_file(&path));
            }
        }
        warnings.extend(self.restore_markers());
        Ok(warnings)
    }
}

fn remove_leftover(path: PathBuf) -> StoreWarning {
    let kept = fs::remove_file(&path).err().map(|error| errno(&error));
    StoreWarning { path, oddity: Oddity::Leftover { kept } }
}

/// A file that cannot be opened is left to `load`, which reports why.
fn narrow_file(path: &Path) -> Vec<StoreWarning> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    match OpenOptions::new().read(true).custom_flags(flags.bits()).open(path) {
        Ok(file) => narrow(path, &file, FILE_MODE),
        Err(_) => Vec::new(),
    }
}

/// Takes all rights from group and others; another owner is only reported.
fn narrow(path: &Path, file: &File, mode: u32) -> Vec<StoreWarning> {
    let Ok(metadata) = file.metadata() else { return Vec::new() };
    let warning = |oddity| StoreWarning { path: path.to_path_buf(), oddity };
    let mut warnings = Vec::new();
    if metadata.uid() != geteuid().as_raw() {
        warnings.push(warning(Oddity::ForeignOwner { uid: metadata.uid() }));
    }
    let found = metadata.mode() & 0o7777;
    // What the owner lacks is not added: that fails elsewhere, with a reason.
    if found & 0o077 != 0 {
        let still = file.set_permissions(Permissions::from_mode(mode)).err();
        let still = still.map(|error| errno(&error));
        warnings.push(warning(Oddity::WideMode { mode: found, still }));
    }
    warnings
}

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
