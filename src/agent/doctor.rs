//! `doctor`: goes through a boot pass without installing anything, looks at every TVS server, and
//! says what is the matter.
//!
//! The lists are judged by the rules of a real pass, on a copy of the anchors; what TVS answers is
//! not kept, no message is shown and no alarm is raised.

use std::sync::Arc;

use log::info;
use tokio::time::timeout;

use crate::agent::ask::{Unanswered, address_of};
use crate::agent::fetch::{Limit, Wanted};
use crate::agent::installed::BOTH;
use crate::agent::trust_list::is_unreachable;
use crate::agent::{Agent, SECD};
use crate::diagnose::{
    Changes, Clock, Diagnosis, Findings, Integrity, Judged, MemberFound, Offered, OfferedList,
    Presented, Server, Shown,
};
use crate::io::tftp::Failure;
use crate::io::{clock, tls};
use crate::trust::certificate::Certificate;
use crate::trust::peer::{self, Pinned};
use crate::trust::policy::{Choice, FirstUsePolicy, LEAST_RSA_BITS};
use crate::trust::signature::{md5, sha1, sha256};
use crate::trust::update::{self, Accepted, Offer};
use crate::trust::{Anchors, Decision, ListKind, Policy, Query, Reason, TrustList, Verified};
use crate::wire::{Envelope, Kind, Role};

mod configuration;

/// Somebody else has a diagnosis made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// A diagnosis with the facts that it was made of.
#[derive(Clone, Debug)]
pub struct Report {
    /// The facts.
    pub findings: Findings,
    /// The diagnosis.
    pub diagnosis: Diagnosis,
}

/// A pass under examination: the anchors as they would be after each step.
struct Trial {
    anchors: Arc<Anchors>,
    findings: Findings,
    /// The server's ITL, whoever signed it: for comparison only.
    offered_itl: Option<TrustList>,
}

impl Agent {
    /// Finds out what is the matter, and changes nothing. Ends within [`PATIENCE`].
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn diagnose(&self) -> Result<Report, Busy> {
        let _one_at_a_time = self.doctor.try_acquire().map_err(|_| Busy)?;
        info!(target: SECD, "doctor: looks, and changes nothing");
        let anchors = self.anchors_snapshot();
        let store = self.installed.borrow().condition();
        let clock = if clock::now().is_some() { Clock::Set } else { Clock::Unset };
        let findings = Findings::new(store, clock, &anchors);
        let mut trial = Trial { anchors, findings, offered_itl: None };
        if !self.installed.borrow().is_locked() {
            // What could not be looked at in time is said to be unknown.
            let _in_time = timeout(PATIENCE, self.examine(&mut trial)).await;
        }
        let mut findings = trial.findings;
        findings.state_after = trial.anchors.state();
        findings.servers = self.servers_found();
        let diagnosis = Diagnosis::of(&findings);
        let (case, remedy) = (diagnosis.case.word(), diagnosis.remedy.word());
        info!(target: SECD, "doctor: case {case}, remedy {remedy}; nothing was changed");
        Ok(Report { findings, diagnosis })
    }

    async fn examine(&self, trial: &mut Trial) {
        let installed = Arc::clone(&trial.anchors);
        trial.findings.members = self
            .members()
            .iter()
            .map(|member| MemberFound {
                address: member.address.to_string(),
                presented: Presented::NotExamined,
            })
            .collect();
        for kind in BOTH {
            let offered = self.examine_list(kind, trial).await;
            let ends = matches!(offered, Offered::Unreachable(_));
            trial.findings.list_mut(kind).offered = offered;
            if ends {
                return self.examine_members(trial, &installed).await;
            }
        }
        trial.findings.configuration = self.examine_configuration(&trial.anchors).await;
        self.examine_members(trial, &installed).await;
    }

    async fn examine_list(&self, kind: ListKind, trial: &mut Trial) -> Offered {
        let own = format!("{}{}.tlv", kind.word(), self.settings().device.name);
        for name in [own.as_str(), kind.generic_name()] {
            let limit = self.settings().tftp.list_limit;
            match self.fetch(&Wanted { name, limit, said: Limit::Silent }).await {
                Ok(octets) if octets.is_empty() => {}
                Ok(octets) => {
                    let list = self.examine_octets(kind, name, &octets, trial).await;
                    return Offered::Found(Box::new(list));
                }
                Err(Failure::NotFound { .. }) => {}
                Err(failure) if is_unreachable(&failure) => {
                    return Offered::Unreachable(failure.to_string());
                }
                Err(failure) => return Offered::NotFetched(failure.to_string()),
            }
        }
        Offered::Absent
    }

