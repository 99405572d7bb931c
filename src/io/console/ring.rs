//! The last lines of the console, in memory of a fixed size.

use core::fmt::{self, Write};
use std::time::SystemTime;

use heapless::{Deque, String as Text};
use log::Level;
use serde_json::{Map, Value};

use super::escape;

/// One line of the console.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConsoleLine {
    sequence: u64,
    origin: Origin,
    text: Text<WIDTH>,
}

/// What a line is about, besides its text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin {
    /// How grave it is.
    pub level: Level,
    /// When it was written.
    pub time: SystemTime,
    /// The name of the event, if it is one of ours.
    pub event: Option<Box<str>>,
    /// The facts of the event, an object of JSON.
    pub facts: Option<Box<str>>,
}

impl ConsoleLine {
    /// Its number; the next line has the next.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// How grave it is.
    pub fn level(&self) -> Level {
        self.origin.level
    }

    /// What it is about.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The line without number, level and time: process and text.
    #[must_use]
    pub fn message(&self) -> &str {
        self.text.splitn(4, ' ').nth(3).unwrap_or_default()
    }

    /// The facts of its event, if it has any.
    #[must_use]
    pub fn facts(&self) -> Option<Map<String, Value>> {
        serde_json::from_str(self.origin.facts.as_deref()?).ok()
    }

    /// The same as texts without the marks of JSON, and without what a terminal obeys.
    #[must_use]
    pub fn facts_as_text(&self) -> Vec<(String, String)> {
        let text = |fact: Value| match fact {
            Value::String(text) => escape(&text).to_string(),
            other => other.to_string(),
        };
        self.facts().into_iter().flatten().map(|(name, fact)| (name, text(fact))).collect()
    }

    /// The line as shown, number included, without a line break.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The lines after a cursor.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Since {
    /// How many were dropped before they could be read.
    pub missed: u64,
    /// Those that are there, oldest first.
    pub lines: Vec<ConsoleLine>,
}

/// A bounded queue of lines: a new one drives out the oldest.
#[derive(Default)]
pub struct Ring {
    // On the heap: 256 lines of 512 bytes are too much for a stack.
    lines: Box<Deque<ConsoleLine, LINES>>,
    last: u64,
}

impl Ring {
    /// Adds the line that `compose` writes for its sequence number; too long a line is cut and
    /// ends in [`CUT`].
    pub fn push(
        &mut self,
        origin: Origin,
        compose: impl FnOnce(u64, &mut dyn Write) -> fmt::Result,
    ) -> &ConsoleLine {
        if self.lines.is_full() {
            self.lines.pop_front();
        }
        self.last += 1;
        let mut cutter = Cutter::default();
        // An error means that the line is full, which the cut shows.
        let _ = compose(self.last, &mut cutter);
        let line = ConsoleLine { sequence: self.last, origin, text: cutter.text };
        self.lines.push_back(line).expect("a place was freed above");
        self.lines.back().expect("a line was put in above")
    }

    /// The last `count` lines, oldest first.
    pub fn tail(&self, count: usize) -> Vec<ConsoleLine> {
        let skipped = self.lines.len().saturating_sub(count);
        self.lines.iter().skip(skipped).cloned().collect()
    }

    /// The next lines with a number above `sequence`, so many at most.
    pub fn next(&self, sequence: u64, count: usize) -> Since {
        let after = self.lines.iter().filter(|line| line.sequence > sequence);
        let lines: Vec<ConsoleLine> = after.take(count).cloned().collect();
        // Numbers have no gaps: what is missing before the first was dropped.
        let before_first = lines.first().map_or(self.last, |line| line.sequence - 1);
        Since { missed: before_first.saturating_sub(sequence), lines }
    }
}

/// Takes text until the line is full, then puts [`CUT`] at its end.
#[derive(Default)]
struct Cutter {
    text: Text<WIDTH>,
    full: bool,
}

impl Write for Cutter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.full {
            return Err(fmt::Error);
        }
        if self.text.push_str(text).is_ok() {
            return Ok(());
        }
        self.full = true;
        self.cut(text)
    }
}

