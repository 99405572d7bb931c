//! A TCP connection whose descriptor is known before it is made, since the log shows it first.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::io::reason::why;
use crate::io::source;

/// A connection that is open, without delay for small packets.
pub type TcpConnection = TcpStream;

/// A socket that is not yet connected.
pub struct UnconnectedSocket {
    socket: TcpSocket,
    server: SocketAddr,
}

impl UnconnectedSocket {
    /// A socket for a connection to `server`, bound to a port of the system's choice, and to the
    /// phone's own address as [`source::endpoint`] says.
    ///
    /// # Errors
    /// [`ConnectFailure::Io`] if the system has no port left, or not that address.
    pub fn bound(own: Option<IpAddr>, server: SocketAddr) -> Result<Self, ConnectFailure> {
        let failed = |source| ConnectFailure::Io { server, source };
        let socket = match server {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        };
        let socket = socket.map_err(failed)?;
        // connect(2) would choose a port too, but the log shows it before that.
        let end = source::endpoint(own, server);
        socket.bind(end).map_err(|error| failed(source::explained(own, error)))?;
        Ok(Self { socket, server })
    }

    /// Its descriptor, which the log shows before the connection is made.
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    /// What it is bound to.
    #[must_use]
    pub fn endpoint(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok()
    }

    /// Connects within a time.
    ///
    /// # Errors
    /// [`ConnectFailure::TimedOut`], or [`ConnectFailure::Io`] with the system's reason.
    pub async fn connect(self, within: Duration) -> Result<TcpConnection, ConnectFailure> {
        let server = self.server;
        let stream = timeout(within, self.socket.connect(server))
            .await
            .map_err(|_| ConnectFailure::TimedOut { server })?
            .map_err(|source| ConnectFailure::Io { server, source })?;
        // Questions and handshakes are small: waiting for more to send only delays them.
        stream.set_nodelay(true).map_err(|source| ConnectFailure::Io { server, source })?;
        Ok(stream)
    }
}

/// Why there is no connection.
#[derive(Debug)]
pub enum ConnectFailure {
    /// The system could not connect.
    Io {
        /// The server that was tried.
        server: SocketAddr,
        /// The reason that the system reported.
        source: io::Error,
    },
    /// The server did not answer in time.
    TimedOut {
        /// The server that was tried.
        server: SocketAddr,
    },
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { server, source } => write!(f, "no connection to {server}, {}", why(source)),
            Self::TimedOut { server } => write!(f, "no connection to {server} in time"),
        }
    }
}

impl std::error::Error for ConnectFailure {}

#[cfg(test)]
mod tests {
    use super::UnconnectedSocket;

    #[test]
    fn a_connection_comes_from_the_phones_own_address_or_the_failure_names_it() {
        let bound = |own: &str| {
            let server = "127.0.0.1:2445".parse().expect("an address and a port");
            UnconnectedSocket::bound(own.parse().ok(), server)
        };
        let socket = bound("127.0.9.9").expect("any address of loopback will do");
        assert_eq!(socket.endpoint().map(|end| end.ip()), "127.0.9.9".parse().ok());
        assert_eq!(
            bound("192.0.2.77").err().map(|failure| failure.to_string()).as_deref(),
            Some(
                "no connection to 127.0.0.1:2445, \
                 device.address: 192.0.2.77 is not an address of this machine"
            )
        );
    }
}
