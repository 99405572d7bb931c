//! `secd reload`: the daemon reads its configuration again.

use crate::cli::arguments::{Command, SharedOptions};
use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::sheet::Sheet;
use crate::face::methods::Reload;

/// Has the configuration read again.
#[derive(Default)]
pub(super) struct ReloadCommand {
    daemon: Daemon,
}

impl Command for ReloadCommand {
    const HELP: &'static str = HELP;

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Daemon(&mut self.daemon)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let daemon = self.daemon;
        Ok(daemon.show(daemon.ask(Reload {})?, |_| {
            let mut sheet = Sheet::default();
            sheet.fact("configuration", &"in effect, a boot pass follows");
            sheet
        }))
    }
}

const HELP: &str = "\
Make the daemon read its configuration again. A file with faults changes nothing. The sections
[paths] and [socket] take effect only at the next start.

Usage: secd reload [--json] [--socket PATH]

Exit: 0 in force, 1 not allowed, 69 no daemon, 78 the configuration has faults
";
