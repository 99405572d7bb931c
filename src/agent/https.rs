//! HTTPS connections for the phone's other processes: connected, judged, and only then opened.

use std::fmt;
use std::net::SocketAddr;

use log::{error, info, warn};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::SemaphorePermit;

use crate::agent::{Agent, SECD};
use crate::io::proxy::{self, Limits, Relayed};
use crate::io::settings::ServerAddress;
use crate::io::tls::{self, Handshaken, SmallKeys, Terms};
use crate::io::{clock, resolve, tcp};
use crate::trust::decide::step::{Authority, Cached, Step};
use crate::trust::decide::{self, AtHand, Decision, Stranger, Walk};
use crate::trust::peer::Shown;
use crate::trust::{Distrust, Grant, GrantedBy, Purpose};

/// What a local process wants to talk to.
#[derive(Clone, Debug)]
pub struct Target {
    /// The server.
    pub server: ServerAddress,
    /// What it is to the phone.
    pub purpose: Purpose,
    /// The descriptor of the local client, for the log.
    pub client: i32,
}

/// Why a local process gets no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotOpened {
    /// The server's certificate is not believed.
    Distrusted(Distrust),
    /// No TLS with this server.
    Handshake(String),
    /// As many connections as may be are open.
    NoSlot,
    /// The server cannot be reached.
    Unreachable(String),
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Distrusted(distrust) => distrust.fmt(f),
            Self::Handshake(why) | Self::Unreachable(why) => f.write_str(why),
            Self::NoSlot => f.write_str("too many connections are open"),
        }
    }
}

impl Agent {
    /// Opens a connection and relays between it and a local client until it ends.
    ///
    /// # Errors
    /// [`NotOpened`]; not an octet has been exchanged then.
    pub async fn serve_https<C: AsyncRead + AsyncWrite>(
        &self,
        target: &Target,
        client: C,
    ) -> Result<Relayed, NotOpened> {
        Ok(self.open(target).await?.relay(client).await)
    }

