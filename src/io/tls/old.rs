//! The socket of old TLS: a handshake within its time, and a stream, around `proto::old_tls`.
//!
//! Nothing here decides whether old TLS may be spoken with a server at all.

use std::fmt;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin as Pinned;
use std::task::{Context, Poll, ready};

use rsa::rand_core::OsRng;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use crate::io::tls::algorithms::SmallKeys;
use crate::io::tls::failure::HandshakeFailure;
use crate::io::tls::verifier::Pin;
use crate::proto::old_tls::{
    Ended, Finishing, FinishingStep, FromServer, Greeting, GreetingStep, OldConnection,
    OldTlsFault, Opening, Proven, ServerKey, ToJudge, UnusableKey,
};
use crate::trust::certificate::{Certificate, PublicKey};
use crate::wire::old_tls::{OldSuite, OldVersion, RecordHeader};

/// What was agreed in old TLS.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OldTerms {
    /// The version that the server chose.
    pub version: OldVersion,
    /// The suite that it chose.
    pub suite: OldSuite,
}

/// As the log names it: `TLS 1.0 AES256-SHA`.
impl fmt::Display for OldTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.version, self.suite.short())
    }
}

/// A server that has proved to hold the key of its certificate; closed for data.
pub(super) struct OldHandshaken {
    tcp: TcpStream,
    proven: Proven,
}

impl OldHandshaken {
    pub(super) const fn terms(&self) -> OldTerms {
        OldTerms { version: self.proven.version(), suite: self.proven.suite() }
    }

    pub(super) fn open(self) -> OldStream {
        OldStream {
            tcp: self.tcp,
            connection: self.proven.open(),
            plain: Zeroizing::default(),
            taken: 0,
            sealed: Vec::new(),
            sent: 0,
            sending: Sending::Open,
        }
    }
}

/// A handshake that is over, and the certificates that the server has shown, its own first.
pub(super) type OldShown = (OldHandshaken, Vec<CertificateDer<'static>>);

/// Shakes hands; `pin`, if there is one, sees the server's certificate before anything secret is
/// sent. No certificate of the phone is offered. The caller bounds the time.
///
/// # Errors
/// [`HandshakeFailure`].
pub(super) async fn shake_hands(
    tcp: TcpStream,
    name: &ServerName<'_>,
    keys: SmallKeys,
    pin: Option<&Pin>,
) -> Result<OldShown, HandshakeFailure> {
    let mut dialogue = Dialogue { tcp };
    let judge = dialogue.greet(name).await?;
    let own = judge.chain().first().map(Vec::as_slice).unwrap_or_default();
    let key = match accepted_key(own, keys, pin) {
        Ok(key) => key,
        Err(why) => {
            let _the_server_may_be_gone = dialogue.write(&judge.refuse()).await;
            return Err(why);
        }
    };
    let chain = judge.chain().iter().map(|der| CertificateDer::from(der.clone())).collect();
    // Version and suite were agreed by then: neither can be the reason.
    let proven = dialogue.finish(judge, &key).await;
    let proven = proven.map_err(HandshakeFailure::after_certificate)?;
    Ok((OldHandshaken { tcp: dialogue.tcp, proven }, chain))
}

/// A handshake under way: the machine decides what is read and written.
struct Dialogue {
    tcp: TcpStream,
}

impl Dialogue {
    async fn greet(&mut self, name: &ServerName<'_>) -> Result<ToJudge, HandshakeFailure> {
        let host = match name {
            ServerName::DnsName(host) => Some(host.as_ref()),
            _ => None,
        };
        let opening = Opening { host, newest: OldVersion::Tls12 };
        let (mut greeting, hello) = Greeting::begin(opening, Box::new(OsRng));
        self.write(&hello).await?;
        loop {
            greeting = match greeting.feed(&self.read().await?) {
                Ok(GreetingStep::Judge(judge)) => return Ok(judge),
                Ok(GreetingStep::More(greeting)) => greeting,
                Err(ended) => return Err(self.end(ended).await),
            };
        }
    }

    async fn finish(
        &mut self,
        judge: ToJudge,
        key: &ServerKey,
    ) -> Result<Proven, HandshakeFailure> {
        let (mut finishing, bytes): (Finishing, _) = match judge.accept(key) {
            Ok(accepted) => accepted,
            Err(ended) => return Err(self.end(ended).await),
        };
        self.write(&bytes).await?;
        loop {
            finishing = match finishing.feed(&self.read().await?) {
                Ok(FinishingStep::Done(proven)) => return Ok(proven),
                Ok(FinishingStep::More(finishing)) => finishing,
                Err(ended) => return Err(self.end(ended).await),
            };
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), HandshakeFailure> {
        self.tcp.write_all(bytes).await.map_err(|error| HandshakeFailure::from_io(&error))
    }

    async fn read(&mut self) -> Result<Vec<u8>, HandshakeFailure> {
        let mut bytes = Vec::with_capacity(READ);
        match self.tcp.read_buf(&mut bytes).await {
            Ok(0) => Err(HandshakeFailure::Closed),
            Ok(_) => Ok(bytes),
            Err(error) => Err(HandshakeFailure::from_io(&error)),
        }
    }

    /// Sends the server the reason, if it still takes it.
    async fn end(&mut self, ended: Ended) -> HandshakeFailure {
        let _the_server_may_be_gone = self.tcp.write_all(&ended.alert).await;
        HandshakeFailure::from_old(ended.why)
    }
}

/// The key of a server's certificate, if that is the pinned one and the key is large enough.
fn accepted_key(
    der: &[u8],
    keys: SmallKeys,
    pin: Option<&Pin>,
) -> Result<ServerKey, HandshakeFailure> {
    if pin.is_some_and(|pin| !pin(der)) {
        return Err(HandshakeFailure::Unpinned);
    }
    let certificate = Certificate::parse(der).map_err(|_| HandshakeFailure::Unreadable)?;
    let PublicKey::Rsa(key) = certificate.key else {
        return Err(HandshakeFailure::KeyKind(certificate.key_kind.word().to_owned()));
    };
    ServerKey::new(key, keys.least()).map_err(|unusable| match unusable {
        UnusableKey::NotRsa => HandshakeFailure::KeyKind("RSA of more than 4096 bits".to_owned()),
        UnusableKey::TooSmall { bits, .. } => HandshakeFailure::SmallKey(bits),
    })
}

/// Data both ways. Holds one record of each direction, and what one read has brought.
pub(super) struct OldStream {
    tcp: TcpStream,
    connection: OldConnection,
    /// What has come, and how much of it was taken.
    plain: Zeroizing<Vec<u8>>,
    taken: usize,
    /// Records for the server, and how much of them the system took.
    sealed: Vec<u8>,
    sent: usize,
    sending: Sending,
}

/// Whether more may be sent.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Sending {
    /// After close_notify or a fatal alert nothing follows.
    Ended,
    Open,
}

impl OldStream {
    /// Hands records to the system until it has all of them.
    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(left) = self.sealed.get(self.sent..).filter(|left| !left.is_empty()) {
            match ready!(Pinned::new(&mut self.tcp).poll_write(context, left))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.sent += sent,
            }
        }
        self.sealed.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }

    /// Takes in what the server has sent; whether anything came before its end.
    fn poll_feed(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut bytes = [MaybeUninit::uninit(); READ];
        let mut buffer = ReadBuf::uninit(&mut bytes);
        ready!(Pinned::new(&mut self.tcp).poll_read(context, &mut buffer))?;
        self.connection.feed(buffer.filled());
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// The error for a connection that has ended; the server gets the alert if it takes it now.
    fn ended(&mut self, ended: Ended, context: &mut Context<'_>) -> io::Error {
        if self.sending == Sending::Open {
            self.sealed.extend(ended.alert);
        }
        self.sending = Sending::Ended;
        let _what_the_server_takes = self.poll_drain(context);
        broken(ended.why)
    }
}

