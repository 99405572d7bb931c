//! `secd lsc delete`: forgets the LSC and its key, after a confirmation.

use crate::cli::arguments::{Command, GivenOption, SharedOptions};
use crate::cli::daemon::Daemon;
use crate::cli::erase::{SOON, can_confirm, confirm};
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::lsc::help::HELP;
use crate::cli::print::print_reply;
use crate::cli::refusal::failure;
use crate::cli::sheet::Sheet;
use crate::face::methods::DeleteIdentity;

/// Has the LSC deleted.
#[derive(Default)]
pub(super) struct DeleteLscCommand {
    daemon: Daemon,
    sure: bool,
}

impl Command for DeleteLscCommand {
    const HELP: &'static str = HELP;

    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            "--yes" => self.sure = true,
            _ => return Err(option.unexpected()),
        }
        Ok(())
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Daemon(&mut self.daemon)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        can_confirm(self.sure)?;
        let mut caller = self.daemon.connect()?;
        let first = caller.call(DeleteIdentity { confirmation: None }, SOON).map_err(failure)?;
        confirm(
            self.sure,
            "Delete the LSC and its key? The phone falls back to its MIC, if it has one.",
        )?;
        // Without one, the second call would be a first one again, and delete nothing.
        let confirmation = Some(first.confirmation.unwrap_or_default());
        let deleted = caller.call(DeleteIdentity { confirmation }, SOON).map_err(failure)?;
        if self.daemon.json {
            return Ok(print_reply(deleted));
        }
        let mut sheet = Sheet::default();
        sheet.fact("deleted", &"the LSC and its key");
        Ok(sheet.print())
    }
}
