//! The folder of verified files: bounded, and rid of what a crash left.
//!
//! The folder is the agent's own. Only regular files of its user whose names are valid file names
//! count; whatever else is there is left alone.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::SystemTime;

use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use rustix::fs::Dir;

use super::clock;
use super::files::{self, Links, WriteFailure};
use crate::wire::name::{FileName, MAX_COMPONENTS};

/// How much the folder may hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quota {
    /// Bytes of all files.
    pub bytes: u64,
    /// The number of files.
    pub files: usize,
}

/// # Source
/// Inferred: thirty files of the largest size, and more small ones than a phone's menus have.
impl Default for Quota {
    fn default() -> Self {
        Self { bytes: 16 << 20, files: 256 }
    }
}

/// A file that had to make room.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Evicted {
    /// Its name below the folder.
    pub name: String,
    /// Its size before it went.
    pub bytes: u64,
}

/// Why a file was not put into the folder.
#[derive(Debug)]
pub enum NotPut {
    /// The system refused to write it, or to remove another for it.
    Disk(WriteFailure),
    /// Without the files that stay, there is no room for it.
    OverQuota(Quota),
}

/// Puts a file into the folder, complete or not at all, and makes room for it: the files go first
/// that were put, or asked for, the longest time ago. Those of `staying` never go, and are always
/// put.
///
/// # Errors
/// [`NotPut`]. A file of that name is then still the old one.
pub fn put(
    folder: &Path,
    name: &FileName,
    bytes: &[u8],
    quota: Quota,
    staying: &[&str],
) -> Result<Vec<Evicted>, NotPut> {
    files::provide_folder(folder).map_err(NotPut::Disk)?;
    if is_there(folder, name, bytes) {
        // Only the turn of those that may go depends on this.
        if !staying.contains(&name.as_str()) {
            let file = File::open(folder.join(name.as_str()));
            let _old = file.and_then(|file| file.set_modified(clock::wall()));
        }
        return Ok(Vec::new());
    }
    let evicted = make_room(folder, name, bytes.len(), quota, staying)?;
    if let Err(failure) = files::write_atomically(folder, name, bytes) {
        // What a failed write leaves: its temporary file, and the folders that were made for the
        // name.
        tidy(folder);
        prune(folder, name.as_str());
        return Err(NotPut::Disk(failure));
    }
    Ok(evicted)
}

/// Opens a file of the folder for reading, for who cannot: what takes its place later, or its place
/// away, changes nothing of what is read there.
///
/// # Errors
/// The system's reason; also if the file is not `length` bytes long.
pub fn open(folder: &Path, name: &FileName, length: usize) -> io::Result<OwnedFd> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let path = folder.join(name.as_str());
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    let facts = file.metadata()?;
    if facts.is_file() && u64::try_from(length).is_ok_and(|length| length == facts.len()) {
        return Ok(file.into());
    }
    Err(io::ErrorKind::InvalidData.into())
}

/// Whether a file has these bytes already.
fn is_there(folder: &Path, name: &FileName, bytes: &[u8]) -> bool {
    let path = folder.join(name.as_str());
    let limit = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    files::read(&path, limit, Links::Refuse).is_ok_and(|present| present == bytes)
}

fn make_room(
    folder: &Path,
    name: &FileName,
    length: usize,
    quota: Quota,
    staying: &[&str],
) -> Result<Vec<Evicted>, NotPut> {
    let stays = |name: &str| staying.contains(&name);
    let mut found = Vec::new();
    list(folder, "", MAX_COMPONENTS, &mut found);
    // The new file takes the place of the old one, whose bytes do not count any more.
    found.retain(|file| file.name != name.as_str());
    // Equal times are ordered by name: the order in which a folder is listed must not decide.
    found.sort_by(|one, other| (other.modified, &other.name).cmp(&(one.modified, &one.name)));
    let (staying, mut going): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|file| stays(&file.name));
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    let fits = |going: &[RamFile]| {
        let files = staying.iter().chain(going);
        let bytes = files.clone().map(|file| file.bytes).fold(length, u64::saturating_add);
        // Below the number and not equal to it: the new file is one more.
        bytes <= quota.bytes && files.count() < quota.files
    };
    if !fits(&[]) && !stays(name.as_str()) {
        return Err(NotPut::OverQuota(quota));
    }
    let mut evicted = Vec::new();
    while !fits(&going) {
        // Newest first: the last one is the oldest.
        let Some(RamFile { name, bytes, .. }) = going.pop() else { break };
        let path = folder.join(&name);
        fs::remove_file(&path).map_err(|source| NotPut::Disk(WriteFailure { path, source }))?;
        prune(folder, &name);
        evicted.push(Evicted { name, bytes });
    }
    Ok(evicted)
}

