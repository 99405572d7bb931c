//! Asking a server that cannot be talked to what it offers instead, for the log.
//!
//! One to three more connections, one message out, one or two messages in, and the connection is
//! closed: no key is agreed, and the answer changes nothing but the text of a refusal
//! that is already decided.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::io::tcp;
use crate::io::tls::HandshakeFailure;
use crate::io::tls::failure::spoken_in_old;
use crate::trust::certificate::{Certificate, KeyKind};
use crate::wire::Malformed;
use crate::wire::hello::{HelloOffer, ServerHello, certificate, client_hello};
use crate::wire::old_tls::OldSuite;

impl HandshakeFailure {
    /// The same failure, as exactly as the answers of the server allow.
    pub async fn explained(
        self,
        own: Option<IpAddr>,
        server: SocketAddr,
        name: &ServerName<'_>,
    ) -> Self {
        // All others name their reason already.
        if !matches!(self, Self::Closed | Self::NoCommonSuite | Self::OldVersion) {
            return self;
        }
        let line = || tcp::UnconnectedSocket::bound(own, server);
        // Suites that both have, and yet no handshake: then it is the key.
        let kind = in_time(answer(line().ok(), name, HelloOffer::Current, certificate)).await;
        if let Some(kind) = kind.as_deref().and_then(unsupported_kind) {
            return Self::KeyKind(kind.to_owned());
        }
        let chosen = async |offer| {
            let hello = in_time(answer(line().ok(), name, offer, ServerHello::parse)).await;
            // A server that chooses what was not offered has not answered the question.
            hello.filter(ServerHello::chooses_from_the_offer)
        };
        match chosen(HelloOffer::Outdated).await {
            None => self,
            Some(hello) if spoken_in_old(&hello) => Self::OffersOnly(hello),
            // It prefers something else, and may have this all the same.
            Some(other) => {
                let old = OldSuite::OFFERED.map(OldSuite::number);
                let hello = chosen(HelloOffer::These(&old)).await.filter(spoken_in_old);
                Self::OffersOnly(hello.unwrap_or(other))
            }
        }
    }
}

async fn in_time<T>(answer: impl Future<Output = Option<T>>) -> Option<T> {
    timeout(PATIENCE, answer).await.ok().flatten()
}

/// The kind of the key in a certificate, if the library cannot verify with it.
fn unsupported_kind(der: &[u8]) -> Option<&'static str> {
    match Certificate::parse(der).ok()?.key_kind {
        KeyKind::P256 | KeyKind::P384 | KeyKind::Rsa | KeyKind::Ed25519 => None,
        other => Some(other.word()),
    }
}

/// What `read` finds in the answer to an offer over a line to a server; `None` if it finds nothing.
async fn answer<T>(
    line: Option<tcp::UnconnectedSocket>,
    name: &ServerName<'_>,
    offer: HelloOffer<'_>,
    read: impl Fn(&[u8]) -> Result<Option<T>, Malformed>,
) -> Option<T> {
    let mut stream = line?.connect(PATIENCE).await.ok()?;
    let host = match name {
        ServerName::DnsName(host) => Some(host.as_ref()),
        _ => None,
    };
    stream.write_all(&client_hello(host, offer)).await.ok()?;
    let mut bytes = Vec::new();
    let mut answer = stream.take(LONGEST);
    while answer.read_buf(&mut bytes).await.ok()? > 0 {
        if let Some(found) = read(&bytes).ok()? {
            return Some(found);
        }
    }
    None
}

/// A person waits for the refusal; a server that just answered answers again at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// The messages are a greeting of some hundred bytes and certificates, of which the first counts.
const LONGEST: u64 = 16 << 10;
