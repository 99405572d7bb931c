//! The faults of a file while it is read.

use toml::de::Error;

use super::fault::{SettingFault, Wrong};

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

    /// Notes that a key is missing, unless it was given and could not be read, or the table that it
    /// would be in could not.
    pub(super) fn missing(&mut self, offset: usize, key: &str) {
        let table = key.rsplit_once('.').map(|(table, _)| table);
        if !self.0.iter().any(|(_, other, _)| other == key || Some(other.as_str()) == table) {
            self.add(offset, key, Wrong::Missing);
        }
    }

    /// Notes an error of the TOML reader, which speaks to authors of Rust programs.
    pub(super) fn toml(&mut self, error: &Error, key: &str) {
        // A message may have several lines, and a fault is one.
        let mut message = error.message().replace('\n', ", ");
        for (rust, plain) in PLAIN {
            message = message.replace(rust, plain);
        }
        let offset = error.span().map_or(0, |span| span.start);
        self.add(offset, key, Wrong::Toml { message });
    }

    /// In the order of the text, with offsets turned into lines and columns.
    pub(super) fn placed(mut self, text: &str, file: &str) -> Vec<SettingFault> {
        // Sections are read in our order, and shown in that of the file.
        self.0.sort_by_key(|(offset, ..)| *offset);
        let fault = |(offset, key, wrong)| {
            let (line, column) = position(text, offset);
            SettingFault { file: file.to_owned(), line, column, key, wrong }
        };
        self.0.into_iter().map(fault).collect()
    }
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    // Characters and not bytes: that is how editors count columns.
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    (line, column)
}

/// What serde calls a thing, and what whoever writes the file calls it.
const PLAIN: [(&str, &str); 9] = [
    ("unknown field", "unknown key"),
    ("unknown variant", "unknown value"),
    ("expected u64", "expected a whole number, 0 or more"),
    ("expected a boolean", "expected true or false"),
    ("expected a string", "expected text in quotes"),
    ("expected a sequence", "expected an array"),
    ("invalid type: sequence", "invalid type: array"),
    ("wanted string or table", "expected text in quotes"),
    (" as i128", ""),
];

/// How faults name a TVS member.
pub(super) fn member_key(index: usize) -> String {
    format!("tvs.members[{index}]")
}
