//! From a server's address to its certificate and the verdict on it.

use std::net::SocketAddr;

use rustls::pki_types::CertificateDer;

use super::dial::{self, Begun, refused};
use super::target::{NotOpened, Target};
use crate::agent::legacy::FailedServer;
use crate::agent::narrate::say;
use crate::agent::peers::{self, PeerVerdict};
use crate::agent::tvs::{Around, TvsService};
use crate::boot::Event;
use crate::io::settings::Settings;
use crate::io::tls::{
    self, HandshakeFailure, Handshaken, Resuming, SessionPeer, SessionSpan, SmallKeys, Terms,
    TlsConnection, TlsSessions,
};
use crate::trust::peer::{AuthorityPaths, ShownChain};
use crate::trust::{Distrust, Grant, GrantedBy, Purpose};

/// A server that has shown its certificate, with the verdict on it; nothing has been sent to it.
pub(in crate::agent) struct ShownPeer {
    pub(in crate::agent) handshaken: Handshaken,
    pub(in crate::agent) address: SocketAddr,
    pub(in crate::agent) judged: PeerVerdict,
}

impl ShownPeer {
    /// Whether what was refused is a certificate that the server may have replaced since.
    fn is_refused_by_an_earlier_certificate(&self) -> bool {
        let answered = match &self.judged.verdict {
            Ok(_) => return false,
            // TVS would be as silent a second time, and the caller has waited for it already.
            Err(Distrust::Unanswered(unanswered)) => !unanswered.is_passing(),
            Err(Distrust::NotACertificate | Distrust::NotListed) => true,
        };
        answered && self.handshaken.is_resumed()
    }
}

/// Getting to know a server.
#[derive(Clone, Copy)]
pub(super) struct Meeting<'a> {
    /// Those that may be resumed.
    pub(super) sessions: &'a TlsSessions,
    pub(super) tvs: &'a TvsService,
    pub(super) around: Around<'a>,
    pub(super) target: &'a Target,
}

impl Meeting<'_> {
    /// Connects to the server and judges it.
    ///
    /// # Errors
    /// [`NotOpened::Unreachable`], [`NotOpened::Handshake`].
    pub(super) async fn meet(self) -> Result<ShownPeer, NotOpened> {
        let met = self.meet_once().await?;
        if !met.is_refused_by_an_earlier_certificate() {
            return Ok(met);
        }
        drop(met);
        self.begin_anew();
        self.meet_once().await
    }

    async fn meet_once(self) -> Result<ShownPeer, NotOpened> {
        let (handshaken, address) = self.shake_hands().await?;
        if handshaken.is_resumed() {
            say(&Event::SessionResumed { ip: address.ip() });
        }
        // A resumed session has the certificate of the handshake that it began with: the walk is
        // the same, and no byte moves before its verdict either.
        let shown = (handshaken.chain(), address);
        let judged = judge(self.tvs, self.around, self.target, shown, paths(&handshaken)).await;
        Ok(ShownPeer { handshaken, address, judged })
    }

    async fn shake_hands(self) -> Result<(Handshaken, SocketAddr), NotOpened> {
        let mut shaken = self.shake_hands_once().await?;
        if let Err(FailedHandshake { failure, address, offered: true, .. }) = &shaken {
            // A server that cannot resume its own session may be able to begin another.
            if *failure != HandshakeFailure::TimedOut {
                say(&Event::HandshakeRefused { ip: address.ip(), why: failure.to_string() });
                self.begin_anew();
                shaken = self.shake_hands_once().await?;
            }
        }
        match shaken {
            Ok(shaken) => Ok(shaken),
            Err(failed) => failed.again_in_old(self.around, self.target).await,
        }
    }

    async fn shake_hands_once(
        self,
    ) -> Result<Result<(Handshaken, SocketAddr), FailedHandshake>, NotOpened> {
        let Begun { stream, address, descriptor, terms } =
            dial::begin(self.around, self.target).await?;
        let failed = |failure, offered| {
            let terms = terms.clone();
            FailedHandshake { failure, address, descriptor, terms, offered }
        };
        let resuming = match self.resuming(terms.keys) {
            Some(Err(failure)) => return Ok(Err(failed(failure, false))),
            Some(Ok(resuming)) => Some(resuming),
            None => None,
        };
        let shaken = tls::shake_hands(stream, terms.clone(), resuming.as_ref()).await;
        let offered = resuming.is_some_and(|resuming| resuming.has_offered());
        Ok(shaken
            .map(|handshaken| (handshaken, address))
            .map_err(|failure| failed(failure, offered)))
    }

    /// The earlier sessions with the server; `None` if none is to be resumed for this purpose.
    fn resuming(self, keys: SmallKeys) -> Option<Result<Resuming, HandshakeFailure>> {
        let peer = resumable(self.target)?;
        let span = SessionSpan { now: self.tvs.now(), ttl: self.around.settings.tvs.ttl_max };
        Some(self.sessions.resuming(peer, keys, span))
    }

    /// Forgets the sessions with the server, so that it has to prove its key.
    fn begin_anew(self) {
        if let Some(peer) = resumable(self.target) {
            self.sessions.forget_peer(&peer);
            say(&Event::SessionsDropped { server: self.target.server.to_string() });
        }
    }
}

