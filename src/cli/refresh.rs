//! `secd refresh`: a boot pass, stage by stage.

use crate::cli::arguments::{Command, SharedOptions};
use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::sheet::Sheet;
use crate::cli::shown::Tone;
use crate::cli::words::date;
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
        for reply in daemon.ask_for_more(Refresh {})? {
            let progress = reply?;
            if let Some(stage) = progress.stage {
                show_stage(&daemon, &stage);
            }
            if let Some(outcome) = progress.outcome {
                let ended = ended(&outcome);
                let written = daemon.show(outcome, sheet);
                return match ended {
                    // The object has the reason among its members.
                    Err(failure) if daemon.json => Ok(failure.exit),
                    ended => ended.map(|exit| exit.and(written)),
                };
            }
        }
        Err(CommandFailure::new(Exit::Unavailable, "the daemon did not report how the pass ended"))
    }
}

/// How the command ends: with the first stage that failed.
fn ended(outcome: &Outcome) -> Result<Exit, CommandFailure> {
    let Some(stage) = outcome.stages.iter().find(|stage| stage.reason.is_some()) else {
        return Ok(Exit::Done);
    };
    let exit = match (stage.stage, stage.detail.as_str()) {
        (StageName::Network, _) | (StageName::Configuration, "unreachable") => Exit::Unavailable,
        _ => Exit::Refused,
    };
    let reason = outcome.reason.as_deref().unwrap_or_default();
    Err(CommandFailure::new(exit, format!("the pass failed: {reason}")))
}

fn show_stage(daemon: &Daemon, stage: &Stage) {
    // One object per run, for a program that waits for the end.
    if daemon.json {
        return;
    }
    let mut sheet = Sheet::default();
    // Each is printed when it is over, and all of them are one table.
    sheet.at_least(&["configuration".len(), "unreachable".len()]);
    match &stage.reason {
        Some(reason) => sheet.toned_row(&[stage.stage.word(), &stage.detail, reason], Tone::Bad),
        None => sheet.row(&[stage.stage.word(), &stage.detail]),
    }
    // Of what is not written, the page at the end complains.
    let _exit = sheet.print();
}

fn sheet(outcome: &Outcome) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.at_least(&["configuration".len(), "unreachable".len()]);
    sheet.row(&["state", &outcome.state, &outcome.meaning]);
    if let Some(alarm) = &outcome.alarm {
        let (code, name) =
            (alarm.code.to_string(), format!("{}, {}", alarm.name, date(alarm.time)));
        sheet.row(&["last alarm", &code, &name]);
    }
    sheet
}

const HELP: &str = "\
Run a boot pass in the daemon: CTL, ITL, configuration. Show each stage when it is over, and why it
failed if it did. A pass that is under way already is waited for first.

Usage: secd refresh [--json] [--socket PATH]

  --json       print only the outcome, as one object

Exit: 0 no stage failed, 1 a stage failed, locked, or not allowed, 69 no server or no daemon
";