/// A fault as the readers of streams know it.
fn broken(why: OldTlsFault) -> io::Error {
    match why {
        OldTlsFault::Closed => io::ErrorKind::UnexpectedEof.into(),
        why => io::Error::new(io::ErrorKind::InvalidData, why),
    }
}

impl AsyncRead for OldStream {
    fn poll_read(
        mut self: Pinned<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let left = self.plain.get(self.taken..).unwrap_or_default();
            if !left.is_empty() {
                let length = left.len().min(buffer.remaining());
                buffer.put_slice(left.get(..length).unwrap_or_default());
                self.taken += length;
                return Poll::Ready(Ok(()));
            }
            match self.connection.receive() {
                Ok(FromServer::CloseNotify) => return Poll::Ready(Ok(())),
                Ok(FromServer::Data(plain)) => (self.plain, self.taken) = (plain, 0),
                Ok(FromServer::Nothing) => {
                    if ready!(self.poll_feed(context))? == 0 {
                        let end = self.connection.end_of_stream();
                        return Poll::Ready(end.map_err(broken));
                    }
                }
                Err(ended) => return Poll::Ready(Err(self.ended(ended, context))),
            }
        }
    }
}

impl AsyncWrite for OldStream {
    fn poll_write(
        mut self: Pinned<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // One record at a time: what the system does not take must not pile up here.
        ready!(self.poll_drain(context))?;
        if self.sending == Sending::Ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let bytes = bytes.get(..RecordHeader::MAX_PLAIN).unwrap_or(bytes);
        self.sealed = self.connection.send(bytes);
        match self.poll_drain(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending | Poll::Ready(Ok(())) => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_flush(mut self: Pinned<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        Pinned::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pinned<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if self.sending == Sending::Open {
            self.sending = Sending::Ended;
            let close = self.connection.close();
            self.sealed.extend(close);
        }
        ready!(self.poll_drain(context))?;
        Pinned::new(&mut self.tcp).poll_shutdown(context)
    }
}

/// Bytes that one read takes from the system: half a record of the largest size. Inferred: a page of
/// a directory is shorter, and all of it is on the stack.
const READ: usize = 8 << 10;
