//! `secd check-config`: reads the configuration and reports every fault and every warning.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::arguments::{Command, GivenOption, SharedOptions};
use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::input;
use crate::cli::output::is_stream;
use crate::cli::print::{complain, named, print_json, print_line};
use crate::cli::settings::{self, DEFAULT};
use crate::io::settings::{SettingPlace, SettingsFailure, SettingsFile, System};

/// Checks the file that the arguments name.
#[derive(Default)]
pub(super) struct CheckConfigCommand {
    path: Option<PathBuf>,
    json: bool,
    /// The file is for another machine.
    elsewhere: bool,
    strict: bool,
    user: Option<String>,
}

impl Command for CheckConfigCommand {
    const HELP: &'static str = HELP;

    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            "--config" => self.path = Some(option.path()?),
            "--no-system" => self.elsewhere = true,
            "--strict" => self.strict = true,
            "--user" => self.user = Some(option.text()?),
            _ => return Err(option.unexpected()),
        }
        Ok(())
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Json(&mut self.json)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let path = self.path.unwrap_or_else(|| DEFAULT.into());
        let user = self.user.as_deref();
        let system = System::of_agent(user)
            .map_err(|_| usage(format!("no user {} in /etc/passwd", user.unwrap_or_default())))?;
        let name = input::label(&path);
        let loaded = if is_stream(&path) {
            SettingsFile::from_bytes(input::read(&path)?, name)
        } else {
            SettingsFile::load(&path)
        };
        let mut file = match loaded {
            Err(SettingsFailure::Invalid(faults)) => SettingsFile::without_text(name, faults),
            loaded => loaded.map_err(|failure| settings::failure(name, failure))?,
        };
        if !self.elsewhere {
            file.compare(&system);
        }
        let is_refused = !file.faults.is_empty() || (self.strict && !file.warnings.is_empty());
        if self.json {
            let printed = print_json(&SettingsFacts::from_file(&file));
            return Ok(if is_refused { Exit::Config } else { Exit::Done }.and(printed));
        }
        report(file, name, is_refused)
    }
}

/// Warnings to standard error, so that a script still reads the verdict alone.
fn report(file: SettingsFile, path: &Path, is_refused: bool) -> Result<Exit, CommandFailure> {
    for warning in &file.warnings {
        complain(&format!("warning: {warning}"));
    }
    let warnings = settings::count(file.warnings.len(), "warning");
    if is_refused && file.faults.is_empty() {
        let message = format!("{warnings}, refused because of --strict");
        return Err(CommandFailure::new(Exit::Config, named(path, message)));
    }
    let summary = if file.warnings.is_empty() { "valid".to_owned() } else { warnings };
    let facts = SettingsFacts::from_file(&file);
    let servers =
        if facts.servers.is_empty() { "none".to_owned() } else { facts.servers.join(", ") };
    let device = facts.device.unwrap_or_default();
    // Every fault, in place of the settings.
    file.into_settings().map_err(|failure| settings::failure(path, failure))?;
    let facts = format!("{summary}; device {device}, TFTP servers: {servers}");
    Ok(print_line(&named(path, facts)))
}

#[derive(Serialize)]
struct SettingsFacts {
    file: String,
    /// Nothing if there are faults.
    device: Option<String>,
    servers: Vec<String>,
    faults: Vec<PlacedText>,
    warnings: Vec<PlacedText>,
}

impl SettingsFacts {
    fn from_file(file: &SettingsFile) -> Self {
        let servers = file.settings().map(|settings| &settings.tftp.servers);
        let faults = file.faults.iter();
        let warnings = file.warnings.iter();
        Self {
            file: file.name.clone(),
            device: file.settings().map(|settings| settings.device.name.to_string()),
            servers: servers.into_iter().flatten().map(ToString::to_string).collect(),
            faults: faults.map(|it| PlacedText::new(&it.place, it.wrong.to_string())).collect(),
            warnings: warnings.map(|it| PlacedText::new(&it.place, it.text.clone())).collect(),
        }
    }
}

/// A fault or a warning, and its place in the file.
#[derive(Serialize)]
struct PlacedText {
    line: usize,
    column: usize,
    key: String,
    text: String,
}

impl PlacedText {
    fn new(place: &SettingPlace, text: String) -> Self {
        Self { line: place.line, column: place.column, key: place.key.clone(), text }
    }
}

const HELP: &str = "\
Check the configuration, and report every fault and every warning with its place in the file.

Usage: secd check-config [--config FILE] [--strict] [--no-system] [--user NAME] [--json]

A fault keeps the agent from starting. A warning is about what the agent accepts although it is
surely not meant: a device name that no phone has, no server, values without effect, a policy that
is weaker than the default; and folders, files, users and groups that are not there or not as the
agent needs them.

  --config FILE  the file, or - for standard input (default: /etc/secd.toml)
  --strict       exit with 78 if there are warnings, too
  --no-system    do not look at folders, files, users and groups: the file is for another machine
  --user NAME    the user that the agent runs as (default: secd if root asks and there is such a
                 user, else who asks)
  --json         print one object

Exit: 0 valid or warnings only, 64 usage, 66 cannot read, 78 faults, or warnings with --strict
";
