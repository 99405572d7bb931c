//! What is installed: in memory, and in the store that keeps it across a restart.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::agent::members;
use crate::agent::narrate::say;
use crate::boot::{Committed, Event, Form, LastConfiguration, LogServerChange, Seen};
use crate::diagnose::StoreFound;
use crate::io::clock::{self, Rfc3339};
use crate::io::store::{Damage, DamageReason, Loaded, Slot, Store, StoreEntry, StoreFailure};
use crate::trust::signature::sha256;
use crate::trust::{Anchors, ListKind, Provenance, TrustList, Verified, Voucher};
use crate::wire::configuration::{Member, SettingsAccess, WebAccess};
use crate::wire::syslog::LogServer;

mod erase;
mod load;
mod lsc;

pub use erase::{ErasedBy, NotErased};
pub(super) use load::{LINE, line_of};
pub(super) use lsc::StoredLsc;

use load::{
    ACCEPTANCE, FORM, InstalledPlace, Kept, KeptEntry, Locked, Remembered, SEEN, STATE, VOUCHER,
    form_word, slot,
};

/// The lists in force and the configuration in use, with the store behind them.
pub(super) struct Installed {
    inner: RefCell<Inner>,
    /// Counts the changes of the lists in force.
    generation: Cell<u64>,
}

struct Inner {
    state: PathBuf,
    /// The open store, or why its folder cannot be used; `None` while it is being opened.
    store: Result<Store, Option<Damage>>,
    /// Whether the lists that were trusted cannot be read.
    locked: bool,
    /// Whether the current list is damaged, and the one before it is in force.
    repaired: bool,
    /// Whether more may be readable another time: that list, or the configuration.
    partly: bool,
    /// The signer that the next first use waits for.
    pin: Option<[u8; 32]>,
    /// Shared with handshakes, which must not see them change.
    anchors: Arc<Anchors>,
    configuration: Option<Kept>,
    members: Vec<Member>,
    /// Who may use the phone's settings, by the last verified configuration.
    access: Option<SettingsAccess>,
    /// Whether the phone's web page may be opened, by the same.
    web: Option<WebAccess>,
    log_server: Option<LogServer>,
}

/// A configuration to keep.
pub(super) struct Keeping<'a> {
    pub(super) name: &'a str,
    pub(super) payload: &'a [u8],
    pub(super) form: Form,
    /// Who vouched for it; nothing if it was accepted from anyone.
    pub(super) by: Option<Voucher>,
    /// What to remember of it, if it is signed.
    pub(super) seen: Option<Seen>,
    /// The TVS members from now on; if empty, those of before stay.
    pub(super) members: &'a [Member],
    /// Who may use the phone's settings from now on; if `None`, as before.
    pub(super) access: Option<SettingsAccess>,
    /// Whether the phone's web page may be opened from now on; if `None`, as before.
    pub(super) web: Option<WebAccess>,
    pub(super) log_server: LogServerChange<'a>,
}

impl Installed {
    /// Reads the store in `state`. Damage beyond repair leaves the agent locked.
    pub(super) fn load(state: &Path) -> Self {
        let mut inner = Inner {
            state: state.to_path_buf(),
            store: Err(None),
            // Until the store has been read, nothing is trusted.
            locked: true,
            repaired: false,
            partly: false,
            pin: None,
            anchors: Arc::default(),
            configuration: None,
            members: Vec::new(),
            access: None,
            web: None,
            log_server: None,
        };
        inner.read_again();
        Self { inner: RefCell::new(inner), generation: Cell::new(0) }
    }

    /// Lists that a person has given, in force without a store behind them.
    pub(super) fn of(anchors: Anchors) -> Self {
        let inner = Inner {
            state: PathBuf::new(),
            store: Err(None),
            locked: false,
            repaired: false,
            partly: false,
            pin: None,
            anchors: Arc::new(anchors),
            configuration: None,
            members: Vec::new(),
            access: None,
            web: None,
            log_server: None,
        };
        Self { inner: RefCell::new(inner), generation: Cell::new(0) }
    }

    /// Tries to read what could not be read before: the store, or a part of it.
    ///
    /// Returns whether other lists may be in force now.
    #[must_use]
    pub(super) fn retry(&self) -> bool {
        let mut inner = self.inner.borrow_mut();
        let changed = if inner.locked {
            inner.read_again();
            true
        } else {
            inner.partly && inner.read_rest()
        };
        if changed {
            self.changed();
        }
        changed
    }

