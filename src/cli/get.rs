//! `secd get`: a file of the phone, fetched and verified by the daemon.

use lexopt::Parser;
use lexopt::prelude::{Long, Value, ValueExt};

use crate::cli::daemon::Daemon;
use crate::cli::exit::{Exit, Failure, usage};
use crate::cli::input;
use crate::cli::print::help_or_unexpected;
use crate::cli::sheet::{Sheet, yes_or_no};
use crate::face::methods::{File, GetFile};

/// Has the file fetched that the arguments name.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, Failure> {
    let mut daemon = Daemon::default();
    let (mut name, mut limit) = (None, None::<usize>);
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("max") => {
                let most = arguments.value().and_then(|value| value.parse());
                limit = Some(most.map_err(usage)?);
            }
            Long("json") => daemon.json = true,
            Long("socket") => daemon.socket = input::path(&mut arguments)?,
            Value(value) if name.is_none() => name = Some(value.string().map_err(usage)?),
            other => return help_or_unexpected(other, HELP),
        }
    }
    let name = name.ok_or_else(|| usage("get needs the NAME of a file"))?;
    Ok(daemon.show(daemon.ask_patiently(GetFile { name, limit })?, sheet))
}

fn sheet(file: &File) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.fact("path", &file.path);
    sheet.fact("length", &file.length);
    sheet.fact("verified", &yes_or_no(file.verified));
    sheet
}

const HELP: &str = "\
Has the daemon fetch a file of the phone: signed wherever the lists demand it, verified, and put
into the ram folder without its envelope. Prints where it is.

Usage: secd get NAME [--max N] [--json] [--socket PATH]

  --max N      refuse a file of more than N bytes

Exit: 0 there, 1 refused or no such file, 64 no such name, 65 malformed or too large,
      66 not written, 69 no server or no daemon
";
