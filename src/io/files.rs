//! Files read within bounds, and files replaced at once or not at all.

use core::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use tempfile::NamedTempFile;

pub use super::reason::why;

use super::reason::{self, errno};
use crate::wire::name::FileName;

/// Puts a file of mode 0600 into `dir`, complete or not at all; folders in `name` are made.
///
/// For the ram folder: nothing is forced to a medium, as a restart fetches it all again. What must
/// survive one belongs in the [store](super::store).
///
/// # Errors
/// With the path and the system's reason. A file of that name is then still the old one.
pub fn write_atomically(
    dir: &Path,
    name: &FileName,
    bytes: &[u8],
) -> Result<PathBuf, WriteFailure> {
    let mut folder = dir.to_path_buf();
    let mut components = name.components().peekable();
    // One folder after the other: a link among them must not lead out of `dir`.
    while let Some(component) = components.next() {
        if components.peek().is_some() {
            folder.push(component);
            make_folder(&folder)?;
        }
    }
    let path = dir.join(name.as_str());
    // In the folder of the file itself: rename(2) does not leave a file system.
    let mut file = temporary(&folder)?;
    file.as_file_mut().write_all(bytes).map_err(|source| WriteFailure::new(&path, source))?;
    file.persist(&path).map_err(|failed| WriteFailure::new(&path, failed.error))?;
    Ok(path)
}

/// The folder in which somebody of that user can put another folder in this one's place: the one
/// above, if it belongs to that user, who is not root; else the folder itself.
#[must_use]
pub fn keeper(folder: &Path, uid: u32) -> PathBuf {
    let above = folder.parent().filter(|above| above.parent().is_some());
    let owned = above.filter(|above| fs::metadata(above).is_ok_and(|facts| facts.uid() == uid));
    owned.filter(|_| uid != 0).unwrap_or(folder).to_path_buf()
}

/// Removes a file; returns whether it was there.
///
/// # Errors
/// With the path and the system's reason.
pub fn remove(path: &Path) -> Result<bool, WriteFailure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        removed => removed.map(|()| true).map_err(|source| WriteFailure::new(path, source)),
    }
}

/// Makes a folder of mode 0700, with those above it, unless it is there.
///
/// # Errors
/// With the path and the system's reason.
pub fn provide_folder(dir: &Path) -> Result<(), WriteFailure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|source| WriteFailure::new(dir, source))
}

/// Reads a regular file of at most `limit` bytes.
///
/// Does not wait on a pipe in its place.
///
/// # Errors
/// Every variant of [`UnreadableFile`].
pub fn read(path: &Path, limit: u64, links: Links) -> Result<Vec<u8>, UnreadableFile> {
    let file = open(path, links)?;
    let failed = |at: usize| move |error: io::Error| UnreadableFile::failed(at, &error);
    // Asked of the open file and not of the path, which may lead elsewhere by now.
    let metadata = file.metadata().map_err(failed(0))?;
    if !metadata.is_file() {
        return Err(UnreadableFile::NotRegular);
    }
    // In one allocation: growing would leave copies of what may be secret.
    let length = usize::try_from(metadata.len().min(limit)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(length + 1);
    // One byte more than allowed is enough to know that there are more.
    let outcome = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    let length = bytes.len();
    outcome.map_err(failed(length))?;
    if u64::try_from(length).is_ok_and(|length| length <= limit) {
        return Ok(bytes);
    }
    Err(UnreadableFile::TooLong { limit })
}

/// Whether a symbolic link may be in place of the file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Links {
    /// It may: an administrator's file.
    Follow,
    /// It may not: a file that only the agent writes.
    Refuse,
}

/// Why a file could not be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UnreadableFile {
    /// There is no file of that name.
    Absent,
    /// The system refused to open or to read it.
    Failed {
        /// The bytes read before; 0 if it could not be opened.
        offset: usize,
        /// The reason that the system reported.
        errno: Errno,
    },
    /// A link, folder, pipe or device is in its place.
    NotRegular,
    /// It is longer than what is read of it.
    TooLong {
        /// The bytes that would have been read.
        limit: u64,
    },
}

impl UnreadableFile {
    fn failed(offset: usize, error: &io::Error) -> Self {
        Self::Failed { offset, errno: errno(error) }
    }
}

impl fmt::Display for UnreadableFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("no such file"),
            Self::Failed { offset: 0, errno } => {
                write!(f, "cannot be read, {}", reason::of_errno(*errno))
            }
            Self::Failed { offset, errno } => {
                write!(f, "cannot be read beyond byte {offset}, {}", reason::of_errno(*errno))
            }
            Self::NotRegular => f.write_str("not a regular file"),
            Self::TooLong { limit } => write!(f, "longer than {limit} bytes"),
        }
    }
}

impl core::error::Error for UnreadableFile {}

/// A change on disk that did not happen.
#[derive(Debug)]
pub struct WriteFailure {
    /// The file or folder that was to be written, made or removed.
    pub path: PathBuf,
    /// The reason that the system reported.
    pub source: io::Error,
}

impl WriteFailure {
    pub(super) fn new(path: &Path, source: io::Error) -> Self {
        Self { path: path.to_path_buf(), source }
    }
}

