//! What is odd about a configuration that can be read.

use alloc::boxed::Box;
use core::fmt;

use crate::wire::address::NoAddress;
use crate::wire::configuration::shown::{TextPosition, shortened};

/// Something that was passed over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ConfigurationWarning {
    /// A number of an authentication mode that is not known: nothing is asked of CAPF.
    CapfMode {
        /// The text of the element.
        found: Box<str>,
    },
    /// A CAPF server without a usable address: it is skipped.
    CapfServer {
        /// Its position among the servers, from 0.
        position: usize,
        /// What is wrong with it.
        fault: MemberFault,
    },
    /// A log server that has no address: it gets no lines.
    LogServer {
        /// The text in the place of its address.
        found: Box<str>,
        /// Why it is no address.
        why: NoAddress,
    },
    /// A member of the Trust Verification Service.
    Member {
        /// Its position among the members, from 0.
        position: usize,
        /// What is wrong with it.
        fault: MemberFault,
    },
    /// An element right below the root whose name differs from one that counts in case only: to XML
    /// it is another one.
    OtherCase {
        /// The name of the one that counts.
        element: &'static str,
        /// Where the one that was skipped begins.
        place: TextPosition,
    },
    /// A second element where one counts: the first does.
    Repeated {
        /// Its name, without its prefix.
        element: &'static str,
        /// Where the second one begins.
        place: TextPosition,
    },
    /// A number for the access to settings that is not known: it counts as absent.
    SettingsAccess {
        /// The text of the element.
        found: Box<str>,
    },
    /// More members than are asked: the last are not.
    TooMany {
        /// How many there are.
        found: usize,
    },
    /// A number for the access to the web page that is not known: it counts as absent.
    WebAccess {
        /// The text of the element.
        found: Box<str>,
    },
}

/// What is wrong with a member, or with a CAPF server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MemberFault {
    /// Its address is not one: it is skipped.
    Address {
        /// The address as it is written.
        found: Box<str>,
        /// Why it is not an address.
        why: NoAddress,
    },
    /// It has no address: it is skipped.
    NoAddress,
    /// Its port is not a number from 1 to 65535: it is skipped.
    Port {
        /// The port as it is written.
        found: Box<str>,
    },
    /// It has no priority that can be read: it is asked after the others.
    Priority,
}

impl fmt::Display for ConfigurationWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CapfMode { found } => {
                let found = shortened(found);
                write!(
                    f,
                    "capfAuthMode: expected 0 to 4, found {found}: treated as 0, nothing to do"
                )
            }
            Self::CapfServer { position, fault } => {
                write!(f, "CAPF server {position} skipped: {fault}")
            }
            Self::LogServer { found, why } => {
                write!(f, "log server {}, not used: {why}", shortened(found))
            }
            Self::Member { position, fault: MemberFault::Priority } => {
                write!(f, "TVS member {position} has no priority, asked last")
            }
            Self::Member { position, fault } => {
                write!(f, "TVS member {position} skipped: {fault}")
            }
            Self::OtherCase { element, place } => {
                write!(f, "{place}: skipped, the name of the element is {element}, in this case")
            }
            Self::SettingsAccess { found } => {
                let found = shortened(found);
                write!(
                    f,
                    "settingsAccess: expected 0, 1 or 2, found {found}: treated as 1, enabled"
                )
            }
            Self::Repeated { element, place } => {
                write!(f, "{place}: {element} is repeated, the first one counts")
            }
            Self::TooMany { found } => {
                write!(f, "{found} TVS members, only the first {MAX_MEMBERS} are asked")
            }
            Self::WebAccess { found } => {
                let found = shortened(found);
                write!(f, "webAccess: expected 0 or 1, found {found}: treated as 0, enabled")
            }
        }
    }
}

impl fmt::Display for MemberFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { found, why } => write!(f, "{}: {why}", shortened(found)),
            Self::NoAddress => f.write_str("no address"),
            Self::Port { found } => write!(f, "expected a port number, found {}", shortened(found)),
            Self::Priority => f.write_str("no priority"),
        }
    }
}

/// Members that are asked (reference tools; domain facts 5.8).
pub(super) const MAX_MEMBERS: usize = 5;
