//! `secd run`: the daemon, in the foreground.

use std::path::PathBuf;
use std::rc::Rc;

use lexopt::Parser;
use lexopt::prelude::Long;
use log::{error, info};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::agent::Agent;
use crate::agent::service::Service;
use crate::cli::exit::{Exit, Failure, usage};
use crate::cli::input;
use crate::cli::print::help_or_unexpected;
use crate::cli::settings::{self, DEFAULT};
use crate::io::clock::Timeline;
use crate::io::console::{self, Console};
use crate::io::descriptors;

/// Runs the agent until it is told to end.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, Failure> {
    let mut path = PathBuf::from(DEFAULT);
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("config") => path = input::path(&mut arguments)?,
            other => return help_or_unexpected(other, HELP),
        }
    }
    let configuration = settings::load(&path)?;
    let console = console::init(configuration.console.level).map_err(unavailable)?;
    let device = &configuration.device.name;
    info!(target: "SECD", "run: secd {} for {device}", env!("CARGO_PKG_VERSION"));
    descriptors::raise_limit();
    let runtime = Builder::new_current_thread().enable_all().build().map_err(unavailable)?;
    let agent = Rc::new(Agent::new(configuration, Timeline::start()).reading(path));
    runtime.block_on(LocalSet::new().run_until(be(agent, console)))?;
    Ok(Exit::Done)
}

/// Serves the phone's processes while the agent runs. Without a socket it runs all the same: a phone
/// that trusts nobody for want of a folder helps nobody.
async fn be(agent: Rc<Agent>, console: Console) -> Result<(), Failure> {
    let listener = match agent.listen() {
        Ok(listener) => listener,
        Err(not_open) => {
            error!(target: "SECD", "EROR:ipc: {not_open}; nobody is served");
            return agent.run().await.map_err(unavailable);
        }
    };
    let service = Service::new(agent.clone(), console);
    tokio::select! {
        ended = agent.run() => ended.map_err(unavailable),
        () = service.serve(&listener) => Ok(()),
    }
}

fn unavailable(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Unavailable, error)
}

const HELP: &str = "\
Is the phone's security agent, in the foreground. The console log goes to standard error.

Usage: secd run [--config FILE]      (default: /etc/secd.toml)

SIGHUP goes through a boot pass again, SIGTERM ends it.
";
