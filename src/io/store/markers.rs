//! The markers: that something was installed in a slot once, and in which others.
//!
//! Each marker names every slot that is occupied, so that a slot whose files are lost with its
//! marker is still missed. The version before has left them empty, and looks only whether they are
//! there.

use super::damage::{Damage, DamageReason};
use super::{Oddity, Slot, Store, StoreFailure, StoreWarning, exists};
use crate::io::files::{self, Links, UnreadableFile};
use crate::io::reason::errno;

/// Which slots are occupied.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Occupied([bool; Slot::MARKED.len()]);

impl Occupied {
    fn from_fn(is_occupied: impl Fn(Slot) -> bool) -> Self {
        Self(Slot::MARKED.map(is_occupied))
    }

    fn slots(self) -> impl Iterator<Item = Slot> {
        Slot::MARKED.into_iter().zip(self.0).filter(|(_, occupied)| *occupied).map(|(slot, _)| slot)
    }

    pub(super) fn has(self, slot: Slot) -> bool {
        self.slots().any(|occupied| occupied == slot)
    }

    fn with(self, other: Self) -> Self {
        Self::from_fn(|slot| self.has(slot) || other.has(slot))
    }

    fn without(self, slot: Slot) -> Self {
        Self::from_fn(|other| other != slot && self.has(other))
    }

    /// The text of a marker.
    ///
    /// # Layout
    /// ```text
    /// secd-installed 1 <names of slots, in the order of Slot::MARKED, a space between two>
    /// ```
    fn emit(self) -> String {
        let names: Vec<&str> = self.slots().map(Slot::name).collect();
        format!("{MAGIC}{}\n", names.join(" "))
    }

    /// Reads a marker that lists slots: exactly what [`Self::emit`] would write.
    fn parse(text: &[u8]) -> Option<Self> {
        let names = core::str::from_utf8(text).ok()?.strip_prefix(MAGIC)?.strip_suffix('\n')?;
        let read = Self::from_fn(|slot| names.split(' ').any(|name| name == slot.name()));
        // Each set of slots has one text: any other was damaged, or is of a version to come.
        (read.emit().as_bytes() == text).then_some(read)
    }
}

/// What the markers of all slots name, taken together.
#[derive(Debug, Default)]
pub(super) struct MarkerSummary {
    /// The slots that any of them names.
    named: Occupied,
    /// Whether any of them names slots at all.
    is_informed: bool,
    /// What is wrong with those that cannot be read.
    odd: Vec<Damage>,
}

impl Store {
    /// Whether a slot without readable files was occupied, in a folder that is still there.
    pub(super) fn was_installed(&self, slot: Slot) -> Result<bool, Damage> {
        let marked = exists(&self.marker(slot))
            .map_err(|errno| Damage::new(&self.marker(slot), 0, DamageReason::Unreadable(errno)))?;
        let markers = self.markers();
        self.still_there()?;
        match markers.odd.into_iter().next() {
            // It may have named this slot, and no other marker is left to name it.
            Some(damage) if !markers.is_informed && !marked => Err(damage),
            _ => Ok(marked || markers.named.has(slot)),
        }
    }

    /// Whether the markers know which slots are occupied: something was installed since they do,
    /// and a slot that they do not name was erased, or never occupied.
    pub fn remembers(&self) -> bool {
        self.markers().is_informed
    }

    fn markers(&self) -> MarkerSummary {
        let mut markers = MarkerSummary::default();
        for slot in Slot::MARKED {
            match self.read_marker(slot) {
                Ok(Some(occupied)) => {
                    markers.named = markers.named.with(occupied);
                    markers.is_informed = true;
                }
                Ok(None) => {}
                Err(damage) => markers.odd.push(damage),
            }
        }
        markers
    }

    /// The slots that a marker names; `None` if it is not there, or one of the version before.
    fn read_marker(&self, slot: Slot) -> Result<Option<Occupied>, Damage> {
        let path = self.marker(slot);
        let damage = |reason| Damage::new(&path, 0, reason);
        match files::read(&path, LIMIT, Links::Refuse) {
            Ok(text) if text.is_empty() => Ok(None),
            Ok(text) => match Occupied::parse(&text) {
                Some(occupied) => Ok(Some(occupied)),
                None => Err(damage(DamageReason::Header { expected: "secd-installed 1" })),
            },
            Err(UnreadableFile::Absent) => Ok(None),
            Err(unreadable) => Err(damage(unreadable.into())),
        }
    }

