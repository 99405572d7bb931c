//! One question to one TVS server over a pinned TLS connection.

use std::fmt;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::io::reason::why;
use crate::io::tls::TlsConnection;
use crate::proto::tvs::{AnswerProgress, Exchange, MemberMisbehaved};

/// Sends a request, in one piece, and takes in the answer.
///
/// # Errors
/// [`AskFailure`]; the exchange is over, and the member has failed.
pub async fn ask(
    stream: &mut TlsConnection,
    request: &[u8],
    exchange: &mut Exchange,
    within: Duration,
) -> Result<(), AskFailure> {
    match timeout(within, converse(stream, request, exchange)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(AskFailure::TimedOut),
    }
}

async fn converse(
    stream: &mut TlsConnection,
    request: &[u8],
    exchange: &mut Exchange,
) -> Result<(), AskFailure> {
    stream.write_all(request).await.map_err(AskFailure::Io)?;
    // TLS may still hold the end of the question.
    stream.flush().await.map_err(AskFailure::Io)?;
    let mut buffer = [0; 4096];
    loop {
        let length = match stream.read(&mut buffer).await {
            Ok(0) => return Err(AskFailure::Misbehaved(exchange.closed())),
            Ok(length) => length,
            // A server that closes without close_notify has closed all the same: whether the answer
            // is complete is decided by the exchange.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(AskFailure::Misbehaved(exchange.closed()));
            }
            Err(error) => return Err(AskFailure::Io(error)),
        };
        let bytes = buffer.get(..length).unwrap_or_default();
        match exchange.feed(bytes).map_err(AskFailure::Misbehaved)? {
            AnswerProgress::Complete => return Ok(()),
            AnswerProgress::NeedMore(_) => {}
        }
    }
}

/// Closes a connection, without waiting for the other side to agree.
pub async fn close(mut stream: TlsConnection) {
    let _courtesy = timeout(CLOSE, stream.shutdown()).await;
}

/// Why there is no answer.
#[derive(Debug)]
pub enum AskFailure {
    /// The system or TLS reported an error of the connection.
    Io(io::Error),
    /// The server broke the protocol.
    Misbehaved(MemberMisbehaved),
    /// Nothing more came in time.
    TimedOut,
}

impl fmt::Display for AskFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the connection failed, {}", why(error)),
            Self::Misbehaved(how) => how.fmt(f),
            Self::TimedOut => f.write_str("no answer in time"),
        }
    }
}

impl std::error::Error for AskFailure {}

/// A close alert fits into the socket's buffer; inferred.
const CLOSE: Duration = Duration::from_millis(100);
