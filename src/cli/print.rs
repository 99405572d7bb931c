//! What a command prints: the one place at which text goes out, and where it is made harmless for a
//! terminal. Names, arguments and the answers of servers may come from anyone.

use std::fmt::Display;
use std::io::{self, IsTerminal, StdoutLock, Write};
use std::path::Path;

use serde::Serialize;

use crate::cli::exit::Exit;
use crate::io::console::{escape, escape_json, escape_page};

/// Prints a page of lines and columns. A reader that has gone is no fault of ours
/// (`secd show … | head`).
pub(super) fn print(text: &str) -> Exit {
    write_out(&escape_page(text))
}

/// Prints one line; a line break inside it does not make two.
pub(super) fn print_line(text: &str) -> Exit {
    write_out(&format_args!("{}\n", escape(text)))
}

/// Prints one object on as many lines as it takes.
pub(super) fn print_json(value: &impl Serialize) -> Exit {
    // Cannot fail: no map with keys other than strings, no number that JSON lacks.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    write_out(&format_args!("{}\n", escape_json(&text)))
}

fn write_out(text: &dyn Display) -> Exit {
    let _gone = try_write(text);
    Exit::Done
}

fn try_write(text: &dyn Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "{text}").and_then(|()| out.flush())
}

/// Prints lines of which each is a text or an object, as they come.
///
/// # Errors
/// If the reader has gone.
pub(super) fn follow(lines: impl Iterator<Item = Row>) -> io::Result<()> {
    lines.into_iter().try_for_each(|line| match line {
        Row::Json(value) => try_write(&format_args!("{}\n", escape_json(&value.to_string()))),
        Row::Text(text) => try_write(&format_args!("{}\n", escape(&text))),
    })
}

/// What [`follow`] prints on one line.
pub(super) enum Row {
    /// An object, on a line of its own (JSON Lines).
    Json(serde_json::Value),
    /// Text, with its controls escaped.
    Text(String),
}

/// Reports why something was not done, in one line on standard error.
pub(super) fn complain(message: &str) {
    write_err(&format_args!("secd: {}\n", escape(message)));
}

/// Prints a remark as one object on standard error.
pub(super) fn remark_json(value: &serde_json::Value) {
    write_err(&format_args!("{}\n", escape_json(&value.to_string())));
}

/// Asks a person something on standard error.
pub(super) fn ask(question: &str) {
    write_err(&escape(question));
}

fn write_err(text: &dyn Display) {
    let mut err = io::stderr().lock();
    let _gone = write!(err, "{text}").and_then(|()| err.flush());
}

/// Standard output for what is no text of ours: the bytes of a file or of a connection.
pub(super) fn binary() -> StdoutLock<'static> {
    io::stdout().lock()
}

/// Whether a person reads what is printed.
pub(super) fn is_for_a_person() -> bool {
    io::stdout().is_terminal()
}

/// A line on standard error that is written over, where a person reads it.
pub(super) struct Bar {
    terminal: bool,
    shown: bool,
}

impl Bar {
    pub(super) fn new() -> Self {
        Self { terminal: io::stderr().is_terminal(), shown: false }
    }

    pub(super) const fn is_seen(&self) -> bool {
        self.terminal
    }

    pub(super) fn show(&mut self, text: &str) {
        if self.terminal {
            self.shown = true;
            write_err(&format_args!("\r{}", escape(text)));
        }
    }

    /// Removes the line, if one was ever shown.
    pub(super) fn end(&self) {
        if self.shown {
            // ECMA-48: to the first column, and erase to the end of the line.
            write_err(&"\r\x1b[K");
        }
    }
}

pub(super) fn named(path: &Path, what: impl Display) -> String {
    format!("{}: {what}", path.display())
}