/// Opens the stream of a server that has been judged; also who vouched for it.
///
/// # Errors
/// [`NotOpened::OtherCertificate`], which is logged.
pub(super) fn admitted(
    handshaken: Handshaken,
    grant: &Grant,
    address: SocketAddr,
) -> Result<(TlsConnection, GrantedBy), NotOpened> {
    let stream = handshaken.admit(grant).map_err(|other| {
        refused(address.ip());
        NotOpened::OtherCertificate(other)
    })?;
    Ok((stream, grant.by()))
}

/// Which paths count for a server: an authority vouches for many who have no reason to speak old
/// TLS, so there each is known by itself.
fn paths(handshaken: &Handshaken) -> AuthorityPaths {
    match handshaken.old_terms() {
        Some(_) => AuthorityPaths::Ignored,
        None => AuthorityPaths::Count,
    }
}

/// Judges a server by its certificates, its own first.
pub(super) async fn judge(
    tvs: &TvsService,
    around: Around<'_>,
    target: &Target,
    (chain, address): (&[CertificateDer<'static>], SocketAddr),
    paths: AuthorityPaths,
) -> PeerVerdict {
    let name = tls::certified_name(&target.server.host);
    let shown = ShownChain {
        purpose: target.purpose,
        certificate: chain.first().map(AsRef::as_ref).unwrap_or_default(),
        intermediates: chain.get(1..).unwrap_or_default(),
        name: name.as_ref(),
        paths,
    };
    // The log names a peer by its address: that is what was connected to, whatever its name is.
    peers::judge(tvs, around, shown, &address.ip().to_string()).await
}

/// Whose sessions are kept: those of pages, which a person waits for. What else has a purpose of
/// its own is connected to seldom, and proves its key each time.
fn resumable(target: &Target) -> Option<SessionPeer> {
    match target.purpose {
        Purpose::HttpsService => {
            Some(SessionPeer { purpose: target.purpose, server: target.server.clone() })
        }
        Purpose::Capf | Purpose::HttpsProvisioning | Purpose::Signalling | Purpose::Tvs => None,
    }
}

/// A handshake that was not completed.
pub(super) struct FailedHandshake {
    pub(super) failure: HandshakeFailure,
    pub(super) address: SocketAddr,
    pub(super) descriptor: i32,
    pub(super) terms: Terms,
    /// Whether it was to resume an earlier session.
    pub(super) offered: bool,
}

impl FailedHandshake {
    /// Shakes hands in old TLS, if the failure and the settings allow it.
    ///
    /// # Errors
    /// [`NotOpened::Handshake`], which is logged, as exactly as the server's answers allow.
    pub(super) async fn again_in_old(
        self,
        around: Around<'_>,
        target: &Target,
    ) -> Result<(Handshaken, SocketAddr), NotOpened> {
        match self.shake_hands_in_old(around, target).await {
            Ok(handshaken) => Ok((handshaken, self.address)),
            Err(why) => {
                self.say(target, why.clone());
                Err(NotOpened::Handshake(why))
            }
        }
    }

    async fn shake_hands_in_old(
        &self,
        around: Around<'_>,
        target: &Target,
    ) -> Result<Handshaken, String> {
        let (settings, address) = (around.settings, self.address);
        let name = &self.terms.name;
        let failed = FailedServer { settings, purpose: target.purpose, address, name };
        let old = failed.after(self.failure.clone()).await?;
        let begun = dial::begin_at(settings, target, address).await;
        let (stream, _) = begun.map_err(|failure| failure.to_string())?;
        match tls::shake_hands_in_old(stream, &self.terms).await {
            Ok(handshaken) => {
                if let Some(agreed) = handshaken.old_terms() {
                    around.legacy.note(address.ip(), agreed);
                }
                Ok(handshaken)
            }
            Err(failure) => Err(old.refused(failure).await),
        }
    }

    /// Logs the failure, as exactly as the server's answers allow.
    pub(super) async fn report(self, settings: &Settings, target: &Target) -> NotOpened {
        let explained =
            self.failure.clone().explained(settings.device.address, self.address, &self.terms.name);
        let why = explained.await.to_string();
        self.say(target, why.clone());
        NotOpened::Handshake(why)
    }

    pub(super) fn say(&self, target: &Target, why: String) {
        let (ip, client, descriptor) = (self.address.ip(), target.client, self.descriptor);
        say(&Event::HandshakeRefused { ip, why });
        say(&Event::HandshakeFailed { ip, client, descriptor });
        refused(ip);
    }
}
