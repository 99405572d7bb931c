//! In which order the addresses of a name are tried.

use std::net::{IpAddr, SocketAddr, UdpSocket};

/// Sorts addresses: those that there is a way to first, then by precedence; else as they came.
///
/// # Source
/// RFC 6724 §6: rule 1 (avoid unusable destinations), 5 (prefer matching label), 6 (prefer higher
/// precedence), 10 (leave the order unchanged).
pub(super) fn reachable_first(mut ips: Vec<IpAddr>, most: usize) -> Vec<IpAddr> {
    if ips.len() > 1 {
        ips.sort_by_cached_key(|ip| rank(*ip, source(*ip)));
    }
    ips.truncate(most);
    ips
}

/// The smaller, the better; `from` is what the system would send from, if it knows a way.
fn rank(ip: IpAddr, from: Option<IpAddr>) -> (bool, bool, u8) {
    let (precedence, label) = policy(ip);
    let is_other_kind = from.is_some_and(|from| policy(from).1 != label);
    (from.is_none(), is_other_kind, u8::MAX - precedence)
}

/// The address that the system would send from: connecting a UDP socket sends nothing.
fn source(ip: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match ip {
        IpAddr::V4(_) => [0; 4].into(),
        IpAddr::V6(_) => [0_u16; 8].into(),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
    socket.connect(SocketAddr::new(ip, DISCARD)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

/// Precedence and label: the rows of the table in RFC 6724 §2.1 that a phone can meet.
fn policy(ip: IpAddr) -> (u8, u8) {
    match ip {
        IpAddr::V4(_) => (35, 4),
        IpAddr::V6(ip) if ip.is_loopback() => (50, 0),
        IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some() => (35, 4),
        IpAddr::V6(ip) if ip.is_unique_local() => (3, 13),
        IpAddr::V6(_) => (40, 1),
    }
}

/// Any port will do (RFC 863).
const DISCARD: u16 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn what_there_is_no_way_to_comes_last_and_what_fits_the_source_first() {
        let (four, six, own) = (ip("192.0.2.1"), ip("2001:db8::1"), ip("fd00::1"));
        let rank = |ip, from| rank(ip, Some(from));
        assert!(rank(six, six) < rank(four, four));
        assert!(rank(four, four) < super::rank(six, None));
        assert!(rank(four, four) < rank(six, own));
        assert!(source(ip("127.0.0.1")).is_some());
    }

    #[test]
    fn equals_stay_as_they_came_and_the_rest_is_left_out() {
        let all: Vec<_> = (1..=6).map(|last| ip(&format!("127.0.0.{last}"))).collect();
        assert_eq!(reachable_first(all.clone(), 4), all[..4]);
    }

    #[test]
    fn precedence_is_that_of_the_standard() {
        assert!(policy(ip("::1")) > policy(ip("2001:db8::1")));
        assert!(policy(ip("2001:db8::1")) > policy(ip("192.0.2.1")));
        assert!(policy(ip("192.0.2.1")) > policy(ip("fd00::1")));
    }
}
