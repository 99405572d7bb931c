//! What can be wrong with a configuration file.

use core::fmt;
use core::ops::RangeInclusive;
use std::path::PathBuf;

use super::SettingPlace;
use crate::io::console::escape;
use crate::io::files::UnreadableFile;
use crate::io::meant::did_you_mean;
use crate::wire::address::NoAddress;
use crate::wire::name::{MAX_DEVICE, MAX_MODEL};
use crate::wire::syslog::NoLogServer;

/// Why there is no configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SettingsFailure {
    /// The file was read and has faults: all of them, in its order.
    Invalid(Vec<SettingFault>),
    /// The file cannot be read.
    Unreadable {
        /// The file, as the caller named it.
        path: PathBuf,
        /// Why there is nothing to parse.
        reason: UnreadableFile,
    },
}

impl SettingsFailure {
    /// A fault of the file itself: nothing in it was read.
    pub(super) fn from_file(file: &str, wrong: Wrong) -> Self {
        let place = SettingPlace { file: file.to_owned(), line: 1, column: 1, key: String::new() };
        Self::Invalid(vec![SettingFault { place, wrong }])
    }
}

/// Shows the first fault, and how many more there are.
impl fmt::Display for SettingsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(faults) => {
                if let Some(first) = faults.first() {
                    first.fmt(f)?;
                }
                match faults.len().saturating_sub(1) {
                    0 => Ok(()),
                    more => write!(f, " (and {more} more)"),
                }
            }
            Self::Unreadable { path, reason } => write!(f, "{}: {reason}", path.display()),
        }
    }
}

impl core::error::Error for SettingsFailure {}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SettingFault {
    /// The value that is wrong, or what lacks one.
    pub place: SettingPlace,
    /// What is wrong, and what is allowed instead.
    pub wrong: Wrong,
}

impl fmt::Display for SettingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.place, self.wrong)
    }
}

/// What is wrong with a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wrong {
    /// It is of no use without another key.
    Alone {
        /// The other key, which is not in the file.
        without: &'static str,
    },
    /// It is not the address of a server.
    BadAddress {
        /// The value in the file.
        found: String,
        /// Which part of it is wrong.
        why: NoAddress,
    },
    /// It is not a device name.
    BadDeviceName {
        /// The value in the file.
        found: String,
    },
    /// It is not an address and port to listen at.
    BadListen {
        /// The value in the file.
        found: String,
    },
    /// It is not a log server.
    BadLogServer {
        /// The value in the file.
        found: String,
        /// Which part of it is wrong.
        why: NoLogServer,
    },
    /// It is not a model.
    BadModel {
        /// The value in the file.
        found: String,
    },
    /// It is not a file mode.
    BadMode {
        /// The value in the file.
        found: String,
    },
    /// It is no user that the agent could become.
    BadUser {
        /// The value in the file.
        found: String,
    },
    /// It is not a network.
    BadNetwork {
        /// The value in the file.
        found: String,
    },
    /// It is not an address that requests can come from.
    BadOwnAddress {
        /// The value in the file.
        found: String,
    },
    /// It is not a SHA-256 hash.
    BadPin {
        /// The value in the file.
        found: String,
    },
    /// It names neither a user nor a group.
    BadPrincipal {
        /// The value in the file.
        found: String,
    },
    /// It has no default, and is not in the file.
    Missing,
    /// A key before the first section.
    NotInSection,
    /// The file is not text in UTF-8.
    NotText {
        /// The first byte, from 0, that is not part of a character.
        offset: usize,
    },
    /// It is no order of the ways to files.
    BadWays {
        /// The entry that is wrong, or what the list comes to.
        found: String,
    },
    /// It is not within its range.
    OutOfRange {
        /// The value in the file.
        found: u64,
        /// The values that are allowed, both ends included.
        range: RangeInclusive<u64>,
    },
    /// It is not a path from the root.
    RelativePath {
        /// The value in the file.
        found: String,
    },
    /// One folder is the other, or lies inside it.
    Same {
        /// The key of the other folder.
        other: &'static str,
    },
    /// It is not TOML, or a value is of the wrong type.
    Toml {
        /// What was found and what was expected, or the message of the TOML reader.
        message: String,
    },
    /// The file is longer than what is read of it.
    TooLong {
        /// The bytes that would have been read.
        limit: u64,
    },
    /// A first use by pin, without a pin.
    NoPins,
    /// There are more entries than allowed.
    TooMany {
        /// How many there are.
        found: usize,
        /// The most that are allowed.
        limit: usize,
    },
    /// The file is written in another format than this version reads.
    UnknownFormat {
        /// The number in the file.
        found: u64,
    },
    /// There is no section of that name.
    UnknownSection {
        /// The name in the file.
        found: String,
    },
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alone { without } => {
                write!(f, "requires {without}: set both, or neither")
            }
            Self::BadAddress { found, why } => bad_address(f, found, *why),
            Self::BadDeviceName { found } => {
                let instead = "letters, digits and ._-, such as SEP001122334455";
                not_a(f, "device name", found, format_args!("1 to {MAX_DEVICE} {instead}"))
            }
            Self::BadListen { found } => {
                not_a(f, "local endpoint", found, format_args!("{LISTEN}"))
            }
            Self::BadLogServer { found, why } => write!(
                f,
                "{found:?}: {why}; write udp://HOST[:PORT] or tcp://HOST[:PORT], or \"\" for none"
            ),
            Self::BadModel { found } => {
                let instead = "letters and digits, such as 7962G";
                not_a(f, "model", found, format_args!("1 to {MAX_MODEL} {instead}"))
            }
            Self::BadMode { found } => not_a(f, "file mode", found, format_args!("{MODE}")),
            Self::BadUser { found } => not_a(f, "user to become", found, format_args!("{USER}")),
            Self::BadNetwork { found } => not_a(f, "network", found, format_args!("{NETWORK}")),
            Self::BadOwnAddress { found } => {
                not_a(f, "local address", found, format_args!("{OWN}"))
            }
            Self::BadPin { found } => not_a(f, "SHA-256", found, format_args!("{PIN}")),
            Self::BadPrincipal { found } => {
                not_a(f, "user or group", found, format_args!("{PRINCIPAL}"))
            }
            Self::BadWays { found } => write!(f, "{found:?} is not allowed: write {WAYS}"),
            Self::Missing => f.write_str("missing: it has no default and must be set"),
            Self::NoPins => f.write_str(NO_PINS),
            Self::NotInSection => f.write_str("not in a section: move it below its [section]"),
            Self::NotText { offset } => {
                write!(f, "not UTF-8 at byte offset {offset}: save the file as UTF-8 text")
            }
            Self::OutOfRange { found, range } => {
                let (least, most) = (range.start(), range.end());
                write!(f, "{found} is out of range: write a number from {least} to {most}")
            }
            Self::RelativePath { found } => {
                write!(f, "{found:?} is not an absolute path: it must start with /")
            }
            Self::Same { other } => {
                write!(f, "must not contain {other} or lie inside it: use two separate folders")
            }
            Self::Toml { message } => escape(message).fmt(f),
            Self::TooLong { limit } => {
                write!(f, "longer than {limit} bytes, the most that is read of a configuration")
            }
            Self::TooMany { found, limit } => {
                write!(f, "{found} entries, at most {limit} are allowed")
            }
            Self::UnknownFormat { found } => unknown_format(f, *found),
            Self::UnknownSection { found } => unknown_section(f, found),
        }
    }
}

