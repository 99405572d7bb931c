//! The command line: one file a command.
//!
//! Facts go to standard output, in words or with `--json`; the reason for a failure goes to
//! standard error, in one line, and into the exit code.

use std::env;
use std::panic::{self, PanicHookInfo};
use std::process::{self, ExitCode};

use lexopt::Parser;
use lexopt::prelude::{Long, Short, Value};

mod arguments;
mod cache;
mod check_cert;
mod check_config;
mod connect;
mod daemon;
mod dhcp_servers;
mod doctor;
mod erase;
mod exit;
mod facts;
mod fetch;
mod get;
mod input;
mod installed;
mod json;
mod log;
mod lsc;
mod output;
mod print;
mod probe;
mod refresh;
mod refusal;
mod reload;
mod run;
mod runtime;
mod settings;
mod sheet;
mod show;
mod shown;
mod status;
mod trust;
mod verify;
mod words;

use crate::io::console::escape;
use cache::CacheCommand;
use check_cert::CheckCertCommand;
use check_config::CheckConfigCommand;
use connect::ConnectCommand;
use dhcp_servers::DhcpServersCommand;
use doctor::DoctorCommand;
use erase::EraseCommand;
use exit::{CommandFailure, Exit, usage};
use fetch::FetchCommand;
use get::GetCommand;
use log::LogCommand;
use print::{complain, print, print_failure};
use probe::ProbeCommand;
use refresh::RefreshCommand;
use reload::ReloadCommand;
use run::RunCommand;
use show::ShowCommand;
use status::StatusCommand;
use trust::TrustCommand;
use verify::VerifyCommand;
use words::unknown;

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    // First, so that no panic is printed in several lines, or leaves the agent half alive.
    panic::set_hook(Box::new(|panicked| end_at_once(panicked)));
    #[cfg(feature = "keylog")]
    if let Err(failure) = open_key_log() {
        return ExitCode::from(report(&failure).code());
    }
    let exit = dispatch(Parser::from_env()).unwrap_or_else(|failure| report(&failure));
    ExitCode::from(exit.code())
}

/// Says so each time: whoever has the file can read what the program sends and receives.
#[cfg(feature = "keylog")]
fn open_key_log() -> Result<(), CommandFailure> {
    use crate::io::{files, tls::keylog};
    match keylog::open() {
        Ok(None) => Ok(()),
        Ok(Some(path)) => {
            let path = path.display();
            complain(&format!("warning: the secrets of all TLS connections go to {path}"));
            Ok(())
        }
        Err((path, error)) => {
            let message = format!("{}: {}", path.display(), files::why(&error));
            Err(CommandFailure::new(Exit::NoInput, message))
        }
    }
}

/// Reports a failure in one line, and with `--json` as an object too.
fn report(failure: &CommandFailure) -> Exit {
    complain(&failure.message);
    // Whatever argument is wrong, the caller asked for objects: it is looked for beforehand.
    let mut arguments = env::args_os().skip(1).take_while(|argument| argument != "--");
    if arguments.any(|argument| argument == "--json") {
        print_failure(failure);
    }
    failure.exit
}

/// A panic ends the program like anything else: in one line, and with an exit code. Whoever started
/// it starts it again; a half-alive agent helps nobody.
fn end_at_once(panicked: &PanicHookInfo<'_>) -> ! {
    // What led to it comes first.
    ::log::logger().flush();
    let payload = panicked.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let line = escape(text.unwrap_or("no message"));
    // The name of the file only: paths of the machine that built this help nobody.
    let place = panicked.location().map(|at| (at.file().rsplit('/').next(), at.line()));
    let place = place.and_then(|(file, line)| file.map(|file| format!(" ({file}:{line})")));
    let message = format!("internal error: {line}{}", place.unwrap_or_default());
    process::exit(report(&CommandFailure::new(Exit::Software, message)).code().into())
}

/// A program that can write down secrets says so in its version.
const VERSION: &str = if cfg!(feature = "keylog") {
    concat!("secd ", env!("CARGO_PKG_VERSION"), "+keylog\n")
} else {
    concat!("secd ", env!("CARGO_PKG_VERSION"), "\n")
};

