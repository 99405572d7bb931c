//! The local socket: a hostile door. Bounded in connections, in octets, and in time.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout, timeout_at};

mod caller;
mod descriptor;
mod groups;

pub use caller::{Caller, Failure, Refusal, Replies};
pub use groups::{Supplementary, Untold};

use super::files::why;
use crate::wire::varlink::{Call, Frames, MAX_MESSAGE, NotACall, Reply};

/// How much of the agent local clients may take up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections in all; further ones wait to be accepted.
    pub connections: usize,
    /// Connections of one user; further ones are closed.
    pub per_user: usize,
    /// Longest pause between two calls.
    pub idle: Duration,
}

/// The socket that clients connect to.
#[derive(Debug)]
pub struct Listener {
    inner: UnixListener,
    /// What to remove in the end; nothing if the socket was handed to us.
    path: Option<PathBuf>,
}

impl Listener {
    /// The socket that init has opened for us, if it has, else one at `path`.
    ///
    /// Must run inside a tokio runtime.
    ///
    /// # Errors
    /// With the path, if the socket cannot be opened, or another process listens there.
    pub fn open(path: &Path, mode: u32) -> Result<Self, NotOpen> {
        let failed = |source| NotOpen { path: path.to_path_buf(), source };
        let handed = listenfd::ListenFd::from_env().take_unix_listener(0).map_err(failed)?;
        if let Some(listener) = handed {
            listener.set_nonblocking(true).map_err(failed)?;
            let inner = UnixListener::from_std(listener).map_err(failed)?;
            return Ok(Self { inner, path: None });
        }
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(FOLDER).create(folder).map_err(failed)?;
        }
        remove_stale(path).map_err(failed)?;
        let inner = UnixListener::bind(path).map_err(failed)?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(failed)?;
        Ok(Self { inner, path: Some(path.to_path_buf()) })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _gone_already = fs::remove_file(path);
        }
    }
}

/// Removes a socket that nobody listens to any more.
fn remove_stale(path: &Path) -> io::Result<()> {
    let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(()) };
    if !metadata.file_type().is_socket() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(_) => fs::remove_file(path),
    }
}

/// Why there is no socket.
#[derive(Debug)]
pub struct NotOpen {
    /// Where.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl fmt::Display for NotOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: no socket, {}", self.path.display(), why(&self.source))
    }
}

impl std::error::Error for NotOpen {}

/// Who is at the other end, by the kernel's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// User.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Process, where the kernel tells.
    pub pid: Option<i32>,
    /// Its other groups.
    pub groups: Supplementary,
}

/// Who has connected.
fn peer(stream: &UnixStream) -> io::Result<Peer> {
    let credentials = stream.peer_cred()?;
    let (uid, gid, pid) = (credentials.uid(), credentials.gid(), credentials.pid());
    Ok(Peer { uid, gid, pid, groups: Supplementary::of(stream, uid, gid, pid) })
}

/// One client.
#[derive(Debug)]
pub struct Client {
    stream: UnixStream,
    frames: Frames,
    idle: Duration,
    /// What goes with the next reply.
    attached: RefCell<Option<OwnedFd>>,
    /// Descriptors that went with replies.
    handed_over: Cell<usize>,
    /// Who it is.
    pub peer: Peer,
    _slot: Slot,
}

impl Client {
    /// The next call.
    ///
    /// # Errors
    /// [`Gone`]; the connection is of no use any more, except after [`Gone::NotACall`], which can
    /// still be answered.
    pub async fn call(&mut self) -> Result<Call, Gone> {
        // Of a call that nobody wanted a reply to.
        self.attached.take();
        let mut due = Instant::now() + self.idle;
        let mut midway = false;
        loop {
            if let Some(message) = self.frames.message().map_err(|_| Gone::TooLong)? {
                return Call::parse(&message).map_err(Gone::NotACall);
            }
            if !self.frames.is_empty() && !midway {
                midway = true;
                due = due.min(Instant::now() + MIDWAY);
            }
            match timeout_at(due, self.receive()).await {
                Err(_) => return Err(Gone::Silent),
                Ok(Ok(0)) => return Err(Gone::Closed),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(Gone::Broken(error)),
            }
        }
    }

