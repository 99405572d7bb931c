//! HTTPS connections for the phone's other processes: connected, judged, and only then opened.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::agent::ends::Ends;
use crate::agent::narrate::say;
use crate::agent::tvs::{Around, TvsService};
use crate::boot::Event;
use crate::io::places::{Place, Places, Requester, Shares};
use crate::io::proxy::{self, End, ProxyLimits, Relayed};
use crate::io::tls::{TlsConnection, TlsSessions};
use crate::trust::{GrantedBy, Purpose};

mod dial;
mod handshake;
mod signalling;
mod target;

pub(super) use handshake::ShownPeer;
pub use target::{NotOpened, Target};

use dial::refused;
use handshake::{Meeting, admitted};

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
        let (stream, by) = match target.purpose {
            Purpose::Signalling => signalling::open(tvs, around, target).await?,
            _ => self.open_stream(tvs, around, target).await?,
        };
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
        Meeting { sessions: &self.sessions, tvs, around, target }.meet().await
    }

    async fn open_stream(
        &self,
        tvs: &TvsService,
        around: Around<'_>,
        target: &Target,
    ) -> Result<(TlsConnection, GrantedBy), NotOpened> {
        let ShownPeer { handshaken, address, judged } = self.meet(tvs, around, target).await?;
        let grant = judged.verdict.map_err(|distrust| {
            refused(address.ip());
            NotOpened::Distrusted(distrust)
        })?;
        admitted(handshaken, &grant, address)
    }
}

/// An open connection, which takes one of the user's places until it is dropped.
pub struct Opened<'a> {
    stream: TlsConnection,
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
