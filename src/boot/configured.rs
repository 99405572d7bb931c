//! The outcome of the configuration step of a pass.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};

use crate::boot::file::NotTaken;
use crate::boot::list::refusal;
use crate::boot::world::{CertificateTrouble, NotCommitted, NotFetched};
use crate::trust::{Reason, Unanswered, Voucher};
use crate::wire::configuration::{UnreadableConfiguration, encrypted_for};

/// The outcome of the configuration step.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Configured {
    /// The servers have none; the last good one stays.
    Absent,
    /// It is encrypted for the owner of another certificate than this phone's, by their hashes.
    ForAnother {
        /// The name of the file that announces it.
        name: String,
        /// The hash of the certificate that it is for.
        theirs: Box<str>,
        /// The hash of this phone's certificate, if it has one.
        ours: Option<String>,
    },
    /// It was not fetched; [`NotFetched::Absent`] if it was announced and is not there.
    NotFetched {
        /// The name under which it was requested.
        name: String,
        /// Why the servers did not deliver it.
        why: NotFetched,
    },
    /// It was accepted, but could not be put in place.
    NotPut(NotCommitted),
    /// It is refused, or cannot be decrypted; the last good one stays.
    Refused {
        /// The name under which it was requested.
        name: String,
        /// Why policy refuses it, or why it could not be decrypted.
        reason: Reason,
        /// Why TVS did not vouch for the signer, if it had to.
        unanswered: Option<Unanswered>,
    },
    /// It is in place.
    Taken {
        /// The name under which it was requested.
        name: String,
        /// Who vouched for its signer; nothing if it was accepted from anyone.
        by: Option<Voucher>,
    },
    /// It cannot be read, so nothing is known about its content; the last good one and its TVS
    /// members stay.
    Unread {
        /// The name under which it was requested.
        name: String,
        /// What is wrong with it, and at which byte.
        why: UnreadableConfiguration,
    },
}

impl Configured {
    /// The outcome in one word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Absent
            | Self::ForAnother { .. }
            | Self::NotFetched {
                why:
                    NotFetched::Absent
                    | NotFetched::BrokenOff(_)
                    | NotFetched::Failed(_)
                    | NotFetched::TooLarge(_),
                ..
            }
            | Self::Refused { .. } => "failed",
            Self::NotFetched { why: NotFetched::Unreachable(_), .. } => "unreachable",
            Self::NotPut(_) => "broken",
            Self::Taken { .. } => "done",
            Self::Unread { .. } => UNREADABLE,
        }
    }

    /// Why the step failed, in words; nothing if it did not.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Absent => Some("not on the server; the last good one stays in use".to_string()),
            Self::ForAnother { name, theirs, ours } => {
                let ours = ours.as_deref().unwrap_or("none");
                Some(format!("{name} is {}; this phone has {ours}", encrypted_for(theirs)))
            }
            Self::NotFetched { name, why } => Some(format!("{name}: {why}")),
            Self::NotPut(why) => Some(format!("not written: {why}")),
            Self::Refused { name, reason, unanswered } => {
                Some(format!("{name}: {}", refusal(reason, unanswered.as_ref())))
            }
            Self::Taken { .. } => None,
            Self::Unread { name, why } => Some(format!("{name}: {why}")),
        }
    }

    /// Whether it is the phone's certificate that the configuration does not fit.
    #[must_use]
    pub fn certificate_trouble(&self) -> Option<CertificateTrouble> {
        match self {
            Self::ForAnother { .. } => Some(CertificateTrouble::Mismatch),
            Self::Refused { reason: Reason::DecryptFailed | Reason::NoKey, .. } => {
                Some(CertificateTrouble::DecryptFailed)
            }
            _ => None,
        }
    }

    /// Whether the next try may end better without a change on the server.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NotPut(_)
            | Self::NotFetched {
                why: NotFetched::BrokenOff(_) | NotFetched::Unreachable(_), ..
            } => true,
            Self::Refused { unanswered, .. } => {
                unanswered.as_ref().is_some_and(Unanswered::is_passing)
            }
            _ => false,
        }
    }
}

impl From<NotTaken> for Configured {
    fn from(not_taken: NotTaken) -> Self {
        match not_taken {
            NotTaken::Fetch { why: NotFetched::Absent, .. } => Self::Absent,
            NotTaken::Fetch { asked, why } => Self::NotFetched { name: asked, why },
            NotTaken::Refused { asked, reason, unanswered } => {
                Self::Refused { name: asked, reason, unanswered }
            }
            NotTaken::Write(why) => Self::NotPut(why),
        }
    }
}

/// The word for the stage if its file cannot be read.
pub const UNREADABLE: &str = "unreadable";
