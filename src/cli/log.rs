//! `secd log`: the console log of the daemon.

use crate::cli::arguments::{Command, GivenOption, SharedOptions};
use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::json::Ordered;
use crate::cli::print::{Row, complain, follow, page_form, print_reply};
use crate::cli::sheet::Sheet;
use crate::cli::shown::Tone;
use crate::face::methods::{FollowLog, GetLog, SetLogLevel};
use crate::face::records::Line;
use crate::face::terms::Level;

/// Prints the lines that are kept, or those that come.
#[derive(Default)]
pub(super) struct LogCommand {
    daemon: Daemon,
    follow: bool,
    count: Option<usize>,
    level: Option<Level>,
    /// What the console is to show from now on.
    console: Option<Level>,
}

impl Command for LogCommand {
    const HELP: &'static str = HELP;

    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            "-f" | "--follow" => self.follow = true,
            "-n" | "--lines" => self.count = Some(option.number()?),
            "--console" => self.console = Some(option.word()?),
            "--level" => self.level = Some(option.word()?),
            _ => return Err(option.unexpected()),
        }
        Ok(())
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Daemon(&mut self.daemon)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let Self { daemon, follow, count, level, console } = self;
        if let Some(level) = console {
            return Ok(daemon.show(daemon.ask(SetLogLevel { level })?, |_| Sheet::default()));
        }
        if follow {
            return follow_from(&daemon, FollowLog { count, level });
        }
        let last = daemon.ask(GetLog { count, level })?;
        if daemon.json {
            return Ok(print_reply(last));
        }
        Ok(LogPrinter::new(daemon.json).show(last.lines).err().unwrap_or(Exit::Done))
    }
}

/// Prints lines as they come, until the daemon ends or the reader has gone.
fn follow_from(daemon: &Daemon, wanted: FollowLog) -> Result<Exit, CommandFailure> {
    let mut printer = LogPrinter::new(daemon.json);
    for news in daemon.ask_for_more(wanted)? {
        let news = news?;
        // On standard error: what is followed on standard output are lines of the log only.
        if news.missed > 0 {
            complain(&format!("{} lines were missed", news.missed));
        }
        if let Err(exit) = printer.show(news.lines) {
            return Ok(exit);
        }
    }
    Ok(Exit::Done)
}

/// Prints lines as they are; with `--json`, an object a line.
struct LogPrinter {
    json: bool,
    /// The date of the last line, where a person reads: the lines have the time of day only.
    date: Option<String>,
}

impl LogPrinter {
    fn new(json: bool) -> Self {
        let date = (!json && page_form().width.is_some()).then(String::new);
        Self { json, date }
    }

    fn show(&mut self, lines: Vec<Line>) -> Result<(), Exit> {
        let mut rows = Vec::with_capacity(lines.len());
        for line in lines {
            if self.json {
                rows.push(Row::Json(Ordered::of(line)));
                continue;
            }
            let today = line.time.split('T').next().unwrap_or_default();
            if let Some(date) = self.date.as_mut().filter(|date| *date != today) {
                today.clone_into(date);
                rows.push(Row::Text(Tone::Heading, format!("-- {today} --")));
            }
            rows.push(Row::Text(tone(line.level), line.text));
        }
        follow(rows.into_iter())
    }
}

const fn tone(level: Level) -> Tone {
    match level {
        Level::Error => Tone::Bad,
        Level::Warning => Tone::Doubtful,
        Level::Notice | Level::Info | Level::Debug => Tone::Plain,
    }
}

const HELP: &str = "\
Print the last lines of the daemon's console log, oldest first.

Usage: secd log [-f] [-n N] [--level LEVEL] [--json] [--socket PATH]
       secd log --console LEVEL [--socket PATH]

  -f, --follow     keep printing new lines as they are logged (--json: one object a line)
  -n, --lines N    print the last N lines (default: all that are kept and fit into 64 KiB)
  --level LEVEL    only this level and graver: error, warning, notice, info or debug
  --console LEVEL  print nothing, but quieten the console: from now on, until the next start or
                   reload, it shows only LEVEL and graver; this command still prints the rest

On a terminal a line with the date precedes the first line of each day.

Exit: 0 printed or set, 1 not allowed, 64 no such level, 69 no daemon
";
