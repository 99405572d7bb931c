//! `secd status`: state, servers and counters of the daemon.

use crate::cli::arguments::{Command, SharedOptions};
use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::settings::count;
use crate::cli::sheet::{Sheet, yes_or_no};
use crate::cli::shown::Tone;
use crate::cli::words::{date, span};
use crate::face::methods::{GetStatus, Identity, Status};
use crate::face::records::{LastPass, Layer, Server};
use crate::face::terms::{LayerGrade, configuration_vouched_by};
use crate::face::{ObjectType, Words};

/// Prints what the daemon reports about itself.
#[derive(Default)]
pub(super) struct StatusCommand {
    daemon: Daemon,
}

impl Command for StatusCommand {
    const HELP: &'static str = HELP;

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Daemon(&mut self.daemon)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let daemon = self.daemon;
        Ok(daemon.show(daemon.ask(GetStatus {})?, sheet))
    }
}

fn sheet(status: &Status) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.fact("version", &status.version);
    sheet.fact("device", &status.device);
    sheet.fact("uptime", &span(status.uptime));
    let tone = if status.locked { Tone::Bad } else { Tone::Plain };
    sheet.toned_fact("state", &status.state, tone);
    sheet.fact("meaning", &status.meaning);
    sheet.toned_fact("locked", &yes_or_no(status.locked), tone);
    add_passes(&mut sheet, status);
    sheet.fact("configuration", &status.configuration.as_deref().unwrap_or("none yet"));
    if let Some(by) = &status.configuration_by {
        sheet.fact("vouched for by", &configuration_vouched_by(by));
    }
    if let Some(fault) = &status.configuration_fault {
        sheet.toned_fact("configuration fault", fault, Tone::Bad);
    }
    if let Some(access) = &status.settings_access {
        sheet.fact("settings access", access);
    }
    sheet.fact("cached", &format_args!("{} of TVS", count(status.cached, "answer")));
    sheet.fact("open connections", &status.open_connections);
    sheet.toned_fact("sandbox", &sandbox(status), tone_of_sandbox(status));
    sheet.fact("log level", &status.log_level);
    add_layers(&mut sheet, status);
    add_own(&mut sheet, &status.identity);
    sheet.section("Servers");
    sheet.if_empty("none is configured");
    for (kind, servers) in [("tftp", &status.tftp), ("tvs", &status.tvs)] {
        for server in servers {
            sheet.row(&[kind, &server.address, &contact(server)]);
        }
    }
    sheet.section("Since the start");
    // By the names of the interface, so that a new counter appears by itself.
    for (name, count) in status.counters.clone().into_map() {
        let words = match name.as_str() {
            // Beside the calls, it reads as if connections to the socket were meant.
            "refused_connections" => "refused TLS connections".to_owned(),
            "legacy_connections" => "legacy TLS connections".to_owned(),
            name => name.replace('_', " "),
        };
        sheet.fact(&words, &count);
    }
    sheet
}

/// The mode, and whether anything is missing.
fn sandbox(status: &Status) -> String {
    let missing = missing_layers(status);
    match status.sandbox.as_str() {
        "off" => "off: the agent may do whatever its user may".to_owned(),
        mode if missing == 0 => format!("{mode}, every layer is in force"),
        mode => format!("{mode}, {} missing", count(missing, "layer")),
    }
}

fn tone_of_sandbox(status: &Status) -> Tone {
    if missing_layers(status) > 0 { Tone::Bad } else { Tone::Plain }
}

fn missing_layers(status: &Status) -> usize {
    let is_missing = |layer: &&Layer| layer.grade == LayerGrade::Missing;
    status.layers.iter().filter(is_missing).count()
}

/// What the kernel holds the agent to.
fn add_layers(sheet: &mut Sheet, status: &Status) {
    sheet.section("Sandbox");
    sheet.if_empty("not reported");
    for Layer { name, grade, detail } in &status.layers {
        let tone = if *grade == LayerGrade::Missing { Tone::Bad } else { Tone::Plain };
        sheet.toned_row(&[name, grade.word(), detail], tone);
    }
}

/// The phone's own certificates, one a line; `secd lsc show` has the rest.
fn add_own(sheet: &mut Sheet, identity: &Identity) {
    sheet.section("Own certificates");
    sheet.if_empty("neither LSC nor MIC");
    for certificate in &identity.certificates {
        let in_use = if certificate.in_use { ", in use" } else { "" };
        let until = date(certificate.valid_until);
        let mut words = format!("{}, valid until {until}{in_use}", certificate.key);
        for warning in &certificate.warnings {
            words = format!("{words}; {warning}");
        }
        let tone = if certificate.warnings.is_empty() { Tone::Plain } else { Tone::Bad };
        sheet.toned_row(&[certificate.kind.word(), &certificate.subject, &words], tone);
    }
}

/// The last pass, what failed in it, the next one, and the last alarm.
fn add_passes(sheet: &mut Sheet, status: &Status) {
    let next = next(status);
    match &status.last_pass {
        None => sheet.fact("last pass", &format_args!("none has ended yet; {next}")),
        Some(LastPass { failed: false, age, .. }) => {
            let words = format!("succeeded {} ago{}", span(*age), later(status));
            sheet.toned_fact("last pass", &words, Tone::Good);
        }
        Some(pass) => {
            let reason = pass.reason.as_deref().unwrap_or("no reason is known");
            let words = format!("failed {} ago: {reason}; {next}", span(pass.age));
            sheet.toned_fact("last pass", &words, Tone::Bad);
            // The line above has the first of them.
            for stage in pass.stages.iter().filter(|stage| stage.reason.is_some()).skip(1) {
                let reason = stage.reason.as_deref().unwrap_or_default();
                sheet.fact("failed as well", &format_args!("{}: {reason}", stage.stage));
            }
        }
    }
    if let Some(alarm) = &status.alarm {
        let ago = span(status.time.saturating_sub(alarm.time));
        let when = date(alarm.time);
        let words = format!("{} ({}), {ago} ago, {when}", alarm.code, alarm.name);
        sheet.fact("last alarm", &words);
    }
}

/// When the next pass is.
fn next(status: &Status) -> String {
    match status.next_try {
        _ if status.pass_under_way => "a pass is under way".to_owned(),
        Some(seconds) => format!("next try in {}", span(seconds)),
        None => "no further try until `secd refresh` or SIGHUP".to_owned(),
    }
}

/// The same after a success, which is usually the end of it.
fn later(status: &Status) -> String {
    if status.pass_under_way || status.next_try.is_some() {
        format!("; {}", next(status))
    } else {
        String::new()
    }
}

/// What came of contacting a server last, and when.
fn contact(server: &Server) -> String {
    match (&server.last, server.age) {
        (Some(last), Some(age)) => format!("{last}, {} ago", span(age)),
        _ => "not contacted yet".to_owned(),
    }
}

const HELP: &str = "\
Show the daemon's state, how the last boot pass went and when the next one is, the last alarm, the
phone's own certificates, the servers with the result and time of the last contact with each, and its
counters.

Usage: secd status [--json] [--socket PATH]

Exit: 0 shown, 1 not allowed, 69 no daemon
";
