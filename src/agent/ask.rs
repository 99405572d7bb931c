//! Questions to the Trust Verification Service: cache first, then the members in order.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use log::{debug, error, info, warn};
use tokio::sync::watch;

use crate::agent::{Agent, SECD};
use crate::io::settings::{Member, TVS_PORT};
use crate::io::tls::{self, Pin, SmallKeys, Terms};
use crate::io::{resolve, tcp, tvs};
use crate::proto::tvs::{Exchange, Sessions};
use crate::trust::cache::{DEFAULT_TTL, Source};
use crate::trust::peer::{self, Pinned};
use crate::trust::signature::{sha1, sha256};
pub(super) use crate::trust::tvs::Unanswered;
use crate::trust::tvs::{self as answers, Endorsed, Unvouched, Vouched};
use crate::trust::{Anchors, ListKind, Purpose, Query};
use crate::wire::tvs::{Request, Response, Session};
use crate::wire::{Role, Serial};

/// What the agent knows of the service besides the cache.
#[derive(Default)]
pub(super) struct Service {
    sessions: RefCell<Sessions>,
    in_flight: RefCell<BTreeMap<[u8; 32], watch::Receiver<Option<Outcome>>>>,
}

/// The answer to one question, as all who ask it at the same time share it.
type Outcome = Result<(Proof, Source), Unanswered>;

#[derive(Clone)]
enum Proof {
    Peer(Endorsed),
    Signer(Vouched),
}

/// A question.
enum Question<'a> {
    Peer { purpose: Purpose, certificate: &'a [u8] },
    Signer(&'a Query),
}

impl Question<'_> {
    /// What tells one question from another.
    fn key(&self) -> [u8; 32] {
        match self {
            Self::Peer { purpose, certificate } => {
                sha256(&[purpose.to_string().as_bytes(), certificate].concat())
            }
            Self::Signer(query) => sha256(format!("{query:?}").as_bytes()),
        }
    }

    fn request(&self) -> Request<'_> {
        match self {
            Self::Peer { certificate, .. } => Request::Verify { certificate },
            Self::Signer(query) => Request::Query {
                subject: &query.subject,
                issuer: &query.issuer,
                serial: Serial::new(&query.serial),
            },
        }
    }

    fn judge(&self, response: &Response<'_>) -> Result<Proof, Unvouched> {
        match self {
            Self::Peer { purpose, certificate } => {
                let accepted = answers::peer(*purpose, certificate, response)?;
                for warning in accepted.warnings {
                    warn!(target: SECD, "processTvsSrvrResponse: {warning}");
                }
                Ok(Proof::Peer(accepted.value))
            }
            Self::Signer(query) => answers::signer(query, response).map(Proof::Signer),
        }
    }

    /// The question as the log names it on its way out and back.
    const fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Peer { .. } => ("Authenticate Certificate", "Authentication Response"),
            Self::Signer(_) => ("Query Certificate", "Query Response"),
        }
    }
}

