//! Octets both ways between a local client and a server that has been judged.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, ReadHalf, WriteHalf, split,
};
use tokio::time::{Instant, sleep_until};

/// How long a connection may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Without an octet in either direction.
    pub idle: Duration,
    /// In all.
    pub total: Duration,
}

/// What became of a connection.
#[derive(Debug)]
pub struct Relayed {
    /// Octets from the client to the server.
    pub up: u64,
    /// Octets from the server to the client.
    pub down: u64,
    /// Why it ended.
    pub end: End,
}

/// Why a connection ended.
#[derive(Debug)]
pub enum End {
    /// Both sides have closed.
    Closed,
    /// The connection broke.
    Failed(io::Error),
    /// No octet for too long.
    Idle,
    /// It lasted too long.
    TooLong,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed"),
            Self::Failed(error) => write!(f, "broken, {error}"),
            Self::Idle => f.write_str("idle for too long"),
            Self::TooLong => f.write_str("open for too long"),
        }
    }
}

/// Relays until both sides have closed, or a limit is reached. A side that closes its half leaves
/// the other half open.
pub async fn relay<C, S>(client: C, server: S, limits: Limits) -> Relayed
where
    C: AsyncRead + AsyncWrite,
    S: AsyncRead + AsyncWrite,
{
    let start = Instant::now();
    let watch = Watch { up: Cell::new(0), down: Cell::new(0), last: Cell::new(start) };
    let (client_reads, client_writes) = split(client);
    let (server_reads, server_writes) = split(server);
    let up = pump(client_reads, server_writes, &watch, &watch.up);
    let down = pump(server_reads, client_writes, &watch, &watch.down);
    let end = tokio::select! {
        ended = async { tokio::try_join!(up, down) } => match ended {
            Ok(_) => End::Closed,
            Err(error) => End::Failed(error),
        },
        () = watch.idle(limits.idle) => End::Idle,
        () = sleep_until(start + limits.total) => End::TooLong,
    };
    Relayed { up: watch.up.get(), down: watch.down.get(), end }
}

/// What both directions of a connection have in common.
struct Watch {
    up: Cell<u64>,
    down: Cell<u64>,
    last: Cell<Instant>,
}

impl Watch {
    /// Returns when nothing has moved for so long.
    async fn idle(&self, limit: Duration) {
        loop {
            let due = self.last.get() + limit;
            if due <= Instant::now() {
                return;
            }
            sleep_until(due).await;
        }
    }
}

async fn pump<R: AsyncRead, W: AsyncWrite>(
    mut from: ReadHalf<R>,
    mut to: WriteHalf<W>,
    watch: &Watch,
    count: &Cell<u64>,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = match from.read(&mut buffer).await {
            Ok(length) => length,
            // Without the farewell of TLS; HTTP tells by itself whether it was complete.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(error),
        };
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(buffer.get(..length).unwrap_or_default()).await?;
        to.flush().await?;
        watch.last.set(Instant::now());
        count.set(count.get() + u64::try_from(length).unwrap_or_default());
    }
}

/// A stream of which some octets have been read already.
#[derive(Debug)]
pub struct Prefixed<S> {
    early: io::Cursor<Vec<u8>>,
    stream: S,
}

impl<S> Prefixed<S> {
    /// `early` comes before what `stream` still has.
    pub const fn new(early: Vec<u8>, stream: S) -> Self {
        Self { early: io::Cursor::new(early), stream }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefixed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let early = Pin::new(&mut self.early).poll_read(context, buffer);
        if early.is_pending() || buffer.filled().len() > before {
            return early;
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefixed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// One TLS record (RFC 8446 §5.1: 2^14 octets): larger buffers are not filled by one read.
const BUFFER: usize = 16 << 10;
