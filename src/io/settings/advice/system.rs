//! Folders, users and groups that are not as the agent needs them.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statfs, statvfs};

use super::advisor::Advisor;
use super::sections::RIGHTS;
use crate::io::settings::{Id, Principal};
use crate::io::store;
use crate::io::users::{Account, Accounts};

/// This system, as the agent finds it.
#[derive(Clone, Debug)]
pub struct System {
    accounts: Accounts,
    agent: Account,
}

/// There is no user of that name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NoSuchUser;

impl System {
    /// This system with the agent as user `name`. Without a name: the agent as `secd` where root
    /// asks and there is such a user, and else as who asks.
    ///
    /// # Errors
    /// [`NoSuchUser`].
    pub fn of_agent(name: Option<&str>) -> Result<Self, NoSuchUser> {
        let accounts = Accounts::read();
        let own = accounts.own();
        let agent = match name {
            Some(name) => accounts.user(name).ok_or(NoSuchUser)?,
            None if own.uid == 0 => accounts.user(AGENT).unwrap_or(own),
            None => own,
        };
        Ok(Self { accounts, agent })
    }

    /// Why the agent does not have the right `wanted` to a file or folder that is there: the path
    /// that is in the way, and what to do.
    pub(super) fn bar(&self, path: &Path, wanted: u32) -> Option<String> {
        let may = |path: &Path, wanted| {
            fs::metadata(path).map_or(true, |facts| self.agent.may(&facts, wanted))
        };
        let Account { name, .. } = &self.agent;
        // From the root, as the system goes.
        let above: Vec<_> = path.ancestors().skip(1).collect();
        if let Some(folder) = above.into_iter().rev().find(|folder| !may(folder, ENTER)) {
            let folder = folder.display();
            return Some(format!("{name} may not enter {folder}: chmod a+x {folder}"));
        }
        let (shown, verb) = (path.display(), if wanted & WRITE == 0 { "read" } else { "write to" });
        (!may(path, wanted)).then(|| format!("{name} may not {verb} {shown}: chown {name} {shown}"))
    }
}

