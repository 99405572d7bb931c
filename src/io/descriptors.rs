//! How many descriptors the process may have open, and what they are for.

use std::io;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the limit to what the system allows: connections are bounded by the settings.
///
/// # Errors
/// The system's reason; the limit stays then.
pub fn raise_limit() -> io::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?)
}

/// How many the process may have open; no limit if the system names none.
#[must_use]
pub fn limit() -> usize {
    let soft = getrlimit(Resource::RLIMIT_NOFILE).map(|(soft, _)| usize::try_from(soft));
    soft.map_or(usize::MAX, |soft| soft.unwrap_or(usize::MAX))
}

/// Connections that there may be at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ConnectionRoom {
    /// Of clients to the socket.
    pub connections: usize,
    /// To servers, for clients.
    pub slots: usize,
}

impl ConnectionRoom {
    /// Descriptors that they take at most. A connection to a server takes one more while TVS is
    /// asked about it.
    fn cost(self) -> usize {
        // A connection to a server exists only for a client that asked for it.
        self.connections + SERVER * self.slots.min(self.connections)
    }

    /// As many of these as leave the agent the descriptors for its own work under `limit`; at least
    /// one of each.
    #[must_use]
    pub fn within(self, limit: usize) -> Self {
        // Where there are very few, its own work gets half.
        let left = limit - KEPT.min(limit / 2);
        if self.cost() <= left {
            return self;
        }
        // Connections to servers get a quarter of what is left: clients of the socket are many
        // more.
        let slots = self.slots.min(left / (4 * SERVER)).max(1);
        let connections = self.connections.min(left.saturating_sub(SERVER * slots)).max(1);
        Self { connections, slots }
    }
}

/// Descriptors of a connection to a server, besides the client's.
const SERVER: usize = 2;

/// Kept for the agent's own work; inferred: 12 that are always open; in a pass a transfer with
/// those that are just over, a file being written, TVS; two files and 16 judgements for clients;
/// and 32 look-ups of names.
const KEPT: usize = 96;

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: ConnectionRoom = ConnectionRoom { connections: 256, slots: 64 };

    #[test]
    fn what_fits_is_left_as_it_is() {
        assert_eq!(DEFAULT.within(usize::MAX), DEFAULT);
        assert_eq!(DEFAULT.within(256 + 2 * 64 + KEPT), DEFAULT);
        let few = ConnectionRoom { connections: 10, slots: 1024 };
        assert_eq!(few.within(100), few, "none of them is without a client");
    }

    #[test]
    fn whatever_the_limit_something_is_kept() {
        for limit in 0..2000 {
            let room = DEFAULT.within(limit);
            assert!(room.connections >= 1 && room.slots >= 1);
            assert!(limit < 8 || room.cost() <= limit - KEPT.min(limit / 2), "{limit}: {room:?}");
        }
        assert_eq!(DEFAULT.within(256), ConnectionRoom { connections: 120, slots: 20 });
    }
}
