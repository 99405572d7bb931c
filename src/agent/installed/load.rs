//! What the store holds, as values: lists that are trusted again, the last configuration.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;

use crate::agent::members;
use crate::agent::narrate::say;
use crate::boot::{Event, Form, LastConfiguration, Seen};
use crate::io::clock;
use crate::io::store::{Loaded, Slot, Store, StoreEntry};
use crate::trust::signature::sha256;
use crate::trust::standing::{self, Standing};
use crate::trust::{Acceptance, Anchors, ListKind, State, TrustList, Verified, stored};
use crate::wire::configuration::Member;

/// What was trusted cannot be read; the log has said why.
pub(super) struct Locked;

/// Whether the last that was installed is what is in force.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum InstalledPlace {
    Current,
    /// What was before it is, or nothing.
    Previous,
}

/// A list of the store, and its place in its line.
pub(super) struct FoundList {
    pub(super) list: Verified<TrustList>,
    standing: Standing,
    pub(super) place: InstalledPlace,
}

impl FoundList {
    /// Puts it in force.
    pub(super) fn install(self, anchors: &mut Anchors) {
        anchors.install_as(self.list, self.standing);
    }
}

/// Whether a configuration shows that lists were in force when it was accepted.
///
/// The version before did not note it: that it was encrypted, or that it names TVS members, is only
/// believed of a configuration whose signer is known.
fn shows_lists(store: &Store) -> bool {
    let (Loaded::Current(entry) | Loaded::Previous { entry, .. }) = store.load(Slot::Configuration)
    else {
        return false;
    };
    match entry.note(STATE) {
        Some(state) => state != State::None.to_string(),
        None => form(&entry) == Form::Encrypted || !members::of_notes(&entry).is_empty(),
    }
}

/// The configuration that was accepted last, and what it said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Kept {
    pub(super) last: LastConfiguration,
    /// SHA-256 of its payload, which may hold secrets and is not kept in memory.
    pub(super) digest: [u8; 32],
    /// What is remembered of each configuration.
    pub(super) seen: Remembered,
    /// The state that the lists put the phone in then; the version before did not note it.
    pub(super) state: Option<String>,
}

impl Kept {
    /// Whether another one is the same configuration, whatever the lists were.
    pub(super) fn says_as(&self, other: &Self) -> bool {
        (&self.last, &self.digest) == (&other.last, &other.digest)
    }
}

/// The lists of a store.
///
/// # Errors
/// [`Locked`].
pub(super) fn lists(store: &Store) -> Result<(Anchors, InstalledPlace), Locked> {
    let (mut anchors, mut place) = (Anchors::default(), InstalledPlace::Current);
    let mut found = Vec::new();
    for kind in ListKind::ALL {
        found.extend(list(store, kind)?);
    }
    let line = found.iter().map(|found| found.standing.line).max().unwrap_or_default();
    for found in found {
        if found.place == InstalledPlace::Previous {
            place = InstalledPlace::Previous;
            // Another cluster's would come back beside the list of this one.
            if found.standing.line < line {
                say(&Event::StoredListOfBefore { list: found.list.value().kind });
                return Err(Locked);
            }
        }
        found.install(&mut anchors);
    }
    if anchors.state() == State::None && !store.remembers() && shows_lists(store) {
        say(&Event::StoredListsLost {});
        return Err(Locked);
    }
    Ok((anchors, place))
}

/// The list of a kind.
///
/// # Errors
/// [`Locked`].
pub(super) fn list(store: &Store, kind: ListKind) -> Result<Option<FoundList>, Locked> {
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
    let list = stored::list(kind, &entry.bytes, acceptance).map_err(|reason| {
        say(&Event::StoredListUnread { list: kind, reason });
        Locked
    })?;
    let place = if damage.is_some() { InstalledPlace::Previous } else { InstalledPlace::Current };
    if let Some(damage) = damage {
        // Damage must not undo what the lost list enforced, and nobody knows what that was.
        if !list.value().serves_files() {
            say(&Event::StoredListWeaker { list: kind, damage });
            return Err(Locked);
        }
        say(&Event::StoredListBefore { list: kind, damage });
    }
    let standing = standing(&entry, list.value().timestamp);
    Ok(Some(FoundList { list, standing, place }))
}

/// The last configuration. One that cannot be read is fetched anew; it is nobody's trust.
pub(super) fn configuration(store: &Store) -> (Option<(Kept, Vec<Member>)>, InstalledPlace) {
    match store.load(Slot::Configuration) {
        Loaded::Absent => (None, InstalledPlace::Current),
        Loaded::Current(entry) => (kept(&entry), InstalledPlace::Current),
        Loaded::Previous { entry, damage } => {
            say(&Event::StoredConfigurationBefore { damage: damage.to_string() });
            (kept(&entry), InstalledPlace::Previous)
        }
        Loaded::Locked { damage } => {
            for damage in damage {
                say(&Event::StoreOdd { what: damage.to_string() });
            }
            (None, InstalledPlace::Previous)
        }
    }
}