    /// A number that changes whenever the lists in force may have changed.
    pub(super) fn generation(&self) -> u64 {
        self.generation.get()
    }

    fn changed(&self) {
        self.generation.set(self.generation.get() + 1);
    }

    /// Whether nothing may be trusted only because another process has the store open.
    pub(super) fn is_in_use(&self) -> bool {
        self.inner.borrow().is_in_use()
    }

    /// Whether nothing may be trusted, because the lists that were trusted cannot be read.
    pub(super) fn is_locked(&self) -> bool {
        self.inner.borrow().locked
    }

    /// What is wrong with the folder of the store, if it cannot be used at all.
    pub(super) fn folder_damage(&self) -> Option<Damage> {
        self.inner.borrow().store.as_ref().err().cloned().flatten()
    }

    /// Whether the store can be read, and if not, why.
    pub(super) fn condition(&self) -> StoreFound {
        let inner = self.inner.borrow();
        match (&inner.store, inner.locked, inner.repaired) {
            (Err(Some(damage)), ..) if damage.reason == DamageReason::NoFolder => {
                StoreFound::Missing
            }
            (Err(_), ..) => StoreFound::Unusable,
            (_, true, _) => StoreFound::Locked,
            (_, false, true) => StoreFound::Repaired,
            (_, false, false) => StoreFound::Sound,
        }
    }

    /// The lists in force, as they are now.
    pub(super) fn anchors(&self) -> Arc<Anchors> {
        self.inner.borrow().anchors.clone()
    }

    /// The TVS members of the last verified configuration that names any.
    pub(super) fn members(&self) -> Vec<Member> {
        self.inner.borrow().members.clone()
    }

    /// Who may use the phone's settings, by the last verified configuration; `None` if there was
    /// none, or an earlier version kept it.
    pub(super) fn settings_access(&self) -> Option<SettingsAccess> {
        self.inner.borrow().access
    }

    /// Whether the phone's web page may be opened, by the last verified configuration; `None` if there
    /// was none, or an earlier version kept it.
    pub(super) fn web_access(&self) -> Option<WebAccess> {
        self.inner.borrow().web
    }

    /// The log server that the last verified configuration names.
    pub(super) fn log_server(&self) -> Option<LogServer> {
        self.inner.borrow().log_server.clone()
    }

    /// The configuration that was accepted last.
    pub(super) fn configuration(&self) -> Option<LastConfiguration> {
        self.inner.borrow().configuration.as_ref().map(|kept| kept.last.clone())
    }

    /// Who vouched for that configuration; nothing if it was accepted from anyone, or an earlier
    /// version kept it.
    pub(super) fn configuration_voucher(&self) -> Option<Voucher> {
        self.inner.borrow().configuration.as_ref()?.by
    }

    /// The payload of the last configuration, from the store.
    pub(super) fn configuration_payload(&self) -> Option<Zeroizing<Vec<u8>>> {
        let inner = self.inner.borrow();
        match inner.usable()?.load(Slot::Configuration) {
            Loaded::Current(entry) | Loaded::Previous { entry, .. } => Some(entry.bytes),
            Loaded::Absent | Loaded::Locked { .. } => None,
        }
    }

    /// The file of the list of a kind that is in force, from the store; nothing if that has another
    /// one, or none.
    pub(super) fn list_file(&self, kind: ListKind) -> Option<Zeroizing<Vec<u8>>> {
        let inner = self.inner.borrow();
        let in_force = inner.anchors.records(kind)?.sha256;
        match inner.usable()?.load(slot(kind)) {
            Loaded::Current(entry) | Loaded::Previous { entry, .. } => {
                Some(entry.bytes).filter(|bytes| sha256(bytes) == in_force)
            }
            Loaded::Absent | Loaded::Locked { .. } => None,
        }
    }

    /// What is remembered of the files of a name, in the line of lists that is in force, as far as it
    /// counts now.
    pub(super) fn seen(&self, name: &str) -> Option<Seen> {
        let inner = self.inner.borrow();
        let (line, seen) = inner.configuration.as_ref()?.seen.get(name)?;
        (*line == inner.anchors.line()).then(|| seen.at(clock::seconds()))
    }

