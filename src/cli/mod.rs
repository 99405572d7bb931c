//! The command line: one file a command.
//!
//! Facts go to standard output, in words or with `--json`; why something was not done goes to
//! standard error, in one line, and into the exit code.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use lexopt::prelude::{Long, Short, Value};
use lexopt::{Arg, Parser};

mod cache;
mod check_cert;
mod check_config;
mod connect;
mod daemon;
mod erase;
mod facts;
mod fetch;
mod get;
mod input;
mod log;
mod refresh;
mod reload;
mod run;
mod sheet;
mod show;
mod status;
mod trust;
mod verify;

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let exit = dispatch(Parser::from_env()).unwrap_or_else(|failure| {
        complain(&failure.message);
        failure.exit
    });
    ExitCode::from(exit.code())
}

fn dispatch(mut arguments: Parser) -> Result<Exit, Failure> {
    let command = match arguments.next().map_err(usage)? {
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
        "cache" => cache::run(arguments),
        "check-cert" => check_cert::run(arguments),
        "check-config" => check_config::run(arguments),
        "connect" => connect::run(arguments),
        "erase" => erase::run(arguments),
        "fetch" => fetch::run(arguments),
        "get" => get::run(arguments),
        "log" => log::run(arguments),
        "refresh" => refresh::run(arguments),
        "reload" => reload::run(arguments),
        "run" => run::run(arguments),
        "show" => show::run(arguments),
        "status" => status::run(arguments),
        "trust" => trust::run(arguments),
        "verify" => verify::run(arguments),
        _ => Err(usage(format!("no command {command}; `secd --help` lists them"))),
    }
}

/// How a command ended, as the shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Done, or verified.
    Done,
    /// Refused by policy or by signature.
    Refused,
    /// The arguments make no sense.
    Usage,
    /// The file is not such a file.
    Malformed,
    /// A file cannot be read.
    NoInput,
    /// A server or the daemon cannot be reached.
    Unavailable,
    /// The configuration is wrong.
    Config,
}

impl Exit {
    /// The codes of `sysexits.h`, where it has one.
    const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 64,
            Self::Malformed => 65,
            Self::NoInput => 66,
            Self::Unavailable => 69,
            Self::Config => 78,
        }
    }
}

/// Why a command was not carried out: one line for standard error.
struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    fn new(exit: Exit, message: impl Display) -> Self {
        Self { exit, message: message.to_string() }
    }
}

fn usage(error: impl Display) -> Failure {
    Failure::new(Exit::Usage, error)
}

/// Prints facts. A reader that has gone is no fault of ours (`secd show … | head`).
fn print(text: &str) -> Exit {
    let mut out = std::io::stdout().lock();
    let _gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    Exit::Done
}

fn print_json(value: &impl serde::Serialize) -> Exit {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    print(&(text + "\n"))
}

fn complain(message: &str) {
    let _gone = writeln!(std::io::stderr().lock(), "secd: {message}");
}

/// The command's own `--help`, if the argument asks for it; else a usage error.
fn help_or_unexpected(argument: Arg<'_>, help: &str) -> Result<Exit, Failure> {
    match argument {
        Long("help") | Short('h') => Ok(print(help)),
        other => Err(usage(other.unexpected())),
    }
}

fn named(path: &Path, what: impl Display) -> String {
    format!("{}: {what}", path.display())
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
  erase ctl|itl|all   forget trust lists; the way out of a locked store
  reload              read the configuration again
  cache [--flush]     the answers of TVS that still hold

Files:
  show FILE           print a trust list or signed file, field by field
  verify FILE         judge a file as a phone would
  fetch NAME          read one file over TFTP

Every command has --help. Exit codes: 0 done or verified, 1 refused, 64 usage, 65 malformed
input, 66 cannot read, 69 server or daemon unreachable, 78 configuration.
";