/// Removes temporary files that a crash has left, and returns how many.
pub fn tidy(folder: &Path) -> usize {
    tidy_below(folder, MAX_COMPONENTS)
}

fn tidy_below(folder: &Path, depth: usize) -> usize {
    let removed = |name: OsString| {
        let path = folder.join(&name);
        // Not through links: nothing outside the folder may be removed.
        match fs::symlink_metadata(&path) {
            Ok(facts) if facts.is_dir() && depth > 1 => tidy_below(&path, depth - 1),
            Ok(facts) if facts.is_file() && name.to_str().is_some_and(files::is_temporary) => {
                usize::from(fs::remove_file(path).is_ok())
            }
            _ => 0,
        }
    };
    entries(folder).map(removed).sum()
}

/// Removes the folders of a name that are empty.
fn prune(folder: &Path, name: &str) {
    let mut above = Path::new(name).parent();
    while let Some(part) = above.filter(|part| !part.as_os_str().is_empty()) {
        // A folder that still holds something is not removed by the system, and that ends it.
        if fs::remove_dir(folder.join(part)).is_err() {
            return;
        }
        above = part.parent();
    }
}

/// A file of the folder.
struct RamFile {
    name: String,
    bytes: u64,
    modified: SystemTime,
}

/// Adds the files below `folder / prefix` to `found`.
fn list(folder: &Path, prefix: &str, depth: usize, found: &mut Vec<RamFile>) {
    let uid = geteuid().as_raw();
    let parent = folder.join(prefix);
    for name in entries(&parent) {
        // Not through links: a link is not a file of the folder.
        let (Ok(facts), Ok(name)) = (fs::symlink_metadata(parent.join(&name)), name.into_string())
        else {
            continue;
        };
        let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if facts.is_dir() && depth > 1 {
            list(folder, &name, depth - 1, found);
        } else if facts.is_file() && facts.uid() == uid && FileName::parse(&name).is_ok() {
            let modified = facts.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            found.push(RamFile { name, bytes: facts.len(), modified });
        }
    }
}

/// The names in a folder. Not by `std::fs::read_dir`, which panics if the folder cannot be closed.
fn entries(folder: &Path) -> impl Iterator<Item = OsString> {
    let listed = File::open(folder).ok().and_then(|folder| Dir::read_from(folder).ok());
    let names = listed.into_iter().flatten().take(ENTRIES).flatten();
    let names = names.map(|entry| OsStr::from_bytes(entry.file_name().to_bytes()).to_owned());
    names.filter(|name| name != "." && name != "..")
}

