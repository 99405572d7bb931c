//! What the system says in place of a server that does not take packets.

use std::io;

/// Whether an error of sending or receiving says that nobody is there, or that there is no way: as
/// good as a closed port.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
    )
}
