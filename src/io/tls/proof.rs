//! The proof that a server holds the key of its certificate.
//!
//! Only the key is needed for that, and it is taken from our own reading of the certificate:
//! whether anything else in it is acceptable is left to the verdict.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use webpki::RawPublicKeyEntity;
use webpki::ring as large;

use crate::io::tls::algorithms::SmallKeys;
use crate::io::tls::failure::HandshakeFailure;
use crate::trust::certificate::{Certificate, PublicKey};
use crate::trust::signature::SignerKey;

/// The version of the protocol, for the rules of signatures.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Protocol {
    /// TLS 1.2: a scheme does not name the curve.
    Tls12,
    /// TLS 1.3: it does, and there is no PKCS#1 (RFC 8446 §4.2.3).
    Tls13,
}

/// Verifies the signature of a handshake with the key of the server's certificate.
pub(super) fn verify(
    protocol: Protocol,
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    keys: SmallKeys,
) -> Result<HandshakeSignatureValid, Error> {
    let certificate =
        Certificate::parse(certificate).map_err(|_| because(HandshakeFailure::Unreadable))?;
    if let Ok(bits) = SignerKey::of_certificate(&certificate).map(|key| key.bits()) {
        if bits < keys.least() {
            return Err(because(HandshakeFailure::SmallKey(bits)));
        }
    }
    let verified = match certificate.key {
        PublicKey::RsaPss(key) => of_pss_key(signed.scheme)
            .is_some_and(|by| by.verify_signature(key, message, signed.signature()).is_ok()),
        _ => {
            let spki = SubjectPublicKeyInfoDer::from(certificate.key_info);
            let key = RawPublicKeyEntity::try_from(&spki);
            let key = key.map_err(|_| because(HandshakeFailure::Unreadable))?;
            candidates(protocol, signed.scheme, keys)
                .iter()
                .any(|by| key.verify_signature(*by, message, signed.signature()).is_ok())
        }
    };
    if verified {
        return Ok(HandshakeSignatureValid::assertion());
    }
    Err(because(HandshakeFailure::BadSignature))
}

/// The schemes that are offered to servers.
pub(super) fn schemes(keys: SmallKeys) -> Vec<SignatureScheme> {
    let pss = PSS_KEYS.iter().map(|(scheme, _)| *scheme);
    keys.algorithms().supported_schemes().into_iter().chain(pss).collect()
}

/// The ways in which a signature of a scheme may have been made.
fn candidates(
    protocol: Protocol,
    scheme: SignatureScheme,
    keys: SmallKeys,
) -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    let mapped = keys.algorithms().mapping.iter().find(|(mapped, _)| *mapped == scheme);
    let all = mapped.map(|(_, ways)| *ways).unwrap_or_default();
    match protocol {
        Protocol::Tls12 => all,
        // RFC 8446 §4.2.3: in certificates only, never in a handshake.
        Protocol::Tls13 if is_pkcs1(scheme) => &[],
        // The first one has the curve that the scheme names; the others are for TLS 1.2.
        Protocol::Tls13 => all.get(..1).unwrap_or_default(),
    }
}

const fn is_pkcs1(scheme: SignatureScheme) -> bool {
    matches!(
        scheme,
        SignatureScheme::RSA_PKCS1_SHA256
            | SignatureScheme::RSA_PKCS1_SHA384
            | SignatureScheme::RSA_PKCS1_SHA512
    )
}

fn of_pss_key(scheme: SignatureScheme) -> Option<&'static dyn SignatureVerificationAlgorithm> {
    PSS_KEYS.iter().find(|(known, _)| *known == scheme).map(|(_, by)| *by)
}

/// A failure of ours as the library carries it.
fn because(failure: HandshakeFailure) -> Error {
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(failure))))
}

/// The schemes of keys that are for RSA-PSS alone: `rsa_pss_pss_sha256` to `…512`
/// (RFC 8446 §4.2.3). The library has no names for them.
static PSS_KEYS: [(SignatureScheme, &dyn SignatureVerificationAlgorithm); 3] = [
    (SignatureScheme::Unknown(0x0809), large::RSA_PSS_2048_8192_SHA256_LEGACY_KEY),
    (SignatureScheme::Unknown(0x080A), large::RSA_PSS_2048_8192_SHA384_LEGACY_KEY),
    (SignatureScheme::Unknown(0x080B), large::RSA_PSS_2048_8192_SHA512_LEGACY_KEY),
];
