//! What a boot pass shows to people: the status messages and the alarm.

use alloc::string::String;
use core::fmt;

use crate::trust::State;

/// The trust list update alarm that a phone sends to its call manager.
///
/// # Source
/// Names and numbers: administration guide 78xx/88xx; domain facts 2.4.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Alarm {
    /// 1: a new list was received.
    Success,
    /// 2: a CTL, and no list before.
    CtlInitialSuccess,
    /// 3: an ITL, and no list before.
    ItlInitialSuccess,
    /// 4: both, and no list before.
    InitialSuccess,
    /// 5: the new CTL failed, the lists before are kept.
    FailedOldCtl,
    /// 6: the new list failed, and there was none before.
    FailedNone,
    /// 7: something failed on the phone itself.
    Failed,
    /// 8: the new ITL failed, the lists before are kept.
    FailedOldItl,
    /// 9: both failed, the lists before are kept.
    FailedOld,
}

impl Alarm {
    /// The number that the call manager knows it by.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 1,
            Self::CtlInitialSuccess => 2,
            Self::ItlInitialSuccess => 3,
            Self::InitialSuccess => 4,
            Self::FailedOldCtl => 5,
            Self::FailedNone => 6,
            Self::Failed => 7,
            Self::FailedOldItl => 8,
            Self::FailedOld => 9,
        }
    }

    /// Whether it reports new lists rather than a failure.
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.code() <= Self::InitialSuccess.code()
    }

    /// Its name in the guide.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "TL_SUCCESS",
            Self::CtlInitialSuccess => "CTL_INITIAL_SUCCESS",
            Self::ItlInitialSuccess => "ITL_INITIAL_SUCCESS",
            Self::InitialSuccess => "TL_INITIAL_SUCCESS",
            Self::FailedOldCtl => "TL_FAILED_OLD_CTL",
            Self::FailedNone => "TL_FAILED_NO_TL",
            Self::Failed => "TL_FAILED",
            Self::FailedOldItl => "TL_FAILED_OLD_ITL",
            Self::FailedOld => "TL_FAILED_OLD_TL",
        }
    }

    /// The alarm of a pass that began in the state `before`, if it has one: nothing new is no alarm.
    ///
    /// # Source
    /// The codes' meanings; how two steps combine is inferred (domain facts 2.4).
    #[must_use]
    pub const fn from_steps(before: State, ctl: ListStep, itl: ListStep) -> Option<Self> {
        match (before, ctl, itl) {
            // First: it is neither the servers' fault nor that of the lists.
            (_, ListStep::Broken, _) | (_, _, ListStep::Broken) => Some(Self::Failed),
            (State::None, ListStep::Failed, _) | (State::None, _, ListStep::Failed) => {
                Some(Self::FailedNone)
            }
            (_, ListStep::Failed, ListStep::Failed) => Some(Self::FailedOld),
            (_, ListStep::Failed, _) => Some(Self::FailedOldCtl),
            (_, _, ListStep::Failed) => Some(Self::FailedOldItl),
            (_, ListStep::Kept, ListStep::Kept) => None,
            (State::None, ListStep::Installed, ListStep::Installed) => Some(Self::InitialSuccess),
            (State::None, ListStep::Installed, ListStep::Kept) => Some(Self::CtlInitialSuccess),
            (State::None, ListStep::Kept, ListStep::Installed) => Some(Self::ItlInitialSuccess),
            _ => Some(Self::Success),
        }
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code(), self.name())
    }
}

/// The stages of a boot pass, and where it may end early.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// The CTL step, which comes first.
    Ctl,
    /// The ITL step, once the CTL is committed.
    Itl,
    /// The configuration step, which comes last.
    Configuration,
    /// The pass ended here: no server was reached.
    Network,
    /// The pass ended here: the store is locked.
    Store,
}

impl Stage {
    /// The stage as people call it; the words of [`Display`](fmt::Display) are for programs.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ctl => "CTL",
            Self::Itl => "ITL",
            Self::Configuration => "configuration",
            Self::Network => "network",
            Self::Store => "store",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ctl => "ctl",
            Self::Itl => "itl",
            Self::Configuration => "configuration",
            Self::Network => "network",
            Self::Store => "store",
        })
    }
}

/// How the step for one list went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ListStep {
    /// The list could not be stored: the phone's own fault.
    Broken,
    /// The list was not fetched, or is not trusted.
    Failed,
    /// A new list is in force.
    Installed,
    /// There was none on the server, or the same as before.
    Kept,
}

