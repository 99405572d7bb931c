//! How a TFTP server behaves beyond sending files.

use std::net::IpAddr;

use crate::io::tftp::ReadFailure;
use crate::proto::tftp::Negotiation;
use crate::wire::tftp::ErrorCode;

/// One thing that a server was seen to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::agent) enum Habit {
    /// It answers by this number that a file is not there.
    Absence(ErrorCode),
    /// Answers came from this address, which was not asked.
    Elsewhere(IpAddr),
    /// It reported another error, broke off, or broke the protocol; in words.
    Fault(String),
    /// What it makes of options.
    Options(Negotiation),
}

impl Habit {
    /// What a failure shows about the server; nothing if it may be the network's.
    pub(super) fn of(failure: &ReadFailure) -> Option<Self> {
        match failure {
            ReadFailure::NotFound { code, .. } => Some(Self::Absence(*code)),
            failure if failure.is_broken_off() => Some(Self::Fault(failure.to_string())),
            ReadFailure::Misbehaved { .. }
            | ReadFailure::ServerError { .. }
            | ReadFailure::TooLarge { .. } => Some(Self::Fault(failure.to_string())),
            ReadFailure::Elsewhere { from, .. } => Some(Self::Elsewhere(*from)),
            ReadFailure::BrokeOff { .. }
            | ReadFailure::Io { .. }
            | ReadFailure::NoServer
            | ReadFailure::TimedOut { .. }
            | ReadFailure::UnfitName(_)
            | ReadFailure::Unreachable { .. } => None,
        }
    }
}
