//! `secd run`: the daemon, in the foreground.

use std::path::PathBuf;

use crate::agent;
use crate::cli::arguments::{Command, GivenOption};
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::runtime::{self, not_started};
use crate::cli::settings::{self, DEFAULT};
use crate::io::console;

/// Runs the agent until a signal ends it.
#[derive(Default)]
pub(super) struct RunCommand {
    path: Option<PathBuf>,
}

impl Command for RunCommand {
    const HELP: &'static str = HELP;

    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            "--config" => self.path = Some(option.path()?),
            _ => return Err(option.unexpected()),
        }
        Ok(())
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let path = self.path.unwrap_or_else(|| DEFAULT.into());
        let settings = settings::load(&path)?;
        let console = console::init(settings.console.level).map_err(unavailable)?;
        let ended = runtime::run(agent::run(settings, path, console))?;
        ended.map_err(|error| not_started(&error))?;
        Ok(Exit::Done)
    }
}

fn unavailable(error: impl std::fmt::Display) -> CommandFailure {
    CommandFailure::new(Exit::Unavailable, error)
}

const HELP: &str = "\
Run the phone's security agent in the foreground. The console log goes to standard error.

Usage: secd run [--config FILE] [--json]      (default: /etc/secd.toml)

  --json       print why the agent cannot start as one object on standard output

SIGHUP starts another boot pass, SIGTERM ends the agent.

Exit: 0 ended by a signal, 64 usage, 66 cannot read, 69 the system lacks what the agent needs,
70 internal error, 78 faults in the configuration
";