    /// Connects to a server and judges it. The connection takes one of the places there are.
    ///
    /// # Errors
    /// [`NotOpened`].
    pub async fn open(&self, target: &Target) -> Result<Opened<'_>, NotOpened> {
        let opened = self.try_open(target).await;
        let counter = match opened {
            Ok(_) => &self.counters.connections,
            Err(_) => &self.counters.refused,
        };
        counter.set(counter.get() + 1);
        opened
    }

    async fn try_open(&self, target: &Target) -> Result<Opened<'_>, NotOpened> {
        let place = self.slots.try_acquire().map_err(|_| NotOpened::NoSlot)?;
        let (handshaken, address) = self.shake_hands(target).await?;
        let name = tls::server_name(&target.server.host, address);
        let shown = Shown {
            purpose: target.purpose,
            certificate: handshaken.certificate(),
            intermediates: handshaken.intermediates(),
            name: &name,
        };
        let grant = match self.judge_peer(shown, &address.ip().to_string()).await {
            Ok(grant) => grant,
            Err(distrust) => {
                told(target, address, None);
                return Err(NotOpened::Distrusted(distrust));
            }
        };
        let by = grant.by();
        // The grant was made from this handshake: only a fault of ours can part them.
        let stream = handshaken
            .admit(&grant)
            .map_err(|_| NotOpened::Distrusted(Distrust::OtherCertificate))?;
        let settings = &self.settings().https;
        let limits = Limits { idle: settings.idle, total: settings.total };
        Ok(Opened { stream, by, limits, server: target.server.to_string(), _place: place })
    }

    async fn shake_hands(&self, target: &Target) -> Result<(Handshaken, SocketAddr), NotOpened> {
        let configuration = self.settings();
        let settings = &configuration.https;
        let (stream, address, descriptor) = self.connect(target).await?;
        let (ip, client) = (address.ip(), target.client);
        info!(target: SECD, "clpSetupSsl: TCP connected, <{ip}> c:{client} s:{descriptor}");
        info!(target: SECD, "clpSetupSsl: start SSL/TLS handshake, <{ip}> c:{client} s:{descriptor}");
        let small = self.settings().policy.min_rsa_bits < 2048;
        let name = tls::server_name(&target.server.host, address);
        let terms = Terms {
            name: name.clone(),
            keys: if small { SmallKeys::Accept } else { SmallKeys::Refuse },
            within: settings.handshake_timeout,
        };
        match tls::shake_hands(stream, terms).await {
            Ok(handshaken) => Ok((handshaken, address)),
            Err(failure) => {
                let failure = failure.explained(address, &name).await;
                error!(target: SECD, "EROR:clpState: SSL_connect:failed, <{ip}>: {failure}");
                told(target, address, Some(descriptor));
                Err(NotOpened::Handshake(failure.to_string()))
            }
        }
    }

    /// Connects to the first address of the server that takes the connection.
    async fn connect(&self, target: &Target) -> Result<(tcp::Stream, SocketAddr, i32), NotOpened> {
        let mut last = format!("{} does not resolve", target.server.host);
        for address in resolve::all(std::slice::from_ref(&target.server)).await {
            let (ip, port, client) = (address.ip(), address.port(), target.client);
            let family = if address.is_ipv4() { "IPV4" } else { "IPV6" };
            info!(target: SECD, "clpSetupSsl: Trying to connect to {family}, IP: {ip}, Port : {port}");
            let attempt = async {
                let socket = tcp::Socket::bound(address)?;
                let descriptor = socket.descriptor();
                info!(
                    target: SECD,
                    "clpSetupSsl: TCP connect() waiting, <{ip}> c:{client} s:{descriptor} port: {port}"
                );
                let stream = socket.connect(self.settings().https.connect_timeout).await?;
                Ok::<_, tcp::Failure>((stream, descriptor))
            };
            match attempt.await {
                Ok((stream, descriptor)) => return Ok((stream, address, descriptor)),
                Err(failure) => {
                    error!(target: SECD, "EROR:clpSetupSsl: TCP connect() failed, <{ip}>: {failure}");
                    last = failure.to_string();
                }
            }
        }
        error!(target: SECD, "EROR:clpSndStatus: SSL CLNT ERR, srvr<{}>", target.server.host);
        Err(NotOpened::Unreachable(last))
    }

    /// Judges a peer, by what is at hand and then by TVS. `called` is what the log calls it.
    ///
    /// # Errors
    /// [`Distrust`].
    pub(super) async fn judge_peer(
        &self,
        shown: Shown<'_>,
        called: &str,
    ) -> Result<Grant, Distrust> {
        self.walk(shown, called).await.verdict
    }

    /// The verdict on a peer with the whole way to it.
    async fn walk(&self, shown: Shown<'_>, called: &str) -> Walk<Result<Grant, Distrust>> {
        info!(target: SECD, "srvr_cert_vfy: Server Certificate Validation needs to be done");
        let Walk { steps, verdict } = self.judge_at_hand(shown);
        say_all(&steps, called);
        let judged = match verdict {
            Decision::Trust(grant) => Walk { steps, verdict: Ok(grant) },
            Decision::Refuse(distrust) => Walk { steps, verdict: Err(distrust) },
            Decision::Ask(stranger) => self.asked(&stranger, called).await.after(steps),
        };
        match &judged.verdict {
            Ok(grant) => trusted(grant.by(), called),
            Err(distrust) => {
                error!(target: SECD, "EROR:https_cert_vfy: HTTPS cert not trusted, <{called}>: {distrust}");
            }
        }
        judged
    }

    fn judge_at_hand<'a>(&self, shown: Shown<'a>) -> Walk<Decision<Grant, Stranger<'a>>> {
        let at_hand = AtHand {
            anchors: &self.anchors(),
            cache: &self.cache.borrow(),
            now: clock::now(),
            instant: self.timeline.now(),
        };
        decide::peer(shown, &at_hand)
    }

    /// Asks the service about a stranger.
    async fn asked(&self, stranger: &Stranger<'_>, called: &str) -> Walk<Result<Grant, Distrust>> {
        let answer = self.ask_peer(stranger.purpose(), stranger.certificate()).await;
        let settled = stranger.settled(answer.as_ref().map_err(Clone::clone), clock::now());
        say_all(&settled.steps, called);
        settled
    }
}

