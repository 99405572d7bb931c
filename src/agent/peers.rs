//! Judging peers: the walk of [`decide`], a question to TVS where it asks for one, and the lines of
//! the log on the way.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::UnixTime;

use crate::agent::narrate::say;
use crate::agent::tvs::{Around, TvsService};
use crate::boot::{Event, file};
use crate::io::{clock, console};
use crate::trust::decide::step::{AuthoritySearch, Cached, SearchStep};
use crate::trust::decide::{self, AtHand, Decision, Stranger, WalkedVerdict};
use crate::trust::peer::ShownChain;
use crate::trust::{Anchors, Cache, Distrust, Grant, GrantedBy, Unanswered};

/// A verdict, with all steps that led to it.
pub(super) type PeerVerdict = WalkedVerdict<Result<Grant, Distrust>>;

/// Judges a peer: CTL, ITL, a path to a listed authority, earlier answers, TVS. `called` is what
/// the log calls it. If the lists change while TVS is asked, the peer is judged again, but not for
/// ever.
pub(super) async fn judge(
    tvs: &TvsService,
    around: Around<'_>,
    shown: ShownChain<'_>,
    called: &str,
) -> PeerVerdict {
    let mut left = file::ANEW;
    loop {
        let WalkedVerdict { steps, verdict } =
            console::together(|| walk(tvs, around, shown, called));
        let stranger = match verdict {
            Decision::Trust(grant) => return WalkedVerdict { steps, verdict: Ok(grant) },
            Decision::Refuse(distrust) => return WalkedVerdict { steps, verdict: Err(distrust) },
            Decision::Ask(stranger) => stranger,
        };
        let answer = tvs.peer(around, stranger.purpose(), stranger.certificate()).await;
        // Again, since the answer may have taken seconds, in which a certificate can expire.
        let now = passed(&around.installed.anchors());
        let settled = stranger.settled(answer.as_ref().map_err(Clone::clone), now);
        console::together(|| say_all(&settled.steps, called));
        let judged = settled.after(steps);
        let changed = Err(Distrust::Unanswered(Unanswered::ListsChanged));
        if left == 0 || judged.verdict != changed {
            say_verdict(judged.verdict.as_ref(), called);
            return judged;
        }
        left -= 1;
    }
}

/// Judges a peer as [`judge`] would on a phone with these lists and answers; what is learned goes
/// into that cache alone.
pub(super) async fn judge_on_trial(
    tvs: &TvsService,
    around: Around<'_>,
    anchors: &Arc<Anchors>,
    cache: &mut Cache,
    shown: ShownChain<'_>,
) -> Result<Grant, Distrust> {
    let (now, instant) = (passed(anchors), tvs.now());
    let decision = decide::peer(shown, &AtHand { anchors, cache, now, instant }).verdict;
    match decision {
        Decision::Trust(grant) => Ok(grant),
        Decision::Refuse(distrust) => Err(distrust),
        Decision::Ask(stranger) => {
            let (purpose, certificate) = (stranger.purpose(), stranger.certificate());
            let answer = tvs.peer_on_trial(around, anchors, cache, (purpose, certificate)).await;
            stranger.settled(answer.as_ref().map_err(Clone::clone), passed(anchors)).verdict
        }
    }
}

/// The walk as far as it goes without the network: up to a verdict, or to the question.
fn walk<'a>(
    tvs: &TvsService,
    around: Around<'_>,
    shown: ShownChain<'a>,
    called: &str,
) -> WalkedVerdict<Decision<Grant, Stranger<'a>>> {
    say(&Event::PeerValidation {});
    let anchors = around.installed.anchors();
    // One snapshot for all steps: lists that change meanwhile must not be mixed.
    let (now, instant) = (passed(&anchors), tvs.now());
    let walked = tvs.with_cache(|cache| {
        decide::peer(shown, &AtHand { anchors: &anchors, cache, now, instant })
    });
    say_all(&walked.steps, called);
    match &walked.verdict {
        Decision::Trust(grant) => say_verdict(Ok(grant), called),
        Decision::Refuse(distrust) => say_verdict(Err(distrust), called),
        Decision::Ask(_) => {}
    }
    walked
}

fn say_verdict(verdict: Result<&Grant, &Distrust>, called: &str) {
    say(&match verdict {
        Ok(grant) => trusted(grant.by(), called),
        Err(distrust) => {
            Event::PeerDistrusted { peer: called.to_owned(), why: distrust.to_string() }
        }
    });
}

/// The time, if the clock is set, but not before what the lists in force prove: setting the clock
/// back does not revive an expired certificate.
pub(super) fn passed(anchors: &Anchors) -> Option<UnixTime> {
    let floor = UnixTime::since_unix_epoch(Duration::from_secs(anchors.floor().into()));
    clock::now().map(|now| now.max(floor))
}

/// The time in seconds since 1970; where the clock is not set, what the lists in force prove.
pub(super) fn passed_at_least(anchors: &Anchors) -> u32 {
    at_least(clock::now(), anchors.floor())
}

fn at_least(now: Option<UnixTime>, floor: u32) -> u32 {
    // A clock beyond the year 2106 is as good as none.
    let now = now.and_then(|now| u32::try_from(now.as_secs()).ok());
    now.map_or(floor, |now| now.max(floor))
}

/// Logs the steps to a verdict.
fn say_all(steps: &[SearchStep], called: &str) {
    steps.iter().for_each(|step| say_step(step, called));
}

fn say_step(step: &SearchStep, called: &str) {
    let peer = called.to_owned();
    match step {
        SearchStep::Exact(kind, _) => say(&Event::PeerSearched { list: *kind }),
        SearchStep::Authority(kind, AuthoritySearch::NoPath(no_path)) => {
            say(&Event::PeerNoPath { list: *kind, why: no_path.to_string() });
        }
        SearchStep::Cache(found) => {
            say(&Event::PeerUnlisted { peer });
            say(&Event::PeerQuestion {});
            say_cached(found);
        }
        SearchStep::Oddity(warning) => say(&Event::PeerOdd { peer, warning: *warning }),
        // A path that was found is logged with the verdict, an answer when it arrives.
        SearchStep::Authority(..) | SearchStep::Tvs(_) => {}
    }
}

fn say_cached(found: &Cached) {
    let Cached::Hit(warnings) = found else { return say(&Event::CacheMiss {}) };
    say(&Event::CacheHit {});
    for warning in warnings {
        say(&Event::CacheHitOdd { warning: *warning });
    }
}

/// The line of the log for a peer that is trusted.
pub(super) fn trusted(by: GrantedBy, called: &str) -> Event {
    let peer = called.to_owned();
    match by {
        GrantedBy::Cache => Event::PeerByCache {},
        GrantedBy::Listed(list) => Event::PeerListed { list, peer },
        GrantedBy::Path(list) => Event::PeerUnderAuthority { list, peer },
        GrantedBy::Tvs => Event::PeerByTvs {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_clock_it_is_as_late_as_the_lists_prove() {
        let at = |seconds| Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)));
        assert_eq!(at_least(None, 1_700_000_000), 1_700_000_000);
        assert_eq!(at_least(at(1_600_000_000), 1_700_000_000), 1_700_000_000);
        assert_eq!(at_least(at(1_800_000_000), 1_700_000_000), 1_800_000_000);
        assert_eq!(at_least(at(1 << 40), 1_700_000_000), 1_700_000_000);
    }
}
