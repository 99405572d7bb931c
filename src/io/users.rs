//! Which groups a user belongs to, from the system's own two files.
//!
//! Read here and not through the C library: its name service loads code at run time, which a static
//! binary cannot.

use std::path::Path;

use crate::io::files::{self, Links};

/// The groups of a user by the group file, besides its primary one: numbers and names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// The user's name, if it has one.
    pub user: Option<String>,
    /// Numbers and names of its groups.
    pub groups: Vec<(u32, String)>,
}

impl Groups {
    /// Reads `/etc/passwd` and `/etc/group`.
    #[must_use]
    pub fn of(uid: u32, gid: u32) -> Self {
        let read = |path: &str| {
            let octets = files::read(Path::new(path), LIMIT, Links::Follow).unwrap_or_default();
            String::from_utf8_lossy(&octets).into_owned()
        };
        Self::find(uid, gid, &read("/etc/passwd"), &read("/etc/group"))
    }

    fn find(uid: u32, gid: u32, passwd: &str, group: &str) -> Self {
        let user = passwd
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>())
            .find(|fields| fields.get(2).is_some_and(|field| *field == uid.to_string()))
            .and_then(|fields| fields.first().map(|name| (*name).to_owned()));
        let groups = group.lines().filter_map(|line| member(line, gid, user.as_deref())).collect();
        Self { user, groups }
    }
}

/// The group of a line, if the user is in it.
fn member(line: &str, gid: u32, user: Option<&str>) -> Option<(u32, String)> {
    let mut fields = line.split(':');
    let (name, _password) = (fields.next()?, fields.next()?);
    let number: u32 = fields.next()?.parse().ok()?;
    let mut members = fields.next().unwrap_or_default().split(',');
    let belongs = number == gid || members.any(|member| Some(member) == user);
    belongs.then(|| (number, name.to_owned()))
}

/// Inferred: ten times what a phone's files have.
const LIMIT: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nui:x:500:500::/:/bin/false\n";
    const GROUP: &str = "root:x:0:\nui:x:500:\nphone-ui:x:600:other,ui\nphone-apps:x:601:other\n";

    #[test]
    fn a_user_is_in_its_own_group_and_where_it_is_named() {
        let found = Groups::find(500, 500, PASSWD, GROUP);
        assert_eq!(found.user.as_deref(), Some("ui"));
        let expected = [(500, "ui".to_owned()), (600, "phone-ui".to_owned())];
        assert_eq!(found.groups, expected);
    }

    #[test]
    fn a_user_without_a_name_has_its_primary_group_only() {
        let found = Groups::find(77, 601, PASSWD, GROUP);
        assert_eq!((found.user, found.groups), (None, vec![(601, "phone-apps".to_owned())]));
    }

    #[test]
    fn broken_lines_are_no_groups() {
        assert_eq!(Groups::find(0, 9, "x\n::\n", "\n:\nx:y\nx:y:z:\n").groups, []);
    }
}
