//! Server names to addresses.

use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use tokio::time::timeout;

use crate::wire::address::{Host, ServerAddress};

/// The addresses of one server, without a runtime.
///
/// # Errors
/// The system's reason why a name does not resolve.
pub fn blocking(server: &ServerAddress) -> std::io::Result<Vec<SocketAddr>> {
    match &server.host {
        Host::Ip(ip) => Ok(vec![SocketAddr::new(*ip, server.port)]),
        Host::Name(name) => Ok((name.as_str(), server.port).to_socket_addrs()?.collect()),
    }
}

/// The addresses of one server, at least one.
///
/// # Errors
/// [`Unresolved`].
pub async fn one(server: &ServerAddress) -> Result<Vec<SocketAddr>, Unresolved> {
    let name = match &server.host {
        Host::Ip(ip) => return Ok(vec![SocketAddr::new(*ip, server.port)]),
        Host::Name(name) => name,
    };
    match timeout(PATIENCE, tokio::net::lookup_host((name.as_str(), server.port))).await {
        Ok(Ok(found)) => {
            let addresses: Vec<_> = found.take(ADDRESSES).collect();
            if addresses.is_empty() { Err(Unresolved::NoAddress) } else { Ok(addresses) }
        }
        Ok(Err(error)) => Err(Unresolved::Failed(error.to_string())),
        Err(_) => Err(Unresolved::TimedOut),
    }
}

/// A server's address as the configuration client names it: IPv4 mapped into IPv6 (technote).
#[must_use]
pub fn mapped(server: SocketAddr) -> String {
    match server.ip() {
        IpAddr::V4(ip) => format!("::ffff:{ip}"),
        IpAddr::V6(ip) => ip.to_string(),
    }
}

/// Why a name leads nowhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unresolved {
    /// The system's reason.
    Failed(String),
    /// The name is known, and has no address.
    NoAddress,
    /// No name server answered.
    TimedOut,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(why) => f.write_str(why),
            Self::NoAddress => f.write_str("no address"),
            Self::TimedOut => f.write_str("no answer in time"),
        }
    }
}

impl std::error::Error for Unresolved {}

/// A name server on the phone's own network answers in milliseconds; inferred.
const PATIENCE: Duration = Duration::from_secs(5);

/// Addresses of one name that are tried: more only make a dead host hold a place for longer.
const ADDRESSES: usize = 4;
