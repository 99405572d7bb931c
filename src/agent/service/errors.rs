//! Which failure of the agent is which error of the interface.

use std::path::Path;

use crate::agent::https::NotOpened;
use crate::agent::phone_file::{NotTaken, Room};
use crate::face::Error;
use crate::io::store;
use crate::io::tftp::Failure;
use crate::trust::Reason;

/// The table: each reason is one error.
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
            | Reason::FirstUseDenied
            | Reason::NotPinned
            | Reason::Older { .. } => Self::RefusedByPolicy { reason, detail },
            Reason::DecryptFailed | Reason::NoKey => Self::NotDecrypted { reason, detail },
            Reason::Locked => Self::Locked,
        }
    }
}

/// Why a file of that name was not obtained.
pub(super) fn of_file(name: &str, limit: usize, not_taken: &NotTaken) -> Error {
    let name = name.to_owned();
    match not_taken {
        NotTaken::Fetch(Failure::NotFound { .. }) => Error::FileNotFound { name },
        NotTaken::Fetch(Failure::TooLarge { .. }) => Error::FileTooLarge { name, limit },
        NotTaken::Fetch(failure) => Error::ServerUnreachable { detail: failure.to_string() },
        NotTaken::Refused(reason) => Error::from(reason),
        NotTaken::Write(path, room) => Error::NotWritten {
            path: path.display().to_string(),
            detail: (*room == Room::None).then(|| "no space left".to_owned()),
        },
    }
}

/// Why the store in the folder `state` was not changed.
pub(super) fn of_store(state: &Path, failure: &store::Failure) -> Error {
    let (path, detail) = match failure {
        store::Failure::Disk(failure) => (failure.path.as_path(), failure.source.to_string()),
        other => (state, other.to_string()),
    };
    Error::NotWritten { path: path.display().to_string(), detail: Some(detail) }
}

impl From<&NotOpened> for Error {
    fn from(not_opened: &NotOpened) -> Self {
        let detail = not_opened.to_string();
        match not_opened {
            NotOpened::Distrusted(_) => Self::NotTrusted { detail },
            NotOpened::Handshake(_) => Self::HandshakeFailed { detail },
            NotOpened::NoSlot => Self::TooManyConnections,
            NotOpened::Unreachable(_) => Self::HostUnreachable { detail },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::io::files;

    fn not_written(failure: &store::Failure) -> (String, String) {
        match of_store(Path::new("/state"), failure) {
            Error::NotWritten { path, detail: Some(detail) } => (path, detail),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_not_erased_is_a_path_and_why_is_said_apart_from_it() {
        let source = io::ErrorKind::ReadOnlyFilesystem.into();
        let disk = files::Failure { path: "/state/itl".into(), source };
        let expected = ("/state/itl".into(), "read-only filesystem or storage medium".into());
        assert_eq!(not_written(&disk.into()), expected);
        let expected = ("/state".into(), "the store is locked".into());
        assert_eq!(not_written(&store::Failure::NotOpen), expected);
    }
}
