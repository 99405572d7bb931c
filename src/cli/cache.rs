//! `secd cache`: the answers of TVS that are still valid.

use crate::cli::arguments::{Command, GivenOption, SharedOptions};
use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::sheet::Sheet;
use crate::cli::words::span;
use crate::face::methods::{FlushCache, Flushed, GetCache, Verdicts};

/// Prints the answers, or has the daemon discard them.
#[derive(Default)]
pub(super) struct CacheCommand {
    daemon: Daemon,
    flush: bool,
}

impl Command for CacheCommand {
    const HELP: &'static str = HELP;

    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            "--flush" => self.flush = true,
            _ => return Err(option.unexpected()),
        }
        Ok(())
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Daemon(&mut self.daemon)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let daemon = self.daemon;
        Ok(if self.flush {
            daemon.show(daemon.ask(FlushCache {})?, forgotten)
        } else {
            daemon.show(daemon.ask(GetCache {})?, kept)
        })
    }
}

fn forgotten(flushed: &Flushed) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.fact("forgotten", &flushed.count);
    sheet
}

fn kept(cache: &Verdicts) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.heads(&["SHA-256", "LEFT", "TVS", "ROLES", "KEPT"]);
    sheet.if_empty("no answers are cached");
    for verdict in &cache.verdicts {
        let left = span(verdict.expires_in);
        // Empty: the verdict alone is kept.
        let kept = if verdict.has_certificate { "certificate" } else { "" };
        let roles = verdict.roles.join(", ");
        sheet.row(&[&verdict.sha256, &left, &verdict.member, &roles, kept]);
    }
    sheet
}

const HELP: &str = "\
Show the answers of TVS that are still valid: SHA-256 of the certificate, time left, who
answered, roles, and whether the certificate itself is kept.

Usage: secd cache [--flush] [--json] [--socket PATH]

  --flush      discard them instead, and the TLS sessions of HTTPS servers

Exit: 0 done, 1 not allowed, 69 no daemon
";
