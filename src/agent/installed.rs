//! What is installed: in memory, and in the store that keeps it over a restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use log::{error, info, warn};
use zeroize::Zeroizing;

use crate::agent::phone_file::Obtained;
use crate::agent::{SECD, members};
use crate::diagnose::StoreFound;
use crate::io::clock::{self, Rfc3339};
use crate::io::settings::Member;
use crate::io::store::{Entry, Failure, Loaded, Slot, Store};
use crate::trust::signature::sha256;
use crate::trust::{Acceptance, Anchors, ListKind, TrustList, Verified, stored};

/// The lists in force and the configuration in use, with the store behind them.
pub(super) struct Installed {
    state: PathBuf,
    /// None if the folder cannot be used.
    store: Option<Store>,
    /// Whether what was trusted cannot be read.
    locked: bool,
    /// Whether a list before the current one is in force, which is damaged.
    repaired: bool,
    /// Shared with handshakes, which must not see them change.
    anchors: Arc<Anchors>,
    configuration: Option<LastConfiguration>,
    members: Vec<Member>,
}

/// The last configuration that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LastConfiguration {
    /// The name of its file in the ram folder.
    pub(super) name: String,
    /// SHA-256 of its payload, which may hold secrets and is not kept in memory.
    digest: [u8; 32],
    /// How it came.
    pub(super) form: Form,
}

/// How a configuration came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Encrypted for this phone: the next one is asked for in this form first.
    Encrypted,
    /// As it is.
    Plain,
}

/// Whether a payload was verified with the key of someone who may sign it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proven {
    /// It was taken from anyone.
    No,
    /// It was.
    Yes,
}

impl Installed {
    /// Reads the store in `state`. Damage beyond repair leaves the agent locked.
    pub(super) fn load(state: &Path) -> Self {
        let mut installed = Self {
            state: state.to_path_buf(),
            store: None,
            locked: true,
            repaired: false,
            anchors: Arc::default(),
            configuration: None,
            members: Vec::new(),
        };
        installed.unlock();
        installed
    }

    /// Tries to read the store, if that has not been possible until now.
    pub(super) fn unlock(&mut self) {
        if self.locked {
            self.read_again();
        }
    }

    fn read_again(&mut self) {
        // Closed first: the store is held alone, by us as well.
        self.store = None;
        self.anchors = Arc::default();
        self.repaired = false;
        match self.read() {
            Ok(()) => {
                self.locked = false;
                info!(target: SECD, "store: {}, state {}", self.state.display(), self.anchors.state());
            }
            Err(Locked) => {
                self.locked = true;
                self.anchors = Arc::default();
                error!(target: SECD, "EROR:store: LOCKED: nothing is trusted until the store is mended or erased");
            }
        }
    }

    fn read(&mut self) -> Result<(), Locked> {
        let (store, warnings) = Store::open(&self.state).map_err(|damage| {
            error!(target: SECD, "EROR:store: {damage}");
            Locked
        })?;
        for warning in warnings {
            warn!(target: SECD, "store: {warning}");
        }
        let store = self.store.insert(store);
        for kind in BOTH {
            if let Some(found) = read_list(store, kind)? {
                let anchors = Arc::make_mut(&mut self.anchors);
                anchors.install(found.list);
                anchors.remember_newest(kind, found.newest);
                self.repaired |= found.place == Place::Previous;
            }
        }
        if let Some((configuration, members)) = read_configuration(store) {
            self.configuration = Some(configuration);
            self.members = members;
        }
        Ok(())
    }

    /// Forgets lists by order of a person at the phone; all of them also when what they were cannot
    /// be read.
    pub(super) fn erase(&mut self, kinds: &[ListKind]) -> Result<(), NotErased> {
        let store = self.store.as_ref().ok_or(NotErased::Locked)?;
        if self.locked && kinds.len() < BOTH.len() {
            return Err(NotErased::Locked);
        }
        let erased = kinds.iter().try_for_each(|kind| store.erase(slot(*kind)));
        // Also after a failure: what is in force must be what is there.
        self.read_again();
        erased.map_err(NotErased::Failed)
    }

    /// Whether nothing may be trusted, because what was trusted cannot be read.
    pub(super) const fn is_locked(&self) -> bool {
        self.locked
    }

    /// How the store is.
    pub(super) const fn condition(&self) -> StoreFound {
        match (self.locked, self.repaired) {
            (true, _) => StoreFound::Locked,
            (false, true) => StoreFound::Repaired,
            (false, false) => StoreFound::Sound,
        }
    }

    pub(super) const fn anchors(&self) -> &Arc<Anchors> {
        &self.anchors
    }

