//! Limits of the process: no core dump, no endless file, no crowd of processes.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;

use nix::unistd::getuid;
use rustix::fs::{Dir, DirEntry};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Limits core dumps to nothing, and files to `largest_file` bytes.
///
/// # Errors
/// The first that the system refuses; the other is applied.
pub(super) fn apply(largest_file: u64) -> io::Result<()> {
    let core = lower(Resource::Core, 0);
    // A log that goes into a file grows beyond any file of the agent's own, and the kernel ends a
    // process that writes beyond the limit.
    let file = if is_file(Path::new("/proc/self/fd/2")) {
        Ok(())
    } else {
        lower(Resource::Fsize, largest_file)
    };
    core.and(file)
}

/// Limits the processes of this process's user, so that the agent's own threads still have room.
///
/// Must run once the user is the one that stays: each has its own number of them, and root is not
/// held to any. No thread must be left out that starts later, so those that try are over by the end.
///
/// # Errors
/// The system's reason.
pub(super) fn limit_processes() -> io::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nproc);
    let mut limit = threads_of_user() + THREADS;
    // The kernel counts those in other PID namespaces as well, which /proc does not show here: the
    // user of one container is that of others.
    for _ in 0..DOUBLINGS {
        let current = Some(maximum.map_or(limit, |hard| hard.min(limit)));
        setrlimit(Resource::Nproc, Rlimit { current, maximum })?;
        if starts_a_thread() {
            break;
        }
        limit *= 2;
    }
    // What is below may be full with the next one.
    lower(Resource::Nproc, limit + THREADS)
}

fn starts_a_thread() -> bool {
    thread::Builder::new().spawn(|| ()).is_ok_and(|thread| thread.join().is_ok())
}

/// Sets both limits. What was allowed less stays so.
fn lower(resource: Resource, limit: u64) -> io::Result<()> {
    let limit = Some(getrlimit(resource).maximum.map_or(limit, |hard| hard.min(limit)));
    Ok(setrlimit(resource, Rlimit { current: limit, maximum: limit })?)
}

fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|facts| facts.is_file())
}

/// How many threads the user of this process has now, this one included: the limit is for all of
/// them, and where a person starts the agent there are many.
fn threads_of_user() -> u64 {
    let own = getuid().as_raw();
    let processes = File::open("/proc").ok().and_then(|folder| Dir::new(folder).ok());
    let threads = |process: DirEntry| {
        let name = OsStr::from_bytes(process.file_name().to_bytes());
        let tasks = fs::metadata(Path::new("/proc").join(name).join("task")).ok()?;
        // A folder has a link from itself, one from its name, and one from each folder in it.
        (tasks.uid() == own).then(|| tasks.nlink().saturating_sub(2))
    };
    processes.into_iter().flatten().flatten().filter_map(threads).sum()
}

/// Threads of the agent, and some more of the same user: it makes keys on a thread of their own.
/// Inferred.
const THREADS: u64 = 64;

/// How often the limit is doubled: more than any system has. Inferred.
const DOUBLINGS: u32 = 16;
