//! `secd connect`: an HTTPS connection, judged as the agent judges it.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;

use lexopt::Parser;
use lexopt::prelude::{Long, Value};
use log::LevelFilter;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::agent::Agent;
use crate::agent::https::{NotOpened, Target};
use crate::cli::check_config::{self, DEFAULT};
use crate::cli::{Exit, Failure, help_or_unexpected, input, usage};
use crate::io::clock::Timeline;
use crate::io::config::{Configuration, ServerAddress};
use crate::io::{console, ipc};
use crate::trust::Purpose;

/// Connects standard input and output to the server that the arguments name.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, Failure> {
    let (mut path, mut server) = (PathBuf::from(DEFAULT), None);
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("config") => path = input::path(&mut arguments)?,
            Value(address) if server.is_none() => {
                server = Some(address.to_string_lossy().into_owned());
            }
            other => return help_or_unexpected(other, HELP),
        }
    }
    let server = server.ok_or_else(|| usage("connect needs a HOST:PORT"))?;
    let server = ServerAddress::parse(&server, HTTPS)
        .ok_or_else(|| usage(format!("{server} is no HOST:PORT")))?;
    let configuration = check_config::load(&path)?;
    let _console = console::init(configuration.console.level.max(LevelFilter::Error));
    connect(configuration, server)
}

fn connect(configuration: Configuration, server: ServerAddress) -> Result<Exit, Failure> {
    let unavailable = |error: io::Error| Failure::new(Exit::Unavailable, error);
    let runtime = Builder::new_current_thread().enable_all().build().map_err(unavailable)?;
    let outcome = runtime.block_on(LocalSet::new().run_until(async {
        let (ours, client) = ipc::pair()?;
        let target = Target { server, purpose: Purpose::HttpsService, client: client.as_raw_fd() };
        let copying = thread::spawn(move || copy(&ours));
        let agent = Agent::new(configuration, Timeline::start());
        Ok((agent.serve_https(&target, client).await, copying))
    }));
    match outcome.map_err(unavailable)? {
        (Ok(_), copying) => {
            let _ended = copying.join();
            Ok(Exit::Done)
        }
        (Err(not_opened), _) => Err(Failure::new(exit(&not_opened), not_opened)),
    }
}

const fn exit(not_opened: &NotOpened) -> Exit {
    match not_opened {
        NotOpened::Distrusted(_) => Exit::Refused,
        NotOpened::Handshake(_) | NotOpened::NoSlot | NotOpened::Unreachable(_) => {
            Exit::Unavailable
        }
    }
}

/// Copies standard input into the connection on a thread of its own, and the connection to
/// standard output on this one, until the server closes.
fn copy(ours: &UnixStream) -> io::Result<()> {
    let mut up = ours.try_clone()?;
    thread::spawn(move || {
        let _ended = io::copy(&mut io::stdin().lock(), &mut up);
        up.shutdown(Shutdown::Write)
    });
    let (mut down, mut out) = (ours, io::stdout().lock());
    let mut buffer = vec![0; 16 << 10];
    loop {
        let length = down.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        out.write_all(buffer.get(..length).unwrap_or_default())?;
        out.flush()?;
    }
}

/// RFC 9110 §4.2.2.
const HTTPS: u16 = 443;

const HELP: &str = "\
Opens an HTTPS connection as the agent would: the server is judged by the installed lists, the
answers of TVS that still hold, and TVS itself. Only then is an octet let through, from standard
input to the server and from the server to standard output.

Usage: secd connect HOST:PORT [--config FILE]

Exit: 0 closed, 1 the server is not trusted, 69 no connection or no TLS
";
