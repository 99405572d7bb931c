//! Who may sign what: the table of signers, for every trust state.

use alloc::vec::Vec;

use crate::trust::anchors::{Anchors, State};
use crate::trust::decide::Decision;
use crate::trust::list::{Anchor, ListKind, TrustList};
use crate::trust::name;
use crate::trust::query::Query;
use crate::trust::reason::Reason;
use crate::trust::tvs::Vouched;
use crate::trust::verified::FirstUse;
use crate::wire::{Role, Signer};

/// What a signer is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// A configuration or another file of the phone.
    File,
    /// A trust list.
    List(ListKind),
}

impl Signed {
    /// The roles of which the service must name one.
    const fn asked_of_service(self) -> &'static [Role] {
        match self {
            Self::File => FILES,
            Self::List(_) => SAST,
        }
    }
}

/// Who a file may be verified with.
#[derive(Debug, PartialEq, Eq)]
pub enum Signing<'a> {
    /// Nobody is to be verified: in this state files are taken from anyone.
    Anyone,
    /// The list itself, which is believed for want of another.
    FirstUse(FirstUse),
    /// The certificate of a record of this list.
    Listed(&'a Anchor, ListKind),
    /// The certificate that the Trust Verification Service vouches for.
    Vouched(&'a Vouched),
}

impl<'a> Decision<Signing<'a>> {
    /// The decision once somebody was asked: a question that the proof does not answer is a
    /// refusal, and where no question is open the proof does not count.
    pub fn asked(self, vouched: &'a Vouched) -> Self {
        match self {
            Self::Ask(query) if vouched.answers(&query).is_ok() => {
                Self::Trust(Signing::Vouched(vouched))
            }
            Self::Ask(query) => Self::Refuse(query.otherwise),
            settled => settled,
        }
    }
}

/// Decides who may have signed a file that names `signer`.
pub fn signer<'a>(
    anchors: &'a Anchors,
    wanted: Signed,
    signer: &Signer<'_>,
) -> Decision<Signing<'a>> {
    let rule = rule(anchors, wanted);
    let mut unfit = Reason::WrongSigner;
    for (kind, roles) in rule.search {
        let Some(list) = anchors.records(*kind) else { continue };
        match listed(list, roles, signer) {
            Ok(anchor) => return Decision::Trust(Signing::Listed(anchor, *kind)),
            Err(Reason::WrongSigner) => {}
            Err(reason) => unfit = reason,
        }
    }
    match rule.otherwise {
        Otherwise::Anyone => Decision::Trust(Signing::Anyone),
        Otherwise::Ask => Decision::Ask(Query::new(signer, wanted.asked_of_service(), unfit)),
        Otherwise::FirstUse => Decision::Trust(Signing::FirstUse(FirstUse::assertion())),
        Otherwise::Refuse => Decision::Refuse(unfit),
    }
}

/// The record of a list that is the signer's, by issuer, serial number and role, and has the
/// certificate to verify with.
///
/// # Errors
/// [`Reason::WrongSigner`], [`Reason::WrongRole`], [`Reason::AmbiguousSigner`].
pub(in crate::trust) fn listed<'a>(
    list: &'a TrustList,
    roles: &[Role],
    signer: &Signer<'_>,
) -> Result<&'a Anchor, Reason> {
    let named = list.anchors_of(signer);
    let fitting: Vec<_> =
        named.iter().copied().filter(|anchor| roles.contains(&anchor.role)).collect();
    let Some(first) = fitting.first() else {
        return Err(named
            .first()
            .map_or(Reason::WrongSigner, |anchor| Reason::WrongRole { found: anchor.role }));
    };
    if fitting.iter().any(|anchor| anchor.certificate != first.certificate) {
        return Err(Reason::AmbiguousSigner);
    }
    Ok(first)
}

impl TrustList {
    /// The records of a signer that carry its certificate.
    fn anchors_of<'a>(&'a self, signer: &Signer<'_>) -> Vec<&'a Anchor> {
        let subject = |anchor: &&Anchor| {
            anchor.subject.as_deref().is_some_and(|listed| name::same(listed, signer.name))
        };
        self.find(signer.issuer, signer.serial)
            .into_iter()
            .filter(|anchor| anchor.certificate.is_some())
            .filter(subject)
            .collect()
    }
}

