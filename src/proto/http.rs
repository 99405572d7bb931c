//! A file over HTTP, without a socket: one request goes out, and the answer may come in any pieces.

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::fmt;

use crate::wire::http::{
    self, AnswerHead, BadChunk, ChunkLine, Coding, Framing, LONGEST_CHUNK_LINE, MAX_HEAD,
    MalformedHead,
};

/// An answer as far as it has come.
///
/// The bytes of the file are handed on as they come; nothing but the head and the line that begins a
/// chunk is kept.
#[derive(Debug)]
pub struct Answer {
    limit: usize,
    state: AnswerState,
    /// Bytes of the file that were handed on.
    received: usize,
    /// Bytes of the file, if the server announced them.
    announced: Option<usize>,
    /// What cannot be read yet: an incomplete head, or line of a chunk.
    kept: Vec<u8>,
    /// Bytes of heads and of the lines after the last chunk, together at most [`MAX_HEAD`].
    overhead: usize,
}

/// What the next bytes are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum AnswerState {
    /// So many bytes of a chunk.
    Chunk(usize),
    /// The end of the line after a chunk.
    ChunkEnd,
    /// The line that begins a chunk.
    ChunkLine,
    /// Nothing: the file is complete.
    Complete,
    Head,
    /// So many bytes of the file.
    Length(usize),
    /// The lines after the last chunk, up to an empty one.
    Trailers,
    /// The file, until the connection ends.
    UntilClose,
}

impl Answer {
    /// An answer whose file may have so many bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let (state, kept) = (AnswerState::Head, Vec::new());
        Self { limit, state, received: 0, announced: None, kept, overhead: 0 }
    }

    /// Bytes of the file that have come.
    #[must_use]
    pub const fn received(&self) -> usize {
        self.received
    }

    /// Bytes of the file, if the server announced them.
    #[must_use]
    pub const fn announced(&self) -> Option<usize> {
        self.announced
    }

    /// Whether the head has come.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.state != AnswerState::Head
    }

    /// Whether the file is complete: what comes later is not looked at.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.state == AnswerState::Complete
    }

    /// Takes the next bytes; those of the file go to `sink`.
    ///
    /// # Errors
    /// [`AnswerFailure`], all but [`AnswerFailure::BrokenOff`]; the answer is of no use then.
    pub fn on_bytes(
        &mut self,
        mut bytes: &[u8],
        sink: &mut dyn FnMut(&[u8]),
    ) -> Result<(), AnswerFailure> {
        while !bytes.is_empty() {
            bytes = match self.state {
                AnswerState::Complete => return Ok(()),
                AnswerState::Head => self.take_head(bytes)?,
                AnswerState::ChunkLine => self.take_chunk_line(bytes)?,
                AnswerState::ChunkEnd => self.take_chunk_end(bytes)?,
                AnswerState::Trailers => self.take_trailers(bytes)?,
                AnswerState::Chunk(left) | AnswerState::Length(left) => {
                    let (now, later) = bytes.split_at(left.min(bytes.len()));
                    self.hand_on(now, sink)?;
                    self.state = match (self.state, left - now.len()) {
                        (AnswerState::Chunk(_), 0) => AnswerState::ChunkEnd,
                        (AnswerState::Chunk(_), left) => AnswerState::Chunk(left),
                        (_, 0) => AnswerState::Complete,
                        (_, left) => AnswerState::Length(left),
                    };
                    later
                }
                AnswerState::UntilClose => {
                    self.hand_on(bytes, sink)?;
                    &[]
                }
            };
        }
        Ok(())
    }

    /// Takes the end of the connection.
    ///
    /// # Errors
    /// [`AnswerFailure::BrokenOff`] if more had to come.
    pub fn on_end(&mut self) -> Result<(), AnswerFailure> {
        match self.state {
            AnswerState::Complete | AnswerState::UntilClose => {
                self.state = AnswerState::Complete;
                Ok(())
            }
            _ => Err(self.broken_off()),
        }
    }

    /// What a connection that broke comes to, whatever was still to come.
    #[must_use]
    pub const fn broken_off(&self) -> AnswerFailure {
        AnswerFailure::BrokenOff { received: self.received, announced: self.announced }
    }

    fn take_head<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], AnswerFailure> {
        let (lines, rest) = self.take_lines(bytes)?;
        let Some(lines) = lines else { return Ok(rest) };
        let head = AnswerHead::parse(&lines).map_err(AnswerFailure::Malformed)?;
        // The answer comes after it (RFC 9110 §15.2); no other protocol was offered to switch to.
        if (100..200).contains(&head.status) && head.status != SWITCHING_PROTOCOLS {
            return Ok(rest);
        }
        self.begin(head)?;
        Ok(rest)
    }

    /// Collects up to an empty line; nothing until it has come.
    fn take_lines<'a>(
        &mut self,
        bytes: &'a [u8],
    ) -> Result<(Option<Vec<u8>>, &'a [u8]), AnswerFailure> {
        let before = self.kept.len();
        // Not more than may come: a fast server must not fill the memory.
        let room = MAX_HEAD - self.overhead;
        let taken = bytes.get(..room.saturating_sub(before)).unwrap_or(bytes);
        self.kept.extend_from_slice(taken);
        match http::end_of_head(&self.kept, before) {
            Some(end) => {
                self.overhead = MAX_HEAD.min(self.overhead + end);
                self.kept.truncate(end);
                Ok((Some(core::mem::take(&mut self.kept)), &bytes[end - before..]))
            }
            None if self.kept.len() >= room => Err(AnswerFailure::HeadTooLong),
            None => Ok((None, &[])),
        }
    }

    fn begin(&mut self, head: AnswerHead) -> Result<(), AnswerFailure> {
        match head.status {
            200 => {}
            404 | 410 => return Err(AnswerFailure::NotFound { status: head.status }),
            status @ (300..=303 | 305..=399) => return Err(AnswerFailure::Redirect { status }),
            status => return Err(AnswerFailure::Status { status }),
        }
        if head.coding != Coding::Identity {
            return Err(AnswerFailure::Encoded);
        }
        self.state = match head.framing {
            Framing::Chunks => AnswerState::ChunkLine,
            Framing::Length(announced) => {
                let length = self.fitting(announced).ok_or(self.too_large(Some(announced)))?;
                self.announced = Some(length);
                match length {
                    0 => AnswerState::Complete,
                    length => AnswerState::Length(length),
                }
            }
            Framing::UntilClose => AnswerState::UntilClose,
        };
        Ok(())
    }

    fn take_chunk_line<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], AnswerFailure> {
        let before = self.kept.len();
        // More than the line may have need not be copied.
        self.kept.extend_from_slice(bytes.get(..LONGEST_CHUNK_LINE - before).unwrap_or(bytes));
        match ChunkLine::parse(&self.kept).map_err(AnswerFailure::Chunk)? {
            None => Ok(&[]),
            Some(ChunkLine { length, size }) => {
                self.kept.clear();
                self.state = match size {
                    0 => AnswerState::Trailers,
                    // How much is still to come after this one nobody knows.
                    size => AnswerState::Chunk(self.fitting(size).ok_or(self.too_large(None))?),
                };
                if self.state == AnswerState::Trailers {
                    // An empty line is looked for from the line of the last chunk on.
                    self.kept.push(b'\n');
                }
                Ok(&bytes[length - before..])
            }
        }
    }

    fn take_chunk_end<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], AnswerFailure> {
        self.kept.extend_from_slice(bytes.get(..1).unwrap_or_default());
        match self.kept.as_slice() {
            b"\r" => {}
            b"\r\n" => {
                self.kept.clear();
                self.state = AnswerState::ChunkLine;
            }
            _ => return Err(AnswerFailure::Chunk(BadChunk)),
        }
        Ok(&bytes[1..])
    }

    fn take_trailers<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], AnswerFailure> {
        let (lines, rest) = self.take_lines(bytes)?;
        if lines.is_some() {
            self.state = AnswerState::Complete;
        }
        Ok(rest)
    }

    /// The number of bytes that are still to come, if the file may have them.
    fn fitting(&self, more: u64) -> Option<usize> {
        let room = self.limit - self.received;
        usize::try_from(more).ok().filter(|more| *more <= room)
    }

    const fn too_large(&self, announced: Option<u64>) -> AnswerFailure {
        AnswerFailure::TooLarge { limit: self.limit, announced }
    }

    fn hand_on(&mut self, bytes: &[u8], sink: &mut dyn FnMut(&[u8])) -> Result<(), AnswerFailure> {
        if bytes.len() > self.limit - self.received {
            return Err(self.too_large(None));
        }
        self.received += bytes.len();
        sink(bytes);
        Ok(())
    }
}

