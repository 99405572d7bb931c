//! How many finished transfers still answer for their last ACK.

use std::cell::Cell;

/// A place among those few, given back when dropped. Only a courtesy is lost without one: the file
/// is complete.
pub(super) struct DallyPlace(());

impl DallyPlace {
    /// A place, if one is free.
    pub(super) fn take() -> Option<Self> {
        let taken = TAKEN.get();
        (taken < PLACES).then(|| {
            TAKEN.set(taken + 1);
            Self(())
        })
    }
}

impl Drop for DallyPlace {
    fn drop(&mut self) {
        TAKEN.set(TAKEN.get().saturating_sub(1));
    }
}

thread_local! {
    /// The agent has one thread, and its tasks stay there.
    static TAKEN: Cell<usize> = const { Cell::new(0) };
}

/// Inferred: as many as a pass has files. Each has a socket for some seconds, and whoever fetches
/// one file after another must not be given thousands.
pub(super) const PLACES: usize = 4;
