//! How many descriptors the process may have open.

use log::warn;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the limit as far as the system allows: what bounds the connections is the configuration.
pub fn raise_limit() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        warn!(target: "SECD", "run: the limit of descriptors stays, {error}");
    }
}
