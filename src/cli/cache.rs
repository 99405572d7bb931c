//! `secd cache`: the answers of TVS that still hold.

use lexopt::Parser;
use lexopt::prelude::Long;

use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::input;
use crate::cli::print::help_or_unexpected;
use crate::cli::sheet::Sheet;
use crate::face::methods::{FlushCache, Flushed, GetCache, Verdicts};

/// Prints the answers, or has them forgotten.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, CommandFailure> {
    let mut daemon = Daemon::default();
    let mut flush = false;
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("flush") => flush = true,
            Long("json") => daemon.json = true,
            Long("socket") => daemon.socket = input::path(&mut arguments)?,
            other => return help_or_unexpected(other, HELP),
        }
    }
    Ok(if flush {
        daemon.show(daemon.ask(FlushCache {})?, forgotten)
    } else {
        daemon.show(daemon.ask(GetCache {})?, kept)
    })
}

fn forgotten(flushed: &Flushed) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.fact("forgotten", &flushed.count);
    sheet
}

fn kept(cache: &Verdicts) -> Sheet {
    let mut sheet = Sheet::default();
    for verdict in &cache.verdicts {
        let seconds = verdict.expires_in.to_string();
        let kept = if verdict.has_certificate { "certificate" } else { "" };
        let roles = verdict.roles.join(", ");
        sheet.row(&[&verdict.sha256, &seconds, &verdict.member, &roles, kept]);
    }
    sheet
}

const HELP: &str = "\
Prints the answers of TVS that still hold: SHA-256 of the certificate, seconds left, who answered,
roles, and whether the certificate itself is kept.

Usage: secd cache [--flush] [--json] [--socket PATH]

  --flush      forget them instead

Exit: 0 done, 1 not allowed, 69 no daemon
";
