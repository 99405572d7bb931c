//! The installed lists, and the state that they put the phone in.

use core::fmt;

use crate::trust::list::{Anchor, ListKind, TrustList};
use crate::trust::standing::{self, Standing};
use crate::trust::verified::{Provenance, Verified, Voucher};
use crate::wire::{FormatVersion, Role};

/// The installed lists. Only verified ones can be installed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Anchors {
    ctl: Option<InForce>,
    itl: Option<InForce>,
    /// The highest line number so far, even if no list of that line is left.
    lines: u32,
}

/// A list in force, and its place.
#[derive(Clone, Debug, Eq, PartialEq)]
struct InForce {
    list: Verified<TrustList>,
    standing: Standing,
}

impl Anchors {
    /// The installed list of a kind.
    #[must_use]
    pub fn list(&self, kind: ListKind) -> Option<&Verified<TrustList>> {
        self.installed(kind).map(|installed| &installed.list)
    }

    /// The records of the installed list of a kind.
    #[must_use]
    pub fn records(&self, kind: ListKind) -> Option<&TrustList> {
        self.list(kind).map(Verified::value)
    }

    /// The records of all installed lists, the CTL's first.
    pub fn lists(&self) -> impl Iterator<Item = &TrustList> {
        ListKind::ALL.into_iter().filter_map(|kind| self.records(kind))
    }

    const fn installed(&self, kind: ListKind) -> Option<&InForce> {
        match kind {
            ListKind::Ctl => self.ctl.as_ref(),
            ListKind::Itl => self.itl.as_ref(),
        }
    }

    const fn installed_mut(&mut self, kind: ListKind) -> &mut Option<InForce> {
        match kind {
            ListKind::Ctl => &mut self.ctl,
            ListKind::Itl => &mut self.itl,
        }
    }

    /// Puts a verified list in force: it replaces the one of its kind completely. For callers
    /// without a clock; others use [`install_as`](Self::install_as).
    pub fn install(&mut self, list: Verified<TrustList>) {
        let (standing, _) = self.standing_of(&list, None);
        self.install_as(list, standing);
    }

    /// Puts a verified list in force, at the place that [`standing_of`](Self::standing_of) returned
    /// or the store has kept.
    pub fn install_as(&mut self, list: Verified<TrustList>, standing: Standing) {
        self.remember_line(standing.line);
        let kind = list.value().kind;
        *self.installed_mut(kind) = Some(InForce { list, standing });
    }

    /// The place of the installed list of a kind.
    #[must_use]
    pub fn standing(&self, kind: ListKind) -> Option<Standing> {
        self.installed(kind).map(|installed| installed.standing)
    }

    /// The place that a list would take, and whether it is so far ahead of the clock that it is
    /// not used as the time. `now`: seconds since 1970, if the clock is set.
    #[must_use]
    pub fn standing_of(&self, list: &Verified<TrustList>, now: Option<u64>) -> (Standing, bool) {
        let (kind, timestamp) = (list.value().kind, list.value().timestamp);
        let begins = self.begins_line(list);
        // Another line's timestamps come from another cluster's clock, and are not compared.
        let before = self.current(kind).filter(|_| !begins);
        let floor = before.map_or(0, |before| before.floor);
        let (floor, ahead) = standing::floor_after(floor, timestamp, now);
        let standing = Standing {
            line: if begins { self.next_line() } else { self.line() },
            // Not the list's own timestamp: after a restored backup it would allow replays of what
            // lies between.
            newest: before.map_or(timestamp, |before| before.newest.max(timestamp)),
            floor,
            // An ITL may well have been written before the CTL that began the line: CTLs are signed
            // by hand.
            awaits_itl: kind == ListKind::Ctl && begins,
        };
        (standing, ahead)
    }

    /// Whether a list begins a line: a first use, or the list of another cluster that TVS vouches
    /// for. The latter shares no certificate with what is installed.
    #[must_use]
    pub fn begins_line(&self, list: &Verified<TrustList>) -> bool {
        match list.provenance() {
            Provenance::FirstUse => true,
            // TVS also vouches for a renewed signer of this cluster, whose list continues the line.
            Provenance::Chained(Voucher::Tvs) => self.is_foreign(list.value()),
            Provenance::Chained(Voucher::Ctl | Voucher::Https | Voucher::Itl)
            | Provenance::Stored(_) => false,
        }
    }

    /// Whether a list shares no certificate with the installed ones, and no name of a server
    /// either: certificates that were all regenerated still carry their names.
    #[must_use]
    pub(in crate::trust) fn is_foreign(&self, list: &TrustList) -> bool {
        !self.lists().any(|installed| installed.shares_any(list) || installed.names_any(list))
    }

    /// The number of the line in force; 0 before the first.
    #[must_use]
    pub fn line(&self) -> u32 {
        let lines = [&self.ctl, &self.itl].into_iter().flatten();
        lines.map(|installed| installed.standing.line).max().unwrap_or_default()
    }

    /// Notes that this line number has been used, so that the next line takes a higher one.
    pub fn remember_line(&mut self, line: u32) {
        self.lines = self.lines.max(line);
    }

    const fn next_line(&self) -> u32 {
        self.lines.saturating_add(1)
    }

    /// The place of the list of a kind, if that list belongs to the line in force.
    fn current(&self, kind: ListKind) -> Option<Standing> {
        self.standing(kind).filter(|standing| standing.line == self.line())
    }

