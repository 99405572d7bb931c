//! Bytes both ways between a local client and a server that has been judged.

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

use crate::io::reason::why;

/// How long a connection may last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProxyLimits {
    /// Without a byte in either direction.
    pub idle: Duration,
    /// From its opening, however busy it is.
    pub total: Duration,
}

/// What became of a connection.
#[derive(Debug)]
pub struct Relayed {
    /// Bytes from the client to the server.
    pub up: u64,
    /// Bytes from the server to the client.
    pub down: u64,
    /// The first reason for its end.
    pub end: End,
}

/// Why a connection ended.
#[derive(Debug)]
pub enum End {
    /// Both sides have closed.
    Closed,
    /// The server's side broke off before its close_notify: what came may not be all. Only an
    /// attacker or a failure ends TLS in this way (RFC 8446 §6.1), and HTTP without a length cannot
    /// tell it from the end.
    Cut(io::Error),
    /// The client's side broke.
    Failed(io::Error),
    /// No byte for too long.
    Idle,
    /// It lasted too long.
    TooLong,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed"),
            Self::Cut(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                f.write_str("cut off, the server closed it without close_notify")
            }
            Self::Cut(error) => write!(f, "cut off, {}", why(error)),
            Self::Failed(error) => write!(f, "the client's connection failed, {}", why(error)),
            Self::Idle => f.write_str("idle for too long"),
            Self::TooLong => f.write_str("open for too long"),
        }
    }
}

/// Relays until both sides have closed, the server breaks off, or a limit is reached. A side that
/// closes its half leaves the other half open. `complete` is called when all that the server had to
/// send has come, before the client can see that.
pub async fn relay<C, S>(client: C, server: S, limits: ProxyLimits, complete: impl Fn()) -> Relayed
where
    C: AsyncRead + AsyncWrite,
    S: AsyncRead + AsyncWrite,
{
    let start = Instant::now();
    let watch = Watch { up: Cell::new(0), down: Cell::new(0), last: Cell::new(start) };
    let (client_reads, client_writes) = split(client);
    let (server_reads, server_writes) = split(server);
    let up = async {
        match pump(client_reads, server_writes, &watch, (&watch.up, &|| {})).await {
            Err(BrokenEnd::Source(error)) => Err(End::Failed(error)),
            // The server takes no more. What it sent before that, and how it ends, is still to
            // come.
            Ok(()) | Err(BrokenEnd::Sink(_)) => Ok(()),
        }
    };
    let down = async {
        match pump(server_reads, client_writes, &watch, (&watch.down, &complete)).await {
            Err(BrokenEnd::Source(error)) => Err(End::Cut(error)),
            Err(BrokenEnd::Sink(error)) => Err(End::Failed(error)),
            Ok(()) => Ok(()),
        }
    };
    let end = tokio::select! {
        ended = async { tokio::try_join!(up, down) } => {
            ended.map_or_else(|end| end, |_| End::Closed)
        }
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

/// Which end of one direction broke.
enum BrokenEnd {
    Sink(io::Error),
    Source(io::Error),
}

/// Moves what comes from one side to the other until the first closes; `closed` is called before
/// that is passed on.
async fn pump<R: AsyncRead, W: AsyncWrite>(
    mut from: ReadHalf<R>,
    mut to: WriteHalf<W>,
    watch: &Watch,
    (count, closed): (&Cell<u64>, &dyn Fn()),
) -> Result<(), BrokenEnd> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = from.read(&mut buffer).await.map_err(BrokenEnd::Source)?;
        if length == 0 {
            // Before the client can see the end: it may ask at once whether all has come.
            closed();
            return to.shutdown().await.map_err(BrokenEnd::Sink);
        }
        to.write_all(buffer.get(..length).unwrap_or_default()).await.map_err(BrokenEnd::Sink)?;
        // TLS may hold it back, and the other side may wait for just this.
        to.flush().await.map_err(BrokenEnd::Sink)?;
        watch.last.set(Instant::now());
        count.set(count.get() + u64::try_from(length).unwrap_or_default());
    }
}

/// A stream of which some bytes have been read already.
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
        // The stream is read only when these bytes are used up.
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
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// One TLS record (RFC 8446 §5.1: 2^14 bytes): larger buffers are not filled by one read.
const BUFFER: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{duplex, join};

    const LIMITS: ProxyLimits =
        ProxyLimits { idle: Duration::from_secs(10), total: Duration::from_secs(10) };

    /// The outcome with a server that takes nothing, and sends this.
    async fn relayed(sent: impl AsyncRead + Unpin) -> (Relayed, bool, Vec<u8>) {
        let (ours, mut theirs) = duplex(64);
        theirs.write_all(b"a request that nobody reads").await.expect("room for it");
        let (nobody, _) = duplex(1);
        let whole = Cell::new(false);
        let relayed = relay(ours, join(sent, nobody), LIMITS, || whole.set(true));
        let client = async {
            let mut come = Vec::new();
            theirs.read_to_end(&mut come).await.expect("what came");
            theirs.shutdown().await.expect("an open half");
            come
        };
        let (relayed, come) = tokio::join!(relayed, client);
        (relayed, whole.get(), come)
    }

    #[tokio::test]
    async fn an_answer_is_whole_although_the_server_takes_no_more() {
        let (relayed, whole, come) = relayed(&b"413"[..]).await;
        assert!(matches!(relayed.end, End::Closed), "{}", relayed.end);
        assert_eq!((whole, come.as_slice()), (true, &b"413"[..]));
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_not_whole() {
        struct Broken;
        impl AsyncRead for Broken {
            fn poll_read(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
                _: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
        }
        let (relayed, whole, come) = relayed((&b"20"[..]).chain(Broken)).await;
        assert!(matches!(relayed.end, End::Cut(_)), "{}", relayed.end);
        assert_eq!((whole, come.as_slice()), (false, &b"20"[..]));
    }
}