    /// The TVS members of the last verified configuration that names any.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    pub(super) const fn configuration(&self) -> Option<&LastConfiguration> {
        self.configuration.as_ref()
    }

    fn usable(&self) -> Option<&Store> {
        self.store.as_ref().filter(|_| !self.locked)
    }

    /// Puts a list in force: first on the medium, then in memory.
    pub(super) fn install(
        &mut self,
        list: Verified<TrustList>,
        name: &str,
        octets: &[u8],
    ) -> Result<(), Failure> {
        let store = self.usable().ok_or(Failure::NotOpen)?;
        let entry = noted(name, octets)
            .with(ACCEPTANCE, list.provenance().acceptance().word())
            .with(NEWEST, &self.anchors.newest_with(&list).to_string());
        store.install(slot(list.value().kind), &entry)?;
        Arc::make_mut(&mut self.anchors).install(list);
        Ok(())
    }

    /// Keeps a configuration for the next start, with the TVS members that are in force after it:
    /// its own if it is proven and names any, else those before (domain facts 10, row 25).
    ///
    /// Gives whether the configuration is another one than before.
    pub(super) fn keep_configuration(
        &mut self,
        name: &str,
        obtained: &Obtained,
    ) -> Result<bool, Failure> {
        let Obtained { payload, proven, form } = obtained;
        let members = match proven {
            Proven::Yes => members::named_by(payload),
            Proven::No => Vec::new(),
        };
        let members = if members.is_empty() { self.members.clone() } else { members };
        let last =
            LastConfiguration { name: name.to_owned(), digest: sha256(payload), form: *form };
        let changed = self.configuration.as_ref() != Some(&last);
        if !changed && members == self.members {
            return Ok(false);
        }
        let store = self.usable().ok_or(Failure::NotOpen)?;
        let entry = noted(name, payload).with(FORM, form.word());
        store.install(Slot::Configuration, &members::noted(entry, &members))?;
        self.members = members;
        self.configuration = Some(last);
        Ok(changed)
    }

    /// The payload of the last configuration, from the store.
    pub(super) fn configuration_payload(&self) -> Option<Zeroizing<Vec<u8>>> {
        match self.usable()?.load(Slot::Configuration) {
            Loaded::Current(entry) | Loaded::Previous { entry, .. } => Some(entry.octets),
            Loaded::Absent | Loaded::Locked { .. } => None,
        }
    }
}

impl Form {
    const fn word(self) -> &'static str {
        match self {
            Self::Encrypted => "encrypted",
            Self::Plain => "plain",
        }
    }
}

/// The note that says how a configuration came.
const FORM: &str = "form";

/// Why nothing was erased.
#[derive(Debug)]
pub(super) enum NotErased {
    /// The system refused.
    Failed(Failure),
    /// What was trusted cannot be read: only all of it can be erased, and only if there is a folder.
    Locked,
}

/// Both lists.
pub(super) const BOTH: [ListKind; 2] = [ListKind::Ctl, ListKind::Itl];

/// What was trusted cannot be read; the log has said why.
struct Locked;

fn noted(name: &str, octets: &[u8]) -> Entry {
    let accepted = clock::now().map_or("clock-unset".to_owned(), |now| Rfc3339(now).to_string());
    Entry::new(octets.to_vec()).with("name", name).with("accepted", &accepted)
}

const fn slot(kind: ListKind) -> Slot {
    match kind {
        ListKind::Ctl => Slot::Ctl,
        ListKind::Itl => Slot::Itl,
    }
}

/// Which of the two files of a list is in force.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Current,
    Previous,
}

/// A list of the store, and the newest timestamp of its line.
struct Found {
    list: Verified<TrustList>,
    newest: u32,
    place: Place,
}

fn read_list(store: &Store, kind: ListKind) -> Result<Option<Found>, Locked> {
    let (entry, damage) = match store.load(slot(kind)) {
        Loaded::Absent => return Ok(None),
        Loaded::Current(entry) => (entry, None),
        Loaded::Previous { entry, damage } => (entry, Some(damage)),
        Loaded::Locked { damage } => {
            for damage in damage {
                error!(target: SECD, "EROR:store: {damage}");
            }
            return Err(Locked);
        }
    };
    // A note that cannot be read must not hide that a list was believed without proof.
    let acceptance = entry.note(ACCEPTANCE).and_then(Acceptance::of_word);
    let acceptance = acceptance.unwrap_or(Acceptance::FirstUse);
    let list = stored::list(kind, &entry.octets, acceptance).map_err(|reason| {
        error!(target: SECD, "EROR:store: {}: {reason}", kind.word());
        Locked
    })?;
    let place = if damage.is_some() { Place::Previous } else { Place::Current };
    if let Some(damage) = damage {
        // Damage must not undo what the lost list enforced, and nobody knows what that was.
        if !list.value().serves_files() {
            error!(target: SECD, "EROR:store: {damage}; the {} before it enforces less", kind.word());
            return Err(Locked);
        }
        warn!(target: SECD, "store: {damage}; going on with the {} before it", kind.word());
    }
    let newest = entry.note(NEWEST).and_then(|text| text.parse().ok()).unwrap_or_default();
    Ok(Some(Found { list, newest, place }))
}

/// The note that says how a list was accepted.
const ACCEPTANCE: &str = "acceptance";

/// The note of the newest timestamp that this kind of list has had.
const NEWEST: &str = "newest";

/// A configuration that cannot be read is fetched anew; it is nobody's trust.
fn read_configuration(store: &Store) -> Option<(LastConfiguration, Vec<Member>)> {
    let entry = match store.load(Slot::Configuration) {
        Loaded::Absent => return None,
        Loaded::Current(entry) => entry,
        Loaded::Previous { entry, damage } => {
            warn!(target: SECD, "store: {damage}; going on with the configuration before it");
            entry
        }
        Loaded::Locked { damage } => {
            for damage in damage {
                warn!(target: SECD, "store: {damage}");
            }
            return None;
        }
    };
    let name = entry.note("name")?.to_owned();
    let members = members::of_notes(&entry);
    let form = match entry.note(FORM) {
        Some(word) if word == Form::Encrypted.word() => Form::Encrypted,
        _ => Form::Plain,
    };
    Some((LastConfiguration { name, digest: sha256(&entry.octets), form }, members))
}
