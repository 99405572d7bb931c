//! What a terminal shows: text that was made harmless, colours of ours, and lines that are broken
//! where the screen ends.

use crate::cli::words::wrap;
use crate::io::console::escape;

/// How a page is laid out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct PageForm {
    /// The columns of the screen; nothing for a pipe, whose lines are never broken.
    pub(super) width: Option<usize>,
    /// Whether colours are shown.
    pub(super) colours: bool,
}

/// What a text is to its reader, which its colour repeats: never the colour alone says it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Tone {
    /// It failed, or is not as it should be.
    Bad,
    /// It is odd, or cannot be known.
    Doubtful,
    /// It is as it should be.
    Good,
    /// It names what comes below it.
    Heading,
    /// It is neither good nor bad.
    #[default]
    Plain,
}

impl Tone {
    /// How a terminal is switched to it.
    ///
    /// # Source
    /// ECMA-48 §8.3.117 (SGR); the sixteen colours follow the reader's own theme.
    const fn sequence(self) -> &'static str {
        match self {
            Self::Bad => "\x1b[31m",
            Self::Doubtful => "\x1b[33m",
            Self::Good => "\x1b[32m",
            Self::Heading => "\x1b[1m",
            Self::Plain => "",
        }
    }
}

/// A page as it goes to the terminal. Whatever is put in is escaped: names, arguments and the
/// answers of servers may come from anyone, and only this type may hold a control sequence.
#[derive(Debug)]
pub(super) struct Shown {
    text: String,
    form: PageForm,
}

impl Shown {
    pub(super) const fn new(form: PageForm) -> Self {
        Self { text: String::new(), form }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Adds text to the line.
    pub(super) fn put(&mut self, tone: Tone, text: &str) {
        let sequence = if self.form.colours { tone.sequence() } else { "" };
        self.text.push_str(sequence);
        self.text.push_str(&escape(text).to_string());
        if !sequence.is_empty() {
            self.text.push_str("\x1b[0m");
        }
    }

    /// Begins the next field of a line for a pipe.
    pub(super) fn tab(&mut self) {
        self.text.push('\t');
    }

    /// Ends a line that nothing is added to.
    pub(super) fn end(&mut self) {
        self.text.push('\n');
    }

    /// Ends the line with a text that begins at column `at` and goes on under column `hang` where
    /// the screen is too narrow.
    pub(super) fn end_with(&mut self, tone: Tone, text: &str, at: usize, hang: usize) {
        let text = escape(text).to_string();
        let lines = match self.form.width {
            None => vec![text],
            Some(width) => {
                // On a very narrow screen the words come one a line, rather than not at all.
                wrap(&text, width.saturating_sub(at), width.saturating_sub(hang))
            }
        };
        for (number, line) in lines.iter().enumerate() {
            if number > 0 {
                self.text.push_str(&" ".repeat(hang));
            }
            self.put(tone, line);
            self.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(form: PageForm) -> String {
        let mut shown = Shown::new(form);
        shown.put(Tone::Bad, "[NO]");
        shown.put(Tone::Plain, " ");
        shown.end_with(Tone::Plain, "one two\x1b[2J three", 5, 5);
        shown.text
    }

    #[test]
    fn only_colours_of_ours_reach_the_terminal() {
        assert_eq!(shown(PageForm::default()), "[NO] one two\\u{1b}[2J three\n");
        let colours = PageForm { width: None, colours: true };
        assert_eq!(shown(colours), "\x1b[31m[NO]\x1b[0m one two\\u{1b}[2J three\n");
    }

    #[test]
    fn a_line_goes_on_under_its_beginning() {
        let narrow = PageForm { width: Some(20), colours: false };
        assert_eq!(shown(narrow), "[NO] one\n     two\\u{1b}[2J\n     three\n");
    }
}
