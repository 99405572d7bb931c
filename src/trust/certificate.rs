//! What a certificate contains. Nothing here decides whether it is trusted.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use x509_parser::oid_registry::{
    OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_MD5WITHRSAENC, OID_PKCS1_RSAENCRYPTION,
    OID_PKCS1_RSASSAPSS, OID_PKCS1_SHA1WITHRSA, Oid,
};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::{AttributeTypeAndValue, SubjectPublicKeyInfo, X509Name};

use crate::wire::Serial;

mod authority;
pub(in crate::trust) mod issue;
mod kind;
pub(in crate::trust) mod path;

pub use authority::Authority;
pub use kind::KeyKind;

/// The facts of one certificate.
#[derive(Clone, Debug)]
pub struct Certificate<'a> {
    /// The whole certificate in DER, which is what lists and digests compare.
    pub der: &'a [u8],
    /// Its number at the issuer.
    pub serial: Serial<'a>,
    /// The key that it certifies.
    pub key: PublicKey<'a>,
    /// The same with its algorithm, DER `SubjectPublicKeyInfo`.
    pub key_info: &'a [u8],
    /// The algorithm of the key, and its curve.
    pub key_kind: KeyKind,
    /// The issuer's signature on it.
    pub signature: &'a [u8],
    /// First and last second of its validity, since 1970.
    pub validity: (i64, i64),
    /// What it may issue, if it may issue others.
    pub authority: Option<Authority>,
}

/// A public key, in the form in which trust lists carry it (tag 7).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PublicKey<'a> {
    /// An uncompressed curve point.
    Ec(&'a [u8]),
    /// A key of another algorithm.
    Other(&'a [u8]),
    /// PKCS#1 `RSAPublicKey` in DER, for signatures with PKCS#1 v1.5.
    Rsa(&'a [u8]),
    /// PKCS#1 `RSAPublicKey` in DER, of a key that may only be used for RSA-PSS (RFC 4055 §1.2).
    RsaPss(&'a [u8]),
}

impl<'a> PublicKey<'a> {
    /// The bytes that a trust list carries.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        match self {
            Self::Ec(bytes) | Self::Rsa(bytes) | Self::RsaPss(bytes) | Self::Other(bytes) => bytes,
        }
    }
}

/// Whether a certificate is followed by other bytes: two parsers could read two different things.
pub(in crate::trust) fn has_trailing_bytes(der: &[u8]) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(rest, _)| !rest.is_empty())
}

/// The bytes are not exactly one DER certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotACertificate;

impl<'a> Certificate<'a> {
    /// Reads exactly one certificate.
    ///
    /// # Errors
    /// [`NotACertificate`], also if bytes follow it.
    pub fn parse(der: &'a [u8]) -> Result<Self, NotACertificate> {
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| NotACertificate)?;
        // Bytes behind a certificate would be hashed by one reader and ignored by another.
        if !rest.is_empty() {
            return Err(NotACertificate);
        }
        // What follows the key inside its own element would be read by others.
        if SubjectPublicKeyInfo::from_der(parsed.tbs_certificate.subject_pki.raw).is_err() {
            return Err(NotACertificate);
        }
        // Before the parts of `parsed` are moved out below.
        let authority = Authority::from_certificate(&parsed);
        let tbs = parsed.tbs_certificate;
        let serial = Serial::new(tbs.raw_serial());
        let key = borrowed(tbs.subject_pki.subject_public_key.data)?;
        Ok(Self {
            der,
            serial,
            key: public_key(&tbs.subject_pki.algorithm.algorithm, key),
            key_info: tbs.subject_pki.raw,
            key_kind: KeyKind::from_algorithm(&tbs.subject_pki.algorithm),
            signature: borrowed(parsed.signature_value.data)?,
            validity: (tbs.validity.not_before.timestamp(), tbs.validity.not_after.timestamp()),
            authority,
        })
    }
}

