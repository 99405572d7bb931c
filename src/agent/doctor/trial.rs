//! A boot pass on trial: its world fetches files and asks TVS for real, and commits to copies.

use std::rc::Rc;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::agent::files::{Court, FileErrand, Files, OnTrial, ServerWalk};
use crate::agent::identity::PhoneIdentity;
use crate::agent::owners::Agent;
use crate::agent::tvs::{self, Around, Confirming, NotShown};
use crate::agent::world;
use crate::boot::{
    self, Change, Committed, Configured, Event, Fetched, LastConfiguration, NotCommitted,
    NotFetched, Outcome, Seen, Sort, Wanted, World,
};
use crate::diagnose::{MemberFound, Presented, ShownCertificate, WayFound};
use crate::io::clock;
use crate::io::settings::Settings;
use crate::io::tls::Handshaken;
use crate::trust::certificate::Certificate;
use crate::trust::confirm::RecordToConfirm;
use crate::trust::list::Anchor;
use crate::trust::peer;
use crate::trust::signature::sha1;
use crate::trust::{
    Anchors, Cache, Confirmed, ListKind, Query, Reason, TrustList, Unanswered, Verified, Vouched,
};
use crate::wire::name::FileName;
use crate::wire::{Envelope, FileKind, Role};

/// The world of a pass on trial: everything as it would be after each step.
pub(super) struct Trial<'a> {
    agent: &'a Agent,
    settings: Rc<Settings>,
    identity: Rc<PhoneIdentity>,
    pub(super) anchors: Arc<Anchors>,
    /// The lists in force before the trial.
    before: Arc<Anchors>,
    cache: Cache,
    last: Option<LastConfiguration>,
    /// What the pass remembers of a configuration, with the line of lists that it belongs to.
    seen: (u32, Option<(String, Seen)>),
    walk: ServerWalk,
    confirming: Confirming,
    /// The lists that the servers sent, by their names: for comparison only.
    given: Vec<(String, Vec<u8>)>,
    /// Whether a server answered any request.
    pub(super) is_answered: bool,
    /// Who has signed the configuration that was refused last, and who may, in words.
    pub(super) signer: Option<String>,
    /// How many TVS servers the phone's own configuration names, once it is accepted.
    pub(super) named_tvs: Option<usize>,
    /// The `certHash` of the configuration, or of the last one before it.
    pub(super) cert_hash: Option<String>,
    /// What was passed over in a configuration that is accepted.
    pub(super) passed_over: Vec<String>,
}

impl<'a> Trial<'a> {
    pub(super) fn new(agent: &'a Agent) -> Self {
        let settings = agent.settings();
        Self {
            identity: agent.identity(),
            anchors: agent.installed.anchors(),
            before: agent.installed.anchors(),
            cache: agent.tvs.cache(),
            last: agent.installed.configuration(),
            seen: (0, None),
            walk: ServerWalk::new(&agent.names, settings.device.address),
            settings,
            given: Vec::new(),
            confirming: Confirming::default(),
            is_answered: false,
            signer: None,
            named_tvs: None,
            cert_hash: agent.cert_hash(),
            passed_over: Vec::new(),
            agent,
        }
    }

