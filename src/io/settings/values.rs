//! Single values: numbers in a range, paths, addresses, hashes.

use core::ops::RangeInclusive;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;

use super::faults::Faults;
use super::raw::Given;
use super::{ServerAddress, TFTP_PORT, Wrong};
use crate::wire::dhcp::MAX_SERVERS;
use crate::wire::syslog::LogServer;

impl Faults {
    pub(super) fn at<T>(&mut self, given: &Spanned<T>, key: &str, wrong: Wrong) {
        self.add(given.span().start, key, wrong);
    }

    /// What `parse` makes of a text; else the fault `bad`.
    pub(super) fn text<T>(
        &mut self,
        key: &str,
        given: &Spanned<String>,
        parse: impl FnOnce(&str) -> Option<T>,
        bad: impl FnOnce(String) -> Wrong,
    ) -> Option<T> {
        let value = parse(given.get_ref());
        if value.is_none() {
            self.at(given, key, bad(given.get_ref().clone()));
        }
        value
    }

    pub(super) fn path(&mut self, key: &str, given: &Spanned<String>) -> Option<PathBuf> {
        // A relative path would depend on where the agent was started.
        let parse = |text: &str| Some(PathBuf::from(text)).filter(|path| path.is_absolute());
        self.text(key, given, parse, |found| Wrong::RelativePath { found })
    }

    pub(super) fn number<T: TryFrom<u64>>(
        &mut self,
        key: &str,
        given: &Given<u64>,
        range: RangeInclusive<u64>,
    ) -> Option<T> {
        let given = given.as_ref()?;
        let found = *given.get_ref();
        let value = Some(found).filter(|found| range.contains(found));
        // A range that exceeds the type is a fault as well, and not a panic.
        let value = value.and_then(|value| T::try_from(value).ok());
        if value.is_none() {
            self.at(given, key, Wrong::OutOfRange { found, range });
        }
        value
    }

    /// A number of seconds, else the default.
    pub(super) fn seconds(
        &mut self,
        key: &str,
        given: &Given<u64>,
        range: RangeInclusive<u64>,
        default: Duration,
    ) -> Duration {
        self.number(key, given, range).map_or(default, Duration::from_secs)
    }

    /// The longest wait for one step of a connection, in milliseconds, else the default.
    pub(super) fn wait(&mut self, key: &str, given: &Given<u64>, default: Duration) -> Duration {
        self.number(key, given, 100..=60_000).map_or(default, Duration::from_millis)
    }

    pub(super) fn servers(&mut self, given: &Spanned<Vec<Spanned<String>>>) -> Vec<ServerAddress> {
        let servers = given.get_ref();
        if servers.len() > MAX_SERVERS {
            let wrong = Wrong::TooMany { found: servers.len(), limit: MAX_SERVERS };
            self.at(given, "tftp.servers", wrong);
        }
        let parse = |text| self.address("tftp.servers", text, TFTP_PORT);
        servers.iter().filter_map(parse).collect()
    }

    /// The address of a server, by the rule that all addresses go by.
    pub(super) fn address(
        &mut self,
        key: &str,
        given: &Spanned<String>,
        default_port: u16,
    ) -> Option<ServerAddress> {
        let found = given.get_ref();
        match ServerAddress::parse(found, default_port) {
            Ok(address) => Some(address),
            Err(why) => {
                self.at(given, key, Wrong::BadAddress { found: found.clone(), why });
                None
            }
        }
    }
}

impl Faults {
    /// A log server; nothing if the text is empty, which is how the sample writes that there is none.
    pub(super) fn log_server(&mut self, key: &str, given: &Spanned<String>) -> Option<LogServer> {
        let found = given.get_ref();
        if found.is_empty() {
            return None;
        }
        let read = LogServer::parse(found);
        read.map_err(|why| self.at(given, key, Wrong::BadLogServer { found: found.clone(), why }))
            .ok()
    }
}

/// A SHA-256 in hexadecimal digits, also with the colons that `openssl x509 -fingerprint` puts
/// between bytes.
#[must_use]
pub fn parse_pin(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<char> = text.chars().filter(|&c| c != ':').collect();
    let colons = text.len() - digits.len();
    // 31 colons, one between every two bytes; their places are not looked at.
    if digits.len() != 64 || !matches!(colons, 0 | 31) {
        return None;
    }
    let mut pin = [0; 32];
    for (byte, pair) in pin.iter_mut().zip(digits.chunks(2)) {
        for digit in pair {
            *byte = *byte << 4 | u8::try_from(digit.to_digit(16)?).ok()?;
        }
    }
    Some(pin)
}

/// An address that a socket can be bound to.
pub(super) fn parse_own_address(text: &str) -> Option<IpAddr> {
    let usable = |ip: &IpAddr| !ip.is_unspecified() && !ip.is_multicast();
    text.parse().ok().filter(usable)
}

/// Three octal digits, as `chmod` takes them.
pub(super) fn parse_mode(text: &str) -> Option<u32> {
    u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777 && !text.is_empty())
}