    /// Puts a list in force: first in the store, then in memory, so that a crash in between leaves
    /// what the next start will read.
    pub(super) fn install(
        &self,
        list: &Verified<TrustList>,
        name: &str,
        bytes: &[u8],
    ) -> Result<(), StoreFailure> {
        let mut inner = self.inner.borrow_mut();
        let store = inner.usable().ok_or(StoreFailure::NotOpen)?;
        let entry = noted(name, bytes).with(ACCEPTANCE, list.provenance().acceptance().word());
        let kind = list.value().kind;
        let (standing, ahead) = inner.anchors.standing_of(list, clock::seconds());
        store.install(slot(kind), &load::with_standing(entry, &standing))?;
        // Accepted all the same: which of the two clocks is wrong is not known.
        if ahead {
            say(&Event::ListAhead { list: kind, timestamp: list.value().timestamp });
        }
        if inner.pin.is_some() && list.provenance() == Provenance::FirstUse {
            // The awaited signer has come. A pin that stays asks for that signer again.
            if let Err(failure) = store.set_pin(None) {
                say(&Event::StoreOdd { what: failure.to_string() });
            }
            inner.pin = None;
        }
        Arc::make_mut(&mut inner.anchors).install_as(list.clone(), standing);
        self.changed();
        Ok(())
    }

    /// Keeps a configuration for the next start, with the TVS members that are in force after it.
    pub(super) fn keep(&self, keeping: &Keeping<'_>) -> Result<Committed, StoreFailure> {
        let Keeping { name, payload, form, by, seen, members, access, web, log_server } = *keeping;
        let mut inner = self.inner.borrow_mut();
        let members = if members.is_empty() { inner.members.clone() } else { members.to_vec() };
        let (access, web) = (access.or(inner.access), web.or(inner.web));
        let log_server = match log_server {
            LogServerChange::Is(log_server) => log_server.cloned(),
            LogServerChange::Stays => inner.log_server.clone(),
        };
        let last = LastConfiguration { name: name.to_owned(), form };
        let state = inner.anchors.state().to_string();
        let seen = inner.remembering(name, seen);
        let state = Some(state);
        let kept = Kept { last, digest: sha256(payload), by, seen, state };
        let before = inner.configuration.as_ref();
        let kept = kept.with_time_of(before);
        let changed = before.is_none_or(|before| !before.is_same_as(&kept));
        // Every boot brings the same file, which is not worth a write to flash.
        let is_same = (&members, access, web, &log_server)
            == (&inner.members, inner.access, inner.web, &inner.log_server);
        if before == Some(&kept) && is_same {
            return Ok(Committed::Same);
        }
        let store = inner.usable().ok_or(StoreFailure::NotOpen)?;
        let entry = noted(name, payload).with(FORM, form_word(form));
        let by = by.map(|by| (VOUCHER, by.word()));
        let notes = by.into_iter().chain(kept.state.iter().map(|state| (STATE, state.as_str())));
        let entry = notes.fold(entry, |entry, (key, note)| entry.with(key, note));
        let entry = kept.seen.iter().zip(SEEN).fold(entry, |entry, ((name, (line, seen)), key)| {
            entry.with(key, &load::seen_text(name, *line, seen))
        });
        let entry = load::with_access(members::noted(entry, &members), access, web);
        let entry = match &log_server {
            Some(log_server) => entry.with(load::LOG_SERVER, &log_server.to_string()),
            None => entry,
        };
        let installed = store.install(Slot::Configuration, &entry);
        match installed {
            // Only what is remembered of it changed: the phone has what it needs, and the next pass
            // tries again.
            Err(failure) if !changed && is_same => {
                say(&Event::StoreOdd { what: failure.to_string() });
                return Ok(Committed::Same);
            }
            installed => installed?,
        }
        (inner.members, inner.log_server) = (members, log_server);
        (inner.access, inner.web) = (access, web);
        inner.configuration = Some(kept);
        // A damaged configuration has just been replaced; a damaged list has not.
        inner.partly = inner.repaired;
        Ok(if changed { Committed::Changed } else { Committed::Same })
    }

    /// The signer that the next first use waits for, by SHA-256 of its certificate.
    pub(super) fn pin(&self) -> Option<[u8; 32]> {
        self.inner.borrow().pin
    }
}

impl Inner {
    /// Whether the store cannot be read only because another process has it open.
    fn is_in_use(&self) -> bool {
        matches!(&self.store, Err(Some(damage)) if damage.reason == DamageReason::InUse)
    }

