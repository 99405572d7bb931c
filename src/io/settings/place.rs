//! Where things are in a configuration file.

use core::fmt;
use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::io::console::escape;

/// A place in a configuration file, as faults and warnings name it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SettingPlace {
    /// The file, as the caller named it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// Section and key with a dot between them; empty for the file itself.
    pub key: String,
}

/// As compilers show it, up to where the message begins.
impl fmt::Display for SettingPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, key } = self;
        write!(f, "{file}:{line}:{column}: ")?;
        if key.is_empty() { Ok(()) } else { write!(f, "{}: ", escape(key)) }
    }
}

/// Counts lines and columns from one offset to the next: a text is gone through once, however many
/// places in it are asked for.
pub(super) struct LineCounter<'a> {
    rest: &'a str,
    offset: usize,
    line: usize,
    column: usize,
}

impl<'a> LineCounter<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { rest: text, offset: 0, line: 1, column: 1 }
    }

    /// The place at an offset, which is not before the last one that was asked for.
    pub(super) fn place(&mut self, file: &str, offset: usize, key: &str) -> SettingPlace {
        let step = offset.saturating_sub(self.offset);
        let (passed, rest) = self.rest.split_at_checked(step).unwrap_or((self.rest, ""));
        // Characters and not bytes: that is how editors count columns.
        for c in passed.chars() {
            match c {
                '\n' => (self.line, self.column) = (self.line + 1, 1),
                _ => self.column += 1,
            }
        }
        (self.rest, self.offset) = (rest, self.offset + passed.len());
        let Self { line, column, .. } = *self;
        SettingPlace { file: file.to_owned(), line, column, key: key.to_owned() }
    }
}

/// The offsets of the values in a file, by section and key.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyOffsets(BTreeMap<String, usize>);

impl KeyOffsets {
    /// All that are in the file, known or not.
    pub(super) fn new(document: &DeTable<'_>) -> Self {
        let mut offsets = Self::default();
        for (name, section) in document {
            let name = name.get_ref();
            offsets.note(name.to_string(), section);
            if let DeValue::Table(keys) = section.get_ref() {
                for (key, value) in keys {
                    offsets.note(format!("{name}.{}", key.get_ref()), value);
                }
            }
        }
        offsets
    }

    fn note(&mut self, key: String, value: &Spanned<DeValue<'_>>) {
        if let DeValue::Array(elements) = value.get_ref() {
            let element = |(index, element): (usize, &Spanned<_>)| {
                (element_key(&key, index), element.span().start)
            };
            self.0.extend(elements.iter().enumerate().map(element));
        }
        self.0.insert(key, value.span().start);
    }

    /// Whether the file has this key, such as `tftp.servers` or `tftp.servers[0]`.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Where the value is, else its section, else the start of the file: a default has no place of
    /// its own.
    pub(super) fn of(&self, key: &str) -> usize {
        let section = key.split_once('.').map_or(key, |(section, _)| section);
        self.0.get(key).or_else(|| self.0.get(section)).copied().unwrap_or_default()
    }
}

/// The key of one entry of an array.
pub(super) fn element_key(key: &str, index: usize) -> String {
    format!("{key}[{index}]")
}
