//! `secd doctor`: what is wrong between phone and cluster, and the least drastic remedy.

use std::fmt::Write;

use crate::cli::arguments::{Command, SharedOptions};
use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::print::{print, print_json};
use crate::face::ObjectType;
use crate::face::methods::{Diagnose, Diagnosis};
use crate::face::terms::Mark;
use crate::io::console::escape;

/// Has the daemon make its checks, and prints the diagnosis.
#[derive(Default)]
pub(super) struct DoctorCommand {
    daemon: Daemon,
}

impl Command for DoctorCommand {
    const HELP: &'static str = HELP;

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Daemon(&mut self.daemon)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let daemon = self.daemon;
        let diagnosis = daemon.ask_patiently(Diagnose {})?;
        // The remedy decides the exit code, not the marks: [??] alone is nothing to act on.
        let is_well = diagnosis.remedy.word == "nothing";
        if daemon.json {
            print_json(&diagnosis.into_map());
        } else {
            print(&text(&diagnosis));
        }
        Ok(if is_well { Exit::Done } else { Exit::Refused })
    }
}

fn text(diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    for check in &diagnosis.checks {
        let mark = match check.mark {
            Mark::Ok => "[ok]",
            Mark::NotOk => "[NO]",
            Mark::Unknown => "[??]",
        };
        // Escaped by `line`: details quote names in certificates, which anyone may send.
        line(&mut text, &format!("{mark} {}", check.name), &check.detail);
    }
    text.push('\n');
    let (case, remedy) = (&diagnosis.case, &diagnosis.remedy);
    line(&mut text, "case", &format!("{} ({})", case.text, case.word));
    line(&mut text, "next boot", &diagnosis.next_boot);
    line(&mut text, "remedy", &format!("{} ({})", remedy.text, remedy.word));
    if !diagnosis.conditions.is_empty() {
        text.push_str("\nthe ITL may be deleted only if all of these hold:\n");
    }
    for condition in &diagnosis.conditions {
        let mark = match condition.holds {
            Some(true) => "[yes]",
            Some(false) => "[no] ",
            None => "[??] ",
        };
        let _fits = writeln!(text, "  {mark} {}", escape(&condition.text));
    }
    text
}

fn line(text: &mut String, title: &str, fact: &str) {
    let _fits = writeln!(text, "{}: {}", escape(title), escape(fact));
}

const HELP: &str = "\
Find out what is wrong between the phone and its cluster, without changing anything: fetch the
server's lists and compare them with the installed ones, report who signed them and who knows that
signer, check the certificate of every TVS server, try the configuration, and check store and clock.
Then name the case, what the next boot will do, and the least drastic remedy.

Usage: secd doctor [--json] [--socket PATH]

Marks: [ok] as it should be, [NO] not as it should be, [??] unknown

Exit: 0 nothing to do, 1 something to do or not allowed, 69 no daemon
";
