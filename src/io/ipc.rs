//! The local socket: a hostile door. Bounded in connections, in bytes, and in time.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::unix::UCred;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout, timeout_at};

mod caller;
mod descriptor;
mod door;
mod groups;
mod user;

pub use caller::{CallFailure, DaemonConnection, Replies, UnknownError};
pub use door::{AcceptTrouble, SocketLimits, accept};
pub use groups::{Supplementary, Untold};

use crate::io::places::{Place, Requester};
use crate::io::reason::why;
use crate::wire::varlink::{Call, Frames, MAX_MESSAGE, NotACall, Reply};
use user::{Long, User};

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
        // Socket activation (sd_listen_fds(3)): the file then belongs to init, which also removes
        // it.
        let handed = listenfd::ListenFd::from_env().take_unix_listener(0).map_err(failed)?;
        if let Some(listener) = handed {
            // tokio expects it, and whoever opened the socket need not have set it.
            listener.set_nonblocking(true).map_err(failed)?;
            let inner = UnixListener::from_std(listener).map_err(failed)?;
            return Ok(Self { inner, path: None });
        }
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(FOLDER).create(folder).map_err(failed)?;
        }
        remove_stale(path).map_err(failed)?;
        let inner = UnixListener::bind(path).map_err(failed)?;
        // bind(2) applies the umask, which is not ours to rely on.
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

/// Removes a socket that no process listens to any more.
fn remove_stale(path: &Path) -> io::Result<()> {
    let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(()) };
    if !metadata.file_type().is_socket() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    // The file outlives the process that made it: only a connection shows whether one still
    // listens.
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(_) => fs::remove_file(path),
    }
}

/// Why there is no socket.
#[derive(Debug)]
pub struct NotOpen {
    /// Where the socket was to be.
    pub path: PathBuf,
    /// The system's reason, or that the place is taken.
    pub source: io::Error,
}

impl fmt::Display for NotOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.source.kind() {
            io::ErrorKind::AddrInUse => "another process listens there, stop that one first".into(),
            io::ErrorKind::AlreadyExists => "something else is in its place, remove that".into(),
            _ => why(&self.source),
        };
        write!(f, "{}: cannot open the socket, {why}", self.path.display())
    }
}

impl std::error::Error for NotOpen {}

/// Who is at the other end, as the kernel reports it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClientCredentials {
    /// The user at the time of connecting.
    pub uid: u32,
    /// The group in force at the time of connecting.
    pub gid: u32,
    /// The process, if the kernel knows it in our PID namespace.
    pub pid: Option<i32>,
    /// The supplementary groups, if they can be known.
    pub groups: Supplementary,
}

fn peer(stream: &UnixStream, credentials: UCred) -> ClientCredentials {
    let (uid, gid, pid) = (credentials.uid(), credentials.gid(), credentials.pid());
    ClientCredentials { uid, gid, pid, groups: Supplementary::of(stream, uid, gid, pid) }
}

/// One client of the socket, with its place among all.
#[derive(Debug)]
pub struct Client {
    stream: UnixStream,
    frames: Frames,
    pace: Pace,
    user: Rc<User>,
    /// What goes with the next reply.
    attached: RefCell<Option<OwnedFd>>,
    /// Descriptors that went with replies.
    handed_over: Cell<usize>,
    /// The process at the other end, when it connected.
    pub peer: ClientCredentials,
    place: Place,
}

impl Client {
    fn new(
        stream: UnixStream,
        (frames, pace, user): (Frames, Pace, Rc<User>),
        peer: ClientCredentials,
        place: Place,
    ) -> Self {
        let (attached, handed_over) = (RefCell::default(), Cell::new(0));
        Self { stream, frames, pace, user, attached, handed_over, peer, place }
    }

    /// The next call, once the other users have had their turns.
    ///
    /// # Errors
    /// [`Gone`]; the connection is of no use any more, except after [`Gone::NotACall`], which can
    /// still be answered.
    pub async fn call(&mut self) -> Result<Call, Gone> {
        // A descriptor of a call without a reply must not go with the next one.
        self.attached.take();
        let user = self.user.clone();
        // A long one counts until it has been read.
        let (message, _long) = self.message(&user).await?;
        // Parsing costs time as well, and waits for its turn.
        self.turn().await;
        Call::parse(&message).map_err(Gone::NotACall)
    }

