//! The Trust Verification Service: earlier answers first, then its members in order.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::agent::identity::PhoneIdentity;
use crate::agent::installed::Installed;
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
    Anchors, Cache, Confirmed, Endorsed, ListKind, Purpose, Query, Unanswered, Vouched,
};
use crate::wire::Role;
use crate::wire::address::ServerAddress;
use crate::wire::configuration::Member;
use crate::wire::tvs::Session;

mod member;
mod question;

use member::{Asking, Word};
pub(super) use member::{NotShown, look};
use question::{Flights, OfPeer, OfRecord, OfSigner, ProvingQuestion, SharedAnswer};

/// What the agent knows of the service.
pub(super) struct TvsService {
    sessions: RefCell<Sessions>,
    peers: Flights<OfPeer<'static>>,
    signers: Flights<OfSigner<'static>>,
    records: Flights<OfRecord<'static>>,
    cache: RefCell<Cache>,
    /// What came of asking each member last, by the name that its configuration has for it.
    contacts: RefCell<BTreeMap<ServerAddress, Contact>>,
    questions: Cell<u64>,
    /// What answers expire by.
    timeline: Timeline,
}

/// What stands around a question: nothing of it is kept over an await but by its owner.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) settings: &'a Settings,
    pub(super) identity: &'a PhoneIdentity,
    pub(super) installed: &'a Installed,
    pub(super) names: &'a Names,
}

impl Around<'_> {
    /// The members of the last verified configuration, else those of secd.toml.
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
            contacts: RefCell::default(),
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

    /// Asks whether a peer's certificate is trusted for a purpose. Earlier answers were searched.
    pub(super) async fn peer(
        &self,
        around: Around<'_>,
        purpose: Purpose,
        certificate: &[u8],
    ) -> Result<Endorsed, Unanswered> {
        self.once(&self.peers, around, &OfPeer { purpose, certificate }).await
    }

    /// As [`signer`](Self::signer), as a phone with these lists and these answers would ask; what
    /// is learnt goes into that cache alone.
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

    /// Asks whether a record of an older list still holds. Nothing of it is kept.
    pub(super) async fn record(
        &self,
        around: Around<'_>,
        record: &RecordToConfirm,
    ) -> Result<Confirmed, Unanswered> {
        self.once(&self.records, around, &OfRecord(record)).await
    }

    /// As [`record`](Self::record), as a phone with these lists would ask.
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

    /// Asks, unless the same question is on its way already: then its answer is shared. Only who
    /// asked keeps the answer.
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
        let word = self.ask_members(around, &around.installed.anchors(), question).await;
        let word = if is_outdated() { Err(Unanswered::ListsChanged) } else { word };
        let answer = word.map(|(proof, source)| {
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
    ) -> Word<Q::Proof> {
        let members = around.members();
        if let Some(lack) = lack(&members, anchors) {
            say(&Event::NobodyToAsk { lack });
            return Err(Unanswered::NobodyToAsk);
        }
        let number = || self.number();
        let asking = Asking {
            settings: &around.settings.tvs,
            caller: around.settings.device.caller(),
            client: around.identity.client.as_ref(),
            anchors,
            names: around.names,
            number: &number,
        };
        if let Err(why) = asking.try_out(&question.request()) {
            say(&Event::QuestionUnsendable { why: why.clone() });
            return Err(Unanswered::NoAnswer(why));
        }
        say(&Event::NoServerSocket {});
        let mut last = String::new();
        for Member { address, .. } in &members {
            match asking.ask(address, question).await {
                Ok(word) => {
                    self.note(address, Contact::Answered);
                    return word;
                }
                Err(why) => {
                    self.note(address, Contact::Failed(why.clone()));
                    let member = address.to_string();
                    say(&Event::MemberFailed { member, why: why.clone() });
                    last = why;
                }
            }
        }
        Err(Unanswered::NoAnswer(last))
    }

    fn number(&self) -> Session {
        self.questions.set(self.questions.get() + 1);
        self.sessions.borrow_mut().number()
    }

    fn note(&self, member: &ServerAddress, contact: Contact) {
        self.contacts.borrow_mut().insert(member.clone(), contact);
    }

    /// What came of asking a member last.
    pub(super) fn contact(&self, member: &ServerAddress) -> Contact {
        self.contacts.borrow().get(member).cloned().unwrap_or_default()
    }

    /// Forgets members that are asked no more.
    pub(super) fn keep_only(&self, members: &[Member]) {
        let is_member = |server: &ServerAddress| members.iter().any(|it| it.address == *server);
        self.contacts.borrow_mut().retain(|server, _| is_member(server));
    }

    /// The instant that answers expire by.
    pub(super) fn now(&self) -> Duration {
        self.timeline.now()
    }

    /// How often a member was asked.
    pub(super) fn questions(&self) -> u64 {
        self.questions.get()
    }
}

/// Earlier answers.
impl TvsService {
    /// A copy of them all.
    pub(super) fn cache(&self) -> Cache {
        self.cache.borrow().clone()
    }

    /// What one look at them gives.
    pub(super) fn with_cache<T>(&self, look: impl FnOnce(&Cache) -> T) -> T {
        look(&self.cache.borrow())
    }

    /// Those that still hold, the next to expire first.
    pub(super) fn entries(&self) -> Vec<CachedAnswer> {
        self.cache.borrow().entries(self.timeline.now()).cloned().collect()
    }

    /// Forgets them all, and returns how many they were.
    pub(super) fn forget(&self) -> usize {
        self.cache.borrow_mut().clear()
    }

    /// Forgets them all because the lists have changed: a change of trust ends what the old trust
    /// vouched for (domain facts 2.3, step 8).
    pub(super) fn trust_changed(&self) {
        say(&Event::CacheFlushRequested {});
        say(&Event::CacheFlushed { count: self.forget() });
    }
}

/// The time that the records of older lists have in a pass, all together, from the first on.
#[derive(Default)]
pub(super) struct Confirming(Option<Instant>);

impl Confirming {
    /// What a question comes to in that time.
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

/// Inferred: sixteen answers of a server that is not overloaded take some seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why nobody can be asked.
fn lack(members: &[Member], anchors: &Anchors) -> Option<&'static str> {
    let lists_tvs = |kind| anchors.records(kind).is_some_and(|list| list.lists(Role::Tvs));
    if !ListKind::ALL.into_iter().any(lists_tvs) {
        return Some("no list has a TVS record");
    }
    members.is_empty().then_some("no member is configured")
}
