//! How a transfer ends.

use std::fmt;

use crate::wire::tftp::{BlockNumber, ErrorCode, MalformedPacket, OptionName, TftpOptions};

/// A complete file, and how it came.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Received {
    /// The file, without what [`hand_over`](super::Transfer::hand_over) has taken.
    pub bytes: Vec<u8>,
    /// The terms under which it came.
    pub agreed: Agreed,
}

/// The terms of a transfer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Agreed {
    /// The options in force, with the server's values.
    pub options: TftpOptions,
    /// How they came about.
    pub negotiation: Negotiation,
}

impl Agreed {
    /// Before the server has answered.
    pub(super) fn unanswered(asked: &TftpOptions) -> Self {
        // Until an answer shows otherwise: a server that sends data at once ignores options.
        let negotiation =
            if asked.is_empty() { Negotiation::NotAsked } else { Negotiation::Ignored };
        Self { options: TftpOptions::default(), negotiation }
    }
}

impl fmt::Display for Agreed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.negotiation {
            Negotiation::Answered => self.options.fmt(f),
            Negotiation::Ignored => f.write_str("options ignored by the server"),
            Negotiation::NotAsked => f.write_str("no options requested"),
            Negotiation::Refused => {
                f.write_str("options refused by the server, requested again without")
            }
            Negotiation::Unanswered => {
                f.write_str("no answer to a request with options, requested again without")
            }
        }
    }
}

/// What became of the options asked for.
///
/// # Source
/// RFC 2347, "Negotiation Protocol".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Negotiation {
    /// The server accepted some or all of them.
    Answered,
    /// The server sent the file without mentioning them.
    Ignored,
    /// No options were requested.
    NotAsked,
    /// The server refused the request for them, or answered it wrongly, and it was repeated
    /// without.
    Refused,
    /// The request for them got no answer in time, and a plain one was sent as well.
    Unanswered,
}

/// A transfer without a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TransferFailure {
    /// The server broke the protocol.
    Misbehaved(ServerMisbehaved),
    /// The server is there and does not have the file.
    NotFound {
        /// The number that it uses for this: not always the proper one.
        code: ErrorCode,
        /// The server's own words, or none.
        message: ServerMessage,
    },
    /// The server reported another error.
    ServerError {
        /// What went wrong, as a number.
        code: ErrorCode,
        /// The server's own words, or none.
        message: ServerMessage,
    },
    /// Nothing more came in time.
    TimedOut {
        /// What was waited for.
        waiting: WaitingFor,
    },
    /// The file is larger than the caller allows.
    TooLarge {
        /// The most bytes that the caller allows.
        limit: usize,
        /// Bytes of the file, if the server announced them.
        announced: Option<u64>,
    },
    /// Nothing listens at the server's port, or no route leads there.
    Unreachable,
}

impl TransferFailure {
    /// The ERROR that the server gets.
    ///
    /// # Source
    /// RFC 1350 §7; code 3 for a file too large: RFC 2349, "Transfer Size Option Specification".
    pub(super) fn reply(&self) -> (ErrorCode, &'static str) {
        match self {
            Self::Misbehaved(how) => how.reply(),
            Self::TimedOut { .. } => (ErrorCode::Undefined, "timed out"),
            Self::TooLarge { .. } => (ErrorCode::DiskFull, "file too large"),
            // Never sent: the server has ended the transfer, or is not there.
            Self::NotFound { .. } | Self::ServerError { .. } | Self::Unreachable => {
                (ErrorCode::Undefined, "transfer ended")
            }
        }
    }
}

impl From<ServerMisbehaved> for TransferFailure {
    fn from(how: ServerMisbehaved) -> Self {
        Self::Misbehaved(how)
    }
}

impl fmt::Display for TransferFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Misbehaved(how) => how.fmt(f),
            Self::NotFound { code: ErrorCode::NotFound, message } => {
                write!(f, "file not found{message}")
            }
            Self::NotFound { code, message } => {
                write!(f, "file not found, as error {code}{message}")
            }
            Self::ServerError { code, message } => write!(f, "server error {code}{message}"),
            Self::TimedOut { waiting } => write!(f, "timed out, {waiting}"),
            Self::TooLarge { limit, announced: Some(announced) } => {
                write!(f, "file of {announced} bytes exceeds the limit of {limit}")
            }
            Self::TooLarge { limit, announced: None } => {
                write!(f, "file exceeds the limit of {limit} bytes")
            }
            Self::Unreachable => f.write_str("unreachable"),
        }
    }
}

/// What a transfer was waiting for when its time ran out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WaitingFor {
    /// The first answer: the server may not be there at all.
    Answer,
    /// The rest of the file, after this block.
    Block(BlockNumber),
    /// The end: data still came when the deadline of the whole transfer passed.
    End,
    /// The answer to a plain request, after the one with options was refused.
    PlainAnswer,
    /// An answer that can be one to a request: this came instead, and nothing better.
    UsableAnswer(UselessAnswer),
}

