//! For the administrator: the agent's status, and orders to it.

use log::Level as Grade;
use tokio::sync::broadcast::error::RecvError;

use crate::agent::narrate::say;
use crate::agent::news::Happening;
use crate::agent::owners::Agent;
use crate::agent::passes::Passed;
use crate::agent::service::calls::{CallTurn, OneReply, Over};
use crate::agent::service::office::Service;
use crate::agent::service::shown::{server, since_1970, verdict};
use crate::boot::{self, Event};
use crate::face::methods::{
    FlushCache, Flushed, GetCache, GetList, GetStatus, ListPart, Progress, Refresh, Reload,
    Reloaded, Status, Verdicts,
};
use crate::face::records::{Counters, LastPass, Outcome};
use crate::face::{Carry, Error, Method, base64, hex};
use crate::io::ipc::{Client, Gone};
use crate::io::{clock, console};

impl OneReply<GetStatus> for Service {
    async fn answer(&self, _: GetStatus, _: &Client) -> Result<Status, Error> {
        Ok(self.status())
    }
}

impl Service {
    /// The state of the agent now.
    pub(in crate::agent) fn status(&self) -> Status {
        let agent = &self.agent;
        let settings = agent.settings();
        let identity = agent.identity();
        let members = agent.around(&settings, &identity).members();
        let (state, meaning) = agent.state_words();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            device: settings.device.name.to_string(),
            time: since_1970(clock::wall()),
            uptime: agent.timeline.now().as_secs(),
            state,
            meaning: meaning.to_owned(),
            locked: agent.installed.is_locked(),
            pass_under_way: agent.passes.is_under_way(),
            last_pass: self.last_pass(),
            // Rounded up, so that it does not promise an earlier time.
            next_try: agent
                .passes
                .next()
                .map(|next| next.as_secs() + u64::from(next.subsec_nanos() > 0)),
            alarm: agent.screen.alarm().map(Into::into),
            configuration: agent.installed.configuration().map(|last| last.name),
            configuration_by: agent
                .installed
                .configuration_voucher()
                .map(|by| by.word().to_owned()),
            configuration_fault: agent.passes.unread(),
            identity: self.identity(),
            settings_access: agent.installed.settings_access().map(|it| it.word().to_owned()),
            tftp: settings
                .tftp
                .servers
                .iter()
                .map(|it| server(it, &agent.files.contacts))
                .collect(),
            tvs: members.iter().map(|it| server(&it.address, &agent.tvs.contacts)).collect(),
            cached: agent.tvs_cache().len(),
            open_connections: agent.connections.open_now(),
            counters: self.counters(),
            sandbox: agent.confined.mode().to_owned(),
            layers: agent.confined.layers(),
            // Never `None`: no setting hides errors.
            log_level: console::shown().to_level().unwrap_or(Grade::Error).into(),
        }
    }
}

impl OneReply<Reload> for Service {
    async fn answer(&self, _: Reload, _: &Client) -> Result<Reloaded, Error> {
        self.agent.reload().map_err(|faults| Error::BadConfiguration { faults })?;
        // As at SIGHUP: a pass shows what the change comes to.
        self.agent.passes.ask();
        Ok(Reloaded {})
    }
}

impl OneReply<GetCache> for Service {
    async fn answer(&self, _: GetCache, _: &Client) -> Result<Verdicts, Error> {
        let now = self.agent.timeline.now();
        let verdicts = self.agent.tvs_cache().iter().map(|it| verdict(it, now)).collect();
        Ok(Verdicts { verdicts })
    }
}

