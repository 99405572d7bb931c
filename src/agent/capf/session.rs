//! One session with a CAPF server that is trusted: what it asks for, and what the phone does.

use std::sync::Arc;

use crate::agent::capf::application::{Enrolling, SpareKey};
use crate::agent::capf::failure::NotEnrolled;
use crate::agent::capf::proof::{self, Credential};
use crate::agent::narrate::say;
use crate::agent::owners::Agent;
use crate::boot::Event;
use crate::io::capf::{CapfConnection, CapfFailure, make_key};
use crate::io::clock;
use crate::proto::capf::{
    CapfAnswered, CapfExchange, CapfFed, CapfStep, NewKeyKind, ToAuthenticate, ToDelete, ToFetch,
    ToMakeKey, ToStore,
};
use crate::trust::lsc::{self, IssuedLsc};
use crate::wire::capf::{CapfReason, Introduction};
use crate::wire::envelope::UnknownTag;

/// What a session has changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SessionEffect {
    /// The LSC is deleted, by order of CAPF.
    Deleted,
    /// A new LSC is in force.
    Installed,
    /// Nothing was pending for this phone.
    Nothing,
    /// CAPF has the LSC that the phone has, or knows that it has none.
    Sent,
}

impl SessionEffect {
    /// What the log says of it.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Deleted => "the LSC is deleted",
            Self::Installed => "the LSC is installed",
            Self::Nothing => "nothing to do",
            Self::Sent => "the answer is sent",
        }
    }
}

/// A session under way.
pub(super) struct CapfDialogue<'a> {
    agent: &'a Agent,
    credential: &'a Credential,
    /// The certificate of the server, which has been judged.
    server: &'a [u8],
    /// Kept until a key is made, also if the session is over before.
    held: &'a Arc<()>,
    /// The key of this session, or of one before it that failed.
    key: &'a mut Option<SpareKey>,
    effect: Option<SessionEffect>,
    /// Why the phone has declined what CAPF asked for.
    declined: Option<String>,
}

impl<'a> CapfDialogue<'a> {
    pub(super) const fn new(
        agent: &'a Agent,
        enrolling: &'a mut Enrolling<'_>,
        server: &'a [u8],
    ) -> Self {
        let Enrolling { application, held, key } = enrolling;
        let credential = &application.credential;
        Self { agent, credential, server, held, key, effect: None, declined: None }
    }

    /// Answers the server until the session is over.
    pub(super) async fn run(
        &mut self,
        connection: &mut CapfConnection,
    ) -> Result<SessionEffect, NotEnrolled> {
        let ended = self.converse(connection).await;
        if let Some(why) = self.declined.take() {
            return Err(NotEnrolled::Refused(why));
        }
        match (self.effect, ended) {
            // What was done and acknowledged stays, however the session ends (CAPF facts A4).
            (Some(effect), _) => Ok(effect),
            (None, Ok(CapfReason::Nothing | CapfReason::Done)) => Ok(SessionEffect::Nothing),
            (None, Ok(reason)) => Err(NotEnrolled::Declined(reason)),
            (None, Err(failure)) => Err(failure),
        }
    }

    async fn converse(
        &mut self,
        connection: &mut CapfConnection,
    ) -> Result<CapfReason, NotEnrolled> {
        let mut exchange = CapfExchange::default();
        loop {
            let CapfFed { step, unknown } = connection.step(exchange).await?;
            say_unknown(&unknown);
            let answered = match step {
                CapfStep::Abort(answer) => {
                    connection.send(&answer).await?;
                    return Err(NotEnrolled::Aborted);
                }
                CapfStep::Authenticate(question) => self.introduce(question).await?,
                CapfStep::Delete(question) => self.delete(question),
                CapfStep::End(reason) => {
                    say(&Event::CapfEnded { reason: reason.to_string() });
                    return Ok(reason);
                }
                CapfStep::Fetch(question) => self.send(question),
                CapfStep::MakeKey(question) => self.make(connection, question).await?,
                CapfStep::NeedMore(next) => {
                    exchange = next;
                    continue;
                }
                CapfStep::RetryLater => return Err(NotEnrolled::Later),
                CapfStep::Store(question) => self.store(question),
            };
            let (answer, next) = answered.map_err(CapfFailure::Fault)?;
            connection.send(&answer).await?;
            exchange = next;
        }
    }

    async fn introduce(&self, question: ToAuthenticate) -> Result<CapfAnswered, NotEnrolled> {
        let device = self.agent.settings().device.name.clone();
        let identity = self.agent.identity();
        let shown = proof::show(self.credential, &identity, &device, question.session(), self.held);
        let shown = shown.await?;
        say(&Event::CapfIntroduced { how: shown.words() });
        let ownership = shown.ownership();
        let introduction = Introduction { device: &device, string: shown.string(), ownership };
        Ok(question.with(introduction))
    }