impl Agent {
    /// Asks whether the signer of a file is trusted, and for its certificate.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub(super) async fn ask_signer(&self, query: &Query) -> Result<Vouched, Unanswered> {
        info!(target: SECD, "processTvsClntReq: TVS Query Certificate request");
        if let Some(vouched) = self.cache.borrow().signer(query, self.timeline.now()) {
            info!(target: SECD, "lookupAuthCertTvsCacheEntry: Matching entry found at cache");
            return Ok(vouched.clone());
        }
        info!(target: SECD, "lookupAuthCertTvsCacheEntry: No matching entry found at cache");
        match self.ask_once(&Question::Signer(query)).await? {
            Proof::Signer(vouched) => Ok(vouched),
            Proof::Peer(_) => Err(Unanswered::NobodyToAsk),
        }
    }

    /// Asks whether a peer's certificate is trusted for a purpose. The cache has been searched.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub(super) async fn ask_peer(
        &self,
        purpose: Purpose,
        certificate: &[u8],
    ) -> Result<Endorsed, Unanswered> {
        match self.ask_once(&Question::Peer { purpose, certificate }).await? {
            Proof::Peer(endorsed) => Ok(endorsed),
            Proof::Signer(_) => Err(Unanswered::NobodyToAsk),
        }
    }

    /// Asks, unless the same question is on its way already: then its answer is shared. Only who
    /// asked keeps the answer.
    async fn ask_once(&self, question: &Question<'_>) -> Result<Proof, Unanswered> {
        let key = question.key();
        loop {
            let waiting = self.service.in_flight.borrow().get(&key).cloned();
            let Some(mut answer) = waiting else { break };
            debug!(target: SECD, "processTvsClntReq: the same question is on its way");
            if let Ok(outcome) = answer.wait_for(Option::is_some).await {
                return outcome
                    .clone()
                    .unwrap_or(Err(Unanswered::NobodyToAsk))
                    .map(|(proof, _)| proof);
            }
            // Who asked has gone before the answer: the question is ours now.
        }
        let (sender, receiver) = watch::channel(None);
        self.service.in_flight.borrow_mut().insert(key, receiver);
        let flight = InFlight { service: &self.service, key };
        let outcome = self.ask_members(question, &self.anchors_snapshot()).await;
        let outcome = outcome.and_then(|answer| self.still_listed(answer));
        if let Ok((proof, source)) = &outcome {
            self.keep(proof.clone(), source.clone());
        }
        drop(flight);
        let _nobody_waits = sender.send(Some(outcome.clone()));
        outcome.map(|(proof, _)| proof)
    }

    /// The lists may have changed while the answer was awaited: what a server says that no list has
    /// any more counts as little as if it were asked now.
    fn still_listed(&self, (proof, source): (Proof, Source)) -> Outcome {
        if answers::is_listed(&self.anchors(), &source.tvs) {
            return Ok((proof, source));
        }
        error!(target: SECD, "EROR:processTvsSrvrResponse: {} is not listed any more", source.member);
        Err(Unanswered::NoAnswer("the server that answered is not listed any more".to_owned()))
    }

    fn keep(&self, proof: Proof, source: Source) {
        let said = match &proof {
            Proof::Peer(endorsed) => endorsed.ttl(),
            Proof::Signer(vouched) => vouched.endorsed().ttl(),
        };
        let now = self.timeline.now();
        let mut cache = self.cache.borrow_mut();
        let kept = match proof {
            Proof::Peer(endorsed) => cache.insert_peer(endorsed, source, now),
            Proof::Signer(vouched) => cache.insert_signer(vouched, source, now),
        };
        let word = if said.is_some_and(|ttl| ttl != DEFAULT_TTL) { "" } else { "default " };
        match kept {
            Some(ttl) => info!(
                target: SECD,
                "saveCertToTvsCache: Saving certificate in TVS cache with {word}time-to-live value: {} seconds",
                ttl.as_secs()
            ),
            None => warn!(target: SECD, "saveCertToTvsCache: the answer is not kept"),
        }
    }

    /// Asks about the signer of a file as a phone with these lists would, past earlier answers, and
    /// keeps nothing.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub(super) async fn ask_signer_afresh(
        &self,
        query: &Query,
        anchors: &Arc<Anchors>,
    ) -> Result<Vouched, Unanswered> {
        match self.ask_members(&Question::Signer(query), anchors).await? {
            (Proof::Signer(vouched), _) => Ok(vouched),
            (Proof::Peer(_), _) => Err(Unanswered::NobodyToAsk),
        }
    }

    async fn ask_members(&self, question: &Question<'_>, anchors: &Arc<Anchors>) -> Outcome {
        let members = self.members();
        let pinnable = [ListKind::Ctl, ListKind::Itl]
            .into_iter()
            .any(|kind| anchors.records(kind).is_some_and(|list| list.lists(Role::Tvs)));
        if members.is_empty() || !pinnable {
            let lack =
                if pinnable { "no member is configured" } else { "no list has a TVS record" };
            error!(target: SECD, "EROR:processTvsClntReq: no TVS to ask, {lack}");
            return Err(Unanswered::NobodyToAsk);
        }
        // A question that nobody can be sent is no reason to disturb every server.
        if let Err(unsendable) = self.begin(question, Session(0)) {
            error!(target: SECD, "EROR:processTvsClntReq: {unsendable}");
            return Err(Unanswered::NoAnswer(unsendable));
        }
        info!(target: SECD, "processTvsClntReq: No server sock exists, must be created");
        let mut last = String::new();
        for member in members {
            match self.ask_member(&member, question, anchors).await {
                Ok(outcome) => {
                    self.note_contact(&member.address.to_string(), "answered");
                    return outcome;
                }
                Err(failure) => {
                    self.note_contact(&member.address.to_string(), &failure);
                    error!(target: SECD, "EROR:processTvsClntReq: TVS server {}: {failure}", member.address);
                    last = failure;
                }
            }
        }
        Err(Unanswered::NoAnswer(last))
    }

    /// Asks one member.
    ///
    /// # Errors
    /// Why the member failed, so that the next one is asked; its word, either way, is no error.
    async fn ask_member(
        &self,
        member: &Member,
        question: &Question<'_>,
        anchors: &Arc<Anchors>,
    ) -> Result<Outcome, String> {
        let stream = self.connect_any(member, anchors).await?;
        let (stream, exchange) = self.exchange(stream, question).await?;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let source = Source {
            member: member.address.to_string().into(),
            tvs: shown.map(|der| sha1(der)).unwrap_or_default(),
        };
        tokio::task::spawn_local(tvs::close(stream));
        let response = exchange.response().map_err(|misbehaved| misbehaved.to_string())?;
        let (_, back) = question.words();
        info!(target: SECD, "processTvsSrvrResponse: {back} received, status : {}", response.status);
        match question.judge(&response) {
            Ok(proof) => Ok(Ok((proof, source))),
            Err(unvouched) if unvouched.is_final() => Ok(Err(Unanswered::Unvouched(unvouched))),
            Err(unvouched) => Err(unvouched.to_string()),
        }
    }

    /// Connects to the first address of a member that leads to it.
    async fn connect_any(
        &self,
        member: &Member,
        anchors: &Arc<Anchors>,
    ) -> Result<tls::Stream, String> {
        let mut last = "its name does not resolve".to_owned();
        for address in resolve::all(std::slice::from_ref(&member.address)).await {
            match self.connect_member(address, member, anchors).await {
                Ok(stream) => return Ok(stream),
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }

    async fn connect_member(
        &self,
        address: SocketAddr,
        member: &Member,
        anchors: &Arc<Anchors>,
    ) -> Result<tls::Stream, String> {
        let stream = self.reach_member(address).await?;
        let pin = pin(anchors.clone(), address);
        let identity = self.device.borrow().identity.clone();
        tls::connect_pinned(stream, self.tvs_terms(member, address), pin, identity.as_ref())
            .await
            .map_err(|failure| failure.to_string())
    }

    /// Opens the TCP connection to a member.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn reach_member(&self, address: SocketAddr) -> Result<tcp::Stream, String> {
        let socket = tcp::Socket::bound(address).map_err(|failure| failure.to_string())?;
        let endpoint = socket.endpoint().map(|endpoint| endpoint.to_string()).unwrap_or_default();
        info!(
            target: SECD,
            "secReq_initClient: clnt sock fd {} bound to <{endpoint}>", socket.descriptor()
        );
        let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
        info!(target: SECD, "getTvsServerInfo: Phone in {family} only mode");
        info!(target: SECD, "getTvsServerInfo: Retrieving {family} address");
        let (ip, port) = (address.ip(), address.port());
        let default = if port == TVS_PORT { " (default)" } else { "" };
        info!(
            target: SECD,
            "connectToTvsServer: Successfully started a TLS connection establishment to the TVS server: IP:{ip}, port:{port}{default}; Waiting for it to get connected."
        );
        let within = self.settings().tvs.connect_timeout;
        socket.connect(within).await.map_err(|failure| failure.to_string())
    }

    /// What a handshake with a member is made under.
    pub(super) fn tvs_terms(&self, member: &Member, address: SocketAddr) -> Terms {
        let settings = &self.settings().tvs;
        Terms {
            name: tls::server_name(&member.address.host, address),
            keys: if settings.rsa1024 { SmallKeys::Accept } else { SmallKeys::Refuse },
            within: settings.handshake_timeout,
        }
    }

    async fn exchange(
        &self,
        mut stream: tls::Stream,
        question: &Question<'_>,
    ) -> Result<(tls::Stream, Exchange), String> {
        let questions = &self.counters.questions;
        questions.set(questions.get() + 1);
        let session = self.service.sessions.borrow_mut().number();
        let (mut exchange, octets) = self.begin(question, session)?;
        let (out, _) = question.words();
        info!(
            target: SECD,
            "sendTvsClientReqToSrvr: {out} : request sent to TVS server - waiting for response"
        );
        tvs::ask(&mut stream, &octets, &mut exchange, self.settings().tvs.answer_timeout)
            .await
            .map_err(|failure| failure.to_string())?;
        Ok((stream, exchange))
    }

    fn begin(
        &self,
        question: &Question<'_>,
        session: Session,
    ) -> Result<(Exchange, Vec<u8>), String> {
        let caller = self.settings().device.caller();
        Exchange::begin(&question.request(), &caller, session)
            .map_err(|unsendable| unsendable.to_string())
    }

    /// The members of the last verified configuration, else those of our own.
    pub(super) fn members(&self) -> Vec<Member> {
        let installed = self.installed.borrow();
        match installed.members() {
            [] => self.settings().tvs.members.clone(),
            members => members.to_vec(),
        }
    }
}

