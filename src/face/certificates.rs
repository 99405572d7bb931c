//! Certificates as the interface carries them: in PEM, or a single one in DER, in Base64.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::face::base64;

/// The content of a file, PEM or DER, as the interface carries it.
#[must_use]
pub fn text(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) if text.contains(PEM) => text,
        // DER can be valid UTF-8 by chance.
        Ok(text) => base64::encode(text.as_bytes()),
        Err(der) => base64::encode(der.as_bytes()),
    }
}

/// The certificates in such a text; `None` if there are none, or not only certificates.
#[must_use]
pub fn read(text: &str) -> Option<Vec<CertificateDer<'static>>> {
    if text.contains(PEM) {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
        // All or nothing: a chain with a gap would be judged as another one.
        return read.ok().filter(|chain| !chain.is_empty());
    }
    // Base64 tools break lines, and the decoder takes no white space.
    let compact: String = text.split_ascii_whitespace().collect();
    let der = base64::decode(&compact).filter(|der| !der.is_empty())?;
    Some(vec![der.into()])
}

/// A certificate in PEM, in lines of 64 characters (RFC 7468 §2).
#[must_use]
pub fn pem(der: &[u8]) -> String {
    let mut text = String::new();
    add_block(&mut text, "CERTIFICATE", &base64::encode(der));
    text
}

/// Adds a block of PEM to a text: its label, and what is in it in Base64.
pub fn add_block(text: &mut String, label: &str, encoded: &str) {
    for part in [PEM, label, "-----\n"] {
        text.push_str(part);
    }
    for (place, character) in encoded.chars().enumerate() {
        if place > 0 && place % LINE == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    for part in ["\n-----END ", label, "-----\n"] {
        text.push_str(part);
    }
}

/// Characters of a line in PEM.
const LINE: usize = 64;

/// What every PEM block begins with (RFC 7468 §2).
const PEM: &str = "-----BEGIN ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_and_pem_are_told_apart() {
        let der = [0x30, 0x82, 0xFF, 0x00];
        assert_eq!(read(&text(der.to_vec())), Some(vec![der.to_vec().into()]));
        let pem = "-----BEGIN CERTIFICATE-----\nMIL/AA==\n-----END CERTIFICATE-----\n";
        assert_eq!(text(pem.into()), pem);
        let chain = read(&pem.repeat(2)).expect("two certificates");
        assert_eq!(chain, [der.to_vec().into(), CertificateDer::from(der.to_vec())]);
    }

    #[test]
    fn what_is_written_is_read() {
        for length in [1, 47, 48, 49, 96, 700] {
            let der = vec![0xA5; length];
            let pem = pem(&der);
            assert!(pem.lines().all(|line| line.len() <= LINE && !line.is_empty()), "{pem}");
            assert_eq!(read(&pem), Some(vec![der.into()]));
        }
    }

    #[test]
    fn anything_else_is_no_certificate() {
        for other in ["", "=", "%%", "-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----\n"]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
