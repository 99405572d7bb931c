//! The Trust Verification Service: earlier answers first, then its members in order.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::agent::contacts::Contacts;
use crate::agent::identity::PhoneIdentity;
use crate::agent::installed::Installed;
use crate::agent::legacy::LegacyCount;
use crate::agent::narrate::say;
use crate::boot::Event;
use crate::diagnose::Contact;
use crate::io::clock::Timeline;
use crate::io::resolve::Names;
use crate::io::settings::{self, Settings};
use crate::proto::tvs::Sessions;
use crate::trust::cache::{CachedAnswer, DEFAULT_TTL, Source};
use crate::trust::confirm::RecordToConfirm;
use crate::trust::query::Asks;
use crate::trust::{
    Anchors, Cache, Confirmed, Endorsed, Purpose, Query, Unanswered, Unvouched, Vouched,
};
use crate::wire::address::ServerAddress;
use crate::wire::configuration::Member;
use crate::wire::tvs::Session;

mod member;
mod question;

use member::{Asking, MemberAnswer};
pub(super) use member::{NotShown, look};
use question::{Flights, OfPeer, OfRecord, OfSigner, ProvingQuestion, SharedAnswer};

/// What the agent knows of the service: questions, answers and members.
pub(super) struct TvsService {
    sessions: RefCell<Sessions>,
    peers: Flights<OfPeer<'static>>,
    signers: Flights<OfSigner<'static>>,
    records: Flights<OfRecord<'static>>,
    cache: RefCell<Cache>,
    /// The last question to each member.
    pub(super) contacts: Contacts,
    questions: Cell<u64>,
    /// The time by which answers expire.
    timeline: Timeline,
}

/// What a question needs besides itself, borrowed from its owners.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) settings: &'a Settings,
    pub(super) identity: &'a PhoneIdentity,
    pub(super) installed: &'a Installed,
    pub(super) names: &'a Names,
    pub(super) legacy: &'a LegacyCount,
}

impl Around<'_> {
    /// The members of the last verified configuration, else those of secd.toml: the new one is not
    /// verified yet (domain facts 5.8).
    pub(super) fn members(&self) -> Vec<Member> {
        let members = self.installed.members();
        if members.is_empty() { self.settings.tvs.members.clone() } else { members }
    }
}

impl TvsService {
    pub(super) fn new(settings: &settings::TvsSettings, timeline: Timeline) -> Self {
        Self {
            sessions: RefCell::default(),
            peers: Flights::default(),
            signers: Flights::default(),
            records: Flights::default(),
            cache: RefCell::new(Cache::new(settings.cache, settings.ttl_max)),
            contacts: Contacts::new(timeline.clone()),
            questions: Cell::new(0),
            timeline,
        }
    }

    /// Asks whether the signer of a file is trusted, and for its certificate.
    pub(super) async fn signer(
        &self,
        around: Around<'_>,
        query: &Query,
    ) -> Result<Vouched, Unanswered> {
        if let Some(vouched) = self.earlier(&self.cache.borrow(), query) {
            return Ok(vouched);
        }
        self.once(&self.signers, around, &OfSigner(query)).await
    }

    /// Asks whether a peer's certificate is trusted for a purpose. The caller has searched the
    /// cache.
    pub(super) async fn peer(
        &self,
        around: Around<'_>,
        purpose: Purpose,
        certificate: &[u8],
    ) -> Result<Endorsed, Unanswered> {
        self.once(&self.peers, around, &OfPeer { purpose, certificate }).await
    }

    /// Asks as [`signer`](Self::signer) would on a phone with these lists and answers; what is
    /// learned goes into that cache alone.
    pub(super) async fn signer_on_trial(
        &self,
        around: Around<'_>,
        anchors: &Arc<Anchors>,
        cache: &mut Cache,
        query: &Query,
    ) -> Result<Vouched, Unanswered> {
        if let Some(vouched) = self.earlier(cache, query) {
            return Ok(vouched);
        }
        let (vouched, source) = self.ask_members(around, anchors, &OfSigner(query)).await?;
        cache.insert_signer(vouched.clone(), source, self.timeline.now());
        Ok(vouched)
    }

