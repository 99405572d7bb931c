//! A TFTP read over UDP: the thin socket around [`proto::tftp`](crate::proto::tftp).

use std::cell::Cell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout_at};

use crate::io::refusal::is_refusal;
use crate::io::source;
use crate::proto::tftp::{Agreed, Dally, Datagram, Ending, Negotiation, Tid, To, Transfer};
use crate::wire::tftp::DATA_HEADER;

mod attempts;
pub mod blocking;
mod failure;
mod place;
mod refusal;

pub use crate::proto::tftp::{ReadRequest, Timing};
pub use crate::wire::tftp::TftpOptions;
pub use failure::ReadFailure;

use attempts::{Attempts, answers_from};
use place::DallyPlace;

/// How far a read has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReadProgress {
    /// Bytes of the file received.
    pub received: usize,
    /// Bytes of the file, if the server announced them.
    pub total: Option<usize>,
}

/// A complete file, and where it came from.
#[derive(Debug)]
pub struct FetchedFile {
    /// Its bytes; none if they were streamed.
    pub bytes: Vec<u8>,
    /// The server that sent it.
    pub server: SocketAddr,
    /// Under which terms it came.
    pub agreed: Agreed,
}

/// What happens while a list of servers is walked.
#[derive(Debug)]
pub enum ReadEvent<'a> {
    /// This server did not send the file; the next one is asked, or the walk ends.
    Failed(&'a ReadFailure),
    /// Something that looks like an answer came from an address that was not asked. It was not
    /// looked at; reported once a transfer.
    Foreign {
        /// The server that was asked.
        server: SocketAddr,
        /// The address that answered instead.
        from: IpAddr,
    },
    /// The next bytes of the file, from its start after each [`ReadEvent::Requesting`]; only from
    /// [`blocking::stream_first`].
    Bytes(&'a [u8]),
    /// More bytes of the file were received.
    Progress(ReadProgress),
    /// This server is asked now.
    Requesting(SocketAddr),
    /// An answer has shown how this server treats options.
    Terms(SocketAddr, Negotiation),
}

/// Reads a file from the first of `servers` that answers, in order.
///
/// The next one is asked only when the former was unreachable or failed. That the file is not found
/// or is too large is an answer, and ends the walk: the servers of a phone hold the same files, and
/// one that lacks a file must be able to end the search without a wait for all the others. Requests come
/// from `own`, the phone's address, as [`source::endpoint`] chooses.
///
/// # Errors
/// The [`ReadFailure`] of the server asked last; [`ReadFailure::NoServer`] if the list is empty.
pub async fn read_first(
    own: Option<IpAddr>,
    servers: &[SocketAddr],
    request: &ReadRequest<'_>,
    watch: &mut dyn FnMut(ReadEvent<'_>),
) -> Result<FetchedFile, ReadFailure> {
    let mut last = ReadFailure::NoServer;
    for server in servers {
        match converse(own, *server, request, watch).await {
            Ok(received) => return Ok(received),
            Err(failure) => last = failure,
        }
        watch(ReadEvent::Failed(&last));
        if last.is_definite() {
            break;
        }
    }
    Err(last)
}

/// Reads a file from one server.
///
/// Must run inside a tokio runtime: a repetition of the last block is answered by a task that
/// outlives the call for some seconds, so that the file is not held up.
///
/// # Errors
/// Any [`ReadFailure`] but [`ReadFailure::NoServer`].
pub async fn read(
    server: SocketAddr,
    request: &ReadRequest<'_>,
    progress: &mut dyn FnMut(ReadProgress),
) -> Result<FetchedFile, ReadFailure> {
    let mut watch = |event: ReadEvent<'_>| {
        if let ReadEvent::Progress(come) = event {
            progress(come);
        }
    };
    converse(None, server, request, &mut watch).await
}

async fn converse(
    own: Option<IpAddr>,
    server: SocketAddr,
    request: &ReadRequest<'_>,
    watch: &mut dyn FnMut(ReadEvent<'_>),
) -> Result<FetchedFile, ReadFailure> {
    let mut attempts = Attempts::new(request);
    loop {
        watch(ReadEvent::Requesting(server));
        match attempt(own, server, &attempts.request(), watch).await {
            Err(failure) if attempts.is_worth_another(&failure) => {
                watch(ReadEvent::Failed(&failure));
            }
            ended => return ended,
        }
    }
}

async fn attempt(
    own: Option<IpAddr>,
    server: SocketAddr,
    request: &ReadRequest<'_>,
    watch: &mut dyn FnMut(ReadEvent<'_>),
) -> Result<FetchedFile, ReadFailure> {
    // Its times count from the start of this attempt, as those of the port do.
    let transfer = Transfer::new(request, Duration::ZERO).map_err(ReadFailure::UnfitName)?;
    // The phone logs an IPv4 address as mapped into IPv6; the socket needs it as it is.
    let plain = plain_address(server);
    let failed = |source| ReadFailure::Io { server, source };
    let socket = bind(own, plain).await.map_err(failed)?;
    let buffer = vec![0; transfer.longest_datagram()];
    let port =
        Port { socket, server: plain, start: Instant::now(), buffer, trouble: Cell::default() };
    let mut conversation = Conversation { port, transfer, foreign: None };
    let ended = conversation.run(watch).await.map_err(failed)?;
    // Also after a failure: how the server treats options is known by then.
    if let Some(negotiation) = conversation.transfer.negotiation() {
        watch(ReadEvent::Terms(server, negotiation));
    }
    match ended {
        Ok((received, dally)) => {
            if let Some(place) = DallyPlace::take() {
                tokio::spawn(conversation.port.dally(dally, place));
            }
            Ok(FetchedFile { bytes: received.bytes, server, agreed: received.agreed })
        }
        Err(failure) => {
            let come = come_so_far(&conversation.transfer);
            let failure = ReadFailure::from_transfer(server, failure, come)
                .or_elsewhere(conversation.foreign);
            Err(failure.because_of(conversation.port.trouble.take()))
        }
    }
}

/// Bytes that a server has sent; nothing if it never answered.
fn come_so_far(transfer: &Transfer) -> Option<usize> {
    transfer.tid().map(|_| transfer.received())
}

/// Our end of the network: everything of a conversation but the machine.
struct Port {
    socket: UdpSocket,
    server: SocketAddr,
    start: Instant,
    buffer: Vec<u8>,
    /// Why the system has sent or received nothing, the last time that it failed.
    trouble: Cell<Option<io::Error>>,
}

impl Port {
    /// Takes one datagram that is already here.
    fn receive(&mut self) -> Incoming {
        match self.socket.try_recv_from(&mut self.buffer) {
            // Any port of the server: it answers from one that it chooses for the transfer (RFC
            // 1350 §4).
            Ok((length, from)) if from.ip() == self.server.ip() => {
                Incoming::Datagram(Tid(from.port()), length)
            }
            // Another host: no part in this transfer, and no answer.
            Ok((length, from)) => {
                let bytes = self.buffer.get(..length).unwrap_or_default();
                Incoming::Foreign(answers_from(from.ip(), bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Incoming::Dry,
            // The queue of `refusal` names the address that it is about.
            Err(error) if is_refusal(&error) => Incoming::Foreign(None),
            Err(error) => {
                self.trouble.set(Some(error));
                Incoming::Lost
            }
        }
    }

    /// Sends, if the system lets it; else the datagram counts as lost on the way.
    async fn send(&self, datagram: Datagram<'_>) -> Result<(), NoRoute> {
        let to = self.address(datagram.to);
        let sent = match self.socket.try_send_to(datagram.bytes, to) {
            // Reported about an earlier datagram; this one has not left.
            Err(error) if is_refusal(&error) => self.socket.try_send_to(datagram.bytes, to),
            sent => sent,
        };
        let sent = match sent {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.socket.send_to(datagram.bytes, to).await
            }
            sent => sent,
        };
        routed(sent, |error| self.trouble.set(Some(error)))
    }

    fn address(&self, to: To) -> SocketAddr {
        let mut address = self.server;
        if let To::Tid(Tid(port)) = to {
            address.set_port(port);
        }
        address
    }

    fn elapsed(&self) -> Duration {
        Instant::now().duration_since(self.start)
    }

    /// Answers repetitions of the last block until that is no longer worth it.
    async fn dally(mut self, mut dally: Dally, _place: DallyPlace) {
        // The head of a datagram is enough to know its block; the kernel drops the rest.
        self.buffer = vec![0; DATA_HEADER];
        // Nothing is lost if this fails: the file is complete.
        while let Some(until) = dally.deadline() {
            let readable = timeout_at(self.start + until, self.socket.readable()).await;
            let Ok(Ok(())) = readable else { return };
            while let Incoming::Datagram(from, length) = self.receive() {
                if let Some(datagram) = dally.on_datagram(from, &self.buffer[..length]) {
                    let _ = self.socket.try_send_to(datagram.bytes, self.address(datagram.to));
                }
            }
            // A flood keeps the socket readable, and the timeout from being seen.
            if self.elapsed() >= until {
                return;
            }
            tokio::task::yield_now().await;
        }
    }
}

struct Conversation {
    port: Port,
    transfer: Transfer,
    /// The first address that answered without being asked.
    foreign: Option<IpAddr>,
}

impl Conversation {
    async fn run(&mut self, watch: &mut dyn FnMut(ReadEvent<'_>)) -> io::Result<Ending> {
        let sent = self.port.send(self.transfer.start()).await;
        self.note(sent);
        let mut timer = pin!(sleep_until(self.port.start + self.transfer.deadline()));
        let mut received = 0;
        loop {
            let known = self.foreign.is_some();
            let drained = self.take_all().await;
            if let (false, Some(from)) = (known, self.foreign) {
                // Once: whoever sends such datagrams must not fill the log.
                watch(ReadEvent::Foreign { server: self.port.server, from });
            }
            if self.transfer.received() > received {
                received = self.transfer.received();
                watch(ReadEvent::Progress(self.progress()));
            }
            if let Drained::Ended(ending) = drained {
                return Ok(ending);
            }
            self.take_refusals();
            if let Some(datagram) = self.transfer.on_timer(self.port.elapsed()) {
                let sent = self.port.send(datagram).await;
                self.note(sent);
            }
            if let Some(ending) = self.transfer.ending() {
                return Ok(ending);
            }
            match drained {
                Drained::Dry => self.wait(timer.as_mut()).await?,
                Drained::Lost => sleep(PAUSE).await,
                // A fast server must not keep everything else on this thread waiting.
                _ => tokio::task::yield_now().await,
            }
        }
    }

    /// Takes the datagrams that are here, but not so many that other tasks have to wait.
    async fn take_all(&mut self) -> Drained {
        for _ in 0..BATCH {
            let (from, length) = match self.port.receive() {
                Incoming::Datagram(from, length) => (from, length),
                Incoming::Dry => return Drained::Dry,
                Incoming::Lost => return Drained::Lost,
                Incoming::Foreign(from) => {
                    self.foreign = self.foreign.or(from);
                    continue;
                }
            };
            let now = self.port.elapsed();
            let bytes = &self.port.buffer[..length];
            if let Some(datagram) = self.transfer.on_datagram(from, bytes, now) {
                let sent = self.port.send(datagram).await;
                self.note(sent);
            }
            if let Some(ending) = self.transfer.ending() {
                return Drained::Ended(ending);
            }
        }
        Drained::More
    }

    /// Without a route to the server, it is as if its port were closed.
    fn note(&mut self, sent: Result<(), NoRoute>) {
        if sent.is_err() {
            self.transfer.on_refusal(self.port.elapsed());
        }
    }

    fn take_refusals(&mut self) {
        let current = self.port.address(self.transfer.tid().map_or(To::Request, To::Tid));
        while let Some(refused) = refusal::next(&self.port.socket) {
            // Once the server has chosen another port, a refusal by its first one means nothing.
            if refused.ip() == current.ip() && refused.port() == current.port() {
                self.transfer.on_refusal(self.port.elapsed());
            }
        }
    }

    /// Waits for the socket or the timer. The timer is set anew only when it has fired: the
    /// deadline moves with every block, and the timer need not.
    async fn wait(&mut self, mut timer: Pin<&mut Sleep>) -> io::Result<()> {
        let due = self.port.start + self.transfer.deadline();
        if due < timer.deadline() || timer.is_elapsed() {
            timer.as_mut().reset(due);
        }
        tokio::select! {
            // What has come counts, even if the time is up as well.
            biased;
            ready = self.port.socket.ready(Interest::READABLE.add(Interest::ERROR)) => {
                ready.map(|_| ())
            }
            () = timer => Ok(()),
        }
    }

    fn progress(&self) -> ReadProgress {
        let total = self.transfer.announced().and_then(|bytes| usize::try_from(bytes).ok());
        ReadProgress { received: self.transfer.received(), total }
    }
}

/// What the socket had.
enum Incoming {
    /// So many bytes from this port of the server's address.
    Datagram(Tid, usize),
    /// No datagram is waiting.
    Dry,
    /// Something that is not for us; its sender, if it looks like an answer.
    Foreign(Option<IpAddr>),
    /// The system failed to receive, for whatever reason.
    Lost,
}

/// How the taking of datagrams came to a stop.
enum Drained {
    /// No datagram is left.
    Dry,
    /// The transfer is over.
    Ended(Ending),
    /// The system failed to receive, for whatever reason.
    Lost,
    /// There may be more.
    More,
}

async fn bind(own: Option<IpAddr>, server: SocketAddr) -> io::Result<UdpSocket> {
    let bound = UdpSocket::bind(source::endpoint(own, server)).await;
    let socket = bound.map_err(|error| source::explained(own, error))?;
    refusal::listen(&socket, &server)?;
    Ok(socket)
}

fn plain_address(server: SocketAddr) -> SocketAddr {
    match server.ip().to_canonical() {
        IpAddr::V4(v4) => SocketAddr::new(IpAddr::V4(v4), server.port()),
        IpAddr::V6(_) => server,
    }
}

/// The system knows no route to where a datagram was sent.
#[derive(Clone, Copy, Debug)]
struct NoRoute;

/// The outcome of sending. A failure that is not about the route (no memory, no room, not permitted
/// for now) is a lost packet and goes to `lost`: what is lost is repeated, within the time that a
/// transfer has.
fn routed(sent: io::Result<usize>, lost: impl FnOnce(io::Error)) -> Result<(), NoRoute> {
    match sent {
        // About an earlier datagram; the queue of `refusal` names its port.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        Err(error) if is_refusal(&error) => Err(NoRoute),
        Err(error) => {
            lost(error);
            Ok(())
        }
        Ok(_) => Ok(()),
    }
}

/// After a failed receive, so that a lasting failure does not keep the processor busy; inferred.
const PAUSE: Duration = Duration::from_millis(20);

/// Datagrams taken before other tasks get their turn.
const BATCH: usize = 64;
