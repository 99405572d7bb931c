//! Why there is no certificate.

use std::fmt;

use crate::io::capf::CapfFailure;
use crate::trust::Distrust;
use crate::wire::capf::CapfReason;

/// Why an enrolment did not end in what CAPF had pending.
#[derive(Debug)]
pub enum NotEnrolled {
    /// CAPF broke the session off.
    Aborted,
    /// Another enrolment is under way.
    Busy,
    /// CAPF ended the session for this reason.
    Declined(CapfReason),
    /// The server's certificate is not trusted.
    Distrusted(Distrust),
    /// CAPF has no time.
    Later,
    /// CAPF asks for the authentication string.
    NeedsString,
    /// There is no certificate to show.
    NoProof(&'static str),
    /// No configuration names a server.
    NoServer,
    /// The server presented another certificate than the one that was judged.
    OtherCertificate,
    /// The phone declined a key or a certificate, or could not store it; why, in words.
    Refused(String),
    /// The session failed midway.
    Session(CapfFailure),
    /// No connection; why, in words.
    Unreachable(String),
}

impl NotEnrolled {
    /// Whether it is the communication that failed: another attempt may end better.
    pub(super) const fn is_passing(&self) -> bool {
        match self {
            Self::Later | Self::Unreachable(_) => true,
            Self::Session(failure) => failure.is_passing(),
            _ => false,
        }
    }
}

impl From<CapfFailure> for NotEnrolled {
    fn from(failure: CapfFailure) -> Self {
        Self::Session(failure)
    }
}

impl fmt::Display for NotEnrolled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aborted => f.write_str("CAPF broke the session off"),
            Self::Busy => f.write_str("another enrolment is under way"),
            Self::Declined(CapfReason::Declined) => f.write_str(
                "declined by CAPF: a wrong authentication string or certificate, or the LSC was \
                 issued before; check the phone's CAPF settings at the call manager",
            ),
            Self::Declined(CapfReason::UnknownDevice) => {
                f.write_str("CAPF does not know this phone; check its name at the call manager")
            }
            Self::Declined(reason) => write!(f, "CAPF ended the session: {reason}"),
            Self::Distrusted(distrust) => write!(f, "the CAPF server is not trusted: {distrust}"),
            Self::Later => f.write_str("CAPF has no time now"),
            Self::NeedsString => f.write_str(
                "CAPF asks for the authentication string of this phone: enter it (`secd lsc enrol \
                 --string`)",
            ),
            Self::NoProof(why) => f.write_str(why),
            Self::Refused(why) => f.write_str(why),
            Self::NoServer => f.write_str("the phone's configuration names no CAPF server"),
            Self::OtherCertificate => {
                f.write_str("the server presented another certificate than the one that was judged")
            }
            Self::Session(failure) => failure.fmt(f),
            Self::Unreachable(why) => f.write_str(why),
        }
    }
}
