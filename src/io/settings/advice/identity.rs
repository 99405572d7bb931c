//! The phone's own certificate and key, as files of this system.

use std::fs;
use std::path::Path;

use zeroize::Zeroizing;

use super::advisor::Advisor;
use super::system::System;
use crate::io::clock::{self, date};
use crate::io::files::{self, Links};
use crate::io::identity::{CertificateWithKey, DeviceIdentity, LIMIT, NoIdentity};
use crate::trust::certificate::Certificate;

impl Advisor<'_> {
    pub(super) fn identity(&mut self, system: &System) {
        let Some(paths) = &self.settings.device.identity else { return };
        let certificate = self.file(CERTIFICATE, &paths.certificate, system);
        let key = self.file(KEY, &paths.key, system);
        if key.is_some() {
            self.secrecy(&paths.key);
        }
        if certificate.is_none() || key.is_none() {
            return;
        }
        let shown = paths.key.display();
        match CertificateWithKey::load(&paths.certificate, &paths.key) {
            // Both were just read: whoever replaced one meanwhile reads this again.
            Err(NoIdentity::Unreadable(_)) => {}
            Err(why @ NoIdentity::Certificate) => self.no_certificate(&paths.certificate, &why),
            Err(why) => {
                let instead = "name the key of the certificate, PEM or DER, without a passphrase";
                self.warn(KEY, format_args!("{shown}: {why}: {instead}"));
            }
            Ok(pair) => {
                let identity = DeviceIdentity::from(&pair);
                self.certificate(&identity, &paths.certificate);
                if identity.client().is_none() {
                    self.warn(
                        KEY,
                        format_args!("{shown}: {}: no server is offered it", NoIdentity::Key),
                    );
                }
                if identity.unwrapping().is_none() {
                    let text = "the key is not RSA: encrypted configurations cannot be opened with \
                                it; have an RSA certificate issued";
                    self.warn(KEY, format_args!("{shown}: {text}"));
                }
            }
        }
    }

    /// The bytes of a file, if it can be read by this process and by the agent.
    fn file(
        &mut self,
        key: &'static str,
        path: &Path,
        system: &System,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let shown = path.display();
        match files::read(path, LIMIT, Links::Follow) {
            Err(why) => {
                self.warn(key, format_args!("{shown}: {why}: {NEITHER}"));
                None
            }
            Ok(bytes) => {
                if let Some(text) = system.bar(path, READ) {
                    self.warn(key, text);
                }
                Some(Zeroizing::new(bytes))
            }
        }
    }

    fn secrecy(&mut self, path: &Path) {
        use std::os::unix::fs::MetadataExt;
        let mode = fs::metadata(path).map_or(0, |facts| facts.mode() & 0o777);
        if mode & 0o007 != 0 {
            let shown = path.display();
            let text = format!("{shown}: mode {mode:04o} leaves the key open to every user");
            self.warn(KEY, format_args!("{text}: chmod 600 {shown}"));
        }
    }

    fn no_certificate(&mut self, path: &Path, why: &NoIdentity) {
        let shown = path.display();
        self.warn(CERTIFICATE, format_args!("{shown}: {why}: name the MIC"));
    }

    fn certificate(&mut self, identity: &DeviceIdentity, path: &Path) {
        let Ok(certificate) = Certificate::parse(identity.certificate()) else {
            self.no_certificate(path, &NoIdentity::Certificate);
            return;
        };
        let shown = path.display();
        if identity.is_mismatched() {
            let text = "does not belong to the key in device.key: name the two that were issued \
                        together";
            self.warn(CERTIFICATE, format_args!("{shown}: {text}"));
        }
        // A clock that was never set proves nothing.
        let Some(now) = clock::seconds().and_then(|now| i64::try_from(now).ok()) else { return };
        let (from, until) = certificate.validity;
        if now > until {
            let text = "have a new one issued, or name the one that was";
            self.warn(CERTIFICATE, format_args!("{shown}: expired on {}: {text}", date(until)));
        }
        if now < from {
            let text = "look at the clock of this system and of the issuer";
            self.warn(CERTIFICATE, format_args!("{shown}: valid from {}: {text}", date(from)));
        }
    }
}

const CERTIFICATE: &str = "device.certificate";
const KEY: &str = "device.key";

/// The right to read, in a mode.
const READ: u32 = 4;

const NEITHER: &str = "put the file there, or remove device.certificate and device.key";
