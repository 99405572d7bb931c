//! `secd log`: the console log of the daemon.

use std::io;

use lexopt::Parser;
use lexopt::prelude::{Long, Short, ValueExt};

use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::input;
use crate::cli::print::{Row, complain, follow, help_or_unexpected, print_json};
use crate::face::methods::{FollowLog, GetLog};
use crate::face::records::Line;
use crate::face::{ObjectType, Shape};

/// Prints lines.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, CommandFailure> {
    let mut daemon = Daemon::default();
    let (mut follow, mut count, mut level) = (false, None, None);
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Short('f') | Long("follow") => follow = true,
            Short('n') | Long("lines") => count = Some(number(&mut arguments)?),
            Long("level") => level = Some(input::word(&mut arguments)?),
            Long("json") => daemon.json = true,
            Long("socket") => daemon.socket = input::path(&mut arguments)?,
            other => return help_or_unexpected(other, HELP),
        }
    }
    if follow {
        return follow_from(&daemon, FollowLog { count, level });
    }
    let last = daemon.ask(GetLog { count, level })?;
    if daemon.json {
        return Ok(print_json(&last.into_map()));
    }
    let _gone = show(&daemon, last.lines);
    Ok(Exit::Done)
}

fn number(arguments: &mut Parser) -> Result<usize, CommandFailure> {
    arguments.value().and_then(|value| value.parse()).map_err(usage)
}

/// Prints lines as they come, until the daemon goes or nobody reads them any more.
fn follow_from(daemon: &Daemon, wanted: FollowLog) -> Result<Exit, CommandFailure> {
    for news in daemon.ask_for_more(wanted)? {
        let news = news?;
        if news.missed > 0 {
            complain(&format!("{} lines were missed", news.missed));
        }
        if show(daemon, news.lines).is_err() {
            break;
        }
    }
    Ok(Exit::Done)
}

/// Prints lines; with `--json`, an object a line.
fn show(daemon: &Daemon, lines: Vec<Line>) -> io::Result<()> {
    follow(
        lines.into_iter().map(|line| {
            if daemon.json { Row::Json(line.into_value()) } else { Row::Text(line.text) }
        }),
    )
}

const HELP: &str = "\
Prints the last lines of the daemon's console log, oldest first.

Usage: secd log [-f] [-n N] [--level LEVEL] [--json] [--socket PATH]

  -f, --follow     go on with every new line (--json: one object a line)
  -n, --lines N    the last N lines (default: all that are kept and fit into 64 KiB)
  --level LEVEL    only error, warning, notice, info or debug, and graver

Exit: 0 printed, 1 not allowed, 64 no such level, 69 no daemon
";