    /// Asks as [`peer`](Self::peer) would on a phone with these lists; what is learned goes into that
    /// cache alone.
    pub(super) async fn peer_on_trial(
        &self,
        around: Around<'_>,
        anchors: &Arc<Anchors>,
        cache: &mut Cache,
        (purpose, certificate): (Purpose, &[u8]),
    ) -> Result<Endorsed, Unanswered> {
        let question = OfPeer { purpose, certificate };
        let (endorsed, source) = self.ask_members(around, anchors, &question).await?;
        cache.insert_peer(endorsed.clone(), source, self.timeline.now());
        Ok(endorsed)
    }

    /// Asks whether a record of an older list still holds. The answer is not cached.
    pub(super) async fn record(
        &self,
        around: Around<'_>,
        record: &RecordToConfirm,
    ) -> Result<Confirmed, Unanswered> {
        self.once(&self.records, around, &OfRecord(record)).await
    }

    /// Asks as [`record`](Self::record) would on a phone with these lists.
    pub(super) async fn record_on_trial(
        &self,
        around: Around<'_>,
        anchors: &Arc<Anchors>,
        record: &RecordToConfirm,
    ) -> Result<Confirmed, Unanswered> {
        let (confirmed, _) = self.ask_members(around, anchors, &OfRecord(record)).await?;
        Ok(confirmed)
    }

    fn earlier(&self, cache: &Cache, query: &Query) -> Option<Vouched> {
        if query.asks == Asks::Afresh {
            return None;
        }
        say(&Event::SignerQuestion {});
        let found = cache.signer(query, self.timeline.now()).cloned();
        say(&if found.is_some() { Event::CacheHit {} } else { Event::CacheMiss {} });
        found
    }

    /// Asks, unless the same question is on its way already: then its answer is shared. Only the
    /// caller that really asked puts the answer into the cache.
    async fn once<Q: ProvingQuestion, Same>(
        &self,
        flights: &Flights<Same>,
        around: Around<'_>,
        question: &Q,
    ) -> SharedAnswer<Q::Proof>
    where
        Same: ProvingQuestion<Key = Q::Key, Proof = Q::Proof>,
    {
        let key = question.key();
        // An answer rests on the lists that the member was verified by: it is void if they change.
        let asked_under = around.installed.generation();
        let is_outdated = || {
            let outdated = around.installed.generation() != asked_under;
            if outdated {
                say(&Event::AnswerOutdated { question: question.words().0 });
            }
            outdated
        };
        if let Some(answer) = flights.shared(&key).await {
            return if is_outdated() { Err(Unanswered::ListsChanged) } else { answer };
        }
        let flight = flights.begin(key);
        let answered = self.ask_members(around, &around.installed.anchors(), question).await;
        let answered = if is_outdated() { Err(Unanswered::ListsChanged) } else { answered };
        let answer = answered.map(|(proof, source)| {
            self.keep::<Q>(proof.clone(), source);
            proof
        });
        flight.land(&answer);
        answer
    }

    fn keep<Q: ProvingQuestion>(&self, proof: Q::Proof, source: Source) {
        if !Q::IS_KEPT {
            return;
        }
        // The line has the word if the service names no time, or the usual day (technote).
        let default = match Q::ttl(&proof) {
            Some(ttl) if ttl != DEFAULT_TTL => "",
            _ => "default ",
        };
        let kept = Q::keep(proof, &mut self.cache.borrow_mut(), source, self.timeline.now());
        say(&match kept {
            Some(ttl) => Event::AnswerKept { default, seconds: ttl.as_secs() },
            None => Event::AnswerNotKept {},
        });
    }

    async fn ask_members<Q: ProvingQuestion>(
        &self,
        around: Around<'_>,
        anchors: &Arc<Anchors>,
        question: &Q,
    ) -> MemberAnswer<Q::Proof> {
        let members = around.members();
        if let Some(lack) = lack(&members, anchors) {
            say(&Event::NobodyToAsk { lack });
            return Err(Unanswered::NobodyToAsk);
        }
        let number = || self.number();
        let asking = asking(around, anchors, &number);
        // A question that cannot be sent is no member's fault, and costs no connection.
        if let Err(why) = asking.try_out(&question.request()) {
            say(&Event::QuestionUnsendable { why: why.clone() });
            return Err(Unanswered::NoAnswer(why));
        }
        say(&Event::NoServerSocket {});
        // The first to answer decides, for good or ill; only failures go on to the next.
        let mut last = String::new();
        for Member { address, .. } in &members {
            match asking.ask(address, question).await {
                Ok(answer) => {
                    self.contacts.note(address, Contact::Answered);
                    return answer;
                }
                Err(why) => {
                    self.contacts.note(address, Contact::Failed(why.clone()));
                    let member = address.to_string();
                    say(&Event::MemberFailed { member, why: why.clone() });
                    last = why;
                }
            }
        }
        Err(Unanswered::NoAnswer(last))
    }

