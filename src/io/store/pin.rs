//! The signer that the next first use waits for: SHA-256 of its certificate.

use super::damage::DamageReason;
use super::slot::PIN;
use super::{Damage, Loaded, Slot, Store, StoreEntry, StoreFailure};

impl Store {
    /// The pin; none if the next first use may be anyone's.
    ///
    /// # Errors
    /// [`Damage`] if there is one that cannot be read, or another before it: who was awaited is not
    /// known, and no one else may be trusted instead.
    pub fn pin(&self) -> Result<Option<[u8; PIN]>, Damage> {
        let (entry, path) = match self.load(Slot::Pin) {
            Loaded::Absent => return Ok(None),
            Loaded::Current(entry) => (entry, self.current(Slot::Pin)),
            // The pin before may be that of another signer: it must not stand in for this one.
            Loaded::Previous { damage, .. } => return Err(damage),
            Loaded::Locked { damage } => {
                let unknown = || Damage::new(&self.current(Slot::Pin), 0, DamageReason::Missing);
                return Err(damage.into_iter().next().unwrap_or_else(unknown));
            }
        };
        let found = entry.bytes.len();
        let length = DamageReason::Length { announced: PIN, found };
        let pin = entry.bytes.as_slice().try_into();
        pin.map(Some).map_err(|_| Damage::new(&path, found, length))
    }

    /// Has the next first use wait for a signer, or for none in particular.
    ///
    /// To be called before the erase that leads to that first use: a crash between the two leaves a
    /// pin that nothing asks for yet.
    ///
    /// # Errors
    /// As [`Store::install`] and [`Store::erase`].
    pub fn set_pin(&self, pin: Option<&[u8; PIN]>) -> Result<(), StoreFailure> {
        match pin {
            Some(pin) => self.install(Slot::Pin, &StoreEntry::new(pin.to_vec())),
            None if self.pin() == Ok(None) => Ok(()),
            None => self.erase(Slot::Pin),
        }
    }
}
