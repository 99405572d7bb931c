//! From text to sections, with every fault noted on the way.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::check::{self, Sections};
use super::fault::FORMAT;
use super::faults::Faults;
use super::place::{KeyOffsets, element_key};
use super::raw::Table;
use super::typed::{TypedValue, WrongValue};
use super::{Settings, SettingsFailure, Wrong};
use crate::io::files::{self, Links, UnreadableFile};

/// Reads the bytes of a file of settings, which are text.
///
/// # Errors
/// As [`Settings::load`].
pub(super) fn text(path: &Path) -> Result<String, SettingsFailure> {
    // An administrator may keep the file elsewhere and link to it.
    let bytes = files::read(path, MAX_FILE, Links::Follow).map_err(|reason| match reason {
        // A fault of the file, which is there to be corrected, and not of the machine.
        UnreadableFile::TooLong { limit } => too_long(path, limit),
        reason => SettingsFailure::Unreadable { path: path.to_path_buf(), reason },
    })?;
    decoded(bytes, path)
}

/// The text of bytes that were read elsewhere, by the rules of a file.
///
/// # Errors
/// [`SettingsFailure::Invalid`] if they are too many, or no text.
pub(super) fn decoded(bytes: Vec<u8>, path: &Path) -> Result<String, SettingsFailure> {
    if u64::try_from(bytes.len()).map_or(true, |length| length > MAX_FILE) {
        return Err(too_long(path, MAX_FILE));
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        SettingsFailure::from_file(&path.display().to_string(), Wrong::NotText { offset })
    })
}

fn too_long(path: &Path, limit: u64) -> SettingsFailure {
    SettingsFailure::from_file(&path.display().to_string(), Wrong::TooLong { limit })
}

/// What a text has in it: settings, if the device is named; they count only if there are no faults.
pub(super) fn settings(text: &str, faults: &mut Faults) -> (Option<Settings>, KeyOffsets) {
    let (document, errors) = DeTable::parse_recoverable(text);
    // After a fault of syntax nothing else is looked for.
    if !errors.is_empty() {
        errors.iter().for_each(|error| faults.syntax(error));
        return (None, KeyOffsets::default());
    }
    let mut document = document.into_inner();
    let offsets = KeyOffsets::new(&document);
    // Neither in another format, where the same words may mean something else.
    if !is_of_this_format(&mut document, faults) {
        return (None, offsets);
    }
    let sections = sections(&mut document, faults);
    // Every section that is known was taken out.
    for (name, value) in document.iter() {
        let is_section = match value.get_ref() {
            DeValue::Array(elements) => {
                elements.first().is_some_and(|one| one.get_ref().is_table())
            }
            value => value.is_table(),
        };
        let found = name.get_ref().to_string();
        let wrong = if is_section { Wrong::UnknownSection { found } } else { Wrong::NotInSection };
        faults.add(name.span().start, name.get_ref(), wrong);
    }
    (check::configuration(sections, faults), offsets)
}

/// Takes the number of the format out of the document; a file without one has the first.
fn is_of_this_format(document: &mut DeTable<'_>, faults: &mut Faults) -> bool {
    let Some(value) = document.remove("format") else { return true };
    let start = value.span().start;
    match u64::read(value) {
        Ok(FORMAT) => return true,
        Ok(found) => faults.add(start, "format", Wrong::UnknownFormat { found }),
        Err(WrongValue { offset, message }) => {
            faults.add(offset, "format", Wrong::Toml { message });
        }
    }
    false
}

/// Takes every known section out of the document.
fn sections(document: &mut DeTable<'_>, faults: &mut Faults) -> Sections {
    // Before the section that they are in, which is then read without them.
    let members = members(document, faults);
    Sections {
        device_offset: document.get("device").map_or(0, |section| section.span().start),
        device: section(document, "device", faults),
        tftp: section(document, "tftp", faults),
        provisioning: section(document, "provisioning", faults),
        paths: section(document, "paths", faults),
        ram: section(document, "ram", faults),
        policy: section(document, "policy", faults),
        tvs: section(document, "tvs", faults),
        members,
        https: section(document, "https", faults),
        capf: section(document, "capf", faults),
        socket: section(document, "socket", faults),
        access: section(document, "access", faults),
        console: section(document, "console", faults),
        syslog: section(document, "syslog", faults),
        web: section(document, "web", faults),
        retry: section(document, "retry", faults),
        identity: section(document, "identity", faults),
        sandbox: section(document, "sandbox", faults),
    }
}

/// Takes one section out of the document; the default if it is not given.
fn section<T: Table>(document: &mut DeTable<'_>, name: &str, faults: &mut Faults) -> T {
    document.remove(name).map_or_else(T::default, |value| table(value, name, faults))
}

/// Takes the TVS members out of their section, each as a section of its own; with their offsets.
fn members<T: Table>(document: &mut DeTable<'_>, faults: &mut Faults) -> Vec<(usize, T)> {
    let Some(DeValue::Table(tvs)) = document.get_mut("tvs").map(Spanned::get_mut) else {
        return Vec::new();
    };
    let Some(members) = tvs.remove("members") else { return Vec::new() };
    let offset = members.span().start;
    let DeValue::Array(members) = members.into_inner() else {
        let message = "expected an array of tables, as in [[tvs.members]]".to_owned();
        faults.add(offset, "tvs.members", Wrong::Toml { message });
        return Vec::new();
    };
    let member = |(index, value): (usize, Spanned<DeValue<'_>>)| {
        (value.span().start, table(value, &element_key("tvs.members", index), faults))
    };
    members.into_iter().enumerate().map(member).collect()
}

/// Reads a table. Each key that cannot be read is noted and left out, so that the next is seen.
fn table<T: Table>(value: Spanned<DeValue<'_>>, name: &str, faults: &mut Faults) -> T {
    let mut read = T::default();
    each_key(value, name, T::KEYS, faults, &mut |key, value| read.keep(key, value));
    read
}

/// Keeps the value of a key in the table that it is for.
type Keep<'a> = dyn FnMut(&str, Spanned<DeValue<'_>>) -> Result<(), WrongValue> + 'a;

/// Hands out each key that is known, and notes all others and what is wrong with the values.
fn each_key(
    value: Spanned<DeValue<'_>>,
    name: &str,
    known: &[&str],
    faults: &mut Faults,
    keep: &mut Keep<'_>,
) {
    let (start, kind) = (value.span().start, value.get_ref().type_str());
    let DeValue::Table(table) = value.into_inner() else {
        let message = format!("invalid type: {kind}, expected a section of keys");
        return faults.add(start, name, Wrong::Toml { message });
    };
    for (key, value) in table {
        let path = format!("{name}.{}", key.get_ref());
        if !known.contains(&key.get_ref().as_ref()) {
            faults.unknown(key.span().start, &path, key.get_ref(), known);
        } else if let Err(WrongValue { offset, message }) = keep(key.get_ref(), value) {
            faults.add(offset, &path, Wrong::Toml { message });
        }
    }
}

/// Bytes of the file. Inferred: ten times the commented sample.
pub const MAX_FILE: u64 = 64 * 1024;
