//! HTTPS connections for the phone's other processes: connected, judged, and only then opened.

use std::cell::Cell;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::agent::ends::Ends;
use crate::agent::legacy::FailedServer;
use crate::agent::narrate::say;
use crate::agent::peers::{self, PeerVerdict};
use crate::agent::tvs::{Around, TvsService};
use crate::boot::Event;
use crate::io::console;
use crate::io::places::{Place, Places, Requester, Shares};
use crate::io::proxy::{self, End, ProxyLimits, Relayed};
use crate::io::resolve::Names;
use crate::io::settings::Settings;
use crate::io::tcp;
use crate::io::tls::{
    self, HandshakeFailure, Handshaken, OtherCertificate, Resuming, SessionPeer, SessionSpan,
    SmallKeys, Terms, TlsSessions,
};
use crate::trust::peer::{AuthorityPaths, ShownChain};
use crate::trust::{Distrust, GrantedBy, Purpose};
use crate::wire::address::ServerAddress;

/// The server that a local process wants a connection to.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its host and port, as the process named them.
    pub server: ServerAddress,
    /// What the phone uses it for, which decides the roles that its certificate needs.
    pub purpose: Purpose,
    /// The descriptor of the local client, for the log.
    pub client: i32,
}

/// Why a local process gets no connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NotOpened {
    /// The server's certificate is not trusted.
    Distrusted(Distrust),
    /// The TLS handshake failed; why, in words.
    Handshake(String),
    /// As many connections are open as there may be, in all or for this user.
    NoSlot,
    /// The server presented another certificate than the one that was judged.
    OtherCertificate(OtherCertificate),
    /// The server cannot be reached; why, in words.
    Unreachable(String),
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Distrusted(distrust) => distrust.fmt(f),
            Self::Handshake(why) | Self::Unreachable(why) => f.write_str(why),
            Self::NoSlot => f.write_str("too many connections are open"),
            Self::OtherCertificate(_) => {
                f.write_str("the server presented another certificate than the one that was judged")
            }
        }
    }
}

/// The connections of one phone.
pub(super) struct Connections {
    /// Those that may be open at once.
    slots: Rc<Places>,
    /// Of HTTPS servers, to be resumed.
    sessions: TlsSessions,
    opened: Cell<u64>,
    refused: Cell<u64>,
    /// How the last ones ended.
    pub(super) ends: Ends,
}

impl Connections {
    pub(super) fn new(slots: Shares) -> Self {
        Self {
            slots: Places::new(slots),
            sessions: TlsSessions::default(),
            opened: Cell::new(0),
            refused: Cell::new(0),
            ends: Ends::default(),
        }
    }

    /// How many are open.
    pub(super) fn open_now(&self) -> usize {
        self.slots.taken()
    }

    /// How many were opened since the start.
    pub(super) fn opened(&self) -> u64 {
        self.opened.get()
    }

    /// How many were refused since the start.
    pub(super) fn refused(&self) -> u64 {
        self.refused.get()
    }

    /// Has every server prove its key again: whom it was that an earlier session began with is no
    /// longer trusted.
    pub(super) fn forget_sessions(&self) {
        self.sessions.forget();
    }

    /// Connects to a server and judges it. The connection takes one of the places that there are
    /// for this user.
    pub(super) async fn open(
        &self,
        tvs: &TvsService,
        around: Around<'_>,
        target: &Target,
        uid: u32,
    ) -> Result<Opened<'_>, NotOpened> {
        let opened = self.try_open(tvs, around, target, uid).await;
        let counter = if opened.is_ok() { &self.opened } else { &self.refused };
        counter.set(counter.get() + 1);
        opened
    }

    async fn try_open(
        &self,
        tvs: &TvsService,
        around: Around<'_>,
        target: &Target,
        uid: u32,
    ) -> Result<Opened<'_>, NotOpened> {
        // Whoever gets here has the right to connect: the service has checked that.
        let standing = if uid == 0 { Requester::Root } else { Requester::Holder };
        let place = self.slots.take(uid, || standing).map_err(|_| NotOpened::NoSlot)?;
        // The place is taken before anything is sent, so that attempts count as connections do.
        let ShownPeer { handshaken, address, judged } = self.meet(tvs, around, target).await?;
        let grant = judged.verdict.map_err(|distrust| {
            refused(address.ip());
            NotOpened::Distrusted(distrust)
        })?;
        let by = grant.by();
        let stream = handshaken.admit(&grant).map_err(|other| {
            refused(address.ip());
            NotOpened::OtherCertificate(other)
        })?;
        let settings = &around.settings.https;
        let limits = ProxyLimits { idle: settings.idle, total: settings.total };
        let (server, number) = (target.server.to_string(), self.ends.number());
        Ok(Opened {
            stream,
            by,
            limits,
            server,
            ends: &self.ends,
            id: (uid, number),
            _place: place,
        })
    }
}

