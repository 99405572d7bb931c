//! For the phone's screen: the trust lists, and erasing them.

use crate::agent::installed::{ErasedBy, NotErased};
use crate::agent::narrate::say;
use crate::agent::service::calls::OneReply;
use crate::agent::service::confirmations::Deed;
use crate::agent::service::office::Service;
use crate::agent::world;
use crate::boot::{Event, StatusMessage};
use crate::diagnose::StoreFound;
use crate::face::hex::hex;
use crate::face::methods::{Erase, Erased, GetTrust, Trust};
use crate::face::terms::What;
use crate::face::{Error, Words};
use crate::io::ipc::{Client, ClientCredentials};
use crate::io::settings::parse_pin;
use crate::trust::ListKind;

impl OneReply<GetTrust> for Service {
    async fn answer(&self, _: GetTrust, _: &Client) -> Result<Trust, Error> {
        Ok(self.trust())
    }
}

impl Service {
    /// What the Trust List screen shows now.
    pub(in crate::agent) fn trust(&self) -> Trust {
        let agent = &self.agent;
        let anchors = agent.installed.anchors();
        let lists = ListKind::ALL.iter().filter_map(|kind| anchors.list(*kind));
        let locked = agent.installed.is_locked();
        let (state, meaning) = agent.state_words();
        Trust {
            state,
            meaning: meaning.to_owned(),
            locked,
            // A locked phone trusts no file: it must not seem to accept unsigned ones.
            signed_files: locked || anchors.demand_signed_files(),
            pin: agent.installed.pin().map(|pin| hex(&pin)),
            lists: lists.map(Into::into).collect(),
            alarm: agent.screen.alarm().map(Into::into),
            messages: agent.messages().iter().map(Into::into).collect(),
        }
    }
}

impl OneReply<Erase> for Service {
    async fn answer(&self, wanted: Erase, client: &Client) -> Result<Erased, Error> {
        let (what, peer) = (wanted.what, client.peer);
        let pin = wanted
            .pin
            .as_deref()
            .map(|text| parse_pin(text).ok_or_else(|| Error::invalid_parameter("pin")));
        let pin = pin.transpose()?;
        let kept = self.agent.installed.may_erase(kinds(what), by(peer));
        kept.map_err(|kept| self.not_erased(what.word(), peer, kept))?;
        if let Some(confirmation) = self.confirmed(Deed::Erase(what), wanted.confirmation, peer)? {
            return Ok(Erased { erased: false, confirmation: Some(confirmation) });
        }
        self.erase_now(what, pin.as_ref(), peer)
    }
}

impl Service {
    /// Whether a deed was confirmed: the first call only issues the number, which the second has to
    /// bring back; that of the first call is returned.
    pub(super) fn confirmed(
        &self,
        deed: Deed,
        confirmation: Option<String>,
        peer: ClientCredentials,
    ) -> Result<Option<String>, Error> {
        let now = self.agent.timeline.now();
        let mut confirmations = self.confirmations.borrow_mut();
        let Some(confirmation) = confirmation else {
            // Without random numbers there is nothing to confirm with, and nothing happens.
            return Ok(Some(confirmations.issue(deed, peer.uid, now).unwrap_or_default()));
        };
        if !confirmations.redeem(deed, peer.uid, &confirmation, now) {
            say(&Event::ConfirmationWrong { uid: peer.uid });
            return Err(Error::WrongConfirmation);
        }
        Ok(None)
    }

    pub(super) fn not_erased(
        &self,
        what: &'static str,
        peer: ClientCredentials,
        not_erased: NotErased,
    ) -> Error {
        match not_erased {
            NotErased::Locked => Error::Locked,
            NotErased::NoFolder(damage) => Error::NotWritten {
                path: damage.path.display().to_string(),
                detail: Some(format!("{}; nothing was erased", damage.reason)),
            },
            NotErased::Failed(failure) => world::not_stored(&self.agent, &failure).into(),
            NotErased::SettingsAccess(access) => {
                let access = access.word();
                say(&Event::EraseBarred { what, uid: peer.uid, access });
                Error::SettingsAccess { access: access.to_owned() }
            }
        }
    }

    fn erase_now(
        &self,
        what: What,
        pin: Option<&[u8; 32]>,
        peer: ClientCredentials,
    ) -> Result<Erased, Error> {
        // First: where the rest fails, the key must not be what stays.
        if what == What::Security {
            self.delete_lsc(peer.uid)?;
        }
        let condition = self.agent.installed.condition();
        // Without a folder nothing is erased, and the screen must not show that it is.
        if !matches!(condition, StoreFound::Missing | StoreFound::Unusable) {
            say(&Event::Erasing { what: what.word(), uid: peer.uid });
            self.agent.show(StatusMessage::Erasing);
        }
        let erased = self.agent.erase(kinds(what), pin, by(peer));
        erased.map_err(|not_erased| self.not_erased(what.word(), peer, not_erased))?;
        // The phone is without lists now: a pass can bring new ones at once.
        self.agent.passes.ask();
        // Erased, but what is left cannot be read.
        if self.agent.installed.is_locked() {
            return Err(Error::Locked);
        }
        Ok(Erased { erased: true, confirmation: None })
    }
}

pub(super) const fn by(peer: ClientCredentials) -> ErasedBy {
    if peer.uid == 0 { ErasedBy::Root } else { ErasedBy::Person }
}

const fn kinds(what: What) -> &'static [ListKind] {
    match what {
        What::All | What::Security => &ListKind::ALL,
        What::Ctl => &[ListKind::Ctl],
        What::Itl => &[ListKind::Itl],
    }
}
