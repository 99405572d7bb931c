//! Why something is not trusted, and what is trusted with a warning.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use crate::trust::certificate::KeyKind;
use crate::wire::{Digest, FormatVersion, Malformed, Role};

/// Why a file or a peer is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reason {
    /// The keys of two listed certificates both match the signature.
    AmbiguousSigner,
    /// A record holds something other than one certificate.
    BadCertificate {
        /// Where the record begins in the file, in bytes.
        offset: usize,
    },
    /// The content could not be decrypted; which step failed is not reported.
    DecryptFailed,
    /// The name inside the file is not the one that was requested.
    FileNameMismatch {
        /// The name that was requested.
        expected: String,
        /// The name that the signature binds.
        found: String,
    },
    /// There is no list yet, and policy does not trust the first one.
    FirstUseDenied,
    /// The installed lists cannot be read, so nothing can be trusted.
    Locked,
    /// The bytes are not a file of the expected format.
    Malformed(Malformed),
    /// An encrypted file, and no key that can open it.
    NoKey,
    /// The first list is signed by a certificate that was not announced beforehand.
    NotPinned {
        /// SHA-256 of that certificate.
        signer: [u8; 32],
    },
    /// An older list than the installed one.
    Older {
        /// Timestamp of the installed list.
        installed: u32,
        /// Timestamp of the refused one.
        offered: u32,
        /// Whether the refused list is blank: that would switch all checks off.
        blank: bool,
        /// Whether the phone would check less with it; otherwise only policy refuses it.
        weaker: bool,
    },
    /// An older file than the last one, or one that is no longer encrypted and not newer.
    OlderFile(OldFile),
    /// A record contradicts the certificate in it.
    RecordMismatch {
        /// Where the record begins in the file, in bytes.
        offset: usize,
        /// The field that differs.
        field: &'static str,
    },
    /// The signature is not the signer's signature of this file.
    SignatureMismatch,
    /// A trust list that was served as another file.
    TrustList {
        /// The name in its header.
        name: String,
    },
    /// An older list than the installed one, with a record that no one confirms.
    Unconfirmed(Box<Unconfirmed>),
    /// A signature algorithm other than RSA PKCS#1 v1.5, or a key that is not for it.
    UnsupportedAlgorithm(Unsupported),
    /// A digest that is unknown, or not allowed by policy.
    UnsupportedDigest(Digest),
    /// The signer's key is smaller than policy allows.
    WeakKey {
        /// Bits of the modulus.
        bits: usize,
        /// The fewest bits that policy allows.
        least: usize,
    },
    /// The signer is known, but not for this.
    WrongRole {
        /// The role of the signer's record.
        found: Role,
    },
    /// No list knows the signer.
    WrongSigner,
}

/// A signed file that is older than the last one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OldFile {
    /// The newest timestamp so far.
    pub kept: Option<u32>,
    /// The timestamp of this one.
    pub offered: Option<u32>,
    /// Whether the last signed one was encrypted, and this one is not.
    pub was_encrypted: bool,
}

impl fmt::Display for OldFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offered {
            Some(offered) => write!(f, "file of {offered} ")?,
            None => write!(f, "file without a timestamp ")?,
        }
        let is_old = if self.was_encrypted { "is not newer" } else { "is older" };
        write!(f, "{is_old} than the last one")?;
        if let Some(kept) = self.kept {
            write!(f, " of {kept}")?;
        }
        match self.was_encrypted {
            true => write!(f, ", and only a newer one may end encryption"),
            false => Ok(()),
        }
    }
}

/// Why an older list that TVS had to confirm is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unconfirmed {
    /// Timestamp of the installed list.
    pub installed: u32,
    /// Timestamp of the refused one.
    pub offered: u32,
    /// The role of the record.
    pub role: Role,
    /// Whose certificate it is for.
    pub subject: String,
    /// Why it is not confirmed.
    pub doubt: Doubt,
}

/// Why a record of an older list is not confirmed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Doubt {
    /// TVS never vouches for itself.
    NeverVouchedFor,
    /// TVS has not been asked, because the caller asks no one.
    NotAsked,
    /// More records need confirmation than TVS is asked about.
    TooMany {
        /// How many records TVS is asked about at most.
        most: usize,
    },
    /// TVS does not vouch for it, or does not answer; in words.
    Unanswered(String),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverVouchedFor => f.write_str("TVS never vouches for itself"),
            Self::NotAsked => f.write_str("only TVS can confirm it"),
            Self::TooMany { most } => write!(f, "more than {most} records need confirmation"),
            Self::Unanswered(why) => f.write_str(why),
        }
    }
}

