//! The address of a server, as an administrator writes it.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};

/// A host and a port.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ServerAddress {
    /// The host.
    pub host: Host,
    /// The port, never 0.
    pub port: u16,
}

/// A host, not yet resolved.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Host {
    /// By address.
    Ip(IpAddr),
    /// By name.
    Name(String),
}

impl ServerAddress {
    /// Reads `host` or `host:port`; an IPv6 address with a port stands in brackets.
    ///
    /// `None` if it is neither. Whether a name resolves is not asked here.
    pub fn parse(text: &str, default_port: u16) -> Option<Self> {
        if let Ok(ip) = text.parse() {
            return Some(Self { host: Host::Ip(ip), port: default_port });
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (ip, port) = rest.split_once(']')?;
                (Host::Ip(ip.parse::<Ipv6Addr>().ok()?.into()), port.strip_prefix(':'))
            }
            None => match text.split_once(':') {
                Some((host, port)) => (Host::parse(host)?, Some(port)),
                None => (Host::parse(text)?, None),
            },
        };
        let port = match port {
            Some(port) => parse_port(port)?,
            None if text.starts_with('[') && !text.ends_with(']') => return None,
            None => default_port,
        };
        Some(Self { host, port })
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]:{}", self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}

impl Host {
    /// An IPv4 address or a name of RFC 1123; a name of digits and dots only is a mistyped
    /// address.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(ip) = text.parse() {
            return Some(Self::Ip(ip));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let numeric = name.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.');
        let fits = name.len() <= MAX_NAME && !numeric && name.split('.').all(is_label);
        fits.then(|| Self::Name(text.to_owned()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// Underscores are no part of RFC 1123, but of many a local name.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Digits only: `parse` alone would take a sign.
fn parse_port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    text.parse().ok().filter(|&port| digits && port != 0)
}

/// Octets of a host name, RFC 1123.
const MAX_NAME: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn shown(text: &str) -> Option<String> {
        ServerAddress::parse(text, 69).map(|address| address.to_string())
    }

    #[test]
    fn a_server_is_an_address_or_a_name_with_or_without_a_port() {
        for (text, expected) in [
            ("192.0.2.1", "192.0.2.1:69"),
            ("192.0.2.1:6969", "192.0.2.1:6969"),
            ("2001:db8::1", "[2001:db8::1]:69"),
            ("[::1]", "[::1]:69"),
            ("[::1]:6969", "[::1]:6969"),
            ("host.example", "host.example:69"),
            ("cucm-1:70", "cucm-1:70"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected));
        }
    }

    #[test]
    fn anything_else_is_no_server() {
        for text in [
            "",
            ":69",
            "192.0.2.1:",
            "192.0.2.1:0",
            "192.0.2.1:65536",
            "192.0.2.1:+6",
            "192.0.2.256",
            "[::1",
            "[::1]x",
            "[::1]:",
            "[192.0.2.1]:69",
            "a b",
            "-a",
            "a..b",
            "host/path",
            "a:b:c",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
