//! `secd refresh`: a boot pass, stage by stage.

use crate::cli::arguments::{Command, SharedOptions};
use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::sheet::Sheet;
use crate::face::Words;
use crate::face::methods::Refresh;
use crate::face::records::{Outcome, Stage};
use crate::face::terms::StageName;

/// Has the daemon go through a boot pass.
#[derive(Default)]
pub(super) struct RefreshCommand {
    daemon: Daemon,
}

impl Command for RefreshCommand {
    const HELP: &'static str = HELP;

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Daemon(&mut self.daemon)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let daemon = self.daemon;
        let mut exit = Exit::Done;
        for reply in daemon.ask_for_more(Refresh {})? {
            let progress = reply?;
            // A pass that ended early reports why as a stage of its own: network, or store.
            if let Some(stage) = progress.stage {
                exit = worse(exit, stage.stage);
                show_stage(&daemon, &stage);
            }
            if let Some(outcome) = progress.outcome {
                daemon.show(outcome, sheet);
            }
        }
        Ok(exit)
    }
}

/// A pass that ended before its end.
const fn worse(exit: Exit, stage: StageName) -> Exit {
    match stage {
        StageName::Network => Exit::Unavailable,
        StageName::Store => Exit::Refused,
        StageName::Configuration | StageName::Ctl | StageName::Itl => exit,
    }
}

fn show_stage(daemon: &Daemon, stage: &Stage) {
    // One object per run, for a program that waits for the end.
    if !daemon.json {
        let mut sheet = Sheet::default();
        sheet.fact(stage.stage.word(), &stage.detail);
        sheet.print();
    }
}

fn sheet(outcome: &Outcome) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.row(&["state", &outcome.state, &outcome.meaning]);
    if let Some(alarm) = &outcome.alarm {
        sheet.row(&["alarm", &alarm.code.to_string(), &alarm.name]);
    }
    sheet
}

const HELP: &str = "\
Run a boot pass in the daemon: CTL, ITL, configuration. Show each stage when it is over.

Usage: secd refresh [--json] [--socket PATH]

  --json       print only the outcome, as one object

Exit: 0 the pass is over, 1 locked or not allowed, 69 no server or no daemon
";
