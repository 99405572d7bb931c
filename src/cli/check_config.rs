//! `secd check-config`: reads the configuration and reports every fault in it.

use std::path::PathBuf;

use serde::Serialize;

use crate::cli::arguments::{Command, GivenOption, SharedOptions};
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::print::{complain, named, print_json, print_line};
use crate::cli::settings::{self, DEFAULT};
use crate::io::store;

/// Checks the file that the arguments name.
#[derive(Default)]
pub(super) struct CheckConfigCommand {
    path: Option<PathBuf>,
    json: bool,
}

impl Command for CheckConfigCommand {
    const HELP: &'static str = HELP;

    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            "--config" => self.path = Some(option.path()?),
            _ => return Err(option.unexpected()),
        }
        Ok(())
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Json(&mut self.json)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let (path, json) = (self.path.unwrap_or_else(|| DEFAULT.into()), self.json);
        let configuration = settings::load(&path)?;
        let warning =
            // Only a warning: the file may be meant for another machine, and be valid there.
            store::look(&configuration.paths.state).err().map(|damage| damage.to_string());
        let device = &configuration.device.name;
        let servers: Vec<_> = configuration.tftp.servers.iter().map(ToString::to_string).collect();
        let notes = configuration.policy.openings();
        if json {
            let (file, device) = (path.display().to_string(), device.to_string());
            let warnings = warning.into_iter().collect();
            return Ok(print_json(&SettingsFacts { file, device, servers, notes, warnings }));
        }
        // To standard error, so that a script still reads the verdict alone.
        if let Some(warning) = warning {
            complain(&format!("warning: {warning}"));
        }
        let servers = if servers.is_empty() { "none".to_owned() } else { servers.join(", ") };
        print_line(&named(&path, format!("valid; device {device}, TFTP servers: {servers}")));
        for note in notes {
            print_line(&named(&path, format!("note: {note}")));
        }
        Ok(Exit::Done)
    }
}

#[derive(Serialize)]
struct SettingsFacts {
    file: String,
    device: String,
    servers: Vec<String>,
    /// What the policy allows beyond a phone's own rules.
    notes: Vec<&'static str>,
    /// What is missing on this machine; the file itself may be for another one.
    warnings: Vec<String>,
}

const HELP: &str = "\
Check the configuration and report every fault in it.

Usage: secd check-config [--config FILE] [--json]      (default: /etc/secd.toml)

Warn if the state folder is missing here: without it the agent trusts nothing.

  --json       print one object

Exit: 0 valid, 66 cannot read, 78 faults
";
