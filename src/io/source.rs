//! Where the sockets to servers are bound.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::{fmt, io};

/// The end of a socket to `server`: the phone's own address if there is one in the server's family,
/// else the system's choice. The port is always the system's choice.
#[must_use]
pub fn endpoint(own: Option<IpAddr>, server: SocketAddr) -> SocketAddr {
    let any = match server {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    SocketAddr::new(own.filter(|own| own.is_ipv4() == any.is_ipv4()).unwrap_or(any), 0)
}

/// The same error of binding a socket; it names the setting if that is the cause.
pub(super) fn explained(own: Option<IpAddr>, error: io::Error) -> io::Error {
    match own {
        Some(own) if error.kind() == io::ErrorKind::AddrNotAvailable => {
            io::Error::new(error.kind(), NotOurAddress(own))
        }
        _ => error,
    }
}

/// `device.address` is set to an address that no interface of the machine has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct NotOurAddress(IpAddr);

impl fmt::Display for NotOurAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "device.address: {} is not an address of this machine", self.0)
    }
}

impl std::error::Error for NotOurAddress {}

#[cfg(test)]
mod tests {
    use super::{SocketAddr, endpoint};

    fn end(own: Option<&str>, server: &str) -> SocketAddr {
        let own = own.map(|own| own.parse().expect("an address"));
        endpoint(own, server.parse().expect("an address and a port"))
    }

    #[test]
    fn the_own_address_counts_for_servers_of_its_family() {
        assert_eq!(end(Some("192.0.2.7"), "192.0.2.1:69").to_string(), "192.0.2.7:0");
        assert_eq!(end(Some("192.0.2.7"), "[2001:db8::1]:69").to_string(), "[::]:0");
        assert_eq!(end(Some("2001:db8::7"), "[2001:db8::1]:69").to_string(), "[2001:db8::7]:0");
        assert_eq!(end(Some("2001:db8::7"), "192.0.2.1:69").to_string(), "0.0.0.0:0");
    }

    #[test]
    fn without_one_the_system_chooses() {
        assert_eq!(end(None, "192.0.2.1:69").to_string(), "0.0.0.0:0");
        assert_eq!(end(None, "[2001:db8::1]:69").to_string(), "[::]:0");
    }
}
