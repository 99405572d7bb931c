//! `secd erase`: forgets trust lists, after a confirmation.

use std::io::{self, IsTerminal};
use std::time::Duration;

use lexopt::Parser;
use lexopt::prelude::{Long, Value, ValueExt};

use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::input;
use crate::cli::print::{ask, help_or_unexpected, print, print_json};
use crate::cli::refusal::failure;
use crate::face::methods::Erase;
use crate::face::terms::What;
use crate::face::{ObjectType, Words};
use crate::io::settings::parse_pin;

/// Erases what the arguments name.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, CommandFailure> {
    let mut daemon = Daemon::default();
    let (mut what, mut sure, mut pin) = (None, false, None);
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("yes") => sure = true,
            Long("pin") => pin = Some(self::pin(&mut arguments)?),
            Long("json") => daemon.json = true,
            Long("socket") => daemon.socket = input::path(&mut arguments)?,
            Value(value) if what.is_none() => what = Some(value.string().map_err(usage)?),
            other => return help_or_unexpected(other, HELP),
        }
    }
    let what = what.as_deref().and_then(What::of);
    let what = what.ok_or_else(|| usage("erase needs to know what: ctl, itl or all"))?;
    if !sure && !io::stdin().is_terminal() {
        return Err(usage("nobody to ask for confirmation; --yes erases without"));
    }
    erase(&daemon, what, sure, pin)
}

/// SHA-256 of a certificate, with or without colons.
fn pin(arguments: &mut Parser) -> Result<String, CommandFailure> {
    let text = arguments.value().and_then(|value| value.string()).map_err(usage)?;
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
    if !sure && !confirmed(what, pin.is_some()) {
        return Err(CommandFailure::new(Exit::Refused, "nothing was erased"));
    }
    // Without one, the second call would be a first one again, and erase nothing.
    let confirmation = Some(first.confirmation.unwrap_or_default());
    let erased = caller.call(Erase { what, confirmation, pin }, SOON).map_err(failure)?;
    if daemon.json {
        return Ok(print_json(&erased.into_map()));
    }
    Ok(print(&format!("erased\t{what}\n")))
}

fn confirmed(what: What, pinned: bool) -> bool {
    let lists = match what {
        What::All => "both trust lists",
        What::Ctl => "the CTL",
        What::Itl => "the ITL",
    };
    let next = if pinned {
        "The next first use waits for the pinned signer."
    } else {
        "The next list is accepted as on first use, whoever signed it."
    };
    let question = format!(
        "Erase {lists}? {next} \
         Type `yes` within ten seconds: "
    );
    ask(&question);
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok() && answer.trim() == "yes"
}

/// Erasing is a matter of the local store.
const SOON: Duration = Duration::from_secs(30);

const HELP: &str = "\
Has the daemon forget the CTL, the ITL, or both, as the phone's own erase does; a boot pass
follows. Asks for confirmation on a terminal. Erasing all is the way out of a locked store.

Usage: secd erase ctl|itl|all [--pin SHA256] [--yes] [--json] [--socket PATH]

  --pin SHA256 have the next first use wait for the signer whose certificate has this hash, in
               hexadecimal, as the policy pin does; secd doctor names that of the server's list
  --yes        erase without asking

Exit: 0 erased, 1 refused or not confirmed, 64 nobody to ask, 69 no daemon
";
