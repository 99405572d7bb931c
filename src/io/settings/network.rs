//! Networks, as an administrator writes them: an address and the length of its prefix.

use core::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network of IPv4 or IPv6.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    address: IpAddr,
    /// Bits of the address that all addresses of the network share.
    prefix: u8,
}

impl Network {
    /// A network of one or the other family.
    #[must_use]
    pub const fn new(address: IpAddr, prefix: u8) -> Self {
        Self { address, prefix }
    }

    /// Reads `ADDRESS/LENGTH`, or an address for itself alone.
    ///
    /// An address with bits beyond the prefix is none: which of the two was meant is not known.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = match prefix {
            Some(text) => text.parse::<u32>().ok().filter(|bits| digits(text) && *bits <= width)?,
            None => width,
        };
        let network = Self { address, prefix: u8::try_from(prefix).ok()? };
        (bits(address) & !network.mask() == 0).then(|| network.canonical())
    }

    /// As a network of IPv4, if it is one of its part of IPv6 (RFC 4291 §2.5.5.2): addresses are looked
    /// at in that form, and would be in none of that part.
    fn canonical(self) -> Self {
        match (self.address.to_canonical(), self.prefix.checked_sub(MAPPED)) {
            (address @ IpAddr::V4(_), Some(prefix)) if self.address.is_ipv6() => {
                Self { address, prefix }
            }
            _ => self,
        }
    }

    /// Whether an address is in the network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        // A socket for both families shows IPv4 as a part of IPv6.
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4()
            && bits(address) & self.mask() == bits(self.address)
    }

    /// Whether every address of its family is in it.
    #[must_use]
    pub const fn is_everything(&self) -> bool {
        self.prefix == 0
    }

    /// Whether only this machine is in it.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        // 127.0.0.0/8 and ::1: a shorter prefix would be another network.
        let least = if self.address.is_ipv4() { 8 } else { 128 };
        self.address.is_loopback() && u32::from(self.prefix) >= least
    }

    /// The bits of the prefix, aligned as [`bits`] does.
    fn mask(&self) -> u128 {
        let rest = u128::BITS - u32::from(self.prefix);
        u128::MAX.checked_shl(rest).unwrap_or_default()
    }
}

/// The bits of an address, from the first of the number on.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << (u128::BITS - Ipv4Addr::BITS),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// Bits before the address of IPv4 in its part of IPv6.
const MAPPED: u8 = 96;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_the_addresses_that_share_its_prefix() {
        for (network, inside, outside) in [
            ("127.0.0.0/8", "127.255.0.1", "128.0.0.1"),
            ("192.0.2.0/25", "192.0.2.127", "192.0.2.128"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::/0", "2001:db8::1", "192.0.2.7"),
            ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::"),
            ("::1", "::1", "::2"),
            ("192.0.2.0/24", "::ffff:192.0.2.9", "::ffff:192.0.3.9"),
            ("::ffff:192.0.2.0/120", "192.0.2.9", "192.0.3.9"),
            ("::ffff:192.0.2.7", "::ffff:192.0.2.7", "::c000:207"),
            ("::ffff:0.0.0.0/96", "192.0.2.9", "::1"),
        ] {
            let network = Network::parse(network).unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{network} {outside}");
            assert_eq!(Network::parse(&network.to_string()), Some(network));
        }
    }

    #[test]
    fn what_is_no_network_is_not_taken_for_another_one() {
        for text in [
            "",
            "/",
            "/8",
            "127.0.0.0/",
            "127.0.0.0/33",
            "127.0.0.0/+8",
            "127.0.0.0/-1",
            "::/129",
            "127.0.0.1/8",
            "2001:db8::1/64",
            "127.0.0/8",
            "localhost",
            "10.0.0.0/8/8",
            "127.0.0.0/ 8",
            "127.0.0.0/255.0.0.0",
            "fe80::%eth0/64",
            "10.0.0.0/256",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn everything_and_only_this_machine_are_recognized() {
        let network = |text| Network::parse(text).unwrap();
        assert!(network("0.0.0.0/0").is_everything() && network("::/0").is_everything());
        assert!(!network("0.0.0.0/1").is_everything());
        assert!(network("127.0.0.0/8").is_loopback() && network("::1").is_loopback());
        assert!(network("::ffff:0:0/96").is_everything());
        assert!(network("::ffff:127.0.0.0/104").is_loopback());
        assert!(!network("0.0.0.0/0").is_loopback() && !network("126.0.0.0/7").is_loopback());
    }
}
