//! `secd get`: a file of the phone, fetched and verified by the daemon.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::cli::arguments::{Command, GivenOption, Operand, SharedOptions, needed};
use crate::cli::daemon::{Daemon, PATIENCE};
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::output;
use crate::cli::refusal::failure;
use crate::cli::sheet::{Sheet, yes_or_no};
use crate::face::methods::{File, GetFile};

/// Has the file fetched that the arguments name.
#[derive(Default)]
pub(super) struct GetCommand {
    daemon: Daemon,
    name: Option<String>,
    limit: Option<usize>,
    out: Option<PathBuf>,
}

impl Command for GetCommand {
    const HELP: &'static str = HELP;

    fn stdout_is_data(&self) -> bool {
        self.out.as_deref() == Some(Path::new("-"))
    }

    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            "--max" => self.limit = Some(option.number()?),
            "--out" => self.out = Some(option.path()?),
            _ => return Err(option.unexpected()),
        }
        Ok(())
    }

    fn operand(&mut self, operand: Operand) -> Result<(), CommandFailure> {
        operand.only_text(&mut self.name)
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Daemon(&mut self.daemon)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let Self { daemon, name, limit, out } = self;
        let name = needed(name, "get needs the NAME of a file")?;
        // Before it is fetched. Without --out no content is printed.
        if out.is_some() {
            output::expect_fit(out.as_deref(), daemon.json)?;
        }
        let wanted = GetFile { name, limit, descriptor: out.as_ref().map(|_| true) };
        match out {
            None => Ok(daemon.show(daemon.ask_patiently(wanted)?, sheet)),
            Some(out) => copy(&daemon, wanted, &out),
        }
    }
}

/// Writes what the file holds. The daemon hands it over: its folder is for its own user.
fn copy(daemon: &Daemon, wanted: GetFile, out: &Path) -> Result<Exit, CommandFailure> {
    let answer = daemon.connect()?.call_for_descriptor(wanted, PATIENCE);
    let (file, descriptor) = answer.map_err(failure)?;
    let content = content(&file, descriptor)?;
    output::write(out, &content)?;
    if output::is_stream(out) {
        return Ok(Exit::Done);
    }
    Ok(daemon.show(file, sheet))
}

fn content(file: &File, descriptor: Option<OwnedFd>) -> Result<Zeroizing<Vec<u8>>, CommandFailure> {
    let unavailable = |why: &str| CommandFailure::new(Exit::Unavailable, why);
    // Varlink has no descriptors: the reply refers to the one beside it by its index.
    let descriptor = descriptor.filter(|_| file.descriptor == Some(0));
    let descriptor = descriptor.ok_or_else(|| unavailable("the daemon passed no open file"))?;
    // A decrypted configuration contains passwords.
    let mut content = Zeroizing::new(Vec::with_capacity(file.length));
    let most = u64::try_from(file.length).unwrap_or(u64::MAX);
    // No more than was reported, whatever it is that the descriptor leads to.
    let read = std::fs::File::from(descriptor).take(most).read_to_end(&mut content);
    read.map_err(|error| CommandFailure::of_stream(&error))?;
    if content.len() != file.length {
        return Err(unavailable("the file is shorter than the daemon reported"));
    }
    Ok(content)
}

fn sheet(file: &File) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.fact("path", &file.path);
    sheet.fact("length", &format_args!("{} bytes", file.length));
    sheet.fact("verified", &yes_or_no(file.verified));
    sheet
}

const HELP: &str = "\
Fetch a file of the phone through the daemon: signed wherever the lists require it, verified, and
put into the ram folder without its envelope. Print its path, which only the daemon's user can open;
--out writes a copy for whoever runs the command.

Usage: secd get NAME [--out FILE] [--max N] [--json] [--socket PATH]

  --out FILE   write the content to FILE, or with - to standard output, unless that is a terminal
  --max N      refuse a file of more than N bytes

Exit: 0 fetched, 1 refused or no such file, 64 invalid name, 65 malformed or too large,
      66 cannot write, 69 no server or no daemon
";