impl Cutter {
    /// Fills up with as much of `text` as leaves room for the mark.
    fn cut(&mut self, text: &str) -> fmt::Result {
        let room = WIDTH - CUT.len_utf8();
        // What was taken before may already be too long for the mark.
        while self.text.len() > room {
            self.text.pop();
        }
        for c in text.chars() {
            if self.text.len() + c.len_utf8() > room {
                break;
            }
            self.text.push(c).map_err(|()| fmt::Error)?;
        }
        self.text.push(CUT).map_err(|()| fmt::Error)
    }
}

/// Lines kept. Inferred: two boot passes and a few verdicts.
pub const LINES: usize = 256;

/// Bytes in a line. Inferred: twice the longest line of the golden trace.
pub const WIDTH: usize = 512;

/// The last character of a line that was cut.
pub const CUT: char = '…';

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        let time = SystemTime::UNIX_EPOCH;
        Origin { level: Level::Info, time, event: None, facts: None }
    }

    fn filled(count: u64) -> Ring {
        let mut ring = Ring::default();
        for _ in 0..count {
            ring.push(origin(), |sequence, line| write!(line, "{sequence}: NOT"));
        }
        ring
    }

    fn numbers(lines: &[ConsoleLine]) -> Vec<u64> {
        lines.iter().map(ConsoleLine::sequence).collect()
    }

    #[test]
    fn numbers_rise_by_one_from_one() {
        assert_eq!(numbers(&filled(3).tail(10)), [1, 2, 3]);
    }

    #[test]
    fn the_tail_is_the_newest_lines_oldest_first() {
        assert_eq!(numbers(&filled(5).tail(2)), [4, 5]);
        assert!(filled(5).tail(0).is_empty());
    }

    #[test]
    fn the_oldest_line_is_dropped() {
        let ring = filled(260);
        let lines = ring.tail(usize::MAX);
        assert_eq!((lines.len(), lines[0].sequence()), (LINES, 5));
    }

    #[test]
    fn a_follower_gets_what_came_after_its_cursor() {
        let since = filled(5).next(3, LINES);
        assert_eq!((since.missed, numbers(&since.lines)), (0, vec![4, 5]));
        let since = filled(5).next(1, 2);
        assert_eq!((since.missed, numbers(&since.lines)), (0, vec![2, 3]));
        assert_eq!(filled(5).next(5, LINES), Since::default());
        assert_eq!(filled(0).next(0, LINES), Since::default());
    }

    #[test]
    fn a_slow_follower_is_told_how_much_it_missed() {
        let since = filled(260).next(2, LINES);
        assert_eq!((since.missed, since.lines.len()), (2, LINES));
    }

    #[test]
    fn a_cursor_ahead_of_the_last_line_gets_nothing() {
        assert_eq!(filled(5).next(9, LINES), Since::default());
    }

    #[test]
    fn a_long_line_is_cut_between_characters_and_marked() {
        for start in 0..4 {
            let mut ring = Ring::default();
            let text = "a".repeat(start) + &"日".repeat(WIDTH);
            let line = ring.push(origin(), |_, line| line.write_str(&text));
            assert!(line.text().len() <= WIDTH && line.text().len() > WIDTH - 4);
            assert!(line.text().ends_with("日…"), "{}", line.text());
        }
    }

    #[test]
    fn a_line_that_just_fits_is_not_cut() {
        let mut ring = Ring::default();
        let text = "a".repeat(WIDTH);
        assert_eq!(ring.push(origin(), |_, line| line.write_str(&text)).text(), text);
    }

    #[test]
    fn a_full_line_makes_room_for_the_mark() {
        let mut ring = Ring::default();
        let text = "a".repeat(WIDTH);
        let line = ring.push(origin(), |_, line| {
            line.write_str(&text)?;
            line.write_str("b")
        });
        assert_eq!(line.text(), "a".repeat(WIDTH - 3) + "…");
    }
}
