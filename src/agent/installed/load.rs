//! What the store holds, as values: lists that are trusted again, the last configuration.

use crate::agent::members;
use crate::agent::narrate::say;
use crate::boot::{Event, Form, LastConfiguration};
use crate::io::store::{Entry, Loaded, Slot, Store};
use crate::trust::signature::sha256;
use crate::trust::{Acceptance, ListKind, TrustList, Verified, stored};
use crate::wire::configuration::Member;

/// What was trusted cannot be read; the log has said why.
pub(super) struct Locked;

/// Which of the two files of a list is in force.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Place {
    Current,
    Previous,
}

/// A list of the store, and the newest timestamp of its line.
pub(super) struct Found {
    pub(super) list: Verified<TrustList>,
    pub(super) newest: u32,
    pub(super) place: Place,
}

/// The configuration that was accepted last, and what it said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Kept {
    pub(super) last: LastConfiguration,
    /// SHA-256 of its payload, which may hold secrets and is not kept in memory.
    pub(super) digest: [u8; 32],
}

/// The list of a kind.
///
/// # Errors
/// [`Locked`].
pub(super) fn list(store: &Store, kind: ListKind) -> Result<Option<Found>, Locked> {
    let (entry, damage) = match store.load(slot(kind)) {
        Loaded::Absent => return Ok(None),
        Loaded::Current(entry) => (entry, None),
        Loaded::Previous { entry, damage } => (entry, Some(damage.to_string())),
        Loaded::Locked { damage } => {
            for damage in damage {
                say(&Event::StoreDamaged { damage: damage.to_string() });
            }
            return Err(Locked);
        }
    };
    // A note that cannot be read must not hide that a list was taken without proof.
    let acceptance = entry.note(ACCEPTANCE).and_then(Acceptance::of_word);
    let acceptance = acceptance.unwrap_or(Acceptance::FirstUse);
    let list = stored::list(kind, &entry.octets, acceptance).map_err(|reason| {
        say(&Event::StoredListUnread { list: kind, reason });
        Locked
    })?;
    let place = if damage.is_some() { Place::Previous } else { Place::Current };
    if let Some(damage) = damage {
        // Damage must not undo what the lost list enforced, and nobody knows what that was.
        if !list.value().serves_files() {
            say(&Event::StoredListWeaker { list: kind, damage });
            return Err(Locked);
        }
        say(&Event::StoredListBefore { list: kind, damage });
    }
    let newest = entry.note(NEWEST).and_then(|text| text.parse().ok()).unwrap_or_default();
    Ok(Some(Found { list, newest, place }))
}

/// The last configuration. One that cannot be read is fetched anew; it is nobody's trust.
pub(super) fn configuration(store: &Store) -> Option<(Kept, Vec<Member>)> {
    let entry = match store.load(Slot::Configuration) {
        Loaded::Absent => return None,
        Loaded::Current(entry) => entry,
        Loaded::Previous { entry, damage } => {
            say(&Event::StoredConfigurationBefore { damage: damage.to_string() });
            entry
        }
        Loaded::Locked { damage } => {
            for damage in damage {
                say(&Event::StoreOdd { what: damage.to_string() });
            }
            return None;
        }
    };
    let last = LastConfiguration { name: entry.note("name")?.to_owned(), form: form(&entry) };
    Some((Kept { last, digest: sha256(&entry.octets) }, members::of_notes(&entry)))
}

fn form(entry: &Entry) -> Form {
    match entry.note(FORM) {
        Some(word) if word == form_word(Form::Encrypted) => Form::Encrypted,
        _ => Form::Plain,
    }
}

/// How the note about a form writes it.
pub(super) const fn form_word(form: Form) -> &'static str {
    match form {
        Form::Encrypted => "encrypted",
        Form::Plain => "plain",
    }
}

/// Where a list is kept.
pub(super) const fn slot(kind: ListKind) -> Slot {
    match kind {
        ListKind::Ctl => Slot::Ctl,
        ListKind::Itl => Slot::Itl,
    }
}

/// The note that says how a list was accepted.
pub(super) const ACCEPTANCE: &str = "acceptance";

/// The note of the newest timestamp that this kind of list has had.
pub(super) const NEWEST: &str = "newest";

/// The note that says how a configuration came.
pub(super) const FORM: &str = "form";
