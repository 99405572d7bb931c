//! `secd fetch`: one file over TFTP or HTTP, without a daemon.

use std::fs::File;
use std::io::{Seek, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::cli::arguments::{Command, GivenOption, Operand, SharedOptions, needed};
use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::input;
use crate::cli::output::{self, beside, is_special, is_stream};
use crate::cli::print::{Bar, print_json, print_line};
use crate::cli::runtime;
use crate::face::hex;
use crate::io::http::{self, GetEvent, GetFailure, GetPatience, GetRequest};
use crate::io::resolve;
use crate::io::settings::{HTTP_PORT, TFTP_PORT};
use crate::io::tftp::{self, ReadRequest, TftpOptions, Timing, blocking};
use crate::trust::signature::sha256;
use crate::wire::name::FileName;

/// Fetches the file that the arguments name.
#[derive(Default)]
pub(super) struct FetchCommand {
    name: Option<String>,
    server: Option<String>,
    http: bool,
    out: Option<PathBuf>,
    limit: Option<usize>,
    options: TftpOptions,
    json: bool,
}

impl Command for FetchCommand {
    const HELP: &'static str = HELP;

    fn option(&mut self, option: GivenOption<'_>) -> Result<(), CommandFailure> {
        match option.name {
            // Read once it is known which port it has where none is written.
            "--server" => self.server = Some(option.text()?),
            "--http" => self.http = true,
            "--out" => self.out = Some(option.path()?),
            "--max" => self.limit = Some(option.number()?),
            "--blksize" => {
                self.options = self.options.with_blksize(option.number()?).map_err(usage)?;
            }
            "--window" => {
                self.options = self.options.with_windowsize(option.number()?).map_err(usage)?;
            }
            _ => return Err(option.unexpected()),
        }
        Ok(())
    }

    fn operand(&mut self, operand: Operand) -> Result<(), CommandFailure> {
        operand.only_text(&mut self.name)
    }

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Json(&mut self.json)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let name = needed(self.name.as_deref(), "fetch needs the NAME of a file")?;
        // Without --out, --json prints no content that would have to go anywhere.
        if self.out.is_some() || !self.json {
            output::expect_fit(self.out.as_deref(), self.json)?;
        }
        // With --json the file is held in memory, for its hash. So is one for a device or a pipe,
        // which cannot be taken back when the transfer breaks off.
        let in_memory = |path: &Path| self.json || is_stream(path) || is_special(path);
        match self.out.as_deref().filter(|path| !in_memory(path)) {
            Some(path) => self.fetch_into(name, path),
            None => self.fetch_whole(name),
        }
    }
}

