//! The same reads without a runtime: for a command that has nothing else to do.
//!
//! Two system calls a block, where the asynchronous shell needs twice as many; that is what a small
//! block size on a fast line is bound by.

use std::cell::Cell;
use std::io;
use std::mem;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use tokio::time::Instant;

use super::{
    Attempts, FetchedFile, NoRoute, PAUSE, ReadEvent, ReadFailure, ReadProgress, ReadRequest,
    answers_from, come_so_far, is_refusal, plain_address, refusal, routed, source,
};
use crate::proto::tftp::{Datagram, Ending, Tid, To, Transfer};

/// Reads a file from the first of `servers` that answers, in order, as
/// [`read_first`](super::read_first) does. The file goes to `watch` as it comes and is not held in
/// memory: [`FetchedFile::bytes`] stays empty. After a failure, what came is of no use.
///
/// # Errors
/// As there.
pub fn stream_first(
    servers: &[SocketAddr],
    request: &ReadRequest<'_>,
    watch: &mut dyn FnMut(ReadEvent<'_>),
) -> Result<FetchedFile, ReadFailure> {
    let mut last = ReadFailure::NoServer;
    for server in servers {
        match stream(*server, request, watch) {
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

fn stream(
    server: SocketAddr,
    request: &ReadRequest<'_>,
    watch: &mut dyn FnMut(ReadEvent<'_>),
) -> Result<FetchedFile, ReadFailure> {
    let mut attempts = Attempts::new(request);
    loop {
        watch(ReadEvent::Requesting(server));
        match attempt(server, &attempts.request(), watch) {
            Err(failure) if attempts.is_worth_another(&failure) => {
                watch(ReadEvent::Failed(&failure));
            }
            ended => return ended,
        }
    }
}

fn attempt(
    server: SocketAddr,
    request: &ReadRequest<'_>,
    watch: &mut dyn FnMut(ReadEvent<'_>),
) -> Result<FetchedFile, ReadFailure> {
    let mut transfer = Transfer::new(request, Duration::ZERO).map_err(ReadFailure::UnfitName)?;
    let failed = |source| ReadFailure::Io { server, source };
    let mut line =
        BlockingPort::open(plain_address(server), transfer.longest_datagram()).map_err(failed)?;
    let mut foreign = None;
    match converse(&mut line, &mut transfer, &mut foreign, watch).map_err(failed)? {
        Ok((received, _dally)) => {
            watch(ReadEvent::Bytes(&received.bytes));
            Ok(FetchedFile { bytes: Vec::new(), server, agreed: received.agreed })
        }
        Err(failure) => {
            let failure = ReadFailure::from_transfer(server, failure, come_so_far(&transfer))
                .or_elsewhere(foreign);
            Err(failure.because_of(line.trouble.take()))
        }
    }
}

fn converse(
    line: &mut BlockingPort,
    transfer: &mut Transfer,
    foreign: &mut Option<IpAddr>,
    watch: &mut dyn FnMut(ReadEvent<'_>),
) -> io::Result<Ending> {
    let mut sent = line.send(transfer.start());
    loop {
        let arrival = line.receive(transfer.deadline())?;
        let now = line.start.elapsed();
        match arrival {
            BlockingIncoming::Datagram(from, length) => {
                let bytes = line.buffer.get(..length).unwrap_or_default();
                if let Some(datagram) = transfer.on_datagram(from, bytes, now) {
                    sent = line.send(datagram);
                }
                hand_over(transfer, watch);
            }
            BlockingIncoming::Refused => line.take_refusals(transfer),
            // Once: whoever sends such datagrams must not fill the screen.
            BlockingIncoming::Foreign(from) if foreign.is_none() => {
                *foreign = Some(from);
                watch(ReadEvent::Foreign { server: line.server, from });
            }
            BlockingIncoming::Foreign(_) | BlockingIncoming::Nothing => {}
        }
        if let Some(datagram) = transfer.on_timer(now) {
            sent = line.send(datagram);
        }
        // Without a route to the server, it is as if its port were closed.
        if mem::replace(&mut sent, Ok(())).is_err() {
            transfer.on_refusal(now);
        }
        if let Some(ending) = transfer.ending() {
            return Ok(ending);
        }
    }
}

/// Passes on what has come, once it is worth a call to write it.
fn hand_over(transfer: &mut Transfer, watch: &mut dyn FnMut(ReadEvent<'_>)) {
    if transfer.held() < CHUNK {
        return;
    }
    transfer.hand_over(&mut |bytes| watch(ReadEvent::Bytes(bytes)));
    let total = transfer.announced().and_then(|bytes| usize::try_from(bytes).ok());
    watch(ReadEvent::Progress(ReadProgress { received: transfer.received(), total }));
}

/// Our end of the network.
struct BlockingPort {
    socket: UdpSocket,
    server: SocketAddr,
    start: Instant,
    buffer: Vec<u8>,
    /// The longest that a receive waits.
    patience: Duration,
    /// Why the system has sent or received nothing, the last time that it failed.
    trouble: Cell<Option<io::Error>>,
}

enum BlockingIncoming {
    Datagram(Tid, usize),
    /// What looks like an answer, from an address that was not asked.
    Foreign(IpAddr),
    Nothing,
    Refused,
}

impl BlockingPort {
    fn open(server: SocketAddr, longest: usize) -> io::Result<Self> {
        let socket = UdpSocket::bind(source::endpoint(None, server))?;
        // Without it, a closed port would look like a server that is silent.
        refusal::listen(&socket, &server)?;
        Ok(Self {
            socket,
            server,
            start: Instant::now(),
            buffer: vec![0; longest],
            patience: Duration::MAX,
            trouble: Cell::default(),
        })
    }

    /// Waits for a datagram until `deadline`, or somewhat shorter: setting the wait anew for every
    /// block would cost a call, and an early return costs a look at the timer.
    fn receive(&mut self, deadline: Duration) -> io::Result<BlockingIncoming> {
        let wait = deadline.saturating_sub(self.start.elapsed()).max(SHORTEST);
        if wait < self.patience {
            self.wait_for(wait)?;
        }
        match self.socket.recv_from(&mut self.buffer) {
            Ok((length, from)) if from.ip() == self.server.ip() => {
                Ok(BlockingIncoming::Datagram(Tid(from.port()), length))
            }
            Ok((length, from)) => {
                let bytes = self.buffer.get(..length).unwrap_or_default();
                Ok(answers_from(from.ip(), bytes)
                    .map_or(BlockingIncoming::Nothing, BlockingIncoming::Foreign))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // The wait is over; if the deadline has moved meanwhile, the next one is as long as
                // that.
                let left = deadline.saturating_sub(self.start.elapsed()).max(SHORTEST);
                self.wait_for(left)?;
                Ok(BlockingIncoming::Nothing)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                Ok(BlockingIncoming::Nothing)
            }
            Err(error) if is_refusal(&error) => Ok(BlockingIncoming::Refused),
            Err(error) => {
                self.trouble.set(Some(error));
                pause();
                Ok(BlockingIncoming::Nothing)
            }
        }
    }

    fn wait_for(&mut self, patience: Duration) -> io::Result<()> {
        self.patience = patience;
        self.socket.set_read_timeout(Some(patience))
    }

    fn send(&self, datagram: Datagram<'_>) -> Result<(), NoRoute> {
        let to = self.address(datagram.to);
        let sent = match self.socket.send_to(datagram.bytes, to) {
            // Reported about an earlier datagram; this one has not left.
            Err(error) if is_refusal(&error) => self.socket.send_to(datagram.bytes, to),
            sent => sent,
        };
        routed(sent, |error| self.trouble.set(Some(error)))
    }

    fn address(&self, to: To) -> SocketAddr {
        match to {
            To::Request => self.server,
            To::Tid(Tid(port)) => SocketAddr::new(self.server.ip(), port),
        }
    }

    fn take_refusals(&self, transfer: &mut Transfer) {
        let current = self.address(transfer.tid().map_or(To::Request, To::Tid));
        while let Ok(refused) = refusal::take(&self.socket) {
            // Once the server has chosen another port, a refusal by its first one means nothing.
            if refused.ip() == current.ip() && refused.port() == current.port() {
                transfer.on_refusal(self.start.elapsed());
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "one thread, and nothing else to do")]
fn pause() {
    std::thread::sleep(PAUSE);
}

/// Bytes worth a call to write them.
const CHUNK: usize = 64 << 10;

/// A wait of nothing would be one for ever (`SO_RCVTIMEO`, socket(7)).
const SHORTEST: Duration = Duration::from_millis(1);
