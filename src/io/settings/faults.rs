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
        let expected = match known {
            [one, other] => format!("{one} or {other}"),
            [one] => (*one).to_owned(),
            _ => format!("one of {}", known.join(", ")),
        };
        let meant = did_you_mean(key, known.iter().copied());
        let message = format!("unknown key {key}, expected {expected}{meant}");
        self.add(offset, path, Wrong::Toml { message });
    }

    /// Notes an error of the TOML reader, which speaks to authors of Rust programs.
    pub(super) fn toml(&mut self, error: &Error, key: &str) {
        // A message may have several lines, and a fault is one.
        let mut message = error.message().replace('\n', ", ");
        if message.starts_with(UNKNOWN) {
            message = unquoted(&message);
        }
        for (rust, plain) in PLAIN {
            message = message.replace(rust, plain);
        }
        let offset = error.span().map_or(0, |span| span.start);
        self.add(offset, key, Wrong::Toml { message });
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

/// The same without its backquotes, as sections and the words of the command line are named, and
/// with the word that was probably meant.
fn unquoted(message: &str) -> String {
    // The word in the file comes first, and then those that it could be.
    let mut words = message.split('`').skip(1).step_by(2);
    let found = words.next().unwrap_or_default();
    format!("{}{}", message.replace('`', ""), did_you_mean(found, words))
}

/// How serde begins where a word is not one of those that it knows.
const UNKNOWN: &str = "unknown variant";

/// What serde calls a thing, and what whoever writes the file calls it.
const PLAIN: [(&str, &str); 8] = [
    ("unknown variant", "unknown value"),
    ("expected u64", "expected a whole number, 0 or more"),
    ("expected a boolean", "expected true or false"),
    ("expected a string", "expected text in quotes"),
    ("expected a sequence", "expected an array"),
    ("invalid type: sequence", "invalid type: array"),
    ("wanted string or table", "expected text in quotes"),
    (" as i128", ""),
];
