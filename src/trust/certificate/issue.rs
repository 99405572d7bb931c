//! Who has issued a certificate, and to whom.

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::trust::certificate::{Certificate, KeyKind};

/// How a certificate relates to one that may have issued it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::trust) enum Issue {
    /// It names that issuer, but the issuer has not signed it, or not in a way that is known.
    Forged,
    /// It names that issuer, whose signature it has.
    Genuine,
    /// It names another issuer.
    OtherIssuer,
}

/// Whether a certificate is issued by the owner of another one.
pub(in crate::trust) fn relation(certificate: &Certificate<'_>, issuer: &Certificate<'_>) -> Issue {
    let (Ok((_, issued)), Ok((_, above))) =
        (X509Certificate::from_der(certificate.der), X509Certificate::from_der(issuer.der))
    else {
        return Issue::Forged;
    };
    if issued.issuer().as_raw() != above.subject().as_raw() {
        return Issue::OtherIssuer;
    }
    let oid = issued.signature_algorithm.algorithm.as_bytes();
    let known = ALGORITHMS.iter().find(|known| known.0 == oid && known.1 == issuer.key_kind);
    let key = &*above.tbs_certificate.subject_pki.subject_public_key.data;
    let is_genuine = known.is_some_and(|(_, _, algorithm)| {
        let key = UnparsedPublicKey::new(*algorithm, key);
        key.verify(issued.tbs_certificate.as_ref(), certificate.signature).is_ok()
    });
    if is_genuine { Issue::Genuine } else { Issue::Forged }
}

/// Signatures by their identifier (contents of the DER) and the kind of the key.
///
/// # Source
/// RFC 4055 §5 and RFC 3279 §2.2.1 for RSA, RFC 5758 §3.2 for ECDSA. From 1024 bits on, as CAPF's
/// own certificate may have since the technote's time.
static ALGORITHMS: [(&[u8], KeyKind, &dyn VerificationAlgorithm); 8] = [
    (RSA_SHA1, KeyKind::Rsa, &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
    (RSA_SHA256, KeyKind::Rsa, &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
    (RSA_SHA384, KeyKind::Rsa, &signature::RSA_PKCS1_2048_8192_SHA384),
    (RSA_SHA512, KeyKind::Rsa, &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
    (ECDSA_SHA256, KeyKind::P256, &signature::ECDSA_P256_SHA256_ASN1),
    (ECDSA_SHA384, KeyKind::P256, &signature::ECDSA_P256_SHA384_ASN1),
    (ECDSA_SHA256, KeyKind::P384, &signature::ECDSA_P384_SHA256_ASN1),
    (ECDSA_SHA384, KeyKind::P384, &signature::ECDSA_P384_SHA384_ASN1),
];

const RSA_SHA1: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x05];
const RSA_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B];
const RSA_SHA384: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0C];
const RSA_SHA512: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0D];
const ECDSA_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
const ECDSA_SHA384: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03];