    /// Takes in what has come; gives how many octets that was. The buffer is there only while there
    /// is something: a client that waits costs little.
    async fn receive(&mut self) -> io::Result<usize> {
        loop {
            self.stream.readable().await?;
            let mut buffer = [0; 4096];
            match self.stream.try_read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
                Ok(length) => {
                    self.frames.feed(buffer.get(..length).unwrap_or_default());
                    return Ok(length);
                }
            }
        }
    }

    /// Sends a reply. A client that does not read is not waited for.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn reply(&mut self, reply: &Reply) -> Result<(), Gone> {
        match timeout(UNREAD, self.send(&reply.emit())).await {
            Ok(sent) => sent.map_err(Gone::Broken),
            Err(_) => Err(Gone::NotReading),
        }
    }

    /// Hands a descriptor over with the next reply.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn attach(&self, descriptor: OwnedFd) -> Result<(), TooMany> {
        let count = self.handed_over.get();
        if count >= HANDED_OVER {
            return Err(TooMany);
        }
        self.handed_over.set(count + 1);
        self.attached.replace(Some(descriptor));
        Ok(())
    }

    async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let sent = match self.attached.take() {
            Some(descriptor) => descriptor::send(&self.stream, message, &descriptor).await?,
            None => 0,
        };
        self.stream.write_all(message.get(sent..).unwrap_or_default()).await
    }

    /// Waits until the client closes, or sends something out of turn.
    pub async fn leaves(&mut self) {
        let mut octet = [0];
        let _either = self.stream.read(&mut octet).await;
    }

    /// Waits until the client hangs up. What it sends meanwhile belongs to what its connection is
    /// to become; a client that only ends its own half still waits for the other.
    pub async fn hangs_up(&mut self) {
        while self.frames.len() <= MAX_MESSAGE {
            match self.receive().await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
        while !self.is_closed().await {
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Whether both halves are closed, as far as is known by now: word of it may come after the end
    /// of the one that is read. One of the two is always ready, so that this does not wait.
    async fn is_closed(&self) -> bool {
        let ready = self.stream.ready(Interest::READABLE | Interest::WRITABLE).await;
        ready.map_or(true, |ready| ready.is_write_closed())
    }

    /// The descriptor, for the log.
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.stream.as_raw_fd()
    }

    /// The bare stream, and what the client has sent beyond its last call.
    #[must_use]
    pub fn upgrade(self) -> (Upgraded, Vec<u8>) {
        (Upgraded { stream: self.stream, slot: self._slot }, self.frames.rest())
    }
}

/// As many descriptors went over this connection as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// A connection that has become a stream; it still counts.
#[derive(Debug)]
pub struct Upgraded {
    /// The stream.
    pub stream: UnixStream,
    #[expect(dead_code, reason = "held for as long as the stream is open")]
    slot: Slot,
}

/// Why a client cannot be served any longer.
#[derive(Debug)]
pub enum Gone {
    /// The connection broke.
    Broken(io::Error),
    /// It has closed.
    Closed,
    /// It sent something else than a call.
    NotACall(NotACall),
    /// It does not read what it asked for.
    NotReading,
    /// It has nothing to say.
    Silent,
    /// Its message does not end.
    TooLong,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(error) => write!(f, "the connection broke, {error}"),
            Self::Closed => f.write_str("closed"),
            Self::NotACall(not_a_call) => not_a_call.fmt(f),
            Self::NotReading => f.write_str("does not read its replies"),
            Self::Silent => f.write_str("silent for too long"),
            Self::TooLong => f.write_str("its message exceeds 64 KiB"),
        }
    }
}

