//! What the commands that ask the daemon have in common.

use std::path::PathBuf;
use std::time::Duration;

use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::print::print_reply;
use crate::cli::refusal::failure;
use crate::cli::sheet::Sheet;
use crate::face::{Method, ObjectType, Streams};
use crate::io::ipc::DaemonConnection;

/// Which daemon is asked, and how its answer is shown.
pub(super) struct Daemon {
    pub(super) socket: PathBuf,
    /// Whether facts are printed as one object.
    pub(super) json: bool,
}

impl Default for Daemon {
    fn default() -> Self {
        Self { socket: SOCKET.into(), json: false }
    }
}

impl Daemon {
    pub(super) fn connect(&self) -> Result<DaemonConnection, CommandFailure> {
        DaemonConnection::connect(&self.socket).map_err(failure)
    }

    /// One call that is answered at once.
    pub(super) fn ask<M: Method>(&self, method: M) -> Result<M::Reply, CommandFailure> {
        // A connection for each call: none is held that would count against this user's limit.
        self.connect()?.call(method, SOON).map_err(failure)
    }

    /// One call that may need the network.
    pub(super) fn ask_patiently<M: Method>(&self, method: M) -> Result<M::Reply, CommandFailure> {
        self.connect()?.call(method, PATIENCE).map_err(failure)
    }

    /// One call that is answered several times.
    pub(super) fn ask_for_more<M: Streams>(
        &self,
        method: M,
    ) -> Result<impl Iterator<Item = Result<M::Reply, CommandFailure>>, CommandFailure> {
        // No time limit: a pass takes as long as its servers do, and a followed log has no end.
        let replies = self.connect()?.more(method).map_err(failure)?;
        Ok(replies.map(|reply| reply.map_err(failure)))
    }

    /// Prints what a method answered.
    pub(super) fn show<R: ObjectType>(&self, reply: R, sheet: fn(&R) -> Sheet) -> Exit {
        if self.json { print_reply(reply) } else { sheet(&reply).print() }
    }
}

/// Where the image puts the socket.
const SOCKET: &str = "/run/secd/socket";

/// Nothing that the agent has to look up takes longer, even when it is busy.
const SOON: Duration = Duration::from_secs(10);

/// Longer than all time limits of a file, or of a connection and its questions, together.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);
