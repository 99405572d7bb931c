//! `secd run`: the daemon, in the foreground; with `--once`, one boot pass of the configured phone.

use std::path::PathBuf;

use crate::agent::{self, NotConfined, NotStarted};
use crate::cli::arguments::{Command, GivenOption, SharedOptions};
use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::print::named;
use crate::cli::probe::{HTTPS_PORT, ReportOptions, not_probed};
use crate::cli::runtime::not_started;
use crate::cli::settings::{self, DEFAULT};
use crate::cli::{input, runtime};
use crate::io::console;
use crate::wire::address::ServerAddress;

/// Runs the agent until a signal ends it, or for one boot pass.
#[derive(Default)]
pub(super) struct RunCommand {
    path: Option<PathBuf>,
    once: bool,
    https: Vec<ServerAddress>,
    report: ReportOptions,
}

impl Command for RunCommand {
    const HELP: &'static str = HELP;

    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            "--config" => self.path = Some(option.path()?),
            "--once" => self.once = true,
            "--https" => self.https.push(input::address(&option.text()?, HTTPS_PORT)?),
            _ => self.report.take(option)?,
        }
        Ok(())
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Json(&mut self.report.json)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let source = self.path.unwrap_or_else(|| DEFAULT.into());
        if !self.once && (!self.https.is_empty() || !self.report.is_default()) {
            return Err(usage("--https, --format, --log and --strict need --once"));
        }
        let settings = settings::load(&source)?;
        if self.once {
            self.report.begin()?;
            let found = runtime::run(agent::run_once(settings, &self.https))?;
            return Ok(self.report.print(found.map_err(|why| not_probed(&why))?));
        }
        let console = console::init(settings.console.level).map_err(unavailable)?;
        let ended = runtime::run(agent::run(settings, source.clone(), console))?;
        match ended {
            Ok(()) => Ok(Exit::Done),
            Err(NotStarted::System(error)) => Err(not_started(&error)),
            Err(NotStarted::Open(NotConfined { missing })) => {
                let text = format!("not started, the sandbox lacks {}", missing.join(", "));
                Err(CommandFailure::new(Exit::Config, named(&source, text)))
            }
        }
    }
}

fn unavailable(error: impl std::fmt::Display) -> CommandFailure {
    CommandFailure::new(Exit::Unavailable, error)
}

const HELP: &str = "\
Run the phone's security agent in the foreground. The console log goes to standard error.

Usage: secd run [--config FILE] [--json]      (default: /etc/secd.toml)
       secd run --once [--config FILE] [--https HOST[:PORT]]... [--format FORMAT] [--json]
                [--strict] [--log]

  --json       print why the agent cannot start as one object on standard output; with --once, the
               report
  --once       run one boot pass without a socket, install what the phone accepts as the daemon
               would, and print the report of secd probe; the daemon must not be running
  --https, --format, --strict, --log
               as for secd probe, with --once only

SIGHUP starts another boot pass, SIGTERM ends the agent.

Exit: 0 ended by a signal, 64 usage, 66 cannot read, 69 the system lacks what the agent needs,
70 internal error, 78 faults in the configuration; with --once as secd probe
";
