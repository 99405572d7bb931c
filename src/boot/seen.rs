//! What is remembered of a signed file that was accepted: an older one may have been restored from
//! a backup, or replayed.

use crate::trust::policy::OlderFile;
use crate::trust::reason::{OldFile, Reason, Warning};
use crate::trust::standing::AHEAD;

/// What is remembered of the files of one name, in the line of lists that is in force.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seen {
    /// The newest timestamp of any accepted file; nothing if no file had one.
    pub newest: Option<u32>,
    /// When the last one without a timestamp was read from its source, by the phone's clock; nothing if
    /// none was.
    pub read: Option<u32>,
    /// The form of the last one that was signed; if none was, of the last one.
    pub form: Form,
    /// SHA-1 of the certificate that the last one was signed with; unknown if an older version
    /// wrote the store.
    pub signer: Option<[u8; 20]>,
    /// When the last one was accepted, by the phone's clock, where its timestamp is unknown too.
    pub taken: Option<u32>,
}

impl Seen {
    /// What counts of it at a time: what the phone's clock has said only if that was not ahead. A clock
    /// that ran ahead once, be it by years, would otherwise make all that is signed too old.
    ///
    /// Nothing is left out while the clock is not set: anyone can keep a phone from its time.
    #[must_use]
    pub fn at(self, now: Option<u64>) -> Self {
        let limit = now.map(|now| now.saturating_add(AHEAD.into()));
        let was_ahead = |time: u32| limit.is_some_and(|limit| u64::from(time) > limit);
        let by_clock = |time: Option<u32>| time.filter(|time| !was_ahead(*time));
        Self { read: by_clock(self.read), taken: by_clock(self.taken), ..self }
    }

    /// The time that a file must have at least.
    fn latest(&self) -> Option<u32> {
        self.newest.max(self.read)
    }
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
    /// As it is now: read from its source at this time, by the phone's clock if that is set, and by
    /// what the lists in force prove.
    Now(u32),
    /// At this time by the signer's clock, if it is known.
    Signed(Option<u32>),
}

impl Dated {
    const fn timestamp(self) -> Option<u32> {
        match self {
            Self::Now(time) => Some(time),
            Self::Signed(time) => time,
        }
    }
}

impl Signed {
    /// Judges the age of a complete file, not of one that only announces an encrypted one.
    ///
    /// A file without a timestamp is older than any with one. After an encrypted file, a plain one
    /// must be newer: an old one would show its secrets to the whole network, and end encryption. One
    /// that was just read from its source has no date: it is accepted, with a warning if it takes the
    /// place of one that somebody else vouched for.
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
        let latest = before.latest();
        let old = OldFile { kept: latest, offered: self.dated.timestamp(), was_encrypted };
        let is_new = match self.dated {
            Dated::Now(_) if was_encrypted => true,
            Dated::Now(_) => {
                // From the same server it takes the place of its own kind.
                let is_from_another = latest.is_some() && before.signer != Some(self.signer);
                return Ok(is_from_another.then_some(Warning::Undated(old)));
            }
            // Strictly newer, and `None` is less than any: a file without a timestamp does not
            // pass.
            Dated::Signed(timestamp) if was_encrypted => timestamp > latest.max(before.taken),
            Dated::Signed(timestamp) => timestamp >= latest,
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
        let (newest, read) = before.map_or((None, None), |before| (before.newest, before.read));
        let (newest, read) = match self.dated {
            Dated::Now(time) => (newest, read.max(Some(time))),
            Dated::Signed(time) => (newest.max(time), read),
        };
        // A connection keeps the secrets on the way that a signed plain file would show.
        let form = match (self.dated, before) {
            (Dated::Now(_), Some(before)) => before.form,
            _ => form,
        };
        Seen { newest, read, form, signer: Some(self.signer), taken: None }
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

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: OlderFile = OlderFile::UnlessEncrypted;

    const fn signed(dated: Dated, signer: u8) -> Signed {
        Signed { dated, signer: [signer; 20] }
    }

    #[test]
    fn a_plain_file_by_https_leaves_a_signed_one_to_be_newer_than_the_encrypted_one() {
        let encrypted = signed(Dated::Signed(Some(100)), 1).after(Form::Encrypted, None);
        let served = signed(Dated::Now(200), 2);
        let warning = served.judge(Form::Plain, Some(&encrypted), POLICY);
        assert_eq!(warning, Ok(Some(Warning::NoLongerEncrypted)));
        let seen = served.after(Form::Plain, Some(&encrypted));
        assert_eq!((seen.form, seen.newest, seen.read), (Form::Encrypted, Some(100), Some(200)));
        for time in [99, 150, 200] {
            let plain = signed(Dated::Signed(Some(time)), 1);
            let refused = plain.judge(Form::Plain, Some(&seen), POLICY);
            assert!(matches!(refused, Err(Reason::OlderFile(_))), "{time}: {refused:?}");
        }
        let plain = signed(Dated::Signed(Some(201)), 1);
        assert!(plain.judge(Form::Plain, Some(&seen), POLICY).is_ok());
        assert_eq!(plain.after(Form::Plain, Some(&seen)).form, Form::Plain);
    }

    #[test]
    fn a_file_without_a_date_in_place_of_a_dated_one_is_worth_a_warning() {
        let before = signed(Dated::Signed(Some(100)), 1).after(Form::Plain, None);
        let judge = |now: u32, before: &Seen| {
            signed(Dated::Now(now), 2).judge(Form::Plain, Some(before), OlderFile::Refuse).unwrap()
        };
        assert!(matches!(judge(200, &before), Some(Warning::Undated(_))));
        let before = signed(Dated::Now(200), 2).after(Form::Plain, Some(&before));
        assert_eq!(judge(300, &before), None, "from the same server");
        assert_eq!(judge(150, &before), None, "by a clock that is not set yet");
    }

    #[test]
    fn a_reading_by_a_clock_that_was_years_ahead_does_not_make_later_files_old() {
        const NOW: u32 = 1_800_000_000;
        const FAR: u32 = 4_000_000_000;
        let encrypted = signed(Dated::Signed(Some(NOW - 100)), 1).after(Form::Encrypted, None);
        let seen = signed(Dated::Now(FAR), 2).after(Form::Plain, Some(&encrypted));
        let judge = |time: u32, policy, clock: Option<u32>| {
            let seen = seen.at(clock.map(u64::from));
            signed(Dated::Signed(Some(time)), 1).judge(Form::Plain, Some(&seen), policy)
        };
        let new = Ok(Some(Warning::NoLongerEncrypted));
        for policy in [POLICY, OlderFile::Refuse] {
            assert_eq!(judge(NOW - 99, policy, Some(NOW)), new);
            // What the signers have said counts as before.
            assert!(judge(NOW - 100, policy, Some(NOW)).is_err());
            // Neither a clock that is not set undoes it, nor one that is put back by hours.
            assert!(judge(NOW - 99, policy, None).is_err());
            assert!(judge(NOW - 99, policy, Some(FAR - 3600)).is_err());
        }
        // The next reading counts instead, and the time of the one before no longer.
        let again = signed(Dated::Now(NOW), 2).after(Form::Plain, Some(&seen.at(Some(NOW.into()))));
        assert_eq!((again.newest, again.read), (Some(NOW - 100), Some(NOW)));
    }
}
