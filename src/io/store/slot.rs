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
    /// The LSC with its private key.
    Lsc,
    /// The signer that the next first use waits for.
    Pin,
}

impl Slot {
    /// Every slot, in the order of their names.
    pub const ALL: [Self; 5] = [Self::Configuration, Self::Ctl, Self::Itl, Self::Lsc, Self::Pin];

    /// Those whose loss must not pass for absence, in the order in which markers list them.
    ///
    /// The LSC is none of them. A phone without one falls back to its MIC, which trusts no one more
    /// than before; and the version before would take a marker that names it for damage, and lock
    /// the lists.
    pub(super) const MARKED: [Self; 4] = [Self::Configuration, Self::Ctl, Self::Itl, Self::Pin];

    /// The name of its file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Ctl => "ctl",
            Self::Itl => "itl",
            Self::Lsc => "lsc",
            Self::Pin => "pin",
        }
    }

    /// Whether markers miss it when its files are lost.
    pub(super) fn is_marked(self) -> bool {
        Self::MARKED.contains(&self)
    }

    /// The slot of that name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.name() == name)
    }

    /// The most bytes it takes.
    ///
    /// # Source
    /// Inferred: four times the 64 KiB of the header's length fields for a list; what a certificate
    /// file may have ([`crate::io::identity`]), and as much for the key.
    pub const fn limit(self) -> usize {
        match self {
            Self::Configuration => configuration::MAX_BYTES,
            Self::Ctl | Self::Itl => 256 * 1024,
            Self::Lsc => 128 * 1024,
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
