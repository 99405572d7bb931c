//! How places and texts of a configuration are shown to a person.

use alloc::string::String;
use core::fmt;

/// A place in the text, both counted from 1 as editors do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TextPosition {
    /// Number of the line.
    pub line: u32,
    /// Number of the character in the line, not of the byte.
    pub column: u32,
}

impl TextPosition {
    /// The place that follows `before`.
    pub(super) fn after(before: &str) -> Self {
        // Counted only when there is a fault to report, so a second pass costs nothing.
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

/// The start of a text in quotes, short enough for a line of the log.
pub(super) fn shortened(text: &str) -> String {
    // Quotes show where a foreign text ends, and escapes keep control characters out of the log.
    alloc::format!("{:?}", start_of(text))
}

/// The start of a text, short enough for a line of the log.
pub(super) fn start_of(text: &str) -> String {
    let mut start: String = text.chars().take(SHOWN).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

/// Characters of a foreign text in a line. Inferred: a correct value is shorter than the longest
/// host name.
const SHOWN: usize = 80;
