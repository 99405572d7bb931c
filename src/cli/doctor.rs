//! `secd doctor`: what is wrong between phone and cluster, and the least drastic remedy.

use crate::cli::arguments::{Command, SharedOptions};
use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::print::{page_form, print_reply, print_shown};
use crate::cli::shown::{PageForm, Shown, Tone};
use crate::face::methods::{Diagnose, Diagnosis};
use crate::face::terms::Mark;

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
        let exit = if is_well { Exit::Done } else { Exit::Refused };
        let written = if daemon.json {
            print_reply(diagnosis)
        } else {
            print_shown(&page(&diagnosis, page_form()))
        };
        Ok(exit.and(written))
    }
}

fn page(diagnosis: &Diagnosis, form: PageForm) -> Shown {
    let mut page = Shown::new(form);
    for check in &diagnosis.checks {
        let (tone, mark) = match check.mark {
            Mark::Ok => (Tone::Good, "[ok]"),
            Mark::NotOk => (Tone::Bad, "[NO]"),
            Mark::Unknown => (Tone::Doubtful, "[??]"),
        };
        page.put(tone, mark);
        page.put(Tone::Plain, " ");
        page.end_with(Tone::Plain, &format!("{}: {}", check.name, check.detail), 5, 5);
    }
    page.end();
    let (case, remedy) = (&diagnosis.case, &diagnosis.remedy);
    line(&mut page, "case", &format!("{} ({})", case.text, case.word));
    line(&mut page, "next boot", &diagnosis.next_boot);
    line(&mut page, "remedy", &format!("{} ({})", remedy.text, remedy.word));
    let conditions = diagnosis.conditions.iter();
    add_conditions(&mut page, conditions.map(|it| (it.text.as_str(), it.holds)));
    page
}

/// Adds the conditions of deleting a list, and whether each holds; nothing if there are none.
pub(super) fn add_conditions(
    page: &mut Shown,
    conditions: impl IntoIterator<Item = (impl AsRef<str>, Option<bool>)>,
) {
    let mut conditions = conditions.into_iter().peekable();
    if conditions.peek().is_some() {
        page.end();
        let head = "the ITL may be deleted only if all of these hold:";
        page.end_with(Tone::Plain, head, 0, 2);
    }
    for (text, holds) in conditions {
        let (tone, mark) = match holds {
            Some(true) => (Tone::Good, "[yes]"),
            Some(false) => (Tone::Bad, "[no] "),
            None => (Tone::Doubtful, "[??] "),
        };
        page.put(Tone::Plain, "  ");
        page.put(tone, mark);
        page.put(Tone::Plain, " ");
        page.end_with(Tone::Plain, text.as_ref(), 8, 8);
    }
}

fn line(page: &mut Shown, title: &str, fact: &str) {
    page.put(Tone::Heading, title);
    page.end_with(Tone::Plain, &format!(": {fact}"), title.len(), 2);
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
