//! `secd reload`: the daemon reads its configuration again.

use lexopt::Parser;
use lexopt::prelude::Long;
use serde_json::json;

use crate::cli::daemon::Daemon;
use crate::cli::{Exit, Failure, help_or_unexpected, input, print_json, usage};

/// Has the configuration read again.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, Failure> {
    let mut daemon = Daemon::default();
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("json") => daemon.json = true,
            Long("socket") => daemon.socket = input::path(&mut arguments)?,
            other => return help_or_unexpected(other, HELP),
        }
    }
    let done = daemon.ask("Reload", json!({}))?;
    Ok(if daemon.json { print_json(&done) } else { Exit::Done })
}

const HELP: &str = "\
Has the daemon read its configuration again. A file with faults changes nothing. The sections
[paths] and [socket] take effect at the next start only.

Usage: secd reload [--json] [--socket PATH]

Exit: 0 in force, 1 not allowed, 69 no daemon, 78 the configuration has faults
";
