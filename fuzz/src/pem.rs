//! Certificates and keys in PEM or DER: what is read is the same after it was written, and a key
//! that is taken for a certificate's is its key.

use std::fs;
use std::path::Path;

use rsa::pkcs8::EncodePrivateKey;
use secd::face::certificates;
use secd::io::identity::{CertificateWithKey, DeviceIdentity};
use secd::trust::decrypt::DeviceKey;
use tempfile::TempDir;

pub(crate) fn one(input: &[u8]) {
    if let Ok(text) = core::str::from_utf8(input) {
        chain(text);
    }
    carried(input);
    key(input);
    // The certificate's file and that of the key.
    if let Some(end) = input.windows(2).position(|pair| pair == b"\0\0") {
        let folder = TempDir::new().expect("a temporary folder");
        pair(folder.path(), &input[..end], &input[end + 2..]);
    }
}

fn chain(text: &str) {
    let Some(chain) = certificates::read(text) else { return };
    assert!(!chain.is_empty());
    let written: String = chain.iter().map(|der| certificates::pem(der)).collect();
    assert_eq!(certificates::read(&written), Some(chain));
}

/// What a client sends of a file is that file.
fn carried(file: &[u8]) {
    let text = certificates::text(file.to_vec());
    if !file.is_empty() && text.as_bytes() != file {
        let read = certificates::read(&text).expect("a file in DER");
        assert_eq!(read, [file.to_vec().into()]);
    }
}

fn key(bytes: &[u8]) {
    let Ok(key) = DeviceKey::of_pem(bytes) else { return };
    let der = key.rsa().to_pkcs8_der().expect("a key that was read");
    let again = DeviceKey::of_der(der.as_bytes()).expect("a key that was written");
    assert!(again.rsa() == key.rsa());
}

fn pair(folder: &Path, certificate: &[u8], key: &[u8]) {
    let [certificate_file, key_file] = ["certificate", "key"].map(|name| folder.join(name));
    fs::write(&certificate_file, certificate).expect("a fresh file");
    fs::write(&key_file, key).expect("a fresh file");
    let pair = match CertificateWithKey::load(&certificate_file, &key_file) {
        Ok(pair) => pair,
        Err(no_identity) => return assert!(!no_identity.to_string().is_empty()),
    };
    let again = CertificateWithKey::from_entry(&pair.entry()).expect("an entry of our own");
    assert_eq!(again.chain(), pair.chain());
    assert!(again.key().secret_der() == pair.key().secret_der());
    let identity = DeviceIdentity::from(&pair);
    if let Some(key) = identity.unwrapping() {
        let is_its = key.is_of(identity.certificate());
        assert!(is_its || identity.is_mismatched(), "the key of another certificate");
    }
}
