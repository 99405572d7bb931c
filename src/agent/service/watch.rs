//! For the phone's screen: what is trusted, and what happens to it, as it happens.

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use crate::agent::news::Happening;
use crate::agent::service::calls::{CallTurn, Over};
use crate::agent::service::office::Service;
use crate::face::methods::{Happenings, Watch};
use crate::face::{Carry, Error, Method};
use crate::io::ipc::Gone;

/// Sends what happens until the client leaves.
impl Carry<Watch, CallTurn, Over> for Service {
    async fn carry(&self, _: Watch, turn: CallTurn) -> Over {
        if !turn.takes_more() {
            return Ok((turn, Error::ExpectedMore.into_reply()));
        }
        let CallTurn { mut client, .. } = turn;
        // Listens before it looks, and looks without a wait in between: nothing is missed, and
        // nothing is in two replies.
        let mut news = self.agent.news.listen();
        let mut batch = Batch { shows_trust: true, shows_identity: true, ..Batch::default() };
        loop {
            let trust = batch.shows_trust.then(|| self.trust());
            let identity = batch.shows_identity.then(|| self.identity());
            let happenings = Happenings { trust, identity, ..batch.happenings };
            client.reply(Watch::part(happenings)).await?;
            // In turn with the calls of other clients, however much happens.
            client.turn().await;
            let first = tokio::select! {
                first = news.recv() => first,
                () = client.leaves() => return Err(Gone::Closed),
            };
            batch = Batch::default();
            match first {
                Ok(happening) => batch.add(happening),
                Err(RecvError::Lagged(count)) => batch.miss(count),
                // The agent ends, and its connections with it.
                Err(RecvError::Closed) => return Err(Gone::Closed),
            }
            batch.drain(&mut news);
        }
    }
}

/// A reply in which nothing has happened.
impl Default for Happenings {
    fn default() -> Self {
        let (messages, alarms, stages, outcomes) = Default::default();
        Self { trust: None, identity: None, messages, alarms, stages, outcomes, missed: 0 }
    }
}

/// What goes into one reply. Bounded by what the agent keeps for a watcher.
#[derive(Default)]
struct Batch {
    happenings: Happenings,
    shows_trust: bool,
    shows_identity: bool,
}

impl Batch {
    /// Adds whatever else has happened already.
    fn drain(&mut self, news: &mut Receiver<Happening>) {
        loop {
            match news.try_recv() {
                Ok(happening) => self.add(happening),
                Err(TryRecvError::Lagged(count)) => self.miss(count),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    fn add(&mut self, happening: Happening) {
        let Happenings { messages, alarms, stages, outcomes, .. } = &mut self.happenings;
        match happening {
            Happening::Alarm(alarm) => alarms.push(alarm.into()),
            Happening::IdentityChanged => self.shows_identity = true,
            Happening::Message(message) => messages.push((&message).into()),
            Happening::PassOver(outcome) => outcomes.push(outcome),
            Happening::Stage(passed) => stages.push((&passed).into()),
            Happening::TrustChanged => {
                self.shows_trust = true;
                // Whether a CAPF of the lists has issued the LSC is up to the lists.
                self.shows_identity = true;
            }
        }
    }

    /// What was missed may have been a change of trust, or of a certificate.
    const fn miss(&mut self, count: u64) {
        self.happenings.missed += count;
        self.shows_trust = true;
        self.shows_identity = true;
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::agent::news::{BACKLOG, NewsDesk};
    use crate::agent::passes::Passed;
    use crate::boot::{Alarm, Stage};

    #[test]
    fn what_happened_meanwhile_goes_into_one_reply() {
        let desk = NewsDesk::default();
        let mut news = desk.listen();
        let passed = Passed { pass: 1, stage: Stage::Ctl, word: "kept", reason: None };
        desk.publish(Happening::Stage(passed));
        desk.publish(Happening::Alarm((Alarm::Failed, UNIX_EPOCH)));
        desk.publish(Happening::Alarm((Alarm::Success, UNIX_EPOCH)));
        let mut batch = Batch::default();
        batch.drain(&mut news);
        let codes: Vec<_> = batch.happenings.alarms.iter().map(|alarm| alarm.code).collect();
        assert_eq!((codes, batch.happenings.stages.len()), (vec![7, 1], 1));
        assert!(!batch.shows_trust && batch.happenings.missed == 0);
        desk.publish(Happening::TrustChanged);
        batch.drain(&mut news);
        assert!(batch.shows_trust);
    }

    #[test]
    fn a_slow_watcher_learns_what_it_missed_and_sees_the_trust_again() {
        let desk = NewsDesk::default();
        let mut news = desk.listen();
        for _ in 0..BACKLOG + 5 {
            desk.publish(Happening::Alarm((Alarm::Success, UNIX_EPOCH)));
        }
        let mut batch = Batch::default();
        batch.drain(&mut news);
        assert_eq!((batch.happenings.missed, batch.happenings.alarms.len()), (5, BACKLOG));
        assert!(batch.shows_trust);
    }
}
