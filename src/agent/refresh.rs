//! A boot pass: CTL, then ITL, then configuration.

use log::{error, info};

use crate::agent::provisioned::Configured;
use crate::agent::report::{Alarm, Message, Prior, Step};
use crate::agent::{Agent, SECD};
use crate::trust::{ListKind, State};

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As well as it can without a change on the server.
    Done,
    /// Something that may be better soon: the network, the store.
    Again,
}

impl Agent {
    /// Goes through one boot pass.
    ///
    /// Each step is committed before the next one begins: the ITL is judged by the new CTL, the
    /// configuration by both.
    ///
    /// # Source
    /// Technote 116232 and a public 8861 log; domain facts 1.1.
    pub async fn refresh(&self) -> Outcome {
        self.passes.begin();
        let outcome = self.pass().await;
        self.passes.end();
        outcome
    }

    async fn pass(&self) -> Outcome {
        if self.installed.borrow().is_locked() {
            self.passes.stage("store", "locked");
            self.tell(Message::TrustListUpdateFailed);
            self.raise(Alarm::Failed);
            error!(target: SECD, "refresh: locked, no server is asked");
            return Outcome::Again;
        }
        self.restore_configuration();
        let prior = self.prior();
        let Ok(ctl) = self.refresh_list(ListKind::Ctl).await else {
            return self.cut(prior, Step::Failed);
        };
        self.passes.stage("ctl", ctl.word());
        let Ok(itl) = self.refresh_list(ListKind::Itl).await else { return self.cut(prior, ctl) };
        self.passes.stage("itl", itl.word());
        self.sum_up(prior, ctl, itl);
        let configured = self.refresh_configuration().await;
        self.passes.stage("configuration", configured.word());
        let state = self.anchors().state();
        info!(target: SECD, "refresh: done, state {state} ({}), configuration {configured:?}", state.meaning());
        match (ctl, itl, configured) {
            (Step::Broken, _, _)
            | (_, Step::Broken, _)
            | (_, _, Configured::Broken | Configured::Unreachable) => Outcome::Again,
            _ => Outcome::Done,
        }
    }

    fn prior(&self) -> Prior {
        if self.anchors().state() == State::None { Prior::None } else { Prior::Some }
    }

    /// Nobody can be reached: the phone goes on with what it has.
    fn cut(&self, prior: Prior, ctl: Step) -> Outcome {
        self.passes.stage("network", "unreachable");
        self.sum_up(prior, ctl, Step::Failed);
        error!(target: SECD, "refresh: no server reached, state {} stays", self.anchors().state());
        Outcome::Again
    }

    fn sum_up(&self, prior: Prior, ctl: Step, itl: Step) {
        if let Some(message) = Message::of_lists(prior, ctl, itl) {
            self.tell(message);
        }
        if self.anchors().state() == State::None {
            self.tell(Message::NoTrustList);
        }
        if let Some(alarm) = Alarm::of(prior, ctl, itl) {
            self.raise(alarm);
        }
    }
}
