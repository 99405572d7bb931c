//! The phone's own certificates: the LSC that a call manager's CAPF has issued, from the store, and
//! the MIC, from the files that secd.toml names.

use std::cell::RefCell;
use std::rc::Rc;

use zeroize::Zeroizing;

use crate::agent::narrate::say;
use crate::agent::owners::Agent;
use crate::boot::{Event, StatusMessage};
use crate::io::files::{self, Links};
use crate::io::identity::{CertificateWithKey, DeviceIdentity, LIMIT, NoIdentity};
use crate::io::settings::{DeviceSettings, IdentityFiles};
use crate::io::store::{Before, StoreFailure};
use crate::io::tls::TlsIdentity;
use crate::trust::certificate::Certificate;
use crate::trust::decrypt::{self, DeviceKey};
use crate::trust::{Reason, Verified};
use crate::wire::Envelope;

mod stored;

use stored::StoredLscs;

/// Which of the phone's certificates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Which {
    /// The locally significant certificate, which takes precedence everywhere.
    Lsc,
    /// The manufacturing installed certificate, or one that a person has put in its place.
    Mic,
}

impl Which {
    /// Its name, as phones and call managers show it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Lsc => "LSC",
            Self::Mic => "MIC",
        }
    }
}

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
        let all = [&self.lsc, &self.previous, &self.mic].into_iter().flatten();
        all.into_iter().any(|identity| identity.certificate_md5().eq_ignore_ascii_case(md5))
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
        let of = |identity: &'_ Option<Rc<DeviceIdentity>>| {
            identity.as_ref().and_then(|identity| identity.unwrapping().cloned())
        };
        let keys = [
            (of(&self.lsc), UnwrappedBy::Lsc),
            (of(&self.previous), UnwrappedBy::PreviousLsc),
            (of(&self.mic).or_else(|| self.bare_key.clone()), UnwrappedBy::Mic),
        ];
        let mut failed = Reason::NoKey;
        for (key, by) in keys {
            let Some(key) = key else { continue };
            match decrypt::decrypt(file, &key) {
                Ok(plain) => return Ok((plain, by)),
                Err(reason) => failed = reason,
            }
        }
        Err(failed)
    }
}

/// The files that secd.toml names, read; what is wrong with them is logged: a phone without a
/// certificate can still verify.
fn with_mic(stored: StoredLscs, settings: &DeviceSettings) -> PhoneIdentity {
    let StoredLscs { lsc, previous } = stored;
    let identity = PhoneIdentity { lsc, previous, ..PhoneIdentity::default() };
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

/// The owner of the phone's certificates.
#[derive(Default)]
pub(super) struct OwnCertificates {
    now: RefCell<Rc<PhoneIdentity>>,
    /// The `certHash` of the last verified configuration since the start.
    announced: RefCell<Option<String>>,
}

impl OwnCertificates {
    /// The certificates as they are now.
    pub(super) fn now(&self) -> Rc<PhoneIdentity> {
        self.now.borrow().clone()
    }

    /// Notes the certificate that a verified configuration is for.
    pub(super) fn announce(&self, hash: &str) {
        self.announced.replace(Some(hash.to_owned()));
    }

    fn put(&self, identity: PhoneIdentity) {
        self.now.replace(Rc::new(identity));
    }
}

/// Why an LSC was not installed; the one before it is in force.
#[derive(Debug)]
pub(super) enum NotInstalled {
    /// The pair cannot be one of the phone's.
    Unfit(NoIdentity),
    /// It could not be stored.
    Store(StoreFailure),
}

impl std::fmt::Display for NotInstalled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unfit(why) => why.fmt(f),
            Self::Store(failure) => failure.fmt(f),
        }
    }
}

impl Agent {
    /// The phone's certificates as they are now.
    pub(super) fn identity(&self) -> Rc<PhoneIdentity> {
        self.own.now()
    }

    /// The `certHash` of the last verified configuration, if there was one since the start.
    pub(super) fn cert_hash(&self) -> Option<String> {
        self.own.announced.borrow().clone()
    }

