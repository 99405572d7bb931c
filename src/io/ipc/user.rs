//! What the connections of one user share, so that they are at each other's expense only.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use tokio::sync::{Notify, Semaphore, SemaphorePermit};

/// The users who have connections.
#[derive(Debug, Default)]
pub(super) struct Users(RefCell<BTreeMap<u32, Weak<User>>>);

impl Users {
    /// What the connections of a user share.
    pub(super) fn of(&self, uid: u32) -> Rc<User> {
        let mut users = self.0.borrow_mut();
        if let Some(user) = users.get(&uid).and_then(Weak::upgrade) {
            return user;
        }
        // Those who have left are forgotten when somebody new comes.
        users.retain(|_, user| user.strong_count() > 0);
        let user = Rc::new(User::default());
        users.insert(uid, Rc::downgrade(&user));
        user
    }
}

/// One user, for as long as a connection of theirs is open.
#[derive(Debug)]
pub(super) struct User {
    turn: Semaphore,
    long: Semaphore,
    unread: Cell<usize>,
    read: Notify,
}

impl Default for User {
    fn default() -> Self {
        Self {
            turn: Semaphore::new(1),
            long: Semaphore::new(LONG),
            unread: Cell::new(0),
            read: Notify::new(),
        }
    }
}

/// The right to have a long message in memory.
pub(super) type Long<'a> = Option<SemaphorePermit<'a>>;

impl User {
    /// Waits for the turn to call something.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.turn.acquire().await.ok()
    }

    /// Waits until another long message fits into the memory.
    pub(super) async fn long(&self) -> Long<'_> {
        self.long.acquire().await.ok()
    }

    /// Waits until no more replies wait to be read than may.
    pub(super) async fn room(&self) {
        while self.unread.get() > UNREAD {
            // One thread: nothing can be read between the look and the wait.
            self.read.notified().await;
        }
    }

    /// Counts a reply for as long as it is not read.
    pub(super) fn unread(&self, length: usize) -> Unread<'_> {
        self.unread.set(self.unread.get() + length);
        Unread { user: self, length }
    }
}

/// A reply that waits to be read.
pub(super) struct Unread<'a> {
    user: &'a User,
    length: usize,
}

impl Drop for Unread<'_> {
    fn drop(&mut self) {
        self.user.unread.set(self.user.unread.get() - self.length);
        self.user.read.notify_waiters();
    }
}

/// Long messages of one user that are there in part; inferred: a call with certificates comes at
/// once, and so many are half a MiB.
const LONG: usize = 8;

/// Bytes of replies that may wait when another call is carried out; inferred: the largest reply,
/// which lists every record of two lists of the largest size.
const UNREAD: usize = 2 << 20;
