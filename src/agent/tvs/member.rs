//! One member of the service: reached at any of its addresses, verified by its record, asked.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::agent::legacy::{FailedServer, LegacyCount};
use crate::agent::narrate::say;
use crate::agent::tvs::question::ProvingQuestion;
use crate::boot::Event;
use crate::io::resolve::Names;
use crate::io::settings::{self, Settings};
use crate::io::tls::{self, Handshaken, Pin, SmallKeys, Terms};
use crate::io::{tcp, tvs};
use crate::proto::tvs::Exchange;
use crate::trust::cache::Source;
use crate::trust::certificate::Certificate;
use crate::trust::peer::{self, Pinned};
use crate::trust::{Anchors, ListKind, Purpose, Unanswered};
use crate::wire::address::ServerAddress;
use crate::wire::configuration::TVS_PORT;
use crate::wire::tvs::{Session, TvsRequest};

/// What it takes to ask a member.
pub(super) struct Asking<'a> {
    pub(super) settings: &'a Settings,
    pub(super) client: Option<&'a tls::TlsIdentity>,
    pub(super) anchors: &'a Arc<Anchors>,
    pub(super) names: &'a Names,
    pub(super) legacy: &'a LegacyCount,
    /// Numbers a question, and counts it.
    pub(super) number: &'a dyn Fn() -> Session,
}

/// What a member answered: a proof and its source, or that it does not vouch.
pub(super) type MemberAnswer<P> = Result<(P, Source), Unanswered>;

impl Asking<'_> {
    /// Tries whether a question can be sent at all, before a member is connected to.
    ///
    /// # Errors
    /// Why it cannot, in words.
    pub(super) fn try_out(&self, request: &TvsRequest<'_>) -> Result<(), String> {
        self.begin(request, Session(0)).map(|_| ())
    }

    fn begin(
        &self,
        request: &TvsRequest<'_>,
        session: Session,
    ) -> Result<(Exchange, Vec<u8>), String> {
        Exchange::begin(request, &self.settings.device.caller(), session)
            .map_err(|unsendable| unsendable.to_string())
    }

    /// Asks one member.
    ///
    /// # Errors
    /// Why the member failed, so that the next one is asked; a refusal to vouch is an answer.
    pub(super) async fn ask<Q: ProvingQuestion>(
        &self,
        address: &ServerAddress,
        question: &Q,
    ) -> Result<MemberAnswer<Q::Proof>, String> {
        let (exchange, source) =
            self.converse(address, &question.request(), question.words().0).await?;
        let response = exchange.response().map_err(|misbehaved| misbehaved.to_string())?;
        say(&Event::AnswerReceived { answer: question.words().1, status: response.status });
        match question.judge(&response) {
            Ok(proof) => Ok(Ok((proof, source))),
            // What the whole service would repeat ends the search (domain facts 5.8).
            Err(unvouched) if unvouched.is_final() => Ok(Err(Unanswered::Unvouched(unvouched))),
            Err(unvouched) => Err(unvouched.to_string()),
        }
    }

    /// Sends a request to one member and reads its answer.
    async fn converse(
        &self,
        address: &ServerAddress,
        request: &TvsRequest<'_>,
        question: &'static str,
    ) -> Result<(Exchange, Source), String> {
        let mut stream = self.connect(address).await?;
        let (mut exchange, bytes) = self.begin(request, (self.number)())?;
        say(&Event::QuestionSent { question });
        tvs::ask(&mut stream, &bytes, &mut exchange, self.settings.tvs.answer_timeout)
            .await
            .map_err(|failure| failure.to_string())?;
        let source = Source { member: address.to_string().into() };
        // The answer is complete: its use does not wait for the member's close_notify.
        tokio::task::spawn_local(tvs::close(stream));
        Ok((exchange, source))
    }

    /// Connects to the first address at which the member proves to be the listed one.
    async fn connect(&self, member: &ServerAddress) -> Result<tls::TlsConnection, String> {
        let mut last = String::new();
        for address in addresses(self.names, member).await? {
            match self.connect_at(member, address).await {
                Ok(stream) => return Ok(stream),
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }

    async fn connect_at(
        &self,
        member: &ServerAddress,
        address: SocketAddr,
    ) -> Result<tls::TlsConnection, String> {
        let stream = reach(self.settings, address).await?;
        let pin = pin(self.anchors.clone(), address);
        let terms = terms(&self.settings.tvs, member, address);
        let (first, own) = (terms.clone(), self.client);
        let failure = match tls::connect_pinned(stream, first, pin.clone(), own).await {
            Ok(stream) => return Ok(stream),
            Err(failure) => failure,
        };
        let old = failed(self.settings, address, &terms).after(failure).await?;
        let stream = reach(self.settings, address).await?;
        match tls::connect_pinned_in_old(stream, &terms, &pin).await {
            Ok((stream, agreed)) => {
                self.legacy.note(address.ip(), agreed);
                Ok(stream)
            }
            Err(failure) => Err(old.refused(failure).await),
        }
    }
}

const fn failed<'a>(
    settings: &'a Settings,
    address: SocketAddr,
    terms: &'a Terms,
) -> FailedServer<'a> {
    FailedServer { settings, purpose: Purpose::Tvs, address, name: &terms.name }
}

/// Why a member presents no certificate.
pub(in crate::agent) enum NotShown {
    /// It accepts connections, but the TLS handshake fails; why.
    NoTls(String),
    /// It cannot be connected to; why.
    Unreachable(String),
}

