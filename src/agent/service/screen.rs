//! For the phone's screen: the trust lists, and erasing them.

use log::{info, warn};

use crate::agent::SECD;
use crate::agent::installed::{BOTH, NotErased};
use crate::agent::report::Message;
use crate::agent::service::calls::Answer;
use crate::agent::service::errors;
use crate::agent::service::office::Service;
use crate::face::Error;
use crate::face::methods::{Erase, Erased, GetTrust, Trust};
use crate::face::terms::What;
use crate::io::ipc::{Client, Peer};
use crate::trust::ListKind;

impl Answer<GetTrust> for Service {
    async fn answer(&self, _: GetTrust, _: &Client) -> Result<Trust, Error> {
        let agent = &self.agent;
        let anchors = agent.anchors_snapshot();
        let lists = BOTH.iter().filter_map(|kind| anchors.list(*kind));
        let locked = agent.installed.borrow().is_locked();
        let (state, meaning) = agent.state_words();
        Ok(Trust {
            state,
            meaning: meaning.to_owned(),
            locked,
            signed_files: locked || anchors.demand_signed_files(),
            lists: lists.map(Into::into).collect(),
            alarm: agent.alarm().map(Into::into),
            messages: agent.messages().iter().map(Into::into).collect(),
        })
    }
}

impl Answer<Erase> for Service {
    async fn answer(&self, wanted: Erase, client: &Client) -> Result<Erased, Error> {
        let (what, peer, now) = (wanted.what, client.peer, self.agent.timeline.now());
        let mut confirmations = self.confirmations.borrow_mut();
        let Some(confirmation) = wanted.confirmation else {
            let confirmation = confirmations.issue(what, peer.uid, now);
            return Ok(Erased { erased: false, confirmation });
        };
        if !confirmations.redeem(what, peer.uid, &confirmation, now) {
            warn!(target: SECD, "erase: wrong confirmation by uid {}", peer.uid);
            return Err(Error::WrongConfirmation);
        }
        self.erase_now(what, peer)
    }
}

impl Service {
    fn erase_now(&self, what: What, peer: Peer) -> Result<Erased, Error> {
        info!(target: SECD, "erase: {what:?} by uid {}", peer.uid);
        self.agent.tell(Message::Erasing);
        let erased = self.agent.installed.borrow_mut().erase(kinds(what));
        erased.map_err(|not_erased| match not_erased {
            NotErased::Locked => Error::Locked,
            NotErased::Failed(failure) => {
                errors::of_store(&self.agent.settings().paths.state, &failure)
            }
        })?;
        self.agent.cache.borrow_mut().clear();
        self.agent.passes.ask();
        Ok(Erased { erased: true, confirmation: None })
    }
}

const fn kinds(what: What) -> &'static [ListKind] {
    match what {
        What::All => &BOTH,
        What::Ctl => &[ListKind::Ctl],
        What::Itl => &[ListKind::Itl],
    }
}