/// An open connection, in one of the places there are.
pub struct Opened<'a> {
    stream: tls::Stream,
    by: GrantedBy,
    limits: Limits,
    server: String,
    _place: SemaphorePermit<'a>,
}

impl Opened<'_> {
    /// Who vouched for the server.
    #[must_use]
    pub const fn by(&self) -> GrantedBy {
        self.by
    }

    /// Relays between a local client and the server until the connection ends.
    pub async fn relay<C: AsyncRead + AsyncWrite>(self, client: C) -> Relayed {
        let relayed = proxy::relay(client, self.stream, self.limits).await;
        let Relayed { up, down, end } = &relayed;
        info!(target: SECD, "clpState: connection to {} {end}, {up} octets up, {down} down", self.server);
        relayed
    }
}

/// The lines of a connection that was not opened.
fn told(target: &Target, address: SocketAddr, descriptor: Option<i32>) {
    let (ip, client) = (address.ip(), target.client);
    if let Some(descriptor) = descriptor {
        error!(
            target: SECD,
            "EROR:clpSetupSsl: ** SSL handshake failed, <{ip}> c:{client} s:{descriptor}"
        );
    }
    error!(target: SECD, "EROR:clpSndStatus: SSL CLNT ERR, srvr<{ip}>");
}

/// The lines of the way to a verdict.
fn say_all(steps: &[Step], called: &str) {
    steps.iter().for_each(|step| say(step, called));
}

fn say(step: &Step, called: &str) {
    match step {
        Step::Exact(kind, _) => {
            info!(target: SECD, "findByCertAndRoleInTL: Searching TL from {} file", kind.word());
        }
        Step::Authority(kind, Authority::NoPath(no_path)) => {
            info!(target: SECD, "findCaInTL: {}: {no_path}", kind.word());
        }
        Step::Cache(found) => {
            error!(target: SECD, "EROR:https_cert_vfy: HTTPS cert not in CTL, <{called}>");
            info!(target: SECD, "processTvsClntReq: TVS Certificate Authentication request");
            searched_cache(found);
        }
        Step::Oddity(warning) => warn!(target: SECD, "srvr_cert_vfy: <{called}>: {warning}"),
        // A path that was found is said with the verdict, an answer where it comes in.
        Step::Authority(..) | Step::Tvs(_) => {}
    }
}

fn searched_cache(found: &Cached) {
    let Cached::Hit(warnings) = found else {
        info!(target: SECD, "lookupAuthCertTvsCacheEntry: No matching entry found at cache");
        return;
    };
    info!(target: SECD, "lookupAuthCertTvsCacheEntry: Matching entry found at cache");
    for warning in warnings {
        warn!(target: SECD, "lookupAuthCertTvsCacheEntry: {warning}");
    }
}

fn trusted(by: GrantedBy, called: &str) {
    match by {
        GrantedBy::Cache => info!(target: SECD, "Authenticated the HTTPS conn via TVS cache"),
        GrantedBy::Listed(kind) => {
            info!(target: SECD, "https_cert_vfy: HTTPS cert in {}, <{called}>", kind.word());
        }
        GrantedBy::Path(kind) => {
            info!(target: SECD, "https_cert_vfy: HTTPS cert under a CA in {}, <{called}>", kind.word());
        }
        // The technote's firmware says this as an error.
        GrantedBy::Tvs => error!(target: SECD, "Authenticated the HTTPS conn via TVS"),
    }
}
