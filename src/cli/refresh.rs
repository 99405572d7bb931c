//! `secd refresh`: a boot pass, stage by stage.

use lexopt::Parser;
use lexopt::prelude::Long;
use serde_json::{Value, json};

use crate::cli::daemon::{Daemon, failure, member};
use crate::cli::sheet::Sheet;
use crate::cli::{Exit, Failure, help_or_unexpected, input, print_json, usage};

/// Has the daemon go through a boot pass.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, Failure> {
    let mut daemon = Daemon::default();
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("json") => daemon.json = true,
            Long("socket") => daemon.socket = input::path(&mut arguments)?,
            other => return help_or_unexpected(other, HELP),
        }
    }
    let mut exit = Exit::Done;
    for reply in daemon.connect()?.more("Refresh", json!({})).map_err(failure)? {
        let reply = reply.map_err(failure)?;
        if let Some(stage) = reply.get("stage").filter(|stage| !stage.is_null()) {
            exit = worse(exit, stage);
            show_stage(&daemon, stage);
        } else if let Some(outcome) = reply.get("outcome") {
            show_outcome(&daemon, outcome);
        }
    }
    Ok(exit)
}

/// A pass that ended before its end.
fn worse(exit: Exit, stage: &Value) -> Exit {
    match stage.get("stage").and_then(Value::as_str) {
        Some("network") => Exit::Unavailable,
        Some("store") => Exit::Refused,
        _ => exit,
    }
}

fn show_stage(daemon: &Daemon, stage: &Value) {
    if !daemon.json {
        let mut sheet = Sheet::default();
        sheet.row(&[member(stage, "stage"), member(stage, "detail")]);
        sheet.print();
    }
}

fn show_outcome(daemon: &Daemon, outcome: &Value) {
    if daemon.json {
        print_json(outcome);
        return;
    }
    let mut sheet = Sheet::default();
    sheet.row(&["state".to_owned(), member(outcome, "state"), member(outcome, "meaning")]);
    if let Some(alarm) = outcome.get("alarm").filter(|alarm| !alarm.is_null()) {
        sheet.row(&["alarm".to_owned(), member(alarm, "code"), member(alarm, "name")]);
    }
    sheet.print();
}

const HELP: &str = "\
Has the daemon go through a boot pass: CTL, ITL, configuration. Tells each stage when it is over.

Usage: secd refresh [--json] [--socket PATH]

  --json       only the outcome, as one object

Exit: 0 the pass is over, 1 locked or not allowed, 69 no server or no daemon
";
