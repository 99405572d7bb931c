//! The installed lists, and the state that they put the phone in.

use core::fmt;

use crate::trust::list::{ListKind, TrustList};
use crate::trust::verified::{Provenance, Verified};

/// What is installed. Only verified lists can be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchors {
    ctl: Option<Verified<TrustList>>,
    itl: Option<Verified<TrustList>>,
    newest_ctl: u32,
    newest_itl: u32,
}

impl Anchors {
    /// The installed list of a kind.
    #[must_use]
    pub const fn list(&self, kind: ListKind) -> Option<&Verified<TrustList>> {
        match kind {
            ListKind::Ctl => self.ctl.as_ref(),
            ListKind::Itl => self.itl.as_ref(),
        }
    }

    /// The records of the installed list of a kind.
    #[must_use]
    pub fn records(&self, kind: ListKind) -> Option<&TrustList> {
        self.list(kind).map(Verified::value)
    }

    /// Puts a verified list in force: it replaces the one of its kind as a whole.
    pub fn install(&mut self, list: Verified<TrustList>) {
        let (kind, newest) = (list.value().kind, self.newest_with(&list));
        *self.newest_mut(kind) = newest;
        match kind {
            ListKind::Ctl => self.ctl = Some(list),
            ListKind::Itl => self.itl = Some(list),
        }
    }

    /// The newest timestamp of a kind since its line of lists began: an older list may have been
    /// accepted since, and must not make room for the replay of one between the two.
    #[must_use]
    pub const fn newest(&self, kind: ListKind) -> u32 {
        match kind {
            ListKind::Ctl => self.newest_ctl,
            ListKind::Itl => self.newest_itl,
        }
    }

    /// What [`newest`](Self::newest) is once a list is installed. A first use begins a new line: the
    /// clocks of two clusters have nothing to do with each other.
    #[must_use]
    pub fn newest_with(&self, list: &Verified<TrustList>) -> u32 {
        let offered = list.value().timestamp;
        match list.provenance() {
            Provenance::FirstUse => offered,
            Provenance::Chained(_) | Provenance::Stored(_) => {
                offered.max(self.newest(list.value().kind))
            }
        }
    }

    /// Takes up what the store remembers of the newest timestamp.
    pub fn remember_newest(&mut self, kind: ListKind, timestamp: u32) {
        let newest = self.newest_mut(kind);
        *newest = timestamp.max(*newest);
    }

    const fn newest_mut(&mut self, kind: ListKind) -> &mut u32 {
        match kind {
            ListKind::Ctl => &mut self.newest_ctl,
            ListKind::Itl => &mut self.newest_itl,
        }
    }

    /// Forgets the list of a kind, by order of a person at the phone.
    pub fn erase(&mut self, kind: ListKind) {
        *self.newest_mut(kind) = 0;
        match kind {
            ListKind::Ctl => self.ctl = None,
            ListKind::Itl => self.itl = None,
        }
    }

    /// The state that the lists put the phone in.
    #[must_use]
    pub fn state(&self) -> State {
        let full = self.records(ListKind::Ctl).map(TrustList::serves_files);
        let Some(itl) = self.records(ListKind::Itl) else {
            return match full {
                None => State::None,
                Some(true) => State::Ctl,
                Some(false) => State::CtlWithoutFiles,
            };
        };
        match (full, itl.is_blank()) {
            (None, true) => State::Blank,
            (None, false) if itl.serves_files() => State::Itl,
            (None, false) => State::ItlWithoutFiles,
            (Some(true), true) => State::CtlAndBlank,
            (Some(true), false) => State::Both,
            (Some(false), _) => State::CtlWithoutFiles,
        }
    }

    /// Whether only signed files are asked for and accepted.
    #[must_use]
    pub fn demand_signed_files(&self) -> bool {
        [ListKind::Ctl, ListKind::Itl]
            .into_iter()
            .any(|kind| self.records(kind).is_some_and(TrustList::serves_files))
    }
}

/// The trust states, by the numbers of domain facts 2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// S0: no list.
    None,
    /// S1: an identity trust list in force.
    Itl,
    /// S1u: an identity trust list that names no file server; files come unsigned.
    ItlWithoutFiles,
    /// S2: a certificate trust list alone.
    Ctl,
    /// S3: both.
    Both,
    /// S4: a blank identity trust list: nothing is checked.
    Blank,
    /// S5: a certificate trust list, and a blank identity trust list.
    CtlAndBlank,
    /// S6: a certificate trust list that names no file server, with or without the other list.
    CtlWithoutFiles,
}

impl State {
    /// What the state means for the phone, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::None => "no trust list; the first one will be believed as policy allows",
            Self::Itl => "ITL in force; files must be signed",
            Self::ItlWithoutFiles => "ITL in force; it names no file server, files come unsigned",
            Self::Ctl => "CTL in force; files must be signed",
            Self::Both => "CTL and ITL in force; files must be signed",
            Self::Blank => "blank ITL: nothing is checked",
            Self::CtlAndBlank => "CTL in force beside a blank ITL; files must be signed",
            Self::CtlWithoutFiles => "CTL in force; it names no file server",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "S0",
            Self::Itl => "S1",
            Self::ItlWithoutFiles => "S1u",
            Self::Ctl => "S2",
            Self::Both => "S3",
            Self::Blank => "S4",
            Self::CtlAndBlank => "S5",
            Self::CtlWithoutFiles => "S6",
        })
    }
}
