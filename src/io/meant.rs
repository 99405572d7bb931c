//! The word that was probably meant: of a command line, and of a file of settings.

/// A hint at the word that was probably meant, for the end of a complaint; empty if none is near.
pub fn did_you_mean<W: AsRef<str>>(given: &str, words: impl Iterator<Item = W>) -> String {
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
