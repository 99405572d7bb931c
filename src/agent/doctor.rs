//! `doctor`: goes through a boot pass on copies, examines every TVS server, and reports what is
//! wrong.
//!
//! The pass is the very one of [`boot`], in a world that fetches and asks for real and commits to
//! copies of the lists and of the answers of TVS. No message is shown, no alarm raised.

use tokio::time::timeout;

use crate::agent::narrate::say;
use crate::agent::owners::Agent;
use crate::boot::{self, Configured, Event, Listed, NotCommitted, NotFetched, Outcome};
use crate::diagnose::{
    Changes, Clock, ConfigurationFound, ContactedServer, Diagnosis, Findings, Integrity,
    ListVerdict, Offered, OfferedList,
};
use crate::io::clock;
use crate::trust::policy::{
    Choice, DefaultConfiguration, FirstUsePolicy, LEAST_RSA_BITS, OlderFile, OlderList,
};
use crate::trust::signature::{md5, sha1};
use crate::trust::update::{self, Offer};
use crate::trust::{Anchors, ListKind, Policy, Reason, TrustList};
use crate::wire::{Envelope, FileKind};

mod trial;

use trial::Trial;
pub(super) use trial::shown;

/// Another diagnosis is being made; only one runs at a time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Busy;

/// A diagnosis with the facts that it was made of.
#[derive(Clone, Debug)]
pub struct Report {
    /// What a boot pass would come to, if nothing changes before it.
    pub outcome: Outcome,
    /// The facts that the diagnosis is based on.
    pub findings: Findings,
    /// The conclusion from the findings.
    pub diagnosis: Diagnosis,
}

impl Agent {
    /// Finds out what is wrong, and changes nothing. Ends within [`PATIENCE`].
    ///
    /// # Errors
    /// [`Busy`] if another diagnosis is being made.
    pub async fn diagnose(&self) -> Result<Report, Busy> {
        let _one_at_a_time = self.diagnosis.try_acquire().map_err(|_| Busy)?;
        say(&Event::DoctorLooks {});
        let (outcome, findings) = self.find().await;
        let diagnosis = Diagnosis::of(&findings);
        let (case, remedy) = (diagnosis.case.word(), diagnosis.remedy.word());
        say(&Event::DoctorSays { case, remedy });
        Ok(Report { outcome, findings, diagnosis })
    }

    async fn find(&self) -> (Outcome, Findings) {
        let installed = self.installed.anchors();
        let clock = if clock::now().is_some() { Clock::Set } else { Clock::Unset };
        let mut findings = Findings::new(self.installed.condition(), clock, &installed);
        findings.access = self.installed.settings_access();
        let mut trial = Trial::new(self);
        let mut outcome = Outcome::default();
        // Filled in as the pass goes on, so that a timeout loses nothing that was found.
        let (mut unsigned, mut ways) = (false, Vec::new());
        if !self.installed.is_locked() {
            findings.members = trial.members();
            // What could not be examined in time is reported as unknown.
            let _in_time = timeout(PATIENCE, async {
                let settings = trial.settings();
                boot::pass_into(&mut trial, &settings, &mut outcome).await;
                unsigned = trial.has_only_unsigned(&outcome).await;
                trial.look_at_members(&mut findings.members, &installed).await;
                ways = trial.survey().await;
            })
            .await;
        }
        for (kind, listed) in [(ListKind::Ctl, &outcome.ctl), (ListKind::Itl, &outcome.itl)] {
            if let Some(listed) = listed {
                findings.list_mut(kind).offered = offered(&trial, kind, listed, &installed);
            }
        }
        if let Some(configured) = &outcome.configuration {
            findings.configuration = match configured {
                Configured::Absent if unsigned => {
                    ConfigurationFound::OnlyUnsigned { name: trial.own_configuration() }
                }
                configured => found(configured.clone(), trial.signer.take()),
            };
        }
        findings.is_answered = trial.is_answered;
        findings.named_tvs = trial.named_tvs;
        findings.own = self.identity().found(&installed, trial.cert_hash.as_deref());
        findings.passed_over = std::mem::take(&mut trial.passed_over);
        findings.state_after = trial.anchors.state();
        findings.servers = self.servers();
        for (server, ways) in findings.servers.iter_mut().zip(ways) {
            server.ways = ways;
        }
        (outcome, findings)
    }

    /// The file servers, with the result of the last request to each.
    pub(super) fn servers(&self) -> Vec<ContactedServer> {
        let servers = &self.settings().tftp.servers;
        let server = |it| ContactedServer {
            address: format!("{it}"),
            last: self.files.contacts.last(it),
            ways: Vec::new(),
        };
        servers.iter().map(server).collect()
    }
}

