//! What a command prints: the one place at which text goes out, and where it is made harmless for a
//! terminal. Names, arguments and the answers of servers may come from anyone.

use std::env;
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, StdoutLock, Write};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rustix::termios::tcgetwinsize;
use serde::Serialize;

use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::json::Ordered;
use crate::cli::shown::{PageForm, Shown, Tone};
use crate::face::{ObjectType, Words};
use crate::io::console::{escape, escape_json, escape_page};
use crate::io::files;

/// Prints a page of lines and columns. A reader that has gone is no fault of ours
/// (`secd show … | head`); a full disk is one, and the exit code says so.
pub(super) fn print(text: &str) -> Exit {
    write_out(&escape_page(text))
}

/// Prints one line; a line break inside it does not make two.
pub(super) fn print_line(text: &str) -> Exit {
    write_out(&format_args!("{}\n", escape(text)))
}

/// Prints a page that was laid out for where it goes.
pub(super) fn print_shown(page: &Shown) -> Exit {
    write_out(&page.as_str())
}

/// When pages are laid out and coloured as for a person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Colour {
    Always,
    Auto,
    Never,
}

impl Words for Colour {
    const NAME: &'static str = "Colour";
    const ALL: &'static [Self] = &[Self::Auto, Self::Always, Self::Never];

    fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Auto => "auto",
            Self::Never => "never",
        }
    }
}

/// What `--color` names. Of the process, as standard output is.
static COLOUR: OnceLock<Colour> = OnceLock::new();

/// Follows `--color`; of several, the first counts.
pub(super) fn choose(colour: Colour) {
    let _first = COLOUR.set(colour);
}

/// How pages are laid out on standard output.
pub(super) fn page_form() -> PageForm {
    let is_terminal = is_for_a_person();
    // A reader that gets colours through a pipe is a pager: it gets the columns as well.
    match COLOUR.get().copied().unwrap_or(Colour::Auto) {
        Colour::Always => PageForm { width: Some(columns()), colours: true },
        Colour::Auto if is_terminal => {
            PageForm { width: Some(columns()), colours: takes_colours() }
        }
        Colour::Never if is_terminal => PageForm { width: Some(columns()), colours: false },
        Colour::Auto | Colour::Never => PageForm::default(),
    }
}

/// Whether the reader of a terminal wants colours, and the terminal has them.
///
/// # Source
/// <https://no-color.org>: set, and not empty. `dumb` is the terminal of editors (terminfo(5)).
fn takes_colours() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && env::var_os("TERM").is_none_or(|name| name != "dumb")
}

/// The width of the screen.
fn columns() -> usize {
    let size = tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
    let named = || env::var("COLUMNS").ok()?.parse().ok();
    // A serial console has no size, and says 0.
    size.filter(|columns| *columns > 0).or_else(named).filter(|it| *it > 0).unwrap_or(COLUMNS)
}

/// Where nothing names a width: that of a VT100, and of every console since.
const COLUMNS: usize = 80;

/// Whether an object was printed on standard output: there must not be a second one.
static HAS_OBJECT: AtomicBool = AtomicBool::new(false);

/// Prints why a command failed as one object on one line, for a caller that asked for objects.
pub(super) fn print_failure(failure: &CommandFailure) {
    #[derive(Serialize)]
    struct FailureObject<'a> {
        error: &'a str,
        detail: &'a str,
    }
    let object = FailureObject { error: &failure.word, detail: &failure.message };
    let text = serde_json::to_string(&object).unwrap_or_default();
    let line = format!("{}\n", escape_json(&text));
    if failure.is_beside_data {
        write_err(&line);
    } else if !HAS_OBJECT.load(Relaxed) {
        // The failure has its exit code already.
        let _exit = write_out(&line);
    }
}

/// Prints one object on as many lines as it takes.
pub(super) fn print_json(value: &impl Serialize) -> Exit {
    HAS_OBJECT.store(true, Relaxed);
    // Cannot fail: no map with keys other than strings, no number that JSON lacks.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    write_out(&format_args!("{}\n", escape_json(&text)))
}

fn write_out(text: &dyn Display) -> Exit {
    written(try_write(text))
}

/// How a command ends whose output was written like this.
fn written(result: io::Result<()>) -> Exit {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            complain(&format!("standard output: {}", files::why(&error)));
            Exit::NoInput
        }
        Ok(()) | Err(_) => Exit::Done,
    }
}

fn try_write(text: &dyn Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "{text}").and_then(|()| out.flush())
}

/// Prints a reply as one object.
pub(super) fn print_reply<R: ObjectType>(reply: R) -> Exit {
    print_json(&Ordered::of(reply))
}

/// Prints lines of which each is a text or an object, as they come.
///
/// # Errors
/// How the command ends, as nobody takes its output: well if the reader has gone.
pub(super) fn follow(lines: impl Iterator<Item = Row>) -> Result<(), Exit> {
    let form = page_form();
    let all = lines.into_iter().try_for_each(|line| match line {
        Row::Json(value) => {
            let text = serde_json::to_string(&value).unwrap_or_default();
            try_write(&format_args!("{}\n", escape_json(&text)))
        }
        Row::Text(tone, text) => {
            let mut line = Shown::new(PageForm { width: None, ..form });
            line.put(tone, &text);
            line.end();
            try_write(&line.as_str())
        }
    });
    all.map_err(|error| written(Err(error)))
}

/// What [`follow`] prints on one line.
pub(super) enum Row {
    /// An object, on a line of its own (JSON Lines).
    Json(Ordered),
    /// Text, with its controls escaped.
    Text(Tone, String),
}

/// Reports why something was not done, in one line on standard error.
pub(super) fn complain(message: &str) {
    write_err(&format_args!("secd: {}\n", escape(message)));
}

/// Prints a remark as one object on standard error.
pub(super) fn remark_json(value: &impl Serialize) {
    let text = serde_json::to_string(value).unwrap_or_default();
    write_err(&format_args!("{}\n", escape_json(&text)));
}

/// Asks a person something on standard error.
pub(super) fn ask(question: &str) {
    write_err(&escape(question));
}

fn write_err(text: &dyn Display) {
    let mut err = io::stderr().lock();
    let _gone = write!(err, "{text}").and_then(|()| err.flush());
}

/// Whether standard output is a terminal.
pub(super) fn is_for_a_person() -> bool {
    io::stdout().is_terminal()
}

/// Standard output for what is no text of ours: the bytes of a file or of a connection.
pub(super) fn binary() -> StdoutLock<'static> {
    io::stdout().lock()
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
