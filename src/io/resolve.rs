//! Server names to addresses.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use log::warn;
use tokio::time::timeout;

use crate::io::settings::{Host, ServerAddress};

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

/// The addresses of servers, in order; a name may stand for several, and one that does not
/// resolve is left out with a line in the log.
pub async fn all(servers: &[ServerAddress]) -> Vec<SocketAddr> {
    let mut addresses = Vec::new();
    for server in servers {
        match &server.host {
            Host::Ip(ip) => addresses.push(SocketAddr::new(*ip, server.port)),
            Host::Name(name) => {
                let lookup = tokio::net::lookup_host((name.as_str(), server.port));
                match timeout(PATIENCE, lookup).await {
                    Ok(Ok(found)) => addresses.extend(found.take(ADDRESSES)),
                    Ok(Err(error)) => warn!(target: "SECD", "resolve: {name}: {error}"),
                    Err(_) => warn!(target: "SECD", "resolve: {name}: no answer in time"),
                }
            }
        }
    }
    addresses
}

/// A name server on the phone's own network answers in milliseconds; inferred.
const PATIENCE: Duration = Duration::from_secs(5);

/// Addresses of one name that are tried: more only make a dead host hold a place for longer.
const ADDRESSES: usize = 4;
