//! `secd connect`: a connection to a server, opened and judged by the daemon.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread;

use lexopt::Parser;
use lexopt::prelude::{Long, Value};

use crate::cli::daemon::{Daemon, PATIENCE};
use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::input;
use crate::cli::print::{binary, complain, help_or_unexpected, remark_json};
use crate::cli::refusal::failure;
use crate::face::Shape;
use crate::face::methods::{Connect, GetConnection};
use crate::face::terms::Purpose;
use crate::io::settings::ServerAddress;

/// Connects standard input and output to the server that the arguments name.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, CommandFailure> {
    let mut daemon = Daemon::default();
    let (mut server, mut purpose) = (None, Purpose::Https);
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("purpose") => purpose = input::word(&mut arguments)?,
            Long("json") => daemon.json = true,
            Long("socket") => daemon.socket = input::path(&mut arguments)?,
            Value(address) if server.is_none() => {
                server = Some(address.to_string_lossy().into_owned());
            }
            other => return help_or_unexpected(other, HELP),
        }
    }
    let server = server.ok_or_else(|| usage("connect needs a HOST:PORT"))?;
    let server = ServerAddress::parse(&server, HTTPS)
        .map_err(|why| usage(format!("{server} is no HOST:PORT: {why}")))?;
    let host = server.host.to_string();
    let wanted = Connect { host, port: server.port, purpose: Some(purpose) };
    let (opened, stream, early) = daemon.connect()?.upgrade(wanted, PATIENCE).map_err(failure)?;
    let connection = opened.connection;
    if daemon.json {
        remark_json(&opened.into_value());
    }
    if let Err(error) = copy(stream, &early) {
        complain(&format!("{server}: {error}"));
        return Ok(Exit::Unavailable);
    }
    // The stream ends in the same way when the server closes it and when somebody cuts it off.
    let ended = daemon.ask(GetConnection { connection })?;
    if ended.whole == Some(true) {
        return Ok(Exit::Done);
    }
    let end = ended.end.unwrap_or_else(|| "no word of how it ended".to_owned());
    complain(&format!("{server}: perhaps not all has come: {end}"));
    Ok(Exit::Unavailable)
}

/// Copies standard input into the connection on a thread of its own, and the connection to
/// standard output on this one, until the server closes. The end of standard input closes our half
/// only.
fn copy(mut down: UnixStream, early: &[u8]) -> io::Result<()> {
    let mut up = down.try_clone()?;
    thread::spawn(move || {
        let _ended = io::copy(&mut io::stdin().lock(), &mut up);
        up.shutdown(Shutdown::Write)
    });
    let mut out = binary();
    let mut write = |bytes: &[u8]| out.write_all(bytes).and_then(|()| out.flush());
    write(early)?;
    let mut buffer = vec![0; 16 << 10];
    loop {
        let length = down.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        write(buffer.get(..length).unwrap_or_default())?;
    }
}

/// RFC 9110 §4.2.2.
const HTTPS: u16 = 443;

const HELP: &str = "\
Has the daemon open a TLS connection: the server is judged by the installed lists, the answers of
TVS that still hold, and TVS itself. Only then is a byte let through, from standard input to the
server and from the server to standard output.

Usage: secd connect HOST[:PORT] [--purpose P] [--json] [--socket PATH]

  --purpose P    https (default), provisioning, signalling or capf
  --json         say who vouches for the server, as one object on standard error

Exit: 0 closed by the server, 1 the server is not trusted, 69 no connection, no TLS, no daemon, or
      cut off, so that perhaps not all has come
";
