//! A system's settings for names, from the text of `/etc/hosts` and `/etc/resolv.conf`.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::name::DomainName;

/// A name server, as `resolv.conf` names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NameServer {
    /// Its address; a name would need another server first.
    pub ip: IpAddr,
    /// The interface that leads there, for an address of a link.
    pub zone: Option<String>,
    /// The port that it listens on, 53 unless the file has another.
    pub port: u16,
}

/// Which servers are asked, for which names, and for how long.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResolverSettings {
    /// The servers in the order in which they are asked.
    pub servers: Vec<NameServer>,
    /// Seconds until the next one is asked.
    pub timeout: u64,
    /// How often each is asked.
    pub attempts: usize,
    /// A name with this many dots is first asked for as it is, without an ending.
    ndots: usize,
    /// Endings that may be added to a name, in their order.
    search: Vec<String>,
}

impl ResolverSettings {
    /// Reads `resolv.conf`. What is missing or unknown keeps its default; nothing in it is a fault.
    ///
    /// # Source
    /// Linux resolv.conf(5): `nameserver`, `domain`, `search`, and of `options` `ndots`, `timeout`
    /// and `attempts`. OpenBSD resolv.conf(5): `nameserver [address]:port`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut settings = Self {
            servers: Vec::new(),
            timeout: TIMEOUT,
            attempts: ATTEMPTS,
            ndots: NDOTS,
            search: Vec::new(),
        };
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => settings.servers.extend(words.next().and_then(server)),
                // Whichever comes last counts, as in resolv.conf(5).
                Some("domain" | "search") => {
                    settings.search = words.take(MAX_SEARCH).map(ToOwned::to_owned).collect();
                }
                Some("options") => words.for_each(|word| settings.option(word)),
                _ => {}
            }
        }
        settings.servers.truncate(MAX_SERVERS);
        // As resolv.conf(5) has it: without an entry the resolver on this host is asked.
        if settings.servers.is_empty() {
            let ip = Ipv4Addr::LOCALHOST.into();
            settings.servers.push(NameServer { ip, zone: None, port: PORT });
        }
        settings
    }

    fn option(&mut self, word: &str) {
        let Some((name, value)) = word.split_once(':') else { return };
        let Ok(number) = value.parse::<usize>() else { return };
        match name {
            "ndots" => self.ndots = number.min(MAX_NDOTS),
            "timeout" => self.timeout = u64::try_from(number.clamp(1, MAX_TIMEOUT)).unwrap_or(1),
            "attempts" => self.attempts = number.clamp(1, MAX_ATTEMPTS),
            _ => {}
        }
    }

    /// What a name may mean, in the order in which it is asked for: with enough dots first as it
    /// is, else first with what may be added. With a dot at its end it is complete.
    #[must_use]
    pub fn candidates(&self, name: &str) -> Vec<DomainName> {
        if name.ends_with('.') {
            return DomainName::parse(name).into_iter().collect();
        }
        let mut texts: Vec<_> = self.search.iter().map(|end| format!("{name}.{end}")).collect();
        // Fewer dots than `ndots`: rather a short name of the local domain than a complete one.
        let dots = name.bytes().filter(|byte| *byte == b'.').count();
        let place = if dots >= self.ndots { 0 } else { texts.len() };
        texts.insert(place, name.to_owned());
        texts.iter().filter_map(|text| DomainName::parse(text)).collect()
    }
}

fn server(text: &str) -> Option<NameServer> {
    let (text, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once("]:")) {
        Some((ip, port)) => (ip, port.parse().ok().filter(|port| *port != 0)?),
        None => (text, PORT),
    };
    let (ip, zone) = match text.split_once('%') {
        Some((ip, zone)) => (ip, Some(zone.to_owned())),
        None => (text, None),
    };
    Some(NameServer { ip: ip.parse().ok()?, zone, port })
}

/// The addresses of a name in the text of a hosts file, in its order (Linux hosts(5)).
#[must_use]
pub fn listed(hosts: &str, name: &str) -> Vec<IpAddr> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let mut found = Vec::new();
    for line in hosts.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(Ok(ip)) = words.next().map(str::parse) else { continue };
        if found.len() < MAX_LISTED && words.any(|word| word.eq_ignore_ascii_case(name)) {
            found.push(ip);
        }
    }
    found
}

/// The addresses of a name that no server may be asked about: those of this host, or none.
///
/// # Source
/// RFC 6761 §6.3 (`localhost`), §6.4 (`invalid`).
#[must_use]
pub fn reserved(name: &str) -> Option<Vec<IpAddr>> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let top = name.rsplit('.').next().unwrap_or_default();
    if top.eq_ignore_ascii_case("localhost") {
        return Some(vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()]);
    }
    top.eq_ignore_ascii_case("invalid").then(Vec::new)
}

/// The port of name servers (RFC 1035 §4.2).
const PORT: u16 = 53;

/// Linux resolv.conf(5): further servers, and further domains, are not looked at.
const MAX_SERVERS: usize = 3;
const MAX_SEARCH: usize = 6;

/// Linux resolv.conf(5) has 5 s. Inferred: a name server on the phone's own network answers in
/// milliseconds, and a late answer counts all the same while others are asked.
const TIMEOUT: u64 = 1;

/// Linux resolv.conf(5): the defaults, and the caps of larger values. A timeout of more than 5 s is
/// longer than a look-up may take.
const ATTEMPTS: usize = 2;
const NDOTS: usize = 1;
const MAX_ATTEMPTS: usize = 5;
const MAX_NDOTS: usize = 15;
const MAX_TIMEOUT: usize = 5;

/// Addresses that are taken from the file of hosts; inferred, more than are ever tried.
const MAX_LISTED: usize = 16;
