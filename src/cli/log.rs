//! `secd log`: the console log of the daemon.

use std::io::{self, Write};

use lexopt::Parser;
use lexopt::prelude::{Long, Short, ValueExt};
use serde_json::{Value, json};

use crate::cli::daemon::{Daemon, failure, items, member};
use crate::cli::{Exit, Failure, complain, help_or_unexpected, input, print_json, usage};
use crate::io::console::escape;

/// Prints lines.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, Failure> {
    let mut daemon = Daemon::default();
    let (mut follow, mut count, mut level) = (false, None, None);
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Short('f') | Long("follow") => follow = true,
            Short('n') | Long("lines") => count = Some(number(&mut arguments)?),
            Long("level") => level = Some(input::text(&mut arguments)?),
            Long("json") => daemon.json = true,
            Long("socket") => daemon.socket = input::path(&mut arguments)?,
            other => return help_or_unexpected(other, HELP),
        }
    }
    let parameters = json!({ "count": count, "level": level });
    if follow {
        return follow_from(&daemon, parameters);
    }
    let lines = daemon.ask("GetLog", parameters)?;
    if daemon.json {
        return Ok(print_json(&lines));
    }
    let _gone = show(&daemon, &lines);
    Ok(Exit::Done)
}

fn number(arguments: &mut Parser) -> Result<u64, Failure> {
    arguments.value().and_then(|value| value.parse()).map_err(usage)
}

/// Prints lines as they come, until the daemon goes or nobody reads them any more.
fn follow_from(daemon: &Daemon, parameters: Value) -> Result<Exit, Failure> {
    for reply in daemon.connect()?.more("FollowLog", parameters).map_err(failure)? {
        let lines = reply.map_err(failure)?;
        match lines.get("missed").and_then(Value::as_u64) {
            None | Some(0) => {}
            Some(missed) => complain(&format!("{missed} lines were missed")),
        }
        if show(daemon, &lines).is_err() {
            break;
        }
    }
    Ok(Exit::Done)
}

/// Prints the lines of a reply; with `--json`, an object a line.
fn show(daemon: &Daemon, lines: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in items(lines, "lines") {
        if daemon.json {
            writeln!(out, "{line}")?;
        } else {
            writeln!(out, "{}", escape(&member(line, "text")))?;
        }
    }
    out.flush()
}

const HELP: &str = "\
Prints the last lines of the daemon's console log, oldest first.

Usage: secd log [-f] [-n N] [--level LEVEL] [--json] [--socket PATH]

  -f, --follow     go on with every new line (--json: one object a line)
  -n, --lines N    the last N lines (default: all that are kept and fit into 64 KiB)
  --level LEVEL    only error, warning, notice, info or debug, and graver

Exit: 0 printed, 1 not allowed, 64 no such level, 69 no daemon
";
