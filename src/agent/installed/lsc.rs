//! The place of the LSC in the store. What an entry holds is the concern of [`crate::io::identity`].

use super::Installed;
use crate::io::store::{Before, Loaded, Slot, Store, StoreEntry, StoreFailure};

/// What the store holds of LSCs.
pub(in crate::agent) struct StoredLsc {
    pub(in crate::agent) now: Loaded,
    /// The entry before it.
    pub(in crate::agent) before: Option<StoreEntry>,
}

impl Installed {
    /// What the store holds; nothing while it cannot be opened. Also where the lists are locked: the
    /// LSC makes nobody trusted.
    pub(in crate::agent) fn lsc(&self) -> Option<StoredLsc> {
        let inner = self.inner.borrow();
        let store = inner.store.as_ref().ok()?;
        Some(StoredLsc { now: store.load(Slot::Lsc), before: store.before(Slot::Lsc) })
    }

    /// Stores an LSC; what becomes of the one that it replaces is up to the caller.
    pub(in crate::agent) fn store_lsc(
        &self,
        entry: &StoreEntry,
        before: Before,
    ) -> Result<(), StoreFailure> {
        self.with_store(|store| store.install_after(Slot::Lsc, entry, before))
    }

    /// Forgets the LSC before the current one.
    pub(in crate::agent) fn forget_lsc_before(&self) -> Result<(), StoreFailure> {
        self.with_store(|store| store.forget_before(Slot::Lsc))
    }

    /// Erases the LSC, and the one before it.
    pub(in crate::agent) fn erase_lsc(&self) -> Result<(), StoreFailure> {
        self.with_store(|store| store.erase(Slot::Lsc))
    }

    fn with_store(
        &self,
        change: impl FnOnce(&Store) -> Result<(), StoreFailure>,
    ) -> Result<(), StoreFailure> {
        let inner = self.inner.borrow();
        change(inner.store.as_ref().map_err(|_| StoreFailure::NotOpen)?)
    }
}
