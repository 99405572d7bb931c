//! Work of which only so much is done at once, shared among users.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// Turns at some work. The calls of one user wait for each other first, so that at most a few of
/// them are ahead of another user's.
pub(super) struct Turns {
    all: Semaphore,
    each: usize,
    users: RefCell<BTreeMap<u32, Weak<Semaphore>>>,
}

/// A turn, over when dropped.
pub(super) struct Turn<'a> {
    _of_all: Option<SemaphorePermit<'a>>,
    /// Keeps the user's share of the turns alive, too.
    _of_user: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// So many at once, and so many for one user.
    pub(super) fn new(all: usize, each: usize) -> Self {
        Self { all: Semaphore::new(all), each, users: RefCell::default() }
    }

    /// Waits for a turn.
    pub(super) async fn take(&self, uid: u32) -> Turn<'_> {
        // Never an error: the semaphores are not closed. The user's own comes first; the other way
        // round, a user's waiting calls would occupy the turns of all.
        let _of_user = self.of(uid).acquire_owned().await.ok();
        let _of_all = self.all.acquire().await.ok();
        Turn { _of_all, _of_user }
    }

    fn of(&self, uid: u32) -> Arc<Semaphore> {
        let mut users = self.users.borrow_mut();
        if let Some(user) = users.get(&uid).and_then(Weak::upgrade) {
            return user;
        }
        // Users without a call are forgotten here, so that the map stays as small as the crowd.
        users.retain(|_, user| user.strong_count() > 0);
        let user = Arc::new(Semaphore::new(self.each));
        users.insert(uid, Arc::downgrade(&user));
        user
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn poll<T>(future: core::pin::Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn another_user_comes_next_however_many_wait() {
        let turns = Turns::new(2, 1);
        let Poll::Ready(first) = poll(pin!(turns.take(1))) else { panic!("it is free") };
        let mut waiting: Vec<_> = (0..100).map(|_| Box::pin(turns.take(1))).collect();
        assert!(waiting.iter_mut().all(|it| poll(it.as_mut()).is_pending()));
        let Poll::Ready(_other) = poll(pin!(turns.take(2))) else { panic!("a place is kept") };
        let mut third = pin!(turns.take(3));
        assert!(poll(third.as_mut()).is_pending());
        drop(first);
        let Poll::Ready(_third) = poll(third.as_mut()) else { panic!("user 1 is ahead") };
        assert!(waiting.iter_mut().all(|it| poll(it.as_mut()).is_pending()));
    }

    #[test]
    fn who_waits_no_more_is_forgotten() {
        let turns = Turns::new(1, 1);
        for uid in 0..1000 {
            assert!(poll(pin!(turns.take(uid))).is_ready());
        }
        assert_eq!(turns.users.borrow().len(), 1);
    }
}