/// What makes a signature unsupported.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unsupported {
    /// The key's public exponent: it is too small.
    Exponent {
        /// The exponent that the key has.
        found: u32,
        /// The smallest that is accepted.
        least: u32,
    },
    /// The key in the signer's certificate is RSA, but damaged, or too large.
    Key {
        /// The most bits that are accepted.
        most: usize,
    },
    /// The key in the signer's certificate is of another kind than RSA.
    KeyKind(KeyKind),
    /// The algorithm, by the code in the header.
    Signature(u8),
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exponent { found, least } => {
                write!(
                    f,
                    "the public exponent of the signer's key is {found}, at least {least} is \
                     required"
                )
            }
            Self::Key { most } => {
                write!(
                    f,
                    "the signer's RSA key cannot be used: it is damaged, has more than {most} \
                     bits, or a public exponent of more than 33"
                )
            }
            Self::KeyKind(kind) => {
                let kind = kind.word();
                write!(f, "the signer's key is not one for RSA PKCS#1 v1.5, its kind: {kind}")
            }
            Self::Signature(code) => {
                write!(f, "signature algorithm {code} is not RSA PKCS#1 v1.5")
            }
        }
    }
}

impl Reason {
    /// The class of the reason in one word, as the test vectors name it.
    #[must_use]
    pub const fn class(&self) -> &'static str {
        match self {
            Self::AmbiguousSigner | Self::WrongSigner => "wrong-signer",
            Self::BadCertificate { .. } => "bad-certificate",
            Self::DecryptFailed => "decrypt-failed",
            Self::FileNameMismatch { .. } => "filename-mismatch",
            Self::FirstUseDenied => "first-use-denied",
            Self::Locked => "locked",
            Self::Malformed(malformed) => malformed.fault.class(),
            Self::NoKey => "no-key",
            Self::NotPinned { .. } => "not-pinned",
            Self::Older { .. } => "older-list",
            Self::OlderFile(_) => "older-file",
            Self::RecordMismatch { .. } => "record-mismatch",
            Self::SignatureMismatch => "signature-mismatch",
            Self::TrustList { .. } => "trust-list",
            Self::Unconfirmed(_) => "unconfirmed-list",
            Self::UnsupportedAlgorithm(_) => "unsupported-algorithm",
            Self::UnsupportedDigest(_) => "unsupported-digest",
            Self::WeakKey { .. } => "weak-key",
            Self::WrongRole { .. } => "wrong-role",
        }
    }
}

impl From<Malformed> for Reason {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AmbiguousSigner => write!(f, "two listed certificates match the signer"),
            Self::BadCertificate { offset } => {
                write!(f, "offset {offset}, record: expected one DER certificate")
            }
            // No more than that: details would make the phone a padding oracle (domain facts 10,
            // row 18).
            Self::DecryptFailed => write!(f, "could not be decrypted with this phone's key"),
            Self::FileNameMismatch { expected, found } => {
                write!(f, "signed as {found}, but {expected} was requested")
            }
            Self::FirstUseDenied => {
                write!(f, "policy does not allow first use (first_use = \"deny\")")
            }
            Self::Locked => {
                write!(f, "the store is LOCKED, nothing is trusted until it is repaired or erased")
            }
            Self::Malformed(malformed) => malformed.fmt(f),
            Self::NoKey => write!(f, "encrypted, and this phone has no RSA key to decrypt it with"),
            Self::NotPinned { signer } => {
                f.write_str(
                    "the signer of the first list is not pinned; SHA-256 of its certificate: ",
                )?;
                // In full, so that it can be compared, and copied into `--pin`.
                signer.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Self::Older { installed, offered, blank, weaker } => {
                let kind = if *blank { "blank list" } else { "list" };
                let (old, policy) = if *weaker {
                    ("would weaken the checks, and is not newer", "")
                } else {
                    ("is older", " (older_list = \"refuse\")")
                };
                write!(f, "{kind} of {offered} {old} than the last one of {installed}{policy}")
            }
            Self::OlderFile(old) => write!(f, "{old} (refused by older_file)"),
            Self::RecordMismatch { offset, field } => {
                write!(f, "offset {offset}, record: {field} does not match the certificate")
            }
            Self::SignatureMismatch => {
                write!(f, "the signature does not match the file and its signer")
            }
            Self::TrustList { name } => {
                write!(f, "this is a trust list ({name}), not the requested file")
            }
            Self::Unconfirmed(unconfirmed) => unconfirmed.fmt(f),
            Self::UnsupportedAlgorithm(unsupported) => unsupported.fmt(f),
            Self::UnsupportedDigest(digest) => {
                write!(f, "signatures with {digest} are not accepted")
            }
            Self::WeakKey { bits, least } => {
                write!(
                    f,
                    "the signer's key has {bits} bits, at least {least} are required (min_rsa)"
                )
            }
            Self::WrongRole { found } => write!(f, "the signer is listed, but only as {found}"),
            // Close to the firmware's own words, which administrators search for.
            Self::WrongSigner => write!(f, "signer not in CTL or ITL"),
        }
    }
}

