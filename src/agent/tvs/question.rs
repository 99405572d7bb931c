//! The questions to TVS, and those that are on their way.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;

use crate::agent::narrate::say;
use crate::boot::Event;
use crate::trust::cache::Source;
use crate::trust::confirm::RecordToConfirm;
use crate::trust::signature::sha256;
use crate::trust::tvs as answers;
use crate::trust::{Cache, Confirmed, Endorsed, Purpose, Query, Unanswered, Unvouched, Vouched};
use crate::wire::Serial;
use crate::wire::tvs::{Response, TvsRequest};

/// A question, and what an answer to it proves.
pub(super) trait ProvingQuestion {
    /// What makes two questions the same.
    type Key: Clone + Ord;
    /// What a good answer yields.
    type Proof: Clone;
    /// The technote's names of the question and of its answer, for the log.
    fn words(&self) -> (&'static str, &'static str);

    /// Whether an answer may be cached.
    const IS_KEPT: bool = true;

    fn key(&self) -> Self::Key;
    fn request(&self) -> TvsRequest<'_>;
    fn judge(&self, response: &Response<'_>) -> Result<Self::Proof, Unvouched>;
    /// How long an answer holds, if the service names a time.
    fn ttl(proof: &Self::Proof) -> Option<Duration>;
    /// Puts an answer into the cache, and returns for how long, if the cache accepts it.
    fn keep(
        proof: Self::Proof,
        cache: &mut Cache,
        source: Source,
        now: Duration,
    ) -> Option<Duration>;
}

/// Is this certificate, which a peer presented, trusted for a purpose?
pub(super) struct OfPeer<'a> {
    pub(super) purpose: Purpose,
    pub(super) certificate: &'a [u8],
}

impl ProvingQuestion for OfPeer<'_> {
    type Key = (Purpose, [u8; 32]);
    type Proof = Endorsed;

    fn words(&self) -> (&'static str, &'static str) {
        VERIFY
    }

    fn key(&self) -> Self::Key {
        (self.purpose, sha256(self.certificate))
    }

    fn request(&self) -> TvsRequest<'_> {
        TvsRequest::Verify { certificate: self.certificate }
    }

    fn judge(&self, response: &Response<'_>) -> Result<Endorsed, Unvouched> {
        let accepted = answers::peer(self.purpose, self.certificate, response)?;
        for warning in accepted.warnings {
            say(&Event::AnswerOdd { warning });
        }
        Ok(accepted.value)
    }

    fn ttl(proof: &Endorsed) -> Option<Duration> {
        proof.ttl()
    }

    fn keep(proof: Endorsed, cache: &mut Cache, source: Source, now: Duration) -> Option<Duration> {
        cache.insert_peer(proof, source, now)
    }
}

/// Which certificate does the signer of a file have, and is that trusted?
pub(super) struct OfSigner<'a>(pub(super) &'a Query);

impl ProvingQuestion for OfSigner<'_> {
    type Key = ([Box<[u8]>; 3], Vec<u16>);
    type Proof = Vouched;

    fn words(&self) -> (&'static str, &'static str) {
        QUERY
    }

    fn key(&self) -> Self::Key {
        let Query { subject, issuer, serial, roles, .. } = self.0;
        // The roles are not sent, but the answer is judged by them.
        let roles = roles.iter().map(|role| role.code()).collect();
        ([subject.clone(), issuer.clone(), serial.clone()], roles)
    }

    fn request(&self) -> TvsRequest<'_> {
        TvsRequest::Query {
            subject: &self.0.subject,
            issuer: &self.0.issuer,
            serial: Serial::new(&self.0.serial),
        }
    }

    fn judge(&self, response: &Response<'_>) -> Result<Vouched, Unvouched> {
        answers::signer(self.0, response)
    }

    fn ttl(proof: &Vouched) -> Option<Duration> {
        proof.endorsed().ttl()
    }

    fn keep(proof: Vouched, cache: &mut Cache, source: Source, now: Duration) -> Option<Duration> {
        cache.insert_signer(proof, source, now)
    }
}

/// Does a record of an older list still hold?
pub(super) struct OfRecord<'a>(pub(super) &'a RecordToConfirm);

impl ProvingQuestion for OfRecord<'_> {
    type Key = ([u8; 20], u16);
    type Proof = Confirmed;
    // A replayed list is confirmed by what TVS knows now, never by what it once answered.
    const IS_KEPT: bool = false;

    fn words(&self) -> (&'static str, &'static str) {
        if matches!(self.0.request(), TvsRequest::Verify { .. }) { VERIFY } else { QUERY }
    }

    fn key(&self) -> Self::Key {
        let (sha1, role) = self.0.key();
        (sha1, role.code())
    }

    fn request(&self) -> TvsRequest<'_> {
        self.0.request()
    }

    fn judge(&self, response: &Response<'_>) -> Result<Confirmed, Unvouched> {
        self.0.confirm(response)
    }

    fn ttl(_: &Confirmed) -> Option<Duration> {
        None
    }

    fn keep(_: Confirmed, _: &mut Cache, _: Source, _: Duration) -> Option<Duration> {
        None
    }
}

const VERIFY: (&str, &str) = ("Authenticate Certificate", "Authentication Response");
const QUERY: (&str, &str) = ("Query Certificate", "Query Response");

/// An answer, as all callers that ask at the same time share it.
pub(super) type SharedAnswer<P> = Result<P, Unanswered>;

/// Questions of one kind that are on their way.
pub(super) struct Flights<Q: ProvingQuestion>(RefCell<BTreeMap<Q::Key, Waiters<Q::Proof>>>);

type Waiters<P> = watch::Receiver<Option<SharedAnswer<P>>>;

impl<Q: ProvingQuestion> Default for Flights<Q> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<Q: ProvingQuestion> Flights<Q> {
    /// The answer to the same question, if it is on its way already.
    pub(super) async fn shared(&self, key: &Q::Key) -> Option<SharedAnswer<Q::Proof>> {
        loop {
            let mut waiting = self.0.borrow().get(key).cloned()?;
            say(&Event::QuestionShared {});
            // The caller that asked may be gone before the answer: then the question may be ours.
            if let Ok(answer) = waiting.wait_for(Option::is_some).await {
                if let Some(answer) = answer.as_ref() {
                    return Some(answer.clone());
                }
            }
        }
    }

    /// Announces a question; whoever asks the same from now on waits for its answer.
    pub(super) fn begin(&self, key: Q::Key) -> QuestionInFlight<'_, Q> {
        let (sender, receiver) = watch::channel(None);
        self.0.borrow_mut().insert(key.clone(), receiver);
        QuestionInFlight { flights: self, key, sender }
    }
}

/// A question on its way, taken off the list when dropped: also if its caller is dropped midway.
pub(super) struct QuestionInFlight<'a, Q: ProvingQuestion> {
    flights: &'a Flights<Q>,
    key: Q::Key,
    sender: watch::Sender<Option<SharedAnswer<Q::Proof>>>,
}

impl<Q: ProvingQuestion> QuestionInFlight<'_, Q> {
    /// Passes the answer to all who wait for it.
    pub(super) fn land(self, answer: &SharedAnswer<Q::Proof>) {
        self.sender.send_replace(Some(answer.clone()));
    }
}

impl<Q: ProvingQuestion> Drop for QuestionInFlight<'_, Q> {
    fn drop(&mut self) {
        self.flights.0.borrow_mut().remove(&self.key);
    }
}
