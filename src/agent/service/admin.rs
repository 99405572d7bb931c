//! For the administrator: how the agent is, and what it is told to do.

use log::max_level;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use crate::agent::passes::Stage;
use crate::agent::service::errors::Fault;
use crate::agent::service::screen::{alarm, hex};
use crate::agent::service::{Answer, Service, journal, none};
use crate::io::ipc::{Client, Gone};
use crate::trust::cache::Entry;
use crate::wire::Role;
use crate::wire::varlink::{Call, Reply};

impl Service {
    pub(super) fn status(&self) -> Value {
        let agent = &self.agent;
        let configuration = agent.settings();
        let installed = agent.installed.borrow();
        let server = |address: String| {
            let last = agent.contacts.borrow().get(&address).cloned().unwrap_or_default();
            json!({ "address": address, "last": last })
        };
        let tftp: Vec<_> =
            configuration.tftp.servers.iter().map(|it| server(it.to_string())).collect();
        let tvs: Vec<_> = agent.members().iter().map(|it| server(it.address.to_string())).collect();
        let (state, meaning) = agent.state_words();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "device": configuration.device.name.as_str(),
            "uptime": agent.timeline.now().as_secs(),
            "state": state,
            "meaning": meaning,
            "locked": installed.is_locked(),
            "configuration": installed.configuration().map(|last| last.name.clone()),
            "tftp": tftp,
            "tvs": tvs,
            "cached": agent.tvs_cache().len(),
            "open_connections": configuration.https.slots - agent.slots.available_permits(),
            "counters": self.counters(),
            "sandbox": "none",
            "log_level": max_level().to_level().map_or("off", journal::word),
        })
    }

    fn counters(&self) -> Value {
        let counters = &self.agent.counters;
        json!({
            "passes": self.agent.passes.count(),
            "transfers": self.agent.transfers.get(),
            "tvs_questions": counters.questions.get(),
            "connections": counters.connections.get(),
            "refused_connections": counters.refused.get(),
            "calls": self.calls.get(),
            "refused_calls": self.refused.get(),
        })
    }

    /// Goes through a boot pass; with `more`, tells each stage as it is over.
    pub(super) async fn refresh(&self, client: &mut Client, call: &Call) -> Result<Answer, Gone> {
        if let Err(fault) = none(call) {
            return Ok(Err(fault));
        }
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
                Ok(stage) if call.more && !call.oneway && agent.passes.count() == number => {
                    client.reply(&told(&stage)).await?;
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            }
        }
        Ok(Ok(json!({ "stage": null, "outcome": self.outcome() })))
    }

    fn outcome(&self) -> Value {
        let agent = &self.agent;
        let (state, meaning) = agent.state_words();
        json!({
            "state": state,
            "meaning": meaning,
            "ctl": agent.passes.last("ctl"),
            "itl": agent.passes.last("itl"),
            "configuration": agent.passes.last("configuration"),
            "alarm": agent.alarm().map(alarm),
        })
    }

    pub(super) fn reload(&self) -> Answer {
        self.agent
            .reload()
            .map(|()| json!({}))
            .map_err(|faults| Fault::new("BadConfiguration", json!({ "faults": faults })))
    }

    pub(super) fn cache(&self) -> Value {
        let now = self.agent.timeline.now();
        let verdict = |entry: &Entry| {
            let roles: Vec<_> = entry.endorsed().roles().iter().map(Role::to_string).collect();
            json!({
                "sha256": hex(entry.endorsed().sha256()),
                "roles": roles,
                "member": entry.source.member,
                "expires_in": entry.expires.saturating_sub(now).as_secs(),
                "has_certificate": entry.octets() > 0,
            })
        };
        let verdicts: Vec<_> = self.agent.tvs_cache().iter().map(verdict).collect();
        json!({ "verdicts": verdicts })
    }

    pub(super) fn flush_cache(&self) -> Value {
        let count = self.agent.tvs_cache().len();
        self.agent.cache.borrow_mut().clear();
        log::info!(target: crate::agent::SECD, "TVS cache: {count} answers forgotten by order");
        json!({ "count": count })
    }
}

fn told(stage: &Stage) -> Reply {
    let stage = json!({ "stage": stage.stage, "detail": stage.detail });
    Reply { continues: true, ..Reply::of(json!({ "stage": stage, "outcome": null })) }
}
