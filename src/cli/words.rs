//! Texts for people: spans of time, broken lines, and complaints about a word.

use std::time::Duration;

use rustls::pki_types::UnixTime;

use crate::io::clock::Rfc3339;
use crate::io::meant::did_you_mean;

/// A span of time in its two largest units.
pub(super) fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |large: u64, unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {unit}"),
        small => format!("{large} {unit} {small} {small_unit}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => two(minutes, "min", seconds % 60, "s"),
        (0, _, _) => two(hours, "h", minutes % 60, "min"),
        _ => two(days, "d", hours % 24, "h"),
    }
}

/// A date of the phone's clock.
pub(super) fn date(seconds: u64) -> String {
    Rfc3339(UnixTime::since_unix_epoch(Duration::from_secs(seconds))).to_string()
}

/// Breaks a text between words so that its first line fits into `first` columns, and each other
/// one into `rest`. A word that is longer, as a digest, stays in one piece.
pub(super) fn wrap(text: &str, first: usize, rest: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let (mut room, mut used) = (first, 0);
    for word in text.split(' ') {
        // Characters, not bytes: as a terminal shows them.
        let length = word.chars().count();
        if used > 0 && used + 1 + length > room {
            lines.push(std::mem::take(&mut line));
            (room, used) = (rest, 0);
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
    }
    lines.push(line);
    lines
}

/// A complaint about a word, with the one that was probably meant and where all of them are.
pub(super) fn unknown<W: AsRef<str>>(
    complaint: &str,
    given: &str,
    words: impl Iterator<Item = W>,
    list: &str,
) -> String {
    match did_you_mean(given, words) {
        hint if hint.is_empty() => format!("{complaint}; {list}"),
        // The question mark ends what comes before it.
        hint => format!("{complaint}{hint} {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_units() {
        for (seconds, words) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (185, "3 min 5 s"),
            (7_500, "2 h 5 min"),
            (86_400, "1 d"),
            (273_600, "3 d 4 h"),
        ] {
            assert_eq!(span(seconds), words);
        }
    }

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrap("one two three", 80, 80), ["one two three"]);
        assert_eq!(wrap("one two three", 7, 5), ["one two", "three"]);
        assert_eq!(wrap("one 0123456789 two", 4, 6), ["one", "0123456789", "two"]);
        assert_eq!(wrap("", 0, 0), [""]);
        assert_eq!(wrap("a b", 0, 0), ["a", "b"]);
    }
}
