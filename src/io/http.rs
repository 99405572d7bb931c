//! A file over HTTP: the thin socket around [`proto::http`](crate::proto::http).

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use crate::io::reason::why;
use crate::io::refusal::is_refusal;
use crate::io::tcp::{ConnectFailure, TcpConnection, UnconnectedSocket};
use crate::proto::http::{Answer, AnswerFailure};
use crate::wire::http::{self, MalformedHead, UnfitBody};

/// A connection that a file can come over, whatever is below it.
pub trait FileConnection: AsyncRead + AsyncWrite + Unpin {}

impl<C: AsyncRead + AsyncWrite + Unpin> FileConnection for C {}

/// What is asked of a server.
#[derive(Clone, Copy, Debug)]
pub struct GetRequest<'a> {
    /// The name of the file, which [`FileName`](crate::wire::name::FileName) allows.
    pub name: &'a str,
    /// The most bytes that it may have.
    pub limit: usize,
    /// How long to wait.
    pub patience: GetPatience,
}

/// How long to wait for a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GetPatience {
    /// For the head of the answer, and between two pieces of the file.
    pub answer: Duration,
    /// For the whole file.
    pub total: Duration,
}

/// How far a file has come.
#[derive(Debug)]
pub enum GetEvent<'a> {
    /// The next bytes of the file.
    Bytes(&'a [u8]),
    /// The server has sent the head; the bytes of the file, if it announced them.
    Begun(Option<usize>),
}

/// Connects to a server.
///
/// # Errors
/// [`GetFailure::NoConnection`], [`GetFailure::Refused`], [`GetFailure::Silent`].
pub async fn connect(
    own: Option<IpAddr>,
    server: SocketAddr,
    within: Duration,
) -> Result<TcpConnection, GetFailure> {
    let connected = match UnconnectedSocket::bound(own, server) {
        Ok(socket) => socket.connect(within).await,
        Err(failure) => Err(failure),
    };
    connected.map_err(|failure| match failure {
        ConnectFailure::TimedOut { .. } => GetFailure::Silent { within },
        ConnectFailure::Io { source, .. } if is_refusal(&source) => GetFailure::Refused,
        ConnectFailure::Io { source, .. } => GetFailure::NoConnection(source),
    })
}