    async fn message<'a>(&mut self, user: &'a User) -> Result<(Vec<u8>, Long<'a>), Gone> {
        let mut due = self.pace.due(Instant::now());
        let mut long = None;
        let mut midway = false;
        loop {
            let limit = self.pace.message;
            if let Some(message) = self.frames.message().map_err(|_| Gone::TooLong { limit })? {
                return Ok((message, long));
            }
            // Between two calls a client may rest; once one has begun, it holds memory.
            if !self.frames.is_empty() && !midway {
                midway = true;
                due = due.min(Instant::now() + self.pace.midway);
            }
            // Long messages share a memory of their user, so that many connections take no more of
            // it.
            if self.frames.len() > SHORT && long.is_none() {
                long = timeout_at(due, user.long()).await.map_err(|_| Gone::Silent)?;
            }
            match timeout_at(due, self.receive()).await {
                Err(_) => return Err(Gone::Silent),
                Ok(Ok(0)) => return Err(Gone::Closed),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(Gone::Broken(error)),
            }
        }
    }

    /// Waits for the turn of its user: of all the calls of one, one is carried out each time
    /// that everybody else was looked after, and none while too many replies are unread.
    pub async fn turn(&self) {
        let _turn = self.user.turn().await;
        yield_now().await;
        self.user.room().await;
    }

    /// Takes in what has come, and returns how many bytes that was. The buffer is there only while
    /// there is something: a client that waits costs little.
    async fn receive(&mut self) -> io::Result<usize> {
        loop {
            self.stream.readable().await?;
            let mut buffer = [0; SHORT];
            match self.stream.try_read(&mut buffer) {
                // Readiness may be a false alarm: wait again.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
                Ok(length) => {
                    self.frames.feed(buffer.get(..length).unwrap_or_default());
                    return Ok(length);
                }
            }
        }
    }

    /// Sends a reply. A client that does not read is not waited for, and what it leaves unread
    /// counts for its user.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn reply(&mut self, reply: Reply) -> Result<(), Gone> {
        let message = reply.emit();
        // As values it is several times as large.
        drop(reply);
        let user = self.user.clone();
        let _unread = user.unread(message.len());
        match timeout(UNREAD, self.send(&message)).await {
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
        let mut byte = [0];
        let _either = self.stream.read(&mut byte).await;
    }

    /// Waits until the client hangs up. What it sends meanwhile belongs to what its connection is
    /// to become; a client that only ends its own half still waits for the other.
    pub async fn hangs_up(&mut self) {
        // More is not read: a client that sends on meanwhile must not fill the memory.
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

    /// Whether both halves are known to be closed: the other one may be reported later than the one
    /// that is read. One of the two is always ready, so that this does not wait.
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
        (Upgraded { stream: self.stream, place: self.place }, self.frames.rest())
    }
}

/// This connection has handed over as many descriptors as it may.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooMany;

/// A connection that has become a stream; it still counts.
#[derive(Debug)]
pub struct Upgraded {
    /// The socket; what was already read of it comes beside.
    pub stream: UnixStream,
    #[expect(dead_code, reason = "held for as long as the stream is open")]
    place: Place,
}

/// Why a client cannot be served any longer.
#[derive(Debug)]
pub enum Gone {
    /// The system reported an error of the connection.
    Broken(io::Error),
    /// It has closed its half, in the middle of a call or between two.
    Closed,
    /// It sent something other than a call.
    NotACall(NotACall),
    /// It does not read what it asked for.
    NotReading,
    /// It was refused too often.
    Refused,
    /// It sent no complete call in its time.
    Silent,
    /// Its message does not end.
    TooLong {
        /// The most bytes that it may have.
        limit: usize,
    },
    /// It asked for another stream and got none: what follows is for that one, and no call.
    Upgrading,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(error) => write!(f, "the connection failed, {}", why(error)),
            Self::Closed => f.write_str("closed"),
            Self::NotACall(not_a_call) => not_a_call.fmt(f),
            Self::NotReading => f.write_str("does not read its replies"),
            Self::Refused => f.write_str("refused too often"),
            Self::Silent => f.write_str("sent no complete call in time"),
            Self::TooLong { limit } => write!(f, "its message exceeds {} KiB", limit >> 10),
            Self::Upgrading => f.write_str("its call asked for a stream, and none was opened"),
        }
    }
}

/// How long a client may take, and how much it may send.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Longest pause between two calls.
    idle: Duration,
    /// Longest time from the first byte of a message to its last.
    midway: Duration,
    /// When the connection ends, whatever happens.
    until: Option<Instant>,
    /// Bytes of a message.
    message: usize,
}

impl Pace {
    fn of(standing: Requester, idle: Duration) -> Self {
        match standing {
            Requester::Guest => Self {
                idle,
                midway: GUEST_MIDWAY,
                until: Some(Instant::now() + GUEST),
                message: SHORT,
            },
            Requester::Holder | Requester::Root => {
                Self { idle, midway: MIDWAY, until: None, message: MAX_MESSAGE }
            }
        }
    }

    /// When a call has to have come.
    fn due(self, now: Instant) -> Instant {
        let due = now + self.idle;
        self.until.map_or(due, |until| due.min(until))
    }
}

/// Descriptors that are handed over on one connection. The system bounds those that are
/// unread for all clients together (`RLIMIT_NOFILE`, unix(7)), and does not report which were read:
/// one client must not use them up. Inferred.
const HANDED_OVER: usize = 16;

/// Everyone may pass through the socket's folder; the socket has a mode of its own.
const FOLDER: u32 = 0o755;

/// A message that has begun is finished within this time; inferred.
const MIDWAY: Duration = Duration::from_secs(10);

/// The same for a client without any right; inferred: one of its messages fits into a buffer of
/// the kernel.
const GUEST_MIDWAY: Duration = Duration::from_secs(2);

/// A connection without any right lasts so long; inferred: enough to read the interface.
const GUEST: Duration = Duration::from_secs(10);

/// 4 KiB: a message of a client without any right, and of any other one as long as it need not
/// share the memory for long ones; inferred: only a call with certificates is longer.
const SHORT: usize = 4 << 10;

/// Between two looks at what is not made known: that a client that sends no more has hung up, and
/// that a place is free; inferred.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A reply is taken within this time, else the client is dropped (design, Varlink); inferred.
const UNREAD: Duration = Duration::from_secs(5);
