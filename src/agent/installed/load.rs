//! What the store holds, as values: lists that are trusted again, the last configuration.

use std::collections::BTreeMap;

use crate::agent::members;
use crate::agent::narrate::say;
use crate::boot::{Event, Form, LastConfiguration, Seen};
use crate::face::hex;
use crate::io::clock;
use crate::io::store::{Loaded, Slot, Store, StoreEntry};
use crate::trust::signature::sha256;
use crate::trust::standing::{self, Standing};
use crate::trust::{Acceptance, Anchors, ListKind, State, TrustList, Verified, Voucher, stored};
use crate::wire::configuration::{Member, SettingsAccess, WebAccess};
use crate::wire::syslog::LogServer;

/// The lists that were trusted cannot be read; the reason has been logged.
pub(super) struct Locked;

/// Whether what was installed last is in force.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum InstalledPlace {
    Current,
    /// It is damaged: what was installed before it is in force, or nothing.
    Previous,
}

/// A list from the store, and its place in its line.
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
/// An earlier version had no such note: there a configuration shows it by being encrypted or naming
/// TVS members, which both need a known signer.
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

/// The configuration that was accepted last, and the circumstances.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Kept {
    pub(super) last: LastConfiguration,
    /// SHA-256 of its payload, which may hold secrets and is not kept in memory.
    pub(super) digest: [u8; 32],
    /// Who vouched for it; nothing if it was accepted from anyone.
    pub(super) by: Option<Voucher>,
    /// What is remembered of each configuration.
    pub(super) seen: Remembered,
    /// The trust state that the phone was in then; an earlier version did not note it.
    pub(super) state: Option<String>,
}

/// A configuration of the store, with the servers that it names.
pub(super) struct KeptEntry {
    pub(super) kept: Kept,
    pub(super) members: Vec<Member>,
    pub(super) log_server: Option<LogServer>,
}

impl Kept {
    /// The same, with the time at which it was read before, if it is the same file by HTTPS: the time
    /// moves on with every boot, which is worth a write to flash once a day.
    pub(super) fn with_time_of(mut self, before: Option<&Self>) -> Self {
        let before = before.filter(|before| self.is_same_as(before) && self.by == before.by);
        let noted = before.and_then(|before| before.seen.get(&self.last.name));
        if let (Some(Voucher::Https), Some(noted)) = (self.by, noted) {
            let Some((line, now)) = self.seen.get_mut(&self.last.name) else { return self };
            let age = now.read.unwrap_or_default().checked_sub(noted.1.read.unwrap_or_default());
            let is_same = Seen { read: now.read, ..noted.1 } == *now && *line == noted.0;
            // One that is later than now was noted while the clock was ahead.
            if is_same && age.is_some_and(|age| age < DAY) {
                *now = noted.1;
            }
        }
        self
    }

    /// Whether another one is the same configuration, whatever the lists were.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        (&self.last, &self.digest) == (&other.last, &other.digest)
    }
}

/// The lists of a store.
///
/// # Errors
/// [`Locked`] if one cannot be read, or is missing and should not be.
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
            // The list of an earlier cluster would come back beside the current one's.
            if found.standing.line < line {
                say(&Event::StoredListOfBefore { list: found.list.value().kind });
                return Err(Locked);
            }
        }
        found.install(&mut anchors);
    }
    // An emptied store must not pass for that of a new phone, which trusts whoever comes first.
    if anchors.state() == State::None && !store.remembers() && shows_lists(store) {
        say(&Event::StoredListsLost {});
        return Err(Locked);
    }
    Ok((anchors, place))
}

/// The list of a kind.
///
/// # Errors
/// [`Locked`] if neither it nor the one before can be trusted again.
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
        // Damage must not undo what the lost list enforced, which is no longer known.
        if !list.value().serves_files() {
            say(&Event::StoredListWeaker { list: kind, damage });
            return Err(Locked);
        }
        say(&Event::StoredListBefore { list: kind, damage });
    }
    let standing = standing(&entry, list.value().timestamp);
    Ok(Some(FoundList { list, standing, place }))
}

