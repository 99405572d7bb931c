//! Sessions of TLS that are kept, to be resumed without another proof of the server's key.
//!
//! A resumed handshake carries no certificate: the server shows that it has the secret of an
//! earlier handshake, in which it proved to hold the key. The certificate of then stays with the
//! session, and is judged again. Kept are the sessions of servers that were admitted, in memory
//! alone, and never beyond the time that was allowed when the key was last proved: resuming does
//! not prolong it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rustls::client::{
    ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::pki_types::{ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, HandshakeKind, NamedGroup};

use crate::io::clock;
use crate::io::tls::algorithms::SmallKeys;
use crate::io::tls::configuration;
use crate::io::tls::failure::HandshakeFailure;
use crate::trust::Purpose;
use crate::wire::address::ServerAddress;

/// The sessions that one phone keeps.
#[derive(Default)]
pub struct TlsSessions {
    /// What handshakes are made under. The library resumes a session only under the verifier that
    /// it began with, so there is one for all of them.
    configuration: RefCell<Option<(SmallKeys, ClientConfig)>>,
    /// Replaced when all are forgotten: what open connections receive later has nowhere to go.
    kept: RefCell<Arc<Mutex<AllSessions>>>,
}

/// A server, and what it is to the phone: a session is for these alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionPeer {
    /// What the phone uses the server for.
    pub purpose: Purpose,
    /// Where it was asked for; the address that a name leads to may be another each time.
    pub server: ServerAddress,
}

/// The time in which a session that begins now may be resumed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionSpan {
    /// The present, on the line of time by which sessions end.
    pub now: Duration,
    /// How long it may be resumed.
    pub ttl: Duration,
}

impl TlsSessions {
    /// What a handshake with a server is made under, with an earlier session if one is kept.
    ///
    /// # Errors
    /// [`HandshakeFailure::Other`] if the library refuses the configuration.
    pub fn resuming(
        &self,
        peer: SessionPeer,
        keys: SmallKeys,
        span: SessionSpan,
    ) -> Result<Resuming, HandshakeFailure> {
        let mut configuration = self.configuration(keys)?;
        let kept = Arc::downgrade(&self.kept.borrow());
        let keeper = Arc::new(Keeper { kept, peer, span, course: Mutex::default() });
        configuration.resumption = Resumption::store(keeper.clone());
        Ok(Resuming { configuration: Arc::new(configuration), keeper })
    }

    fn configuration(&self, keys: SmallKeys) -> Result<ClientConfig, HandshakeFailure> {
        if let Some((of, configuration)) = &*self.configuration.borrow() {
            if *of == keys {
                return Ok(configuration.clone());
            }
        }
        // Sessions that began under the other verifier are of no use any more.
        self.forget();
        let mut configuration = configuration::judged(keys)?;
        configuration.time_provider = Arc::new(SinceStart);
        *self.configuration.borrow_mut() = Some((keys, configuration.clone()));
        Ok(configuration)
    }

    /// Forgets all sessions, those that open connections have still to receive included.
    pub fn forget(&self) {
        self.kept.take();
    }

    /// Forgets the sessions with one server.
    pub fn forget_peer(&self, peer: &SessionPeer) {
        locked(&self.kept.borrow()).forget_peer(peer);
    }
}

impl fmt::Debug for TlsSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsSessions")
    }
}

/// What one handshake is made under, and where its session goes.
pub struct Resuming {
    pub(super) configuration: Arc<ClientConfig>,
    pub(super) keeper: Arc<Keeper>,
}

impl Resuming {
    /// Whether an earlier session was taken for this handshake.
    #[must_use]
    pub fn has_offered(&self) -> bool {
        locked(&self.keeper.course).offered.is_some()
    }
}

impl fmt::Debug for Resuming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resuming").field("keeper", &self.keeper).finish_non_exhaustive()
    }
}

/// One connection's access to the sessions: it has those of its own server alone, and adds to them
/// once that is admitted.
pub(super) struct Keeper {
    kept: Weak<Mutex<AllSessions>>,
    peer: SessionPeer,
    span: SessionSpan,
    course: Mutex<Course>,
}

/// How far the connection has come.
#[derive(Default)]
struct Course {
    /// When the session ends that was taken for the handshake.
    offered: Option<Duration>,
    /// A session that was received before the server was admitted: TLS 1.2 has it by then.
    early: Option<TlsSession>,
    /// When the sessions end that this connection receives; nothing before the server is admitted.
    ends: Option<Duration>,
}

impl Keeper {
    /// The server is trusted: from now on its sessions are kept.
    pub(super) fn admit(&self, kind: Option<HandshakeKind>) {
        let mut course = locked(&self.course);
        course.ends = match kind {
            // The key was proved when the earlier session began, not now.
            Some(HandshakeKind::Resumed) => course.offered,
            _ => Some(self.span.now.saturating_add(self.span.ttl)),
        };
        let early = course.early.take();
        drop(course);
        if let Some(session) = early {
            self.keep(session);
        }
    }

