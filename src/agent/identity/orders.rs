//! The orders that change the phone's certificates.

use std::fmt;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::stored::{self, StoredLscs};
use super::{PhoneIdentity, UnwrappedBy, with_mic};
use crate::agent::installed::LINE;
use crate::agent::narrate::say;
use crate::agent::news::Happening;
use crate::agent::owners::Agent;
use crate::boot::{Event, StatusMessage};
use crate::io::identity::{CertificateWithKey, DeviceIdentity, NoIdentity};
use crate::io::store::{Before, StoreFailure};
use crate::trust::Which;
use crate::trust::certificate::Certificate;

/// Why an LSC was not installed; the one before it is in force.
#[derive(Debug)]
pub(in crate::agent) enum NotInstalled {
    /// It could not be stored.
    Store(StoreFailure),
    /// The two cannot be a certificate of the phone's and its key.
    Unfit(NoIdentity),
}

impl fmt::Display for NotInstalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(failure) => failure.fmt(f),
            Self::Unfit(why) => why.fmt(f),
        }
    }
}

impl Agent {
    /// The phone's certificates as they are now.
    pub(in crate::agent) fn identity(&self) -> Rc<PhoneIdentity> {
        self.own.now.borrow().clone()
    }

    /// The `certHash` of the last verified configuration, if there was one since the start.
    pub(in crate::agent) fn cert_hash(&self) -> Option<String> {
        self.own.announced.borrow().clone()
    }

    /// One of the certificates with its key in DER, read again from where it is kept: for what
    /// needs the bytes of the key. To be dropped as soon as that is done.
    pub(in crate::agent) fn own_pair(&self, which: Which) -> Option<CertificateWithKey> {
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
    pub(in crate::agent) fn read_identity(&self) {
        let stored = StoredLscs::read(&self.installed);
        if stored.is_err() {
            self.show(StatusMessage::LscNotInstalled);
        }
        self.put_identity(with_mic(stored.unwrap_or_default(), &self.settings().device));
    }

    /// Puts certificates in force, for this program and for the others that get them.
    fn put_identity(&self, identity: PhoneIdentity) {
        self.own.now.replace(Rc::new(identity));
        self.export_identity();
        self.news.publish(Happening::IdentityChanged);
    }

    /// Installs an LSC: one certificate in DER, and its key in PKCS#8. Both are on the medium as one
    /// entry before they are in force. The pair before it stays beside it until a file was
    /// unwrapped with the new one.
    ///
    /// # Errors
    /// [`NotInstalled`].
    #[allow(dead_code, reason = "an enrolment at CAPF calls it")]
    pub(in crate::agent) fn install_lsc(
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
        let line = self.installed.anchors().line();
        let entry = pair.entry().with(LINE, &line.to_string());
        self.installed.store_lsc(&entry, place).map_err(NotInstalled::Store)?;
        if let Ok(parsed) = Certificate::parse(new.certificate()) {
            let (subject, issuer) = (parsed.subject(), parsed.issuer());
            say(&Event::LscInstalled { subject, issuer });
        }
        let (lsc, line) = (Some(Rc::new(new)), Some(line));
        self.put_identity(PhoneIdentity { lsc, previous, line, ..(*before).clone() });
        self.show(StatusMessage::LscInstalled);
        Ok(())
    }

    /// Whether the store has an LSC, be it one that cannot be read.
    pub(in crate::agent) fn has_lsc(&self) -> bool {
        stored::is_there(&self.installed)
    }

    /// Erases the LSC and its key, with the pair before it. Returns whether there was one.
    ///
    /// # Errors
    /// [`StoreFailure`]; what is left is in force.
    pub(in crate::agent) fn delete_lsc(&self) -> Result<bool, StoreFailure> {
        let had = self.has_lsc();
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
    #[allow(dead_code, reason = "an enrolment at CAPF calls it")]
    pub(in crate::agent) fn lsc_failed(&self, why: String) {
        say(&Event::LscFailed { why });
        self.show(StatusMessage::LscFailed);
    }

    /// Takes note of the key that has unwrapped a file: once it is that of the current LSC, the one
    /// before it is of no more use.
    pub(in crate::agent) fn unwrapped(&self, by: UnwrappedBy) {
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
        self.own.now.replace(Rc::new(PhoneIdentity { previous: None, ..(*now).clone() }));
    }
}