impl ListStep {
    /// The step in one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Failed => "failed",
            Self::Installed => "installed",
            Self::Kept => "kept",
        }
    }
}

/// A message of the phone's Status Messages screen.
///
/// # Source
/// The texts are exact, from the administration guide 8800 where nothing else is said;
/// domain facts 2.5. Inferred: those about the LSC, which a phone's menu shows as "Installed",
/// "Not Installed" or "Failed" (facts on CAPF, A7).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StatusMessage {
    /// The configuration was not found under any name.
    ConfigurationNotFound,
    /// The configuration is larger than the limit.
    ConfigurationTooLarge,
    /// The configuration cannot be read (inferred: the guides have no text for it).
    ConfigurationUnreadable,
    /// This configuration is in use.
    ConfigurationUsed(String),
    /// CTL and ITL were installed, and there was no list before.
    CtlAndItlInstalled,
    /// A CTL was installed, and there was no list before.
    CtlInstalled,
    /// The server has no CTL.
    CtlNotFound,
    /// The CTL could not be updated.
    CtlUpdateFailed,
    /// A person at the phone is erasing lists.
    Erasing,
    /// An ITL was installed, and there was no list before.
    ItlInstalled,
    /// No LSC came of an enrolment (inferred).
    LscFailed,
    /// An LSC was installed (inferred).
    LscInstalled,
    /// The phone is without an LSC (inferred).
    LscNotInstalled,
    /// Neither list is installed.
    NoTrustList,
    /// The directory is missing on the server.
    TftpAccessError,
    /// An error of the server without another name.
    TftpError,
    /// The server did not answer in time.
    TftpTimeout,
    /// A list could not be updated.
    TrustListUpdateFailed,
    /// A list was replaced.
    TrustListUpdated,
    /// A downloaded file is not trusted (technote).
    VerificationFailed,
}

impl fmt::Display for StatusMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConfigurationNotFound => f.write_str("File not found <Cfg File>"),
            Self::ConfigurationTooLarge => f.write_str("CFG TFTP Size Error"),
            Self::ConfigurationUnreadable => f.write_str("CFG file error"),
            Self::ConfigurationUsed(name) => f.write_str(name),
            Self::CtlAndItlInstalled => f.write_str("CTL and ITL installed"),
            Self::CtlInstalled => f.write_str("CTL Installed"),
            Self::CtlNotFound => f.write_str("File Not Found <CTLFile.tlv>"),
            Self::CtlUpdateFailed => f.write_str("CTL update failed"),
            Self::Erasing => f.write_str("Erasing CTL and ITL files"),
            Self::ItlInstalled => f.write_str("ITL installed"),
            Self::LscFailed => f.write_str("LSC Failed"),
            Self::LscInstalled => f.write_str("LSC Installed"),
            Self::LscNotInstalled => f.write_str("LSC Not Installed"),
            Self::NoTrustList => f.write_str("No Trust List installed"),
            Self::TftpAccessError => f.write_str("TFTP access error"),
            Self::TftpError => f.write_str("TFTP error"),
            Self::TftpTimeout => f.write_str("TFTP timeout"),
            Self::TrustListUpdateFailed => f.write_str("Trust List update failed"),
            Self::TrustListUpdated => f.write_str("Trust List updated"),
            Self::VerificationFailed => f.write_str("Verification Failed"),
        }
    }
}

impl StatusMessage {
    /// The message for the two list steps of a pass that began in the state `before`, if there is one.
    #[must_use]
    pub const fn from_steps(before: State, ctl: ListStep, itl: ListStep) -> Option<Self> {
        match (before, ctl, itl) {
            (_, _, ListStep::Failed | ListStep::Broken) => Some(Self::TrustListUpdateFailed),
            (_, ListStep::Failed | ListStep::Broken, _) => Some(Self::CtlUpdateFailed),
            (_, ListStep::Kept, ListStep::Kept) => None,
            (State::None, ListStep::Installed, ListStep::Installed) => {
                Some(Self::CtlAndItlInstalled)
            }
            (State::None, ListStep::Installed, ListStep::Kept) => Some(Self::CtlInstalled),
            (State::None, ListStep::Kept, ListStep::Installed) => Some(Self::ItlInstalled),
            _ => Some(Self::TrustListUpdated),
        }
    }
}