fn dispatch(mut parser: Parser) -> Result<Exit, CommandFailure> {
    let command = match parser.next().map_err(usage)? {
        Some(Long("version") | Short('V')) => {
            return Ok(print(VERSION));
        }
        Some(Long("help") | Short('h')) => return Ok(print(HELP)),
        Some(Value(command)) => command,
        Some(Long(name)) => return Err(early(&format!("--{name}"))),
        Some(Short(letter)) => return Err(early(&format!("-{letter}"))),
        None => return Err(usage("no command given; `secd --help` lists them")),
    };
    let command = command.to_string_lossy().into_owned();
    match command.as_str() {
        "help" => help(parser),
        "cache" => arguments::run::<CacheCommand>(parser),
        "check-cert" => arguments::run::<CheckCertCommand>(parser),
        "check-config" => arguments::run::<CheckConfigCommand>(parser),
        "connect" => arguments::run::<ConnectCommand>(parser),
        "dhcp-servers" => arguments::run::<DhcpServersCommand>(parser),
        "doctor" => arguments::run::<DoctorCommand>(parser),
        "erase" => arguments::run::<EraseCommand>(parser),
        "fetch" => arguments::run::<FetchCommand>(parser),
        "get" => arguments::run::<GetCommand>(parser),
        "log" => arguments::run::<LogCommand>(parser),
        "lsc" => lsc::dispatch(parser),
        "probe" => arguments::run::<ProbeCommand>(parser),
        "refresh" => arguments::run::<RefreshCommand>(parser),
        "reload" => arguments::run::<ReloadCommand>(parser),
        "run" => arguments::run::<RunCommand>(parser),
        "show" => arguments::run::<ShowCommand>(parser),
        "status" => arguments::run::<StatusCommand>(parser),
        "trust" => arguments::run::<TrustCommand>(parser),
        "verify" => arguments::run::<VerifyCommand>(parser),
        _ => {
            let complaint = format!("unknown command {command}");
            Err(usage(unknown(&complaint, &command, commands(), "`secd --help` lists all")))
        }
    }
}

/// `secd help`, `secd help COMMAND`: the same as `--help`.
fn help(mut parser: Parser) -> Result<Exit, CommandFailure> {
    match parser.next().map_err(usage)? {
        None | Some(Long("help") | Short('h')) => Ok(print(HELP)),
        Some(Value(command)) => dispatch(Parser::from_args([command, "--help".into()])),
        Some(Long(name)) => Err(usage(format!("help takes a command, not --{name}"))),
        Some(Short(letter)) => Err(usage(format!("help takes a command, not -{letter}"))),
    }
}

/// Refuses an option before the command: which ones there are depends on that.
fn early(option: &str) -> CommandFailure {
    usage(format!(
        "{option} before the command: write `secd COMMAND {option}`, `secd --help` lists all"
    ))
}

/// The commands, as the help lists them.
fn commands() -> impl Iterator<Item = &'static str> {
    let of_line = |line: &'static str| {
        let command = line.strip_prefix("  ")?.split(' ').next()?;
        (!command.is_empty()).then_some(command)
    };
    HELP.lines().filter_map(of_line).chain(["help"])
}

const HELP: &str = "\
secd: the security agent of an IP phone

Usage: secd COMMAND [OPTIONS]

The daemon:
  run                 run the agent in the foreground; the console log goes to standard error
  check-config        check the configuration and report every fault and every warning

The running daemon, over its socket (--socket PATH; default /run/secd/socket):
  status              show its state, servers and counters
  trust               show what the Trust List screen shows: lists, hashes, records, messages
  log [-f]            print its console log
  get NAME            fetch a file, verify it, and put it into the ram folder
  check-cert FILE     check whether a certificate is trusted, and by whom
  connect HOST:PORT   open a TLS connection, judged first; standard input and output carry it
  refresh             run another boot pass and show each stage
  doctor              find what is wrong with lists and TVS, and the least drastic remedy
  erase ctl|itl|all   erase trust lists; the way out of a locked store
  lsc show|enrol|delete  show the phone's own certificates, have the LSC issued, or delete it
  reload              read the configuration again
  cache [--flush]     show the answers of TVS that are still valid, or discard them

Files:
  show FILE           print a trust list or signed file, field by field
  verify FILE         verify a file as a phone would
  fetch NAME          fetch one file over TFTP, without the daemon
  probe               boot a phone in memory against a call manager, and report its judgement
  dhcp-servers        print the file servers that a DHCP answer names

Every command has --help (`secd help COMMAND` is the same), --json, and --color auto, always or
never: colours and columns as on a terminal; NO_COLOR switches colours off. With --json a failure is
an object too, {\"error\": WORD, \"detail\": TEXT}, and the exit code is the same.

Exit codes: 0 done or verified, 1 refused, 64 usage, 65 malformed input, 66 cannot read or write a
file or standard output, 69 server or daemon unreachable, 70 internal error, 78 configuration.
";
