//! Erasing lists by order of a person at the phone, or of root.

use super::{Inner, Installed, load, slot};
use crate::agent::narrate::say;
use crate::boot::Event;
use crate::io::store::{Damage, Loaded, Slot, Store, StoreFailure};
use crate::trust::ListKind;
use crate::wire::configuration::SettingsAccess;

/// Why nothing was erased.
#[derive(Debug)]
pub enum NotErased {
    /// The system refused to change a file of the store.
    Failed(StoreFailure),
    /// The lists that were trusted cannot be read: only all of them can be erased, and only if
    /// there is a folder.
    Locked,
    /// The state folder cannot be used: what it holds, wherever it is, is not erased.
    NoFolder(Damage),
    /// The phone's configuration leaves its user no access to settings.
    SettingsAccess(SettingsAccess),
}

/// By whose order lists are erased.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErasedBy {
    /// A person at the phone, through its Settings menu.
    Person,
    /// Root, who can also reset the phone to what it was in the factory.
    Root,
}

impl Installed {
    /// Whether lists may be erased by order of somebody.
    ///
    /// Where the phone's configuration leaves no access to settings, nobody at the phone deletes a
    /// list: what remains is the factory reset (technote, "Manually Delete ITL").
    ///
    /// # Errors
    /// [`NotErased::SettingsAccess`].
    pub(in crate::agent) fn may_erase(
        &self,
        kinds: &[ListKind],
        by: ErasedBy,
    ) -> Result<(), NotErased> {
        // All of them are erased by root's factory reset; one alone is a matter of the menu.
        let is_reset = kinds.len() == ListKind::ALL.len();
        self.may_use_settings(if is_reset { by } else { ErasedBy::Person })
    }

    /// Whether something may be erased that a person at the phone erases in its Settings menu.
    ///
    /// # Errors
    /// [`NotErased::SettingsAccess`].
    pub(in crate::agent) fn may_use_settings(&self, by: ErasedBy) -> Result<(), NotErased> {
        match self.settings_access() {
            Some(access) if access != SettingsAccess::Enabled && by == ErasedBy::Person => {
                Err(NotErased::SettingsAccess(access))
            }
            _ => Ok(()),
        }
    }

    /// Erases lists by order of somebody; all of them also when they cannot be read. From now on
    /// the next first use waits for the pinned signer, or for none in particular.
    pub(in crate::agent) fn erase(
        &self,
        kinds: &[ListKind],
        pin: Option<&[u8; 32]>,
        by: ErasedBy,
    ) -> Result<(), NotErased> {
        self.may_erase(kinds, by)?;
        let mut inner = self.inner.borrow_mut();
        if let Err(damage) = &inner.store {
            return Err(damage.clone().map_or(NotErased::Locked, NotErased::NoFolder));
        }
        let Ok(store) = &inner.store else { return Err(NotErased::Locked) };
        // Erasing one list of a damaged store would turn the damage of the other into first use.
        if inner.locked && kinds.len() < ListKind::ALL.len() {
            return Err(NotErased::Locked);
        }
        // The pin comes first: a crash in between must not let any signer be the first.
        let erased = store.set_pin(pin).and_then(|()| {
            kinds.iter().try_for_each(|kind| {
                if !inner.locked && kinds.len() < ListKind::ALL.len() {
                    inner.set_apart(store, *kind)?;
                }
                store.erase(slot(*kind))
            })
        });
        if erased.is_ok() && kinds.len() == ListKind::ALL.len() {
            inner.forget_owner(store);
        }
        // Also after a failure: what is in force must be what the store holds.
        inner.read_again();
        self.changed();
        erased.map_err(NotErased::Failed)
    }
}

impl Inner {
    /// Stores for the next start that the list which is left, once that of a kind is erased, begins
    /// a line of its own. Called before the erasing: what is remembered must not outlive it.
    fn set_apart(&self, store: &Store, erased: ListKind) -> Result<(), StoreFailure> {
        let left = slot(erased.other());
        let Some(standing) = self.anchors.standing_after_erasing(erased) else { return Ok(()) };
        match store.load(left) {
            Loaded::Current(entry) | Loaded::Previous { entry, .. } => {
                store.install(left, &load::moved(entry, &standing))
            }
            Loaded::Absent | Loaded::Locked { .. } => Ok(()),
        }
    }

    /// Forgets who may use the settings once all lists are erased, as a factory reset does: what the
    /// cluster of before allowed must not bind the next one.
    fn forget_owner(&self, store: &Store) {
        if self.access.is_none() && self.web.is_none() && self.log_server.is_none() {
            return;
        }
        let forgotten = match store.load(Slot::Configuration) {
            Loaded::Current(entry) | Loaded::Previous { entry, .. } => {
                store.install(Slot::Configuration, &load::after_reset(entry))
            }
            Loaded::Absent | Loaded::Locked { .. } => Ok(()),
        };
        // The lists are erased all the same; the next verified configuration has the say.
        if let Err(failure) = forgotten {
            say(&Event::StoreOdd { what: failure.to_string() });
        }
    }
}
