//! For the screen: the phone's own certificates, and deleting the LSC.

use crate::agent::narrate::say;
use crate::agent::service::calls::OneReply;
use crate::agent::service::confirmations::Deed;
use crate::agent::service::office::Service;
use crate::agent::service::screen::by;
use crate::agent::world;
use crate::boot::Event;
use crate::diagnose::OwnFound;
use crate::face::methods::{DeleteIdentity, Deleted, GetIdentity, Identity};
use crate::face::records::OwnCertificate;
use crate::face::terms::CertificateKind;
use crate::face::{Error, hex};
use crate::io::ipc::Client;
use crate::trust::Which;

impl OneReply<GetIdentity> for Service {
    async fn answer(&self, _: GetIdentity, _: &Client) -> Result<Identity, Error> {
        Ok(self.identity())
    }
}

impl Service {
    /// The phone's own certificates now.
    pub(super) fn identity(&self) -> Identity {
        let agent = &self.agent;
        Identity {
            certificates: agent.own_found().iter().map(Into::into).collect(),
            cert_hash: agent.cert_hash(),
            exported: agent.exported().map(|folder| folder.display().to_string()),
        }
    }

    /// Deletes the LSC by order of somebody.
    pub(super) fn delete_lsc(&self, uid: u32) -> Result<(), Error> {
        say(&Event::Erasing { what: "LSC", uid });
        let deleted = self.agent.delete_lsc();
        deleted.map(drop).map_err(|failure| world::not_stored(&self.agent, &failure).into())
    }
}

impl OneReply<DeleteIdentity> for Service {
    async fn answer(&self, wanted: DeleteIdentity, client: &Client) -> Result<Deleted, Error> {
        let peer = client.peer;
        let access = self.agent.installed.may_use_settings(by(peer));
        access.map_err(|barred| self.not_erased("LSC", peer, barred))?;
        if !self.agent.has_lsc() {
            return Err(Error::NoLsc);
        }
        let confirmed = self.confirmed(Deed::DeleteIdentity, wanted.confirmation, peer)?;
        if let Some(confirmation) = confirmed {
            return Ok(Deleted { deleted: false, confirmation: Some(confirmation) });
        }
        self.delete_lsc(peer.uid)?;
        // What was encrypted for the LSC has to come again, for the MIC.
        self.agent.passes.ask();
        Ok(Deleted { deleted: true, confirmation: None })
    }
}

impl From<&OwnFound> for OwnCertificate {
    fn from(found: &OwnFound) -> Self {
        let facts = &found.facts;
        let second = |at: i64| u64::try_from(at).unwrap_or_default();
        Self {
            kind: facts.which.into(),
            in_use: found.is_in_use,
            subject: facts.subject.clone(),
            issuer: facts.issuer.clone(),
            serial: facts.serial.clone(),
            valid_from: second(facts.validity.0),
            valid_until: second(facts.validity.1),
            key: facts.key.clone(),
            decrypts: found.decrypts,
            md5: hex(&facts.md5),
            warnings: found.warnings(),
        }
    }
}

impl From<Which> for CertificateKind {
    fn from(which: Which) -> Self {
        match which {
            Which::Lsc => Self::Lsc,
            Which::Mic => Self::Mic,
        }
    }
}