/// The last configuration. One that cannot be read is fetched again: no trust depends on it.
pub(super) fn configuration(store: &Store) -> (Option<KeptEntry>, InstalledPlace) {
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

/// What the notes of an entry record of the configuration in it.
fn kept(entry: &StoreEntry) -> Option<KeptEntry> {
    let last = LastConfiguration { name: entry.note("name")?.to_owned(), form: form(entry) };
    let state = entry.note(STATE).map(str::to_owned);
    let by = entry.note(VOUCHER).and_then(Voucher::of_word);
    let kept = Kept { last, digest: sha256(&entry.bytes), by, seen: remembered(entry), state };
    let log_server = entry.note(LOG_SERVER).and_then(|text| LogServer::parse(text).ok());
    Some(KeptEntry { kept, members: members::of_notes(entry), log_server })
}

/// Who may use the phone's settings, and whether its web page may be opened, by the notes of the
/// stored configuration; also where nothing else of the store can be read.
pub(super) fn access(store: &Store) -> (Option<SettingsAccess>, Option<WebAccess>) {
    match store.load(Slot::Configuration) {
        Loaded::Current(entry) | Loaded::Previous { entry, .. } => (
            entry.note(ACCESS).and_then(SettingsAccess::of_word),
            entry.note(WEB).and_then(WebAccess::of_word),
        ),
        Loaded::Absent | Loaded::Locked { .. } => (None, None),
    }
}

/// The entry with notes of who may use the settings and of the web page, as far as that is known.
pub(super) fn with_access(
    entry: StoreEntry,
    access: Option<SettingsAccess>,
    web: Option<WebAccess>,
) -> StoreEntry {
    let access = access.map(|access| (ACCESS, access.word()));
    let notes = access.into_iter().chain(web.map(|web| (WEB, web.word())));
    notes.fold(entry, |entry, (key, word)| entry.with(key, word))
}

/// The entry without what a factory reset forgets: those notes, and the one of the log server.
pub(super) fn after_reset(mut entry: StoreEntry) -> StoreEntry {
    entry.notes.retain(|(key, _)| ![ACCESS, LOG_SERVER, WEB].contains(&key.as_str()));
    entry
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

/// The key of the note that records how a list was accepted.
pub(super) const ACCEPTANCE: &str = "acceptance";

/// Adds the notes about the place of a list in its line.
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

/// The place of a list of this timestamp, by the notes of its entry.
fn standing(entry: &StoreEntry, timestamp: u32) -> Standing {
    let number = |key| entry.note(key).and_then(|text| text.parse().ok()).unwrap_or_default();
    Standing {
        line: number("line"),
        // A store of an earlier version has no such note: then it is the list's own.
        newest: timestamp.max(number("newest")),
        floor: entry.note("floor").map_or(supposed_floor(entry, timestamp), |_| number("floor")),
        awaits_itl: entry.note("awaits-itl") == Some("yes"),
    }
}

/// The floor of time by a list of a store without that note: its timestamp, unless that was more
/// than a day ahead of the clock when the list was accepted.
fn supposed_floor(entry: &StoreEntry, timestamp: u32) -> u32 {
    let accepted = entry.note("accepted").and_then(clock::parse_rfc3339);
    standing::floor_after(0, timestamp, accepted.map(u64::from)).0
}

/// The line of lists under which an LSC was installed.
pub(in crate::agent) fn line_of(entry: &StoreEntry) -> Option<u32> {
    entry.note(LINE)?.parse().ok()
}

/// The same of the LSC in a store.
pub(super) fn lsc_line(store: &Store) -> Option<u32> {
    match store.load(Slot::Lsc) {
        Loaded::Current(entry) | Loaded::Previous { entry, .. } => line_of(&entry),
        Loaded::Absent | Loaded::Locked { .. } => None,
    }
}

/// The entry of a list, moved to another place in a line.
pub(super) fn moved(entry: StoreEntry, standing: &Standing) -> StoreEntry {
    let places = ["newest", "line", "floor", "awaits-itl"];
    let notes = entry.notes.into_iter().filter(|(key, _)| !places.contains(&key.as_str()));
    with_standing(StoreEntry { bytes: entry.bytes, notes: notes.collect() }, standing)
}

/// The note about what is remembered of the files of one name.
///
/// `NAME LINE FORM SIGNER TIMESTAMP READ`: the number of the line of lists, `encrypted` or `plain`,
/// SHA-1 in hexadecimal, the newest timestamp or `-`, and the time of the last reading or `-`.
pub(super) fn seen_text(name: &str, line: u32, seen: &Seen) -> String {
    let shown = |time: Option<u32>| time.map_or("-".to_owned(), |time| time.to_string());
    let (newest, read) = (shown(seen.newest), shown(seen.read));
    let signer = seen.signer.map_or("-".to_owned(), |signer| hex(&signer));
    format!("{name} {line} {} {signer} {newest} {read}", form_word(seen.form))
}

/// Reads such a note; `None` if it cannot be read.
fn seen(text: &str) -> Option<(String, (u32, Seen))> {
    let mut words = text.split(' ');
    let (name, line) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
    let form = form_of(words.next()?);
    let signer = match words.next()? {
        "-" => None,
        // A digest of another length is damage, and the note then counts as missing.
        signer => Some(hex::bytes(signer)?),
    };
    // An earlier version has not written the last word.
    let (newest, read) = (time(words.next()?)?, words.next().map_or(Some(None), time)?);
    Some((name, (line, Seen { newest, read, form, signer, taken: None })))
}

/// A time of such a note, if there is one; `None` if it cannot be read.
fn time(word: &str) -> Option<Option<u32>> {
    match word {
        "-" => Some(None),
        time => time.parse().ok().map(Some),
    }
}

/// What can be known of a configuration that an earlier version kept, without notes: that it was
/// signed, if it was encrypted or names TVS members, and when it was accepted.
fn supposed(entry: &StoreEntry) -> Option<(String, (u32, Seen))> {
    let form = form(entry);
    if form == Form::Plain && members::of_notes(entry).is_empty() {
        return None;
    }
    let taken = entry.note("accepted").and_then(clock::parse_rfc3339);
    let seen = Seen { newest: None, read: None, form, signer: None, taken };
    Some((entry.note("name")?.to_owned(), (Standing::default().line, seen)))
}

/// What is remembered of files, by the notes of an entry.
fn remembered(entry: &StoreEntry) -> Remembered {
    let mut remembered = Remembered::new();
    if entry.note(STATE).is_none() {
        remembered.extend(supposed(entry));
    } else {
        let texts = SEEN.into_iter().filter_map(|key| entry.note(key));
        remembered.extend(texts.filter_map(seen));
    }
    remembered
}

/// What is remembered of files: by their names, with the number of the line of lists.
pub(super) type Remembered = BTreeMap<String, (u32, Seen)>;

/// The keys of those notes: one each for the phone's own configuration and the default one.
pub(super) const SEEN: [&str; 2] = ["seen-0", "seen-1"];

/// The key of the note about the line under which an LSC was installed.
pub(in crate::agent) const LINE: &str = "line";

/// The key of the note about the trust state in which a configuration was accepted.
pub(super) const STATE: &str = "state";

/// The key of the note that records who may use the phone's settings.
const ACCESS: &str = "settings-access";

/// The key of the note that records whether the phone's web page may be opened.
const WEB: &str = "web-access";

/// The key of the note that records whether a configuration came encrypted.
pub(super) const FORM: &str = "form";

/// Seconds of a day.
const DAY: u32 = 86_400;

/// The key of the note about who vouched for a configuration; without it nobody did, or an earlier
/// version wrote the store.
pub(super) const VOUCHER: &str = "by";

/// The key of the note about the log server that a verified configuration names.
pub(super) const LOG_SERVER: &str = "log-server";
