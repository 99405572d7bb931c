//! What the owner of the phone decides.

use alloc::vec::Vec;

/// The owner's choices; `Default` is what a phone does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    /// Whether a phone without lists trusts the first one.
    pub first_use: FirstUsePolicy,
    /// Whether an older list may replace a newer one.
    pub older_list: OlderList,
    /// Whether an older signed file may replace a newer one.
    pub older_file: OlderFile,
    /// When the default configuration, for phones unknown to the call manager, is accepted.
    pub default_configuration: DefaultConfiguration,
    /// The smallest RSA modulus of a signer, in bits; never below [`LEAST_RSA_BITS`].
    pub min_rsa_bits: usize,
    /// Whether SHA-1 signatures are accepted.
    pub sha1: Choice,
    /// Whether SHA-256 signatures are accepted; no call manager makes them.
    pub sha256: Choice,
}

impl Policy {
    /// The choices that are laxer than a phone's own, by their keys in secd.toml, and what an
    /// attacker gains by each.
    #[must_use]
    pub fn openings(&self) -> Vec<(&'static str, &'static str)> {
        let older_list = (self.older_list == OlderList::Accept).then_some((
            "policy.older_list",
            "\"accept\": anyone who recorded an old list can replay it and bring its keys back, even \
             those that were stolen and have since been replaced; write \"confirmed\"",
        ));
        let older_file = (self.older_file == OlderFile::Accept).then_some((
            "policy.older_file",
            "\"accept\": anyone who recorded an unencrypted configuration can replay it and so turn \
             encryption off; write \"unless-encrypted\"",
        ));
        let always = self.default_configuration == DefaultConfiguration::Always;
        let default = always.then_some((
            "policy.default_configuration",
            "\"always\": anyone on the network who answers \"not found\" can make the phone drop its \
             own configuration; write \"first\"",
        ));
        older_list.into_iter().chain(older_file).chain(default).collect()
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            first_use: FirstUsePolicy::Allow,
            // Restored backups have to work, replays must not (domain facts 10, row 3); TVS knows
            // which it is.
            older_list: OlderList::Confirmed,
            older_file: OlderFile::UnlessEncrypted,
            default_configuration: DefaultConfiguration::First,
            min_rsa_bits: LEAST_RSA_BITS,
            sha1: Choice::Accept,
            // The format has a code for it, but reference tools refuse it (domain facts 3.2).
            sha256: Choice::Refuse,
        }
    }
}

/// What happens with a list that is older than the installed one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OlderList {
    /// It is accepted, with a warning.
    Accept,
    /// It is accepted, with a warning, if TVS confirms the records that the installed lists lack.
    Confirmed,
    /// It is refused, even if it comes from a restored backup.
    Refuse,
}

/// What happens with a signed file that is older than the one before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OlderFile {
    /// It is accepted, with a warning.
    Accept,
    /// It is refused, even if it comes from a restored backup.
    Refuse,
    /// It is accepted, with a warning, unless it is plain and the last one was encrypted.
    UnlessEncrypted,
}

/// When a phone that demands signed files accepts the default configuration, which is for phones
/// that the call manager does not know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DefaultConfiguration {
    /// Whenever the servers do not have the phone's own.
    Always,
    /// Only while the phone has no configuration of its own with a listed signer: anyone on the
    /// network can answer "not found".
    First,
}

/// Whether policy accepts an algorithm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Choice {
    /// Accepted, with a warning where the algorithm is weak.
    Accept,
    /// Refused, whoever has signed.
    Refuse,
}

/// What happens with the first list of a phone that has none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FirstUsePolicy {
    /// It is trusted if it is consistent in itself (technote).
    Allow,
    /// It is never trusted: lists have to be in the store already.
    Deny,
    /// It is trusted if signed by a certificate with one of these SHA-256 digests.
    Pin(Vec<[u8; 32]>),
}

impl FirstUsePolicy {
    /// The policy while one signer is awaited; never laxer than the policy itself.
    #[must_use]
    pub fn awaiting(self, pin: [u8; 32]) -> Self {
        match self {
            Self::Allow => Self::Pin(Vec::from([pin])),
            // Naming a signer must not undo what the owner has forbidden.
            Self::Deny => Self::Deny,
            Self::Pin(pins) => Self::Pin(pins.into_iter().filter(|it| *it == pin).collect()),
        }
    }
}

/// The format has a code for 512-bit moduli, which have been factored in public since 1999.
pub const LEAST_RSA_BITS: usize = 1024;
