//! `secd show`: prints a file field by field, as the call manager's `show itl` does.

use std::path::PathBuf;

use crate::cli::arguments::{Command, GivenOption, Operand, SharedOptions, needed};
use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::facts::FileFacts;
use crate::cli::print::{named, print, print_json};
use crate::cli::{input, installed};
use crate::face::terms::ListKind;
use crate::io::console::escape;
use crate::wire::{Envelope, FileKind, list};

mod certificates;
mod page;

use page::Page;

/// Prints a file, or an installed list.
#[derive(Default)]
pub(super) struct ShowCommand {
    daemon: Daemon,
    path: Option<PathBuf>,
    installed: Option<ListKind>,
    folder: Option<PathBuf>,
}

/// What is printed, and what it is called in a complaint.
struct ShownSource {
    label: PathBuf,
    name: String,
    bytes: Vec<u8>,
}

impl Command for ShowCommand {
    const HELP: &'static str = HELP;

    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            "--certs" => self.folder = Some(option.path()?),
            "--installed" => self.installed = Some(kind(&option.text()?)?),
            _ => return Err(option.unexpected()),
        }
        Ok(())
    }

    fn operand(&mut self, operand: Operand) -> Result<(), CommandFailure> {
        operand.only_file(&mut self.path)
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Daemon(&mut self.daemon)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let ShownSource { label, name, bytes } = self.source()?;
        // Before parsing: "offset 0" helps no one who has named a wrong file.
        if let Some(foreign) = input::foreign(&bytes) {
            return Err(CommandFailure::new(Exit::Malformed, named(&label, foreign)));
        }
        let kind = input::kind(&name, &bytes);
        let malformed = |error| CommandFailure::new(Exit::Malformed, named(&label, error));
        let file = Envelope::parse(&bytes, kind).map_err(malformed)?;
        let records = match kind {
            FileKind::List => {
                Some(list::parse(file.body(), file.header_length).map_err(malformed)?)
            }
            FileKind::Signed | FileKind::Encrypted => None,
        };
        let written = match (&self.folder, &records) {
            (Some(folder), Some(records)) => certificates::write(folder, records)?,
            (Some(_), None) => {
                let why = "a signed file carries no certificates; --certs is for trust lists";
                return Err(usage(named(&label, why)));
            }
            (None, _) => Vec::new(),
        };
        if self.daemon.json {
            let mut facts = FileFacts::new(&file, records.as_deref());
            let paths = written.iter().map(|(_, path)| path.display().to_string());
            facts.certificate_files = paths.collect();
            return Ok(print_json(&facts));
        }
        let mut page = Page { file: &file, records: records.as_deref() }.to_string();
        for (number, path) in written {
            let line = format!("Certificate of record #{number}: {}", path.display());
            page += &format!("{}\n", escape(&line));
        }
        Ok(print(&page))
    }
}

impl ShowCommand {
    fn source(&self) -> Result<ShownSource, CommandFailure> {
        let Some(kind) = self.installed else {
            let path = needed(self.path.as_deref(), "show needs a FILE, or --installed ctl|itl")?;
            let bytes = input::read(path)?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let label = input::label(path).to_path_buf();
            return Ok(ShownSource { label, name: name.unwrap_or_default(), bytes });
        };
        if self.path.is_some() {
            return Err(usage("show takes a FILE or --installed, not both"));
        }
        let label = PathBuf::from(format!("the installed {kind}"));
        // A name that says what it is; the page has the one inside.
        let name = format!("{kind}File.tlv");
        Ok(ShownSource { label, name, bytes: installed::list(&self.daemon, kind)? })
    }
}

/// A kind of list as the command line spells it.
fn kind(text: &str) -> Result<ListKind, CommandFailure> {
    match text {
        "ctl" => Ok(ListKind::Ctl),
        "itl" => Ok(ListKind::Itl),
        _ => Err(usage(format!("--installed takes ctl or itl, not {text}"))),
    }
}

const HELP: &str = "\
Print a trust list or signed file, field by field, in the layout of the call manager's `show itl`.

Usage: secd show FILE [--certs DIR] [--json]
       secd show --installed ctl|itl [--certs DIR] [--json] [--socket PATH]

  FILE               the file, or - for standard input
  --installed KIND   the list that the daemon has in force, ctl or itl, instead of a file
  --certs DIR        write the certificates of the records to DIR, in PEM, as NN-ROLE-SERIAL.pem;
                     a file that is there with another content is not replaced
  --json             print one object

A list is verified by its own token, as by a phone without lists; the last line shows the result.

Exit: 0 printed, 1 not allowed, 65 malformed, 66 cannot read or write, or no such list installed,
      69 no daemon
";
