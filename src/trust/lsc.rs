//! What the phone accepts from CAPF: which key it makes, and which certificate it installs.
//!
//! The server itself has been judged by then. No path of the certificate is demanded: a call manager
//! may have it issued by any authority, which no list has (CAPF facts A6).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::trust::anchors::Anchors;
use crate::trust::certificate::{Certificate, issue};
use crate::trust::list::ListKind;
use crate::trust::policy::Policy;
use crate::trust::signature::GOOD_RSA_BITS;
use crate::wire::FormatVersion;
use crate::wire::capf::{AskedKey, CertificateType};

/// Decides whether the phone makes the key that CAPF asks for, and what to warn of.
///
/// # Errors
/// [`KeyRefused`].
///
/// # Source
/// Elliptic curves only where the ITL announces them: reference documentation (CAPF facts A6).
/// Sizes: inferred, as for the keys of signers.
pub fn decide_key(
    asked: AskedKey,
    policy: &Policy,
    anchors: &Anchors,
) -> Result<Option<LscOdd>, KeyRefused> {
    match asked {
        AskedKey::Rsa { bits } => {
            let (bits, least) = (usize::from(bits), policy.min_rsa_bits);
            if bits < least {
                return Err(KeyRefused::Small { bits, least });
            }
            Ok((bits < GOOD_RSA_BITS).then_some(LscOdd::SmallKey { bits }))
        }
        AskedKey::Ec(_) => {
            let announced = anchors.records(ListKind::Itl).and_then(|itl| itl.signer_version);
            match announced.is_some_and(|version| version >= CURVES_SINCE) {
                true => Ok(None),
                false => Err(KeyRefused::NotAnnounced),
            }
        }
        AskedKey::Other(code) => Err(KeyRefused::Unknown(code)),
    }
}

/// Why no key is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyRefused {
    /// An elliptic curve, which the ITL does not announce.
    NotAnnounced,
    /// Fewer bits than policy allows.
    Small {
        /// Bits that CAPF asks for.
        bits: usize,
        /// The fewest that policy allows.
        least: usize,
    },
    /// A kind of key that is not known.
    Unknown(u8),
}

impl fmt::Display for KeyRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnnounced => write!(
                f,
                "keys on elliptic curves need an ITL with signer version {CURVES_SINCE} or higher"
            ),
            Self::Small { bits, least } => write!(
                f,
                "an RSA key of {bits} bits, at least {least} are required (policy.min_rsa)"
            ),
            Self::Unknown(code) => write!(f, "a key of the unknown type {code}"),
        }
    }
}

/// A certificate that CAPF has issued, and what it is judged by.
#[derive(Clone, Copy, Debug)]
pub struct IssuedLsc<'a> {
    /// What CAPF takes it for.
    pub kind: CertificateType,
    /// The certificate in DER.
    pub certificate: &'a [u8],
    /// The key that the phone has just made, `SubjectPublicKeyInfo` in DER.
    pub public_key: &'a [u8],
    /// The name of the phone.
    pub device: &'a str,
    /// The certificate of the CAPF server, DER.
    pub server: &'a [u8],
    /// Seconds since 1970, if the clock is set.
    pub now: Option<u64>,
}

/// Decides whether a certificate becomes the phone's own, and what to warn of.
///
/// # Errors
/// [`LscRefused`].
///
/// # Source
/// CAPF facts A6: inferred, but for the name, which reference server and call managers write.
pub fn decide_certificate(issued: &IssuedLsc<'_>) -> Result<Vec<LscOdd>, LscRefused> {
    if issued.kind != CertificateType::Lsc {
        return Err(LscRefused::Kind(issued.kind));
    }
    let certificate =
        Certificate::parse(issued.certificate).map_err(|_| LscRefused::NotACertificate)?;
    // For another key it would be of no use, or worse: somebody else has that key.
    if certificate.key_info != issued.public_key {
        return Err(LscRefused::OtherKey);
    }
    // That of the server was read when it was judged; if it cannot be read, no name is its own.
    if let Ok(server) = Certificate::parse(issued.server) {
        if issue::relation(&certificate, &server) == issue::Issue::Forged {
            return Err(LscRefused::Signature);
        }
    }
    let name = certificate.common_name();
    let other = name != issued.device;
    let other = other.then_some(LscOdd::OtherName { found: name });
    let dates = issued.now.and_then(|now| i64::try_from(now).ok()).and_then(|now| {
        let (first, last) = certificate.validity;
        if now < first {
            return Some(LscOdd::NotYetValid);
        }
        (now > last).then_some(LscOdd::Expired)
    });
    Ok(other.into_iter().chain(dates).collect())
}

/// Why a certificate does not become the phone's own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LscRefused {
    /// It is not issued as an LSC.
    Kind(CertificateType),
    /// Its bytes are not exactly one DER certificate.
    NotACertificate,
    /// It is for another key than the one that was just made.
    OtherKey,
    /// It names the CAPF server as its issuer, which has not signed it.
    Signature,
}

impl fmt::Display for LscRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => write!(f, "expected an LSC, found {kind}"),
            Self::NotACertificate => f.write_str("not a certificate in DER"),
            Self::OtherKey => f.write_str("it is for another key than the one that was made"),
            Self::Signature => {
                f.write_str("it names CAPF as its issuer, but CAPF's key has not signed it")
            }
        }
    }
}

/// What is odd about a key or certificate that is accepted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LscOdd {
    /// It is no longer valid.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// It is for another name than the phone's.
    OtherName {
        /// That name; empty if there is none.
        found: String,
    },
    /// An RSA key below 2048 bits.
    SmallKey {
        /// Bits of the modulus.
        bits: usize,
    },
}

impl fmt::Display for LscOdd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str("it has expired"),
            Self::NotYetValid => f.write_str("it is not valid yet"),
            Self::OtherName { found } => {
                write!(f, "it is for <{found}>, which is not the phone's name")
            }
            Self::SmallKey { bits } => write!(f, "an RSA key of only {bits} bits"),
        }
    }
}

/// The signer version of an ITL that announces keys on elliptic curves (CAPF facts A6).
const CURVES_SINCE: FormatVersion = FormatVersion { major: 1, minor: 1 };

#[cfg(test)]
mod tests;
