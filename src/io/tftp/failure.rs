//! Why a file could not be read, and from which server.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use crate::io::reason::why;
use crate::proto::tftp::{self as machine, ServerMessage, ServerMisbehaved, WaitingFor};
use crate::wire::tftp::{ErrorCode, UnfitName};

/// A read without a file.
#[derive(Debug)]
pub enum ReadFailure {
    /// The server began to answer, and then its port was closed.
    BrokeOff {
        /// The server that did.
        server: SocketAddr,
        /// Bytes of the file that had come by then.
        received: usize,
    },
    /// The server did not answer, and something that looks like an answer came from elsewhere.
    Elsewhere {
        /// The address of the server that was asked.
        server: SocketAddr,
        /// The address that the answer came from.
        from: IpAddr,
    },
    /// Our side of the network failed.
    Io {
        /// The server that was to be reached.
        server: SocketAddr,
        /// The reason that the system reported.
        source: io::Error,
    },
    /// The server broke the protocol.
    Misbehaved {
        /// The server that did.
        server: SocketAddr,
        /// The rule that it broke.
        how: ServerMisbehaved,
    },
    /// There was no server to ask.
    NoServer,
    /// The server is there and does not have the file.
    NotFound {
        /// The server that was asked.
        server: SocketAddr,
        /// The number that it reported: not every server uses 1 for this.
        code: ErrorCode,
        /// The text that came with the number.
        message: ServerMessage,
    },
    /// The server reported another error.
    ServerError {
        /// The server that was asked.
        server: SocketAddr,
        /// The number that it reported.
        code: ErrorCode,
        /// The text that came with the number.
        message: ServerMessage,
    },
    /// Nothing more came in time.
    TimedOut {
        /// The server that fell silent.
        server: SocketAddr,
        /// What was waited for.
        waiting: WaitingFor,
    },
    /// The file is larger than allowed.
    TooLarge {
        /// The server that has the file.
        server: SocketAddr,
        /// The most bytes that the caller allows.
        limit: usize,
        /// Bytes of the file, if the server announced them.
        announced: Option<u64>,
    },
    /// No request can carry the name.
    UnfitName(UnfitName),
    /// Nothing listens at the server's port, or there is no way there.
    Unreachable {
        /// The server that was asked.
        server: SocketAddr,
    },
}

impl ReadFailure {
    /// Whether the server was not reached, or fell silent.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        matches!(
            self,
            Self::BrokeOff { .. }
                | Self::Elsewhere { .. }
                | Self::Io { .. }
                | Self::TimedOut { .. }
                | Self::Unreachable { .. }
        )
    }

    /// Whether the server was there, and did not bring to an end what it had begun.
    #[must_use]
    pub fn is_broken_off(&self) -> bool {
        match self {
            Self::BrokeOff { .. } => true,
            Self::TimedOut { waiting, .. } => {
                matches!(waiting, WaitingFor::Block(_) | WaitingFor::End)
            }
            _ => false,
        }
    }

    /// Whether it is an answer about the file: no other server is asked then.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        matches!(self, Self::NotFound { .. } | Self::TooLarge { .. } | Self::UnfitName(_))
    }

    /// The same, or the reason of the system if that kept anything from coming.
    pub(super) fn because_of(self, trouble: Option<io::Error>) -> Self {
        match (self, trouble) {
            // After a first answer the network was there: silence is then the better word.
            (Self::TimedOut { server, waiting: WaitingFor::Answer }, Some(source)) => {
                Self::Io { server, source }
            }
            (failure, _) => failure,
        }
    }

    /// The same, or that answers came from an address that was not asked, if there were no others.
    pub(super) fn or_elsewhere(self, foreign: Option<IpAddr>) -> Self {
        match (self, foreign) {
            (Self::TimedOut { server, waiting: WaitingFor::Answer }, Some(from)) => {
                Self::Elsewhere { server, from }
            }
            (failure, _) => failure,
        }
    }

    /// What became of a transfer; `received` are the bytes that had come, if the server answered.
    pub(super) fn from_transfer(
        server: SocketAddr,
        failure: machine::TransferFailure,
        received: Option<usize>,
    ) -> Self {
        match failure {
            machine::TransferFailure::Misbehaved(how) => Self::Misbehaved { server, how },
            machine::TransferFailure::NotFound { code, message } => {
                Self::NotFound { server, code, message }
            }
            machine::TransferFailure::ServerError { code, message } => {
                Self::ServerError { server, code, message }
            }
            machine::TransferFailure::TimedOut { waiting } => Self::TimedOut { server, waiting },
            machine::TransferFailure::TooLarge { limit, announced } => {
                Self::TooLarge { server, limit, announced }
            }
            machine::TransferFailure::Unreachable => match received {
                Some(received) => Self::BrokeOff { server, received },
                None => Self::Unreachable { server },
            },
        }
    }
}

impl fmt::Display for ReadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrokeOff { server, received } => {
                let why = "its port is closed";
                write!(f, "TFTP server {server} broke off after {received} bytes, {why}")
            }
            Self::Elsewhere { server, from } => {
                write!(f, "TFTP server {server} timed out, answers came from {from} instead")
            }
            Self::Io { server, source } => write!(f, "TFTP server {server}: {}", why(source)),
            Self::Misbehaved { server, how } => write!(f, "TFTP server {server} misbehaved, {how}"),
            Self::NoServer => f.write_str("no TFTP server is known"),
            Self::NotFound { server, code: ErrorCode::NotFound, message } => {
                write!(f, "file not found on TFTP server {server}{message}")
            }
            Self::NotFound { server, code, message } => {
                write!(f, "file not found on TFTP server {server} (error {code}){message}")
            }
            Self::ServerError { server, code, message } => {
                write!(f, "TFTP server {server} reported error {code}{message}")
            }
            Self::TimedOut { server, waiting } => {
                write!(f, "TFTP server {server} timed out, {waiting}")
            }
            Self::TooLarge { server, limit, announced: Some(announced) } => {
                write!(
                    f,
                    "file of {announced} bytes on TFTP server {server} exceeds the limit of {limit}"
                )
            }
            Self::TooLarge { server, limit, announced: None } => {
                write!(f, "file on TFTP server {server} exceeds the limit of {limit} bytes")
            }
            Self::UnfitName(unfit) => unfit.fmt(f),
            Self::Unreachable { server } => write!(f, "TFTP server {server} is unreachable"),
        }
    }
}

impl std::error::Error for ReadFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