    /// Asks one member about a certificate, whatever the others would answer: whether it vouches,
    /// in words.
    ///
    /// # Errors
    /// Why the member did not answer, in words.
    pub(super) async fn try_member(
        &self,
        around: Around<'_>,
        member: &ServerAddress,
        certificate: &[u8],
    ) -> Result<String, String> {
        let (anchors, number) = (around.installed.anchors(), || self.number());
        let question = OfPeer { purpose: Purpose::HttpsService, certificate };
        let answer = asking(around, &anchors, &number).ask(member, &question).await?;
        Ok(match answer {
            Ok(_) => "vouches for it".to_owned(),
            // Roles are no fault here: it is asked about any listed certificate.
            Err(Unanswered::Unvouched(Unvouched::WrongRoles { found })) => {
                let roles: Vec<String> = found.iter().map(ToString::to_string).collect();
                format!("knows it as {}", roles.join(", "))
            }
            Err(unanswered) => unanswered.to_string(),
        })
    }

    fn number(&self) -> Session {
        self.questions.set(self.questions.get() + 1);
        self.sessions.borrow_mut().number()
    }

    /// Forgets members that are no longer asked.
    pub(super) fn keep_only(&self, members: &[Member]) {
        self.contacts.keep_only(|server| members.iter().any(|it| it.address == *server));
    }

    /// The present, on the time line by which answers expire.
    pub(super) fn now(&self) -> Duration {
        self.timeline.now()
    }

    /// How many questions were sent to members since the start.
    pub(super) fn questions(&self) -> u64 {
        self.questions.get()
    }
}

/// The earlier answers, which hold until they expire or the lists change.
impl TvsService {
    /// A copy of them all, for a trial.
    pub(super) fn cache(&self) -> Cache {
        self.cache.borrow().clone()
    }

    /// Lets `look` read them.
    pub(super) fn with_cache<T>(&self, look: impl FnOnce(&Cache) -> T) -> T {
        look(&self.cache.borrow())
    }

    /// Those that still hold, the next to expire first.
    pub(super) fn entries(&self) -> Vec<CachedAnswer> {
        self.cache.borrow().entries(self.timeline.now()).cloned().collect()
    }

    /// Forgets them all, and returns how many there were.
    pub(super) fn forget(&self) -> usize {
        self.cache.borrow_mut().clear()
    }

    /// Forgets them all because the lists have changed: what was vouched for under the old lists is
    /// no longer trusted (domain facts 2.3, step 8).
    pub(super) fn trust_changed(&self) {
        say(&Event::CacheFlushRequested {});
        say(&Event::CacheFlushed { count: self.forget() });
    }
}

/// What it takes to ask members under these lists.
fn asking<'a>(
    around: Around<'a>,
    anchors: &'a Arc<Anchors>,
    number: &'a dyn Fn() -> Session,
) -> Asking<'a> {
    Asking {
        settings: around.settings,
        client: around.identity.client(),
        anchors,
        names: around.names,
        legacy: around.legacy,
        number,
    }
}

/// The time that all records of older lists together may take in a pass, from the first one on.
#[derive(Default)]
pub(super) struct Confirming(Option<Instant>);

impl Confirming {
    /// The answer to a question, if it arrives in that time.
    pub(super) async fn bound<T>(
        &mut self,
        asked: impl Future<Output = Result<T, Unanswered>>,
    ) -> Result<T, Unanswered> {
        let until = *self.0.get_or_insert_with(|| Instant::now() + PATIENCE);
        let too_late =
            || Unanswered::NoAnswer("not all records were confirmed within a minute".to_owned());
        timeout_at(until, asked).await.unwrap_or_else(|_| Err(too_late()))
    }
}

/// The time for all of them. Inferred: sixteen answers of a server that is not overloaded take some
/// seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why no member can be asked; `None` if one can.
fn lack(members: &[Member], anchors: &Anchors) -> Option<&'static str> {
    // A member is trusted by its record alone: without one, no answer of TVS could be.
    if !anchors.lists_tvs() {
        return Some("no list has a TVS record");
    }
    members.is_empty().then_some("no member is configured")
}
