//! `secd erase`: forgets trust lists, after a confirmation.

use std::io::{self, IsTerminal};
use std::time::Duration;

use crate::cli::arguments::{Command, GivenOption, Operand, SharedOptions, needed, word};
use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::print::{ask, print_reply};
use crate::cli::refusal::failure;
use crate::cli::sheet::Sheet;
use crate::face::methods::Erase;
use crate::face::terms::What;
use crate::io::settings::parse_pin;

/// Erases what the arguments name.
#[derive(Default)]
pub(super) struct EraseCommand {
    daemon: Daemon,
    what: Option<String>,
    sure: bool,
    pin: Option<String>,
}

impl Command for EraseCommand {
    const HELP: &'static str = HELP;

    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            "--yes" => self.sure = true,
            "--pin" => self.pin = Some(pin(option)?),
            _ => return Err(option.unexpected()),
        }
        Ok(())
    }

    fn operand(&mut self, operand: Operand) -> Result<(), CommandFailure> {
        operand.only_text(&mut self.what)
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Daemon(&mut self.daemon)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let what = needed(self.what, "erase needs one of ctl, itl, all or security")?;
        let what: What = word("erase", &what)?;
        can_confirm(self.sure)?;
        erase(&self.daemon, what, self.sure, self.pin)
    }
}

/// SHA-256 of a certificate, with or without colons.
fn pin(option: GivenOption<'_>) -> Result<String, CommandFailure> {
    let text = option.text()?;
    match parse_pin(&text) {
        Some(_) => Ok(text),
        None => Err(usage("--pin needs the SHA-256 of a certificate: 64 hexadecimal digits")),
    }
}

/// Two calls on one connection: the value that the first one gives confirms the second.
fn erase(
    daemon: &Daemon,
    what: What,
    sure: bool,
    pin: Option<String>,
) -> Result<Exit, CommandFailure> {
    let mut caller = daemon.connect()?;
    let first =
        caller.call(Erase { what, confirmation: None, pin: pin.clone() }, SOON).map_err(failure)?;
    confirm(sure, &question(what, pin.is_some()))?;
    // Without one, the second call would be a first one again, and erase nothing.
    let confirmation = Some(first.confirmation.unwrap_or_default());
    let erased = caller.call(Erase { what, confirmation, pin }, SOON).map_err(failure)?;
    if daemon.json {
        return Ok(print_reply(erased));
    }
    let mut sheet = Sheet::default();
    sheet.fact("erased", &what);
    Ok(sheet.print())
}

/// Whether there is anybody who could confirm, or nobody has to.
pub(super) fn can_confirm(sure: bool) -> Result<(), CommandFailure> {
    // Input that is no terminal is no person: a script has to ask for it with --yes.
    if sure || io::stdin().is_terminal() {
        return Ok(());
    }
    Err(usage("no terminal to confirm on; --yes erases without asking"))
}

/// Asks a person, who has ten seconds: the daemon takes a confirmation no longer than that, and
/// then refuses the second call.
pub(super) fn confirm(sure: bool, question: &str) -> Result<(), CommandFailure> {
    if sure {
        return Ok(());
    }
    ask(&format!("{question} Type `yes` within ten seconds: "));
    let mut answer = String::new();
    if io::stdin().read_line(&mut answer).is_ok() && answer.trim() == "yes" {
        return Ok(());
    }
    Err(CommandFailure::new(Exit::Refused, "not confirmed; nothing was erased"))
}

fn question(what: What, pinned: bool) -> String {
    let lists = match what {
        What::All => "both trust lists",
        What::Ctl => "the CTL",
        What::Itl => "the ITL",
        What::Security => "both trust lists, and the LSC with its key",
    };
    let next = if pinned {
        "Then only the pinned signer's list is trusted on first use."
    } else {
        "Then the next list is trusted on FIRST USE, whoever signed it."
    };
    format!("Erase {lists}? {next}")
}

/// Erasing is a matter of the local store.
pub(super) const SOON: Duration = Duration::from_secs(30);

const HELP: &str = "\
Erase the CTL, the ITL, or both (all), as the phone's own erase does; or all of them and the LSC with
its key, as its security reset does. A boot pass follows. Ask for confirmation on a terminal. Erasing
all is the way out of a locked store.
Where the phone's configuration restricts or disables access to its settings, only root can erase,
and only all or security: a factory reset.

Usage: secd erase ctl|itl|all|security [--pin SHA256] [--yes] [--json] [--socket PATH]

  --pin SHA256 accept the next first list only from the signer whose certificate has this hash, in
               hexadecimal, as the policy \"pin\" does; secd doctor shows the hash of the signer
               of the server's list
  --yes        erase without asking

Exit: 0 erased, 1 refused or not confirmed, 64 no terminal to confirm on, 69 no daemon
";