impl OneReply<GetList> for Service {
    async fn answer(&self, wanted: GetList, _: &Client) -> Result<ListPart, Error> {
        self.expect_unlocked()?;
        let kind = wanted.kind;
        let installed = &self.agent.installed;
        let Some(sha256) = self.agent.digest(kind.into()) else {
            return Err(Error::NoList { kind, detail: "none is installed".to_owned() });
        };
        // What is in the store under another digest is not what is trusted.
        let file = installed.list_file(kind.into()).ok_or_else(|| Error::NoList {
            kind,
            detail: "the list in force is not in the store, which has changed since the start"
                .to_owned(),
        })?;
        let rest = file.get(wanted.offset.unwrap_or_default()..).unwrap_or_default();
        let bytes = base64::encode(rest.get(..PART).unwrap_or(rest));
        Ok(ListPart { length: file.len(), sha256: hex(&sha256), bytes })
    }
}

/// Bytes of a list in one reply: in Base64 they leave room for the rest of a message of 64 KiB.
const PART: usize = 45_000;

impl OneReply<FlushCache> for Service {
    async fn answer(&self, _: FlushCache, _: &Client) -> Result<Flushed, Error> {
        let count = self.agent.flush();
        say(&Event::AnswersFlushed { count });
        Ok(Flushed { count })
    }
}

/// Goes through a boot pass; with `more`, reports each stage when it is over.
impl Carry<Refresh, CallTurn, Over> for Service {
    async fn carry(&self, _: Refresh, mut turn: CallTurn) -> Over {
        let agent = &self.agent;
        // Listens first: the pass may begin as soon as it is requested.
        let mut news = agent.news.listen();
        let number = agent.passes.ask();
        let over = agent.passes.over(number);
        tokio::pin!(over);
        loop {
            let stage = tokio::select! {
                // Stages first, so that the last of them is not lost to the end of the pass.
                biased;
                stage = news.recv() => stage,
                () = &mut over => break,
            };
            match stage {
                // Stages of a pass that was under way already are none of the caller's.
                Ok(Happening::Stage(passed)) if passed.pass == number => {
                    report(&mut turn, &passed).await?;
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            }
        }
        let progress = Progress { stage: None, outcome: Some(agent.outcome()) };
        Ok((turn, Refresh::last(Ok(progress))))
    }
}

impl Service {
    fn last_pass(&self) -> Option<LastPass> {
        let passes = &self.agent.passes;
        passes.last().map(|last| {
            let reason = last.failure();
            LastPass {
                failed: reason.is_some(),
                reason,
                age: self.agent.timeline.now().saturating_sub(last.at).as_secs(),
                stages: last.stages.iter().map(Into::into).collect(),
            }
        })
    }

    fn counters(&self) -> Counters {
        let agent = &self.agent;
        Counters {
            passes: agent.passes.count(),
            transfers: agent.files.transfers(),
            tvs_questions: agent.tvs.questions(),
            connections: agent.connections.opened(),
            refused_connections: agent.connections.refused(),
            cut_connections: agent.connections.ends.cut(),
            legacy_connections: agent.legacy.get(),
            calls: self.calls.get(),
            refused_calls: self.refused.get(),
        }
    }
}

impl Agent {
    /// The outcome of the last boot pass, as the interface shows it.
    pub(in crate::agent) fn outcome(&self) -> Outcome {
        let (state, meaning) = self.state_words();
        let last = self.passes.last().unwrap_or_default();
        let reason = last.failure();
        Outcome {
            state,
            meaning: meaning.to_owned(),
            failed: reason.is_some(),
            reason,
            stages: last.stages.iter().map(Into::into).collect(),
            ctl: last.word(boot::Stage::Ctl).to_owned(),
            itl: last.word(boot::Stage::Itl).to_owned(),
            configuration: last.word(boot::Stage::Configuration).to_owned(),
            alarm: self.screen.alarm().map(Into::into),
        }
    }
}

/// Reports a stage, if the caller asked for more than the last reply.
async fn report(turn: &mut CallTurn, passed: &Passed) -> Result<(), Gone> {
    if !turn.takes_more() {
        return Ok(());
    }
    let progress = Progress { stage: Some(passed.into()), outcome: None };
    turn.client.reply(Refresh::part(progress)).await
}
