//! The way to a log server. Nothing here waits without bound.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::io::reason::why;
use crate::io::source;
use crate::io::tcp::{ConnectFailure, TcpConnection, UnconnectedSocket};
use crate::wire::syslog::{LogTransport, counted};

/// An open way to a log server.
#[derive(Debug)]
pub enum LogLink {
    /// A connection, over which messages are counted.
    Tcp(TcpConnection),
    /// A socket that sends to this server alone, and learns when nobody listens there.
    Udp(UdpSocket),
}

impl LogLink {
    /// Opens the way to a server, from the phone's own address if it has one of its own.
    ///
    /// # Errors
    /// [`LogFailure`].
    pub async fn open(
        own: Option<IpAddr>,
        transport: LogTransport,
        server: SocketAddr,
    ) -> Result<Self, LogFailure> {
        if transport == LogTransport::Tcp {
            let endpoint =
                UnconnectedSocket::bound(own, server).map_err(LogFailure::NoConnection)?;
            let connection = endpoint.connect(CONNECT).await;
            return connection.map(Self::Tcp).map_err(LogFailure::NoConnection);
        }
        let socket = UdpSocket::bind(source::endpoint(own, server)).await;
        let socket = socket.map_err(|error| LogFailure::Broken(source::explained(own, error)))?;
        socket.connect(server).await.map_err(LogFailure::Broken)?;
        Ok(Self::Udp(socket))
    }

    /// Sends messages, in their order.
    ///
    /// # Errors
    /// [`LogFailure`]: perhaps some of them have been sent.
    pub async fn send(&mut self, messages: &[String]) -> Result<(), LogFailure> {
        match self {
            Self::Tcp(connection) => {
                let bytes: String = messages.iter().map(|message| counted(message)).collect();
                let sent = timeout(WRITE, connection.write_all(bytes.as_bytes())).await;
                sent.map_err(|_| LogFailure::Stalled)?.map_err(LogFailure::Broken)
            }
            Self::Udp(socket) => {
                for message in messages {
                    match socket.send(message.as_bytes()).await {
                        // No datagram holds it: it would be sent again for ever.
                        Err(error) if error.raw_os_error() == Some(TOO_LONG) => {}
                        sent => drop(sent.map_err(LogFailure::Broken)?),
                    }
                }
                Ok(())
            }
        }
    }

    /// Waits until the server is found to be gone, and returns how.
    pub async fn ends(&mut self) -> LogFailure {
        // Nothing that a log server sends means anything: it is read and forgotten.
        let mut buffer = [0; 256];
        loop {
            let read = match self {
                Self::Tcp(connection) => match connection.read(&mut buffer).await {
                    Ok(0) => return LogFailure::Closed,
                    read => read,
                },
                Self::Udp(socket) => socket.recv(&mut buffer).await,
            };
            if let Err(error) = read {
                return LogFailure::Broken(error);
            }
        }
    }

    /// Waits a moment for the word that nobody listens, which comes after the first datagram.
    ///
    /// # Errors
    /// [`LogFailure`], if it comes.
    pub async fn settles(&mut self) -> Result<(), LogFailure> {
        match timeout(SETTLE, self.ends()).await {
            Ok(failure) => Err(failure),
            Err(_) => Ok(()),
        }
    }
}

/// Why a log server gets no messages.
#[derive(Debug)]
pub enum LogFailure {
    /// The system reported an error of the way to it.
    Broken(io::Error),
    /// It has closed the connection.
    Closed,
    /// There is no connection to it.
    NoConnection(ConnectFailure),
    /// It takes nothing more.
    Stalled,
}

impl fmt::Display for LogFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(error) => f.write_str(&why(error)),
            Self::Closed => f.write_str("the server closed the connection"),
            Self::NoConnection(failure) => failure.fmt(f),
            Self::Stalled => f.write_str("the server accepts no more data"),
        }
    }
}

impl std::error::Error for LogFailure {}

/// What the system reports for a datagram that is larger than any may be.
const TOO_LONG: i32 = libc::EMSGSIZE;

/// The longest wait for a connection. Inferred: as for TVS.
const CONNECT: Duration = Duration::from_secs(3);

/// The longest wait for a server to take what it is sent. Inferred: the lines stay in memory
/// meanwhile, and drive out older ones.
const WRITE: Duration = Duration::from_secs(10);

/// How long the word that nobody listens is waited for. Inferred: a round trip on a slow line.
const SETTLE: Duration = Duration::from_millis(500);
