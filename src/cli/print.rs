//! What a command prints.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;

use lexopt::Arg;
use lexopt::prelude::{Long, Short};

use crate::cli::exit::{Exit, Failure, usage};

/// Prints facts. A reader that has gone is no fault of ours (`secd show … | head`).
pub(super) fn print(text: &str) -> Exit {
    let mut out = std::io::stdout().lock();
    let _gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    Exit::Done
}

pub(super) fn print_json(value: &impl serde::Serialize) -> Exit {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    print(&(text + "\n"))
}

pub(super) fn complain(message: &str) {
    let _gone = writeln!(std::io::stderr().lock(), "secd: {message}");
}

/// The command's own `--help`, if the argument asks for it; else a usage error.
pub(super) fn help_or_unexpected(argument: Arg<'_>, help: &str) -> Result<Exit, Failure> {
    match argument {
        Long("help") | Short('h') => Ok(print(help)),
        other => Err(usage(other.unexpected())),
    }
}

pub(super) fn named(path: &Path, what: impl Display) -> String {
    format!("{}: {what}", path.display())
}
