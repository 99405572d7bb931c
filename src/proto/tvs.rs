//! One question to the Trust Verification Service, without a socket.
//!
//! A connection serves one exchange: the request goes out in one write, the response may come in
//! any pieces, and the phone closes at once (capture; domain facts 5.1).

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::wire::Malformed;
use crate::wire::tvs::{Command, Header, PhoneName, Response, Session, TvsRequest, Unsendable};

/// The numbers that tie answers to questions, for all members together.
#[derive(Debug)]
pub struct Sessions {
    next: u32,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { next: FIRST_SESSION }
    }
}

impl Sessions {
    /// The next number; after the last one they start again.
    pub fn number(&mut self) -> Session {
        let session = Session(self.next);
        // Starts again where captured phones began, and not with 0.
        self.next = self.next.checked_add(1).unwrap_or(FIRST_SESSION);
        session
    }
}

/// A question on its way, and as much of the answer as has come.
#[derive(Debug)]
pub struct Exchange {
    session: Session,
    answer: Command,
    frame: Vec<u8>,
    header: Option<Header>,
}

/// How far the answer has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum AnswerProgress {
    /// All of it is here: see [`Exchange::response`].
    Complete,
    /// At least this many more bytes must come.
    NeedMore(usize),
}

impl Exchange {
    /// Starts an exchange: the bytes must be written in one piece.
    ///
    /// # Errors
    /// [`Unsendable`]; then no member can be asked this.
    pub fn begin(
        request: &TvsRequest<'_>,
        caller: &PhoneName,
        session: Session,
    ) -> Result<(Self, Vec<u8>), Unsendable> {
        let bytes = request.emit(caller, session)?;
        let exchange = Self { session, answer: request.answer(), frame: Vec::new(), header: None };
        Ok((exchange, bytes))
    }

    /// Takes in bytes as they come; the header is checked as soon as it is complete.
    ///
    /// What is kept never exceeds the frame that the header announces.
    ///
    /// # Errors
    /// [`MemberMisbehaved`]; the exchange is over, and the member has failed.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<AnswerProgress, MemberMisbehaved> {
        let rest = self.keep(bytes, Header::LENGTH);
        if self.frame.len() < Header::LENGTH {
            return Ok(AnswerProgress::NeedMore(Header::LENGTH - self.frame.len()));
        }
        let length = self.header()?.frame_length();
        // One exchange is one answer: what follows it could only be meant for a careless reader.
        let surplus = self.keep(rest, length);
        if !surplus.is_empty() {
            return Err(MemberMisbehaved::Trailing { bytes: surplus.len() });
        }
        Ok(match length - self.frame.len() {
            0 => AnswerProgress::Complete,
            more => AnswerProgress::NeedMore(more),
        })
    }

    /// The fault of a peer that closed before its answer was complete.
    #[must_use]
    pub fn closed(&self) -> MemberMisbehaved {
        let expected = self.header.map_or(Header::LENGTH, |header| header.frame_length());
        MemberMisbehaved::Closed { expected, found: self.frame.len() }
    }

    /// The answer, once it is complete.
    ///
    /// # Errors
    /// [`MemberMisbehaved::Closed`] before that, [`MemberMisbehaved::Malformed`] for elements that
    /// are wrong.
    pub fn response(&self) -> Result<Response<'_>, MemberMisbehaved> {
        let length = self.header.map_or(Header::LENGTH, |header| header.frame_length());
        match self.frame.get(Header::LENGTH..) {
            Some(payload) if self.frame.len() == length => Ok(Response::parse(payload)?),
            _ => Err(self.closed()),
        }
    }

    /// Keeps bytes until the frame has `length` of them, and returns the others.
    fn keep<'a>(&mut self, bytes: &'a [u8], length: usize) -> &'a [u8] {
        let missing = length.saturating_sub(self.frame.len());
        let (kept, rest) = bytes.split_at(missing.min(bytes.len()));
        self.frame.extend(kept);
        rest
    }

    fn header(&mut self) -> Result<Header, MemberMisbehaved> {
        if let Some(header) = self.header {
            return Ok(header);
        }
        let header = Header::parse(&self.frame)?;
        // Before anything of the payload is kept: a wrong header ends the exchange at once.
        if header.command != self.answer {
            return Err(MemberMisbehaved::Command { expected: self.answer, found: header.command });
        }
        if header.session != self.session {
            return Err(MemberMisbehaved::Session {
                expected: self.session,
                found: header.session,
            });
        }
        Ok(*self.header.insert(header))
    }
}

/// What a member did wrong: it has failed, and the next one is asked (domain facts 5.9).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MemberMisbehaved {
    /// It closed before its answer was complete; lengths count bytes of the frame.
    Closed {
        /// What the header announced, or the length of a header.
        expected: usize,
        /// Bytes of the frame that came.
        found: usize,
    },
    /// It sent something other than the answer to the question.
    Command {
        /// The answer to the question.
        expected: Command,
        /// The command that came instead.
        found: Command,
    },
    /// Its bytes do not follow the format of a frame.
    Malformed(Malformed),
    /// It answered another question.
    Session {
        /// The session of the question.
        expected: Session,
        /// The session of the answer.
        found: Session,
    },
    /// It went on after the end of its answer.
    Trailing {
        /// How many bytes came that the header did not announce.
        bytes: usize,
    },
}

impl From<Malformed> for MemberMisbehaved {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl fmt::Display for MemberMisbehaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed { expected, found } => {
                write!(f, "closed after {found} of {expected} bytes")
            }
            Self::Command { expected, found } => write!(f, "expected a {expected}, found {found}"),
            Self::Malformed(malformed) => malformed.fmt(f),
            Self::Session { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::Trailing { bytes } => write!(f, "{bytes} bytes after the end of the answer"),
        }
    }
}

/// Two captured phones began with 1001 and 1002 (domain facts 5.2).
const FIRST_SESSION: u32 = 1001;

/// How long a member may take from the request to the end of its answer. Inferred: the reference
/// server closes an idle connection after the same time (domain facts 5.1).
pub const PATIENCE: Duration = Duration::from_secs(10);
