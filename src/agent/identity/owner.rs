//! The owner of the phone's certificates.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use super::PhoneIdentity;

/// The owner of the phone's certificates.
#[derive(Default)]
pub(in crate::agent) struct OwnCertificates {
    pub(super) now: RefCell<Rc<PhoneIdentity>>,
    /// The `certHash` of the last verified configuration since the start.
    pub(super) announced: RefCell<Option<String>>,
    /// The folder in which the certificate is for other programs of the phone.
    pub(super) exported: RefCell<Option<PathBuf>>,
}

impl OwnCertificates {
    /// Notes the certificate that a verified configuration is for.
    pub(in crate::agent) fn announce(&self, hash: &str) {
        self.announced.replace(Some(hash.to_owned()));
    }
}
