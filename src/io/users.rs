//! The names of users and groups, from the system's own two files. Which groups a process is in,
//! the kernel reports.
//!
//! Read here and not through the C library: its name service loads code at run time, which a static
//! binary cannot.

mod kept;

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{Gid, getegid, geteuid, getgroups};

use crate::io::files::{self, Links};
use crate::io::ipc::ClientCredentials;

pub use kept::CurrentAccounts;

/// A process by its user and groups.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Groups {
    /// The user's name, if it has one.
    pub user: Option<String>,
    /// Numbers and names of its groups, the primary one included; no name is an empty one.
    pub groups: Vec<(u32, String)>,
}

impl Groups {
    /// Names the user and the groups of a client.
    #[must_use]
    pub fn of(peer: ClientCredentials, accounts: &Accounts) -> Self {
        let numbers = [&[peer.gid], peer.groups.numbers()].concat();
        Self::named(peer.uid, &numbers, accounts)
    }

    fn named(uid: u32, numbers: &[u32], accounts: &Accounts) -> Self {
        let named = |number: u32| {
            let names = entries(&accounts.group).filter(move |entry| entry.number == number);
            // A number may have several names, or none.
            let first = std::iter::once((number, String::new()));
            first.chain(names.map(|entry| (entry.number, entry.name.to_owned())))
        };
        Self {
            user: accounts.user_name(uid).map(str::to_owned),
            groups: numbers.iter().copied().flat_map(named).collect(),
        }
    }
}

/// The users and groups of this system, as its two files list them.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    passwd: String,
    group: String,
}

impl Accounts {
    /// Reads `/etc/passwd` and `/etc/group`.
    #[must_use]
    pub fn read() -> Self {
        Self::from_files([PASSWD, GROUP].map(Path::new))
    }

    fn from_files(paths: [&Path; 2]) -> Self {
        let [passwd, group] = paths.map(|path| {
            // Without the file there are no names, and `[access]` by number still holds.
            let bytes = files::read(path, LIMIT, Links::Follow).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Self { passwd, group }
    }

    /// Whether there is a group of that name.
    #[must_use]
    pub fn has_group(&self, name: &str) -> bool {
        entries(&self.group).any(|entry| entry.name == name)
    }

    /// Whether there is a user of that name.
    #[must_use]
    pub fn has_user(&self, name: &str) -> bool {
        entries(&self.passwd).any(|entry| entry.name == name)
    }

    fn user_name(&self, uid: u32) -> Option<&str> {
        entries(&self.passwd).find(|entry| entry.number == uid).map(|entry| entry.name)
    }

    /// The user of that name, in the groups that a login would put it into.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<Account> {
        let entry = entries(&self.passwd).find(|entry| entry.name == name)?;
        let is_in = |group: &Entry<'_>| group.rest.split([':', ',']).any(|member| member == name);
        let primary = entry.rest.split(':').next().and_then(|gid| gid.parse().ok());
        let others = entries(&self.group).filter(is_in).map(|group| group.number);
        let groups = primary.into_iter().chain(others).collect();
        Some(Account { name: name.to_owned(), uid: entry.number, groups })
    }

    /// The user of this process, in the groups that it has.
    #[must_use]
    pub fn own(&self) -> Account {
        let uid = geteuid().as_raw();
        let name = self.user_name(uid).map_or_else(|| uid.to_string(), str::to_owned);
        let others = getgroups().unwrap_or_default();
        let groups = others.into_iter().chain([getegid()]).map(Gid::as_raw).collect();
        Account { name, uid, groups }
    }
}

/// A user, for what the modes of files allow it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Account {
    /// Its name; its number if it has none.
    pub name: String,
    /// Its number, which is the owner of files.
    pub uid: u32,
    /// The numbers of its groups.
    pub groups: Vec<u32>,
}

impl Account {
    /// Whether the mode of a file or folder allows all of `wanted`, of 4 (read), 2 (write) and 1
    /// (execute a file, enter a folder). Access control lists are not looked at.
    #[must_use]
    pub fn may(&self, facts: &Metadata, wanted: u32) -> bool {
        let shift = match (facts.uid(), facts.gid()) {
            (owner, _) if owner == self.uid => 6,
            (_, group) if self.groups.contains(&group) => 3,
            _ => 0,
        };
        // Modes do not hold root up (capabilities(7), CAP_DAC_OVERRIDE).
        self.uid == 0 || (facts.mode() >> shift) & wanted == wanted
    }
}

/// A line of either file.
struct Entry<'a> {
    name: &'a str,
    number: u32,
    /// The fields after the number.
    rest: &'a str,
}

/// Names and numbers: both files have them in the first and third field of a line.
fn entries(text: &str) -> impl Iterator<Item = Entry<'_>> {
    text.lines().filter_map(|line| {
        // The password is between the two.
        let mut fields = line.splitn(4, ':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let number = fields.nth(1)?.parse().ok()?;
        Some(Entry { name, number, rest: fields.next().unwrap_or_default() })
    })
}

/// Names and numbers of users, and below it those of groups. Source: passwd(5), group(5).
const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";

/// Inferred: ten times what a phone's files have.
const LIMIT: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nui:x:500:500::/:/bin/false\n";
    const GROUPS: &str = "root:x:0:\nui:x:500:\nphone-ui:x:600:other,ui\nphone-apps:x:601:other\n";

    fn accounts(passwd: &str, group: &str) -> Accounts {
        Accounts { passwd: passwd.to_owned(), group: group.to_owned() }
    }

    fn named(uid: u32, numbers: &[u32]) -> (Option<String>, Vec<String>) {
        let groups = Groups::named(uid, numbers, &accounts(USERS, GROUPS));
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
        let groups = Groups::named(77, &[9], &accounts(USERS, GROUPS));
        assert_eq!((groups.user, groups.groups), (None, vec![(9, String::new())]));
    }

    #[test]
    fn broken_lines_are_no_names() {
        for broken in ["x\n::\n", "\n:\nx:y\nx:y:z:\n", ":x:9:\n"] {
            let groups = Groups::named(9, &[9], &accounts(broken, broken));
            assert_eq!((groups.user, groups.groups), (None, vec![(9, String::new())]));
        }
    }
    #[test]
    fn a_user_is_in_its_own_group_and_in_those_that_list_it() {
        let accounts = accounts(USERS, GROUPS);
        let ui = Account { name: "ui".to_owned(), uid: 500, groups: vec![500, 600] };
        assert_eq!(accounts.user("ui"), Some(ui));
        assert_eq!(accounts.user("u"), None);
        assert!(accounts.has_user("root") && !accounts.has_user("phone-ui"));
        assert!(accounts.has_group("phone-ui") && !accounts.has_group("phone-u"));
    }

    #[test]
    fn a_mode_is_that_of_the_owner_else_of_the_group_else_of_others() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let set = |mode| file.as_file().set_permissions(PermissionsExt::from_mode(mode)).unwrap();
        set(0o640);
        let facts = file.as_file().metadata().unwrap();
        let (uid, gid) = (facts.uid(), facts.gid());
        let user = |uid, gid| Account { name: String::new(), uid, groups: vec![gid] };
        assert!(user(uid + 1, gid).may(&facts, 4) && !user(uid + 1, gid).may(&facts, 2));
        assert!(!user(uid + 1, gid + 1).may(&facts, 4));
        set(0o066);
        let facts = file.as_file().metadata().unwrap();
        assert_eq!(user(uid, gid).may(&facts, 4), uid == 0, "an owner has no rights of others");
    }
}
