//! Events that a client can cause at will: logged a few times for each user, and then counted.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tokio::sync::Notify;

/// Occurrences of one kind, user by user.
pub(in crate::agent) struct Tally {
    /// How many of one user get a line each until they are summed up.
    written: u32,
    users: RefCell<BTreeMap<Who, Occurrences>>,
    any: Notify,
}

/// Whose occurrences they are.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(in crate::agent) enum Who {
    User(u32),
    /// All users beyond those that are counted one by one.
    Others,
}

#[derive(Clone, Copy, Default)]
struct Occurrences {
    written: u32,
    more: u64,
}

impl Tally {
    /// A tally that allows each user so many lines.
    pub(in crate::agent) fn writing(written: u32) -> Self {
        Self { written, users: RefCell::default(), any: Notify::new() }
    }

    /// Counts an occurrence, and returns whether it gets a line of its own.
    pub(in crate::agent) fn is_worth_a_line(&self, uid: u32) -> bool {
        let mut users = self.users.borrow_mut();
        let user = Who::User(uid);
        // Bounded: users come and go, and the map must not grow with them.
        let is_known = users.len() < USERS || users.contains_key(&user);
        let count = users.entry(if is_known { user } else { Who::Others }).or_default();
        self.any.notify_one();
        if count.written < self.written {
            count.written += 1;
            return true;
        }
        count.more += 1;
        false
    }

    /// Waits until something was counted.
    pub(in crate::agent) async fn any(&self) {
        self.any.notified().await;
    }

    /// How many got no line, user by user; then counting begins again.
    pub(in crate::agent) fn sum_up(&self) -> Vec<(Who, u64)> {
        let users = self.users.take();
        let unwritten = users.into_iter().filter(|(_, count)| count.more > 0);
        unwritten.map(|(who, count)| (who, count.more)).collect()
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(uid) => write!(f, "uid {uid}"),
            Self::Others => f.write_str("other users"),
        }
    }
}

/// How long occurrences are counted before they are summed up. Inferred: soon enough to be read.
pub(in crate::agent) const WINDOW: Duration = Duration::from_secs(30);

/// Users that are counted one by one. Inferred: more than a phone has.
const USERS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_written_and_the_rest_is_counted() {
        let tally = Tally::writing(16);
        let written = (0..1000).filter(|_| tally.is_worth_a_line(500)).count();
        assert_eq!(written, 16);
        assert!(tally.is_worth_a_line(501), "each user has its own");
        assert_eq!(tally.sum_up(), [(Who::User(500), 984)]);
        assert_eq!(tally.sum_up(), []);
        assert!(tally.is_worth_a_line(500), "and begins anew");
    }

    #[test]
    fn any_number_of_users_takes_a_bounded_number_of_lines() {
        let tally = Tally::writing(1);
        let written = (0..100_000).filter(|uid| tally.is_worth_a_line(*uid)).count();
        assert_eq!(written, USERS + 1);
        let more = u64::try_from(100_000 - written).unwrap();
        assert_eq!(tally.sum_up(), [(Who::Others, more)]);
    }
}