/// Has a member present its certificate: the listed one, if any of its addresses leads to that,
/// where a question would go too; else the first that is presented.
///
/// # Errors
/// [`NotShown`], of the address where it got furthest.
pub(in crate::agent) async fn look(
    settings: &Settings,
    names: &Names,
    legacy: &LegacyCount,
    member: &ServerAddress,
    anchors: &Anchors,
) -> Result<Handshaken, NotShown> {
    let mut last = None;
    let mut first = None;
    for address in addresses(names, member).await.map_err(NotShown::Unreachable)? {
        let not_shown = match look_at(settings, legacy, member, address).await {
            Ok(shown) if is_listed(anchors, shown.certificate()) => return Ok(shown),
            Ok(shown) => {
                first.get_or_insert(shown);
                continue;
            }
            Err(not_shown) => not_shown,
        };
        // A handshake that failed says more than an address that did not answer.
        last = match (last, not_shown) {
            (Some(tls @ NotShown::NoTls(_)), NotShown::Unreachable(_)) => Some(tls),
            (_, not_shown) => Some(not_shown),
        };
    }
    // Neither is there only for a name without addresses, which is an error above.
    first.ok_or_else(|| last.unwrap_or_else(|| NotShown::Unreachable(UNRESOLVED.to_owned())))
}

async fn look_at(
    settings: &Settings,
    legacy: &LegacyCount,
    member: &ServerAddress,
    address: SocketAddr,
) -> Result<Handshaken, NotShown> {
    let reach = async || reach(settings, address).await.map_err(NotShown::Unreachable);
    let terms = terms(&settings.tvs, member, address);
    let failure = match tls::shake_hands(reach().await?, terms.clone(), None).await {
        Ok(shown) => return Ok(shown),
        Err(failure) => failure,
    };
    let old = failed(settings, address, &terms).after(failure).await;
    let old = old.map_err(NotShown::NoTls)?;
    match tls::shake_hands_in_old(reach().await?, &terms).await {
        Ok(shown) => {
            if let Some(agreed) = shown.old_terms() {
                legacy.note(address.ip(), agreed);
            }
            Ok(shown)
        }
        Err(failure) => Err(NotShown::NoTls(old.refused(failure).await)),
    }
}

fn is_listed(anchors: &Anchors, der: &[u8]) -> bool {
    let pinned = Certificate::parse(der).map(|shown| peer::pinned(anchors, &shown));
    matches!(pinned, Ok(Pinned::Fits(_)))
}

async fn addresses(names: &Names, member: &ServerAddress) -> Result<Vec<SocketAddr>, String> {
    names.resolve(member).await.map_err(|unresolved| {
        let (host, why) = (member.host.to_string(), unresolved.to_string());
        say(&Event::Unresolved { host, why });
        UNRESOLVED.to_owned()
    })
}

/// Opens the TCP connection to a member.
async fn reach(settings: &Settings, address: SocketAddr) -> Result<tcp::TcpConnection, String> {
    let socket = tcp::UnconnectedSocket::bound(settings.device.address, address)
        .map_err(|failure| failure.to_string())?;
    let endpoint = socket.endpoint().map(|endpoint| endpoint.to_string()).unwrap_or_default();
    say(&Event::TvsSocketBound { descriptor: socket.descriptor(), endpoint });
    let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
    say(&Event::TvsFamily { family });
    say(&Event::TvsAddress { family });
    let (ip, port) = (address.ip(), address.port());
    let default = if port == TVS_PORT { " (default)" } else { "" };
    say(&Event::TvsConnecting { ip, port, default });
    socket.connect(settings.tvs.connect_timeout).await.map_err(|failure| failure.to_string())
}

/// The terms of a handshake with a member.
fn terms(settings: &settings::TvsSettings, member: &ServerAddress, address: SocketAddr) -> Terms {
    Terms {
        name: tls::server_name(&member.host, address),
        keys: if settings.rsa1024 { SmallKeys::Accept } else { SmallKeys::Refuse },
        within: settings.handshake_timeout,
    }
}

/// Whether a certificate is the one that the lists have for a TVS server; logs the search as the
/// technote's firmware does.
fn pin(anchors: Arc<Anchors>, address: SocketAddr) -> Pin {
    Arc::new(move |der| {
        let ip = address.ip();
        say(&Event::PeerValidation {});
        let Ok(certificate) = Certificate::parse(der) else {
            say(&Event::TvsNotACertificate { ip });
            return false;
        };
        // A snapshot of the lists: they may change during the handshake, and TVS never vouches for
        // itself (domain facts 5.8).
        let pinned = peer::pinned(&anchors, &certificate);
        say(&Event::TvsRecordSearched { list: ListKind::Ctl });
        if !matches!(pinned, Pinned::Fits(ListKind::Ctl) | Pinned::OtherCertificate(ListKind::Ctl))
        {
            say(&Event::TvsRecordSearched { list: ListKind::Itl });
        }
        match pinned {
            Pinned::Fits(_) => {
                say(&Event::TvsHashMatches {});
                say(&Event::TvsVerified { ip });
                return true;
            }
            Pinned::OtherCertificate(_) => say(&Event::TvsHashDiffers {}),
            Pinned::NotListed => say(&Event::TvsUnlisted { ip }),
        }
        false
    })
}

const UNRESOLVED: &str = "its name does not resolve";