    async fn examine_octets(
        &self,
        kind: ListKind,
        name: &str,
        octets: &[u8],
        trial: &mut Trial,
    ) -> OfferedList {
        let offer = Offer { name, octets };
        let judged = self.try_list(kind, offer, trial).await;
        let file = Envelope::parse(octets, Kind::List).ok();
        let decoded = file.as_ref().and_then(|file| TrustList::decode(kind, file).ok());
        let anchors = self.anchors_snapshot();
        let changes = decoded.as_ref().map(|list| Changes::between(&anchors, list));
        let list = OfferedList {
            name: name.to_owned(),
            is_generic: name == kind.generic_name(),
            md5: md5(octets),
            signer: file.as_ref().map(|file| file.signer.name.to_owned()).unwrap_or_default(),
            serial: file.as_ref().map(|file| file.signer.serial.to_string()).unwrap_or_default(),
            integrity: integrity(kind, offer),
            is_blank: decoded.as_ref().is_some_and(TrustList::is_blank),
            changes: changes.unwrap_or_default(),
            judged,
        };
        if kind == ListKind::Itl {
            trial.offered_itl = decoded;
        }
        list
    }

    /// What the phone makes of a list; one that it takes is in force for the steps that follow.
    async fn try_list(&self, kind: ListKind, offer: Offer<'_>, trial: &mut Trial) -> Judged {
        let anchors = Arc::clone(&trial.anchors);
        let digest = sha256(offer.octets);
        if anchors.records(kind).is_some_and(|installed| installed.sha256 == digest) {
            return Judged::Same;
        }
        let policy = &self.settings().policy;
        let decided = match update::list(&anchors, kind, offer, policy) {
            Decision::Trust(accepted) => Ok(accepted),
            Decision::Refuse(reason) => Err((reason, None)),
            Decision::Ask(query) => self.vouched_list(&anchors, kind, offer, &query).await,
        };
        match decided {
            Ok(accepted) => {
                let acceptance = accepted.value.provenance().acceptance();
                Arc::make_mut(&mut trial.anchors).install(accepted.value);
                Judged::Taken(acceptance)
            }
            Err((reason, unanswered)) => Judged::Refused { reason, unanswered },
        }
    }

    async fn vouched_list(
        &self,
        anchors: &Arc<Anchors>,
        kind: ListKind,
        offer: Offer<'_>,
        query: &Query,
    ) -> Result<Accepted<Verified<TrustList>>, (Reason, Option<Unanswered>)> {
        let policy = &self.settings().policy;
        match self.ask_signer_afresh(query, anchors).await {
            Ok(vouched) => update::list_vouched(anchors, kind, offer, policy, &vouched)
                .map_err(|reason| (reason, None)),
            Err(unanswered) => Err((query.otherwise.clone(), Some(unanswered))),
        }
    }

    /// Looks at the certificate of every TVS server, judged by the installed lists.
    async fn examine_members(&self, trial: &mut Trial, installed: &Anchors) {
        for (place, member) in self.members().iter().enumerate() {
            let presented = match address_of(member).await {
                Err(why) => Presented::Unreachable(why),
                Ok(address) => match self.reach_member(address).await {
                    Err(why) => Presented::Unreachable(why),
                    Ok(stream) => {
                        match tls::shake_hands(stream, self.tvs_terms(member, address)).await {
                            Err(failure) => Presented::NoTls(failure.to_string()),
                            Ok(peer) => shown(peer.certificate(), installed, trial),
                        }
                    }
                },
            };
            if let Some(found) = trial.findings.members.get_mut(place) {
                found.presented = presented;
            }
        }
    }

    fn servers_found(&self) -> Vec<Server> {
        let contacts = self.contacts.borrow();
        let server = |address: String| {
            let last = contacts.get(&address).cloned().unwrap_or_default();
            Server { address, last }
        };
        self.settings().tftp.servers.iter().map(|it| server(it.to_string())).collect()
    }
}

/// How a certificate that TVS shows stands to the installed lists and to the offered one.
fn shown(der: &[u8], installed: &Anchors, trial: &Trial) -> Presented {
    let Ok(certificate) = Certificate::parse(der) else {
        return Presented::NoTls("its certificate is not one in DER".to_owned());
    };
    let digest = sha1(der);
    let is_offered = trial.offered_itl.as_ref().is_some_and(|list| {
        let record = |anchor: &crate::trust::list::Anchor| {
            anchor.role == Role::Tvs && anchor.sha1 == Some(digest)
        };
        list.anchors.iter().any(record)
    });
    Presented::Certificate(Box::new(Shown {
        issuer: certificate.issuer_text.clone(),
        serial: certificate.serial.to_string(),
        sha1: digest,
        pinned: peer::pinned(installed, der).unwrap_or(Pinned::NotListed),
        is_offered,
    }))
}

/// Whether a list is whole in itself: what a phone without lists would make of it, if its policy let
/// pass whatever can be let pass.
fn integrity(kind: ListKind, offer: Offer<'_>) -> Integrity {
    let lenient = Policy {
        first_use: FirstUsePolicy::Allow,
        older_list: Choice::Accept,
        min_rsa_bits: LEAST_RSA_BITS,
        sha1: Choice::Accept,
        sha256: Choice::Accept,
    };
    match update::list(&Anchors::default(), kind, offer, &lenient).unasked() {
        Ok(_) => Integrity::Whole,
        Err(Reason::WrongSigner | Reason::WrongRole { .. }) => Integrity::SignerNotListed,
        Err(reason) => Integrity::Broken(reason),
    }
}

/// As long as a person waits for a diagnosis; every step has a shorter limit of its own.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);
