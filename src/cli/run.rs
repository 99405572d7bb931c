//! `secd run`: the daemon, in the foreground.

use std::path::PathBuf;

use lexopt::Parser;
use lexopt::prelude::Long;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::agent;
use crate::cli::exit::{Exit, Failure, usage};
use crate::cli::input;
use crate::cli::print::help_or_unexpected;
use crate::cli::settings::{self, DEFAULT};
use crate::io::console;

/// Runs the agent until it is told to end.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, Failure> {
    let mut path = PathBuf::from(DEFAULT);
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("config") => path = input::path(&mut arguments)?,
            other => return help_or_unexpected(other, HELP),
        }
    }
    let settings = settings::load(&path)?;
    let console = console::init(settings.console.level).map_err(unavailable)?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(unavailable)?;
    let local = LocalSet::new();
    let running = local.run_until(agent::run(settings, path, console));
    runtime.block_on(running).map_err(unavailable)?;
    Ok(Exit::Done)
}

fn unavailable(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Unavailable, error)
}

const HELP: &str = "\
Is the phone's security agent, in the foreground. The console log goes to standard error.

Usage: secd run [--config FILE]      (default: /etc/secd.toml)

SIGHUP goes through a boot pass again, SIGTERM ends it.
";
