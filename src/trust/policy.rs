//! What is left to the owner of the phone to decide.

use alloc::vec::Vec;

/// The choices; `Default` is what a phone does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    /// Whether a phone without lists believes the first one.
    pub first_use: FirstUsePolicy,
    /// Whether an older list may replace a newer one.
    pub older_list: OlderList,
    /// Whether an older signed file may replace a newer one.
    pub older_file: OlderFile,
    /// When the configuration for phones that the call manager does not know counts.
    pub default_configuration: DefaultConfiguration,
    /// Smallest RSA modulus of a signer, in bits; never below [`LEAST_RSA_BITS`].
    pub min_rsa_bits: usize,
    /// Whether SHA-1 signatures count.
    pub sha1: Choice,
    /// Whether SHA-256 signatures count; no call manager makes them.
    pub sha256: Choice,
}

impl Policy {
    /// What the choices open that are laxer than a phone's own, a sentence each.
    #[must_use]
    pub fn openings(&self) -> Vec<&'static str> {
        let older_list = (self.older_list == OlderList::Accept).then_some(
            "older_list = \"accept\": anyone who recorded an old list can replay it and bring its keys \
             back, even those that were stolen and have since been replaced",
        );
        let older_file = (self.older_file == OlderFile::Accept).then_some(
            "older_file = \"accept\": anyone who recorded an unencrypted configuration can replay it and \
             so turn encryption off",
        );
        let always = self.default_configuration == DefaultConfiguration::Always;
        let default = always.then_some(
            "default_configuration = \"always\": anyone on the network who answers \"not found\" can \
             make the phone drop its own configuration",
        );
        older_list.into_iter().chain(older_file).chain(default).collect()
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            first_use: FirstUsePolicy::Allow,
            older_list: OlderList::Confirmed,
            older_file: OlderFile::UnlessEncrypted,
            default_configuration: DefaultConfiguration::First,
            min_rsa_bits: LEAST_RSA_BITS,
            sha1: Choice::Accept,
            sha256: Choice::Refuse,
        }
    }
}

/// What happens with a list that is older than the installed one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OlderList {
    /// It counts, with a warning.
    Accept,
    /// It counts, with a warning, if TVS confirms what the installed lists lack of it.
    Confirmed,
    /// It does not.
    Refuse,
}

/// What happens with a signed file that is older than the one before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OlderFile {
    /// It counts, with a warning.
    Accept,
    /// It does not.
    Refuse,
    /// It counts, with a warning, but for a plain one after an encrypted one.
    UnlessEncrypted,
}

/// When the configuration for phones that the call manager does not know counts, on a phone that
/// demands signed files.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DefaultConfiguration {
    /// Whenever the servers do not have the phone's own.
    Always,
    /// As long as no own one is kept whose signer is listed: that a file is not there is said by
    /// anyone.
    First,
}

/// Yes, with a warning where there is something to warn of, or no.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Choice {
    /// It counts.
    Accept,
    /// It does not.
    Refuse,
}

/// What happens with the first list of a phone that has none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FirstUsePolicy {
    /// Believed if it is consistent in itself (technote).
    Allow,
    /// Never believed.
    Deny,
    /// Believed if signed by a certificate with one of these SHA-256 digests.
    Pin(Vec<[u8; 32]>),
}

impl FirstUsePolicy {
    /// The policy while one signer is awaited: never laxer than it is.
    #[must_use]
    pub fn awaiting(self, pin: [u8; 32]) -> Self {
        match self {
            Self::Allow => Self::Pin(Vec::from([pin])),
            Self::Deny => Self::Deny,
            Self::Pin(pins) => Self::Pin(pins.into_iter().filter(|it| *it == pin).collect()),
        }
    }
}

/// 512-bit moduli exist as a code of the format; they have been factored in public since 1999.
pub const LEAST_RSA_BITS: usize = 1024;
