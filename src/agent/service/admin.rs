//! For the administrator: how the agent is, and what it is ordered to do.

use log::{Level as Grade, max_level};
use tokio::sync::broadcast::error::RecvError;

use crate::agent::passes;
use crate::agent::service::calls::{Answer, Over, Turn};
use crate::agent::service::office::Service;
use crate::agent::service::shown::verdict;
use crate::face::methods::{
    FlushCache, Flushed, GetCache, GetStatus, Progress, Refresh, Reload, Reloaded, Status, Verdicts,
};
use crate::face::records::{Counters, Outcome, Server, Stage};
use crate::face::terms::StageName;
use crate::face::{Carry, Error, Method, Words};
use crate::io::ipc::{Client, Gone};

impl Answer<GetStatus> for Service {
    async fn answer(&self, _: GetStatus, _: &Client) -> Result<Status, Error> {
        let agent = &self.agent;
        let settings = agent.settings();
        let installed = agent.installed.borrow();
        let tftp = settings.tftp.servers.iter().map(|it| self.server(it.to_string()));
        let tvs = agent.members().into_iter().map(|it| self.server(it.address.to_string()));
        let (state, meaning) = agent.state_words();
        Ok(Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            device: settings.device.name.to_string(),
            uptime: agent.timeline.now().as_secs(),
            state,
            meaning: meaning.to_owned(),
            locked: installed.is_locked(),
            configuration: installed.configuration().map(|last| last.name.clone()),
            tftp: tftp.collect(),
            tvs: tvs.collect(),
            cached: agent.tvs_cache().len(),
            open_connections: settings.https.slots - agent.slots.available_permits(),
            counters: self.counters(),
            sandbox: "none".to_owned(),
            // There is no setting that shows nothing: errors are always shown.
            log_level: max_level().to_level().unwrap_or(Grade::Error).into(),
        })
    }
}

impl Answer<Reload> for Service {
    async fn answer(&self, _: Reload, _: &Client) -> Result<Reloaded, Error> {
        let reloaded = self.agent.reload().map(|()| Reloaded {});
        reloaded.map_err(|faults| Error::BadConfiguration { faults })
    }
}

impl Answer<GetCache> for Service {
    async fn answer(&self, _: GetCache, _: &Client) -> Result<Verdicts, Error> {
        let now = self.agent.timeline.now();
        let verdicts = self.agent.tvs_cache().iter().map(|it| verdict(it, now)).collect();
        Ok(Verdicts { verdicts })
    }
}

impl Answer<FlushCache> for Service {
    async fn answer(&self, _: FlushCache, _: &Client) -> Result<Flushed, Error> {
        let count = self.agent.tvs_cache().len();
        self.agent.cache.borrow_mut().clear();
        log::info!(target: crate::agent::SECD, "TVS cache: {count} answers forgotten by order");
        Ok(Flushed { count })
    }
}

/// Goes through a boot pass; with `more`, tells each stage as it is over.
impl Carry<Refresh, Turn, Over> for Service {
    async fn carry(&self, _: Refresh, mut turn: Turn) -> Over {
        let agent = &self.agent;
        let mut news = agent.passes.listen();
        let number = agent.passes.ask();
        let over = agent.passes.over(number);
        tokio::pin!(over);
        loop {
            let stage = tokio::select! {
                biased;
                stage = news.recv() => stage,
                () = &mut over => break,
            };
            match stage {
                Ok(passed) if agent.passes.count() == number => {
                    report(&mut turn, &passed).await?;
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            }
        }
        let progress = Progress { stage: None, outcome: Some(self.outcome()) };
        Ok((turn, Refresh::last(Ok(progress))))
    }
}

impl Service {
    fn server(&self, address: String) -> Server {
        let last = self.agent.contacts.borrow().get(&address).cloned().unwrap_or_default();
        Server { address, last }
    }

    fn counters(&self) -> Counters {
        let counters = &self.agent.counters;
        Counters {
            passes: self.agent.passes.count(),
            transfers: self.agent.transfers.get(),
            tvs_questions: counters.questions.get(),
            connections: counters.connections.get(),
            refused_connections: counters.refused.get(),
            calls: self.calls.get(),
            refused_calls: self.refused.get(),
        }
    }

    fn outcome(&self) -> Outcome {
        let agent = &self.agent;
        let (state, meaning) = agent.state_words();
        Outcome {
            state,
            meaning: meaning.to_owned(),
            ctl: agent.passes.last("ctl").to_owned(),
            itl: agent.passes.last("itl").to_owned(),
            configuration: agent.passes.last("configuration").to_owned(),
            alarm: agent.alarm().map(Into::into),
        }
    }
}

/// Reports a stage to whoever waits for more than the last reply.
async fn report(turn: &mut Turn, passed: &passes::Stage) -> Result<(), Gone> {
    let Some(stage) = StageName::of(passed.stage) else { return Ok(()) };
    if !turn.call.more || turn.call.oneway {
        return Ok(());
    }
    let stage = Stage { stage, detail: passed.detail.to_owned() };
    let progress = Progress { stage: Some(stage), outcome: None };
    turn.client.reply(&Refresh::part(progress)).await
}
