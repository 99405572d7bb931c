//! The phone's own certificate (LSC, else MIC) and the key for it.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use zeroize::Zeroizing;

use crate::agent::narrate::say;
use crate::boot::Event;
use crate::io::files::{self, Links};
use crate::io::settings;
use crate::io::tls;
use crate::trust::certificate::Certificate;
use crate::trust::decrypt::DeviceKey;
use crate::trust::signature::md5;

/// The phone's certificate and key; what cannot be used is left out.
#[derive(Default)]
pub(super) struct PhoneIdentity {
    /// For servers that ask for a client certificate.
    pub(super) client: Option<tls::TlsIdentity>,
    /// The key that opens encrypted configurations; RSA only, as the format is.
    pub(super) key: Option<DeviceKey>,
    /// The name of the certificate in `certHash` (domain facts 4.2), lower-case hexadecimal.
    pub(super) certificate_md5: Option<String>,
}

impl PhoneIdentity {
    /// Reads the files that secd.toml names. What cannot be used is left out and logged: a phone
    /// without a certificate can still verify.
    pub(super) fn load(settings: &settings::DeviceSettings) -> Self {
        let Some(paths) = &settings.identity else { return Self::default() };
        let client = tls::TlsIdentity::load(&paths.certificate, &paths.key)
            .inspect_err(|error| say(&Event::CertificateNotOffered { why: error.to_string() }))
            .ok();
        Self { client, key: key(&paths.key), certificate_md5: certificate_md5(&paths.certificate) }
    }
}

fn key(path: &std::path::Path) -> Option<DeviceKey> {
    let shown = || path.display().to_string();
    // The path is the owner's choice, and may be a link to where the LSC is kept.
    let bytes = files::read(path, LIMIT, Links::Follow)
        .inspect_err(|error| say(&Event::KeyUnreadable { path: shown(), why: error.to_string() }))
        .ok()?;
    DeviceKey::of_pem(&Zeroizing::new(bytes))
        .inspect_err(|_| say(&Event::KeyNotRsa { path: shown() }))
        .ok()
}

fn certificate_md5(path: &std::path::Path) -> Option<String> {
    let bytes = files::read(path, LIMIT, Links::Follow).ok()?;
    // PEM or DER; of a chain in PEM the first is the phone's own.
    let der = CertificateDer::from_pem_slice(&bytes).map_or(bytes, |der| der.to_vec());
    // A file that holds only a key would be hashed otherwise, and no configuration be for that.
    Certificate::parse(&der).ok()?;
    Some(md5(&der).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The longest file that is read, in bytes. Inferred: a key of 4096 bits has 3 KiB in PEM.
const LIMIT: u64 = 64 << 10;
