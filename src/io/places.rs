//! Places that the phone's users share: connections to the socket, connections to servers.
//!
//! Whatever a user takes, others find a place: some are root's alone, the last quarter is for users
//! who have few, and who has no right gets few of what remains.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Who asks for a place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Requester {
    /// A user without any right.
    Guest,
    /// A user with a right.
    Holder,
    /// Root, for whom some places are kept.
    Root,
}

/// How many places there are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shares {
    /// Places of all users together.
    pub all: usize,
    /// The most that one user may take.
    pub per_user: usize,
}

/// What all users have taken of the places there are.
#[derive(Debug)]
pub struct Places {
    shares: Shares,
    taken: RefCell<PlacesTaken>,
}

#[derive(Debug, Default)]
struct PlacesTaken {
    all: usize,
    guests: usize,
    users: BTreeMap<u32, Count>,
}

/// What one user has taken, with and without a right: groups are a process's own.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    all: usize,
    guest: usize,
}

/// No place, for a user who has so many.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Full {
    /// Places of the user.
    pub own: usize,
}

impl Places {
    /// Places of which none is taken.
    #[must_use]
    pub fn new(shares: Shares) -> Rc<Self> {
        Rc::new(Self { shares, taken: RefCell::default() })
    }

    /// How many are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken.borrow().all
    }

    /// Whether there is no place even for root.
    #[must_use]
    pub fn are_all_taken(&self) -> bool {
        self.taken() >= self.shares.all
    }

    /// Takes a place for a user. What it is entitled to is looked up only where that matters: a
    /// user without any right who floods the door is turned away without it.
    ///
    /// # Errors
    /// [`Full`].
    pub fn take(
        self: &Rc<Self>,
        uid: u32,
        standing: impl FnOnce() -> Requester,
    ) -> Result<Place, Full> {
        let own = self.taken.borrow().users.get(&uid).copied().unwrap_or_default();
        let full = Full { own: own.all };
        // A user with nothing but a guest's places, and all of them, is a flood until some are
        // free.
        let only_guests = own.guest == own.all && own.guest >= self.shares.few();
        if self.are_all_taken() || own.all >= self.shares.per_user || only_guests {
            return Err(full);
        }
        let standing = standing();
        if !self.has_room(own, standing) {
            return Err(full);
        }
        self.change(uid, standing, |count| *count += 1);
        Ok(Place { places: self.clone(), uid, standing })
    }

    fn has_room(&self, own: Count, standing: Requester) -> bool {
        let (shares, taken) = (self.shares, self.taken.borrow());
        let free = shares.all - taken.all;
        match standing {
            Requester::Root => true,
            // The first few come out of the last quarter as well, which greedy users do not get: a
            // user who comes late still finds them.
            Requester::Holder if own.all < shares.few() => free > shares.kept(),
            Requester::Holder => free > shares.quarter(),
            Requester::Guest => {
                let most = shares.quarter().max(1);
                own.guest < shares.few() && taken.guests < most && free > shares.quarter()
            }
        }
    }

    fn change(&self, uid: u32, standing: Requester, by_one: impl Fn(&mut usize)) {
        let mut taken = self.taken.borrow_mut();
        by_one(&mut taken.all);
        let own = taken.users.entry(uid).or_default();
        by_one(&mut own.all);
        if standing == Requester::Guest {
            by_one(&mut own.guest);
        }
        // Users come and go: what is kept about them goes with their last place.
        if own.all == 0 {
            taken.users.remove(&uid);
        }
        if standing == Requester::Guest {
            by_one(&mut taken.guests);
        }
    }
}

impl Shares {
    /// What a user without any right may have, and what any other finds in the last quarter.
    fn few(self) -> usize {
        FEW.min(self.all.div_ceil(8))
    }

    /// Places that only root may take.
    fn kept(self) -> usize {
        FEW.min(self.all / 16)
    }

    fn quarter(self) -> usize {
        self.all / 4
    }
}

/// A place, released when dropped.
#[derive(Debug)]
pub struct Place {
    places: Rc<Places>,
    uid: u32,
    standing: Requester,
}

impl Place {
    /// What its user was entitled to when taking it.
    #[must_use]
    pub const fn standing(&self) -> Requester {
        self.standing
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.change(self.uid, self.standing, |count| *count -= 1);
    }
}

/// Places that are few; inferred: a process has one connection or two, and some work side by side.
const FEW: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn socket() -> Rc<Places> {
        Places::new(Shares { all: 256, per_user: 128 })
    }

    fn take(places: &Rc<Places>, uid: u32, standing: Requester, count: usize) -> Vec<Place> {
        (0..count).map_while(|_| places.take(uid, || standing).ok()).collect()
    }

    #[test]
    fn a_user_without_rights_has_few_and_all_of_them_a_quarter() {
        let places = socket();
        let held: Vec<_> = (1..40).map(|uid| take(&places, uid, Requester::Guest, 300)).collect();
        assert_eq!(held[0].len(), 8);
        assert_eq!(places.taken(), 64);
        assert_eq!(take(&places, 100, Requester::Holder, 300).len(), 128);
    }

    #[test]
    fn whatever_two_users_hold_the_next_ones_and_root_find_places() {
        let places = socket();
        let one = take(&places, 1, Requester::Holder, 300);
        let two = take(&places, 2, Requester::Holder, 300);
        assert_eq!((one.len(), two.len()), (128, 64));
        let others: Vec<_> =
            (3..40).map(|uid| take(&places, uid, Requester::Holder, 300)).collect();
        assert_eq!((others[0].len(), others[6].len()), (8, 8));
        assert_eq!(places.taken(), 248);
        assert_eq!(take(&places, 0, Requester::Root, 300).len(), 8, "kept for root");
    }

    #[test]
    fn rights_are_not_looked_up_for_a_user_who_is_turned_away_whatever_they_are() {
        let places = socket();
        let _held = take(&places, 1, Requester::Guest, 8);
        let full = places.take(1, || unreachable!("not looked up")).unwrap_err();
        assert_eq!(full, Full { own: 8 });
    }

    #[test]
    fn a_process_of_the_same_user_with_a_right_has_places_of_its_own() {
        let places = socket();
        let _guest = take(&places, 1, Requester::Guest, 7);
        let _holder = take(&places, 1, Requester::Holder, 100);
        assert_eq!(take(&places, 1, Requester::Guest, 8).len(), 1);
    }

    #[test]
    fn a_place_is_given_back() {
        let places = socket();
        drop(take(&places, 1, Requester::Guest, 8));
        drop(take(&places, 2, Requester::Holder, 8));
        assert_eq!(places.taken(), 0);
        assert!(places.taken.borrow().users.is_empty());
        assert_eq!(places.taken.borrow().guests, 0);
    }

    #[test]
    fn one_place_in_all_is_a_place() {
        for standing in [Requester::Guest, Requester::Holder, Requester::Root] {
            let places = Places::new(Shares { all: 1, per_user: 1 });
            assert!(places.take(1, || standing).is_ok(), "{standing:?}");
            assert!(places.take(2, || standing).is_ok(), "given back");
        }
    }
}
