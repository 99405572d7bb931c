//! What the next boot pass does if nothing changes before it.

use core::fmt;

use crate::diagnose::findings::{ConfigurationFound, Findings, ListFound, ListVerdict, Offered};
use crate::trust::anchors::State;
use crate::trust::verified::{Acceptance, Voucher};

/// The next boot pass, step by step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NextBoot {
    /// What happens to the CTL that the server offers; first, since a CTL can verify the ITL.
    pub ctl: Fate,
    /// What happens to the ITL, judged by the CTL as it is after its own step.
    pub itl: Fate,
    /// What happens to the configuration, judged by both lists as they are by then.
    pub configuration: Fate,
    /// The trust state afterwards.
    pub state: State,
    /// Whether the store is locked: then no server is asked, and the rest does not happen.
    pub is_locked: bool,
}

/// What happens to one file of the pass.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// The server has none; the phone keeps what it has.
    Absent,
    /// Unknown, because the file could not be fetched or was not examined in time.
    Open,
    /// It is refused; the phone keeps what it has.
    Refused,
    /// It is the one that the phone already has.
    Same,
    /// It is accepted; who vouches for its signer, or that it is the first use.
    Taken(Acceptance),
    /// It is accepted without a check, in a state that demands no signature.
    Unchecked,
    /// It cannot be read; the phone keeps what it has.
    Unreadable,
}

impl NextBoot {
    pub(super) fn of(findings: &Findings) -> Self {
        Self {
            ctl: Fate::of_list(&findings.ctl),
            itl: Fate::of_list(&findings.itl),
            configuration: Fate::of_configuration(&findings.configuration),
            state: findings.state_after,
            is_locked: findings.store.is_locked(),
        }
    }

    /// Whether nothing is refused, and the configuration arrives.
    #[must_use]
    pub fn succeeds(&self) -> bool {
        // `Open` is no success: a reset is advised only where the doctor saw that it works.
        let works = |fate| matches!(fate, Fate::Absent | Fate::Same | Fate::Taken(_));
        // A list may stay as it is, but a phone without a new configuration is not helped.
        let arrives = matches!(self.configuration, Fate::Taken(_) | Fate::Unchecked);
        works(self.ctl) && works(self.itl) && arrives && !self.is_locked
    }
}

impl Fate {
    fn of_list(list: &ListFound) -> Self {
        match &list.offered {
            Offered::Absent => Self::Absent,
            Offered::Found(list) => match list.judged {
                ListVerdict::Refused { .. } => Self::Refused,
                ListVerdict::Same => Self::Same,
                ListVerdict::Taken(acceptance) => Self::Taken(acceptance),
            },
            Offered::NotExamined | Offered::NotFetched(_) | Offered::Unreachable(_) => Self::Open,
        }
    }

    fn of_configuration(found: &ConfigurationFound) -> Self {
        match found {
            // In a state that demands signed files the unsigned name is not even requested
            // (technote, "ONLY requests signed").
            ConfigurationFound::Absent
            | ConfigurationFound::Announced { .. }
            | ConfigurationFound::OnlyUnsigned { .. } => Self::Absent,
            ConfigurationFound::NotExamined | ConfigurationFound::NotFetched { .. } => Self::Open,
            ConfigurationFound::ForAnother { .. } | ConfigurationFound::Refused { .. } => {
                Self::Refused
            }
            ConfigurationFound::Unreadable { .. } => Self::Unreadable,
            ConfigurationFound::Unchecked { .. } => Self::Unchecked,
            ConfigurationFound::Verified { by, .. } => Self::Taken(Acceptance::Chained(*by)),
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "not on the server, nothing changes",
            Self::Open => "unknown",
            Self::Refused => "REFUSED, nothing changes",
            Self::Same => "unchanged",
            Self::Taken(Acceptance::FirstUse) => "trusted on FIRST USE",
            Self::Taken(Acceptance::Chained(Voucher::Ctl)) => "accepted, signer in the CTL",
            Self::Taken(Acceptance::Chained(Voucher::Https)) => {
                "accepted, vouched for by the HTTPS connection"
            }
            Self::Taken(Acceptance::Chained(Voucher::Itl)) => "accepted, signer in the ITL",
            Self::Taken(Acceptance::Chained(Voucher::Tvs)) => {
                "accepted, TVS vouches for the signer"
            }
            Self::Unchecked => "accepted UNCHECKED",
            Self::Unreadable => "CANNOT BE READ, the phone keeps the last good one",
        })
    }
}

impl fmt::Display for NextBoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ctl, itl, configuration, state, is_locked } = self;
        if *is_locked {
            return f.write_str("no server is asked, and nothing is trusted");
        }
        // Nothing was reached: "unknown" for each file would help a reader less.
        if *ctl == Fate::Open && *itl == Fate::Open {
            return write!(
                f,
                "nothing changes: state {state} and the last good configuration stay"
            );
        }
        write!(f, "CTL {ctl}; ITL {itl}; configuration {configuration}; ")?;
        write!(f, "then state {state} ({})", state.meaning())
    }
}
