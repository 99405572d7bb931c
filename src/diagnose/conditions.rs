//! When a phone's ITL may be deleted.

use crate::diagnose::findings::{ConfigurationFound, Findings, ListVerdict, Reach};

/// The conditions that must all hold before a list is deleted by hand; `None` where the phone could
/// not find out.
///
/// # Source
/// Four are the technote's, "Manually Verify that Phone ITL Matches CUCM ITL"; domain facts 2.7.
/// The fifth is ours: an attacker between phone and cluster makes the other four hold as well.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Conditions {
    /// The signature of the phone's ITL differs from that of the server's.
    pub itl_differs: Option<bool>,
    /// The TVS record of the phone's ITL is not the certificate that TVS presents.
    pub tvs_differs: Option<bool>,
    /// A list or the configuration fails verification.
    pub fails: Option<bool>,
}

impl Conditions {
    pub(super) fn of(findings: &Findings) -> Self {
        let itl = findings.itl.found();
        Self {
            itl_differs: itl.map(|list| list.judged != ListVerdict::Same),
            tvs_differs: match findings.reach() {
                Reach::Differs => Some(true),
                Reach::Fits => Some(false),
                // A TVS that is down may still match the record once it is back.
                Reach::NoMembers | Reach::Unreachable => None,
            },
            fails: match findings.configuration {
                ConfigurationFound::NotExamined if itl.is_none() => None,
                _ => Some(findings.refuses()),
            },
        }
    }

    /// Whether all three that can be seen from the phone hold. Two cannot: that there is no backup
    /// of the old key, and that the list is the call manager's.
    #[must_use]
    pub fn hold(&self) -> bool {
        [self.itl_differs, self.tvs_differs, self.fails].iter().all(|held| *held == Some(true))
    }

    /// Each condition in words, and whether it holds.
    #[must_use]
    pub const fn listed(&self) -> [(&'static str, Option<bool>); 5] {
        [
            (
                "the signature of the phone's ITL differs from that of the server's ITL",
                self.itl_differs,
            ),
            (
                "the TVS record of the phone's ITL is not the certificate that TVS presents",
                self.tvs_differs,
            ),
            ("a list or the configuration fails verification", self.fails),
            (
                "there is no backup of the old TFTP (CallManager.pem) key: the phone cannot know \
                 this, the administrator must confirm it",
                None,
            ),
            (
                "this is the call manager's list, not an attacker's, which looks the same from \
                 here (not in the technote): the phone cannot know this. Compare the list's hash \
                 above with the call manager's (show itl); if that shows none (before CSCto60209), \
                 compare the signer's serial number and SHA-256 with OS Administration > \
                 Certificates",
                None,
            ),
        ]
    }
}