/// A server that has shown its certificate, with the verdict on it; nothing has been sent to it.
pub(super) struct ShownPeer {
    pub(super) handshaken: Handshaken,
    pub(super) address: SocketAddr,
    pub(super) judged: PeerVerdict,
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
impl Connections {
    /// Connects to a server and judges it.
    ///
    /// # Errors
    /// [`NotOpened::Unreachable`], [`NotOpened::Handshake`].
    pub(super) async fn meet(
        &self,
        tvs: &TvsService,
        around: Around<'_>,
        target: &Target,
    ) -> Result<ShownPeer, NotOpened> {
        let met = self.meet_once(tvs, around, target).await?;
        if !met.is_refused_by_an_earlier_certificate() {
            return Ok(met);
        }
        drop(met);
        self.begin_anew(target);
        self.meet_once(tvs, around, target).await
    }

    async fn meet_once(
        &self,
        tvs: &TvsService,
        around: Around<'_>,
        target: &Target,
    ) -> Result<ShownPeer, NotOpened> {
        let (handshaken, address) = self.shake_hands(tvs, around, target).await?;
        if handshaken.is_resumed() {
            say(&Event::SessionResumed { ip: address.ip() });
        }
        let name = tls::certified_name(&target.server.host);
        // A resumed session has the certificate of the handshake that it began with: the walk is
        // the same, and no byte moves before its verdict either.
        let shown = ShownChain {
            purpose: target.purpose,
            certificate: handshaken.certificate(),
            intermediates: handshaken.intermediates(),
            name: name.as_ref(),
            // An authority vouches for many who have no reason to speak old TLS: each is known by
            // itself.
            paths: if handshaken.old_terms().is_some() {
                AuthorityPaths::Ignored
            } else {
                AuthorityPaths::Count
            },
        };
        // The log names a peer by its address: that is what was connected to, whatever its name is.
        let judged = peers::judge(tvs, around, shown, &address.ip().to_string()).await;
        Ok(ShownPeer { handshaken, address, judged })
    }

    async fn shake_hands(
        &self,
        tvs: &TvsService,
        around: Around<'_>,
        target: &Target,
    ) -> Result<(Handshaken, SocketAddr), NotOpened> {
        let mut shaken = self.shake_hands_once(tvs, around, target).await?;
        if let Err(FailedHandshake { failure, address, offered: true, .. }) = &shaken {
            // A server that cannot resume its own session may be able to begin another.
            if *failure != HandshakeFailure::TimedOut {
                say(&Event::HandshakeRefused { ip: address.ip(), why: failure.to_string() });
                self.begin_anew(target);
                shaken = self.shake_hands_once(tvs, around, target).await?;
            }
        }
        match shaken {
            Ok(shaken) => Ok(shaken),
            Err(failed) => failed.again_in_old(around, target).await,
        }
    }

