//! `secd show`: prints a file field by field, as the call manager's `show itl` does.

use std::path::PathBuf;

use crate::cli::arguments::{Command, Operand, SharedOptions, needed};
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::facts::FileFacts;
use crate::cli::input;
use crate::cli::print::{named, print, print_json};
use crate::wire::{Envelope, FileKind, list};

mod page;

use page::Page;

/// Prints the file that the arguments name.
#[derive(Default)]
pub(super) struct ShowCommand {
    path: Option<PathBuf>,
    json: bool,
}

impl Command for ShowCommand {
    const HELP: &'static str = HELP;

    fn operand(&mut self, operand: Operand) -> Result<(), CommandFailure> {
        operand.only_file(&mut self.path)
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Json(&mut self.json)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let path = needed(self.path, "show needs a FILE")?;
        let bytes = input::read(&path)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        // Before parsing: "offset 0" helps no one who has named a wrong file.
        if let Some(foreign) = input::foreign(&bytes) {
            return Err(CommandFailure::new(Exit::Malformed, named(&path, foreign)));
        }
        let kind = input::kind(name.as_deref().unwrap_or_default(), &bytes);
        let malformed = |error| CommandFailure::new(Exit::Malformed, named(&path, error));
        let file = Envelope::parse(&bytes, kind).map_err(malformed)?;
        let records = match kind {
            FileKind::List => {
                Some(list::parse(file.body(), file.header_length).map_err(malformed)?)
            }
            FileKind::Signed | FileKind::Encrypted => None,
        };
        if self.json {
            return Ok(print_json(&FileFacts::new(&file, records.as_deref())));
        }
        Ok(print(&Page { file: &file, records: records.as_deref() }.to_string()))
    }
}

const HELP: &str = "\
Print a trust list or signed file, field by field, in the layout of the call manager's `show itl`.

Usage: secd show FILE [--json]

A list is verified by its own token, as by a phone without lists; the last line shows the result.
";
