//! `secd doctor`: what is the matter between phone and cluster, and the least drastic remedy.

use std::fmt::Write;

use lexopt::Parser;
use lexopt::prelude::Long;
use serde_json::{Value, json};

use crate::cli::daemon::{Daemon, items, member};
use crate::cli::{Exit, Failure, help_or_unexpected, input, print, print_json, usage};
use crate::io::console::escape;

/// Has the daemon look, and prints what it found.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, Failure> {
    let mut daemon = Daemon::default();
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("json") => daemon.json = true,
            Long("socket") => daemon.socket = input::path(&mut arguments)?,
            other => return help_or_unexpected(other, HELP),
        }
    }
    let report = daemon.ask_patiently("Diagnose", json!({}))?;
    if daemon.json {
        print_json(&report);
    } else {
        print(&text(&report));
    }
    let is_well = report.pointer("/remedy/word").and_then(Value::as_str) == Some("nothing");
    Ok(if is_well { Exit::Done } else { Exit::Refused })
}

fn text(report: &Value) -> String {
    let mut text = String::new();
    for check in items(report, "checks") {
        let mark = match check.get("mark").and_then(Value::as_str) {
            Some("ok") => "[ok]",
            Some("not-ok") => "[NO]",
            _ => "[??]",
        };
        line(&mut text, &format!("{mark} {}", member(check, "name")), &member(check, "detail"));
    }
    text.push('\n');
    for (title, part) in [("case", "case"), ("remedy", "remedy")] {
        let found = report.get(part).unwrap_or(&Value::Null);
        line(&mut text, title, &format!("{} ({})", member(found, "text"), member(found, "word")));
        if part == "case" {
            line(&mut text, "next boot", &member(report, "next_boot"));
        }
    }
    let mut conditions = items(report, "conditions").peekable();
    if conditions.peek().is_some() {
        text.push_str("\nthe ITL may be deleted only if all of these hold:\n");
    }
    for condition in conditions {
        let mark = match condition.get("holds").and_then(Value::as_bool) {
            Some(true) => "[yes]",
            Some(false) => "[no] ",
            None => "[??] ",
        };
        let _fits = writeln!(text, "  {mark} {}", escape(&member(condition, "text")));
    }
    text
}

fn line(text: &mut String, title: &str, fact: &str) {
    let _fits = writeln!(text, "{}: {}", escape(title), escape(fact));
}

const HELP: &str = "\
Finds out what is the matter between the phone and its cluster, and changes nothing: fetches the
server's lists and compares them with the installed ones, says who signed them and who knows that
signer, looks at the certificate of every TVS server, tries the configuration, and checks store and
clock. Then it names the case, what the next boot will do, and the least drastic remedy.

Usage: secd doctor [--json] [--socket PATH]

Marks: [ok] as it should be, [NO] not so, [??] cannot be told

Exit: 0 nothing to do, 1 something to do or not allowed, 69 no daemon
";