fn unknown_format(f: &mut fmt::Formatter<'_>, found: u64) -> fmt::Result {
    write!(
        f,
        "format {found} is not known to this version, which reads format {FORMAT}: write the file anew by \
         the sample of this version, or install the version that it is for"
    )
}

fn bad_address(f: &mut fmt::Formatter<'_>, found: &str, why: NoAddress) -> fmt::Result {
    write!(f, "{found:?}: {why}")?;
    match why {
        // This reason already includes what to write instead.
        NoAddress::Zone => Ok(()),
        _ => f.write_str("; write HOST or HOST:PORT, an IPv6 one as [ADDRESS]:PORT"),
    }
}

fn unknown_section(f: &mut fmt::Formatter<'_>, found: &str) -> fmt::Result {
    let hint = did_you_mean(found, SECTIONS.into_iter());
    write!(f, "unknown section, expected one of {}{hint}", SECTIONS.join(", "))
}

fn not_a(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    found: &str,
    instead: fmt::Arguments<'_>,
) -> fmt::Result {
    write!(f, "{found:?} is not a {what}: write {instead}")
}

const LISTEN: &str = "ADDRESS:PORT, such as 192.0.2.7:80, 0.0.0.0:80 or [::]:80";
const MODE: &str = "three octal digits, such as \"660\"";
const NETWORK: &str =
    "ADDRESS/LENGTH without bits beyond the length, such as 192.0.2.0/24, or one address";
const NO_PINS: &str = "\"pin\" requires policy.pins: name the signers of the first list there, or \
                       write \"allow\" or \"deny\"";
const OWN: &str = "an address of this machine, such as 192.0.2.7";
const PIN: &str = "64 hexadecimal digits, as printed by openssl x509 -noout -fingerprint -sha256";
const PRINCIPAL: &str = "user:NAME, user:NUMBER, group:NAME, group:NUMBER or everyone";

const USER: &str = "the name of a user other than root, such as secd";

const WAYS: &str = "\"https\", \"http\" and \"tftp\" in the order in which they are tried, each at \
                    most once, and not \"https\" alone, which trust lists never come by";

/// The format of the file. It changes when a file that was good would be read in another way, or not at
/// all (docs/releasing.md).
pub(super) const FORMAT: u64 = 1;

/// The sections of the file, in the order of the sample.
pub(super) const SECTIONS: [&str; 17] = [
    "device",
    "tftp",
    "provisioning",
    "paths",
    "ram",
    "policy",
    "tvs",
    "https",
    "capf",
    "socket",
    "access",
    "console",
    "syslog",
    "web",
    "retry",
    "identity",
    "sandbox",
];
