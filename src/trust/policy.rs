//! What is left to the owner of the phone to decide.

use alloc::vec::Vec;

/// The choices; `Default` is what a phone does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether a phone without lists believes the first one.
    pub first_use: FirstUsePolicy,
    /// Whether an older list may replace a newer one.
    pub older_list: Choice,
    /// Smallest RSA modulus of a signer, in bits; never below [`LEAST_RSA_BITS`].
    pub min_rsa_bits: usize,
    /// Whether SHA-1 signatures count.
    pub sha1: Choice,
    /// Whether SHA-256 signatures count; no call manager makes them.
    pub sha256: Choice,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            first_use: FirstUsePolicy::Allow,
            older_list: Choice::Accept,
            min_rsa_bits: LEAST_RSA_BITS,
            sha1: Choice::Accept,
            sha256: Choice::Refuse,
        }
    }
}

/// Yes, with a warning where there is something to warn of, or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// It counts.
    Accept,
    /// It does not.
    Refuse,
}

/// What happens with the first list of a phone that has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FirstUsePolicy {
    /// Believed if it is consistent in itself (technote).
    Allow,
    /// Never believed.
    Deny,
    /// Believed if signed by a certificate with one of these SHA-256 digests.
    Pin(Vec<[u8; 32]>),
}

/// 512-bit moduli exist as a code of the format; they have been factored in public since 1999.
pub const LEAST_RSA_BITS: usize = 1024;