impl FetchCommand {
    /// Writes the file as it comes, so that the largest need not fit into memory.
    fn fetch_into(&self, name: &str, path: &Path) -> Result<Exit, CommandFailure> {
        let unwritten = |error| CommandFailure::of_file(path, &error);
        let mut file = beside(path).map_err(unwritten)?;
        let mut written = Ok(0);
        let mut sink = |piece: Piece<'_>| match piece {
            // The next server starts from the first byte: files of two must not mix.
            Piece::Start => written = begin(file.as_file_mut()).map(|()| 0),
            Piece::Bytes(bytes) => {
                if let Ok(length) = &mut written {
                    match file.write_all(bytes) {
                        Ok(()) => *length += bytes.len(),
                        // Kept until the end: a sink cannot stop the transfer.
                        Err(error) => written = Err(error),
                    }
                }
            }
        };
        let server = self.fetch(name, &mut sink)?;
        let length = written.map_err(unwritten)?;
        file.persist(path).map_err(|error| unwritten(error.error))?;
        Ok(print_line(&format!("{name}: {length} bytes from {server}")))
    }

    fn fetch_whole(&self, name: &str) -> Result<Exit, CommandFailure> {
        let mut bytes = Vec::new();
        let server = self.fetch(name, &mut |piece| match piece {
            Piece::Start => bytes.clear(),
            Piece::Bytes(more) => bytes.extend_from_slice(more),
        })?;
        self.report(name, server, &bytes)
    }

    /// Fetches by the way that was asked for; returns the server that sent the file.
    fn fetch(
        &self,
        name: &str,
        sink: &mut dyn FnMut(Piece<'_>),
    ) -> Result<SocketAddr, CommandFailure> {
        let port = if self.http { HTTP_PORT } else { TFTP_PORT };
        let server = input::address(&needed(self.server.clone(), "fetch needs a --server")?, port)?;
        let unresolved =
            |error| CommandFailure::new(Exit::Unavailable, format!("{server}: {error}"));
        if self.http {
            if !self.options.is_empty() {
                return Err(usage("--blksize and --window are options of TFTP, not of --http"));
            }
            let bad = |why| usage(format!("{name}: {why}"));
            let name = FileName::parse(name).map_err(bad)?;
            let servers = resolve::blocking(&server).map_err(unresolved)?;
            return runtime::run(self.fetch_http(&name, &servers, sink))?;
        }
        let servers = resolve::blocking(&server).map_err(unresolved)?;
        self.fetch_tftp(name, &servers, sink)
    }

    /// The file from the first address that answers.
    async fn fetch_http(
        &self,
        name: &FileName,
        servers: &[SocketAddr],
        sink: &mut dyn FnMut(Piece<'_>),
    ) -> Result<SocketAddr, CommandFailure> {
        let mut progressing = Progressing::new();
        let request = GetRequest {
            name: name.as_str(),
            limit: self.limit.unwrap_or(LIMIT),
            patience: GetPatience { answer: WAIT, total: TOTAL },
        };
        let mut last = CommandFailure::new(Exit::Unavailable, format!("{name}: no address"));
        for server in servers {
            sink(Piece::Start);
            let mut total = None;
            let mut received = 0;
            let mut watch = |event: GetEvent<'_>| match event {
                GetEvent::Begun(announced) => total = announced,
                GetEvent::Bytes(bytes) => {
                    received += bytes.len();
                    progressing.show(received, total);
                    sink(Piece::Bytes(bytes));
                }
            };
            let outcome = http::fetch(*server, &request, WAIT, &mut watch).await;
            progressing.bar.end();
            let Err(failure) = outcome else { return Ok(*server) };
            last = of_get(name, *server, &failure);
            if !failure.is_silence() {
                break;
            }
        }
        Err(last)
    }

    fn fetch_tftp(
        &self,
        name: &str,
        servers: &[SocketAddr],
        sink: &mut dyn FnMut(Piece<'_>),
    ) -> Result<SocketAddr, CommandFailure> {
        let mut progressing = Progressing::new();
        // No one sees the total: without options the request stays plain RFC 1350.
        let options = if progressing.bar.is_seen() || !self.options.is_empty() {
            self.options.with_tsize()
        } else {
            self.options
        };
        let limit = self.limit.unwrap_or(LIMIT);
        let request = ReadRequest { name, limit, options, timing: Timing::default() };
        // Such answers are dropped, but they explain why a server seems silent.
        let mut elsewhere = String::new();
        let mut watch = |event: tftp::ReadEvent<'_>| match event {
            tftp::ReadEvent::Progress(come) => progressing.show(come.received, come.total),
            tftp::ReadEvent::Requesting(_) => sink(Piece::Start),
            tftp::ReadEvent::Bytes(bytes) => sink(Piece::Bytes(bytes)),
            tftp::ReadEvent::Foreign { server, from } => {
                elsewhere = format!("; answers come from {from}, not from {}", server.ip());
            }
            _ => {}
        };
        let outcome = blocking::stream_first(servers, &request, &mut watch);
        progressing.bar.end();
        let received = outcome.map_err(|failure| of_transfer(name, &failure, &elsewhere))?;
        Ok(received.server)
    }

    fn report(&self, name: &str, server: SocketAddr, bytes: &[u8]) -> Result<Exit, CommandFailure> {
        match self.out.as_deref().filter(|path| !is_stream(path)) {
            Some(path) => output::write(path, bytes)?,
            None if !self.json => return output::stream(bytes).map(|()| Exit::Done),
            None => {}
        }
        if self.json {
            let facts =
                FetchFacts { name, server, length: bytes.len(), sha256: hex(&sha256(bytes)) };
            return Ok(print_json(&facts));
        }
        Ok(print_line(&format!("{name}: {} bytes from {server}", bytes.len())))
    }
}

