//! `secd connect`: a connection to a server, opened and judged by the daemon.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread;

use crate::cli::arguments::{Command, GivenOption, Operand, SharedOptions, needed};
use crate::cli::daemon::{Daemon, PATIENCE};
use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::json::Ordered;
use crate::cli::print::{binary, complain, remark_json};
use crate::cli::refusal::failure;
use crate::face::methods::{Connect, GetConnection};
use crate::face::terms::Purpose;
use crate::io::files;
use crate::io::settings::ServerAddress;

/// Connects standard input and output to the server that the arguments name.
#[derive(Default)]
pub(super) struct ConnectCommand {
    daemon: Daemon,
    server: Option<String>,
    purpose: Option<Purpose>,
    half_close: bool,
}

impl Command for ConnectCommand {
    const HELP: &'static str = HELP;

    fn stdout_is_data(&self) -> bool {
        true
    }

    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            "--half-close" => self.half_close = true,
            "--purpose" => self.purpose = Some(option.word()?),
            _ => return Err(option.unexpected()),
        }
        Ok(())
    }

    fn operand(&mut self, operand: Operand) -> Result<(), CommandFailure> {
        operand.only_lossy(&mut self.server)
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Daemon(&mut self.daemon)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let daemon = self.daemon;
        let purpose = self.purpose.unwrap_or(Purpose::Https);
        let server = needed(self.server, "connect needs a HOST:PORT")?;
        let server = ServerAddress::parse(&server, HTTPS)
            .map_err(|why| usage(format!("{server} is not a valid HOST:PORT: {why}")))?;
        let host = server.host.to_string();
        let wanted = Connect { host, port: server.port, purpose: Some(purpose) };
        let (opened, stream, early) =
            daemon.connect()?.upgrade(wanted, PATIENCE).map_err(failure)?;
        let connection = opened.connection;
        if daemon.json {
            // Standard output belongs to the server.
            remark_json(&Ordered::of(opened));
        }
        if let Err(error) = copy(stream, &early, self.half_close) {
            complain(&format!("{server}: {}", files::why(&error)));
            return Ok(Exit::Unavailable);
        }
        // The stream ends in the same way when the server closes it and when somebody cuts it off.
        let ended = daemon.ask(GetConnection { connection })?;
        if ended.whole == Some(true) {
            return Ok(Exit::Done);
        }
        let end = ended
            .end
            .unwrap_or_else(|| "the daemon did not report how the connection ended".to_owned());
        complain(&format!("{server}: the answer may be incomplete: {end}"));
        Ok(Exit::Unavailable)
    }
}

/// Copies standard input into the connection on a thread of its own, and the connection to
/// standard output on this one, until the server closes. The end of standard input closes our half
/// if that is wanted, and else nothing: many servers drop their answer then.
fn copy(mut down: UnixStream, early: &[u8], half_close: bool) -> io::Result<()> {
    let mut up = down.try_clone()?;
    // Never joined: it may wait for input for ever, and ends with the process.
    thread::spawn(move || {
        let _ended = io::copy(&mut io::stdin().lock(), &mut up);
        half_close.then(|| up.shutdown(Shutdown::Write))
    });
    let mut out = binary();
    // Flushed each time: standard output buffers by line, and a protocol may wait for its answer.
    let mut write = |bytes: &[u8]| out.write_all(bytes).and_then(|()| out.flush());
    // Bytes of the server that arrived in the same read as the reply of the daemon.
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

/// Taken where the address has no port: RFC 9110 §4.2.2.
const HTTPS: u16 = 443;

const HELP: &str = "\
Open a TLS connection through the daemon, which judges the server by the installed lists, by the
answers of TVS that are still valid, and by TVS itself. Only then does a byte pass, from standard
input to the server and from the server to standard output, until the server closes.

Usage: secd connect HOST[:PORT] [--purpose P] [--half-close] [--json] [--socket PATH]

  --purpose P    https (default), provisioning, signalling or capf
                 (signalling offers the phone's certificate to a trusted server that asks for it)
  --half-close   pass the end of standard input on, for a server that waits for it: after 30 seconds
                 (or half of https.idle_s) without a byte of the server, which may drop its answer
  --json         print who vouches for the server, or why there is no connection, as one object on
                 standard error

Exit: 0 closed by the server, 1 the server is not trusted, 69 no connection, no TLS, no daemon, or
      cut off, so that the answer may be incomplete
";
