//! Asking a server that cannot be talked to what it offers instead, for the log.
//!
//! One more connection, one message out, one message in, and the connection is closed: no key is
//! agreed, no certificate looked at, and nothing that the server says is believed beyond the text
//! of a refusal that stands already.

use std::net::SocketAddr;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::io::tcp;
use crate::io::tls::Failure;
use crate::wire::hello::{ServerHello, client_hello};

impl Failure {
    /// The same failure, said as exactly as the server lets on.
    pub async fn explained(self, server: SocketAddr, name: &ServerName<'_>) -> Self {
        match self {
            Self::Closed | Self::NoCommonSuite | Self::OldVersion => {
                let offered = timeout(PATIENCE, offered(server, name)).await.ok().flatten();
                offered.map_or(self, Self::OffersOnly)
            }
            other => other,
        }
    }
}

/// What the server chooses among the outdated; `None` if it does not say.
async fn offered(server: SocketAddr, name: &ServerName<'_>) -> Option<ServerHello> {
    let mut stream = tcp::Socket::bound(server).ok()?.connect(PATIENCE).await.ok()?;
    let host = match name {
        ServerName::DnsName(host) => Some(host.as_ref()),
        _ => None,
    };
    stream.write_all(&client_hello(host)).await.ok()?;
    let mut octets = Vec::new();
    let mut answer = stream.take(LONGEST);
    while answer.read_buf(&mut octets).await.ok()? > 0 {
        if let Some(hello) = ServerHello::parse(&octets).ok()? {
            return hello.chooses_from_the_offer().then_some(hello);
        }
    }
    None
}

/// A person waits for the refusal; a server that just answered answers again at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// The message has 72 octets, with its extensions a few hundred.
const LONGEST: u64 = 4 << 10;
