//! `secd cache`: the answers of TVS that still hold.

use lexopt::Parser;
use lexopt::prelude::Long;
use serde_json::json;

use crate::cli::daemon::{Daemon, items, member};
use crate::cli::sheet::Sheet;
use crate::cli::{Exit, Failure, help_or_unexpected, input, print_json, usage};

/// Prints the answers, or has them forgotten.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, Failure> {
    let mut daemon = Daemon::default();
    let mut method = "GetCache";
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("flush") => method = "FlushCache",
            Long("json") => daemon.json = true,
            Long("socket") => daemon.socket = input::path(&mut arguments)?,
            other => return help_or_unexpected(other, HELP),
        }
    }
    let reply = daemon.ask(method, json!({}))?;
    if daemon.json {
        return Ok(print_json(&reply));
    }
    let mut sheet = Sheet::default();
    if method == "FlushCache" {
        sheet.row(&["forgotten", &member(&reply, "count")]);
    }
    for verdict in items(&reply, "verdicts") {
        let fact = |name: &str| member(verdict, name);
        sheet.row(&[
            fact("sha256"),
            fact("expires_in"),
            fact("member"),
            fact("roles"),
            if fact("has_certificate") == "yes" { "certificate" } else { "" }.to_owned(),
        ]);
    }
    Ok(sheet.print())
}

const HELP: &str = "\
Prints the answers of TVS that still hold: SHA-256 of the certificate, seconds left, who answered,
roles, and whether the certificate itself is kept.

Usage: secd cache [--flush] [--json] [--socket PATH]

  --flush      forget them instead

Exit: 0 done, 1 not allowed, 69 no daemon
";
