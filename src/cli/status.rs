//! `secd status`: state, servers and counters of the daemon.

use crate::cli::arguments::{Command, SharedOptions};
use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::sheet::{Sheet, yes_or_no};
use crate::face::ObjectType;
use crate::face::methods::{GetStatus, Status};

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
    sheet.fact("uptime", &status.uptime);
    sheet.fact("state", &status.state);
    sheet.fact("meaning", &status.meaning);
    sheet.fact("locked", &yes_or_no(status.locked));
    sheet.fact("configuration", &status.configuration.as_deref().unwrap_or_default());
    if let Some(fault) = &status.configuration_fault {
        sheet.fact("configuration fault", fault);
    }
    if let Some(access) = &status.settings_access {
        sheet.fact("settings access", access);
    }
    sheet.fact("cached", &status.cached);
    sheet.fact("open connections", &status.open_connections);
    sheet.fact("sandbox", &status.sandbox);
    sheet.fact("log level", &status.log_level);
    sheet.section("Servers");
    for (kind, servers) in [("tftp", &status.tftp), ("tvs", &status.tvs)] {
        for server in servers {
            sheet.row(&[kind, &server.address, &server.last]);
        }
    }
    sheet.section("Since the start");
    // By the names of the interface, so that a new counter appears by itself.
    for (name, count) in status.counters.clone().into_map() {
        sheet.fact(&name.replace('_', " "), &count);
    }
    sheet
}

const HELP: &str = "\
Show the daemon's state, its servers with the last result of contacting each, and its counters.

Usage: secd status [--json] [--socket PATH]

Exit: 0 shown, 1 not allowed, 69 no daemon
";