    fn delete(&mut self, question: ToDelete) -> CapfAnswered {
        match self.agent.delete_lsc() {
            Ok(true) => {
                self.effect = Some(SessionEffect::Deleted);
                question.deleted()
            }
            Ok(false) => {
                self.effect = Some(SessionEffect::Nothing);
                question.declined()
            }
            Err(failure) => {
                self.declined = Some(format!("the LSC could not be deleted: {failure}"));
                question.declined()
            }
        }
    }

    fn send(&mut self, question: ToFetch) -> CapfAnswered {
        let identity = self.agent.identity();
        let lsc = identity.lsc().map(|lsc| lsc.certificate());
        let what = if lsc.is_some() { "the LSC" } else { "that there is no LSC" };
        say(&Event::CapfLscSent { what });
        self.effect = Some(SessionEffect::Sent);
        question.with(lsc)
    }

    async fn make(
        &mut self,
        connection: &mut CapfConnection,
        question: ToMakeKey,
    ) -> Result<CapfAnswered, NotEnrolled> {
        let kind = match self.allowed(&question) {
            Ok(kind) => kind,
            Err(why) => return Ok(self.decline_key(question, &why)),
        };
        if let Some(spare) = self.key.as_ref().filter(|spare| spare.kind == kind) {
            say(&Event::CapfKeyKept { kind: kind.to_string() });
            return Ok(question.made(spare.key.public()));
        }
        // Before the work begins, which takes a slow board longer than a server may wait.
        let notice = question.notice().map_err(CapfFailure::Fault)?;
        connection.send(&notice).await?;
        say(&Event::CapfKeyBegun { kind: kind.to_string() });
        let since = self.agent.timeline.now();
        match make_key(kind, self.held.clone()).await {
            Ok(key) => {
                let taken = self.agent.timeline.now().saturating_sub(since);
                let millis = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
                say(&Event::CapfKeyMade { kind: kind.to_string(), millis });
                Ok(question.made(self.key.insert(SpareKey { kind, key }).key.public()))
            }
            Err(why) => Ok(self.decline_key(question, &why.to_string())),
        }
    }

    fn allowed(&self, question: &ToMakeKey) -> Result<NewKeyKind, String> {
        let (settings, anchors) = (self.agent.settings(), self.agent.installed.anchors());
        let asked = question.asked();
        let odd =
            lsc::decide_key(asked, &settings.policy, &anchors).map_err(|it| it.to_string())?;
        if let Some(odd) = odd {
            say(&Event::CapfOdd { what: odd.to_string() });
        }
        NewKeyKind::from_asked(asked).ok_or_else(|| "this phone makes no such key".to_owned())
    }

    fn decline_key(&mut self, question: ToMakeKey, why: &str) -> CapfAnswered {
        self.declined =
            Some(format!("CAPF asks for a key of the kind {}: {why}", question.asked()));
        question.declined()
    }

    fn store(&mut self, question: ToStore) -> CapfAnswered {
        let stored = self.install(&question);
        match stored {
            Ok(()) => {
                self.effect = Some(SessionEffect::Installed);
                question.stored()
            }
            Err(why) => {
                self.declined =
                    Some(format!("the certificate that CAPF issued is declined: {why}"));
                question.declined()
            }
        }
    }

    /// Puts a certificate with its key in force, if it fits: on the medium before CAPF hears of it.
    fn install(&mut self, question: &ToStore) -> Result<(), String> {
        // A session has a certificate only after a key, which no other certificate is for.
        let SpareKey { key, .. } = self.key.take().ok_or("there is no key for it")?;
        let settings = self.agent.settings();
        let issued = IssuedLsc {
            kind: question.kind(),
            certificate: question.certificate(),
            public_key: key.public(),
            device: settings.device.name.as_str(),
            server: self.server,
            now: clock::now().map(|now| now.as_secs()),
        };
        let odd = lsc::decide_certificate(&issued).map_err(|refused| refused.to_string())?;
        for odd in odd {
            say(&Event::CapfOdd { what: odd.to_string() });
        }
        let installed = self.agent.install_lsc(question.certificate(), key.private());
        installed.map_err(|not_installed| not_installed.to_string())
    }
}

fn say_unknown(unknown: &[UnknownTag]) {
    // A message could have thousands, and the log is not the server's to fill.
    for UnknownTag { tag, offset } in unknown.iter().take(MOST_NAMED) {
        let what = format!("offset {offset}: skipped an element with the unknown tag {tag}");
        say(&Event::CapfOdd { what });
    }
}

/// Unknown elements that are logged. Inferred: enough to see the pattern.
const MOST_NAMED: usize = 8;