impl WriteFailure {
    /// Why, without the path.
    #[must_use]
    pub fn why(&self) -> String {
        format!("cannot be written, {}", why(&self.source))
    }
}

impl fmt::Display for WriteFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why())
    }
}

impl core::error::Error for WriteFailure {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// A new file of mode 0600 in `folder`, removed again unless persisted; a crash leaves it.
pub(super) fn temporary(folder: &Path) -> Result<NamedTempFile, WriteFailure> {
    // The builder hides the system's number behind its own error.
    let mut number = None;
    let file = tempfile::Builder::new().prefix(TEMPORARY_PREFIX).suffix(TEMPORARY_SUFFIX).make_in(
        folder,
        |path| {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            file.inspect_err(|error| number = error.raw_os_error())
        },
    );
    file.map_err(|error| {
        WriteFailure::new(folder, number.map_or(error, io::Error::from_raw_os_error))
    })
}

/// Whether a file of this name was left by a crash.
pub(super) fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY_PREFIX) && name.ends_with(TEMPORARY_SUFFIX)
}

fn open(path: &Path, links: Links) -> Result<File, UnreadableFile> {
    // Opening a pipe would wait for a writer, and a terminal could become that of this process.
    let mut flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    if links == Links::Refuse {
        flags |= OFlag::O_NOFOLLOW;
    }
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path);
    file.map_err(|error| match (errno(&error), links) {
        (Errno::ENOENT, _) => UnreadableFile::Absent,
        // ELOOP is a link that was not to be followed, ENXIO a socket or a device that is not there
        // (open(2)).
        (Errno::ELOOP, Links::Refuse) | (Errno::ENXIO, _) => UnreadableFile::NotRegular,
        (errno, _) => UnreadableFile::Failed { offset: 0, errno },
    })
}

/// Makes one folder unless it is there; a link to a folder is not one.
fn make_folder(path: &Path) -> Result<(), WriteFailure> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found =
                fs::symlink_metadata(path).map_err(|source| WriteFailure::new(path, source))?;
            if found.is_dir() { Ok(()) } else { Err(WriteFailure::new(path, error)) }
        }
        outcome => outcome.map_err(|source| WriteFailure::new(path, source)),
    }
}

const TEMPORARY_PREFIX: &str = ".secd-";
const TEMPORARY_SUFFIX: &str = ".tmp";

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn name(name: &str) -> FileName {
        FileName::parse(name).unwrap()
    }

    #[test]
    fn a_written_file_is_private_and_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = write_atomically(dir.path(), &name("SEP001122334455.cnf.xml"), b"one").unwrap();
        assert_eq!(path, dir.path().join("SEP001122334455.cnf.xml"));
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn folders_in_the_name_are_made() {
        let dir = tempfile::tempdir().unwrap();
        let name = name("New_Zealand/g3-tones.xml.sgn");
        write_atomically(dir.path(), &name, b"one").unwrap();
        let path = write_atomically(dir.path(), &name, b"two").unwrap();
        assert_eq!(fs::read(path).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path().join("New_Zealand")).unwrap().count(), 1);
    }

    #[test]
    fn a_link_in_place_of_a_folder_is_not_followed() {
        let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        symlink(outside.path(), dir.path().join("a")).unwrap();
        assert!(write_atomically(dir.path(), &name("a/b"), b"one").is_err());
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_link_in_place_of_the_file_is_replaced_and_not_followed() {
        let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        symlink(outside.path().join("target"), dir.path().join("a")).unwrap();
        write_atomically(dir.path(), &name("a"), b"one").unwrap();
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_missing_folder_is_named_with_the_reason() {
        let dir = tempfile::tempdir().unwrap().path().join("gone");
        let failure = write_atomically(&dir, &name("a"), b"one").unwrap_err();
        let text = failure.to_string();
        assert!(text.starts_with(dir.to_str().unwrap()), "{text}");
        assert!(text.ends_with("cannot be written, no such file or directory"), "{text}");
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = write_atomically(dir.path(), &name("a"), b"1234").unwrap();
        assert_eq!(read(&path, 4, Links::Refuse).unwrap(), b"1234");
        assert_eq!(read(&path, 3, Links::Refuse), Err(UnreadableFile::TooLong { limit: 3 }));
    }

    #[test]
    fn only_a_regular_file_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = write_atomically(dir.path(), &name("a"), b"1234").unwrap();
        let link = dir.path().join("link");
        symlink(&path, &link).unwrap();
        assert_eq!(read(&link, 4, Links::Refuse), Err(UnreadableFile::NotRegular));
        assert_eq!(read(&link, 4, Links::Follow).unwrap(), b"1234");
        assert_eq!(read(dir.path(), 4, Links::Follow), Err(UnreadableFile::NotRegular));
        assert_eq!(read(&dir.path().join("b"), 4, Links::Follow), Err(UnreadableFile::Absent));
    }

    #[test]
    fn a_pipe_is_not_waited_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(read(&path, 4, Links::Refuse), Err(UnreadableFile::NotRegular));
    }
}
