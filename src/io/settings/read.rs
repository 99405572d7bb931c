//! From text to sections, with every fault noted on the way.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error, ValueDeserializer};

use super::check::{self, Sections};
use super::{Failure, Fault, Settings, Wrong};

/// Reads the whole text. After a fault of syntax nothing else is looked for.
pub(super) fn configuration(text: &str, file: &str) -> Result<Settings, Failure> {
    let mut faults = Faults::default();
    let (document, errors) = DeTable::parse_recoverable(text);
    let checked = if errors.is_empty() {
        let mut document = document.into_inner();
        let sections = sections(&mut document, &mut faults);
        for name in document.keys() {
            faults.add(name.span().start, name.get_ref(), Wrong::UnknownSection);
        }
        check::configuration(sections, &mut faults)
    } else {
        errors.iter().for_each(|error| faults.toml(error, ""));
        None
    };
    match checked {
        Some(configuration) if faults.0.is_empty() => Ok(configuration),
        _ => Err(Failure::Invalid(faults.placed(text, file))),
    }
}

/// Faults by their offset in the text.
#[derive(Default)]
pub(super) struct Faults(Vec<(usize, String, Wrong)>);

impl Faults {
    pub(super) fn add(&mut self, offset: usize, key: &str, wrong: Wrong) {
        self.0.push((offset, key.to_owned(), wrong));
    }

    /// Notes that a key is missing, unless it was given and could not be read.
    pub(super) fn missing(&mut self, offset: usize, key: &str) {
        if !self.0.iter().any(|(_, other, _)| other == key) {
            self.add(offset, key, Wrong::Missing);
        }
    }

    fn toml(&mut self, error: &Error, key: &str) {
        let message = error.message().replace("unknown field", "unknown key");
        let message = message.replace("unknown variant", "unknown value").replace('\n', ", ");
        let offset = error.span().map_or(0, |span| span.start);
        self.add(offset, key, Wrong::Toml { message });
    }

    /// In the order of the text, with offsets turned into lines and columns.
    fn placed(mut self, text: &str, file: &str) -> Vec<Fault> {
        self.0.sort_by_key(|(offset, ..)| *offset);
        let fault = |(offset, key, wrong)| {
            let (line, column) = position(text, offset);
            Fault { file: file.to_owned(), line, column, key, wrong }
        };
        self.0.into_iter().map(fault).collect()
    }
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    (line, column)
}

/// Takes every known section out of the document.
fn sections(document: &mut DeTable<'_>, faults: &mut Faults) -> Sections {
    let members = members(document, faults);
    Sections {
        device_offset: document.get("device").map_or(0, |section| section.span().start),
        device: section(document, "device", faults),
        tftp: section(document, "tftp", faults),
        paths: section(document, "paths", faults),
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
        let message = "invalid type, expected an array of tables".to_owned();
        faults.add(offset, "tvs.members", Wrong::Toml { message });
        return Vec::new();
    };
    let member = |(index, value): (usize, Spanned<DeValue<'_>>)| {
        (value.span().start, table(value, &member_key(index), faults))
    };
    members.into_iter().enumerate().map(member).collect()
}

/// How faults name a TVS member.
pub(super) fn member_key(index: usize) -> String {
    format!("tvs.members[{index}]")
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
        let message = format!("invalid type: {}, expected a table", value.get_ref().type_str());
        faults.add(span.start, name, Wrong::Toml { message });
        return T::default();
    }
    loop {
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

/// Takes out the key that stands at, or whose value covers, `offset`.
fn take_key(table: &mut DeTable<'_>, offset: usize) -> Option<String> {
    let at = |(key, value): &(&Spanned<_>, &Spanned<DeValue<'_>>)| {
        key.span().contains(&offset) || covers(value, offset)
    };
    let key = table.iter().find(at).map(|(key, _)| key.get_ref().to_string())?;
    table.remove(key.as_str());
    Some(key)
}

/// Elements of an array of tables stand apart from its first header.
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
