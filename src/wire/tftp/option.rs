//! The options of a transfer, by name.

use core::fmt;
use core::ops::RangeInclusive;

/// Names of the options this client knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OptionName {
    /// Bytes of a block. RFC 2348.
    Blksize,
    /// Seconds before the server sends again. RFC 2349.
    Timeout,
    /// Bytes of the file; 0 in a read request. RFC 2349.
    Tsize,
    /// Blocks sent before an ACK is due. RFC 7440.
    Windowsize,
}

impl OptionName {
    /// All of them, in the order in which a request has them.
    pub(super) const ALL: [Self; 4] = [Self::Blksize, Self::Timeout, Self::Tsize, Self::Windowsize];

    /// The values allowed.
    ///
    /// # Source
    /// RFC 2348, 2349, 7440. Windowsize: the RFC allows 65535; inferred: more than half of the
    /// block numbers in one window and a block ahead looks like a block long past.
    #[must_use]
    pub fn range(self) -> RangeInclusive<u64> {
        match self {
            Self::Blksize => 8..=65_464,
            Self::Timeout => 1..=255,
            Self::Tsize => 0..=u64::MAX,
            Self::Windowsize => 1..=32_767,
        }
    }

    /// Option names are not case sensitive: RFC 2347, "Packet Formats".
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str().as_bytes().eq_ignore_ascii_case(bytes))
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Blksize => "blksize",
            Self::Timeout => "timeout",
            Self::Tsize => "tsize",
            Self::Windowsize => "windowsize",
        }
    }
}

impl fmt::Display for OptionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