    /// The timestamp below which a list that came to be trusted in this way is an older one.
    ///
    /// It is that of its own kind, where the line has had one or the list is not of the new line.
    /// An ITL is rewritten at each restart of the call manager but a CTL only by hand, so the other
    /// kind's timestamp counts only where there is none; and none does for the first ITL after the
    /// CTL that began the line and vouches for it.
    #[must_use]
    pub fn newest(&self, kind: ListKind, by: Provenance) -> Option<u32> {
        let by_other = by == Provenance::Chained(kind.other().into());
        // A list that the other kind vouches for belongs to that one's line, not to an earlier line
        // of its own kind.
        let own = self.standing(kind).filter(|own| !by_other || own.line == self.line());
        if let Some(own) = own {
            return Some(own.newest);
        }
        let other = self.current(kind.other())?;
        (!(by_other && other.awaits_itl)).then_some(other.newest)
    }

    /// The timestamp of the other kind. A list that would weaken the checks must not be older than
    /// that, even as the first of its kind.
    #[must_use]
    pub fn newest_of_other(&self, kind: ListKind) -> Option<u32> {
        self.current(kind.other()).map(|other| other.newest)
    }

    /// The time that it is at least, going by the lists in force; seconds since 1970.
    #[must_use]
    pub fn floor(&self) -> u32 {
        let current = ListKind::ALL.into_iter().filter_map(|kind| self.current(kind));
        current.map(|standing| standing.floor).max().unwrap_or_default()
    }

    /// Forgets the list of a kind, because a person at the phone ordered it. What is left becomes a
    /// line of its own: nothing that is remembered of the previous line counts against later lists.
    pub fn erase(&mut self, kind: ListKind) {
        *self.installed_mut(kind) = None;
        if let Some(left) = self.standing_after_erasing(kind) {
            self.remember_line(left.line);
            if let Some(installed) = self.installed_mut(kind.other()) {
                installed.standing = left;
            }
        }
    }

    /// The place of the other list once that of a kind is erased.
    #[must_use]
    pub fn standing_after_erasing(&self, kind: ListKind) -> Option<Standing> {
        let left = self.standing(kind.other())?;
        Some(Standing { line: self.next_line(), awaits_itl: kind == ListKind::Itl, ..left })
    }

    /// The state that the lists put the phone in.
    #[must_use]
    pub fn state(&self) -> State {
        let full = self.records(ListKind::Ctl).map(TrustList::serves_files);
        // The table of domain facts 2.1, first without an ITL.
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
            // A CTL that names no file server decides, whether the ITL beside it is blank or not.
            (Some(false), _) => State::CtlWithoutFiles,
        }
    }

    /// Whether the certificate of this SHA-1 is listed as one that signs files.
    #[must_use]
    pub fn lists_file_signer(&self, sha1: [u8; 20]) -> bool {
        let signs = |anchor: &Anchor| anchor.role.serves_files() && anchor.sha1 == Some(sha1);
        self.lists().any(|list| list.anchors.iter().any(signs))
    }

    /// Whether a list has a TVS record: what a server of the service is verified by, without which
    /// none is asked.
    #[must_use]
    pub fn lists_tvs(&self) -> bool {
        self.lists().any(|list| list.lists(Role::Tvs))
    }

    /// Whether the configuration is asked for by HTTPS, and accepted as its server sends it: the ITL
    /// announces it, and the lists enforce something. Without one in force there is nothing to judge
    /// the server by (domain facts 1.6).
    #[must_use]
    pub fn announces_https(&self) -> bool {
        let announces = |itl: &TrustList| itl.signer_version >= Some(HTTPS_FROM) && !itl.is_blank();
        self.demand_signed_files() && self.records(ListKind::Itl).is_some_and(announces)
    }

    /// Whether only signed files are requested and accepted (domain facts 1.3).
    #[must_use]
    pub fn demand_signed_files(&self) -> bool {
        [ListKind::Ctl, ListKind::Itl]
            .into_iter()
            .any(|kind| self.records(kind).is_some_and(TrustList::serves_files))
    }
}

/// The version of the ITL's signer from which on its servers have HTTPS (domain facts 1.6).
const HTTPS_FROM: FormatVersion = FormatVersion { major: 1, minor: 1 };

/// The trust states, by the numbers of domain facts 2.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// S0: neither list is installed; the first one is a first use.
    None,
    /// S1: an identity trust list in force.
    Itl,
    /// S1u: an identity trust list that names no file server; files come unsigned.
    ItlWithoutFiles,
    /// S2: a certificate trust list alone.
    Ctl,
    /// S3: both lists, neither of them blank.
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
            Self::None => "no trust list; the first one will be trusted if policy allows it",
            Self::Itl => "ITL in force; files must be signed",
            Self::ItlWithoutFiles => {
                "ITL in force; it names no file server, so unsigned files are accepted"
            }
            Self::Ctl => "CTL in force; files must be signed",
            Self::Both => "CTL and ITL in force; files must be signed",
            Self::Blank => {
                "blank ITL, its entries are empty: configurations and other files (accepted \
                 unsigned, or signed by anyone) and the next trust list (trusted on first use) are \
                 NOT protected; encrypted configurations and HTTPS services do not work"
            }
            Self::CtlAndBlank => {
                "CTL in force, and a blank ITL, its entries are empty: files and lists must be \
                 signed by a signer in the CTL; HTTPS services that only TVS knows do not work"
            }
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
