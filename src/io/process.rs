//! The process as the system sees it: what it needs to start, and what it keeps to itself.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};

/// Makes sure that the descriptors which a start needs are available, and releases them again.
///
/// tokio has no error for the pair of sockets that its signals go through: it panics.
///
/// # Errors
/// The system's reason.
pub fn expect_descriptors() -> io::Result<()> {
    let stderr = io::stderr();
    let duplicate = |_| stderr.as_fd().try_clone_to_owned().map(File::from);
    // All of them at once: the start needs them side by side.
    let _held: Vec<File> = (0..DESCRIPTORS).map(duplicate).collect::<io::Result<_>>()?;
    UnixStream::pair().map(drop)
}

/// Keeps memory, which holds keys and decrypted configurations, out of core dumps and from other
/// processes of the same user.
///
/// # Errors
/// The system's reason; what could be done is done.
pub fn conceal_memory() -> io::Result<()> {
    // Looked at last, so that its failure does not keep the other from being done. The other also
    // shuts out ptrace and /proc/PID/mem for processes of the same user (prctl(2)).
    let limit = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    prctl::set_dumpable(false)?;
    Ok(limit?)
}

/// Descriptors that a start takes: standard ones, the runtime, the store, the socket, a transfer;
/// counted, and some more.
const DESCRIPTORS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_conceals_its_memory_is_not_dumped() {
        assert_eq!(prctl::get_dumpable(), Ok(true));
        conceal_memory().unwrap();
        assert_eq!(prctl::get_dumpable(), Ok(false));
        prctl::set_dumpable(true).unwrap();
    }
}
