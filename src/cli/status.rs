//! `secd status`: how the daemon is.

use lexopt::Parser;
use lexopt::prelude::Long;
use serde_json::{Value, json};

use crate::cli::daemon::{Daemon, items, member, plain};
use crate::cli::sheet::Sheet;
use crate::cli::{Exit, Failure, help_or_unexpected, input, print_json, usage};

/// Prints what the daemon says of itself.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, Failure> {
    let mut daemon = Daemon::default();
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("json") => daemon.json = true,
            Long("socket") => daemon.socket = input::path(&mut arguments)?,
            other => return help_or_unexpected(other, HELP),
        }
    }
    let status = daemon.ask("GetStatus", json!({}))?;
    if daemon.json {
        return Ok(print_json(&status));
    }
    Ok(sheet(&status).print())
}

fn sheet(status: &Value) -> Sheet {
    let mut sheet = Sheet::default();
    for name in FACTS {
        sheet.row(&[name.replace('_', " "), member(status, name)]);
    }
    sheet.section("Servers");
    for kind in ["tftp", "tvs"] {
        for server in items(status, kind) {
            let address = member(server, "address");
            sheet.row(&[kind.to_owned(), address, member(server, "last")]);
        }
    }
    sheet.section("Since the start");
    let counters = status.get("counters").and_then(Value::as_object);
    for (name, count) in counters.into_iter().flatten() {
        sheet.row(&[name.replace('_', " "), plain(count)]);
    }
    sheet
}

const FACTS: [&str; 11] = [
    "version",
    "device",
    "uptime",
    "state",
    "meaning",
    "locked",
    "configuration",
    "cached",
    "open_connections",
    "sandbox",
    "log_level",
];

const HELP: &str = "\
Says how the daemon is: state, servers and what came of talking to them last, counters.

Usage: secd status [--json] [--socket PATH]

Exit: 0 told, 1 not allowed, 69 no daemon
";
