//! `secd fetch`: one file over TFTP, without a daemon.

use std::fs::File;
use std::io::{Seek, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use lexopt::Parser;
use lexopt::prelude::{Long, Value, ValueExt};
use serde::Serialize;

use crate::cli::exit::{CommandFailure, Exit, usage};
use crate::cli::input;
use crate::cli::output::{beside, is_special, write};
use crate::cli::print::{Bar, binary, help_or_unexpected, named, print_json, print_line};
use crate::face::hex;
use crate::io::resolve;
use crate::io::settings::ServerAddress;
use crate::io::tftp::{
    self, FetchedFile, ReadProgress, ReadRequest, TftpOptions, Timing, blocking,
};
use crate::trust::signature::sha256;

/// Fetches the file that the arguments name.
pub(super) fn run(mut arguments: Parser) -> Result<Exit, CommandFailure> {
    let mut wanted = FetchArguments { limit: LIMIT, ..FetchArguments::default() };
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("server") => wanted.server = Some(server(&input::text(&mut arguments)?)?),
            Long("out") => wanted.out = Some(input::path(&mut arguments)?),
            Long("max") => wanted.limit = number(&mut arguments)?,
            Long("blksize") => {
                let bytes = number(&mut arguments)?;
                wanted.options = wanted.options.with_blksize(bytes).map_err(usage)?;
            }
            Long("window") => {
                let blocks = number(&mut arguments)?;
                wanted.options = wanted.options.with_windowsize(blocks).map_err(usage)?;
            }
            Long("json") => wanted.json = true,
            Value(name) if wanted.name.is_none() => {
                wanted.name = Some(name.string().map_err(usage)?);
            }
            other => return help_or_unexpected(other, HELP),
        }
    }
    let name = wanted.name.clone().ok_or_else(|| usage("fetch needs the NAME of a file"))?;
    match wanted.out.as_deref().filter(|path| !wanted.json && !is_special(path)) {
        Some(path) => wanted.fetch_into(&name, path),
        None => wanted.fetch_whole(&name),
    }
}

#[derive(Default)]
struct FetchArguments {
    name: Option<String>,
    server: Option<ServerAddress>,
    out: Option<PathBuf>,
    limit: usize,
    options: TftpOptions,
    json: bool,
}

impl FetchArguments {
    /// Writes the file as it comes, so that the largest need not fit into memory.
    fn fetch_into(&self, name: &str, path: &Path) -> Result<Exit, CommandFailure> {
        let unwritten = |error| CommandFailure::new(Exit::NoInput, named(path, error));
        let mut file = beside(path).map_err(unwritten)?;
        let mut written = Ok(0);
        let mut sink = |event: tftp::ReadEvent<'_>| match event {
            tftp::ReadEvent::Requesting(_) => written = begin(file.as_file_mut()).map(|()| 0),
            tftp::ReadEvent::Bytes(bytes) => {
                if let Ok(length) = &mut written {
                    match file.write_all(bytes) {
                        Ok(()) => *length += bytes.len(),
                        Err(error) => written = Err(error),
                    }
                }
            }
            _ => {}
        };
        let received = self.fetch(name, &mut sink)?;
        let length = written.map_err(unwritten)?;
        file.persist(path).map_err(|error| unwritten(error.error))?;
        Ok(print_line(&format!("{name}: {length} bytes from {}", received.server)))
    }

    fn fetch_whole(&self, name: &str) -> Result<Exit, CommandFailure> {
        let mut bytes = Vec::new();
        let received = self.fetch(name, &mut |event| match event {
            tftp::ReadEvent::Requesting(_) => bytes.clear(),
            tftp::ReadEvent::Bytes(more) => bytes.extend_from_slice(more),
            _ => {}
        })?;
        self.report(name, &FetchedFile { bytes, ..received })
    }

    fn fetch(
        &self,
        name: &str,
        sink: &mut dyn FnMut(tftp::ReadEvent<'_>),
    ) -> Result<FetchedFile, CommandFailure> {
        let server = self.server.clone().ok_or_else(|| usage("fetch needs a --server"))?;
        let mut progressing = Progressing::new();
        let options = if progressing.bar.is_seen() || !self.options.is_empty() {
            self.options.with_tsize()
        } else {
            self.options
        };
        let request = ReadRequest { name, limit: self.limit, options, timing: Timing::default() };
        let unresolved =
            |error| CommandFailure::new(Exit::Unavailable, format!("{server}: {error}"));
        let servers = resolve::blocking(&server).map_err(unresolved)?;
        let mut elsewhere = String::new();
        let mut watch = |event: tftp::ReadEvent<'_>| {
            match event {
                tftp::ReadEvent::Progress(progress) => progressing.show(progress),
                tftp::ReadEvent::Foreign { server, from } => {
                    elsewhere = format!("; answers come from {from}, not from {}", server.ip());
                }
                _ => {}
            }
            sink(event);
        };
        let outcome = blocking::stream_first(&servers, &request, &mut watch);
        progressing.bar.end();
        outcome.map_err(|failure| of_transfer(name, &failure, &elsewhere))
    }

    fn report(&self, name: &str, received: &FetchedFile) -> Result<Exit, CommandFailure> {
        let bytes = &received.bytes;
        match &self.out {
            Some(path) => write(path, bytes)?,
            None if !self.json => {
                return match binary().write_all(bytes) {
                    Ok(()) => Ok(Exit::Done),
                    Err(error) => Err(CommandFailure::new(Exit::NoInput, error)),
                };
            }
            None => {}
        }
        if self.json {
            let facts = FetchFacts {
                name,
                server: received.server,
                length: bytes.len(),
                sha256: hex(&sha256(bytes)),
            };
            return Ok(print_json(&facts));
        }
        Ok(print_line(&format!("{name}: {} bytes from {}", bytes.len(), received.server)))
    }
}

#[derive(Serialize)]
struct FetchFacts<'a> {
    name: &'a str,
    server: SocketAddr,
    length: usize,
    sha256: String,
}

fn server(text: &str) -> Result<ServerAddress, CommandFailure> {
    ServerAddress::parse(text, PORT).map_err(|why| {
        usage(format!("{text} is no address (ADDR, ADDR:PORT or [ADDR]:PORT): {why}"))
    })
}

fn number<T: std::str::FromStr>(arguments: &mut Parser) -> Result<T, CommandFailure>
where
    T::Err: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    arguments.value().and_then(|value| value.parse()).map_err(usage)
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
    fn show(&mut self, progress: ReadProgress) {
        if progress.received < self.shown + STEP {
            return;
        }
        self.shown = progress.received;
        let total = progress.total.map(|total| format!(" of {total}")).unwrap_or_default();
        self.bar.show(&format!("{}{total} bytes", progress.received));
    }
}

/// RFC 1350.
const PORT: u16 = 69;

/// Bytes between two updates of the progress line.
const STEP: usize = 64 << 10;

/// 16 MiB: larger than any file of a phone but its firmware.
const LIMIT: usize = 16 << 20;

const HELP: &str = "\
Reads one file over TFTP; needs no daemon.

Usage: secd fetch NAME --server ADDR[:PORT] [--out FILE] [--max N] [--blksize N] [--window N] [--json]

  --out FILE      write there (default: standard output)
  --max N         refuse a file of more than N bytes (default: 16777216)
  --blksize N     bytes of a block (default: 512, the plain protocol)
  --window N      blocks before an acknowledgement (default: 1)
  --json          print one object instead of the file

Exit: 0 done, 1 no such file, 65 too large or a broken transfer, 66 cannot write, 69 unreachable
";
