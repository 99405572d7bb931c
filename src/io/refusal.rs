//! What the system reports for a server that does not take packets.

use std::io;

/// Whether an error of sending or receiving means that nothing listens there, or that there is no
/// route: both are treated as a closed port.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
    )
}