/// What comes of a file, by either way.
enum Piece<'a> {
    /// The next bytes of the file.
    Bytes(&'a [u8]),
    /// From here on it comes from its first byte: from another server, or anew.
    Start,
}

#[derive(Serialize)]
struct FetchFacts<'a> {
    name: &'a str,
    server: SocketAddr,
    length: usize,
    sha256: String,
}

/// Not there is a refusal, a file that breaks a limit is malformed, all else is unreachable.
fn of_transfer(name: &str, failure: &tftp::ReadFailure, elsewhere: &str) -> CommandFailure {
    let exit = match failure {
        tftp::ReadFailure::NotFound { .. } => Exit::Refused,
        tftp::ReadFailure::TooLarge { .. } | tftp::ReadFailure::Misbehaved { .. } => {
            Exit::Malformed
        }
        tftp::ReadFailure::UnfitName(_) => Exit::Usage,
        _ => Exit::Unavailable,
    };
    CommandFailure::new(exit, format!("{name}: {failure}{elsewhere}"))
}

/// As [`of_transfer`], for HTTP.
fn of_get(name: &FileName, server: SocketAddr, failure: &GetFailure) -> CommandFailure {
    let exit = match failure {
        failure if failure.is_not_found() => Exit::Refused,
        failure if failure.is_too_large() || failure.is_malformed() => Exit::Malformed,
        _ => Exit::Unavailable,
    };
    CommandFailure::new(exit, format!("{name}: HTTP server {server} {failure}"))
}

/// What an earlier server sent is not part of the file.
fn begin(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()
}

/// The progress line, on a terminal only.
struct Progressing {
    bar: Bar,
    shown: usize,
}

impl Progressing {
    fn new() -> Self {
        Self { bar: Bar::new(), shown: 0 }
    }

    /// Shows every 64 KiB: a line a block would take longer than the block.
    fn show(&mut self, received: usize, total: Option<usize>) {
        if received < self.shown + STEP {
            return;
        }
        self.shown = received;
        let total = total.map(|total| format!(" of {total}")).unwrap_or_default();
        self.bar.show(&format!("{received}{total} bytes"));
    }
}

/// Bytes between two updates of the progress line.
const STEP: usize = 64 << 10;

/// 16 MiB: larger than any file of a phone but its firmware.
const LIMIT: usize = 16 << 20;

/// What a person waits for: longer than a phone, which has another way.
const WAIT: Duration = Duration::from_secs(10);

/// A file of the largest size on a slow line.
const TOTAL: Duration = Duration::from_secs(3600);

const HELP: &str = "\
Fetch one file over TFTP or HTTP, without the daemon.

Usage: secd fetch NAME --server ADDR[:PORT] [--http] [--out FILE] [--max N] [--blksize N] [--window N] [--json]

  --http          fetch by HTTP, from port 6970 unless given, instead of TFTP
  --out FILE      write to FILE (default, and -: standard output, unless that is a terminal)
  --max N         refuse a file of more than N bytes (default: 16777216)
  --blksize N     bytes in a block (default: 512, the plain protocol)
  --window N      blocks sent for each acknowledgement (default: 1)
  --json          print one object instead of the file

Exit: 0 done, 1 no such file, 65 too large or a broken transfer, 66 cannot write, 69 unreachable
";
