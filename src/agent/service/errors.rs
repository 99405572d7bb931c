//! Which error of the interface stands for which failure of the agent.

use crate::agent::connections::NotOpened;
use crate::boot::{Configured, NotCommitted, NotFetched, NotTaken, UNREADABLE};
use crate::face::Error;
use crate::io::files;
use crate::trust::{Reason, Voucher};
use crate::wire::configuration::encrypted_for;

/// The table: each reason maps to one error.
impl From<&Reason> for Error {
    fn from(why: &Reason) -> Self {
        let (reason, detail) = (why.class().to_owned(), why.to_string());
        match why {
            Reason::Malformed(_)
            | Reason::BadCertificate { .. }
            | Reason::RecordMismatch { .. } => Self::Malformed { reason, detail },
            Reason::AmbiguousSigner | Reason::WrongRole { .. } | Reason::WrongSigner => {
                Self::SignerNotTrusted { reason, detail }
            }
            Reason::SignatureMismatch
            | Reason::UnsupportedAlgorithm(_)
            | Reason::UnsupportedDigest(_)
            | Reason::WeakKey { .. } => Self::BadSignature { reason, detail },
            Reason::FileNameMismatch { .. }
            | Reason::TrustList { .. }
            | Reason::FirstUseDenied
            | Reason::NotPinned { .. }
            | Reason::Older { .. }
            | Reason::OlderFile(_)
            | Reason::Unconfirmed(_) => Self::RefusedByPolicy { reason, detail },
            Reason::DecryptFailed | Reason::NoKey => Self::NotDecrypted { reason, detail },
            Reason::Locked => Self::Locked,
        }
    }
}

/// The error for a file of that name that was not obtained.
pub(super) fn of_file(name: &str, limit: usize, not_taken: NotTaken) -> Error {
    match not_taken {
        NotTaken::Fetch { why, .. } => not_fetched(name, limit, why),
        NotTaken::Refused { reason, .. } => Error::from(&reason),
        NotTaken::Write(not_written) => not_written.into(),
    }
}

fn not_fetched(name: &str, limit: usize, why: NotFetched) -> Error {
    let name = name.to_owned();
    match why {
        NotFetched::Absent => Error::FileNotFound { name },
        NotFetched::TooLarge(_) => Error::FileTooLarge { name, limit },
        NotFetched::BrokenOff(trouble)
        | NotFetched::Failed(trouble)
        | NotFetched::Unreachable(trouble) => Error::ServerUnreachable { detail: trouble.why },
    }
}

/// Who vouches for a configuration of that name, or the error if it was not accepted.
pub(super) fn of_configuration(
    name: &str,
    limit: usize,
    configured: Configured,
) -> Result<Option<Voucher>, Error> {
    Err(match configured {
        Configured::Taken { by, .. } => return Ok(by),
        Configured::Absent => not_fetched(name, limit, NotFetched::Absent),
        Configured::ForAnother { theirs, ours, .. } => Error::NotDecrypted {
            reason: "other-certificate".to_owned(),
            detail: format!(
                "{}; this phone has {}",
                encrypted_for(&theirs),
                ours.as_deref().unwrap_or("none")
            ),
        },
        Configured::NotFetched { why, .. } => not_fetched(name, limit, why),
        Configured::NotPut(not_written) => not_written.into(),
        Configured::Refused { reason, .. } => Error::from(&reason),
        Configured::Unread { why, .. } => {
            Error::Malformed { reason: UNREADABLE.to_owned(), detail: why.to_string() }
        }
    })
}

/// The file is in place, but no descriptor of it can be passed to the client.
pub(super) fn not_handed_over(path: &str, error: &std::io::Error) -> Error {
    let detail = format!("written, but it cannot be opened: {}", files::why(error));
    Error::NotWritten { path: path.to_owned(), detail: Some(detail) }
}

impl From<NotCommitted> for Error {
    fn from(not_committed: NotCommitted) -> Self {
        Self::NotWritten { path: not_committed.path, detail: Some(not_committed.why) }
    }
}

impl From<&NotOpened> for Error {
    fn from(not_opened: &NotOpened) -> Self {
        let detail = not_opened.to_string();
        match not_opened {
            NotOpened::Distrusted(_) | NotOpened::OtherCertificate(_) => {
                Self::NotTrusted { detail }
            }
            NotOpened::Handshake(_) | NotOpened::NoIdentity => Self::HandshakeFailed { detail },
            NotOpened::NoSlot => Self::TooManyConnections,
            NotOpened::Unreachable(_) => Self::HostUnreachable { detail },
        }
    }
}
