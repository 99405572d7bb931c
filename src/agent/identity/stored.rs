//! The LSCs of the store, as values.

use std::rc::Rc;

use crate::agent::installed::{Installed, StoredLsc, line_of};
use crate::agent::narrate::say;
use crate::boot::Event;
use crate::io::identity::{CertificateWithKey, DeviceIdentity};
use crate::io::store::{Loaded, StoreEntry};

/// The LSC, and the one before it.
#[derive(Default)]
pub(super) struct StoredLscs {
    pub(super) lsc: Option<Rc<DeviceIdentity>>,
    pub(super) previous: Option<Rc<DeviceIdentity>>,
    /// The line of lists under which the first was installed, if that is known.
    pub(super) line: Option<u32>,
}

/// There is an LSC in the store, and none that can be read; the reason has been logged.
pub(super) struct LscLost;

impl StoredLscs {
    /// Reads them. Damage of the current one brings the one before it back; no trust depends on
    /// either.
    ///
    /// # Errors
    /// [`LscLost`].
    pub(super) fn read(installed: &Installed) -> Result<Self, LscLost> {
        let Some(StoredLsc { now, before }) = installed.lsc() else { return Ok(Self::default()) };
        let damage = match now {
            Loaded::Absent => return Ok(Self::default()),
            Loaded::Current(entry) => match CertificateWithKey::from_entry(&entry) {
                Ok(pair) => {
                    let previous = before.as_ref().and_then(read);
                    let lsc = Some(Rc::new(DeviceIdentity::from(&pair)));
                    return Ok(Self { lsc, previous, line: line_of(&entry) });
                }
                // Intact, and of no use: a program of another version has written it.
                Err(why) => why.to_string(),
            },
            Loaded::Previous { damage, .. } => damage.to_string(),
            Loaded::Locked { damage } => {
                let all: Vec<String> = damage.iter().map(ToString::to_string).collect();
                all.join("; ")
            }
        };
        let lsc = before.as_ref().and_then(read);
        if lsc.is_none() {
            say(&Event::LscLost { damage });
            return Err(LscLost);
        }
        say(&Event::LscBefore { damage });
        Ok(Self { lsc, previous: None, line: before.as_ref().and_then(line_of) })
    }
}

fn read(entry: &StoreEntry) -> Option<Rc<DeviceIdentity>> {
    let pair = CertificateWithKey::from_entry(entry).ok()?;
    Some(Rc::new(DeviceIdentity::from(&pair)))
}

/// Whether there is one at all, be it damaged.
pub(super) fn is_there(installed: &Installed) -> bool {
    installed.lsc().is_some_and(|stored| stored.now != Loaded::Absent)
}

/// The LSC in force, with its key in DER.
pub(super) fn current(installed: &Installed) -> Option<CertificateWithKey> {
    let StoredLsc { now, before } = installed.lsc()?;
    let current = match &now {
        Loaded::Current(entry) => CertificateWithKey::from_entry(entry).ok(),
        _ => None,
    };
    // Where that one is damaged, the one before it is in force.
    current.or_else(|| CertificateWithKey::from_entry(before.as_ref()?).ok())
}
