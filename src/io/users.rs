//! The names of users and groups, from the system's own two files. Which groups a process is in,
//! the kernel reports.
//!
//! Read here and not through the C library: its name service loads code at run time, which a static
//! binary cannot.

use std::path::Path;

use crate::io::files::{self, Links};
use crate::io::ipc::ClientCredentials;

/// A process by its user and groups.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Groups {
    /// The user's name, if it has one.
    pub user: Option<String>,
    /// Numbers and names of its groups, the primary one included; no name is an empty one.
    pub groups: Vec<(u32, String)>,
}

impl Groups {
    /// Names the user and the groups of a client by `/etc/passwd` and `/etc/group`.
    #[must_use]
    pub fn of(peer: ClientCredentials) -> Self {
        let read = |path: &str| {
            // Without the file there are no names, and `[access]` by number still holds.
            let bytes = files::read(Path::new(path), LIMIT, Links::Follow).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let numbers = [&[peer.gid], peer.groups.numbers()].concat();
        Self::named(peer.uid, &numbers, &read("/etc/passwd"), &read("/etc/group"))
    }

    fn named(uid: u32, numbers: &[u32], passwd: &str, group: &str) -> Self {
        let user = entries(passwd).find(|(_, number)| *number == uid);
        let named = |number: u32| {
            let names = entries(group).filter(move |(_, found)| *found == number);
            // A number may have several names, or none.
            let first = std::iter::once((number, String::new()));
            first.chain(names.map(|(name, number)| (number, name.to_owned())))
        };
        Self {
            user: user.map(|(name, _)| name.to_owned()),
            groups: numbers.iter().copied().flat_map(named).collect(),
        }
    }
}

/// Names and numbers: both files have them in the first and third field of a line.
fn entries(text: &str) -> impl Iterator<Item = (&str, u32)> {
    text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        // The password is between the two.
        Some((name, fields.nth(1)?.parse().ok()?))
    })
}

/// Inferred: ten times what a phone's files have.
const LIMIT: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nui:x:500:500::/:/bin/false\n";
    const GROUP: &str = "root:x:0:\nui:x:500:\nphone-ui:x:600:other,ui\nphone-apps:x:601:other\n";

    fn named(uid: u32, numbers: &[u32]) -> (Option<String>, Vec<String>) {
        let groups = Groups::named(uid, numbers, PASSWD, GROUP);
        (groups.user, groups.groups.into_iter().map(|(_, name)| name).collect())
    }

    #[test]
    fn a_process_is_in_the_groups_that_it_has_and_in_no_others() {
        assert_eq!(named(500, &[500]), (Some("ui".into()), vec!["".into(), "ui".into()]));
        let apps = ["", "ui", "", "phone-apps"].map(str::to_owned).to_vec();
        assert_eq!(named(500, &[500, 601]), (Some("ui".into()), apps));
    }

    #[test]
    fn users_and_groups_without_a_name_have_their_numbers() {
        let groups = Groups::named(77, &[9], PASSWD, GROUP);
        assert_eq!((groups.user, groups.groups), (None, vec![(9, String::new())]));
    }

    #[test]
    fn broken_lines_are_no_names() {
        for broken in ["x\n::\n", "\n:\nx:y\nx:y:z:\n", ":x:9:\n"] {
            let groups = Groups::named(9, &[9], broken, broken);
            assert_eq!((groups.user, groups.groups), (None, vec![(9, String::new())]));
        }
    }
}
