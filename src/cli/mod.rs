//! The command line: one file a command.
//!
//! Facts go to standard output, in words or with `--json`; why something was not done goes to
//! standard error, in one line, and into the exit code.

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
mod log;
mod output;
mod print;
mod refresh;
mod refusal;
mod reload;
mod run;
mod settings;
mod sheet;
mod show;
mod status;
mod trust;
mod verify;

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
use print::{complain, print};
use refresh::RefreshCommand;
use reload::ReloadCommand;
use run::RunCommand;
use show::ShowCommand;
use status::StatusCommand;
use trust::TrustCommand;
use verify::VerifyCommand;

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    panic::set_hook(Box::new(|panicked| end_at_once(panicked)));
    let exit = dispatch(Parser::from_env()).unwrap_or_else(|failure| {
        complain(&failure.message);
        failure.exit
    });
    ExitCode::from(exit.code())
}

/// A panic ends the program like anything else: in one line, and with an exit code. Whoever started
/// it starts it again; a half-alive agent helps nobody.
fn end_at_once(panicked: &PanicHookInfo<'_>) -> ! {
    let payload = panicked.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let line = escape(text.unwrap_or("for no reason"));
    let place = panicked.location().map(|at| (at.file().rsplit('/').next(), at.line()));
    let place = place.and_then(|(file, line)| file.map(|file| format!(" ({file}:{line})")));
    complain(&format!("a fault of secd: {line}{}", place.unwrap_or_default()));
    process::exit(Exit::Software.code().into())
}

fn dispatch(mut parser: Parser) -> Result<Exit, CommandFailure> {
    let command = match parser.next().map_err(usage)? {
        Some(Long("version") | Short('V')) => {
            return Ok(print(concat!("secd ", env!("CARGO_PKG_VERSION"), "\n")));
        }
        Some(Long("help") | Short('h')) => return Ok(print(HELP)),
        Some(Value(command)) => command,
        Some(other) => return Err(usage(other.unexpected())),
        None => return Err(usage("no command; `secd --help` lists them")),
    };
    let command = command.to_string_lossy().into_owned();
    match command.as_str() {
        "help" => Ok(print(HELP)),
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
        "refresh" => arguments::run::<RefreshCommand>(parser),
        "reload" => arguments::run::<ReloadCommand>(parser),
        "run" => arguments::run::<RunCommand>(parser),
        "show" => arguments::run::<ShowCommand>(parser),
        "status" => arguments::run::<StatusCommand>(parser),
        "trust" => arguments::run::<TrustCommand>(parser),
        "verify" => arguments::run::<VerifyCommand>(parser),
        _ => Err(usage(format!("no command {command}; `secd --help` lists them"))),
    }
}

const HELP: &str = "\
secd: the security agent of an IP phone

Usage: secd COMMAND [OPTIONS]

The daemon:
  run                 be the agent, in the foreground; the console log goes to standard error
  check-config        read the configuration and say everything that is wrong with it

The running daemon, over its socket (--socket PATH; default /run/secd/socket):
  status              how it is: state, servers, counters
  trust               what the Trust List screen shows: lists, hashes, records, messages
  log [-f]            its console log
  get NAME            have a file fetched, verified, and put into the ram folder
  check-cert FILE     whether a certificate is trusted, and by whom
  connect HOST:PORT   a TLS connection, judged first; standard input and output are the plaintext
  refresh             another boot pass, stage by stage
  doctor              what is the matter with lists and TVS, and the least drastic remedy
  erase ctl|itl|all   forget trust lists; the way out of a locked store
  reload              read the configuration again
  cache [--flush]     the answers of TVS that still hold

Files:
  show FILE           print a trust list or signed file, field by field
  verify FILE         judge a file as a phone would
  fetch NAME          read one file over TFTP
  dhcp-servers        print the file servers that an answer of DHCP names

Every command has --help. Exit codes: 0 done or verified, 1 refused, 64 usage, 65 malformed
input, 66 cannot read, 69 server or daemon unreachable, 70 a fault of secd, 78 configuration.
";