/// Why an answer brings no file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AnswerFailure {
    /// The connection ended before the file did.
    BrokenOff {
        /// Bytes of the file that had come by then.
        received: usize,
        /// Bytes of the file, if the server announced them.
        announced: Option<usize>,
    },
    /// A chunk that cannot be read.
    Chunk(BadChunk),
    /// The file is compressed, which the request has not allowed.
    Encoded,
    /// More head than [`MAX_HEAD`].
    HeadTooLong,
    /// A head that cannot be read, or not relied on.
    Malformed(MalformedHead),
    /// The server does not have the file.
    NotFound {
        /// The number that it reported: 404 or 410.
        status: u16,
    },
    /// The server names another place, which is not followed: nobody vouches for that.
    Redirect {
        /// The number that it reported: 300 to 399.
        status: u16,
    },
    /// The server reported something else than the file.
    Status {
        /// The number that it reported.
        status: u16,
    },
    /// The file is larger than allowed.
    TooLarge {
        /// The most bytes that the caller allows.
        limit: usize,
        /// Bytes of the file, as far as the server announced them.
        announced: Option<u64>,
    },
}

impl fmt::Display for AnswerFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrokenOff { received, announced: Some(announced) } => {
                write!(f, "broke off after {received} of {announced} bytes")
            }
            Self::BrokenOff { received, announced: None } => {
                write!(f, "broke off after {received} bytes")
            }
            Self::Chunk(bad) => write!(f, "sent a malformed answer, {bad}"),
            Self::Encoded => f.write_str("sent a compressed file, which was not requested"),
            Self::HeadTooLong => write!(f, "sent more than {MAX_HEAD} bytes before the file"),
            Self::Malformed(malformed) => write!(f, "sent a malformed answer, {malformed}"),
            Self::NotFound { status } => write!(f, "does not have the file (status {status})"),
            Self::Redirect { status } => {
                write!(f, "redirects to another place, which is not followed (status {status})")
            }
            Self::Status { status } => write!(f, "reported status {status}"),
            Self::TooLarge { limit, announced: Some(announced) } => {
                write!(f, "has a file of {announced} bytes, which exceeds the limit of {limit}")
            }
            Self::TooLarge { limit, announced: None } => {
                write!(f, "has a file that exceeds the limit of {limit} bytes")
            }
        }
    }
}

/// The one interim answer after which no other comes (RFC 9110 §15.2.2).
const SWITCHING_PROTOCOLS: u16 = 101;