/// Entries of one folder that are looked at: more than the largest quota. Inferred.
const ENTRIES: usize = 8192;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const OWN: &str = "SEP001122334455.cnf.xml";
    const QUOTA: Quota = Quota { bytes: 100, files: 4 };

    fn name(name: &str) -> FileName {
        FileName::parse(name).unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        list(folder, "", MAX_COMPONENTS, &mut found);
        let mut names: Vec<_> = found.into_iter().map(|file| file.name).collect();
        names.sort();
        names
    }

    /// Puts files, each a second later than the one before, and returns what went.
    fn put_all(folder: &Path, files: &[(&str, usize)]) -> Vec<String> {
        let mut went = Vec::new();
        for (second, (file, length)) in (1..).zip(files) {
            let evicted = put(folder, &name(file), &vec![1; *length], QUOTA, &[OWN]).unwrap();
            went.extend(evicted.into_iter().map(|evicted| evicted.name));
            age(folder, file, second);
        }
        went
    }

    fn age(folder: &Path, file: &str, second: u64) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        File::open(folder.join(file)).unwrap().set_modified(time).unwrap();
    }

    #[test]
    fn the_oldest_files_make_room_and_the_phones_own_stays() {
        let dir = tempfile::tempdir().unwrap();
        let went = put_all(dir.path(), &[(OWN, 40), ("a/b", 30), ("c", 30), ("d", 30)]);
        assert_eq!(went, ["a/b"]);
        assert_eq!(names(dir.path()), [OWN, "c", "d"]);
        assert!(!dir.path().join("a").exists(), "an empty folder stays");
    }

    #[test]
    fn an_open_file_stays_what_it_was() {
        use std::io::Read;

        let dir = tempfile::tempdir().unwrap();
        put_all(dir.path(), &[("a", 40)]);
        assert!(open(dir.path(), &name("a"), 39).is_err());
        assert!(open(dir.path(), &name("b"), 0).is_err());
        let mut file = File::from(open(dir.path(), &name("a"), 40).unwrap());
        put(dir.path(), &name("a"), &[2; 40], QUOTA, &[]).unwrap();
        age(dir.path(), "a", 0);
        put_all(dir.path(), &[("b", 40), ("c", 40)]);
        assert_eq!(names(dir.path()), ["b", "c"]);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, [1; 40]);
    }

    #[test]
    fn the_number_of_files_is_bounded_too() {
        let dir = tempfile::tempdir().unwrap();
        let files: Vec<_> = ["a", "b", "c", "d", "e", "f"].map(|file| (file, 1)).to_vec();
        assert_eq!(put_all(dir.path(), &files), ["a", "b"]);
        // Only the larger of two sizes under one name counts.
        assert_eq!(put_all(dir.path(), &[("c", 2)]), [""; 0]);
    }

    #[test]
    fn what_was_asked_for_again_is_new() {
        let dir = tempfile::tempdir().unwrap();
        put_all(dir.path(), &[("a", 40), ("b", 40)]);
        put(dir.path(), &name("a"), &[1; 40], QUOTA, &[]).unwrap();
        let evicted = put(dir.path(), &name("c"), &[1; 40], QUOTA, &[]).unwrap();
        assert_eq!(evicted, [Evicted { name: "b".into(), bytes: 40 }]);
    }

    #[test]
    fn what_cannot_fit_is_refused_and_nothing_goes_for_it() {
        let dir = tempfile::tempdir().unwrap();
        put_all(dir.path(), &[(OWN, 40), ("a", 30)]);
        for length in [61, 101] {
            let refused = put(dir.path(), &name("b"), &vec![1; length], QUOTA, &[OWN]);
            assert!(matches!(refused, Err(NotPut::OverQuota(QUOTA))), "{length}");
        }
        assert_eq!(names(dir.path()), [OWN, "a"]);
        // The configuration is never refused.
        put(dir.path(), &name(OWN), &[1; 101], QUOTA, &[OWN]).unwrap();
        assert_eq!(names(dir.path()), [OWN]);
    }

    #[test]
    fn what_a_crash_left_is_removed_and_the_files_of_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        put_all(dir.path(), &[("a/b/c", 1)]);
        let leftovers = [".secd-x.tmp", "a/.secd-y.tmp", "a/b/.secd-z.tmp"];
        for leftover in leftovers.iter().chain(&["a/other.tmp"]) {
            File::create(dir.path().join(leftover)).unwrap();
        }
        std::os::unix::fs::symlink("/", dir.path().join("link")).unwrap();
        assert_eq!(tidy(dir.path()), 3);
        assert_eq!(names(dir.path()), ["a/b/c", "a/other.tmp"]);
        assert_eq!(tidy(&dir.path().join("gone")), 0);
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_no_folder() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b/c")).unwrap();
        fs::create_dir(dir.path().join("a/b/c/d")).unwrap();
        let refused = put(dir.path(), &name("a/b/c"), b"1", QUOTA, &[]);
        assert!(matches!(refused, Err(NotPut::Disk(_))));
        let mut entries: Vec<_> = entries(&dir.path().join("a/b")).collect();
        assert_eq!(entries.pop().unwrap(), "c");
        assert!(entries.is_empty());
    }
}
