//! What the configuration file says that the agent needs.
//!
//! Pure: octets in, facts out. Whether the file is believed was settled before.

mod scan;
#[cfg(test)]
mod tests;
mod unreadable;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use roxmltree::{Document, Node, ParsingOptions};

use crate::wire::address::{Host, NoAddress, ServerAddress};
pub use unreadable::{MAX_OCTETS, Place, Unreadable};

/// The facts of a configuration.
///
/// # Source
/// Domain facts 1.3, 4.2, 5.8 and 6.3; the layout is that of call managers. The capfList is not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// Members of the Trust Verification Service, in the order in which they are asked.
    pub tvs: Vec<Member>,
    /// Members that were skipped.
    pub warnings: Vec<Skipped>,
    /// Whether this is the whole configuration, or only says where that is.
    pub full: Option<bool>,
    /// Whether the whole configuration is encrypted.
    pub encrypted: Option<bool>,
    /// The phone certificate that it is encrypted for, by its hash as it is written.
    pub cert_hash: Option<Box<str>>,
    /// The number of the security mode: 1 none, 2 authenticated, 3 encrypted.
    pub security_mode: Option<u8>,
    /// The URLs that are not empty, by the name of their element, such as `directoryURL`.
    pub urls: BTreeMap<&'static str, Box<str>>,
}

/// A member of the Trust Verification Service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Member {
    /// Where it listens.
    pub address: ServerAddress,
    /// Lower is asked first.
    pub priority: u8,
}

impl Configuration {
    /// Reads a configuration.
    ///
    /// A faulty TVS member is skipped with a warning; of other facts, one that cannot be read is
    /// the same as one that is not there.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn parse(octets: &[u8]) -> Result<Self, Unreadable> {
        let text = scan::text(octets)?;
        let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text, options)?;
        let root = document.root_element();
        let (tvs, warnings) = members(root);
        let found = |name| text_of(child(root, name)?);
        Ok(Self {
            tvs,
            warnings,
            full: found("fullConfig").and_then(|text| truth(&text)),
            encrypted: found("encrConfig").and_then(|text| truth(&text)),
            cert_hash: found("certHash"),
            security_mode: found("deviceSecurityMode").and_then(|text| text.parse().ok()),
            urls: URLS.iter().filter_map(|name| Some((*name, found(name)?))).collect(),
        })
    }
}

/// The members wherever a `TVS` element stands, in the order of their priority.
fn members(root: Node<'_, '_>) -> (Vec<Member>, Vec<Skipped>) {
    let (mut members, mut skipped) = (Vec::new(), Vec::new());
    let written = root
        .descendants()
        .filter(|node| is(*node, "member"))
        .filter(|node| node.ancestors().any(|above| is(above, "TVS")));
    for (place, node) in written.enumerate() {
        match member(node) {
            Ok(member) => members.push(member),
            Err(fault) => skipped.push(Skipped { place, fault }),
        }
    }
    members.sort_by_key(|member| member.priority);
    if members.len() > MAX_MEMBERS {
        let fault = Fault::TooMany { found: members.len() };
        skipped.push(Skipped { place: MAX_MEMBERS, fault });
        members.truncate(MAX_MEMBERS);
    }
    (members, skipped)
}

fn member(node: Node<'_, '_>) -> Result<Member, Fault> {
    let priority = node.attribute("priority").and_then(|text| text.trim().parse().ok());
    let priority = priority.filter(|number| *number <= LAST_PRIORITY).ok_or(Fault::Priority)?;
    let port = match child(node, "port").and_then(text_of) {
        None => TVS_PORT,
        Some(text) => {
            text.parse().ok().filter(|port| *port != 0).ok_or(Fault::Port { found: text })?
        }
    };
    let text = child(node, "address").and_then(text_of).ok_or(Fault::NoAddress)?;
    let host = Host::parse(&text).map_err(|why| Fault::Address { found: text, why })?;
    Ok(Member { address: ServerAddress { host, port }, priority })
}

fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| is(*child, name))
}

/// The text of an element without the space around it, if there is any.
fn text_of(node: Node<'_, '_>) -> Option<Box<str>> {
    let text: String = node.children().filter_map(|child| child.text()).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| Box::from(text))
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A member that was skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its place among the members, from 0.
    pub place: usize,
    /// Why.
    pub fault: Fault,
}

/// What is wrong with a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Neither an IP address nor a host name.
    Address {
        /// What it is.
        found: Box<str>,
        /// Why it is none.
        why: NoAddress,
    },
    /// No address.
    NoAddress,
    /// Not a port number.
    Port {
        /// What it is.
        found: Box<str>,
    },
    /// No priority from 0 to 4.
    Priority,
    /// More members than are asked.
    TooMany {
        /// How many there are.
        found: usize,
    },
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TVS member {}, skipped: {}", self.place, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { found, why } => write!(f, "{found:?}: {why}"),
            Self::NoAddress => write!(f, "no address"),
            Self::Port { found } => write!(f, "expected a port, found {found:?}"),
            Self::Priority => write!(f, "no priority from 0 to {LAST_PRIORITY}"),
            Self::TooMany { found } => write!(f, "at most {MAX_MEMBERS} members, found {found}"),
        }
    }
}

/// The URLs of services that phones ask the agent to open (domain facts 6.3).
const URLS: [&str; 13] = [
    "authenticationURL",
    "directoryURL",
    "idleURL",
    "informationURL",
    "messagesURL",
    "proxyServerURL",
    "secureAuthenticationURL",
    "secureDirectoryURL",
    "secureIdleURL",
    "secureInformationURL",
    "secureMessagesURL",
    "secureServicesURL",
    "servicesURL",
];

/// Inferred: configurations seen have some hundreds of nodes; this bounds memory.
const MAX_NODES: u32 = 32_768;

/// Members that are asked (reference tools; domain facts 5.8).
const MAX_MEMBERS: usize = 5;

/// Priorities count from 0 (reference tools; domain facts 5.8).
const LAST_PRIORITY: u8 = 4;

/// The service's port where none is given (technote: "port:2445 (default)").
pub const TVS_PORT: u16 = 2445;
