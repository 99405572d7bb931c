//! Servers that are odd in a way that was seen in the field, by name.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::faults::{Faults, OptionPolicy};

/// An odd server.
#[derive(Clone, Copy, Debug)]
pub struct Odd {
    /// What it is called.
    pub name: &'static str,
    /// What is odd about it.
    pub what: &'static str,
    faults: fn() -> Faults,
}

impl Odd {
    /// All of them.
    ///
    /// # Source
    /// Issue threads of TFTP servers, and public phone logs (domain facts 1.5 and 1.7).
    pub const ALL: [Self; 18] = [
        Self::new("absent-0", "a missing file is ERROR 0", || missing(0)),
        Self::new("absent-2", "a missing file is ERROR 2", || missing(2)),
        Self::new("dead", "no answer to anything", || Faults { silent: true, ..hasty() }),
        Self::new("elsewhere", "answers come from 127.0.0.9", || Faults {
            elsewhere: Some(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9))),
            ..hasty()
        }),
        Self::new("error-3", "every request gets ERROR 3", || Faults {
            refuse: Some(3),
            ..hasty()
        }),
        Self::new("huge", "every file has a megabyte of zeros behind it", || Faults {
            padding: 1 << 20,
            ..hasty()
        }),
        Self::new("mute", "silent after three blocks", || Faults {
            close_after: Some(3),
            ..hasty()
        }),
        Self::new("oack-blank", "blksize \" 1428\" in the OACK", || Faults {
            blanks: 1,
            ..hasty()
        }),
        Self::new("oack-more", "a larger block than was asked for in the OACK", || Faults {
            blksize: Some(8192),
            ..hasty()
        }),
        Self::new("oack-unknown", "an option that nobody knows in the OACK", || {
            unasked("multicast", "")
        }),
        Self::new("oack-zeros", "four zero bytes behind the OACK", || Faults {
            zeros: 4,
            ..hasty()
        }),
        Self::new("options-error-0", "a request with options gets ERROR 0", || refusing(0)),
        Self::new("options-error-4", "a request with options gets ERROR 4", || refusing(4)),
        Self::new("options-error-8", "a request with options gets ERROR 8", || refusing(8)),
        Self::new("options-ignored", "no OACK, as if nothing was asked", || Faults {
            options: OptionPolicy::Ignore,
            ..hasty()
        }),
        Self::new("options-silent", "a request with options gets no answer", || Faults {
            options: OptionPolicy::Silent,
            ..hasty()
        }),
        Self::new("tsize-placeholder", "tsize is 1 for any file", || Faults {
            tsize: Some(1),
            unasked: vec![pair("tsize", "1")],
            ..hasty()
        }),
        Self::new("tsize-unasked", "tsize in the OACK, unasked", || unasked("tsize", "0")),
    ];

    const fn new(name: &'static str, what: &'static str, faults: fn() -> Faults) -> Self {
        Self { name, what, faults }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|odd| odd.name == name)
    }

    /// How a server behaves so.
    #[must_use]
    pub fn faults(self) -> Faults {
        (self.faults)()
    }
}

/// Servers of programs of their own repeat after a second or so.
fn hasty() -> Faults {
    Faults { patience: Duration::from_secs(1), ..Faults::default() }
}

fn missing(code: u16) -> Faults {
    Faults { missing_code: code, ..hasty() }
}

fn refusing(code: u16) -> Faults {
    Faults { options: OptionPolicy::Refuse(code), ..hasty() }
}

fn unasked(name: &str, value: &str) -> Faults {
    Faults { unasked: vec![pair(name, value)], ..hasty() }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}
