//! A certificate of anybody's: it is read or refused, what is read lies in it, and where the reader
//! that verifies paths reads it too, both read the same.

use rustls_pki_types::CertificateDer;
use secd::face::certificates;
use secd::trust::certificate::Certificate;
use secd::trust::name::DistinguishedName;
use secd::trust::signature::SignerKey;
use secd::trust::{OwnFacts, Which};
use webpki::EndEntityCert;

/// DER, or the first certificate of a file in PEM.
pub(crate) fn one(input: &[u8]) {
    let chain = core::str::from_utf8(input).ok().and_then(certificates::read);
    let first = chain.as_ref().and_then(|chain| chain.first());
    let der = first.map_or(input, |der| der.as_ref());
    let theirs = CertificateDer::from(der);
    let theirs = EndEntityCert::try_from(&theirs);
    match (Certificate::parse(der), &theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(ours.serial.bytes(), theirs.serial());
            assert_eq!(ours.key_info, theirs.subject_public_key_info().as_ref());
            facts(&ours);
        }
        // webpki refuses more: other versions, serial numbers of more than 20 bytes, extensions
        // that are critical and unknown, or there twice. No path begins with such a certificate; a
        // list may well have one.
        (Ok(ours), Err(_)) => facts(&ours),
        // x509-parser refuses more: dates and parameters of keys are not looked at by webpki before
        // they are needed. Nothing is trusted then.
        (Err(_), Ok(_) | Err(_)) => {}
    }
}

fn facts(certificate: &Certificate<'_>) {
    let der = certificate.der;
    let place = der.as_ptr_range();
    for part in [
        certificate.serial.bytes(),
        certificate.key.bytes(),
        certificate.key_info,
        certificate.signature,
    ] {
        let part = part.as_ptr_range();
        assert!(place.start <= part.start && part.end <= place.end, "read beyond the certificate");
    }
    // Two readers could take what follows for two different things.
    assert!(Certificate::parse(&[der, &[0]].concat()).is_err());
    assert!(Certificate::parse(&der[..der.len() - 1]).is_err());
    for name in [certificate.subject(), certificate.issuer(), certificate.common_name()] {
        assert_eq!(DistinguishedName::from_text(&name), DistinguishedName::from_text(&name));
    }
    if let Some(authority) = certificate.authority {
        assert_eq!(authority.validity, certificate.validity);
    }
    let own = OwnFacts::of(Which::Mic, certificate);
    assert_eq!(own.validity, certificate.validity);
    let _shown = (own.expiry(Some(0)), own.expiry(None), certificate.is_signed_weakly());
    if let Ok(key) = SignerKey::of_certificate(certificate) {
        assert!(key.bits() <= 8 * der.len());
    }
}
