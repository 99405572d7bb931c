//! Name servers asked over UDP, and over TCP where that is too short: the thin sockets around
//! [`proto::dns`](crate::proto::dns).

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::task::{Context, Poll};
use std::time::Duration;

use nix::net::if_::if_nametoindex;
use rustls::crypto::ring::default_provider;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::unresolved::Unresolved;
use crate::io::refusal::is_refusal;
use crate::proto::dns::{Lookup, Next, NotFound, Patience};
use crate::wire::dns::settings::{NameServer, ResolverSettings};
use crate::wire::dns::{AddressQuestion, MAX_DATAGRAM, MAX_MESSAGE};

/// Asks the servers of `settings` for all that a name may mean, until that has addresses.
pub(super) async fn servers(
    settings: &ResolverSettings,
    name: &str,
) -> Result<Vec<IpAddr>, Unresolved> {
    let mut outcome = NotFound::NoSuchName;
    for name in settings.candidates(name) {
        let mut ids = [[0; 2]; 2];
        // Without secrets there is no defence against whoever answers without being asked.
        let random = default_provider().secure_random;
        random.fill(ids.as_flattened_mut()).map_err(|_| Unresolved::Failed(NO_SECRETS.into()))?;
        let wait = Duration::from_secs(settings.timeout);
        let (servers, attempts) = (settings.servers.len(), settings.attempts);
        let lookup =
            Lookup::new(&name, ids.map(u16::from_ne_bytes), Patience { servers, attempts, wait });
        let ports = settings.servers.iter().map(ServerPort::new).collect();
        match (LookUp { lookup, ports, start: Instant::now() }).run().await {
            Ok(found) => return Ok(found),
            // The name may still exist with something added to it.
            Err(NotFound::NoSuchName) => {}
            Err(NotFound::NoAddress) => outcome = NotFound::NoAddress,
            // The servers of one domain may be broken, and those of the next not.
            Err(failed @ NotFound::Failed(_)) => outcome = failed,
            Err(other) => return Err(Unresolved::NotFound(other)),
        }
    }
    Err(Unresolved::NotFound(outcome))
}

/// One look-up with its sockets.
struct LookUp {
    lookup: Lookup,
    ports: Vec<ServerPort>,
    start: Instant,
}

impl LookUp {
    async fn run(mut self) -> Result<Vec<IpAddr>, NotFound> {
        loop {
            let now = self.start.elapsed();
            match self.lookup.next(now) {
                Next::Over => return self.lookup.found(),
                Next::Ask(server) => self.ask(server, now).await,
                Next::OverTcp(server, which) => self.ask_over_tcp(server, which).await,
                Next::Wait(until) => self.hear(self.start + until).await,
            }
        }
    }

    async fn ask(&mut self, server: usize, now: Duration) {
        let Some(port) = self.ports.get_mut(server) else { return };
        // No socket, or no way to the server: the next one is asked at once.
        if port.open().await.is_err() {
            return self.lookup.on_refusal(server, now);
        }
        let messages: Vec<_> = self.lookup.open().map(AddressQuestion::emit).collect();
        for message in messages {
            if !port.send(&message).await {
                return self.lookup.on_refusal(server, now);
            }
        }
    }

    async fn ask_over_tcp(&mut self, server: usize, which: usize) {
        let asked = self.lookup.question(which).zip(self.ports.get(server));
        let Some((question, port)) = asked else { return };
        let answer = timeout(OVER_TCP, over_tcp(port.server, question)).await;
        let now = self.start.elapsed();
        match answer {
            // The connection is to the server that was asked; whether it answers the question is
            // checked.
            Ok(Ok(message)) => self.lookup.on_message(server, &message, now),
            _ => self.lookup.on_refusal(server, now),
        }
    }

    /// Takes one datagram, whichever server sends it, or what is reported of one of ours.
    async fn hear(&mut self, until: Instant) {
        let mut buffer = [0; MAX_DATAGRAM];
        let heard = timeout_at(until, poll_fn(|context| hear(&self.ports, context, &mut buffer)));
        let Ok((server, heard)) = heard.await else { return };
        let now = self.start.elapsed();
        match heard {
            Ok(length) => {
                let message = buffer.get(..length).unwrap_or_default();
                self.lookup.on_message(server, message, now);
            }
            Err(error) if is_refusal(&error) => self.lookup.on_refusal(server, now),
            // A failed receive is a lost packet. Another turn is near.
            Err(_) => sleep(PAUSE).await,
        }
    }
}

fn hear(
    ports: &[ServerPort],
    context: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<(usize, io::Result<usize>)> {
    for (server, port) in ports.iter().enumerate() {
        let Some(socket) = &port.socket else { continue };
        let mut buffer = ReadBuf::new(buffer);
        if let Poll::Ready(received) = socket.poll_recv(context, &mut buffer) {
            return Poll::Ready((server, received.map(|()| buffer.filled().len())));
        }
    }
    Poll::Pending
}

/// Our end towards one server. The kernel drops what others send, and reports a closed port.
struct ServerPort {
    server: SocketAddr,
    socket: Option<UdpSocket>,
}

impl ServerPort {
    fn new(server: &NameServer) -> Self {
        let address = match server.ip {
            IpAddr::V4(ip) => SocketAddr::new(ip.into(), server.port),
            IpAddr::V6(ip) => {
                let index = |name: &str| name.parse().ok().or_else(|| if_nametoindex(name).ok());
                let zone = server.zone.as_deref().and_then(index).unwrap_or_default();
                SocketAddrV6::new(ip, server.port, 0, zone).into()
            }
        };
        Self { server: address, socket: None }
    }

    /// A socket with a port of the system's choice, which is as hard to guess as the number.
    async fn open(&mut self) -> io::Result<()> {
        if self.socket.is_none() {
            let any: IpAddr = match self.server {
                SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
            };
            let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
            socket.connect(self.server).await?;
            self.socket = Some(socket);
        }
        Ok(())
    }

    /// Whether the server may still be there: any other failure to send is a lost packet.
    async fn send(&self, message: &[u8]) -> bool {
        let Some(socket) = &self.socket else { return false };
        !matches!(socket.send(message).await, Err(error) if is_refusal(&error))
    }
}

/// Asks one question over TCP: each message comes behind its length (RFC 1035 §4.2.2).
async fn over_tcp(server: SocketAddr, question: &AddressQuestion) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let message = question.emit();
    // A question is a name of at most 255 bytes and a few more.
    let length = u16::try_from(message.len()).unwrap_or_default();
    stream.write_all(&[&length.to_be_bytes(), message.as_slice()].concat()).await?;
    let length = usize::from(stream.read_u16().await?);
    if length > MAX_MESSAGE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

/// How long an answer over TCP may take; inferred, as long as the slowest server.
const OVER_TCP: Duration = Duration::from_secs(2);

/// After a failed receive, so that a lasting failure does not keep the processor busy; inferred.
const PAUSE: Duration = Duration::from_millis(20);

const NO_SECRETS: &str = "the system provides no random numbers";
