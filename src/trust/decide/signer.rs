//! Who may sign what: the table of signers, for every trust state.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::trust::anchors::{Anchors, State};
use crate::trust::certificate::Certificate;
use crate::trust::decide::Decision;
use crate::trust::decide::candidates::{Claim, NoSignatory, Signatory, Signature, signatory};
use crate::trust::list::{ListKind, TrustList};
use crate::trust::query::Query;
use crate::trust::reason::Reason;
use crate::trust::tvs::Vouched;
use crate::trust::verified::FirstUse;
use crate::wire::{Role, Signer};

/// Who has signed a file, or whose key to verify it with. `Free` is what the state allows where no
/// signature is required.
#[derive(Debug)]
pub enum Signing<'a, Free> {
    /// No signature is required in this state.
    Free(Free),
    /// The certificate of a record: its key has signed the file.
    Listed(Box<Signatory<'a>>),
    /// The certificate that the Trust Verification Service vouches for; the caller verifies with
    /// it.
    Vouched(Box<Certificate<'a>>),
}

/// Shows that the state accepts files from anyone; never trust lists.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Anyone;

impl<'a, Free> Decision<Signing<'a, Free>> {
    /// The decision after the service has answered: a question that the proof does not answer is a
    /// refusal, and where no question is open the proof does not count.
    pub fn asked(self, vouched: &'a Vouched) -> Self {
        match self {
            Self::Ask(query) => match vouched.answer(&query) {
                Ok(certificate) => Self::Trust(Signing::Vouched(Box::new(certificate))),
                // The lists may have changed since, so that the proof answers a question that is no
                // longer asked.
                Err(_) => Self::Refuse(query.otherwise),
            },
            // What the lists settle, TVS cannot overrule.
            settled => settled,
        }
    }
}

/// Decides who has signed a trust list that names `signer`; `signed_by` verifies the signature.
pub fn list<'a>(
    anchors: &'a Anchors,
    kind: ListKind,
    signer: &Signer<'_>,
    signed_by: Signature<'_>,
) -> Decision<Signing<'a, FirstUse>> {
    let claim = Claim { signer, signed_by };
    list_rule(anchors, kind).decide(anchors, claim, SAST, FirstUse::assertion)
}

/// Decides who has signed a configuration or another file that names `signer`.
pub fn file<'a>(
    anchors: &'a Anchors,
    signer: &Signer<'_>,
    signed_by: Signature<'_>,
) -> Decision<Signing<'a, Anyone>> {
    let itl = anchors.records(ListKind::Itl);
    let rule = file_rule(anchors.state(), itl.is_some_and(TrustList::serves_files));
    rule.decide(anchors, Claim { signer, signed_by }, FILES, || Anyone)
}

/// The token in a list that has signed the list itself.
///
/// # Errors
/// [`Reason`] if there is no such record, or the signature is not its.
pub(in crate::trust) fn token<'a>(
    list: &'a TrustList,
    signer: &Signer<'_>,
    signed_by: Signature<'_>,
) -> Result<Signatory<'a>, Reason> {
    signatory(&[(list, SAST)], Claim { signer, signed_by }).map_err(NoSignatory::reason)
}

/// Where a signer is looked for, and what happens if it is not found.
struct Rule {
    search: SignerSearch,
    otherwise: Otherwise,
}

type SignerSearch = &'static [(ListKind, &'static [Role])];

impl Rule {
    const fn new(search: SignerSearch, otherwise: Otherwise) -> Self {
        Self { search, otherwise }
    }

    /// Applies the rule: `asked` are the roles of which the service must name one, `free` makes
    /// what the state allows where no signature is required.
    fn decide<'a, Free>(
        &self,
        anchors: &'a Anchors,
        claim: Claim<'_>,
        asked: &'static [Role],
        free: impl FnOnce() -> Free,
    ) -> Decision<Signing<'a, Free>> {
        let lists = self.search.iter().filter_map(|(kind, roles)| {
            let list = anchors.records(*kind)?;
            Some((list, *roles))
        });
        let unfit = match signatory(&lists.collect::<Vec<_>>(), claim) {
            Ok(found) => return Decision::Trust(Signing::Listed(Box::new(found))),
            // A listed signer whose signature is wrong: asking TVS would give a forger a second
            // chance.
            Err(NoSignatory::Refused(reason)) => return Decision::Refuse(reason),
            Err(NoSignatory::Unlisted(reason)) => reason,
        };
        match self.otherwise {
            Otherwise::Ask => Decision::Ask(Query::new(claim.signer, asked, unfit)),
            Otherwise::Free => Decision::Trust(Signing::Free(free())),
            Otherwise::Refuse => Decision::Refuse(unfit),
        }
    }
}

#[derive(Clone, Copy)]
enum Otherwise {
    Ask,
    /// No signature is required: first use of a list, files from anyone.
    Free,
    Refuse,
}

/// The table of domain facts 2.2, one column for each kind of list; [`file_rule`] is the third.
fn list_rule(anchors: &Anchors, wanted: ListKind) -> Rule {
    let state = anchors.state();
    let itl = anchors.records(ListKind::Itl);
    let full_itl = itl.is_some_and(TrustList::serves_files);
    match wanted {
        ListKind::Ctl => ctl_rule(state, full_itl, itl.is_some_and(|list| list.lists(Role::Tvs))),
        ListKind::Itl => itl_rule(state, full_itl),
    }
}

const fn ctl_rule(state: State, full_itl: bool, tvs: bool) -> Rule {
    match state {
        // First use, with a blank ITL as well (technote: prepare cluster for rollback).
        State::None | State::Blank => Rule::new(&[], Otherwise::Free),
        State::Itl => Rule::new(&[(ListKind::Itl, SAST)], Otherwise::Ask),
        // Without a TVS record there is no server whose answer could be verified.
        State::ItlWithoutFiles if tvs => Rule::new(&[(ListKind::Itl, SAST)], Otherwise::Ask),
        State::ItlWithoutFiles => Rule::new(&[(ListKind::Itl, SAST)], Otherwise::Refuse),
        State::CtlWithoutFiles if full_itl => Rule::new(BOTH_SAST, Otherwise::Ask),
        State::Both => Rule::new(BOTH_SAST, Otherwise::Ask),
        // Refused without asking: there is no TVS record to verify a server with (domain facts
        // 2.2).
        State::Ctl | State::CtlAndBlank | State::CtlWithoutFiles => {
            Rule::new(&[(ListKind::Ctl, SAST)], Otherwise::Refuse)
        }
    }
}

const fn itl_rule(state: State, full_itl: bool) -> Rule {
    match state {
        State::None | State::Blank => Rule::new(&[], Otherwise::Free),
        // Before version 12.0 call managers sign the ITL with CallManager.pem, listed as CCM+TFTP
        // (domain facts 0.2).
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
            Rule::new(&[], Otherwise::Free)
        }
    }
}

const BOTH_SAST: SignerSearch = &[(ListKind::Ctl, SAST), (ListKind::Itl, SAST)];
const SAST: &[Role] = &[Role::Sast];
const LISTS: &[Role] = &[Role::Sast, Role::CcmTftp];
const FILES: &[Role] = &[Role::CcmTftp, Role::Tftp];
