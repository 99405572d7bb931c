//! How connections of the phone's other processes have ended, for those who had them.
//!
//! The plaintext of a connection ends in the same way whether the server closed it or it was cut
//! off: a client that has to know asks afterwards, by the number of the connection.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use rustls::crypto::ring::default_provider;

/// How the last connections ended; older ones are forgotten.
pub(super) struct Ends {
    last: RefCell<VecDeque<ConnectionEnd>>,
    next: Cell<u64>,
    cut: Cell<u64>,
}

/// How a connection ended on the side of its server.
#[derive(Clone)]
pub(super) struct ConnectionEnd {
    number: u64,
    uid: u32,
    /// Whether everything that the server had to send has arrived.
    pub(super) complete: bool,
    /// The same in words.
    pub(super) words: String,
}

impl Default for Ends {
    /// Numbers start at random, so that a number of an earlier agent means nothing to this one.
    fn default() -> Self {
        let mut first = [0; 4];
        // Without randomness they start at zero, which reveals nothing: each user sees its own.
        let _starts_at_zero = default_provider().secure_random.fill(&mut first);
        let next = Cell::new(u64::from(u32::from_ne_bytes(first)));
        Self { last: RefCell::default(), next, cut: Cell::new(0) }
    }
}

impl Ends {
    /// The number of a new connection.
    pub(super) fn number(&self) -> u64 {
        self.next.replace(self.next.get() + 1)
    }

    /// Notes how a connection has ended, unless that was noted before.
    pub(super) fn note(&self, (uid, number): (u32, u64), complete: bool, words: &str) {
        if self.find(uid, number).is_some() {
            return;
        }
        let mut last = self.last.borrow_mut();
        // A user at its own limit pushes out its own, whatever room there is.
        let oldest_of_user = last.iter().position(|it| it.uid == uid);
        let full = match last.iter().filter(|it| it.uid == uid).count() {
            OF_USER.. => oldest_of_user,
            _ => (last.len() >= OF_ALL).then_some(0),
        };
        full.map(|oldest| last.remove(oldest));
        last.push_back(ConnectionEnd { number, uid, complete, words: words.to_owned() });
    }

    /// Counts a connection that was cut off.
    pub(super) fn count_cut(&self) {
        self.cut.set(self.cut.get() + 1);
    }

    /// How many were cut off since the start.
    pub(super) fn cut(&self) -> u64 {
        self.cut.get()
    }

    /// How a connection of a user has ended, if it has, and recently. Of those of other users it
    /// reveals nothing.
    pub(super) fn find(&self, uid: u32, number: u64) -> Option<ConnectionEnd> {
        let last = self.last.borrow();
        last.iter().find(|it| it.number == number && it.uid == uid).cloned()
    }
}

/// Ends that are kept for one user, and for all: no user can push out those of another. Inferred:
/// whoever asks does so at once.
const OF_USER: usize = 32;
const OF_ALL: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_the_users_own_and_nobody_makes_those_of_another_forgotten() {
        let ends = Ends::default();
        let (mine, first) = (ends.number(), ends.number());
        ends.note((1000, mine), false, "cut off");
        ends.note((2000, first), true, "closed");
        for _ in 0..OF_USER {
            ends.note((2000, ends.number()), true, "closed");
        }
        assert!(ends.find(2000, first).is_none());
        assert!(ends.find(1000, mine).is_some_and(|end| !end.complete));
        assert!(ends.find(2000, mine).is_none());
    }

    #[test]
    fn what_came_whole_stays_so() {
        let ends = Ends::default();
        let number = ends.number();
        ends.note((1000, number), true, "closed");
        ends.note((1000, number), false, "idle for too long");
        assert!(ends.find(1000, number).is_some_and(|end| end.complete));
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let ends = Ends::default();
        (0..1000).for_each(|uid| ends.note((uid, ends.number()), true, "closed"));
        assert_eq!(ends.last.borrow().len(), OF_ALL);
    }
}
