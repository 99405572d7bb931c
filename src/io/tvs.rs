//! One question to one TVS server over a pinned TLS connection.

use std::fmt;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::io::tls::Stream;
use crate::proto::tvs::{Exchange, Misbehaved, Progress};

/// Sends a request, in one piece, and takes in the answer.
///
/// # Errors
/// [`Failure`]; the exchange is over, and the member has failed.
pub async fn ask(
    stream: &mut Stream,
    request: &[u8],
    exchange: &mut Exchange,
    within: Duration,
) -> Result<(), Failure> {
    match timeout(within, converse(stream, request, exchange)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure::TimedOut),
    }
}

async fn converse(
    stream: &mut Stream,
    request: &[u8],
    exchange: &mut Exchange,
) -> Result<(), Failure> {
    stream.write_all(request).await.map_err(Failure::Io)?;
    stream.flush().await.map_err(Failure::Io)?;
    let mut buffer = [0; 4096];
    loop {
        let length = match stream.read(&mut buffer).await {
            Ok(0) => return Err(Failure::Misbehaved(exchange.closed())),
            Ok(length) => length,
            // A server that closes without the farewell of TLS has closed all the same.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(Failure::Misbehaved(exchange.closed()));
            }
            Err(error) => return Err(Failure::Io(error)),
        };
        let bytes = buffer.get(..length).unwrap_or_default();
        match exchange.feed(bytes).map_err(Failure::Misbehaved)? {
            Progress::Complete => return Ok(()),
            Progress::NeedMore(_) => {}
        }
    }
}

/// Closes a connection; nobody waits for the other side to agree.
pub async fn close(mut stream: Stream) {
    let _courtesy = timeout(FAREWELL, stream.shutdown()).await;
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// The connection broke.
    Io(io::Error),
    /// The server broke the protocol.
    Misbehaved(Misbehaved),
    /// Nothing more came in time.
    TimedOut,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the connection broke, {error}"),
            Self::Misbehaved(how) => how.fmt(f),
            Self::TimedOut => f.write_str("no answer in time"),
        }
    }
}

impl std::error::Error for Failure {}

/// A close alert fits into the socket's buffer; inferred.
const FAREWELL: Duration = Duration::from_millis(100);
