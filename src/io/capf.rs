//! One session with a CAPF server over a judged TLS connection, and the keys for it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ring::rand::SystemRandom;
use rsa::RsaPrivateKey;
use rsa::rand_core::OsRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use crate::io::reason::why;
use crate::io::tls::TlsConnection;
use crate::io::tvs;
use crate::proto::capf::{
    BareSignatures, CapfExchange, CapfFault, CapfFed, CapfStep, KeyNotMade, NewKey, NewKeyKind,
    freshness, ownership,
};
use crate::wire::capf::CapfSession;
use crate::wire::name::DeviceName;

/// The connection of one session, which bounds how long the server may take.
pub struct CapfConnection {
    stream: TlsConnection,
    /// How long may still be waited for the server.
    left: Duration,
}

impl CapfConnection {
    /// A session over a connection to a server that has been judged.
    #[must_use]
    pub const fn new(stream: TlsConnection) -> Self {
        Self { stream, left: SESSION }
    }

    /// Waits for the next step of a session. The server speaks first.
    ///
    /// # Errors
    /// [`CapfFailure`]; the session is over.
    pub async fn step(&mut self, exchange: CapfExchange) -> Result<CapfFed, CapfFailure> {
        let within = MESSAGE.min(self.left);
        let since = Instant::now();
        let taken = timeout(within, take(&mut self.stream, exchange)).await;
        // The phone's own work, such as making a key, does not count.
        self.left = self.left.saturating_sub(since.elapsed());
        taken.unwrap_or(Err(CapfFailure::TimedOut))
    }

    /// Sends a message, in one TLS record: a server in use reads the header with one receive.
    ///
    /// # Errors
    /// [`CapfFailure::Io`], [`CapfFailure::TimedOut`].
    pub async fn send(&mut self, message: &[u8]) -> Result<(), CapfFailure> {
        let written = async {
            self.stream.write_all(message).await?;
            self.stream.flush().await
        };
        match timeout(MESSAGE.min(self.left), written).await {
            Ok(written) => written.map_err(CapfFailure::Io),
            Err(_) => Err(CapfFailure::TimedOut),
        }
    }

    /// Closes the connection, without waiting for the other side to agree.
    pub async fn close(self) {
        tvs::close(self.stream).await;
    }
}

async fn take(stream: &mut TlsConnection, exchange: CapfExchange) -> Result<CapfFed, CapfFailure> {
    // The next message may have come together with the last one.
    let mut fed = exchange.feed(&[])?;
    let mut buffer = [0; 4096];
    loop {
        let CapfFed { step, mut unknown } = fed;
        let CapfStep::NeedMore(exchange) = step else { return Ok(CapfFed { step, unknown }) };
        let length = match stream.read(&mut buffer).await {
            Ok(0) => return Err(exchange.closed().into()),
            Ok(length) => length,
            // Without close_notify it is closed all the same.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(exchange.closed().into());
            }
            Err(error) => return Err(CapfFailure::Io(error)),
        };
        fed = exchange.feed(buffer.get(..length).unwrap_or_default())?;
        unknown.append(&mut fed.unknown);
        fed.unknown = unknown;
    }
}

/// Why a session is over before its end.
#[derive(Debug)]
pub enum CapfFailure {
    /// The system or TLS reported an error of the connection.
    Io(io::Error),
    /// The server broke the protocol, or the phone's answer does not fit it.
    Fault(CapfFault),
    /// Nothing more came in time.
    TimedOut,
}

impl CapfFailure {
    /// Whether it is the communication that failed: another try may end better.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Io(_) | Self::TimedOut | Self::Fault(CapfFault::Closed { .. }))
    }
}

impl From<CapfFault> for CapfFailure {
    fn from(fault: CapfFault) -> Self {
        Self::Fault(fault)
    }
}

impl fmt::Display for CapfFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the connection failed, {}", why(error)),
            Self::Fault(fault) => fault.fmt(f),
            Self::TimedOut => f.write_str("no answer in time"),
        }
    }
}

impl std::error::Error for CapfFailure {}

/// Makes a key on a thread of its own: on a slow board that takes minutes, and everything else goes
/// on. `held` is dropped when the work is over, also if nobody waits for it any more.
///
/// # Errors
/// [`KeyNotMade`], also if there is no thread.
pub async fn make_key(kind: NewKeyKind, held: Arc<()>) -> Result<NewKey, KeyNotMade> {
    let make = move || NewKey::generate(kind, &mut OsRng, &SystemRandom::new());
    apart(make, held).await.unwrap_or(Err(KeyNotMade))
}

/// An RSA key, and its certificate in DER.
pub type ProvingPair = (RsaPrivateKey, Vec<u8>);

/// Proves by one pair that the phone has it, and by another, if there is one, that it has it in this
/// session: in the same way as [`make_key`], since each signature takes a slow board a second.
///
/// Nothing if a key is too small, or there is no thread.
pub async fn prove(
    (key, certificate): ProvingPair,
    fresh: Option<ProvingPair>,
    (device, session): (DeviceName, CapfSession),
    held: Arc<()>,
) -> Option<(BareSignatures, Option<BareSignatures>)> {
    let work = move || {
        let own = ownership(&key, &mut OsRng, &device, &certificate).ok()?;
        let fresh = match fresh {
            Some((key, certificate)) => {
                Some(freshness(&key, &mut OsRng, session, &certificate).ok()?)
            }
            None => None,
        };
        Some((own, fresh))
    };
    apart(work, held).await.flatten()
}

/// The result of work on a thread of its own; nothing if there is no thread.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
    held: Arc<()>,
) -> Option<T> {
    let (done, result) = oneshot::channel();
    let work = move || {
        // What nobody takes is wiped here.
        let _taken = done.send(work());
        drop(held);
    };
    // No runtime waits for it at the end: a phone that stops must not be held up by a key.
    thread::Builder::new().name("keys".to_owned()).spawn(work).ok()?;
    result.await.ok()
}

/// How long the server may take for one message, and for all of a session. Inferred: the reference
/// server answers at once, and never closes an idle connection (tried; CAPF facts A2).
const MESSAGE: Duration = Duration::from_secs(10);
const SESSION: Duration = Duration::from_secs(120);
