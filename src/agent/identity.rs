//! The phone's own certificates: the LSC that a call manager's CAPF has issued, from the store, and
//! the MIC, from the files that secd.toml names.

use std::rc::Rc;

use zeroize::Zeroizing;

use crate::agent::narrate::say;
use crate::boot::Event;
use crate::io::files::{self, Links};
use crate::io::identity::{CertificateWithKey, DeviceIdentity, LIMIT, NoIdentity};
use crate::io::settings::{DeviceSettings, IdentityFiles};
use crate::io::tls::TlsIdentity;
use crate::trust::decrypt::{self, DeviceKey};
use crate::trust::{Reason, Verified, Which};
use crate::wire::Envelope;

mod export;
mod facts;
mod orders;
mod owner;
mod stored;
#[cfg(test)]
mod tests;

pub(super) use owner::OwnCertificates;

use stored::StoredLscs;

/// Which key has unwrapped a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum UnwrappedBy {
    Lsc,
    /// That of the LSC before the current one.
    PreviousLsc,
    Mic,
}

impl UnwrappedBy {
    const fn words(self) -> &'static str {
        match self {
            Self::Lsc => "the LSC",
            Self::PreviousLsc => "the LSC before the current one",
            Self::Mic => "the MIC",
        }
    }
}

/// The phone's certificates as they are at one time; what cannot be used is left out.
#[derive(Clone, Default)]
pub(super) struct PhoneIdentity {
    lsc: Option<Rc<DeviceIdentity>>,
    /// Kept until a file was unwrapped with the key of the current one: a call manager encrypts for
    /// the new key only some time after it has issued the certificate.
    previous: Option<Rc<DeviceIdentity>>,
    mic: Option<Rc<DeviceIdentity>>,
    /// The line of lists under which the LSC was installed, if that is known.
    line: Option<u32>,
    /// The key of a MIC whose certificate cannot be read: it unwraps all the same.
    bare_key: Option<DeviceKey>,
}

impl PhoneIdentity {
    /// The LSC, if one is installed.
    pub(super) fn lsc(&self) -> Option<&DeviceIdentity> {
        self.lsc.as_deref()
    }

    /// The MIC, if secd.toml names one that can be read.
    pub(super) fn mic(&self) -> Option<&DeviceIdentity> {
        self.mic.as_deref()
    }

    /// The one that the phone is known by: the LSC, else the MIC.
    pub(super) fn in_use(&self) -> Option<(Which, &DeviceIdentity)> {
        let lsc = self.lsc().map(|lsc| (Which::Lsc, lsc));
        lsc.or_else(|| self.mic().map(|mic| (Which::Mic, mic)))
    }

    /// What a server that asks for a certificate is offered.
    pub(super) fn client(&self) -> Option<&TlsIdentity> {
        // The MIC where the LSC's key cannot sign a handshake: a server that knows it takes it.
        let lsc = self.lsc().and_then(DeviceIdentity::client);
        lsc.or_else(|| self.mic().and_then(DeviceIdentity::client))
    }

    /// The name of the phone's certificate in `certHash` (domain facts 4.2), lower-case hexadecimal.
    pub(super) fn certificate_md5(&self) -> Option<String> {
        self.in_use().map(|(_, identity)| identity.certificate_md5())
    }

    /// Whether a `certHash` names a certificate whose key the phone has. Not only the current one:
    /// the server builds its files for a new one with delay.
    pub(super) fn owns(&self, md5: &str) -> bool {
        let mut all = [&self.lsc, &self.previous, &self.mic].into_iter().flatten();
        all.any(|identity| identity.certificate_md5().eq_ignore_ascii_case(md5))
    }

    /// Whether there is a key to unwrap with, but no certificate.
    pub(super) fn has_only_key(&self) -> bool {
        self.bare_key.is_some() && self.in_use().is_none()
    }

    /// Opens an encrypted file with the first of the phone's keys that fits.
    ///
    /// # Errors
    /// [`Reason::NoKey`], [`Reason::DecryptFailed`].
    pub(super) fn unwrap(
        &self,
        file: &Verified<Envelope<'_>>,
    ) -> Result<(Zeroizing<Vec<u8>>, UnwrappedBy), Reason> {
        let keys = [
            (unwrapping(self.lsc()), UnwrappedBy::Lsc),
            (unwrapping(self.previous.as_deref()), UnwrappedBy::PreviousLsc),
            (unwrapping(self.mic()).or(self.bare_key.as_ref()), UnwrappedBy::Mic),
        ];
        let mut failed = Reason::NoKey;
        for (key, by) in keys {
            let Some(key) = key else { continue };
            match decrypt::decrypt(file, key) {
                Ok(plain) => return Ok((plain, by)),
                Err(reason) => failed = reason,
            }
        }
        Err(failed)
    }
}

fn unwrapping(identity: Option<&DeviceIdentity>) -> Option<&DeviceKey> {
    identity.and_then(DeviceIdentity::unwrapping)
}

/// The files that secd.toml names, read; what is wrong with them is logged: a phone without a
/// certificate can still verify.
fn with_mic(stored: StoredLscs, settings: &DeviceSettings) -> PhoneIdentity {
    let StoredLscs { lsc, previous, line } = stored;
    let identity = PhoneIdentity { lsc, previous, line, ..PhoneIdentity::default() };
    let Some(paths) = &settings.identity else { return identity };
    match CertificateWithKey::load(&paths.certificate, &paths.key) {
        Ok(pair) => {
            let mic = DeviceIdentity::from(&pair);
            if mic.client().is_none() {
                say(&Event::CertificateNotOffered { why: NoIdentity::Key.to_string() });
            }
            if mic.unwrapping().is_none() {
                say(&Event::KeyNotRsa { path: paths.key.display().to_string() });
            }
            PhoneIdentity { mic: Some(Rc::new(mic)), ..identity }
        }
        Err(error) => {
            say(&Event::CertificateNotOffered { why: error.to_string() });
            PhoneIdentity { bare_key: bare_key(paths), ..identity }
        }
    }
}

fn bare_key(paths: &IdentityFiles) -> Option<DeviceKey> {
    let shown = || paths.key.display().to_string();
    // The path is the owner's choice, and may be a link to where the key is kept.
    let bytes = files::read(&paths.key, LIMIT, Links::Follow)
        .inspect_err(|error| say(&Event::KeyUnreadable { path: shown(), why: error.to_string() }))
        .ok()?;
    DeviceKey::of_pem(&Zeroizing::new(bytes))
        .inspect_err(|_| say(&Event::KeyNotRsa { path: shown() }))
        .ok()
}