/// A packet that cannot be the first answer to a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UselessAnswer {
    /// An ACK, which only a reader sends.
    Ack,
    /// A block other than the first.
    Block(BlockNumber),
    /// Bytes that are no packet.
    Malformed(MalformedPacket),
}

impl fmt::Display for UselessAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ack => f.write_str("an ACK"),
            Self::Block(block) => write!(f, "block {block} before block 1"),
            Self::Malformed(malformed) => write!(f, "a malformed packet ({malformed})"),
        }
    }
}

impl fmt::Display for WaitingFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer => f.write_str("no answer"),
            // Others may have come, such as that block again.
            Self::Block(block) => write!(f, "the block after block {block} did not come"),
            Self::End => f.write_str("transfer too slow"),
            Self::PlainAnswer => {
                f.write_str("it refused a request with options and did not answer one without")
            }
            Self::UsableAnswer(useless) => write!(f, "its only answer is {useless}"),
        }
    }
}

/// What a server must not do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ServerMisbehaved {
    /// A block longer than agreed.
    BlockTooLong {
        /// The number of the block.
        block: BlockNumber,
        /// The most bytes that were agreed for a block.
        blksize: usize,
    },
    /// Bytes that are not a packet.
    Malformed(MalformedPacket),
    /// An option granted that was not requested, or beyond the value requested.
    OptionNotAsked(OptionName),
    /// The file did not have the size announced.
    SizeDiffers {
        /// Bytes that the server announced for the file.
        announced: u64,
        /// Bytes that had arrived when this became clear.
        received: usize,
    },
    /// A packet that only a reader sends.
    UnexpectedAck,
}

impl ServerMisbehaved {
    fn reply(self) -> (ErrorCode, &'static str) {
        match self {
            Self::BlockTooLong { .. } => (ErrorCode::IllegalOperation, "block too long"),
            Self::Malformed(malformed) => (malformed.code(), "malformed packet"),
            Self::OptionNotAsked(_) => (ErrorCode::OptionRefused, "option not asked for"),
            Self::SizeDiffers { .. } => (ErrorCode::Undefined, "size differs from tsize"),
            Self::UnexpectedAck => (ErrorCode::IllegalOperation, "unexpected ACK"),
        }
    }
}

impl fmt::Display for ServerMisbehaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BlockTooLong { block, blksize } => {
                write!(f, "block {block} longer than the {blksize} bytes agreed")
            }
            Self::Malformed(malformed) => malformed.fmt(f),
            Self::OptionNotAsked(option) => {
                write!(f, "server granted {option} beyond what was requested")
            }
            Self::SizeDiffers { announced, received } => {
                write!(f, "file of {announced} bytes announced, {received} received")
            }
            Self::UnexpectedAck => f.write_str("unexpected ACK from the server"),
        }
    }
}

/// A server's words, to be shown and never to be acted upon.
///
/// `Display` shows them escaped and after a colon, or nothing if there are none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerMessage(Vec<u8>);

impl ServerMessage {
    /// The first [`LONGEST_MESSAGE`] bytes of `bytes`.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        // Cut here already: a datagram of 64 KiB must not be kept for the sake of one line.
        Self(bytes.iter().copied().take(LONGEST_MESSAGE).collect())
    }

    /// The bytes as they came, unescaped.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ServerMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        // Escaped, since they go to a console: a server must not write control sequences there.
        write!(f, ": {}", self.0.escape_ascii())
    }
}

/// The first option granted that exceeds what was asked, and would change the transfer.
///
/// # Source
/// RFC 2347: nothing unasked. But the size, and the server's own timeout, change nothing here, and
/// servers in the field announce the size unasked (domain facts 1.7). RFC 2348, 7440: a server may
/// lower its value. RFC 2349: the timeout comes back as it was sent.
pub(super) fn not_asked(asked: &TftpOptions, granted: &TftpOptions) -> Option<OptionName> {
    let exceeds = |asked: Option<u16>, granted: Option<u16>| granted.is_some() && granted > asked;
    // `None` is less than any value, so what was not requested exceeds the request.
    if exceeds(asked.blksize(), granted.blksize()) {
        return Some(OptionName::Blksize);
    }
    if asked.timeout().is_some()
        && granted.timeout().is_some_and(|_| granted.timeout() != asked.timeout())
    {
        return Some(OptionName::Timeout);
    }
    exceeds(asked.windowsize(), granted.windowsize()).then_some(OptionName::Windowsize)
}

/// Bytes of a server's message that are kept.
///
/// # Source
/// Inferred: the reason must fit on a line of the log, and a server must not fill the log.
pub const LONGEST_MESSAGE: usize = 120;
