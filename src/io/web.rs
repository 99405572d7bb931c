//! Sockets of the phone's web page: a door to a network. Bounded in connections, in bytes, and in
//! time. Who may come in, and what is answered, is not decided here.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use rustix::net::sockopt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::io::reason::why;
use crate::wire::http::{MAX_REQUEST, end_of_head};

/// A socket that listens for clients.
#[derive(Debug)]
pub struct WebListener {
    inner: TcpListener,
}

impl WebListener {
    /// Listens at an address, which the phone need not have yet: DHCP may bring it later.
    ///
    /// Must run inside a tokio runtime.
    ///
    /// # Errors
    /// [`WebNotOpen`].
    pub fn open(address: SocketAddr) -> Result<Self, WebNotOpen> {
        let listen = || {
            let socket = match address {
                SocketAddr::V4(_) => TcpSocket::new_v4()?,
                SocketAddr::V6(_) => TcpSocket::new_v6()?,
            };
            // The connections of an agent that ended a moment ago are not in the way (socket(7)).
            socket.set_reuseaddr(true)?;
            match address {
                SocketAddr::V4(_) => sockopt::set_ip_freebind(&socket, true)?,
                SocketAddr::V6(_) => sockopt::set_ipv6_freebind(&socket, true)?,
            }
            socket.bind(address)?;
            socket.listen(BACKLOG)
        };
        let inner = listen().map_err(|source| WebNotOpen { address, source })?;
        Ok(Self { inner })
    }

    /// Where it listens; of port 0, the port that the system chose.
    ///
    /// # Errors
    /// The system's reason.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

/// Why nobody listens at an address.
#[derive(Debug)]
pub struct WebNotOpen {
    /// Where it should have been.
    pub address: SocketAddr,
    /// The reason that the system reported.
    pub source: io::Error,
}

impl fmt::Display for WebNotOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.source.kind() {
            io::ErrorKind::AddrInUse => "another process listens there, choose another port".into(),
            // capabilities(7), CAP_NET_BIND_SERVICE.
            io::ErrorKind::PermissionDenied => {
                "ports below 1024 need root or CAP_NET_BIND_SERVICE, choose another port".into()
            }
            _ => why(&self.source),
        };
        write!(f, "{}: cannot listen, {why}", self.address)
    }
}

impl std::error::Error for WebNotOpen {}

/// Accepts clients for ever. `admits` returns among how many a client may be; each that it lets in is
/// passed to `serve`, which must not wait
/// for it. All others are closed without a byte.
///
/// While all places are taken, who has not yet sent a request makes room, or has its answer and does
/// not close, the first of them first: those who dawdle keep nobody out.
pub async fn accept(
    listener: &WebListener,
    rooms: &Rc<WebRooms>,
    admits: impl Fn(IpAddr) -> Option<usize>,
    serve: impl Fn(WebClient),
    notice: impl Fn(WebTrouble),
) {
    let mut pause = ACCEPT_PAUSE;
    loop {
        let (stream, peer) = match listener.inner.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                notice(WebTrouble::Accept(error));
                sleep(pause).await;
                // A shortage may last: it is logged less and less often.
                pause = (pause * 2).min(ACCEPT_PAUSE_MAX);
                continue;
            }
        };
        pause = ACCEPT_PAUSE;
        // Those who come and go without end must not keep everything else waiting.
        yield_now().await;
        // A socket for both families shows IPv4 as a part of IPv6.
        let peer = peer.ip().to_canonical();
        let Some(connections) = admits(peer) else { continue };
        match rooms.take(connections) {
            Some(place) => serve(WebClient::new(stream, peer, place)),
            None => notice(WebTrouble::Crowded(peer)),
        }
    }
}

/// What keeps clients out.
#[derive(Debug)]
pub enum WebTrouble {
    /// No connection can be accepted for a moment.
    Accept(io::Error),
    /// All places are taken by clients that are being answered: this one was closed.
    Crowded(IpAddr),
}

/// The places of clients.
#[derive(Debug, Default)]
pub struct WebRooms {
    taken: Cell<usize>,
    /// Who has not yet sent a request, or has its answer, the first first.
    waiting: RefCell<VecDeque<Rc<Notify>>>,
}

impl WebRooms {
    /// How many places are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken.get()
    }

    /// A place among so many. Where all are taken, it is that of a client that can make room.
    fn take(self: &Rc<Self>, connections: usize) -> Option<WebPlace> {
        if self.taken() >= connections {
            self.waiting.borrow_mut().pop_front()?.notify_one();
        }
        self.taken.set(self.taken() + 1);
        let place = WebPlace { rooms: self.clone(), put_out: Rc::default() };
        place.offer();
        Some(place)
    }
}

/// A place, released when dropped.
#[derive(Debug)]
struct WebPlace {
    rooms: Rc<WebRooms>,
    /// Notified when it is given to somebody else.
    put_out: Rc<Notify>,
}

impl WebPlace {
    /// From now on it is given to who comes when there is no other.
    fn offer(&self) {
        self.rooms.waiting.borrow_mut().push_back(self.put_out.clone());
    }

    /// From now on it is not given to anybody else.
    fn settle(&self) {
        self.rooms.waiting.borrow_mut().retain(|other| !Rc::ptr_eq(other, &self.put_out));
    }
}

impl Drop for WebPlace {
    fn drop(&mut self) {
        self.settle();
        self.rooms.taken.set(self.rooms.taken() - 1);
    }
}

/// One client, with its place among all.
#[derive(Debug)]
pub struct WebClient {
    stream: TcpStream,
    /// Where it comes from.
    pub peer: IpAddr,
    place: WebPlace,
}