    /// What a request for a file goes by: servers are judged by the lists of the trial, and what TVS
    /// answers about them is forgotten with it.
    fn errand(&mut self) -> FileErrand<'_> {
        let (settings, agent) = (&*self.settings, self.agent);
        let around = agent.around(settings, &self.identity);
        let trial = Some(OnTrial { anchors: &self.anchors, cache: &mut self.cache });
        let court = Court { tvs: &agent.tvs, around, trial };
        FileErrand { walk: &mut self.walk, settings, court }
    }

    /// The settings that the pass goes by.
    pub(super) fn settings(&self) -> boot::PassSettings {
        world::settings(&self.settings)
    }

    pub(super) fn members(&self) -> Vec<MemberFound> {
        let members = self.agent.around(&self.settings, &self.identity).members();
        let found = |address: String| MemberFound { address, presented: Presented::NotExamined };
        members.iter().map(|member| found(member.address.to_string())).collect()
    }

    pub(super) fn own_configuration(&self) -> String {
        format!("{}.cnf.xml", self.settings.device.name)
    }

    /// Whether signed files are required, but the servers have the phone's configuration only
    /// without a signature.
    pub(super) async fn has_only_unsigned(&mut self, outcome: &Outcome) -> bool {
        if outcome.configuration != Some(Configured::Absent) || !self.anchors.demand_signed_files()
        {
            return false;
        }
        let name = self.own_configuration();
        let limit = self.settings.tftp.config_limit;
        self.fetch(&Wanted { name: &name, limit, sort: Sort::File }).await.is_ok()
    }

    /// Examines the certificate of every TVS server, judged by the installed lists.
    pub(super) async fn look_at_members(&self, found: &mut [MemberFound], installed: &Anchors) {
        let offered = self.offered_list(ListKind::Itl);
        let around = self.agent.around(&self.settings, &self.identity);
        let members = around.members();
        let (settings, names, legacy) = (&*self.settings, &self.walk.names, around.legacy);
        for (found, member) in found.iter_mut().zip(members) {
            found.presented =
                match tvs::look(settings, names, legacy, &member.address, installed).await {
                    Err(NotShown::Unreachable(why)) => Presented::Unreachable(why),
                    Err(NotShown::NoTls(why)) => Presented::NoTls(why),
                    Ok(peer) => shown(&peer, installed, offered.as_ref()),
                };
        }
    }

    /// The ways to each server's files.
    pub(super) async fn survey(&mut self) -> Vec<Vec<WayFound>> {
        let agent = self.agent;
        agent.files.survey(self.errand()).await
    }

    /// Keeps a list that was fetched, which the pass itself hands on and forgets.
    fn note(&mut self, wanted: &Wanted<'_>, fetched: &Result<Fetched, NotFetched>) {
        self.is_answered |= !matches!(fetched, Err(NotFetched::Unreachable(_)));
        if let (Ok(Fetched { bytes, .. }), Sort::List) = (fetched, wanted.sort) {
            // An empty file counts as none (domain facts 1.4).
            if !bytes.is_empty() {
                self.given.push((wanted.name.to_owned(), bytes.clone()));
            }
        }
    }

    /// The file that the servers sent as the list of a kind, and its name: the last one if the
    /// trial installed it, else the first, which the outcome is about.
    pub(super) fn given(&self, kind: ListKind) -> Option<(&str, &[u8])> {
        let of_kind = |(name, _): &&(String, Vec<u8>)| name.starts_with(kind.word());
        // A second server may have been asked after the first one's list was refused.
        let digest = |anchors: &Anchors| anchors.records(kind).map(|list| list.sha256);
        let mut given = self.given.iter();
        let found = match digest(&self.anchors) == digest(&self.before) {
            true => given.find(of_kind),
            false => given.rfind(of_kind),
        };
        found.map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// The list of a kind that the servers sent, whoever signed it.
    pub(super) fn offered_list(&self, kind: ListKind) -> Option<TrustList> {
        let file = Envelope::parse(self.given(kind)?.1, FileKind::List).ok()?;
        TrustList::decode(kind, &file).ok()
    }
}

