//! The names of users and groups, kept for as long as their files are the same.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Accounts, GROUP, PASSWD};

/// Users and groups as their files list them now, which are read only if they may have changed.
///
/// Both are looked at on every call, so that a change counts for the next one that asks.
#[derive(Debug, Default)]
pub struct CurrentAccounts(RefCell<Option<([FileState; 2], Rc<Accounts>)>>);

impl CurrentAccounts {
    /// The users and groups at `now` by the clock of the system, which also dates the files.
    pub fn at(&self, now: SystemTime) -> Rc<Accounts> {
        self.of([PASSWD, GROUP].map(Path::new), now)
    }

    fn of(&self, paths: [&Path; 2], now: SystemTime) -> Rc<Accounts> {
        // Looked at before they are read: a change in between is noticed the next time.
        let states = paths.map(FileState::of);
        if let Some((_, accounts)) = self.0.borrow().as_ref().filter(|kept| kept.0 == states) {
            return accounts.clone();
        }
        let accounts = Rc::new(Accounts::from_files(paths));
        let settled = states.iter().all(|state| state.is_settled(now));
        self.0.replace(settled.then(|| (states, accounts.clone())));
        accounts
    }
}

/// By what a file is recognized as unchanged; nothing if it is not there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct FileState(Option<Facts>);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Facts {
    /// Device and inode: tools replace these files, and do not write into them.
    file: (u64, u64),
    bytes: u64,
    /// Of the last change, contents and inode alike: no program can set it (inode(7)).
    changed: (i64, i64),
}

impl FileState {
    fn of(path: &Path) -> Self {
        let facts = |facts: fs::Metadata| Facts {
            file: (facts.dev(), facts.ino()),
            bytes: facts.size(),
            changed: (facts.ctime(), facts.ctime_nsec()),
        };
        Self(fs::metadata(path).ok().map(facts))
    }

    /// Whether any later change will have another time. One that has just been changed, or will be
    /// by its date, could change again within a tick of its file system.
    fn is_settled(&self, now: SystemTime) -> bool {
        let Some(Facts { changed: (seconds, _), .. }) = self.0 else { return true };
        let changed = UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        now.duration_since(changed).is_ok_and(|age| age > TICK)
    }
}

/// The coarsest time of a file, and its part of a second that is not looked at. Source: FAT counts
/// two seconds, JFFS2 one.
const TICK: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::{clock, files};
    use crate::wire::name::FileName;

    /// A folder with both files, and a time at which they are old.
    fn files() -> (tempfile::TempDir, SystemTime) {
        let folder = tempfile::tempdir().unwrap();
        write(&folder, "passwd", "ui:x:500:500::/:/bin/false\n");
        write(&folder, "group", "phone-ui:x:600:ui\n");
        (folder, clock::wall() + Duration::from_secs(60))
    }

    /// As usermod(8) does it: another file in the place of the one before.
    fn write(folder: &tempfile::TempDir, name: &str, text: &str) {
        let name = FileName::parse(name).unwrap();
        files::write_atomically(folder.path(), &name, text.as_bytes()).unwrap();
    }

    fn read(kept: &CurrentAccounts, folder: &tempfile::TempDir, now: SystemTime) -> Rc<Accounts> {
        let paths = ["passwd", "group"].map(|name| folder.path().join(name));
        kept.of([&paths[0], &paths[1]], now)
    }

    #[test]
    fn files_that_are_the_same_are_read_once() {
        let ((folder, now), kept) = (files(), CurrentAccounts::default());
        let first = read(&kept, &folder, now);
        assert!(first.has_user("ui") && first.has_group("phone-ui"));
        assert!(Rc::ptr_eq(&first, &read(&kept, &folder, now)));
    }

    #[test]
    fn a_group_that_is_renamed_counts_at_once() {
        let ((folder, now), kept) = (files(), CurrentAccounts::default());
        read(&kept, &folder, now);
        // Of the same length.
        write(&folder, "group", "phone-me:x:600:ui\n");
        let changed = read(&kept, &folder, now);
        assert!(changed.has_group("phone-me") && !changed.has_group("phone-ui"));
        fs::remove_file(folder.path().join("group")).unwrap();
        assert!(!read(&kept, &folder, now).has_group("phone-me"));
    }

    #[test]
    fn files_that_have_just_changed_are_read_again() {
        let ((folder, now), kept) = (files(), CurrentAccounts::default());
        let young = clock::wall();
        // A clock that was set back dates files into the future.
        for now in [young, young - Duration::from_secs(600)] {
            let first = read(&kept, &folder, now);
            assert!(!Rc::ptr_eq(&first, &read(&kept, &folder, now)));
        }
        let first = read(&kept, &folder, now);
        assert!(Rc::ptr_eq(&first, &read(&kept, &folder, now)));
    }
}
