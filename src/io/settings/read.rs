//! From text to sections, with every fault noted on the way.

use std::path::Path;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::check::{self, Sections};
use super::faults::{Faults, member_key};
use super::{Settings, SettingsFailure, Wrong};
use crate::io::files::{self, Links, UnreadableFile};

impl Settings {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`SettingsFailure::Unreadable`] if there is no file to read, [`SettingsFailure::Invalid`] if
    /// it has faults.
    pub fn load(path: &Path) -> Result<Self, SettingsFailure> {
        let file = path.display().to_string();
        // An administrator may keep the file elsewhere and link to it.
        let bytes = match files::read(path, MAX_FILE, Links::Follow) {
            Ok(bytes) => bytes,
            // A fault of the file, which is there to be corrected, and not of the machine.
            Err(UnreadableFile::TooLong { limit }) => {
                return Err(SettingsFailure::from_file(&file, Wrong::TooLong { limit }));
            }
            Err(reason) => {
                return Err(SettingsFailure::Unreadable { path: path.to_path_buf(), reason });
            }
        };
        match core::str::from_utf8(&bytes) {
            Ok(text) => Self::parse(text, &file),
            Err(error) => {
                let offset = error.valid_up_to();
                Err(SettingsFailure::from_file(&file, Wrong::NotText { offset }))
            }
        }
    }

    /// Reads the text of a file; `file` is its name in faults.
    ///
    /// # Errors
    /// [`SettingsFailure::Invalid`] with everything that is wrong, in the order of the file.
    pub fn parse(text: &str, file: &str) -> Result<Self, SettingsFailure> {
        configuration(text, file)
    }
}

/// Reads the text. After a fault of syntax nothing else is looked for.
fn configuration(text: &str, file: &str) -> Result<Settings, SettingsFailure> {
    let mut faults = Faults::default();
    let (document, errors) = DeTable::parse_recoverable(text);
    let checked = if errors.is_empty() {
        let mut document = document.into_inner();
        let sections = sections(&mut document, &mut faults);
        // Every section that is known was taken out.
        for (name, value) in document.iter() {
            let is_section = match value.get_ref() {
                DeValue::Array(elements) => {
                    elements.first().is_some_and(|one| one.get_ref().is_table())
                }
                value => value.is_table(),
            };
            let wrong = if is_section { Wrong::UnknownSection } else { Wrong::NotInSection };
            faults.add(name.span().start, name.get_ref(), wrong);
        }
        check::configuration(sections, &mut faults)
    } else {
        errors.iter().for_each(|error| faults.toml(error, ""));
        None
    };
    match checked {
        Some(configuration) if faults.is_empty() => Ok(configuration),
        _ => Err(SettingsFailure::Invalid(faults.placed(text, file))),
    }
}

/// Takes every known section out of the document.
fn sections(document: &mut DeTable<'_>, faults: &mut Faults) -> Sections {
    // Before the section that they are in, which is then read without them.
    let members = members(document, faults);
    Sections {
        device_offset: document.get("device").map_or(0, |section| section.span().start),
        device: section(document, "device", faults),
        tftp: section(document, "tftp", faults),
        paths: section(document, "paths", faults),
        ram: section(document, "ram", faults),
        policy: section(document, "policy", faults),
        tvs: section(document, "tvs", faults),
        members,
        https: section(document, "https", faults),
        socket: section(document, "socket", faults),
        access: section(document, "access", faults),
        console: section(document, "console", faults),
        retry: section(document, "retry", faults),
    }
}

/// Takes one section out of the document; the default if it is not given.
fn section<T: DeserializeOwned + Default>(
    document: &mut DeTable<'_>,
    name: &str,
    faults: &mut Faults,
) -> T {
    document.remove(name).map_or_else(T::default, |value| table(value, name, faults))
}

/// Takes the TVS members out of their section, each as a section of its own; with their offsets.
fn members<T: DeserializeOwned + Default>(
    document: &mut DeTable<'_>,
    faults: &mut Faults,
) -> Vec<(usize, T)> {
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
        (value.span().start, table(value, &member_key(index), faults))
    };
    members.into_iter().enumerate().map(member).collect()
}

/// Reads a table. Each key that cannot be read is noted and left out, so that the next is seen.
fn table<T: DeserializeOwned + Default>(
    value: Spanned<DeValue<'_>>,
    name: &str,
    faults: &mut Faults,
) -> T {
    let span = value.span();
    let mut value = value;
    // Serde would also take an array for a section, field by field.
    if !value.get_ref().is_table() {
        let kind = value.get_ref().type_str();
        let message = format!("invalid type: {kind}, expected a section of keys");
        faults.add(span.start, name, Wrong::Toml { message });
        return T::default();
    }
    loop {
        // A copy, since reading takes the value apart: after a fault it is read once more, without
        // the key at fault. Each turn takes out a key, so there is an end.
        let error = match T::deserialize(ValueDeserializer::from(value.clone())) {
            Ok(section) => return section,
            Err(error) => error,
        };
        let offset = error.span().map_or(span.start, |span| span.start);
        let key = match value.get_mut() {
            DeValue::Table(table) => take_key(table, offset),
            _ => None,
        };
        match key {
            Some(key) => faults.toml(&error, &format!("{name}.{key}")),
            None => {
                faults.toml(&error, name);
                return T::default();
            }
        }
    }
}

/// Takes out the key at `offset`, or whose value covers it.
fn take_key(table: &mut DeTable<'_>, offset: usize) -> Option<String> {
    let at = |(key, value): &(&Spanned<_>, &Spanned<DeValue<'_>>)| {
        key.span().contains(&offset) || covers(value, offset)
    };
    let key = table.iter().find(at).map(|(key, _)| key.get_ref().to_string())?;
    table.remove(key.as_str());
    Some(key)
}

/// Elements of an array of tables are apart from its first header.
fn covers(value: &Spanned<DeValue<'_>>, offset: usize) -> bool {
    let within = match value.get_ref() {
        DeValue::Array(elements) => elements.iter().any(|element| covers(element, offset)),
        DeValue::Table(table) => {
            table.iter().any(|(key, value)| key.span().contains(&offset) || covers(value, offset))
        }
        _ => false,
    };
    within || value.span().contains(&offset)
}

/// Bytes of the file. Inferred: ten times the commented sample.
pub const MAX_FILE: u64 = 64 * 1024;
