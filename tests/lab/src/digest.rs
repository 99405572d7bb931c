//! The digests that lists, files and certificates are signed with.

use sha1::{Digest as _, Sha1};
use sha2::{Sha256, Sha512};

/// A digest algorithm of the header (tag 8) or of a certificate signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Digest {
    /// Code 1, the default of the call manager.
    Sha1,
    /// Code 2: defined, refused by the public tools.
    Sha256,
    /// Code 3, the enterprise parameter of later call managers.
    Sha512,
}

impl Digest {
    /// The code in tags 8, 12 (record) and 26.
    pub fn code(self) -> u8 {
        match self {
            Self::Sha1 => 1,
            Self::Sha256 => 2,
            Self::Sha512 => 3,
        }
    }

    /// The digest of `bytes`.
    pub fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(bytes).to_vec(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }
}
