//! The groups of the process at the other end, as the kernel reports them.
//!
//! The kernel reports them in one call (`SO_PEERGROUPS`), which no crate offers without
//! `unsafe`. So they are read from `/proc/PID/status`, and that this is the process that connected
//! is checked by its `pidfd` (`SO_PEERPIDFD`, since Linux 6.5). Before Linux 6.5, user and group
//! have to match: a process that got the number of one that has just ended is taken for it if it is
//! of the same user and the same primary group.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::PeerPidfd;

/// Supplementary groups, by their numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Supplementary(Result<Numbers, Untold>);

/// The first [`MOST`] of them: one that is left out gives no right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Numbers {
    numbers: [u32; MOST],
    count: usize,
}

/// Why the groups of a process are not known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Untold {
    /// It has ended, or it is in another PID namespace.
    Gone,
    /// It has become another user since it connected, or runs as another than it was started by.
    Other,
    /// `/proc` does not show it.
    Unreadable,
}

impl fmt::Display for Untold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gone => "the process has ended",
            Self::Other => "the process runs as more than one user",
            Self::Unreadable => "/proc does not show the process",
        })
    }
}

impl Supplementary {
    /// Those of the process that has connected. Root's are not looked up: it has all rights
    /// without them.
    pub(super) fn of(stream: &impl AsFd, uid: u32, gid: u32, pid: Option<i32>) -> Self {
        if uid == 0 { Self::none() } else { Self(read(stream, uid, gid, pid)) }
    }

    /// No groups, for a process that has none.
    #[must_use]
    pub const fn none() -> Self {
        Self(Ok(Numbers { numbers: [0; MOST], count: 0 }))
    }

    /// The numbers that are known; empty if none are.
    #[must_use]
    pub fn numbers(&self) -> &[u32] {
        let known = self.0.as_ref().ok();
        known.and_then(|known| known.numbers.get(..known.count)).unwrap_or_default()
    }

    /// Why they are not known.
    #[must_use]
    pub fn untold(&self) -> Option<Untold> {
        self.0.err()
    }
}

fn read(stream: &impl AsFd, uid: u32, gid: u32, pid: Option<i32>) -> Result<Numbers, Untold> {
    let pid = pid.filter(|pid| *pid > 0).ok_or(Untold::Gone)?;
    let process = match getsockopt(stream, PeerPidfd) {
        Ok(process) => Some(process),
        // A kernel before 6.5: user and group have to do.
        Err(Errno::ENOPROTOOPT) => None,
        Err(_) => return Err(Untold::Gone),
    };
    let status = text(&format!("/proc/{pid}/status"));
    // Looked at afterwards: while it has its number, no other process does.
    if process.is_some_and(|process| number(&process) != Some(pid)) {
        return Err(Untold::Gone);
    }
    parse(&status.ok_or(Untold::Unreadable)?, uid, gid)
}

/// The number that a process has now; none if it has ended.
fn number(process: &OwnedFd) -> Option<i32> {
    let info = text(&format!("/proc/self/fdinfo/{}", process.as_raw_fd()))?;
    let number = field(&info, "Pid:")?.trim().parse().ok()?;
    Some(number).filter(|number| *number > 0)
}

/// The groups in a `status` whose every user is `uid`, and whose group in force is `gid`: whoever
/// runs a program of another user has not become that user for this socket.
fn parse(status: &str, uid: u32, gid: u32) -> Result<Numbers, Untold> {
    let numbers = |name| {
        let field: Option<Vec<u32>> =
            field(status, name)?.split_whitespace().map(|number| number.parse().ok()).collect();
        field
    };
    let fields = (numbers("Uid:"), numbers("Gid:"), numbers("Groups:"));
    let (Some(uids), Some(gids), Some(groups)) = fields else { return Err(Untold::Unreadable) };
    // Real, effective, saved and file system user; the second group is the effective one, which the
    // socket names (proc(5), unix(7)).
    if uids.len() != 4 || uids.iter().any(|found| *found != uid) || gids.get(1) != Some(&gid) {
        return Err(Untold::Other);
    }
    let mut known = Numbers { numbers: [0; MOST], count: 0 };
    for (place, number) in known.numbers.iter_mut().zip(groups) {
        *place = number;
        known.count += 1;
    }
    Ok(known)
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name))
}

/// A file of the kernel, which does not say beforehand how long it is: with room for all of it from
/// the beginning, since it would come in small pieces.
fn text(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(ROOM);
    let length = File::open(path).ok()?.take(LIMIT).read_to_end(&mut bytes).ok()?;
    // One that was cut would end in a number that is none.
    let complete = u64::try_from(length).is_ok_and(|length| length < LIMIT);
    String::from_utf8(bytes).ok().filter(|_| complete)
}

/// Groups of a process that count. Inferred: a phone has a handful.
const MOST: usize = 32;

/// Bytes that are expected of a `status`. Inferred: it has about 1,500, and at most eleven a group.
const ROOM: usize = 4096;

/// Bytes of a `status`: 65536 groups (`NGROUPS_MAX`) of at most eleven bytes, and what else there
/// is.
const LIMIT: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn status(uids: &str, gids: &str, groups: &str) -> String {
        format!(
            "Name:\tsh\nUid:\t{uids}\nGid:\t{gids}\nFDSize:\t64\nGroups:\t{groups} \nNStgid:\t7\n"
        )
    }

    fn told(status: &str) -> Result<Vec<u32>, Untold> {
        parse(status, 500, 501).map(|known| Supplementary(Ok(known)).numbers().to_vec())
    }

    #[test]
    fn groups_are_those_of_the_status() {
        let own = "500\t500\t500\t500";
        assert_eq!(told(&status(own, "501\t501\t501\t501", "7 600")), Ok(vec![7, 600]));
        assert_eq!(told(&status(own, "9\t501\t501\t501", "")), Ok(vec![]));
        let many = (0..40).map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(told(&status(own, "9\t501\t501\t501", &many)).unwrap().len(), MOST);
    }

    #[test]
    fn who_is_more_than_one_user_has_no_groups() {
        for uids in ["500\t0\t0\t0", "500\t500\t0\t500", "0\t500\t500\t500", "500\t500\t500", "1"] {
            let told = told(&status(uids, "501\t501\t501\t501", "600"));
            assert_eq!(told, Err(Untold::Other), "{uids}");
        }
        let told = told(&status("500\t500\t500\t500", "501\t9\t501\t501", "600"));
        assert_eq!(told, Err(Untold::Other));
    }

    #[test]
    fn a_status_without_groups_tells_nothing() {
        for status in ["", "Uid:\t500\t500\t500\t500\n", &status("x", "501", "600")] {
            assert_eq!(told(status), Err(Untold::Unreadable));
        }
    }
}