/// Where a member is.
///
/// # Errors
/// If its name does not resolve.
pub(super) async fn address_of(member: &Member) -> Result<SocketAddr, String> {
    let addresses = resolve::all(std::slice::from_ref(&member.address)).await;
    addresses.first().copied().ok_or_else(|| "its name does not resolve".to_owned())
}

/// Whether a certificate is the one that the lists have for a TVS server, with the lines that the
/// log has for the search.
fn pin(anchors: Arc<Anchors>, address: SocketAddr) -> Pin {
    Arc::new(move |der| {
        let ip = address.ip();
        info!(target: SECD, "srvr_cert_vfy: Server Certificate Validation needs to be done");
        let pinned = peer::pinned(&anchors, der);
        info!(target: SECD, "findByIssuerAndSerialAndRoleInTL: Searching TL from CTL file");
        if !matches!(
            pinned,
            Ok(Pinned::Fits(ListKind::Ctl) | Pinned::OtherCertificate(ListKind::Ctl))
        ) {
            info!(target: SECD, "findByIssuerAndSerialAndRoleInTL: Searching TL from ITL file");
        }
        match pinned {
            Ok(Pinned::Fits(_)) => {
                info!(target: SECD, "verifyCertWithHashFromTL: cert hash and hash in TL MATCH");
                info!(target: SECD, "tvs_cert_vfy: TVS cert verified with hash from TL, <{ip}>");
                return true;
            }
            Ok(Pinned::OtherCertificate(_)) => {
                error!(target: SECD, "EROR:verifyCertWithHashFromTL: cert hash and hash in TL DIFFER");
            }
            Ok(Pinned::NotListed) => {
                error!(target: SECD, "EROR:tvs_cert_vfy: TVS cert not in CTL or ITL, <{ip}>");
            }
            Err(_) => error!(target: SECD, "EROR:tvs_cert_vfy: not one certificate, <{ip}>"),
        }
        false
    })
}

/// Takes the question off the list, also when who asked it is dropped in the midst.
struct InFlight<'a> {
    service: &'a Service,
    key: [u8; 32],
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.service.in_flight.borrow_mut().remove(&self.key);
    }
}