    /// One of the certificates with its key in DER, read again from where it is kept: for what
    /// needs the bytes of the key. To be dropped as soon as that is done.
    pub(super) fn own_pair(&self, which: Which) -> Option<CertificateWithKey> {
        match which {
            Which::Lsc => stored::current(&self.installed),
            Which::Mic => {
                let settings = self.settings();
                let paths = settings.device.identity.as_ref()?;
                CertificateWithKey::load(&paths.certificate, &paths.key).ok()
            }
        }
    }

    /// Reads store and files again.
    pub(super) fn read_identity(&self) {
        let stored = StoredLscs::read(&self.installed);
        if stored.is_err() {
            self.show(StatusMessage::LscNotInstalled);
        }
        let identity = with_mic(stored.unwrap_or_default(), &self.settings().device);
        self.own.put(identity);
    }

    /// Installs an LSC: one certificate in DER, and its key in PKCS#8. Both are on the medium as one
    /// entry before they are in force. The pair before it stays beside it until a file was
    /// unwrapped with the new one.
    ///
    /// # Errors
    /// [`NotInstalled`].
    pub(super) fn install_lsc(
        &self,
        certificate: &[u8],
        key: &Zeroizing<Vec<u8>>,
    ) -> Result<(), NotInstalled> {
        let installed = self.install(certificate, key);
        if let Err(why) = &installed {
            say(&Event::LscNotInstalled { why: why.to_string() });
        }
        installed
    }

    fn install(&self, certificate: &[u8], key: &Zeroizing<Vec<u8>>) -> Result<(), NotInstalled> {
        let pair = CertificateWithKey::issued(certificate, key).map_err(NotInstalled::Unfit)?;
        let new = DeviceIdentity::from(&pair);
        let before = self.identity();
        let unwraps = |it: &Option<Rc<DeviceIdentity>>| {
            it.as_ref().is_some_and(|it| it.unwrapping().is_some())
        };
        // An EC key unwraps nothing: it must not drive out the RSA key before it.
        let (place, previous) = if unwraps(&before.previous) && !unwraps(&before.lsc) {
            (Before::Stays, before.previous.clone())
        } else {
            (Before::Replaced, before.lsc.clone())
        };
        self.installed.store_lsc(&pair.entry(), place).map_err(NotInstalled::Store)?;
        if let Ok(parsed) = Certificate::parse(new.certificate()) {
            let (subject, issuer) = (parsed.subject(), parsed.issuer());
            say(&Event::LscInstalled { subject, issuer });
        }
        let lsc = Some(Rc::new(new));
        self.own.put(PhoneIdentity { lsc, previous, ..(*before).clone() });
        self.show(StatusMessage::LscInstalled);
        Ok(())
    }

    /// Erases the LSC and its key, with the pair before it. Returns whether there was one.
    ///
    /// # Errors
    /// [`StoreFailure`]; what is left is in force.
    pub(super) fn delete_lsc(&self) -> Result<bool, StoreFailure> {
        let had = self.identity().lsc.is_some();
        let erased = self.installed.erase_lsc();
        // Also after a failure midway: what is in force must be what the store holds.
        self.read_identity();
        erased?;
        if had {
            say(&Event::LscDeleted {});
            self.show(StatusMessage::LscNotInstalled);
        }
        Ok(had)
    }

    /// Shows that no LSC came of an enrolment, and logs why.
    pub(super) fn lsc_failed(&self, why: String) {
        say(&Event::LscFailed { why });
        self.show(StatusMessage::LscFailed);
    }

    /// Takes note of the key that has unwrapped a file: once it is that of the current LSC, the one
    /// before it is of no more use.
    pub(super) fn unwrapped(&self, by: UnwrappedBy) {
        let now = self.identity();
        if by != UnwrappedBy::Lsc {
            if now.lsc.is_some() {
                say(&Event::UnwrappedByOther { key: by.words() });
            }
            return;
        }
        if now.previous.is_none() {
            return;
        }
        match self.installed.forget_lsc_before() {
            Ok(()) => say(&Event::LscBeforeForgotten {}),
            // It is tried again at the next file.
            Err(failure) => return say(&Event::StoreOdd { what: failure.to_string() }),
        }
        self.own.put(PhoneIdentity { previous: None, ..(*now).clone() });
    }
}