impl Certificate<'_> {
    /// The issuer as call managers write it, for people.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.name(|parsed| text(parsed.issuer()))
    }

    /// The subject as call managers write it, for people.
    #[must_use]
    pub fn subject(&self) -> String {
        self.name(|parsed| text(parsed.subject()))
    }

    /// The common name of the subject; empty if it has none.
    #[must_use]
    pub fn common_name(&self) -> String {
        self.name(|parsed| {
            let mut names = parsed.subject().iter_common_name();
            let name = names.next().and_then(|name| name.as_str().ok());
            name.unwrap_or_default().to_string()
        })
    }

    /// Whether its issuer signed it with SHA-1 or MD5, for which collisions are known.
    #[must_use]
    pub fn is_signed_weakly(&self) -> bool {
        X509Certificate::from_der(self.der).is_ok_and(|(_, parsed)| {
            let algorithm = &parsed.signature_algorithm.algorithm;
            [OID_PKCS1_MD5WITHRSAENC, OID_PKCS1_SHA1WITHRSA].contains(algorithm)
                || algorithm.as_bytes() == ECDSA_WITH_SHA1
        })
    }

    fn name(&self, of: fn(&X509Certificate<'_>) -> String) -> String {
        X509Certificate::from_der(self.der)
            .map_or_else(|_| String::new(), |(_, parsed)| of(&parsed))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the borrow inside outlives the Cow")]
fn borrowed(data: Cow<'_, [u8]>) -> Result<&[u8], NotACertificate> {
    match data {
        Cow::Borrowed(bytes) => Ok(bytes),
        Cow::Owned(_) => Err(NotACertificate),
    }
}

fn public_key<'a>(algorithm: &Oid<'_>, bytes: &'a [u8]) -> PublicKey<'a> {
    if *algorithm == OID_PKCS1_RSAENCRYPTION {
        PublicKey::Rsa(bytes)
    } else if *algorithm == OID_PKCS1_RSASSAPSS {
        PublicKey::RsaPss(bytes)
    } else if *algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY {
        PublicKey::Ec(bytes)
    } else {
        PublicKey::Other(bytes)
    }
}

/// A name as call managers write it, whatever the certificate's order, so that it looks as it does
/// in their lists: `CN=..;OU=..;O=..;L=..;ST=..;C=..`.
///
/// # Source
/// `show itl` of the technote, where the certificate's own order is another one (domain facts 3.7).
/// Several of one type, most specific first: inferred.
fn text(name: &X509Name<'_>) -> String {
    let mut ordered: Vec<_> = name.iter_attributes().map(attribute).collect();
    // Certificates begin with the country; one that begins with the name is in order already.
    if ordered.first().is_none_or(|(place, ..)| *place > COMMON_NAME) {
        ordered.reverse();
    }
    ordered.sort_by_cached_key(|(place, ..)| *place);
    let written =
        |(_, kind, value): &(usize, String, String)| alloc::format!("{kind}={}", escaped(value));
    ordered.iter().map(written).collect::<Vec<_>>().join(";")
}

fn escaped(value: &str) -> String {
    // The backslash first, or the escapes added after it would be escaped again.
    value.replace('\\', "\\\\").replace(',', "\\,").replace(';', "\\;")
}

/// An attribute's place in a name, its type and its value.
fn attribute(attribute: &AttributeTypeAndValue<'_>) -> (usize, String, String) {
    let kind = attribute.attr_type();
    let place = SHORT_TYPES.iter().position(|(oid, _)| *oid == kind.as_bytes());
    let short = place.and_then(|place| SHORT_TYPES.get(place)).map(|(_, short)| *short);
    let value =
        attribute.as_str().map_or_else(|_| hexadecimal(attribute.as_slice()), str::to_string);
    let name = short.map_or_else(|| kind.to_id_string(), str::to_string);
    (place.unwrap_or(SHORT_TYPES.len()), name, value)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::from("#"), |text, byte| text + &alloc::format!("{byte:02X}"))
}

/// Contents of the identifier 1.2.840.10045.4.1, DER (RFC 3279 §2.2.3).
const ECDSA_WITH_SHA1: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01];

/// Attribute types (contents of the identifier, DER) and the short names that trust lists use, in
/// the order in which call managers write them; types that are not here come last.
///
/// # Source
/// RFC 4514 §3 for the names. Technote (`show itl`) for `CN` to `C`; a call manager's CTL with a
/// public authority's name for mail (`tests/field`); inferred for `SERIALNUMBER` and `DC`.
const SHORT_TYPES: [(&[u8], &str); 9] = [
    (&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x01], "emailAddress"),
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 5], "SERIALNUMBER"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 6], "C"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x19], "DC"),
];

/// The place of the common name among them.
const COMMON_NAME: usize = 1;
