//! What a system says of names: `/etc/hosts` and `/etc/resolv.conf`, from their text.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::name::DomainName;

/// A name server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NameServer {
    /// Its address.
    pub ip: IpAddr,
    /// The interface that leads there, for an address of a link.
    pub zone: Option<String>,
    /// Its port.
    pub port: u16,
}

/// Who is asked, for what, and how long.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResolverSettings {
    /// The servers in the order in which they are asked.
    pub servers: Vec<NameServer>,
    /// Seconds until the next one is asked.
    pub timeout: u64,
    /// How often each is asked.
    pub attempts: usize,
    /// Dots from which on a name is asked for as it is before anything is added to it.
    ndots: usize,
    /// What may be added to a name.
    search: Vec<String>,
}

impl ResolverSettings {
    /// Reads `resolv.conf`. What it does not say, or says in a way that nobody knows, is as it is
    /// without it; nothing in it is a fault.
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
                Some("domain" | "search") => {
                    settings.search = words.take(MAX_SEARCH).map(ToOwned::to_owned).collect();
                }
                Some("options") => words.for_each(|word| settings.option(word)),
                _ => {}
            }
        }
        settings.servers.truncate(MAX_SERVERS);
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

/// The addresses that `hosts` has for a name, in its order (Linux hosts(5)).
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

/// What a name means that no server may be asked about: this host, or none at all.
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

/// RFC 1035 §4.2.
const PORT: u16 = 53;

/// Linux resolv.conf(5): further servers, and further domains, are not looked at.
const MAX_SERVERS: usize = 3;
const MAX_SEARCH: usize = 6;

/// Linux resolv.conf(5) has 5 s. Inferred: a name server on the phone's own network answers in
/// milliseconds, and a late answer counts all the same while others are asked.
const TIMEOUT: u64 = 1;

/// Linux resolv.conf(5): the defaults, and what larger values come to. Larger timeouts than 5 s
/// are longer than a look-up may take.
const ATTEMPTS: usize = 2;
const NDOTS: usize = 1;
const MAX_ATTEMPTS: usize = 5;
const MAX_NDOTS: usize = 15;
const MAX_TIMEOUT: usize = 5;

/// Addresses that are taken from the file of hosts; inferred, more than are ever tried.
const MAX_LISTED: usize = 16;
