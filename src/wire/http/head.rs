//! The head of an answer.

use core::fmt;
use core::str;

use httparse::{EMPTY_HEADER, Error, Header, Response, Status};

use super::faulty_part;

/// The head of an answer: what counts of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AnswerHead {
    /// The status code, 100 to 999.
    pub status: u16,
    /// How the end of the body is recognized.
    pub framing: Framing,
    /// Whether the body is as the file is, and not compressed.
    pub coding: Coding,
}

/// How the end of a body is recognized.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Framing {
    /// By chunks, the last of which is empty.
    Chunks,
    /// By its length, which the head announces.
    Length(u64),
    /// By the end of the connection: servers that speak HTTP/1.0, or make files on demand.
    UntilClose,
}

/// How a file is packed into its body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Coding {
    /// As it is on the server.
    Identity,
    /// In a way that no request has allowed.
    Other,
}

impl AnswerHead {
    /// Reads a head, which fills `bytes` up to the empty line and with it.
    ///
    /// # Errors
    /// [`MalformedHead`].
    ///
    /// # Source
    /// RFC 9112 §4 to §6. Where that lets a reader repair two lengths or a length beside chunks, they
    /// are refused: no server of files sends them.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedHead> {
        let mut headers = [EMPTY_HEADER; MAX_HEADERS];
        let mut answer = Response::new(&mut headers);
        match answer.parse(bytes) {
            Ok(Status::Complete(length)) if length == bytes.len() => {}
            Ok(_) => return Err(MalformedHead::Syntax("its lines")),
            Err(error) => return Err(MalformedHead::from(error)),
        }
        let status = answer.code.filter(|code| *code >= 100);
        let status = status.ok_or(MalformedHead::Syntax("its status"))?;
        let headers = answer.headers;
        let length = only(headers, CONTENT_LENGTH)?.map(length).transpose()?;
        let chunks = only(headers, TRANSFER_ENCODING)?.map(chunked).transpose()?;
        let framing = match (length, chunks) {
            (Some(_), Some(())) => {
                return Err(MalformedHead::Header(WrongHeader::LengthAndChunks));
            }
            // RFC 9112 §6.1: a server of 1.0 does not know chunks, so something is in between.
            (None, Some(())) if answer.version == Some(0) => {
                return Err(MalformedHead::Header(WrongHeader::OldChunks));
            }
            (None, Some(())) => Framing::Chunks,
            (Some(length), None) => Framing::Length(length),
            (None, None) => Framing::UntilClose,
        };
        let coding = match only(headers, CONTENT_ENCODING)? {
            None => Coding::Identity,
            Some(value) if value.eq_ignore_ascii_case(b"identity") => Coding::Identity,
            Some(_) => Coding::Other,
        };
        Ok(Self { status, framing, coding })
    }
}

/// The value of a header that may be there once.
pub(super) fn only<'a>(
    headers: &[Header<'a>],
    name: &'static str,
) -> Result<Option<&'a [u8]>, MalformedHead> {
    let mut found = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => Err(MalformedHead::Header(WrongHeader::Repeated(name))),
        (only, _) => Ok(only.map(|header| header.value.trim_ascii())),
    }
}

/// Digits only: with a sign, a comma or a blank, readers do not agree about what follows.
fn length(value: &[u8]) -> Result<u64, MalformedHead> {
    let digits = (!value.is_empty() && value.iter().all(u8::is_ascii_digit)).then_some(value);
    let number = digits.and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
    number.ok_or(MalformedHead::Header(WrongHeader::Length))
}

fn chunked(value: &[u8]) -> Result<(), MalformedHead> {
    match value.eq_ignore_ascii_case(b"chunked") {
        true => Ok(()),
        false => Err(MalformedHead::Header(WrongHeader::TransferEncoding)),
    }
}

/// Why a head cannot be read, or not relied on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MalformedHead {
    /// A header that decides where the body ends.
    Header(WrongHeader),
    /// It is not HTTP; which part, in words.
    Syntax(&'static str),
    /// More headers than [`MAX_HEADERS`].
    TooManyHeaders,
}

/// What is wrong with a header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WrongHeader {
    /// `Content-Length` is not a number of bytes.
    Length,
    /// Both a length and chunks.
    LengthAndChunks,
    /// Chunks from a server of HTTP/1.0.
    OldChunks,
    /// A header that may be there once is there again.
    Repeated(&'static str),
    /// A transfer encoding other than chunks.
    TransferEncoding,
}

impl From<Error> for MalformedHead {
    fn from(error: Error) -> Self {
        faulty_part(error, "its status").map_or(Self::TooManyHeaders, Self::Syntax)
    }
}

impl fmt::Display for MalformedHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(wrong) => wrong.fmt(f),
            Self::Syntax(what) => write!(f, "not an HTTP answer, by {what}"),
            Self::TooManyHeaders => write!(f, "more than {MAX_HEADERS} headers"),
        }
    }
}

impl fmt::Display for WrongHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => write!(f, "{CONTENT_LENGTH} is not a number of bytes"),
            Self::LengthAndChunks => {
                write!(f, "both {CONTENT_LENGTH} and {TRANSFER_ENCODING}, expected one of them")
            }
            Self::OldChunks => write!(f, "{TRANSFER_ENCODING} in an answer of HTTP/1.0"),
            Self::Repeated(name) => write!(f, "more than one {name}"),
            Self::TransferEncoding => write!(f, "{TRANSFER_ENCODING} is not \"chunked\""),
        }
    }
}

const CONTENT_ENCODING: &str = "Content-Encoding";
const CONTENT_LENGTH: &str = "Content-Length";
const TRANSFER_ENCODING: &str = "Transfer-Encoding";

/// Inferred: servers of files send about ten.
pub const MAX_HEADERS: usize = 64;
