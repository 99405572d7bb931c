//! What a boot pass needs from the outside.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::boot::event::Event;
use crate::boot::report::StatusMessage;
use crate::boot::seen::{Form, Seen};
use crate::trust::confirm::RecordToConfirm;
use crate::trust::{
    Anchors, Confirmed, Policy, Query, Reason, Served, TrustList, Unanswered, Verified, Vouched,
    Voucher,
};
use crate::wire::Envelope;
use crate::wire::configuration::{CapfFacts, Member, SettingsAccess, WebAccess};
use crate::wire::name::{DeviceName, FileName};
use crate::wire::syslog::LogServer;

/// The world around a boot pass.
#[expect(async_fn_in_trait, reason = "everything runs on one thread: no future has to be Send")]
pub trait World {
    /// The lists in force.
    fn anchors(&self) -> Arc<Anchors>;

    /// The signer that the next first use has to wait for, because a person at the phone named it,
    /// by SHA-256 of its certificate; asked at each judgement, since it may be named during a pass.
    fn awaited(&self) -> Option<[u8; 32]> {
        None
    }

    /// Whether nothing may be trusted, because the installed lists cannot be read.
    fn is_locked(&self) -> bool;

    /// Whether that is only because another process has the store open: nothing is lost then.
    fn is_in_use(&self) -> bool {
        false
    }

    /// Whether a server may have files by a way that did not answer in this pass, as no other has
    /// brought one.
    fn has_silent_way(&self) -> bool {
        false
    }

    /// The configuration that was accepted last.
    fn last_configuration(&self) -> Option<LastConfiguration>;

    /// What is remembered of the accepted files of a name, since this line of lists began.
    fn seen(&self, name: &FileName) -> Option<Seen>;

    /// The name of the phone's own certificate in `certHash`, lower-case hexadecimal
    /// (domain facts 4.2).
    fn certificate_md5(&self) -> Option<String>;

    /// Whether a `certHash` names a certificate whose key the phone has, be it not the one that it
    /// is known by now.
    fn owns_certificate(&self, md5: &str) -> bool {
        self.certificate_md5().is_some_and(|ours| ours.eq_ignore_ascii_case(md5))
    }

    /// Opens an encrypted file with the phone's own key.
    ///
    /// # Errors
    /// [`Reason::NoKey`], [`Reason::DecryptFailed`].
    fn decrypt(&self, file: &Verified<Envelope<'_>>) -> Result<Zeroizing<Vec<u8>>, Reason>;

    /// The address of the server that is asked first, as the log writes it; only for the log.
    async fn first_server(&mut self) -> Option<String>;

    /// Gets a file from the servers.
    ///
    /// # Errors
    /// [`NotFetched`].
    async fn fetch(&mut self, wanted: &Wanted<'_>) -> Result<Fetched, NotFetched>;

    /// Whether there is a server that has not delivered a file since the last [`World::fetch`].
    fn has_another_server(&self) -> bool {
        false
    }

    /// Gets a file from those servers only: what the others delivered is of no use.
    ///
    /// # Errors
    /// [`NotFetched`].
    async fn fetch_from_another(&mut self, _wanted: &Wanted<'_>) -> Result<Fetched, NotFetched> {
        Err(NotFetched::Absent)
    }

    /// Asks the Trust Verification Service about the signer of a file.
    ///
    /// # Errors
    /// [`Unanswered`].
    async fn vouch(&mut self, query: &Query) -> Result<Vouched, Unanswered>;

    /// Asks the Trust Verification Service whether a record of an older list is still valid; a
    /// cached answer does not count.
    ///
    /// # Errors
    /// [`Unanswered`].
    async fn confirm(&mut self, record: &RecordToConfirm) -> Result<Confirmed, Unanswered>;

    /// Takes note of what a verified configuration says about CAPF.
    fn learn(&mut self, _capf: &CapfFacts) {}

    /// Has CAPF asked for a certificate if that is due, now that the configuration step is over; the
    /// pass does not wait for it.
    fn enrol(&mut self, _trouble: Option<CertificateTrouble>) {}

    /// Makes a change that stays.
    ///
    /// # Errors
    /// [`NotCommitted`]; nothing has changed then.
    fn commit(&mut self, change: Change<'_>) -> Result<Committed, NotCommitted>;

    /// Reports what happened; putting it into words is the world's part.
    fn say(&mut self, event: Event);
}

/// The settings of a boot pass.
#[derive(Clone, Debug)]
pub struct PassSettings {
    /// The name of the phone, which the names of its files are made from.
    pub device: DeviceName,
    /// The most bytes of a trust list.
    pub list_limit: usize,
    /// The most bytes of a configuration.
    pub config_limit: usize,
    /// The owner's choices about what to trust.
    pub policy: Policy,
    /// The folder of verified files, as the log writes it.
    pub folder: String,
}

impl PassSettings {
    /// The phone's own configuration, by its name.
    #[must_use]
    pub fn own_configuration(&self) -> Option<FileName> {
        FileName::parse(&alloc::format!("{}.cnf.xml", self.device)).ok()
    }

    /// Where a verified file is put, as the log writes it.
    #[must_use]
    pub fn path(&self, name: &FileName) -> String {
        alloc::format!("{}/{name}", self.folder.trim_end_matches('/'))
    }
}

/// Why the phone's certificate is of no use for its configuration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CertificateTrouble {
    /// The configuration cannot be decrypted.
    DecryptFailed,
    /// The configuration is encrypted for another certificate.
    Mismatch,
}

/// As CAPF clients name the reason of a session (CAPF facts A1).
impl fmt::Display for CertificateTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DecryptFailed => "decrypt failed",
            Self::Mismatch => "public key mismatch",
        })
    }
}