    /// The slots that are occupied: a file is there, or a marker names them.
    fn occupied(&self, markers: &MarkerSummary) -> Occupied {
        let there = |slot| {
            [self.current(slot), self.previous(slot), self.marker(slot)]
                .iter()
                .any(|path| exists(path) == Ok(true))
        };
        Occupied::from_fn(there).with(markers.named)
    }

    /// Has each marker name the slots that are occupied, and makes that of `slot`.
    ///
    /// The folder is not forced to the medium: as long as an entry is there, markers that a crash
    /// took are made again at the next open.
    pub(super) fn mark(&self, slot: Slot) -> Result<(), StoreFailure> {
        let occupied = self.occupied(&self.markers());
        self.write_marker(slot, occupied)?;
        self.write_markers(occupied)
    }

    /// Has the markers of the other slots forget one that is to be erased.
    pub(super) fn unlist(&self, slot: Slot) -> Result<(), StoreFailure> {
        let occupied = self.occupied(&self.markers()).without(slot);
        let mut others = Slot::MARKED.into_iter().filter(|other| *other != slot);
        others.try_for_each(|other| self.write_marker_of(other, occupied))
    }

    fn write_markers(&self, occupied: Occupied) -> Result<(), StoreFailure> {
        Slot::MARKED.into_iter().try_for_each(|slot| self.write_marker_of(slot, occupied))
    }

    /// Writes the marker of a slot that has one, or should have.
    fn write_marker_of(&self, slot: Slot, occupied: Occupied) -> Result<(), StoreFailure> {
        let there = [self.marker(slot), self.current(slot)];
        if there.iter().any(|path| exists(path) == Ok(true)) {
            return self.write_marker(slot, occupied);
        }
        Ok(())
    }

    /// Writes a marker, unless it names those slots already.
    fn write_marker(&self, slot: Slot, occupied: Occupied) -> Result<(), StoreFailure> {
        if self.read_marker(slot) == Ok(Some(occupied)) {
            return Ok(());
        }
        self.replace(&self.marker(slot), occupied.emit().as_bytes())
    }

    /// Restores markers at the start: those that a crash took, those that cannot be read, and those
    /// of the version before.
    pub(super) fn restore_markers(&self) -> Vec<StoreWarning> {
        let markers = self.markers();
        let occupied = self.occupied(&markers);
        let lists = [Slot::Ctl, Slot::Itl].map(|list| occupied.has(list));
        // What the markers named may be lost: it must stay missed. `was_installed` and
        // [`Self::remembers`] are asked for that, and what they answer is not to be made up here.
        let unknown = if markers.odd.is_empty() { lists == [false; 2] } else { lists != [true; 2] };
        if !markers.is_informed && unknown {
            return Vec::new();
        }
        let mut warnings = Vec::new();
        for slot in Slot::MARKED {
            warnings.extend(self.restore_marker(slot, occupied));
        }
        warnings
    }

    fn restore_marker(&self, slot: Slot, occupied: Occupied) -> Option<StoreWarning> {
        let path = self.marker(slot);
        let there = exists(&path) == Ok(true);
        let oddity: fn(_) -> _ = match self.read_marker(slot) {
            Ok(None) if there => {
                // One of the version before: nothing is odd about it, nor lost if it stays.
                let _stays = self.write_marker(slot, occupied);
                return None;
            }
            Ok(None) if exists(&self.current(slot)) == Ok(true) => {
                |still| Oddity::Unmarked { still }
            }
            Ok(None) => return None,
            Ok(Some(found)) if found == occupied => return None,
            Ok(Some(_)) => {
                let _next_time = self.write_marker(slot, occupied);
                return None;
            }
            Err(_) => |still| Oddity::Unreadable { still },
        };
        let still = match self.write_marker(slot, occupied) {
            Ok(()) => None,
            Err(StoreFailure::Disk(failure)) => Some(errno(&failure.source)),
            Err(_) => Some(nix::errno::Errno::EIO),
        };
        Some(StoreWarning { path, oddity: oddity(still) })
    }
}

const MAGIC: &str = "secd-installed 1 ";

/// More than all names together.
const LIMIT: u64 = 256;
