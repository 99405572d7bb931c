//! Foreign text made harmless for a terminal and for a log of lines.

use core::fmt::{self, Write};

/// Shows `text` without control characters, line breaks, and characters that reorder or hide text.
///
/// `\n`, `\r` and `\t` are shown so, the others as `\u{…}`. A backslash stays as it is, so
/// escaping what is already escaped changes nothing.
pub fn escape(text: &str) -> impl fmt::Display + '_ {
    Escaped { text, stays: |_| false, write: write_escaped }
}

/// The same for a page that was put together of lines and columns: its line breaks and tabs stay.
pub fn escape_page(text: &str) -> impl fmt::Display + '_ {
    Escaped { text, stays: |c| matches!(c, '\n' | '\t'), write: write_escaped }
}

/// The same for a text in JSON, which means what it meant before. Its line breaks stay: those
/// inside strings are escaped already.
pub fn escape_json(text: &str) -> impl fmt::Display + '_ {
    Escaped { text, stays: |c| c == '\n', write: write_json }
}

struct Escaped<'a> {
    text: &'a str,
    stays: fn(char) -> bool,
    write: fn(&mut fmt::Formatter<'_>, char) -> fmt::Result,
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nearly every text: looked through byte by byte, which takes a fraction of the time.
        if self.text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return f.write_str(self.text);
        }
        let harmful = |&(_, c): &(usize, char)| unprintable(c) && !(self.stays)(c);
        let mut rest = self.text;
        // In runs: most text has nothing to escape.
        while let Some((at, c)) = rest.char_indices().find(harmful) {
            f.write_str(rest.get(..at).unwrap_or_default())?;
            (self.write)(f, c)?;
            rest = rest.get(at + c.len_utf8()..).unwrap_or_default();
        }
        f.write_str(rest)
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    match c {
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        c => c.escape_unicode().try_for_each(|c| f.write_char(c)),
    }
}

/// RFC 8259 §7: what is beyond 16 bits takes two.
fn write_json(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    let mut units = [0; 2];
    c.encode_utf16(&mut units).iter().try_for_each(|unit| write!(f, "\\u{unit:04x}"))
}

/// Whether `c` is a control character (Cc), a format character (Cf), a line or paragraph
/// separator (Zl, Zp), one of the blank or tag characters that hide text, or a noncharacter, which no
/// text has and XML forbids.
///
/// # Source
/// Unicode 16, `DerivedGeneralCategory.txt`; the bidirectional controls are those of UAX #9.
fn unprintable(c: char) -> bool {
    c.is_control()
        // The last two of each plane (Unicode 16, §23.7).
        || u32::from(c) & 0xfffe == 0xfffe
        || matches!(c,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fdd0}'..='\u{fdef}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{110bd}'
            | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        escape(text).to_string()
    }

    #[test]
    fn printable_text_stays_as_it_is() {
        let text = "verify SUCCESS <</ram/SEP001122334455.cnf.xml>> Zürich 日本 \\";
        assert_eq!(escaped(text), text);
    }

    #[test]
    fn a_line_break_cannot_start_a_forged_line() {
        assert_eq!(escaped("a\n1: ERR"), "a\\n1: ERR");
        assert_eq!(escaped("a\r\u{2028}\u{2029}\u{85}"), "a\\r\\u{2028}\\u{2029}\\u{85}");
    }

    #[test]
    fn terminal_controls_are_shown_and_not_obeyed() {
        assert_eq!(escaped("\u{1b}[2J\u{7f}\0\u{9b}"), "\\u{1b}[2J\\u{7f}\\u{0}\\u{9b}");
    }

    #[test]
    fn text_cannot_be_reordered_or_hidden() {
        assert_eq!(escaped("\u{202e}\u{2066}\u{200b}"), "\\u{202e}\\u{2066}\\u{200b}");
        assert_eq!(escaped("\u{feff}\u{e0041}"), "\\u{feff}\\u{e0041}");
    }

    #[test]
    fn a_page_keeps_its_lines_and_columns_and_nothing_else() {
        let page = escape_page("a\tb\nc\r\u{1b}[2J\u{9b}\u{2028}\n").to_string();
        assert_eq!(page, "a\tb\nc\\r\\u{1b}[2J\\u{9b}\\u{2028}\n");
    }

    #[test]
    fn json_means_the_same_and_is_harmless() {
        let name = "\u{1b}\u{7f}\u{9b}2J\u{2028}\u{202e}\u{e0041}ü\n";
        let json = serde_json::to_string_pretty(&[name]).unwrap();
        let shown = escape_json(&json).to_string();
        assert!(shown.chars().all(|c| c == '\n' || !unprintable(c)), "{shown}");
        assert!(shown.contains("\\u009b2J\\u2028\\u202e\\udb40\\udc41ü"), "{shown}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&shown).unwrap(), [name]);
    }

    #[test]
    fn escaping_twice_is_escaping_once() {
        let once = escaped("a\n\u{1b}\\b");
        assert_eq!(escaped(&once), once);
    }
}