/// A file to fetch from the servers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Wanted<'a> {
    /// Its name on the servers.
    pub name: &'a str,
    /// The most bytes that it may have.
    pub limit: usize,
    /// What the phone uses it for.
    pub sort: Sort,
}

/// What the phone uses a file for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sort {
    /// A configuration, or a file that it names.
    File,
    /// A trust list, whose limit is another one.
    List,
}

/// A file that a server has sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fetched {
    /// The file, as the server sent it.
    pub bytes: Vec<u8>,
    /// Proof that the server is trusted for the phone's configuration, if it came over a connection
    /// that was judged.
    pub served: Option<Served>,
}

impl From<Vec<u8>> for Fetched {
    /// A file that came from anyone.
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, served: None }
    }
}

/// Why a file was not fetched, by whatever protocol.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NotFetched {
    /// The servers do not have it: an ordinary answer.
    Absent,
    /// A server began to send it and fell silent or was gone, or lacks it by one way and was silent
    /// by another: the next try may end better.
    BrokenOff(Trouble),
    /// A server was reached, but did not deliver it.
    Failed(Trouble),
    /// It is larger than it may be; in words.
    TooLarge(String),
    /// No server of files answered this request; one may have answered another.
    Unreachable(Trouble),
}

/// What went wrong, in the words of the protocol that was used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trouble {
    /// The reason, for the log.
    pub why: String,
    /// The status message, for the screen.
    pub message: StatusMessage,
}

impl fmt::Display for NotFetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("not on the server"),
            Self::BrokenOff(trouble) | Self::Failed(trouble) | Self::Unreachable(trouble) => {
                f.write_str(&trouble.why)
            }
            Self::TooLarge(why) => f.write_str(why),
        }
    }
}

impl NotFetched {
    /// The status message for it, if there is one: an absent file is no trouble.
    #[must_use]
    pub fn message(&self, sort: Sort) -> Option<StatusMessage> {
        match self {
            Self::Absent => None,
            Self::BrokenOff(trouble) | Self::Failed(trouble) | Self::Unreachable(trouble) => {
                Some(trouble.message.clone())
            }
            // The guide has a size message for configurations only.
            Self::TooLarge(_) if sort == Sort::File => Some(StatusMessage::ConfigurationTooLarge),
            Self::TooLarge(_) => Some(StatusMessage::TftpError),
        }
    }
}

/// What a configuration changes about the log server that it may name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogServerChange<'a> {
    /// It is the one that the file names, or none.
    Is(Option<&'a LogServer>),
    /// Nobody vouches for the file: the previous one stays.
    Stays,
}

/// A change that stays.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// Puts a verified file where the phone looks for it.
    File {
        /// Its name in the folder of verified files.
        name: &'a FileName,
        /// Its content, without the envelope.
        payload: &'a [u8],
        /// What to remember of it, if it is signed.
        seen: Option<Seen>,
    },
    /// Keeps a configuration for the next start.
    Keep {
        /// Its name in the folder of verified files.
        name: &'a FileName,
        /// Its content, without the envelope.
        payload: &'a [u8],
        /// Whether it was encrypted for this phone.
        form: Form,
        /// Who vouched for it; nothing if it was accepted from anyone.
        by: Option<Voucher>,
        /// What to remember of it, if it is signed.
        seen: Option<Seen>,
        /// The TVS members from now on; if there are none, the previous ones stay.
        members: &'a [Member],
        /// Who may use the phone's settings from now on; if `None`, as before.
        access: Option<SettingsAccess>,
        /// Whether the phone's web page may be opened from now on; if `None`, as before.
        web: Option<WebAccess>,
        /// The log server from now on.
        log_server: LogServerChange<'a>,
    },
    /// Puts a list in force.
    List {
        /// The verified list, decoded.
        list: &'a Verified<TrustList>,
        /// The name under which it was fetched.
        name: &'a str,
        /// The file as it was fetched, which is what the store keeps.
        bytes: &'a [u8],
    },
    /// Puts the configuration of the last start where the phone looks for it.
    Restore,
}

/// What a change did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Committed {
    /// Something is different now.
    Changed,
    /// Nothing is different from before.
    Same,
}

/// A change that was not made: the phone's own fault.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotCommitted {
    /// What could not be written.
    pub path: String,
    /// The reason, in words.
    pub why: String,
    /// Whether the file system or the folder's limit has no room left.
    pub is_full: bool,
}

impl fmt::Display for NotCommitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.why)
    }
}

/// The last configuration that was accepted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LastConfiguration {
    /// Its name in the folder of verified files.
    pub name: String,
    /// Whether it was encrypted for this phone.
    pub form: Form,
}