impl Advisor<'_> {
    pub(super) fn system(&mut self, system: &System) {
        self.state(system);
        self.written("paths.ram", &self.settings.paths.ram, "verified files", system);
        self.supplicant(system);
        self.socket(system);
        self.principals(&system.accounts);
        self.user(&system.accounts);
    }

    fn user(&mut self, accounts: &Accounts) {
        let named = self.settings.sandbox.user.as_ref();
        if let Some(name) = named.filter(|name| !accounts.has_user(name)) {
            let text = format!("there is no user {name} in /etc/passwd: add it, or name another");
            self.warn("sandbox.user", text);
        }
    }

    fn state(&mut self, system: &System) {
        const KEY: &str = "paths.state";
        let (path, agent) = (&self.settings.paths.state, &system.agent);
        let (shown, name) = (path.display(), &agent.name);
        if let Err(damage) = store::look(path) {
            return self.warn(KEY, damage);
        }
        let Ok(facts) = fs::metadata(path) else { return };
        let mode = facts.mode() & 0o777;
        if facts.uid() != agent.uid {
            let owner = facts.uid();
            let text = format!("{shown} belongs to user {owner} and not to {name}");
            self.warn(KEY, format_args!("{text}: chown -R {name} {shown}"));
        } else if mode != PRIVATE {
            let text = format!("{shown} has mode {mode:04o} instead of {PRIVATE:04o}");
            self.warn(KEY, format_args!("{text}: chmod {PRIVATE:o} {shown}"));
        } else if let Some(text) = system.bar(path, WRITE | ENTER) {
            self.warn(KEY, text);
        }
        if is_memory(path) {
            let text = "is in memory (tmpfs): a restart empties it, and every boot would be a first \
                        use; choose a folder on flash";
            self.warn(KEY, format_args!("{shown} {text}"));
        }
        self.read_only(KEY, path);
    }

    /// A folder that the agent creates if need be, and writes files into that others must not
    /// replace.
    fn written(&mut self, key: &'static str, path: &Path, files: &str, system: &System) {
        let shown = path.display();
        let Ok(facts) = fs::metadata(path) else { return self.makeable(key, path, system) };
        if !facts.is_dir() {
            let text = "is not a folder: remove it, the agent creates its own";
            return self.warn(key, format_args!("{shown} {text}"));
        }
        let mode = facts.mode() & 0o777;
        if let Some(text) = system.bar(path, WRITE | ENTER) {
            self.warn(key, text);
        } else if mode & 0o022 != 0 {
            let text = format!("{shown} has mode {mode:04o}: others can replace {files} in it");
            self.warn(key, format_args!("{text}; chmod {PRIVATE:o} {shown}"));
        }
        self.read_only(key, path);
    }

    /// What the 802.1X supplicant gets, and what it needs besides.
    fn supplicant(&mut self, system: &System) {
        const CA: &str = "identity.radius_ca";
        let identity = &self.settings.identity;
        if let Some(folder) = &identity.export {
            self.written("identity.export", folder, "the phone's key", system);
        }
        if let Some(path) = identity.radius_ca.as_ref().filter(|path| !path.exists()) {
            let text = "no such file: the supplicant authenticates no server until it is there";
            self.warn(CA, format_args!("{}: {text}", path.display()));
        }
    }

    fn socket(&mut self, system: &System) {
        const KEY: &str = "paths.socket";
        let path = &self.settings.paths.socket;
        let shown = path.display();
        match fs::symlink_metadata(path) {
            Ok(facts) if !facts.file_type().is_socket() => {
                self.warn(KEY, format_args!("{shown} is there and is not a socket: remove it"));
            }
            _ => {}
        }
        let Some(folder) = path.parent() else { return };
        match fs::metadata(folder) {
            Ok(_) => {
                if let Some(text) = system.bar(folder, WRITE | ENTER) {
                    self.warn(KEY, text);
                }
                self.read_only(KEY, folder);
            }
            Err(_) => self.makeable(KEY, folder, system),
        }
    }

    /// A folder that is not there, which the agent creates where it may.
    fn makeable(&mut self, key: &'static str, path: &Path, system: &System) {
        // Of `/`, there always is something.
        let found = |folder: &&Path| fs::symlink_metadata(folder).is_ok();
        let Some(above) = path.ancestors().skip(1).find(found) else { return };
        let (shown, Account { name, .. }) = (path.display(), &system.agent);
        let is_folder = fs::metadata(above).is_ok_and(|facts| facts.is_dir());
        if !is_folder || system.bar(above, WRITE | ENTER).is_some() {
            let why = format!("{name} cannot create it in {}", above.display());
            let text = format!("{shown} does not exist, and {why}");
            return self.warn(key, format_args!("{text}: create it, owner {name}"));
        }
        self.read_only(key, above);
    }

    fn read_only(&mut self, key: &'static str, path: &Path) {
        let is = |facts: rustix::fs::StatVfs| facts.f_flag.contains(StatVfsMountFlags::RDONLY);
        if statvfs(path).is_ok_and(is) {
            let text = "is on a file system that is mounted read-only: choose another folder, or \
                        mount one there";
            self.warn(key, format_args!("{} {text}", path.display()));
        }
    }

    /// Names of the file alone: whoever left the default in force need not have these groups.
    fn principals(&mut self, accounts: &Accounts) {
        for (key, right) in RIGHTS {
            if !self.has(key) {
                continue;
            }
            for (index, principal) in right(&self.settings.access).iter().enumerate() {
                let (kind, name, file) = match principal {
                    Principal::Group(Id::Name(name)) if !accounts.has_group(name) => {
                        ("group", name, "/etc/group")
                    }
                    Principal::User(Id::Name(name)) if !accounts.has_user(name) => {
                        ("user", name, "/etc/passwd")
                    }
                    _ => continue,
                };
                let text = format!("{principal}: there is no {kind} {name} in {file}");
                self.warn_entry(key, index, format_args!("{text}: add it, or name another"));
            }
        }
    }
}

/// Whether what is in the folder is gone after a restart.
fn is_memory(path: &Path) -> bool {
    let kind = statfs(path).map(|facts| u64::try_from(facts.f_type).unwrap_or_default());
    kind.is_ok_and(|kind| MEMORY.contains(&kind))
}

/// The user of the shipped image.
const AGENT: &str = "secd";

/// Rights, in a mode: to write into a folder, and to reach what is in it.
const WRITE: u32 = 2;
const ENTER: u32 = 1;

/// The mode that the store has to have.
const PRIVATE: u32 = 0o700;

/// tmpfs and ramfs, by their magic numbers (statfs(2)).
const MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];
