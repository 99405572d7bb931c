//! The phone's certificate for its 802.1X supplicant, which authenticates the phone to the switch
//! before there is a network, and takes files alone.
//!
//! Certificate and key are one file: two would be replaced one after the other, and whoever looks in
//! between would find a key that is not the certificate's.

use std::fmt;
use std::path::{Path, PathBuf};

use rustls::pki_types::PrivateKeyDer;
use zeroize::Zeroizing;

use super::files::{self, Links, UnreadableFile, WriteFailure};
use super::identity::{CertificateWithKey, LIMIT};
use crate::face::{base64, certificates};
use crate::trust::certificate::Certificate;
use crate::wire::name::FileName;

/// Writes certificate and key, and a configuration for `wpa_supplicant` that names them, into a
/// folder, each of mode 0600 and replaced at once. `authority` is the file of who vouches for the
/// authentication server. Returns whether anything has changed.
///
/// # Errors
/// [`NotExported`].
pub fn export(
    folder: &Path,
    pair: &CertificateWithKey,
    authority: Option<&Path>,
) -> Result<bool, NotExported> {
    files::provide_folder(folder)?;
    expect_own(folder)?;
    let pem = pem(pair);
    let configuration = configuration(folder, pair, authority);
    // The certificate first: what the configuration names is there when it is.
    let changed = write(folder, PEM, pem.as_bytes())?;
    Ok(write(folder, CONFIGURATION, configuration.as_bytes())? || changed)
}

/// Removes both files. Returns whether there was one.
///
/// # Errors
/// [`NotExported`].
pub fn withdraw(folder: &Path) -> Result<bool, NotExported> {
    expect_own(folder)?;
    let mut removed = false;
    for name in [CONFIGURATION, PEM] {
        removed |= files::remove(&folder.join(name))?;
    }
    Ok(removed)
}

/// Why the files are as they were.
#[derive(Debug)]
pub enum NotExported {
    /// Somebody else has written this file.
    Foreign(PathBuf),
    /// The system refused a change.
    Write(WriteFailure),
}

impl From<WriteFailure> for NotExported {
    fn from(failure: WriteFailure) -> Self {
        Self::Write(failure)
    }
}

impl fmt::Display for NotExported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign(path) => write!(
                f,
                "{}: not written by secd, and left as it is; name a folder that nothing else uses, \
                 or remove the file",
                path.display()
            ),
            Self::Write(failure) => failure.fmt(f),
        }
    }
}

/// Refuses a folder such as `/etc/wpa_supplicant`, where the configuration is the administrator's.
fn expect_own(folder: &Path) -> Result<(), NotExported> {
    let path = folder.join(CONFIGURATION);
    let is_own = match files::read(&path, LIMIT, Links::Refuse) {
        // Nothing is forced to a medium: a power cut can leave an empty one.
        Ok(bytes) => bytes.is_empty() || bytes.starts_with(HEADER.as_bytes()),
        Err(UnreadableFile::Absent) => true,
        Err(_) => false,
    };
    if is_own { Ok(()) } else { Err(NotExported::Foreign(path)) }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<bool, WriteFailure> {
    let limit = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let found = files::read(&folder.join(name), limit, Links::Refuse).map(Zeroizing::new);
    // Whoever watches the files must not see a change where there is none.
    if found.is_ok_and(|found| *found == bytes) {
        return Ok(false);
    }
    let Ok(name) = FileName::parse(name) else { return Ok(false) };
    files::write_atomically(folder, &name, bytes).map(|_| true)
}

/// The key, then the certificates, in PEM.
fn pem(pair: &CertificateWithKey) -> Zeroizing<String> {
    let key = pair.key();
    let label = match key {
        PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
        PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
        _ => "PRIVATE KEY",
    };
    let ders = pair.chain().iter().map(|der| ("CERTIFICATE", der.as_ref()));
    let blocks: Vec<_> = [(label, key.secret_der())].into_iter().chain(ders).collect();
    // In one allocation: growing would leave copies of the key. Base64 takes 4 characters for 3
    // bytes, a line break every 48 of these, and the lines at both ends fewer than 80.
    let length = blocks.iter().map(|(_, der)| der.len() / 3 * 4 + der.len() / 48 + 96).sum();
    let mut text = Zeroizing::new(String::with_capacity(length));
    for (label, der) in blocks {
        let encoded = Zeroizing::new(base64::encode(der));
        certificates::add_block(&mut text, label, &encoded);
    }
    text
}

/// # Source
/// `wpa_supplicant.conf(5)`, and its sample for EAP-TLS on a wired network.
fn configuration(folder: &Path, pair: &CertificateWithKey, authority: Option<&Path>) -> String {
    let parsed = pair.chain().first().and_then(|der| Certificate::parse(der).ok());
    let name = parsed.map(|parsed| parsed.common_name()).unwrap_or_default();
    let pem = value(&folder.join(PEM).display().to_string());
    let authority = match authority {
        Some(path) => format!("ca_cert={}", value(&path.display().to_string())),
        None => "# identity.radius_ca is not set: the authentication server is not verified".into(),
    };
    format!(
        "{HEADER}\n\
         ap_scan=0\n\
         network={{\n    \
             key_mgmt=IEEE8021X\n    \
             eap=TLS\n    \
             eapol_flags=0\n    \
             identity={}\n    \
             {authority}\n    \
             client_cert={pem}\n    \
             private_key={pem}\n\
         }}\n",
        value(&name)
    )
}

/// A text as a value of `wpa_supplicant`: in quotes, or in hexadecimal where it has characters that
/// end quotes, a line or a comment.
fn value(text: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '#') || c == ' ';
    if text.chars().all(plain) {
        return format!("\"{text}\"");
    }
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// What the configuration begins with.
const HEADER: &str =
    "# Written by secd whenever the phone's certificate changes; changes made here are lost.";

/// The file of certificate and key.
const PEM: &str = "phone.pem";

/// The file for `wpa_supplicant`.
const CONFIGURATION: &str = "wpa_supplicant.conf";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_quotes_cannot_hold_is_written_in_hexadecimal() {
        assert_eq!(value("/run/secd/eap/phone.pem"), "\"/run/secd/eap/phone.pem\"");
        assert_eq!(value("CP-8861-SEP001122334455"), "\"CP-8861-SEP001122334455\"");
        for odd in ["a\"b", "a#b", "a\nkey_mgmt=NONE", "\u{e9}"] {
            let hex = value(odd);
            assert!(hex.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hex}");
        }
    }
}