    fn read_again(&mut self) {
        // Closed first: the store is locked against a second opening, even by this process.
        self.store = Err(None);
        self.anchors = Arc::default();
        self.repaired = false;
        self.locked = self.read().is_err();
        if self.locked {
            self.anchors = Arc::default();
            say(&if self.is_in_use() { Event::StoreInUse {} } else { Event::StoreLocked {} });
        } else {
            let (folder, state) = (self.state.display().to_string(), self.anchors.state());
            say(&Event::StoreRead { folder, state });
        }
    }

    fn read(&mut self) -> Result<(), Locked> {
        let opened = Store::open(&self.state).map(|(store, warnings)| {
            for warning in warnings {
                say(&Event::StoreOdd { what: warning.to_string() });
            }
            store
        });
        self.store = opened.map_err(|damage| {
            say(&Event::StoreDamaged { damage: damage.to_string() });
            Some(damage)
        });
        let store = self.store.as_ref().map_err(|_| Locked)?;
        // Before the lists: it holds also where they cannot be read.
        (self.access, self.web) = load::access(store);
        let (anchors, place) = load::lists(store)?;
        // A pin that cannot be read must not let any signer be the first.
        self.pin = store.pin().map_err(|damage| {
            say(&Event::StoreDamaged { damage: damage.to_string() });
            Locked
        })?;
        self.anchors = Arc::new(anchors);
        // A line that begins later must not get the number under which the LSC was installed.
        load::lsc_line(store)
            .iter()
            .for_each(|line| Arc::make_mut(&mut self.anchors).remember_line(*line));
        self.repaired = place == InstalledPlace::Previous;
        self.partly = self.repaired;
        self.read_configuration();
        Ok(())
    }

    fn read_configuration(&mut self) {
        let Ok(store) = &self.store else { return };
        let (found, place) = load::configuration(store);
        self.partly |= place == InstalledPlace::Previous;
        if let Some(KeptEntry { kept: configuration, members, log_server }) = found {
            // A line that begins later must not get a number that a remembered file has.
            let anchors = Arc::make_mut(&mut self.anchors);
            configuration.seen.values().for_each(|(line, _)| anchors.remember_line(*line));
            self.configuration = Some(configuration);
            (self.members, self.log_server) = (members, log_server);
            (self.access, self.web) = load::access(store);
        }
    }

    /// Reads what may be readable by now, and returns whether other lists are in force since. What
    /// is in force stays unless something better is found.
    fn read_rest(&mut self) -> bool {
        let Ok(store) = &self.store else { return false };
        let (mut changed, mut repaired) = (false, false);
        for kind in ListKind::ALL {
            let found = match load::list(store, kind) {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                // What is in force stays, and what is damaged may be readable another time.
                Err(Locked) => {
                    repaired = true;
                    continue;
                }
            };
            let in_force = self.anchors.records(kind).map(|list| list.sha256);
            if found.place == InstalledPlace::Previous {
                repaired = true;
            } else if in_force != Some(found.list.value().sha256) {
                found.install(Arc::make_mut(&mut self.anchors));
                changed = true;
            }
        }
        self.repaired = repaired;
        self.partly = repaired;
        self.read_configuration();
        changed
    }

    /// What is remembered of configurations once one of that name is kept: only those of this line
    /// of lists, and only the last two.
    fn remembering(&self, name: &str, seen: Option<Seen>) -> Remembered {
        let line = self.anchors.line();
        let before = self.configuration.iter().flat_map(|kept| &kept.seen);
        let others = before.filter(|(other, (of, _))| *other != name && *of == line);
        let mut remembered = Remembered::new();
        remembered.extend(others.take(SEEN.len() - 1).map(|(other, seen)| (other.clone(), *seen)));
        remembered.extend(seen.map(|seen| (name.to_owned(), (line, seen))));
        remembered
    }

    fn usable(&self) -> Option<&Store> {
        self.store.as_ref().ok().filter(|_| !self.locked)
    }
}

fn noted(name: &str, bytes: &[u8]) -> StoreEntry {
    let accepted = clock::now().map_or("clock-unset".to_owned(), |now| Rfc3339(now).to_string());
    StoreEntry::new(bytes.to_vec()).with("name", name).with("accepted", &accepted)
}