/// What the pass made of a list, with what explains it.
fn offered(trial: &Trial<'_>, kind: ListKind, listed: &Listed, installed: &Anchors) -> Offered {
    let judged = match listed.clone() {
        Listed::Absent => return Offered::Absent,
        Listed::NotFetched { why: NotFetched::Unreachable(trouble), .. } => {
            return Offered::Unreachable(trouble.why);
        }
        Listed::NotFetched { why, .. } => return Offered::NotFetched(why.to_string()),
        Listed::NotInstalled { why, .. } => return Offered::NotFetched(why.to_string()),
        Listed::Installed { acceptance, .. } => ListVerdict::Taken(acceptance),
        Listed::Refused { reason, unanswered, .. } => ListVerdict::Refused { reason, unanswered },
        Listed::Same { .. } => ListVerdict::Same,
    };
    match trial.given(kind) {
        None => Offered::NotExamined,
        Some((name, bytes)) => {
            let decoded = trial.offered_list(kind);
            let offer = Offer { name, bytes };
            Offered::Found(Box::new(explained(kind, offer, judged, decoded, installed)))
        }
    }
}

/// What explains a list that the servers sent: what it claims, and nothing else.
fn explained(
    kind: ListKind,
    offer: Offer<'_>,
    judged: ListVerdict,
    decoded: Option<TrustList>,
    installed: &Anchors,
) -> OfferedList {
    let file = Envelope::parse(offer.bytes, FileKind::List).ok();
    OfferedList {
        name: offer.name.to_owned(),
        is_generic: offer.name == kind.generic_name(),
        md5: md5(offer.bytes),
        sha1: sha1(offer.bytes),
        signer: file.as_ref().map(|file| file.signer.name.into()).unwrap_or_default(),
        serial: file.as_ref().map(|file| file.signer.serial.to_string()).unwrap_or_default(),
        // Only where the signature proves it: this is what a person compares before an erase.
        signer_sha256: update::own_signer(kind, offer),
        integrity: integrity(kind, offer),
        is_blank: decoded.as_ref().is_some_and(TrustList::is_blank),
        changes: decoded.map(|list| Changes::between(installed, &list)).unwrap_or_default(),
        judged,
    }
}

/// Whether a list is intact in itself: what a phone without lists would make of it, if its policy
/// accepted whatever a policy can accept.
fn integrity(kind: ListKind, offer: Offer<'_>) -> Integrity {
    let lenient = Policy {
        first_use: FirstUsePolicy::Allow,
        older_list: OlderList::Accept,
        older_file: OlderFile::Accept,
        default_configuration: DefaultConfiguration::Always,
        min_rsa_bits: LEAST_RSA_BITS,
        sha1: Choice::Accept,
        sha256: Choice::Accept,
    };
    // Without anchors the list is verified by its own SAST record, as on first use.
    match update::list(&Anchors::default(), kind, offer, &lenient).unasked() {
        Ok(_) => Integrity::Intact,
        Err(Reason::WrongSigner | Reason::WrongRole { .. }) => Integrity::SignerNotListed,
        Err(reason) => Integrity::Broken(reason),
    }
}

fn found(configured: Configured, signer: Option<String>) -> ConfigurationFound {
    match configured {
        Configured::Absent => ConfigurationFound::Absent,
        Configured::ForAnother { name, theirs, ours } => {
            ConfigurationFound::ForAnother { name, theirs, ours }
        }
        Configured::NotFetched { name, why: NotFetched::Absent } => {
            ConfigurationFound::Announced { name }
        }
        Configured::NotFetched { name, why } => {
            ConfigurationFound::NotFetched { name, why: why.to_string() }
        }
        // The trial writes nothing, so that only a real pass comes to this.
        Configured::NotPut(NotCommitted { path, why, .. }) => {
            ConfigurationFound::NotFetched { name: path, why }
        }
        Configured::Refused { name, reason, unanswered } => {
            ConfigurationFound::Refused { name, reason, unanswered, signer }
        }
        Configured::Taken { name, by: Some(by) } => ConfigurationFound::Verified { name, by },
        Configured::Taken { name, by: None } => ConfigurationFound::Unchecked { name },
        Configured::Unread { name, why } => {
            ConfigurationFound::Unreadable { name, why: why.to_string() }
        }
    }
}

/// The longest that a diagnosis takes: as long as a person waits for one. Every step has a shorter
/// limit of its own.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);
