//! The configuration step of a diagnosis.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::agent::Agent;
use crate::agent::ask::Unanswered;
use crate::agent::fetch::{Limit, Wanted};
use crate::agent::provisioned::{DEFAULT, Sealed};
use crate::diagnose::ConfigurationFound;
use crate::io::tftp::Failure;
use crate::trust::update::{self, Accepted, Content, Offer};
use crate::trust::{Anchors, Decision, Provenance, Reason, Voucher, decrypt};
use crate::wire::name::FileName;
use crate::wire::{Envelope, Kind};

/// A configuration that would be taken: who vouches for it, and what it says.
struct Taken {
    by: Option<Voucher>,
    payload: Zeroizing<Vec<u8>>,
}

type Refused = (Reason, Option<Unanswered>);

impl Agent {
    /// What a phone with these lists would make of its configuration.
    pub(super) async fn examine_configuration(&self, anchors: &Arc<Anchors>) -> ConfigurationFound {
        let own = format!("{}.cnf.xml", self.settings().device.name);
        for name in [own.as_str(), DEFAULT] {
            match self.examine_named(name, anchors).await {
                ConfigurationFound::Absent => {}
                found => return found,
            }
        }
        if !anchors.demand_signed_files() {
            return ConfigurationFound::Absent;
        }
        match self.configuration_octets(&own).await {
            Ok(_) => ConfigurationFound::OnlyUnsigned { name: own },
            Err(_) => ConfigurationFound::Absent,
        }
    }

    async fn examine_named(&self, name: &str, anchors: &Arc<Anchors>) -> ConfigurationFound {
        let encrypted = format!("{name}.enc.sgn");
        if FileName::parse(name).is_ok_and(|name| self.was_encrypted(&name)) {
            match self.examine_file(&encrypted, Kind::Encrypted, anchors).await {
                Ok(taken) => return found(encrypted, &taken),
                Err(ConfigurationFound::Absent) => {}
                Err(found) => return found,
            }
        }
        let plain = match anchors.demand_signed_files() {
            true => format!("{name}.sgn"),
            false => name.to_owned(),
        };
        let taken = match self.examine_file(&plain, Kind::Signed, anchors).await {
            Ok(taken) => taken,
            Err(found) => return found,
        };
        let ours = self.device.borrow().certificate_md5.clone();
        let sealed = match taken.by {
            Some(_) => Sealed::of(&taken.payload, ours.as_deref()),
            None => Sealed::No,
        };
        match sealed {
            Sealed::No => found(plain, &taken),
            Sealed::ForAnother { theirs } => {
                ConfigurationFound::ForAnother { name: plain, theirs, ours }
            }
            Sealed::ForUs => match self.examine_file(&encrypted, Kind::Encrypted, anchors).await {
                Ok(taken) => found(encrypted, &taken),
                // Announced, and not there.
                Err(ConfigurationFound::Absent) => ConfigurationFound::Refused {
                    name: encrypted,
                    reason: Reason::NoKey,
                    unanswered: None,
                },
                Err(found) => found,
            },
        }
    }

    /// Fetches and judges one file; the error is why it would not be taken.
    async fn examine_file(
        &self,
        name: &str,
        kind: Kind,
        anchors: &Arc<Anchors>,
    ) -> Result<Taken, ConfigurationFound> {
        let octets = self.configuration_octets(name).await.map_err(|failure| match failure {
            Failure::NotFound { .. } => ConfigurationFound::Absent,
            failure => {
                ConfigurationFound::NotFetched { name: name.to_owned(), why: failure.to_string() }
            }
        })?;
        self.try_file(Offer { name, octets: &octets }, kind, anchors).await.map_err(
            |(reason, unanswered)| ConfigurationFound::Refused {
                name: name.to_owned(),
                reason,
                unanswered,
            },
        )
    }

    async fn configuration_octets(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let limit = self.settings().tftp.config_limit;
        self.fetch(&Wanted { name, limit, said: Limit::Told }).await
    }

    async fn try_file(
        &self,
        offer: Offer<'_>,
        kind: Kind,
        anchors: &Arc<Anchors>,
    ) -> Result<Taken, Refused> {
        let unchecked = |payload: &[u8]| Taken { by: None, payload: payload.to_vec().into() };
        let signed = anchors.demand_signed_files() || kind == Kind::Encrypted;
        if !signed && Envelope::parse(offer.octets, kind).is_err() {
            return Ok(unchecked(offer.octets));
        }
        let policy = &self.settings().policy;
        let accepted = match update::file(anchors, kind, offer, policy) {
            Decision::Trust(accepted) => accepted,
            Decision::Refuse(reason) => return Err((reason, None)),
            Decision::Ask(query) => match self.ask_signer_afresh(&query, anchors).await {
                Err(unanswered) => return Err((query.otherwise, Some(unanswered))),
                Ok(vouched) => update::file_vouched(anchors, kind, offer, policy, &vouched)
                    .map_err(|reason| (reason, None))?,
            },
        };
        match self.opened(accepted) {
            Ok(Taken { by: None, .. }) if kind == Kind::Encrypted => {
                Err((Reason::WrongSigner, None))
            }
            opened => opened.map_err(|reason| (reason, None)),
        }
    }

    fn opened(&self, accepted: Accepted<Content<'_>>) -> Result<Taken, Reason> {
        let file = match accepted.value {
            Content::Unchecked(payload) => {
                return Ok(Taken { by: None, payload: payload.to_vec().into() });
            }
            Content::Verified(file) => file,
        };
        let by = match file.provenance() {
            Provenance::Chained(voucher) => Some(voucher),
            Provenance::FirstUse | Provenance::Stored(_) => None,
        };
        let payload = if file.value().encryption.is_some() {
            let device = self.device.borrow();
            decrypt::decrypt(&file, device.key.as_ref().ok_or(Reason::NoKey)?)?
        } else {
            file.value().body().to_vec().into()
        };
        Ok(Taken { by, payload })
    }
}

fn found(name: String, taken: &Taken) -> ConfigurationFound {
    match taken.by {
        Some(by) => ConfigurationFound::Verified { name, by },
        None => ConfigurationFound::Unchecked { name },
    }
}
