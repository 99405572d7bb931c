//! Files: what the agent may read and write, by Landlock.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, lchown};
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, LandlockStatus, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};

use super::user::NewUser;
use crate::io::files;

/// What the agent reads and writes; everything else is closed to it. Nothing is executed.
#[derive(Clone, Debug, Default)]
pub struct Folders {
    /// Folders whose files it writes, and reads.
    pub written: Vec<PathBuf>,
    /// Of these, those that it makes where they are missing.
    pub made: Vec<PathBuf>,
    /// Folders and files that it reads.
    pub read: Vec<PathBuf>,
}

impl Folders {
    fn makes(&self, folder: &Path) -> bool {
        self.made.iter().any(|made| made == folder)
    }

    /// Makes those that are missing for the user that root becomes, where that user could not: the
    /// folder above is root's. What is there stays as it is.
    pub(super) fn provide_for(&self, user: &NewUser) {
        for folder in self.made.iter().filter(|folder| is_roots(folder)) {
            // Whoever writes into it reports why it is not there.
            if DirBuilder::new().mode(0o700).create(folder).is_ok() {
                let _roots = lchown(folder, Some(user.uid), user.groups.first().copied());
            }
        }
    }

    /// Whether something at that path could be reached: by the names of paths alone.
    #[must_use]
    pub fn reach(&self, path: &Path) -> bool {
        self.written.iter().chain(&self.read).any(|folder| path.starts_with(folder))
    }
}

/// Whether all folders above are root's: in one of another user, a link could lead anywhere.
fn is_roots(folder: &Path) -> bool {
    let is_roots = |above: &Path| {
        fs::symlink_metadata(above).is_ok_and(|facts| facts.uid() == 0 && facts.is_dir())
    };
    folder.is_absolute() && folder.ancestors().skip(1).all(is_roots)
}

/// What the kernel has of Landlock.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LandlockAbi(pub i32);

impl LandlockAbi {
    /// What the agent would have this kernel bar, and it cannot (landlock(7)).
    #[must_use]
    pub fn lacks(self) -> Vec<&'static str> {
        let all = [
            (2, "moving files between folders"),
            (3, "truncating files"),
            (5, "orders to devices"),
            (6, "signals to other processes"),
        ];
        // Before ABI 2, moving is barred everywhere, and nothing is open that should not be.
        all.iter()
            .filter(|(since, _)| *since > 2 && self.0 < *since)
            .map(|(_, what)| *what)
            .collect()
    }
}

/// Closes everything else.
///
/// # Errors
/// Why the kernel does not, in words.
pub(super) fn confine(folders: &Folders) -> Result<LandlockAbi, String> {
    for folder in &folders.written {
        // A rule needs a folder that is there. Whoever writes into it reports why it is not.
        if folders.makes(folder) {
            let _made = files::provide_folder(folder);
        }
    }
    let restricted = rules(folders).and_then(RulesetCreated::restrict_self);
    let status = restricted.map_err(|error| error.to_string())?;
    match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, LandlockStatus::NotEnabled) => {
            Err("the kernel has it, and its command line (lsm=) leaves it out".to_owned())
        }
        (RulesetStatus::NotEnforced, _) | (_, LandlockStatus::NotImplemented) => {
            Err("the kernel does not have it, or a container hides it".to_owned())
        }
        (_, LandlockStatus::NotEnabled) => Err("the kernel does not use it".to_owned()),
        (_, LandlockStatus::Available { effective_abi, kernel_abi }) => {
            // Of a kernel with a newer one than the library knows, its own number.
            let known = effective_abi.to_string().parse().unwrap_or_default();
            Ok(LandlockAbi(kernel_abi.unwrap_or(known)))
        }
    }
}

fn rules(folders: &Folders) -> Result<RulesetCreated, landlock::RulesetError> {
    let all = AccessFs::from_all(KNOWN);
    let mut rules = Ruleset::default().handle_access(all)?.scope(Scope::Signal)?.create()?;
    for (paths, access) in [(&folders.written, written()), (&folders.read, read())] {
        for path in paths {
            // What is not there, or not for this user, is closed.
            let Ok(opened) = PathFd::new(path) else { continue };
            let access = if path.is_dir() { access } else { access & AccessFs::from_file(KNOWN) };
            rules = rules.add_rule(PathBeneath::new(opened, access))?;
        }
    }
    Ok(rules)
}

fn read() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::ReadDir
}

fn written() -> BitFlags<AccessFs> {
    read()
        | AccessFs::WriteFile
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::MakeSock
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer
        | AccessFs::Truncate
}

/// The version whose rights are named here; a kernel that has fewer applies those that it has.
/// Not ABI 9, which would close the sockets of other services, such as that of the journal.
const KNOWN: ABI = ABI::V5;