/// Where a signer is looked for, and what happens if it is not found.
struct Rule {
    search: Search,
    otherwise: Otherwise,
}

type Search = &'static [(ListKind, &'static [Role])];

impl Rule {
    const fn new(search: Search, otherwise: Otherwise) -> Self {
        Self { search, otherwise }
    }
}

#[derive(Clone, Copy)]
enum Otherwise {
    Anyone,
    Ask,
    FirstUse,
    Refuse,
}

/// The table of domain facts 2.2, one column each.
fn rule(anchors: &Anchors, wanted: Signed) -> Rule {
    let state = anchors.state();
    let itl = anchors.records(ListKind::Itl);
    let full_itl = itl.is_some_and(TrustList::serves_files);
    match wanted {
        Signed::List(ListKind::Ctl) => {
            ctl_rule(state, full_itl, itl.is_some_and(|list| list.lists(Role::Tvs)))
        }
        Signed::List(ListKind::Itl) => itl_rule(state, full_itl),
        Signed::File => file_rule(state, full_itl),
    }
}

const fn ctl_rule(state: State, full_itl: bool, tvs: bool) -> Rule {
    match state {
        State::None | State::Blank => Rule::new(&[], Otherwise::FirstUse),
        State::Itl => Rule::new(&[(ListKind::Itl, SAST)], Otherwise::Ask),
        State::ItlWithoutFiles if tvs => Rule::new(&[(ListKind::Itl, SAST)], Otherwise::Ask),
        State::ItlWithoutFiles => Rule::new(&[(ListKind::Itl, SAST)], Otherwise::Refuse),
        State::CtlWithoutFiles if full_itl => Rule::new(BOTH_SAST, Otherwise::Ask),
        State::Both => Rule::new(BOTH_SAST, Otherwise::Ask),
        State::Ctl | State::CtlAndBlank | State::CtlWithoutFiles => {
            Rule::new(&[(ListKind::Ctl, SAST)], Otherwise::Refuse)
        }
    }
}

const fn itl_rule(state: State, full_itl: bool) -> Rule {
    match state {
        State::None | State::Blank => Rule::new(&[], Otherwise::FirstUse),
        State::Itl => Rule::new(&[(ListKind::Itl, LISTS)], Otherwise::Ask),
        State::ItlWithoutFiles => Rule::new(&[(ListKind::Itl, SAST)], Otherwise::Refuse),
        State::Ctl | State::CtlAndBlank => Rule::new(&[(ListKind::Ctl, LISTS)], Otherwise::Refuse),
        State::Both => Rule::new(&[(ListKind::Ctl, LISTS), (ListKind::Itl, LISTS)], Otherwise::Ask),
        State::CtlWithoutFiles if full_itl => Rule::new(&[(ListKind::Itl, LISTS)], Otherwise::Ask),
        State::CtlWithoutFiles => Rule::new(&[(ListKind::Ctl, SAST)], Otherwise::Refuse),
    }
}

const fn file_rule(state: State, full_itl: bool) -> Rule {
    match state {
        State::Itl => Rule::new(&[(ListKind::Itl, FILES)], Otherwise::Ask),
        State::Ctl | State::CtlAndBlank => Rule::new(&[(ListKind::Ctl, FILES)], Otherwise::Refuse),
        State::Both => Rule::new(&[(ListKind::Ctl, FILES), (ListKind::Itl, FILES)], Otherwise::Ask),
        State::CtlWithoutFiles if full_itl => Rule::new(&[(ListKind::Itl, FILES)], Otherwise::Ask),
        State::None | State::Blank | State::ItlWithoutFiles | State::CtlWithoutFiles => {
            Rule::new(&[], Otherwise::Anyone)
        }
    }
}

const BOTH_SAST: Search = &[(ListKind::Ctl, SAST), (ListKind::Itl, SAST)];
const SAST: &[Role] = &[Role::Sast];
const LISTS: &[Role] = &[Role::Sast, Role::CcmTftp];
const FILES: &[Role] = &[Role::CcmTftp, Role::Tftp];