/// Gets a file from a server.
///
/// # Errors
/// [`GetFailure`].
pub async fn fetch(
    server: SocketAddr,
    request: &GetRequest<'_>,
    within: Duration,
    watch: &mut dyn FnMut(GetEvent<'_>),
) -> Result<(), GetFailure> {
    let mut connection = connect(None, server, within).await?;
    get(&mut connection, server, request, watch).await
}

/// Gets a file over a connection, which is of no use afterwards. `host` is the server with its port.
///
/// # Errors
/// [`GetFailure`], all but [`GetFailure::NoConnection`], [`GetFailure::Refused`] and
/// [`GetFailure::Unfit`].
pub async fn get(
    connection: &mut dyn FileConnection,
    host: SocketAddr,
    request: &GetRequest<'_>,
    watch: &mut dyn FnMut(GetEvent<'_>),
) -> Result<(), GetFailure> {
    let end = Instant::now() + request.patience.total;
    let mut answer = Answer::new(request.limit);
    let within = request.patience.answer;
    // The head has one time for all its pieces: a server that sends it byte by byte is not there for
    // files.
    let head_end = end.min(Instant::now() + within);
    let sent = timeout_at(head_end, send(connection, &http::get(request.name, host))).await;
    sent.map_err(|_| GetFailure::Silent { within })?.map_err(GetFailure::Io)?;
    let mut buffer = vec![0; BUFFER];
    while !answer.is_complete() {
        let has_begun = answer.has_begun();
        let until = if has_begun { end.min(Instant::now() + within) } else { head_end };
        let read = timeout_at(until, connection.read(&mut buffer)).await;
        let Ok(read) = read else {
            return Err(match has_begun {
                true => GetFailure::Stalled { received: answer.received() },
                false => GetFailure::Silent { within },
            });
        };
        let bytes = match read {
            Ok(0) if !has_begun => return Err(GetFailure::Closed),
            Ok(0) => {
                answer.on_end().map_err(GetFailure::Answer)?;
                break;
            }
            Ok(length) => buffer.get(..length).unwrap_or_default(),
            // By TLS the latter is an end that the server has not announced: anyone can cut there.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof
                ) =>
            {
                return Err(match has_begun {
                    true => GetFailure::Answer(answer.broken_off()),
                    false => GetFailure::Closed,
                });
            }
            Err(error) => return Err(GetFailure::Io(error)),
        };
        let taken = answer.on_bytes(bytes, &mut |bytes| watch(GetEvent::Bytes(bytes)));
        taken.map_err(GetFailure::Answer)?;
        if !has_begun && answer.has_begun() {
            watch(GetEvent::Begun(answer.announced()));
        }
    }
    Ok(())
}

async fn send(connection: &mut dyn FileConnection, request: &[u8]) -> io::Result<()> {
    connection.write_all(request).await?;
    // TLS may still hold the end of it.
    connection.flush().await
}

/// Why no file came.
#[derive(Debug)]
pub enum GetFailure {
    /// The server answered, but not with the file.
    Answer(AnswerFailure),
    /// The connection ended before there was an answer.
    Closed,
    /// The system or TLS reported an error of the connection.
    Io(io::Error),
    /// The system could not connect.
    NoConnection(io::Error),
    /// Nothing listens at the port, or there is no way there.
    Refused,
    /// Nothing came: no connection, or no head of an answer.
    Silent {
        /// The time that was waited.
        within: Duration,
    },
    /// The server fell silent within the file, or sent it too slowly.
    Stalled {
        /// Bytes of the file that had come by then.
        received: usize,
    },
    /// What came cannot be the file; the caller decides that.
    Unfit(UnfitBody),
}

impl GetFailure {
    /// Whether the server was not reached, so that another address may lead to one that is.
    #[must_use]
    pub const fn is_silence(&self) -> bool {
        matches!(
            self,
            Self::Closed
                | Self::Io(_)
                | Self::NoConnection(_)
                | Self::Refused
                | Self::Silent { .. }
        )
    }

    /// Whether the server answered that it does not have the file.
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::Answer(AnswerFailure::NotFound { .. }) | Self::Unfit(UnfitBody::Empty))
    }

    /// Whether it is no server of files that answered: one that speaks something else, redirects, or
    /// sends a page or the like whatever is asked for.
    #[must_use]
    pub const fn is_no_file_server(&self) -> bool {
        matches!(
            self,
            Self::Unfit(UnfitBody::NoXml | UnfitBody::Page | UnfitBody::Unsigned)
                | Self::Answer(
                    AnswerFailure::Redirect { .. }
                        | AnswerFailure::Malformed(MalformedHead::Syntax(_))
                )
        )
    }

    /// Whether the server has the file, and it is too large.
    #[must_use]
    pub const fn is_too_large(&self) -> bool {
        matches!(self, Self::Answer(AnswerFailure::TooLarge { .. }))
    }

    /// Whether the answer breaks the rules of the protocol, or those of the request.
    #[must_use]
    pub const fn is_malformed(&self) -> bool {
        matches!(
            self,
            Self::Answer(
                AnswerFailure::Chunk(_)
                    | AnswerFailure::Encoded
                    | AnswerFailure::HeadTooLong
                    | AnswerFailure::Malformed(_)
            )
        )
    }

    /// Whether the file had begun to come.
    #[must_use]
    pub const fn is_broken_off(&self) -> bool {
        matches!(self, Self::Stalled { .. } | Self::Answer(AnswerFailure::BrokenOff { .. }))
    }
}

/// What the server did, as a sentence that begins with its name.
impl fmt::Display for GetFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(failure) => failure.fmt(f),
            Self::Closed => f.write_str("closed the connection without an answer"),
            Self::Io(error) => write!(f, "cannot be used, {}", why(error)),
            Self::NoConnection(error) => write!(f, "cannot be reached, {}", why(error)),
            Self::Refused => f.write_str("is unreachable"),
            Self::Silent { within } => {
                write!(f, "did not answer in {} ms", within.as_millis())
            }
            Self::Stalled { received } => {
                write!(f, "fell silent, or was too slow, after {received} bytes")
            }
            Self::Unfit(unfit) => unfit.fmt(f),
        }
    }
}

impl std::error::Error for GetFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) | Self::NoConnection(error) => Some(error),
            _ => None,
        }
    }
}

/// Bytes that one read takes from the system; inferred, as [`tls`](crate::io::tls) does.
const BUFFER: usize = 32 << 10;
