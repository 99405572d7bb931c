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

    /// Notes that a key is missing, unless it was given and could not be read.
    pub(super) fn missing(&mut self, offset: usize, key: &str) {
        if !self.0.iter().any(|(_, other, _)| other == key) {
            self.add(offset, key, Wrong::Missing);
        }
    }

    pub(super) fn toml(&mut self, error: &Error, key: &str) {
        let message = error.message().replace("unknown field", "unknown key");
        let message = message.replace("unknown variant", "unknown value").replace('\n', ", ");
        let offset = error.span().map_or(0, |span| span.start);
        self.add(offset, key, Wrong::Toml { message });
    }

    /// In the order of the text, with offsets turned into lines and columns.
    pub(super) fn placed(mut self, text: &str, file: &str) -> Vec<SettingFault> {
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
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    (line, column)
}

/// How faults name a TVS member.
pub(super) fn member_key(index: usize) -> String {
    format!("tvs.members[{index}]")
}
