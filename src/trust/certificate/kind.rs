//! The kind of a public key, by its algorithm.

use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521,
    OID_PKCS1_RSAENCRYPTION, OID_PKCS1_RSASSAPSS, OID_SIG_ED448, OID_SIG_ED25519, Oid,
};
use x509_parser::x509::AlgorithmIdentifier;

/// The kind of a public key: its algorithm, and for elliptic curves which one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "the names are those of the algorithms")]
pub enum KeyKind {
    Ed25519,
    Ed448,
    OtherCurve,
    P256,
    P384,
    P521,
    Rsa,
    RsaPss,
    Unknown,
}

impl KeyKind {
    pub(super) fn from_algorithm(algorithm: &AlgorithmIdentifier<'_>) -> Self {
        let named = &algorithm.algorithm;
        let known = ALGORITHMS.iter().find(|(oid, _)| oid == named);
        match known {
            Some((_, kind)) => *kind,
            None if *named == OID_KEY_TYPE_EC_PUBLIC_KEY => Self::from_curve(algorithm),
            None => Self::Unknown,
        }
    }

    fn from_curve(algorithm: &AlgorithmIdentifier<'_>) -> Self {
        let curve = algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
        let known = curve.and_then(|curve| CURVES.iter().find(|(oid, _)| *oid == curve));
        known.map_or(Self::OtherCurve, |(_, kind)| *kind)
    }

    /// Its name as messages print it; not for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::Ed448 => "Ed448",
            Self::OtherCurve => "an elliptic curve other than P-256 and P-384",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Rsa => "RSA",
            Self::RsaPss => "RSA-PSS",
            Self::Unknown => "neither RSA nor an elliptic curve",
        }
    }
}

static ALGORITHMS: [(Oid<'static>, KeyKind); 4] = [
    (OID_PKCS1_RSAENCRYPTION, KeyKind::Rsa),
    (OID_PKCS1_RSASSAPSS, KeyKind::RsaPss),
    (OID_SIG_ED25519, KeyKind::Ed25519),
    (OID_SIG_ED448, KeyKind::Ed448),
];

static CURVES: [(Oid<'static>, KeyKind); 3] = [
    (OID_EC_P256, KeyKind::P256),
    (OID_NIST_EC_P384, KeyKind::P384),
    (OID_NIST_EC_P521, KeyKind::P521),
];
