//! The faults of a file while it is read.

use toml::de::Error;

use super::fault::{SettingFault, Wrong};
use super::place::LineCounter;
use crate::io::meant::did_you_mean;

/// Faults by their offset in the text.
#[derive(Default)]
pub(super) struct Faults(Vec<(usize, String, Wrong)>);

impl Faults {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, offset: usize, key: &str, wrong: Wrong) {
        self.0.push((offset, key.to_owned(), wrong));
    }

    /// Whether one of them is in this section.
    pub(super) fn are_in(&self, section: &str) -> bool {
        self.0.iter().any(|(_, key, _)| key.split(['.', '[']).next() == Some(section))
    }

    /// Notes that a key is missing, unless it was given and could not be read, or the table that it
    /// would be in could not.
    pub(super) fn missing(&mut self, offset: usize, key: &str) {
        let table = key.rsplit_once('.').map(|(table, _)| table);
        if !self.0.iter().any(|(_, other, _)| other == key || Some(other.as_str()) == table) {
            self.add(offset, key, Wrong::Missing);
        }
    }

    /// Notes a key that its table does not know.
    pub(super) fn unknown(&mut self, offset: usize, path: &str, key: &str, known: &[&str]) {
        let message = unknown("key", key, known);
        self.add(offset, path, Wrong::Toml { message });
    }

    /// Notes that the text is not TOML.
    pub(super) fn syntax(&mut self, error: &Error) {
        // A message may have several lines, and a fault is one.
        let message = error.message().replace('\n', ", ");
        let offset = error.span().map_or(0, |span| span.start);
        self.add(offset, "", Wrong::Toml { message });
    }

    /// In the order of the text, with offsets turned into lines and columns.
    pub(super) fn placed(mut self, text: &str, file: &str) -> Vec<SettingFault> {
        // Sections are read in our order, and shown in that of the file.
        self.0.sort_by_cached_key(|(offset, ..)| *offset);
        let mut lines = LineCounter::new(text);
        let fault = |(offset, key, wrong): (_, String, _)| SettingFault {
            place: lines.place(file, offset, &key),
            wrong,
        };
        self.0.into_iter().map(fault).collect()
    }
}

/// That a key or value is not known, which are, and which was probably meant.
pub(super) fn unknown(what: &str, found: &str, known: &[&str]) -> String {
    let expected = match known {
        [one, other] => format!("{one} or {other}"),
        [one] => (*one).to_owned(),
        _ => format!("one of {}", known.join(", ")),
    };
    let meant = did_you_mean(found, known.iter().copied());
    format!("unknown {what} {found}, expected {expected}{meant}")
}