/// A place among the connections, given back when dropped.
#[derive(Debug)]
struct Slot {
    users: Rc<RefCell<BTreeMap<u32, usize>>>,
    uid: u32,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut users = self.users.borrow_mut();
        if let Some(count) = users.get_mut(&self.uid) {
            *count -= 1;
            if *count == 0 {
                users.remove(&self.uid);
            }
        }
    }
}

/// Accepts clients for ever, and gives each to `serve`, which must not wait for it.
///
/// A place is taken before a connection is accepted, so that a crowd waits in the kernel and not in
/// our memory. Errors of accepting are waited out. What keeps clients out is given to `notice`.
pub async fn accept(
    listener: &Listener,
    limits: Limits,
    serve: impl Fn(Client),
    notice: impl Fn(Trouble),
) {
    let places = std::sync::Arc::new(Semaphore::new(limits.connections));
    let users = Rc::new(RefCell::new(BTreeMap::new()));
    let crowded = Cell::new(0_u64);
    let mut pause = ACCEPT_PAUSE;
    loop {
        // The semaphore is never closed.
        let Ok(permit) = places.clone().acquire_owned().await else { return };
        let stream = match listener.inner.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                notice(Trouble::Accept(error));
                sleep(pause).await;
                pause = (pause * 2).min(ACCEPT_PAUSE_MAX);
                continue;
            }
        };
        pause = ACCEPT_PAUSE;
        match admit(stream, permit, &users, limits) {
            Some(client) => serve(client),
            None => {
                if let Some(trouble) = turned_away(&crowded, limits) {
                    notice(trouble);
                }
            }
        }
    }
}

fn admit(
    stream: UnixStream,
    permit: OwnedSemaphorePermit,
    users: &Rc<RefCell<BTreeMap<u32, usize>>>,
    limits: Limits,
) -> Option<Client> {
    let peer = peer(&stream).ok()?;
    let uid = peer.uid;
    let count = users.borrow().get(&uid).copied().unwrap_or_default();
    if count >= limits.per_user {
        return None;
    }
    users.borrow_mut().insert(uid, count + 1);
    Some(Client {
        stream,
        frames: Frames::default(),
        idle: limits.idle,
        attached: RefCell::default(),
        handed_over: Cell::new(0),
        peer,
        _slot: Slot { users: users.clone(), uid, _permit: permit },
    })
}

/// What keeps clients out.
#[derive(Debug)]
pub enum Trouble {
    /// No connection can be accepted for a moment.
    Accept(io::Error),
    /// So many connections were closed for want of a place.
    Closed(u64),
    /// A user has as many connections as one may have.
    Crowded(usize),
}

/// That clients are turned away, the first time and then every 1000th: a flood must not fill the
/// log.
fn turned_away(crowded: &Cell<u64>, limits: Limits) -> Option<Trouble> {
    let count = crowded.get();
    crowded.set(count + 1);
    match count {
        0 => Some(Trouble::Crowded(limits.per_user)),
        count => (count % 1000 == 0).then_some(Trouble::Closed(count)),
    }
}

/// Descriptors that are handed over on one connection. The system bounds those that nobody has read
/// yet for all clients together (`RLIMIT_NOFILE`, unix(7)), and does not say which have been read: one
/// client must not use them up. Inferred.
const HANDED_OVER: usize = 16;

/// Everyone may pass through the socket's folder; the socket has a mode of its own.
const FOLDER: u32 = 0o755;

/// A message that has begun is finished within this time; inferred.
const MIDWAY: Duration = Duration::from_secs(10);

/// Between two looks at whether a client that sends no more has hung up; inferred.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A reply is taken within this time, else the client is dropped (design, Varlink); inferred.
const UNREAD: Duration = Duration::from_secs(5);

/// Pauses after an error of accepting, such as no descriptors left; inferred.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const ACCEPT_PAUSE_MAX: Duration = Duration::from_secs(1);
