//! `secd lsc enrol`: asks CAPF for what it has pending, such as a new LSC.

use std::io::{self, IsTerminal, Read};

use crate::cli::arguments::{Command, GivenOption, SharedOptions};
use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::print::ask;
use crate::cli::sheet::Sheet;
use crate::face::Words;
use crate::face::methods::{Enrol, Enrolled};
use crate::wire::capf::AuthenticationString;

/// Has the daemon enrol the phone.
#[derive(Default)]
pub(super) struct EnrolLscCommand {
    daemon: Daemon,
    with_string: bool,
}

impl Command for EnrolLscCommand {
    const HELP: &'static str = super::help::HELP;

    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            "--string" => self.with_string = true,
            _ => return Err(option.unexpected()),
        }
        Ok(())
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Daemon(&mut self.daemon)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let string = self.with_string.then(read_string).transpose()?;
        let enrolled = self.daemon.ask_patiently(Enrol { string })?;
        Ok(self.daemon.show(enrolled, sheet))
    }
}

/// Reads the authentication string: never from the arguments, which every user of the system sees.
fn read_string() -> Result<String, CommandFailure> {
    let input = io::stdin();
    if input.is_terminal() {
        ask("Authentication string: ");
    }
    let mut line = String::new();
    // One line of a person's, or all of a small file.
    let read = match input.is_terminal() {
        true => input.read_line(&mut line).map(drop),
        false => input.take(LONGEST).read_to_string(&mut line).map(drop),
    };
    read.map_err(|_| usage("the authentication string cannot be read from standard input"))?;
    let string = line.trim_end();
    // Here already, so that a slip of the hand does not go over the network.
    AuthenticationString::parse(string)
        .map_err(|bad| usage(format!("not an authentication string: {bad}")))?;
    Ok(string.to_owned())
}

fn sheet(enrolled: &Enrolled) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.fact("LSC", &enrolled.result.word());
    sheet
}

/// Bytes of standard input: more than any string and the end of its line.
const LONGEST: u64 = 64;