    fn keep(&self, session: TlsSession) {
        let ends = locked(&self.course).ends;
        let Some(ends) = ends else {
            locked(&self.course).early = Some(session);
            return;
        };
        if let Some(kept) = self.kept.upgrade() {
            locked(&kept).insert(KeptSession { peer: self.peer.clone(), ends, session });
        }
    }

    /// Looks for a session, and notes that the handshake has it.
    fn offer<T>(&self, find: impl FnOnce(&mut AllSessions) -> Option<(T, Duration)>) -> Option<T> {
        let kept = self.kept.upgrade()?;
        locked(&kept).0.retain(|session| session.ends > self.span.now);
        let found = find(&mut locked(&kept));
        let (session, ends) = found?;
        locked(&self.course).offered = Some(ends);
        Some(session)
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("peer", &self.peer).finish_non_exhaustive()
    }
}

/// The name is that of the peer in all calls: a keeper belongs to one.
impl ClientSessionStore for Keeper {
    fn set_kx_hint(&self, _name: ServerName<'static>, _group: NamedGroup) {}

    fn kx_hint(&self, _name: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.keep(TlsSession::Tls12(value));
    }

    fn tls12_session(&self, _name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.offer(|kept| {
            let mut own = kept.0.iter().filter(|session| session.peer == self.peer);
            own.find_map(|session| match &session.session {
                TlsSession::Tls12(value) => Some((value.clone(), session.ends)),
                TlsSession::Tls13(_) => None,
            })
        })
    }

    fn remove_tls12_session(&self, _name: &ServerName<'static>) {
        if let Some(kept) = self.kept.upgrade() {
            locked(&kept).0.retain(|session| !session.is_tls12_with(&self.peer));
        }
    }

    fn insert_tls13_ticket(&self, _name: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.keep(TlsSession::Tls13(value));
    }

    fn take_tls13_ticket(&self, _name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.offer(|kept| {
            // The newest one, and for one connection only (RFC 8446 appendix C.4).
            let is_ticket = |session: &KeptSession| {
                session.peer == self.peer && matches!(session.session, TlsSession::Tls13(_))
            };
            let KeptSession { session, ends, .. } =
                kept.0.remove(kept.0.iter().rposition(is_ticket)?)?;
            match session {
                TlsSession::Tls13(value) => Some((value, ends)),
                TlsSession::Tls12(_) => None,
            }
        })
    }
}

/// All sessions, oldest first. The library wipes the secret of one that is dropped.
#[derive(Default)]
struct AllSessions(VecDeque<KeptSession>);

struct KeptSession {
    peer: SessionPeer,
    ends: Duration,
    session: TlsSession,
}

enum TlsSession {
    /// May be resumed any number of times.
    Tls12(Tls12ClientSessionValue),
    /// A ticket for one connection.
    Tls13(Tls13ClientSessionValue),
}

impl KeptSession {
    fn is_tls12_with(&self, peer: &SessionPeer) -> bool {
        self.peer == *peer && matches!(self.session, TlsSession::Tls12(_))
    }
}

impl AllSessions {
    fn insert(&mut self, new: KeptSession) {
        match new.session {
            // One is enough for any number of connections.
            TlsSession::Tls12(_) => self.forget_peer(&new.peer),
            TlsSession::Tls13(_) => self.make_room(&new.peer),
        }
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(new);
    }

    fn make_room(&mut self, peer: &SessionPeer) {
        let of_peer = |session: &KeptSession| session.peer == *peer;
        if self.0.iter().filter(|session| of_peer(session)).count() >= PER_PEER {
            let oldest = self.0.iter().position(of_peer);
            oldest.and_then(|oldest| self.0.remove(oldest));
        }
    }

    fn forget_peer(&mut self, peer: &SessionPeer) {
        self.0.retain(|session| session.peer != *peer);
    }
}

/// The time for the lifetimes that servers name: it is not set, and goes on while the phone sleeps.
#[derive(Debug)]
struct SinceStart;

impl TimeProvider for SinceStart {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(clock::since_start()))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // There is one thread: the library asks for what several could share.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sessions with one server: as many connections as an application has at once find a ticket each.
/// Inferred; rustls itself has 8, and servers issue one or two a connection.
const PER_PEER: usize = 8;

/// Sessions with all servers. Inferred: a phone has a handful of servers; with the longest tickets
/// and certificates that the library takes, 64 KiB each, they take up 8 MiB, and usually 200 KiB.
const MOST: usize = 64;

#[cfg(test)]
mod tests;
