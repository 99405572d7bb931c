//! Numbers of the format that mean something.

use core::fmt;

/// What a listed certificate may do. Unknown roles are kept, and never match a purpose.
///
/// # Source
/// Technote (`show itl`), reference tools, a public 8861 log for TVS; domain facts 3.4.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// 0: System Administrator Security Token, signs trust lists.
    Sast,
    /// 1: call manager, TLS signalling.
    Ccm,
    /// 2: call manager and file server in one.
    CcmTftp,
    /// 3: file server, signs configuration files.
    Tftp,
    /// 4: Certificate Authority Proxy Function.
    Capf,
    /// 7: HTTPS services.
    AppServer,
    /// 21: Trust Verification Service.
    Tvs,
    /// Any other number.
    Unknown(u16),
    /// No number at all: a field that is not two bytes long.
    Unreadable,
}

impl Role {
    /// The number on the wire; 65535, which is no role, where there is none.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Sast => 0,
            Self::Ccm => 1,
            Self::CcmTftp => 2,
            Self::Tftp => 3,
            Self::Capf => 4,
            Self::AppServer => 7,
            Self::Tvs => 21,
            Self::Unknown(code) => code,
            Self::Unreadable => u16::MAX,
        }
    }

    /// Whether the role says "this server hands out files".
    #[must_use]
    pub const fn serves_files(self) -> bool {
        matches!(self, Self::CcmTftp | Self::Tftp)
    }
}

impl From<u16> for Role {
    fn from(code: u16) -> Self {
        match code {
            0 => Self::Sast,
            1 => Self::Ccm,
            2 => Self::CcmTftp,
            3 => Self::Tftp,
            4 => Self::Capf,
            7 => Self::AppServer,
            21 => Self::Tvs,
            _ => Self::Unknown(code),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sast => f.pad("SAST"),
            Self::Ccm => f.pad("CCM"),
            Self::CcmTftp => f.pad("CCM+TFTP"),
            Self::Tftp => f.pad("TFTP"),
            Self::Capf => f.pad("CAPF"),
            Self::AppServer => f.pad("APP-SERVER"),
            Self::Tvs => f.pad("TVS"),
            Self::Unknown(code) => write!(f, "role {code}"),
            Self::Unreadable => f.pad("unreadable role"),
        }
    }
}

/// A digest algorithm, as the header numbers it (tags 8 and 26).
///
/// # Source
/// Reference tools; domain facts 3.2.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Digest {
    /// 1.
    Sha1,
    /// 2: defined, refused by the reference tools.
    Sha256,
    /// 3.
    Sha512,
    /// Any other number.
    Unknown(u8),
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

impl From<u8> for Digest {
    fn from(code: u8) -> Self {
        match code {
            1 => Self::Sha1,
            2 => Self::Sha256,
            3 => Self::Sha512,
            _ => Self::Unknown(code),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha1 => f.write_str("sha1"),
            Self::Sha256 => f.write_str("sha256"),
            Self::Sha512 => f.write_str("sha512"),
            Self::Unknown(code) => write!(f, "digest {code}"),
        }
    }
}

/// A version: the major number names the format, a higher minor one only adds to it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct FormatVersion {
    /// First byte.
    pub major: u8,
    /// Second byte.
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

    /// The bytes as they stood in the file.
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

/// Upper-case hexadecimal, as trust screens and tools show it.
impl fmt::Display for Serial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}
