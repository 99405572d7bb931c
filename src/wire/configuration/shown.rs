//! How places and texts of a configuration are shown to a person.

use alloc::string::String;
use core::fmt;

/// A place in the text, both from 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TextPosition {
    /// Lines.
    pub line: u32,
    /// Characters.
    pub column: u32,
}

impl TextPosition {
    /// The place that follows `before`.
    pub(super) fn after(before: &str) -> Self {
        let line = before.bytes().filter(|byte| *byte == b'\n').count();
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count());
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1);
        Self { line: number(line), column: number(column) }
    }
}

impl fmt::Display for TextPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A text in quotes, as much of it as fits a line of the log.
pub(super) fn shortened(text: &str) -> String {
    alloc::format!("{:?}", start_of(text))
}

/// As much of a text as fits a line of the log.
pub(super) fn start_of(text: &str) -> String {
    let mut start: String = text.chars().take(SHOWN).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

/// Characters of a foreign text in a line. Inferred: one that is right is shorter than a host name
/// may be.
const SHOWN: usize = 80;
