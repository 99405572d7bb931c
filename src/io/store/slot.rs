//! The places of a store.

use core::fmt;

use crate::wire::configuration;

/// A place for one installed thing.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Slot {
    /// The last configuration that was verified.
    Configuration,
    /// The certificate trust list.
    Ctl,
    /// The identity trust list.
    Itl,
    /// The signer that the next first use waits for.
    Pin,
}

impl Slot {
    /// All slots, in the order in which markers list them.
    pub const ALL: [Self; 4] = [Self::Configuration, Self::Ctl, Self::Itl, Self::Pin];

    /// The name of its file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Ctl => "ctl",
            Self::Itl => "itl",
            Self::Pin => "pin",
        }
    }

    /// The slot of that name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.name() == name)
    }

    /// The most bytes it takes.
    ///
    /// # Source
    /// Inferred: four times the 64 KiB of the header's length fields for a list.
    pub const fn limit(self) -> usize {
        match self {
            Self::Configuration => configuration::MAX_BYTES,
            Self::Ctl | Self::Itl => 256 * 1024,
            Self::Pin => PIN,
        }
    }
}

/// Bytes of a pin: a SHA-256.
pub(super) const PIN: usize = 32;

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
