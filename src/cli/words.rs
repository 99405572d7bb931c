//! Texts for people: spans of time, broken lines, and the word that was probably meant.

use std::time::Duration;

use rustls::pki_types::UnixTime;

use crate::io::clock::Rfc3339;

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

/// A hint at the word that was probably meant, for the end of a complaint; empty if none is near.
pub(super) fn did_you_mean<W: AsRef<str>>(given: &str, words: impl Iterator<Item = W>) -> String {
    let near = words.filter_map(|word| Some((distance(given, word.as_ref())?, word)));
    // The first of the nearest.
    near.min_by_key(|(distance, _)| *distance)
        .map_or_else(String::new, |(_, word)| format!(", did you mean {}?", word.as_ref()))
}

/// How many letters are missing, extra, wrong or exchanged; nothing if the words are not alike.
fn distance(given: &str, word: &str) -> Option<usize> {
    let (given, word): (Vec<_>, Vec<_>) = (given.chars().collect(), word.chars().collect());
    let name = |word: &[char]| word.iter().filter(|c| **c != '-').count();
    // Work is bounded by our own words: an argument may be of any length.
    if given.len() > word.len() + MOST {
        // No word is that much longer than what it is meant to be.
        return None;
    }
    // The beginning of a word, as people write it who expect it to be enough.
    if name(&given) >= 3 && word.starts_with(&given) {
        return Some(1);
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=word.len()).collect();
    for (i, c) in given.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, d) in word.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX - 1);
            let mut least =
                (at(&row, j) + usize::from(c != d)).min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            let exchanged = j.checked_sub(1).is_some_and(|k| word.get(k) == Some(c))
                && i.checked_sub(1).is_some_and(|k| given.get(k) == Some(d));
            if exchanged {
                least = least.min(at(&before, j - 1) + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    let distance = row.last().copied().unwrap_or_default();
    // Short words are near to everything.
    (distance <= MOST && distance * 2 < name(&word)).then_some(distance)
}

/// The most slips of the finger in one word.
const MOST: usize = 2;

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

    #[test]
    fn a_slip_of_the_finger_is_found_and_another_word_is_not() {
        let words = ["check-cert", "doctor", "log", "refresh", "status", "--json", "--lines"];
        let meant = |given: &str| did_you_mean(given, words.into_iter());
        for (given, word) in [
            ("stauts", "status"),
            ("statu", "status"),
            ("refesh", "refresh"),
            ("check", "check-cert"),
            ("doktor", "doctor"),
            ("lgo", "log"),
            ("--jsno", "--json"),
            ("--line", "--lines"),
        ] {
            assert_eq!(meant(given), format!(", did you mean {word}?"), "{given}");
        }
        let long = "status".repeat(1_000);
        for given in ["dance", "x", "", "--", "--x", long.as_str()] {
            assert_eq!(meant(given), "", "{given}");
        }
    }
}
