//! What is remembered of a signed file that was taken: an older one may be a restored one, or a
//! replayed one.

use crate::trust::policy::OlderFile;
use crate::trust::reason::{OldFile, Reason, Warning};

/// What is remembered of the files of one name, in the line of lists that is in force.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seen {
    /// The newest timestamp of any that was taken; none if no file had one.
    pub newest: Option<u32>,
    /// How the last came.
    pub form: Form,
    /// SHA-1 of the certificate that the last was signed with; not known from a store that an older
    /// version wrote.
    pub signer: Option<[u8; 20]>,
    /// When the last was taken, by the phone's clock, where its timestamp is not known either.
    pub taken: Option<u32>,
}

/// A signed file as it compares with those before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Signed {
    /// Its timestamp, by the signer's clock.
    pub timestamp: Option<u32>,
    /// SHA-1 of the certificate that it is signed with.
    pub signer: [u8; 20],
}

impl Signed {
    /// Judges the age of a file that is whole and not only the announcement of an encrypted one.
    ///
    /// One without a timestamp is older than any with one. After an encrypted one, a plain one must
    /// be newer: an old one shows its secrets to the whole network, and ends the encryption.
    ///
    /// # Errors
    /// [`Reason::OlderFile`].
    pub fn judge(
        &self,
        form: Form,
        before: Option<&Seen>,
        policy: OlderFile,
    ) -> Result<Option<Warning>, Reason> {
        let Some(before) = before else { return Ok(None) };
        let was_encrypted = before.form == Form::Encrypted && form == Form::Plain;
        let old = OldFile { kept: before.newest, offered: self.timestamp, was_encrypted };
        let is_new = if was_encrypted {
            self.timestamp > before.newest.max(before.taken)
        } else {
            self.timestamp >= before.newest
        };
        match policy {
            _ if is_new => Ok(was_encrypted.then_some(Warning::NoLongerEncrypted)),
            OlderFile::UnlessEncrypted if was_encrypted => Err(Reason::OlderFile(old)),
            OlderFile::Refuse => Err(Reason::OlderFile(old)),
            OlderFile::Accept | OlderFile::UnlessEncrypted => Ok(Some(Warning::OlderFile(old))),
        }
    }

    /// What is to be remembered once it is taken.
    #[must_use]
    pub fn after(&self, form: Form, before: Option<&Seen>) -> Seen {
        let newest = self.timestamp.max(before.and_then(|before| before.newest));
        Seen { newest, form, signer: Some(self.signer), taken: None }
    }
}

/// How a file comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Encrypted for this phone: the next one is asked for in this form first.
    Encrypted,
    /// As it is.
    Plain,
}