impl World for Trial<'_> {
    fn anchors(&self) -> Arc<Anchors> {
        self.anchors.clone()
    }

    fn awaited(&self) -> Option<[u8; 32]> {
        self.agent.installed.pin()
    }

    fn is_locked(&self) -> bool {
        self.agent.installed.is_locked()
    }

    fn last_configuration(&self) -> Option<LastConfiguration> {
        self.last.clone()
    }

    fn seen(&self, name: &FileName) -> Option<Seen> {
        if self.seen.0 == self.anchors.line() {
            let kept = self.seen.1.as_ref().filter(|(of, _)| of == name.as_str());
            if let Some((_, seen)) = kept {
                return Some(*seen);
            }
        }
        let is_same_line = self.anchors.line() == self.before.line();
        self.agent.installed.seen(name.as_str()).filter(|_| is_same_line)
    }

    fn certificate_md5(&self) -> Option<String> {
        self.identity.certificate_md5()
    }

    fn owns_certificate(&self, md5: &str) -> bool {
        self.identity.owns(md5)
    }

    fn decrypt(&self, file: &Verified<Envelope<'_>>) -> Result<Zeroizing<Vec<u8>>, Reason> {
        self.identity.unwrap(file).map(|(plain, _)| plain)
    }

    async fn first_server(&mut self) -> Option<String> {
        // Only a line of the log names it, and a trial writes none.
        None
    }

    async fn fetch(&mut self, wanted: &Wanted<'_>) -> Result<Fetched, NotFetched> {
        let files = &self.agent.files;
        let fetched = files.fetch(self.errand(), wanted).await;
        self.note(wanted, &fetched);
        fetched
    }

    fn has_another_server(&self) -> bool {
        Files::has_another(&self.walk, &self.settings)
    }

    async fn fetch_from_another(&mut self, wanted: &Wanted<'_>) -> Result<Fetched, NotFetched> {
        let files = &self.agent.files;
        let fetched = files.fetch_from_another(self.errand(), wanted).await;
        self.note(wanted, &fetched);
        fetched
    }

    async fn vouch(&mut self, query: &Query) -> Result<Vouched, Unanswered> {
        let around = self.agent.around(&self.settings, &self.identity);
        // The names of the pass, so that a trial resolves each host once, as a pass does.
        let around = Around { names: &self.walk.names, ..around };
        let tvs = &self.agent.tvs;
        tvs.signer_on_trial(around, &self.anchors, &mut self.cache, query).await
    }

    async fn confirm(&mut self, record: &RecordToConfirm) -> Result<Confirmed, Unanswered> {
        let around = self.agent.around(&self.settings, &self.identity);
        let around = Around { names: &self.walk.names, ..around };
        let asked = self.agent.tvs.record_on_trial(around, &self.anchors, record);
        self.confirming.bound(asked).await
    }

    fn commit(&mut self, change: Change<'_>) -> Result<Committed, NotCommitted> {
        match change {
            // The ram folder stays as it is: applications read from it meanwhile.
            Change::File { .. } | Change::Restore => return Ok(Committed::Same),
            Change::Keep { name, form, seen, members, .. } => {
                // The default configuration of older call managers names none (CSCti64589).
                let is_own = name.as_str() == self.own_configuration();
                self.named_tvs = is_own.then_some(members.len());
                self.seen = (self.anchors.line(), seen.map(|seen| (name.to_string(), seen)));
                self.last = Some(LastConfiguration { name: name.to_string(), form });
            }
            Change::List { list, .. } => {
                let (standing, _) = self.anchors.standing_of(list, clock::seconds());
                Arc::make_mut(&mut self.anchors).install_as(list.clone(), standing);
                // As in a real pass (domain facts 2.3, step 8).
                self.cache.clear();
            }
        }
        Ok(Committed::Changed)
    }

    /// On trial nothing has happened that a log or a screen should show: what explains the outcome
    /// is kept, and the rest is dropped.
    fn say(&mut self, event: Event) {
        match event {
            Event::CertificateNamed { hash } => self.cert_hash = Some(hash.into()),
            Event::ConfigurationOdd { what } => self.passed_over.push(what),
            Event::FileSigner { subject, serial, listed, .. } => {
                let signer = format!("signed by {subject}, serial {serial}");
                self.signer = Some(format!("{signer}; listed signers: {listed}"));
            }
            _ => {}
        }
    }
}

/// How a certificate that TVS presents compares with the installed lists and the offered one.
pub(in crate::agent) fn shown(
    handshaken: &Handshaken,
    installed: &Anchors,
    offered: Option<&TrustList>,
) -> Presented {
    let der = handshaken.certificate();
    let Ok(certificate) = Certificate::parse(der) else {
        return Presented::NoTls("its certificate is malformed".to_owned());
    };
    let digest = sha1(der);
    let record = |anchor: &Anchor| anchor.role == Role::Tvs && anchor.sha1 == Some(digest);
    Presented::Certificate(Box::new(ShownCertificate {
        issuer: certificate.issuer(),
        serial: certificate.serial.to_string(),
        sha1: digest,
        pinned: peer::pinned(installed, &certificate),
        is_impostor: peer::is_impostor(installed, &certificate),
        is_offered: offered.is_some_and(|list| list.anchors.iter().any(record)),
        old_tls: handshaken.old_terms().map(|terms| terms.to_string()),
    }))
}
