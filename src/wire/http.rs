//! HTTP/1.1 as far as a file server needs it: one request, the head of an answer, and its chunks;
//! and the head of a request, for the phone's web page.
//!
//! Strict where a lenient reader could take another file for the one that was sent: one length, one
//! framing, no obsolete line folding. What a file contains is not looked at here.

mod body;
mod head;
mod request;

use alloc::format;
use alloc::vec::Vec;
use core::fmt;

pub use body::UnfitBody;
pub use head::{AnswerHead, Coding, Framing, MAX_HEADERS, MalformedHead, WrongHeader};
pub use request::{MAX_REQUEST, MAX_REQUEST_HEADERS, MalformedRequest, RequestHead, Verb};

/// The request for a file, which asks for nothing else: one answer, as it is, and then the end.
///
/// `name` must be one that a [`FileName`](crate::wire::name::FileName) can have: nothing in such a
/// name has to be encoded. `host` is the server with its port.
///
/// # Source
/// RFC 9112 §3. That phones ask for `/` and the name: domain facts 1.6; their other headers are not
/// known, and nothing found depends on them.
#[must_use]
pub fn get(name: &str, host: impl fmt::Display) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "GET /{name} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: secd/{version}\r\n\
         Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
    )
    .into_bytes()
}

/// The end of the head in `bytes`, which may have been looked through up to `from` before.
#[must_use]
pub fn end_of_head(bytes: &[u8], from: usize) -> Option<usize> {
    // An empty line ends it, with or without the carriage return (RFC 9112 §2.2).
    let start = from.saturating_sub(LONGEST_END - 1);
    let rest = bytes.get(start..)?;
    let line_ends = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    line_ends.map(|(at, _)| at + 1).find_map(|after| match rest.get(after..)? {
        [b'\n', ..] => Some(start + after + 1),
        [b'\r', b'\n', ..] => Some(start + after + 2),
        _ => None,
    })
}

/// The longest that ends a head: LF, CR, LF.
const LONGEST_END: usize = 3;

/// Which part of a head the parser stumbled over, in words; nothing if there were too many headers.
const fn faulty_part(error: httparse::Error, first_line: &'static str) -> Option<&'static str> {
    use httparse::Error;
    match error {
        Error::TooManyHeaders => None,
        Error::HeaderName | Error::HeaderValue => Some("a header"),
        Error::NewLine => Some("the end of a line"),
        Error::Status | Error::Token => Some(first_line),
        Error::Version => Some("its version"),
    }
}

/// What begins a chunk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ChunkLine {
    /// Bytes of the line, its end included.
    pub length: usize,
    /// Bytes of the chunk; the last one has none.
    pub size: u64,
}

impl ChunkLine {
    /// Reads the line; nothing if more of it must come.
    ///
    /// # Errors
    /// [`BadChunk`].
    ///
    /// # Source
    /// RFC 9112 §7.1. Extensions are passed over.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, BadChunk> {
        // The parser takes a line without a number for the last chunk, and so the file for complete.
        if bytes.first().is_some_and(|byte| !byte.is_ascii_hexdigit()) {
            return Err(BadChunk);
        }
        match httparse::parse_chunk_size(bytes) {
            Ok(httparse::Status::Complete((length, size))) => Ok(Some(Self { length, size })),
            Ok(httparse::Status::Partial) if bytes.len() < LONGEST_CHUNK_LINE => Ok(None),
            Ok(httparse::Status::Partial) | Err(_) => Err(BadChunk),
        }
    }
}

/// A chunk that does not begin with its size, on a line that is not too long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BadChunk;

impl fmt::Display for BadChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a chunk does not begin with its size")
    }
}

/// The most bytes of a head, interim ones included. Web servers send less than 1 KiB, and few take
/// more than 16 KiB themselves.
pub const MAX_HEAD: usize = 16 << 10;

/// The most bytes of the line that begins a chunk. A size has 16 digits at most; extensions are not
/// known to be used (RFC 9112 §7.1.1).
pub const LONGEST_CHUNK_LINE: usize = 128;

#[cfg(test)]
mod tests;
