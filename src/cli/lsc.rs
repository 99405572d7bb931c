//! `secd lsc`: the phone's own certificates; one file a subcommand.

use lexopt::Parser;
use lexopt::prelude::{Long, Short, Value};

use crate::cli::arguments;
use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::print::print;
use crate::cli::words::unknown;

mod delete;
mod enrol;
mod help;
mod show;

use delete::DeleteLscCommand;
use enrol::EnrolLscCommand;
use help::HELP;
use show::ShowLscCommand;

/// Runs the subcommand that the arguments name.
pub(super) fn dispatch(mut parser: Parser) -> Result<Exit, CommandFailure> {
    let subcommand = match parser.next().map_err(usage)? {
        None => return Err(usage("lsc needs a subcommand; `secd lsc --help` lists them")),
        Some(Long("help") | Short('h')) => return Ok(print(HELP)),
        Some(Long(name)) => return Err(early(&format!("--{name}"))),
        Some(Short(letter)) => return Err(early(&format!("-{letter}"))),
        Some(Value(subcommand)) => subcommand.to_string_lossy().into_owned(),
    };
    match subcommand.as_str() {
        "delete" => arguments::run::<DeleteLscCommand>(parser),
        "enrol" => arguments::run::<EnrolLscCommand>(parser),
        "show" => arguments::run::<ShowLscCommand>(parser),
        _ => {
            let complaint = format!("unknown subcommand {subcommand}");
            let words = ["delete", "enrol", "show"].into_iter();
            Err(usage(unknown(&complaint, &subcommand, words, "`secd lsc --help` lists all")))
        }
    }
}

fn early(option: &str) -> CommandFailure {
    usage(format!("{option} before the subcommand: write `secd lsc SUBCOMMAND {option}`"))
}