impl fmt::Display for Unconfirmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { installed, offered, role, subject, doubt } = self;
        write!(
            f,
            "list of {offered} is older than the last one of {installed}, and its {role} record \
             <{subject}> is neither in an installed list nor confirmed (older_list = \
             \"confirmed\"): {doubt}"
        )
    }
}

/// What is accepted, and worth a line in the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Warning {
    /// The peer's certificate has expired.
    Expired,
    /// A higher minor version than any known.
    MinorVersion(FormatVersion),
    /// The last file was encrypted, and this newer one is not.
    NoLongerEncrypted,
    /// The service vouches for the certificate without naming a role.
    NoRoles,
    /// A field for people has a malformed value, which is kept as is.
    OddField {
        /// The name of the field.
        field: &'static str,
        /// Where the field begins in the file, in bytes.
        offset: usize,
    },
    /// An older list than the installed one.
    Older {
        /// Timestamp of the installed list.
        installed: u32,
        /// Timestamp of the new one.
        offered: u32,
    },
    /// An older file than the last one.
    OlderFile(OldFile),
    /// Signed with SHA-1, for which collisions are known.
    Sha1,
    /// Signed with a key below 2048 bits.
    SmallKey {
        /// Bits of the modulus.
        bits: usize,
    },
    /// An unsigned file, which has no date, in place of one that may be newer; the time of this one is
    /// the one at which it was read.
    Undated(OldFile),
    /// A field was skipped.
    UnknownTag {
        /// The tag that is not known.
        tag: u8,
        /// Where the field begins in the file, in bytes.
        offset: usize,
    },
    /// A record cannot be used because one of its fields cannot be read.
    UnusableRecord {
        /// The name of the field.
        field: &'static str,
        /// Where the field begins in the file, in bytes.
        offset: usize,
    },
}

impl Warning {
    /// The warning in one word.
    #[must_use]
    pub const fn class(&self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::MinorVersion(_) => "minor-version",
            Self::NoLongerEncrypted => "no-longer-encrypted",
            Self::NoRoles => "no-roles",
            Self::OddField { .. } => "odd-field",
            Self::Older { .. } => "older-list",
            Self::OlderFile(_) => "older-file",
            Self::Sha1 => "sha1",
            Self::SmallKey { .. } => "small-key",
            Self::Undated(_) => "undated",
            Self::UnknownTag { .. } => "unknown-tag",
            Self::UnusableRecord { .. } => "unusable-record",
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => write!(f, "the certificate has expired"),
            Self::MinorVersion(version) => {
                write!(f, "header version {version} is newer than any known")
            }
            Self::NoLongerEncrypted => write!(f, "not encrypted, although the last one was"),
            Self::NoRoles => write!(f, "TVS names no role for the certificate"),
            Self::OddField { field, offset } => {
                write!(f, "offset {offset}: odd {field}, kept as is")
            }
            Self::Older { installed, offered } => {
                write!(f, "list of {offered} is older than the last one of {installed}")
            }
            Self::OlderFile(old) => old.fmt(f),
            Self::Sha1 => write!(f, "signed with SHA-1"),
            Self::SmallKey { bits } => write!(f, "an RSA key of only {bits} bits"),
            Self::Undated(OldFile { kept, .. }) => {
                write!(f, "without a date: may be older than the last one")?;
                kept.map_or(Ok(()), |kept| write!(f, " of {kept}"))
            }
            Self::UnknownTag { tag, offset } => {
                write!(f, "offset {offset}: skipped a field with the unknown tag {tag}")
            }
            Self::UnusableRecord { field, offset } => {
                write!(f, "offset {offset}: unusable {field}, the record matches no certificate")
            }
        }
    }
}
