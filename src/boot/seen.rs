//! What is remembered of a signed file that was accepted: an older one may have been restored from
//! a backup, or replayed.

use crate::trust::policy::OlderFile;
use crate::trust::reason::{OldFile, Reason, Warning};

/// What is remembered of the files of one name, in the line of lists that is in force.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seen {
    /// The newest timestamp of any accepted file; nothing if no file had one.
    pub newest: Option<u32>,
    /// The form of the last one.
    pub form: Form,
    /// SHA-1 of the certificate that the last one was signed with; unknown if an older version
    /// wrote the store.
    pub signer: Option<[u8; 20]>,
    /// When the last one was accepted, by the phone's clock, where its timestamp is unknown too.
    pub taken: Option<u32>,
}

/// What decides whether a file that somebody vouches for is older than previous ones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Signed {
    /// When it was made.
    pub dated: Dated,
    /// SHA-1 of the certificate that it is signed with, or that its server has shown.
    pub signer: [u8; 20],
}

/// When a file was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dated {
    /// As it is now: read from its source at this time, by the phone's clock if that is set.
    Now(Option<u32>),
    /// At this time by the signer's clock, if it is known.
    Signed(Option<u32>),
}

impl Dated {
    const fn timestamp(self) -> Option<u32> {
        match self {
            Self::Now(time) | Self::Signed(time) => time,
        }
    }
}

impl Signed {
    /// Judges the age of a complete file, not of one that only announces an encrypted one.
    ///
    /// A file without a timestamp is older than any with one. After an encrypted file, a plain one
    /// must be newer: an old one would show its secrets to the whole network, and end encryption. One
    /// that was just read from its source is not old.
    ///
    /// # Errors
    /// [`Reason::OlderFile`], if policy does not accept it.
    pub fn judge(
        &self,
        form: Form,
        before: Option<&Seen>,
        policy: OlderFile,
    ) -> Result<Option<Warning>, Reason> {
        let Some(before) = before else { return Ok(None) };
        let was_encrypted = before.form == Form::Encrypted && form == Form::Plain;
        let old = OldFile { kept: before.newest, offered: self.dated.timestamp(), was_encrypted };
        let is_new = match self.dated {
            Dated::Now(_) => true,
            // Strictly newer, and `None` is less than any: a file without a timestamp does not
            // pass.
            Dated::Signed(timestamp) if was_encrypted => {
                timestamp > before.newest.max(before.taken)
            }
            Dated::Signed(timestamp) => timestamp >= before.newest,
        };
        match policy {
            _ if is_new => Ok(was_encrypted.then_some(Warning::NoLongerEncrypted)),
            OlderFile::UnlessEncrypted if was_encrypted => Err(Reason::OlderFile(old)),
            OlderFile::Refuse => Err(Reason::OlderFile(old)),
            OlderFile::Accept | OlderFile::UnlessEncrypted => Ok(Some(Warning::OlderFile(old))),
        }
    }

    /// What to remember once it is accepted.
    #[must_use]
    pub fn after(&self, form: Form, before: Option<&Seen>) -> Seen {
        let newest = self.dated.timestamp().max(before.and_then(|before| before.newest));
        Seen { newest, form, signer: Some(self.signer), taken: None }
    }
}

/// The form in which a file is served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Encrypted for this phone: the next one is requested in this form first.
    Encrypted,
    /// Not encrypted; signed wherever that is demanded.
    Plain,
}
