//! The runtime of the commands that need the agent.

use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::cli::exit::{CommandFailure, Exit};
use crate::io::{files, process};

/// Runs something on this thread until it is over: the owners of state are not `Send`.
pub(super) fn run<T>(future: impl Future<Output = T>) -> Result<T, CommandFailure> {
    // Before the runtime, which panics where it finds none.
    process::expect_descriptors().map_err(|error| not_started(&error))?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| not_started(&error))?;
    Ok(runtime.block_on(LocalSet::new().run_until(future)))
}

/// The system lacks what the agent needs.
pub(super) fn not_started(error: &std::io::Error) -> CommandFailure {
    CommandFailure::new(Exit::Unavailable, format!("cannot start: {}", files::why(error)))
}
