//! The numbers of the format, and serial numbers.

use core::fmt;

use crate::wire::coded::coded;

coded! {
    /// What a listed certificate may do. Unknown roles are kept, and never match a purpose.
    ///
    /// # Source
    /// Technote (`show itl`), reference tools, a public 8861 log for TVS; domain facts 3.4.
    #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
    pub enum Role: u16 {
        /// 0: System Administrator Security Token, signs trust lists.
        Sast = 0 "SAST",
        /// 1: call manager, TLS signalling.
        Ccm = 1 "CCM",
        /// 2: call manager and file server in one.
        CcmTftp = 2 "CCM+TFTP",
        /// 3: file server, signs configuration files.
        Tftp = 3 "TFTP",
        /// 4: Certificate Authority Proxy Function.
        Capf = 4 "CAPF",
        /// 7: HTTPS services, such as directories.
        AppServer = 7 "APP-SERVER",
        /// 21: Trust Verification Service.
        Tvs = 21 "TVS",
        ;
        /// Any other number; such a certificate is good for nothing.
        Unknown "role",
        /// No number at all: a field that is not two bytes long. As a code 65535, which is no role.
        Unreadable = u16::MAX, "unreadable role"
    }
}

impl Role {
    /// Whether the role is one of a file server, whose certificate signs what it serves.
    #[must_use]
    pub const fn serves_files(self) -> bool {
        matches!(self, Self::CcmTftp | Self::Tftp)
    }
}

coded! {
    /// A digest algorithm, as the header numbers it (tags 8 and 26).
    ///
    /// # Source
    /// Reference tools; domain facts 3.2.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum Digest: u8 {
        /// 1: all that older call managers have.
        Sha1 = 1 "sha1",
        /// 2: defined, and refused by the reference tools.
        Sha256 = 2 "sha256",
        /// 3: what files of newer call managers are signed with.
        Sha512 = 3 "sha512",
        ;
        /// Any other number: nothing can be verified under it.
        Unknown "digest"
    }
}

impl Digest {
    /// Bytes of a digest, where the algorithm is known.
    #[must_use]
    pub const fn length(self) -> Option<usize> {
        match self {
            Self::Sha1 => Some(20),
            Self::Sha256 => Some(32),
            Self::Sha512 => Some(64),
            Self::Unknown(_) => None,
        }
    }
}

/// A version: the major number names the format, a higher minor one only adds to it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct FormatVersion {
    /// First byte: another number is another format.
    pub major: u8,
    /// Second byte: a higher one only adds to the format, and is no reason to refuse.
    pub minor: u8,
}

impl From<[u8; 2]> for FormatVersion {
    fn from([major, minor]: [u8; 2]) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for FormatVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A certificate's serial number: an unsigned magnitude, equal whatever zeros lead it.
///
/// # Source
/// `show ctl` prints 10 bytes starting `83`: no sign byte (domain facts 3.1). That leading
/// zeros do not count is inferred: X.509 has them where the first bit is set, trust lists not.
#[derive(Clone, Copy, Debug)]
pub struct Serial<'a>(&'a [u8]);

impl<'a> Serial<'a> {
    /// A serial number in big-endian bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes as they are in the file, leading zeros included.
    #[must_use]
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// The bytes without leading zeros: what equality is about.
    #[must_use]
    pub fn magnitude(self) -> &'a [u8] {
        let zeros = self.0.iter().take_while(|byte| **byte == 0).count();
        self.0.get(zeros..).unwrap_or_default()
    }
}

impl PartialEq for Serial<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.magnitude() == other.magnitude()
    }
}

impl Eq for Serial<'_> {}

/// The two spellings that there are, both in upper-case hexadecimal: the number without leading
/// zeros, in which what is equal looks equal; and with `#` the bytes of a field, in pairs, on pages
/// that print fields with their lengths.
///
/// # Source
/// `show itl` has colons between the pairs (technote). Design, command line: `--json` has none.
impl fmt::Display for Serial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return self.0.iter().enumerate().try_for_each(|(place, byte)| {
                let colon = if place == 0 { "" } else { ":" };
                write!(f, "{colon}{byte:02X}")
            });
        }
        match self.magnitude() {
            // A number all the same, where the field is not empty.
            [] if !self.0.is_empty() => f.write_str("00"),
            magnitude => magnitude.iter().try_for_each(|byte| write!(f, "{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn what_is_equal_is_spelled_alike_and_a_field_as_it_is() {
        let (signed, bare) = (Serial::new(&[0, 0x8A, 0x0B]), Serial::new(&[0x8A, 0x0B]));
        assert_eq!((signed.to_string(), bare.to_string()), ("8A0B".into(), "8A0B".into()));
        assert_eq!(
            (format!("{signed:#}"), format!("{bare:#}")),
            ("00:8A:0B".into(), "8A:0B".into())
        );
        assert_eq!(Serial::new(&[0]).to_string(), "00");
        assert_eq!(Serial::new(&[]).to_string(), "");
    }
}
