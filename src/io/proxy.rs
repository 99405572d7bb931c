//! Bytes both ways between a local client and a server that has been judged.

use std::cell::Cell;
use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, ReadHalf, WriteHalf, split,
};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

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

/// Relays until both sides have closed, the server breaks off, or a limit is reached. `complete` is
/// called when all that the server had to send has come, before the client can see that.
///
/// A side that closes its half leaves the other half open, and so the server is not sent the
/// client's end while it may still answer: to servers of TLS 1.2 a close_notify is the end of both
/// halves (RFC 5246 §7.2.1), and many of TLS 1.3 drop their answer as well (nginx). It is sent when
/// the server has ended, when it was silent for 30 seconds, or when the client has gone altogether.
pub async fn relay<C, S>(client: C, server: S, limits: ProxyLimits, complete: impl Fn()) -> Relayed
where
    C: AsyncRead + AsyncWrite,
    S: AsyncRead + AsyncWrite,
{
    let start = Instant::now();
    let watch = Watch::new(start);
    let (client_reads, mut client_writes) = split(client);
    let (server_reads, mut server_writes) = split(server);
    let up = async {
        match pump(client_reads, &mut server_writes, &watch, (&watch.up, None)).await {
            Err(BrokenEnd::Source(error)) => return Err(End::Failed(error)),
            // The server takes no more. What it sent before that, and how it ends, is still to
            // come.
            Err(BrokenEnd::Sink(_)) => return Ok(()),
            Ok(()) => {}
        }
        watch.client_ended.notify_one();
        watch.end_is_due.notified().await;
        let _the_server_may_be_gone = server_writes.shutdown().await;
        Ok(())
    };
    // The server has the other half of the idle limit for what it does at the client's end.
    let held = HELD.min(limits.idle / 2);
    let down = async {
        match pump(server_reads, &mut client_writes, &watch, (&watch.down, Some(held))).await {
            Err(BrokenEnd::Source(error)) => return Err(End::Cut(error)),
            Err(BrokenEnd::Sink(error)) => return Err(End::Failed(error)),
            Ok(()) => {}
        }
        watch.end_is_due.notify_one();
        // Before the client can see the end: it may ask at once whether all has come.
        complete();
        client_writes.shutdown().await.map_err(End::Failed)
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
    /// The client sends no more; whoever sees it puts it back.
    client_ended: Notify,
    /// The server is to be sent the client's end.
    end_is_due: Notify,
}

impl Watch {
    const fn new(start: Instant) -> Self {
        Self {
            up: Cell::new(0),
            down: Cell::new(0),
            last: Cell::new(start),
            client_ended: Notify::const_new(),
            end_is_due: Notify::const_new(),
        }
    }

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

    /// Runs while the server is waited for, and only then: a slow client costs it no time. Sends
    /// it the client's end once that is due.
    async fn hold<C: AsyncWrite>(
        &self,
        client: &mut WriteHalf<C>,
        held: Option<Duration>,
    ) -> Infallible {
        let Some(held) = held else { return pending().await };
        self.client_ended.notified().await;
        self.client_ended.notify_one();
        // From now: the server may have been waited for since long before its client's request.
        let due = Instant::now() + held;
        // To write nothing fails once the other end is closed. That is not made known otherwise:
        // the half that is read has ended before.
        while Instant::now() < due && client.write(&[]).await.is_ok() {
            sleep(LOOK_AGAIN).await;
        }
        self.end_is_due.notify_one();
        pending().await
    }
}

/// Which end of one direction broke.
enum BrokenEnd {
    Sink(io::Error),
    Source(io::Error),
}

/// Moves what comes from one side to the other until the first closes; what to [`Watch::hold`] while
/// it is waited for comes beside the count.
async fn pump<R: AsyncRead, W: AsyncWrite>(
    mut from: ReadHalf<R>,
    to: &mut WriteHalf<W>,
    watch: &Watch,
    (count, held): (&Cell<u64>, Option<Duration>),
) -> Result<(), BrokenEnd> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = tokio::select! {
            length = from.read(&mut buffer) => length.map_err(BrokenEnd::Source)?,
            never = watch.hold(to, held) => match never {},
        };
        if length == 0 {
            return Ok(());
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

/// How long a silent server is not sent the end of its client. Inferred: longer than servers keep a
/// connection for another request (Tomcat 20 s, Apache 5 s), so that they close by themselves, and
/// than they take to answer; short beside the idle limit, as the connection takes a place.
const HELD: Duration = Duration::from_secs(30);

/// Between two looks whether a client that sends no more has gone; inferred.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

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
    async fn a_client_that_goes_is_no_reason_to_wait_for_a_silent_server() {
        let (ours, theirs) = duplex(64);
        let (server, mut far) = duplex(64);
        drop(theirs);
        let mut come = Vec::new();
        let server_ends_with_its_client = async {
            far.read_to_end(&mut come).await.expect("the end");
            drop(far);
        };
        let start = Instant::now();
        let (relayed, ()) =
            tokio::join!(relay(ours, server, LIMITS, || ()), server_ends_with_its_client);
        assert!(start.elapsed() < LIMITS.idle / 2, "{}", relayed.end);
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