    async fn shake_hands_once(
        &self,
        tvs: &TvsService,
        around: Around<'_>,
        target: &Target,
    ) -> Result<Result<(Handshaken, SocketAddr), FailedHandshake>, NotOpened> {
        let settings = around.settings;
        let (stream, address, descriptor) = connect(settings, around.names, target).await?;
        let (ip, client) = (address.ip(), target.client);
        console::together(|| {
            say(&Event::Connected { ip, client, descriptor });
            say(&Event::HandshakeBegun { ip, client, descriptor });
        });
        // 1024-bit keys are accepted in the handshake only where policy accepts them afterwards.
        let small = settings.policy.min_rsa_bits < 2048;
        let terms = Terms {
            name: tls::server_name(&target.server.host, address),
            keys: if small { SmallKeys::Accept } else { SmallKeys::Refuse },
            within: settings.https.handshake_timeout,
        };
        let failed = |failure, offered| {
            let terms = terms.clone();
            FailedHandshake { failure, address, descriptor, terms, offered }
        };
        let resuming = match self.resuming(tvs, settings, target, terms.keys) {
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

    /// The earlier sessions with a server; `None` if none is to be resumed for this purpose.
    fn resuming(
        &self,
        tvs: &TvsService,
        settings: &Settings,
        target: &Target,
        keys: SmallKeys,
    ) -> Option<Result<Resuming, HandshakeFailure>> {
        let peer = resumable(target)?;
        let span = SessionSpan { now: tvs.now(), ttl: settings.tvs.ttl_max };
        Some(self.sessions.resuming(peer, keys, span))
    }

    /// Forgets the sessions with a server, so that it has to prove its key.
    fn begin_anew(&self, target: &Target) {
        if let Some(peer) = resumable(target) {
            self.sessions.forget_peer(&peer);
            say(&Event::SessionsDropped { server: target.server.to_string() });
        }
    }
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
struct FailedHandshake {
    failure: HandshakeFailure,
    address: SocketAddr,
    descriptor: i32,
    terms: Terms,
    /// Whether it was to resume an earlier session.
    offered: bool,
}

impl FailedHandshake {
    /// Shakes hands in old TLS, if the failure and the settings allow it.
    ///
    /// # Errors
    /// [`NotOpened::Handshake`], which is logged, as exactly as the server's answers allow.
    async fn again_in_old(
        self,
        around: Around<'_>,
        target: &Target,
    ) -> Result<(Handshaken, SocketAddr), NotOpened> {
        let Self { failure, address, descriptor, terms, .. } = self;
        match again_in_old(around, target, (address, &terms), failure).await {
            Ok(handshaken) => Ok((handshaken, address)),
            Err(why) => {
                let (ip, client) = (address.ip(), target.client);
                say(&Event::HandshakeRefused { ip, why: why.clone() });
                say(&Event::HandshakeFailed { ip, client, descriptor });
                refused(ip);
                Err(NotOpened::Handshake(why))
            }
        }
    }
}

/// Shakes hands in old TLS after a failure, if the failure and the settings allow it.
///
/// # Errors
/// Why there is no handshake, in words.
async fn again_in_old(
    around: Around<'_>,
    target: &Target,
    (address, terms): (SocketAddr, &Terms),
    failure: HandshakeFailure,
) -> Result<Handshaken, String> {
    let (settings, purpose) = (around.settings, target.purpose);
    let failed = FailedServer { settings, purpose, address, name: &terms.name };
    let old = failed.after(failure).await?;
    let (ip, client) = (address.ip(), target.client);
    let connected = connect_at(settings, target, address).await;
    let (stream, descriptor) = connected.map_err(|failure| failure.to_string())?;
    say(&Event::Connected { ip, client, descriptor });
    say(&Event::HandshakeBegun { ip, client, descriptor });
    match tls::shake_hands_in_old(stream, terms).await {
        Ok(handshaken) => {
            if let Some(agreed) = handshaken.old_terms() {
                around.legacy.note(ip, agreed);
            }
            Ok(handshaken)
        }
        Err(failure) => Err(old.refused(failure).await),
    }
}

/// Connects to the first address of the server that takes the connection.
async fn connect(
    settings: &Settings,
    names: &Names,
    target: &Target,
) -> Result<(tcp::TcpConnection, SocketAddr, i32), NotOpened> {
    let server = target.server.host.to_string();
    let addresses = match names.resolve(&target.server).await {
        Ok(addresses) => addresses,
        Err(unresolved) => {
            say(&Event::Unresolved { host: server.clone(), why: unresolved.to_string() });
            say(&Event::ConnectionRefused { server: server.clone() });
            return Err(NotOpened::Unreachable(format!("{server} does not resolve")));
        }
    };
    // In the order of the resolver. A TLS failure later is final: the server was reached.
    let mut last = String::new();
    for address in addresses {
        match connect_at(settings, target, address).await {
            Ok((stream, descriptor)) => return Ok((stream, address, descriptor)),
            Err(failure) => {
                last = failure.to_string();
                say(&Event::ConnectFailed { ip: address.ip(), why: last.clone() });
            }
        }
    }
    say(&Event::ConnectionRefused { server });
    Err(NotOpened::Unreachable(last))
}

async fn connect_at(
    settings: &Settings,
    target: &Target,
    address: SocketAddr,
) -> Result<(tcp::TcpConnection, i32), tcp::ConnectFailure> {
    let (ip, port, client) = (address.ip(), address.port(), target.client);
    let family = if address.is_ipv4() { "IPV4" } else { "IPV6" };
    // Bound first: the technote's lines name the descriptor before the connection is made.
    let socket = console::together(|| {
        say(&Event::Connecting { family, ip, port });
        let socket = tcp::UnconnectedSocket::bound(settings.device.address, address)?;
        say(&Event::ConnectWaiting { ip, client, descriptor: socket.descriptor(), port });
        Ok(socket)
    })?;
    let descriptor = socket.descriptor();
    Ok((socket.connect(settings.https.connect_timeout).await?, descriptor))
}

/// Logs that a connection was not opened.
fn refused(ip: IpAddr) {
    say(&Event::ConnectionRefused { server: ip.to_string() });
}

/// An open connection, which takes one of the user's places until it is dropped.
pub struct Opened<'a> {
    stream: tls::TlsConnection,
    by: GrantedBy,
    limits: ProxyLimits,
    server: String,
    ends: &'a Ends,
    /// The user who opened it, and its number.
    id: (u32, u64),
    _place: Place,
}

impl Opened<'_> {
    /// Who vouched for the server.
    #[must_use]
    pub const fn by(&self) -> GrantedBy {
        self.by
    }

    /// Its number, by which its user can ask how it ended.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.id.1
    }

    /// Relays between a local client and the server until the connection ends.
    pub async fn relay<C: AsyncRead + AsyncWrite>(self, client: C) -> Relayed {
        // Noted first: a client that asks as soon as it sees the end must get an answer.
        let mut client = pin!(client);
        let complete = || self.ends.note(self.id, true, "closed by the server");
        let relayed = proxy::relay(client.as_mut(), self.stream, self.limits, complete).await;
        let (server, end) = (self.server, relayed.end.to_string());
        let Relayed { up, down, .. } = relayed;
        // Changes nothing if the server had sent all: only what comes later broke off.
        self.ends.note(self.id, false, &end);
        say(&match relayed.end {
            End::Cut(_) => {
                self.ends.count_cut();
                Event::ConnectionCut { server, end, up, down }
            }
            _ => Event::ConnectionEnded { server, end, up, down },
        });
        relayed
    }
}
