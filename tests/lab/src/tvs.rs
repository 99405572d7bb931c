//! A TVS server on loopback, with faults on demand.
//!
//! It answers from a store that can be exchanged at any time, one question a connection, and
//! records what it was asked.

mod faults;
mod message;
mod servers;

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::certificate::Certificate;
use crate::cluster::Stored;
use crate::list::Role;
use crate::listener::Listener;
use crate::tls::{self, ClientCertificate, Config, Presented, Stream, Version};

pub use faults::{Conduct, Faults};
pub use message::Asked;
pub use servers::Servers;

use message::{Answer, Request};

/// What the server knows of a certificate.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The certificate.
    pub certificate: Certificate,
    /// What it may do.
    pub roles: Vec<Role>,
    /// Seconds that the answer holds; none: the answer does not say.
    pub ttl: Option<u32>,
}

impl From<Stored> for Entry {
    /// With the default time to live of the field.
    fn from(stored: Stored) -> Self {
        let Stored { certificate, roles } = stored;
        Self { certificate, roles, ttl: Some(DEFAULT_TTL) }
    }
}

/// The entries for what a cluster knows.
pub fn entries(store: &[Stored]) -> Vec<Entry> {
    store.iter().cloned().map(Entry::from).collect()
}

/// What happened on one connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// A question was asked.
    Asked(Question),
    /// There was no handshake; why, as the server understood it.
    Refused {
        /// Counts the connections of all servers in the process.
        order: u64,
        /// The reason.
        why: String,
    },
}

impl Event {
    /// Counts the connections of all servers in the process.
    pub fn order(&self) -> u64 {
        match self {
            Self::Asked(question) => question.order,
            Self::Refused { order, .. } => *order,
        }
    }
}

/// A question as it came.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Question {
    /// Counts the connections of all servers in the process.
    pub order: u64,
    /// The number that the phone chose.
    pub session: u32,
    /// The name that the phone gives itself.
    pub device: String,
    /// What was asked.
    pub asked: Asked,
    /// The certificate of the phone, DER, if it was asked for one and had one.
    pub client: Option<Vec<u8>>,
    /// Whether the connection took up an earlier session.
    pub resumed: bool,
    /// How many reads it took; one, if the phone sends it in one piece.
    pub reads: usize,
}

/// A running server; it stops, and cuts its connections, when it is dropped.
pub struct Server {
    listener: Listener,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    presented: Presented,
    version: Version,
    client: ClientCertificate,
    config: Config,
    store: Vec<Entry>,
    faults: Faults,
    connections: usize,
    events: Vec<Event>,
}

impl Shared {
    fn new(presented: &Presented, version: Version) -> Self {
        let client = ClientCertificate::NotAsked;
        Self {
            config: tls::config(presented, version, client),
            presented: presented.clone(),
            version,
            client,
            store: Vec::new(),
            faults: Faults::default(),
            connections: 0,
            events: Vec::new(),
        }
    }

    fn configure(&mut self) {
        self.config = tls::config(&self.presented, self.version, self.client);
    }
}

impl Server {
    /// Serves an empty store on a free port of 127.0.0.1.
    pub fn start(presented: &Presented, version: Version) -> Self {
        Self::start_on(IpAddr::V4(Ipv4Addr::LOCALHOST), presented, version)
            .expect("loopback has a free port")
    }

    /// Serves an empty store on a free port of the given address.
    ///
    /// # Errors
    /// Whatever binding the socket says; the machine may have no IPv6.
    pub fn start_on(ip: IpAddr, presented: &Presented, version: Version) -> io::Result<Self> {
        Self::start_at((ip, 0).into(), presented, version)
    }