impl WebClient {
    fn new(stream: TcpStream, peer: IpAddr, place: WebPlace) -> Self {
        // Of a client that has vanished without a word, nothing waits longer than that. Without it,
        // the time bounds of each step hold.
        let millis = u32::try_from(UNACKNOWLEDGED.as_millis()).unwrap_or(u32::MAX);
        let _best_effort = sockopt::set_tcp_user_timeout(&stream, millis);
        Self { stream, peer, place }
    }

    /// The head of its request, up to the empty line and with it. What follows is not looked at.
    ///
    /// # Errors
    /// [`WebGone`].
    pub async fn head(&mut self) -> Result<Vec<u8>, WebGone> {
        let due = Instant::now() + HEAD;
        let put_out = self.place.put_out.clone();
        let head = tokio::select! {
            head = timeout_at(due, self.read_head()) => head.map_err(|_| WebGone::Silent)?,
            () = put_out.notified() => return Err(WebGone::PutOut),
        };
        self.place.settle();
        head
    }

    async fn read_head(&mut self) -> Result<Vec<u8>, WebGone> {
        let mut head = Vec::new();
        loop {
            let mut buffer = [0; 1024];
            let length = match self.stream.read(&mut buffer).await {
                Ok(0) => return Err(WebGone::Closed),
                Ok(length) => length,
                Err(error) => return Err(WebGone::Broken(error)),
            };
            let looked_at = head.len();
            head.extend_from_slice(buffer.get(..length).unwrap_or_default());
            match end_of_head(&head, looked_at) {
                Some(end) if end <= MAX_REQUEST => {
                    head.truncate(end);
                    return Ok(head);
                }
                None if head.len() < MAX_REQUEST => {}
                _ => return Err(WebGone::TooLong),
            }
        }
    }

    /// Sends something. A client that does not read is not waited for.
    ///
    /// # Errors
    /// [`WebGone`].
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), WebGone> {
        match timeout(UNREAD, self.stream.write_all(bytes)).await {
            Ok(sent) => sent.map_err(WebGone::Broken),
            Err(_) => Err(WebGone::NotReading),
        }
    }

    /// Waits until the client closes, or sends something out of turn.
    pub async fn leaves(&mut self) {
        let mut byte = [0];
        let _either = self.stream.read(&mut byte).await;
    }

    /// Ends the connection so that what was sent arrives: a socket that is closed over unread bytes
    /// takes back what the client has not read yet (RFC 9112 §9.6).
    pub async fn close(mut self) {
        let linger = async {
            self.stream.shutdown().await?;
            let (mut buffer, mut left) = ([0; 1024], LINGER_BYTES);
            while left > 0 {
                match self.stream.read(&mut buffer).await? {
                    0 => break,
                    length => left = left.saturating_sub(length),
                }
            }
            io::Result::Ok(())
        };
        self.place.offer();
        tokio::select! {
            _gone_already = timeout(LINGER, linger) => {}
            () = self.place.put_out.notified() => {}
        }
    }
}

/// Why a client is not answered, or not any longer.
#[derive(Debug)]
pub enum WebGone {
    /// The system reported an error of the connection.
    Broken(io::Error),
    /// It closed before its request was complete.
    Closed,
    /// It does not read what it asked for.
    NotReading,
    /// Its place was given to somebody else before it had sent a request.
    PutOut,
    /// It sent no complete request in its time.
    Silent,
    /// The head of its request exceeds [`MAX_REQUEST`].
    TooLong,
}

impl fmt::Display for WebGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(error) => write!(f, "the connection failed, {}", why(error)),
            Self::Closed => f.write_str("closed before its request was complete"),
            Self::NotReading => f.write_str("does not read the answer"),
            Self::PutOut => f.write_str("made room before its request was complete"),
            Self::Silent => write!(f, "no complete request in {} seconds", HEAD.as_secs()),
            Self::TooLong => write!(f, "the head of its request exceeds {} KiB", MAX_REQUEST >> 10),
        }
    }
}

/// Connections that wait in the kernel; inferred: more than any browser opens.
const BACKLOG: u32 = 64;

/// A head comes within this time; inferred: longer than a line of 1 KiB/s needs.
const HEAD: Duration = Duration::from_secs(10);

/// A part of an answer is taken within this time, else the client is dropped; inferred.
const UNREAD: Duration = Duration::from_secs(10);

/// What was sent is acknowledged within this time (tcp(7), TCP_USER_TIMEOUT); inferred.
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);

/// How long, and over how many bytes, a client is waited for to close; inferred.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 64 << 10;

/// Pauses after an error of accepting, such as no descriptors left; inferred.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const ACCEPT_PAUSE_MAX: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_who_dawdles_makes_room_and_who_is_answered_does_not() {
        let rooms = Rc::new(WebRooms::default());
        let answered = rooms.take(3).expect("a place");
        answered.settle();
        let (first, second) = (rooms.take(3).expect("a place"), rooms.take(3).expect("a place"));
        let third = rooms.take(3).expect("the place of the first");
        assert_eq!(rooms.waiting.borrow().len(), 2);
        assert!(!rooms.waiting.borrow().iter().any(|it| Rc::ptr_eq(it, &first.put_out)));
        drop(first);
        assert_eq!(rooms.taken(), 3);
        second.settle();
        third.settle();
        assert!(rooms.take(3).is_none(), "all are being answered");
        second.offer();
        let fourth = rooms.take(3).expect("the place of who has its answer");
        fourth.settle();
        assert!(rooms.take(3).is_none(), "once");
        drop((answered, second, third, fourth));
        assert_eq!((rooms.taken(), rooms.waiting.borrow().len()), (0, 0));
    }
}
