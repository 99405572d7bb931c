//! The address of a server, as an administrator writes it.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};

/// A host and a port.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ServerAddress {
    /// Where the server is: by address, or by a name that is not resolved yet.
    pub host: Host,
    /// The port, never 0.
    pub port: u16,
}

/// A host, not yet resolved.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Host {
    /// An IPv4 or IPv6 address, without a zone.
    Ip(IpAddr),
    /// A host name, kept as it was written.
    Name(String),
}

/// Why a text is not the address of a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoAddress {
    /// Neither an IP address nor a host name.
    Host,
    /// Not a port number from 1 to 65535.
    Port,
    /// An IPv6 address with a zone, such as `fe80::1%eth0`.
    Zone,
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "neither an IP address nor a host name",
            Self::Port => "not a port number from 1 to 65535",
            Self::Zone => "an IPv6 address with a zone is not supported, use one without",
        })
    }
}

impl ServerAddress {
    /// Reads `host` or `host:port`; an IPv6 address with a port is in brackets.
    ///
    /// Does not ask whether a name resolves.
    ///
    /// # Errors
    /// [`NoAddress`].
    pub fn parse(text: &str, default_port: u16) -> Result<Self, NoAddress> {
        let port = match text.rsplit_once(':') {
            // Where the host has a colon as well, it is an IPv6 address, in brackets or alone.
            Some((host, port)) if host.ends_with(']') || !host.contains(':') => Some((host, port)),
            _ => None,
        };
        Ok(match port {
            Some((host, port)) => Self { host: Host::parse(host)?, port: parse_port(port)? },
            None => Self { host: Host::parse(text)?, port: default_port },
        })
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            // RFC 3986 §3.2.2: without brackets the port would read as one more group.
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]:{}", self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}

impl Host {
    /// An IP address, or a name of RFC 1123; a name of digits and dots only is a mistyped address.
    ///
    /// The one rule for hosts, wherever they are written. An IPv6 address may be in brackets. One
    /// with a zone is refused: only its author knows which interface it means.
    ///
    /// # Errors
    /// [`NoAddress`], all but [`NoAddress::Port`].
    pub fn parse(text: &str) -> Result<Self, NoAddress> {
        if let Ok(ip) = text.parse() {
            return Ok(Self::Ip(ip));
        }
        // Brackets are for IPv6 alone, where they keep the port apart.
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some(Ok(ip)) = bare.map(str::parse::<Ipv6Addr>) {
            return Ok(Self::Ip(ip.into()));
        }
        // A zone gets a reason of its own: "not a host name" would not say what to change.
        let without_zone = bare.unwrap_or(text).split_once('%').map(|(ip, _)| ip);
        if without_zone.is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok()) {
            return Err(NoAddress::Zone);
        }
        // The dot at the end of a complete name counts neither as a label nor for the length.
        let name = text.strip_suffix('.').unwrap_or(text);
        // Nothing but digits and dots that is no address is a typo, which no server shall look up.
        let numeric = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if name.len() > MAX_NAME || numeric || !name.split('.').all(is_label) {
            return Err(NoAddress::Host);
        }
        Ok(Self::Name(text.to_owned()))
    }

    /// Whether no server can have the address: it is unspecified, multicast or broadcast.
    #[must_use]
    pub fn is_not_unicast(&self) -> bool {
        let Self::Ip(ip) = self else { return false };
        let broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
        ip.is_unspecified() || ip.is_multicast() || broadcast
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

/// RFC 1123 has no underscores, but many a local name has.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Digits only: `parse` alone would take a sign.
fn parse_port(text: &str) -> Result<u16, NoAddress> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&port| digits && port != 0).ok_or(NoAddress::Port)
}

/// Bytes of a host name, RFC 1123.
const MAX_NAME: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    fn shown(text: &str) -> Option<String> {
        ServerAddress::parse(text, 69).ok().map(|address| address.to_string())
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
    fn a_host_is_the_same_with_brackets_and_has_no_zone() {
        assert_eq!(Host::parse("[2001:db8::7]"), Host::parse("2001:db8::7"));
        for text in ["fe80::1%eth0", "[fe80::1%2]"] {
            assert_eq!(Host::parse(text), Err(NoAddress::Zone), "{text}");
            assert_eq!(ServerAddress::parse(text, 69), Err(NoAddress::Zone), "{text}");
        }
        assert_eq!(Host::parse("a%b"), Err(NoAddress::Host));
        assert_eq!(ServerAddress::parse("a:b", 69), Err(NoAddress::Port));
    }

    #[test]
    fn a_name_has_253_bytes_at_most() {
        let name = |last: usize| {
            format!("{}.{}", ["a".repeat(63).as_str(); 3].join("."), "b".repeat(last))
        };
        assert_eq!(name(61).len(), 253);
        assert!(Host::parse(&name(61)).is_ok());
        assert_eq!(Host::parse(&name(62)), Err(NoAddress::Host));
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
            "cucm-",
            "[192.0.2.1]",
            "fe80::1%eth0",
            "[fe80::1%eth0]:69",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
