//! Whether a peer is trusted: the walk through the lists and the earlier answers, up to the
//! question to the Trust Verification Service, and the verdict once that has answered.

#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use rustls::pki_types::UnixTime;

use crate::trust::anchors::Anchors;
use crate::trust::cache::Cache;
use crate::trust::decide::step::{AuthoritySearch, Cached, Exact, SearchStep};
use crate::trust::decide::{Decision, Question};
use crate::trust::distrust::Distrust;
use crate::trust::list::ListKind;
use crate::trust::peer::{Peer, ShownChain};
use crate::trust::purpose::Purpose;
use crate::trust::tvs::{Endorsed, Unanswered};
use crate::trust::verified::Grant;

/// What a peer is judged by before anyone is asked.
#[derive(Clone, Copy, Debug)]
pub struct AtHand<'a> {
    /// The installed lists, which come before any answer.
    pub anchors: &'a Anchors,
    /// The earlier answers of the service.
    pub cache: &'a Cache,
    /// The time, if the clock is set.
    pub now: Option<UnixTime>,
    /// The time by the monotonic clock by which the earlier answers expire.
    pub instant: Duration,
}

/// A verdict, and the steps that led to it, in their order.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct WalkedVerdict<T> {
    /// What was searched, and what was found.
    pub steps: Vec<SearchStep>,
    /// The verdict that these steps led to.
    pub verdict: T,
}

impl<T> WalkedVerdict<T> {
    /// The same verdict, with earlier steps put before its own.
    pub fn after(self, earlier: Vec<SearchStep>) -> Self {
        Self { steps: earlier.into_iter().chain(self.steps).collect(), ..self }
    }
}

/// A peer that neither the lists nor an earlier answer vouch for: the service has to be asked.
#[derive(Clone, Debug)]
pub struct Stranger<'a>(Peer<'a>);

impl Question for Stranger<'_> {
    type Refusal = Distrust;
}

/// Judges a peer: CTL, then ITL for exactly its certificate; CTL, then ITL for a path to an
/// authority; the earlier answers. The first that vouches for it ends the walk.
///
/// A TVS server is known by its own record or not at all: the service never vouches for itself
/// (domain facts 6.2).
pub fn peer<'a>(
    shown: ShownChain<'a>,
    at_hand: &AtHand<'_>,
) -> WalkedVerdict<Decision<Grant, Stranger<'a>>> {
    let mut steps = Vec::new();
    let Ok(peer) = Peer::read(shown) else {
        return WalkedVerdict { steps, verdict: Decision::Refuse(Distrust::NotACertificate) };
    };
    let mut grant = listed(&peer, at_hand, &mut steps);
    // A TVS server that TVS vouches for would vouch for itself (domain facts 6.2).
    if peer.purpose() != Purpose::Tvs {
        grant = grant
            .or_else(|| under_authority(&peer, at_hand, &mut steps))
            .or_else(|| cached(&peer, at_hand, &mut steps));
    }
    let verdict = match grant {
        Some(grant) => {
            // Only for the log: phones do not check dates of listed certificates (domain facts
            // 6.4).
            steps.extend(oddities(&peer, at_hand.now));
            Decision::Trust(grant)
        }
        None if peer.purpose() == Purpose::Tvs => Decision::Refuse(Distrust::NotListed),
        None => Decision::Ask(Stranger(peer)),
    };
    WalkedVerdict { steps, verdict }
}

impl Stranger<'_> {
    /// What it is to the phone.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.0.purpose()
    }

    /// The certificate that it has shown, in DER.
    #[must_use]
    pub const fn certificate(&self) -> &[u8] {
        self.0.certificate()
    }

    /// Judges it by the answer to the question. Only the steps since then are in the result.
    pub fn settled(
        &self,
        answer: Result<&Endorsed, Unanswered>,
        now: Option<UnixTime>,
    ) -> WalkedVerdict<Result<Grant, Distrust>> {
        let vouched = answer.and_then(|endorsed| {
            // The answer must be about this very certificate, also if another question obtained it.
            let grant = self.0.endorsed(endorsed).map_err(Unanswered::Unvouched)?;
            Ok((grant, endorsed.roles()))
        });
        match vouched {
            Ok((grant, roles)) => {
                let steps = [SearchStep::Tvs(Ok(roles.map(Box::from)))].into_iter();
                WalkedVerdict {
                    steps: steps.chain(oddities(&self.0, now)).collect(),
                    verdict: Ok(grant),
                }
            }
            Err(why) => {
                let steps = Vec::from([SearchStep::Tvs(Err(why.clone()))]);
                WalkedVerdict { steps, verdict: Err(Distrust::Unanswered(why)) }
            }
        }
    }
}

fn listed(peer: &Peer<'_>, at_hand: &AtHand<'_>, steps: &mut Vec<SearchStep>) -> Option<Grant> {
    LISTS.into_iter().find_map(|kind| {
        let grant = peer.listed(at_hand.anchors, kind);
        let wanted = peer.purpose();
        let found = match &grant {
            Some(_) => Exact::Found(wanted),
            None if at_hand.anchors.list(kind).is_none() => Exact::NoList,
            None => peer
                .roles(at_hand.anchors, kind)
                .next()
                .map_or(Exact::NoRecord(wanted), |found| Exact::OtherRole { found, wanted }),
        };
        steps.push(SearchStep::Exact(kind, found));
        grant
    })
}

/// A list that is not installed is not searched again.
fn under_authority(
    peer: &Peer<'_>,
    at_hand: &AtHand<'_>,
    steps: &mut Vec<SearchStep>,
) -> Option<Grant> {
    let installed = LISTS.into_iter().filter(|kind| at_hand.anchors.list(*kind).is_some());
    installed.into_iter().find_map(|kind| {
        let (found, grant) = match peer.under_authority(at_hand.anchors, kind, at_hand.now) {
            Ok(Some(grant)) => (AuthoritySearch::Found(peer.purpose()), Some(grant)),
            Ok(None) => (AuthoritySearch::NoAuthority(peer.purpose()), None),
            Err(no_path) => (AuthoritySearch::NoPath(no_path), None),
        };
        steps.push(SearchStep::Authority(kind, found));
        grant
    })
}

fn cached(peer: &Peer<'_>, at_hand: &AtHand<'_>, steps: &mut Vec<SearchStep>) -> Option<Grant> {
    let (found, grant) = match peer.cached(at_hand.cache, at_hand.instant) {
        Some(accepted) => (Cached::Hit(accepted.warnings), Some(accepted.value)),
        None => (Cached::Miss, None),
    };
    steps.push(SearchStep::Cache(found));
    grant
}

fn oddities(peer: &Peer<'_>, now: Option<UnixTime>) -> impl Iterator<Item = SearchStep> {
    peer.oddities(now).into_iter().map(SearchStep::Oddity)
}

/// In the order in which they are searched.
const LISTS: [ListKind; 2] = [ListKind::Ctl, ListKind::Itl];