/// What an entry says of the configuration in it.
fn kept(entry: &StoreEntry) -> Option<(Kept, Vec<Member>)> {
    let last = LastConfiguration { name: entry.note("name")?.to_owned(), form: form(entry) };
    let state = entry.note(STATE).map(str::to_owned);
    let kept = Kept { last, digest: sha256(&entry.bytes), seen: remembered(entry), state };
    Some((kept, members::of_notes(entry)))
}

fn form(entry: &StoreEntry) -> Form {
    entry.note(FORM).map_or(Form::Plain, form_of)
}

fn form_of(word: &str) -> Form {
    if word == form_word(Form::Encrypted) { Form::Encrypted } else { Form::Plain }
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

/// The notes about the place of a list in its line.
///
/// | note         | value                                                      |
/// | ------------ | ---------------------------------------------------------- |
/// | `newest`     | the newest timestamp of its kind, decimal                  |
/// | `line`       | the number of the line, decimal; none in an older store: 0 |
/// | `floor`      | seconds since 1970 that have passed at least, decimal      |
/// | `awaits-itl` | `yes` if it is a CTL whose line has had no ITL             |
pub(super) fn with_standing(entry: StoreEntry, standing: &Standing) -> StoreEntry {
    let Standing { line, newest, floor, awaits_itl } = standing;
    [("newest", newest), ("line", line), ("floor", floor)]
        .into_iter()
        .fold(entry, |entry, (key, number)| entry.with(key, &number.to_string()))
        .with("awaits-itl", if *awaits_itl { "yes" } else { "no" })
}

/// The place that the notes of an entry give a list of this timestamp.
fn standing(entry: &StoreEntry, timestamp: u32) -> Standing {
    let number = |key| entry.note(key).and_then(|text| text.parse().ok()).unwrap_or_default();
    Standing {
        line: number("line"),
        newest: timestamp.max(number("newest")),
        floor: entry.note("floor").map_or(supposed_floor(entry, timestamp), |_| number("floor")),
        awaits_itl: entry.note("awaits-itl") == Some("yes"),
    }
}

/// The floor of time by a list of an older store: its timestamp, unless it was more than a day
/// ahead of the clock when it was accepted.
fn supposed_floor(entry: &StoreEntry, timestamp: u32) -> u32 {
    let accepted = entry.note("accepted").and_then(clock::parse_rfc3339);
    standing::floor_after(0, timestamp, accepted.map(u64::from)).0
}

/// The entry of a list at another place.
pub(super) fn moved(entry: StoreEntry, standing: &Standing) -> StoreEntry {
    let places = ["newest", "line", "floor", "awaits-itl"];
    let notes = entry.notes.into_iter().filter(|(key, _)| !places.contains(&key.as_str()));
    with_standing(StoreEntry { bytes: entry.bytes, notes: notes.collect() }, standing)
}

/// The note about what is remembered of the files of one name.
///
/// `NAME LINE FORM SIGNER TIMESTAMP`: the number of the line of lists, `encrypted` or `plain`,
/// SHA-1 in hexadecimal, and the newest timestamp or `-`.
pub(super) fn seen_text(name: &str, line: u32, seen: &Seen) -> String {
    let newest = seen.newest.map_or("-".to_owned(), |newest| newest.to_string());
    let signer = seen.signer.map_or("-".to_owned(), |signer| HEXLOWER.encode(&signer));
    format!("{name} {line} {} {signer} {newest}", form_word(seen.form))
}

/// What such a note says.
fn seen(text: &str) -> Option<(String, u32, Seen)> {
    let mut words = text.split(' ');
    let (name, line) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
    let form = form_of(words.next()?);
    let signer = match words.next()? {
        "-" => None,
        signer => Some(HEXLOWER.decode(signer.as_bytes()).ok()?.try_into().ok()?),
    };
    let newest = match words.next()? {
        "-" => None,
        newest => Some(newest.parse().ok()?),
    };
    Some((name, line, Seen { newest, form, signer, taken: None }))
}

/// What can be known of a configuration that an older version kept, which remembered nothing: that
/// it was signed, if it was encrypted or names TVS members, and when it was accepted.
fn supposed(entry: &StoreEntry) -> Option<(String, (u32, Seen))> {
    let form = form(entry);
    if form == Form::Plain && members::of_notes(entry).is_empty() {
        return None;
    }
    let taken = entry.note("accepted").and_then(clock::parse_rfc3339);
    let seen = Seen { newest: None, form, signer: None, taken };
    Some((entry.note("name")?.to_owned(), (Standing::default().line, seen)))
}

/// What is remembered of files, by the notes of an entry.
fn remembered(entry: &StoreEntry) -> Remembered {
    if entry.note(STATE).is_none() {
        return supposed(entry).into_iter().collect();
    }
    let texts = SEEN.into_iter().filter_map(|key| entry.note(key));
    texts.filter_map(seen).map(|(name, line, seen)| (name, (line, seen))).collect()
}

/// What is remembered of files: by their names, with the number of the line of lists.
pub(super) type Remembered = BTreeMap<String, (u32, Seen)>;

/// The keys of those notes: a phone has its own configuration and the default one.
pub(super) const SEEN: [&str; 2] = ["seen-0", "seen-1"];

/// The note of the state that the lists put the phone in when a configuration was accepted.
pub(super) const STATE: &str = "state";

/// The note that says how a configuration came.
pub(super) const FORM: &str = "form";
