//! `secd trust`: what the phone's Trust List screen shows.

use std::time::Duration;

use lexopt::Parser;
use lexopt::prelude::Long;
use rustls::pki_types::UnixTime;
use serde_json::{Value, json};

use crate::cli::daemon::{Daemon, items, member};
use crate::cli::sheet::Sheet;
use crate::cli::{Exit, Failure, help_or_unexpected, input, print_json, usage};
use crate::io::clock::Rfc3339;

/// Prints what is trusted.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, Failure> {
    let mut daemon = Daemon::default();
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("json") => daemon.json = true,
            Long("socket") => daemon.socket = input::path(&mut arguments)?,
            other => return help_or_unexpected(other, HELP),
        }
    }
    let trust = daemon.ask("GetTrust", json!({}))?;
    if daemon.json {
        return Ok(print_json(&trust));
    }
    Ok(sheet(&trust).print())
}

fn sheet(trust: &Value) -> Sheet {
    let mut sheet = Sheet::default();
    for name in ["state", "meaning", "locked", "signed_files"] {
        sheet.row(&[name.replace('_', " "), member(trust, name)]);
    }
    for list in items(trust, "lists") {
        add_list(&mut sheet, list);
    }
    sheet.section("Messages");
    if let Some(alarm) = trust.get("alarm").filter(|alarm| !alarm.is_null()) {
        sheet.row(&["alarm".to_owned(), member(alarm, "code"), member(alarm, "name")]);
    }
    for message in items(trust, "messages") {
        sheet.row(&["message".to_owned(), date(message, "time"), member(message, "text")]);
    }
    sheet
}

fn add_list(sheet: &mut Sheet, list: &Value) {
    let kind = member(list, "kind").to_lowercase();
    sheet.section(&member(list, "kind"));
    let mut fact = |name: &str, value: String| {
        sheet.row(&[kind.clone(), name.to_owned(), value]);
    };
    for name in ["length", "md5", "sha1", "signer"] {
        fact(name, member(list, name));
    }
    fact("timestamp", date(list, "timestamp"));
    fact("believed", believed(list).to_owned());
    fact("blank", member(list, "blank"));
    for record in items(list, "records") {
        let fields = [
            kind.clone(),
            "record".to_owned(),
            member(record, "role"),
            carries(record).to_owned(),
            member(record, "subject"),
        ];
        sheet.row(&fields);
    }
}

/// Who vouched for a list.
fn believed(list: &Value) -> &'static str {
    match list.get("acceptance").and_then(Value::as_str) {
        Some("first-use") => "on first use, without proof",
        Some("ctl") => "signed by a signer of the CTL",
        Some("itl") => "signed by a signer of the ITL",
        Some("tvs") => "signed by a signer that TVS knows",
        _ => "unknown",
    }
}

/// What a record has of its certificate.
fn carries(record: &Value) -> &'static str {
    let has = |name: &str| record.get(name).is_some_and(|value| !value.is_null());
    match record.get("has_certificate").and_then(Value::as_bool) {
        Some(true) => "certificate",
        _ if has("cert_sha1") => "hash",
        _ => "EMPTY",
    }
}

fn date(value: &Value, name: &str) -> String {
    let seconds = value.get(name).and_then(Value::as_u64).unwrap_or_default();
    Rfc3339(UnixTime::since_unix_epoch(Duration::from_secs(seconds))).to_string()
}

const HELP: &str = "\
Shows what the phone's Trust List screen shows: the state, both lists with their hashes, whether
they were believed on first use, their records (EMPTY: neither certificate nor hash), the last
alarm and the status messages.

Usage: secd trust [--json] [--socket PATH]

Exit: 0 told, 1 not allowed, 69 no daemon
";