    /// Serves an empty store at this address and port.
    ///
    /// # Errors
    /// Whatever binding the socket says; the port may be taken.
    pub fn start_at(
        address: SocketAddr,
        presented: &Presented,
        version: Version,
    ) -> io::Result<Self> {
        let shared = Arc::new(Mutex::new(Shared::new(presented, version)));
        let listener = Listener::start(address, {
            let shared = Arc::clone(&shared);
            move |stream| serve(stream, &shared)
        })?;
        Ok(Self { listener, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Refuses connections from now on.
    pub fn close(&mut self) {
        self.listener.close();
    }

    /// Takes connections again, on the same port.
    ///
    /// # Errors
    /// The port may have been taken in the meantime.
    pub fn reopen(&mut self) -> io::Result<()> {
        self.listener.reopen()
    }

    /// Answers from these entries from now on.
    pub fn store(&self, entries: Vec<Entry>) {
        held(&self.shared).store = entries;
    }

    /// Shows another certificate from now on.
    pub fn present(&self, presented: &Presented) {
        let mut shared = held(&self.shared);
        shared.presented = presented.clone();
        shared.configure();
    }

    /// Takes other versions of TLS from now on.
    pub fn set_version(&self, version: Version) {
        let mut shared = held(&self.shared);
        shared.version = version;
        shared.configure();
    }

    /// Asks for the client's certificate from now on, or no longer.
    pub fn set_client(&self, client: ClientCertificate) {
        let mut shared = held(&self.shared);
        shared.client = client;
        shared.configure();
    }

    /// Deviates so from now on.
    pub fn set_faults(&self, faults: Faults) {
        held(&self.shared).faults = faults;
    }

    /// How many TCP connections there were.
    pub fn connections(&self) -> usize {
        held(&self.shared).connections
    }

    /// What happened so far.
    pub fn events(&self) -> Vec<Event> {
        held(&self.shared).events.clone()
    }

    /// The questions so far.
    pub fn questions(&self) -> Vec<Question> {
        let asked = |event| match event {
            Event::Asked(question) => Some(question),
            Event::Refused { .. } => None,
        };
        self.events().into_iter().filter_map(asked).collect()
    }

    /// Waits until every connection has ended, so that all that happened is on record.
    pub fn settle(&self) {
        self.listener.settle();
    }
}

fn held(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(stream: TcpStream, shared: &Mutex<Shared>) {
    // Counted at the beginning: a client that has been refused goes on before the server knows.
    let order = next();
    let config = {
        let mut shared = held(shared);
        shared.connections += 1;
        shared.config.clone()
    };
    match tls::accept(config, stream) {
        Ok(mut stream) => {
            // A client may leave at any point; what it asked is on record.
            let _ = converse(&mut stream, shared, order);
        }
        Err(error) => {
            let refused = Event::Refused { order, why: error.to_string() };
            held(shared).events.push(refused);
        }
    }
}

fn converse(stream: &mut Stream, shared: &Mutex<Shared>, order: u64) -> io::Result<()> {
    let (bytes, reads) = request(stream)?;
    let request = Request::parse(&bytes);
    let question = Question {
        order,
        session: request.session,
        device: request.device.clone(),
        asked: request.asked.clone(),
        client: stream.client(),
        resumed: stream.is_resumed(),
        reads,
    };
    let (faults, answer) = {
        let mut shared = held(shared);
        shared.events.push(Event::Asked(question));
        (shared.faults.clone(), answer(&shared, &request))
    };
    match faults.conduct {
        Conduct::Answer => send(stream, &answer, faults.pieces)?,
        Conduct::Close => {}
        Conduct::Garbage => send(stream, &[0xA5; 64], faults.pieces)?,
        Conduct::Silent => {
            let _left = stream.read(&mut [0; 1])?;
        }
        Conduct::Withhold => {
            if matches!(request.asked, Asked::Verify { .. }) {
                withhold(shared);
            }
            send(stream, &answer, faults.pieces)?;
        }
    }
    stream.send_close_notify()
}

/// Waits until the server conducts itself otherwise.
fn withhold(shared: &Mutex<Shared>) {
    for _ in 0..500 {
        if held(shared).faults.conduct != Conduct::Withhold {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Reads one request, and tells how many reads that took.
fn request(stream: &mut Stream) -> io::Result<(Vec<u8>, usize)> {
    let (mut bytes, mut reads) = (Vec::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    while Request::length(&bytes).is_none_or(|length| bytes.len() < length) {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..length]);
        reads += 1;
    }
    Ok((bytes, reads))
}

fn answer(shared: &Shared, request: &Request) -> Vec<u8> {
    let faults = &shared.faults;
    let known = shared.store.iter().find(|entry| request.is_about(&entry.certificate));
    let status = faults.status.unwrap_or(if known.is_some() { TRUSTED } else { INVALID });
    let is_query = matches!(request.asked, Asked::Query { .. });
    let own = known.map(|entry| entry.certificate.der.as_slice());
    let answer = match known {
        _ if status != TRUSTED => Answer { status, certificate: None, roles: &[], ttl: None },
        known => Answer {
            status,
            certificate: faults.certificate.as_deref().or(own).filter(|_| is_query),
            roles: faults
                .roles
                .as_deref()
                .unwrap_or(known.map(|entry| entry.roles.as_slice()).unwrap_or_default()),
            ttl: known.and_then(|entry| entry.ttl),
        },
    };
    let payload = faults.extended(answer.encode());
    let session = faults.session.unwrap_or(request.session);
    message::message(request.answer(), faults.reserved, session, &payload)
}

fn send(stream: &mut Stream, bytes: &[u8], pieces: Option<usize>) -> io::Result<()> {
    for piece in bytes.chunks(pieces.unwrap_or(bytes.len()).max(1)) {
        stream.write_all(piece)?;
        stream.flush()?;
    }
    Ok(())
}

fn next() -> u64 {
    static ORDER: AtomicU64 = AtomicU64::new(0);
    ORDER.fetch_add(1, Ordering::Relaxed)
}

const TRUSTED: u8 = 0;
const INVALID: u8 = 1;

/// A day, what a captured answer has.
const DEFAULT_TTL: u32 = 86_400;
