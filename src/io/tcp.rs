//! A TCP connection whose descriptor is known before it is made, since the log shows it first.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::io::reason::why;

/// A connection that is open, without delay for small packets.
pub type TcpConnection = TcpStream;

/// A socket that is not yet connected.
pub struct UnconnectedSocket {
    socket: TcpSocket,
    server: SocketAddr,
}

impl UnconnectedSocket {
    /// A socket for a connection to `server`, bound to a port of the system's choice.
    ///
    /// # Errors
    /// [`ConnectFailure::Io`] if the system has none left.
    pub fn bound(server: SocketAddr) -> Result<Self, ConnectFailure> {
        let failed = |source| ConnectFailure::Io { server, source };
        let socket = match server {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        };
        let socket = socket.map_err(failed)?;
        let any: SocketAddr = match server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        // connect(2) would choose a port too, but the log shows it before that.
        socket.bind(any).map_err(failed)?;
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
