//! Server names to addresses.

use std::net::{SocketAddr, ToSocketAddrs};

use log::warn;

use crate::io::config::{Host, ServerAddress};

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
            Host::Name(name) => match tokio::net::lookup_host((name.as_str(), server.port)).await {
                Ok(found) => addresses.extend(found),
                Err(error) => warn!(target: "SECD", "resolve: {name}: {error}"),
            },
        }
    }
    addresses
}
