//! `secd erase`: forgets trust lists, after a confirmation.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use lexopt::Parser;
use lexopt::prelude::{Long, Value, ValueExt};
use serde_json::json;

use crate::cli::daemon::{Daemon, failure, member};
use crate::cli::{Exit, Failure, help_or_unexpected, input, print, print_json, usage};

/// Erases what the arguments name.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, Failure> {
    let mut daemon = Daemon::default();
    let (mut what, mut sure) = (None, false);
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("yes") => sure = true,
            Long("json") => daemon.json = true,
            Long("socket") => daemon.socket = input::path(&mut arguments)?,
            Value(value) if what.is_none() => what = Some(value.string().map_err(usage)?),
            other => return help_or_unexpected(other, HELP),
        }
    }
    let what = what.filter(|what| ["ctl", "itl", "all"].contains(&what.as_str()));
    let what = what.ok_or_else(|| usage("erase needs to know what: ctl, itl or all"))?;
    if !sure && !io::stdin().is_terminal() {
        return Err(usage("nobody to ask for confirmation; --yes erases without"));
    }
    erase(&daemon, &what, sure)
}

/// Two calls on one connection: the value that the first one gives confirms the second.
fn erase(daemon: &Daemon, what: &str, sure: bool) -> Result<Exit, Failure> {
    let mut caller = daemon.connect()?;
    let first = caller.call("Erase", json!({ "what": what }), SOON).map_err(failure)?;
    if !sure && !confirmed(what) {
        return Err(Failure::new(Exit::Refused, "nothing was erased"));
    }
    let parameters = json!({ "what": what, "confirmation": member(&first, "confirmation") });
    let erased = caller.call("Erase", parameters, SOON).map_err(failure)?;
    if daemon.json {
        return Ok(print_json(&erased));
    }
    Ok(print(&format!("erased\t{what}\n")))
}

fn confirmed(what: &str) -> bool {
    let lists = match what {
        "all" => "both trust lists",
        "ctl" => "the CTL",
        _ => "the ITL",
    };
    let question = format!(
        "Erase {lists}? The next list is believed as on first use. \
         Type `yes` within ten seconds: "
    );
    let mut err = io::stderr().lock();
    let _gone = write!(err, "{question}").and_then(|()| err.flush());
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok() && answer.trim() == "yes"
}

/// Erasing is a matter of the local store.
const SOON: Duration = Duration::from_secs(30);

const HELP: &str = "\
Has the daemon forget the CTL, the ITL, or both, as the phone's own erase does; a boot pass
follows. Asks for confirmation on a terminal. Erasing all is the way out of a locked store.

Usage: secd erase ctl|itl|all [--yes] [--json] [--socket PATH]

  --yes        erase without asking

Exit: 0 erased, 1 refused or not confirmed, 64 nobody to ask, 69 no daemon
";
