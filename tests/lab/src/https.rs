//! An HTTPS server on loopback: one page, and a record of what every client did.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::listener::Listener;
use crate::tls::{self, ClientCertificate, Config, Presented, Stream, Version};

/// One connection as the server saw it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Connection {
    /// How the handshake ended.
    pub handshake: Handshake,
    /// What the client sent after it.
    pub received: Vec<u8>,
}

/// How a handshake ended.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Handshake {
    /// It came to its end, with a session of its own.
    Done,
    /// It broke off; why, as the server understood it.
    Failed(String),
    /// It has not ended.
    #[default]
    Going,
    /// It took up an earlier session.
    Resumed,
}

/// A running server; it stops, and cuts its connections, when it is dropped.
pub struct Server {
    listener: Listener,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    config: Config,
    connections: Vec<Connection>,
    page: Vec<u8>,
}

impl Server {
    /// Serves [`DIRECTORY`] on a free port of 127.0.0.1.
    pub fn start(presented: &Presented, version: Version) -> Self {
        Self::start_on(IpAddr::V4(Ipv4Addr::LOCALHOST), presented, version)
            .expect("loopback has a free port")
    }

    /// Serves [`DIRECTORY`] on a free port of the given address.
    ///
    /// # Errors
    /// Whatever binding the socket says.
    pub fn start_on(ip: IpAddr, presented: &Presented, version: Version) -> io::Result<Self> {
        let config = tls::config(presented, version, ClientCertificate::NotAsked);
        let page = DIRECTORY.as_bytes().to_vec();
        let shared = Arc::new(Mutex::new(Shared { config, connections: Vec::new(), page }));
        let listener = Listener::start((ip, 0).into(), {
            let shared = Arc::clone(&shared);
            move |stream| serve(stream, &shared)
        })?;
        Ok(Self { listener, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Shows something else from the next connection on.
    pub fn present(&self, presented: &Presented, version: Version) {
        held(&self.shared).config = tls::config(presented, version, ClientCertificate::NotAsked);
    }

    /// Shows something else from the next connection on, and still resumes the sessions of before: as
    /// a server whose certificate was replaced while it ran.
    pub fn present_anew(&self, presented: &Presented, version: Version) {
        let mut shared = held(&self.shared);
        let anew = tls::config(presented, version, ClientCertificate::NotAsked);
        shared.config = anew.with_sessions_of(&shared.config);
    }

    /// Serves another page.
    pub fn serve(&self, page: &[u8]) {
        held(&self.shared).page = page.to_vec();
    }

    /// How many connections have resumed a session so far.
    pub fn resumed(&self) -> usize {
        let connections = self.connections();
        connections.iter().filter(|it| it.handshake == Handshake::Resumed).count()
    }

    /// The connections so far.
    pub fn connections(&self) -> Vec<Connection> {
        held(&self.shared).connections.clone()
    }

    /// Waits until every connection has ended.
    pub fn settle(&self) {
        self.listener.settle();
    }
}

fn held(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(stream: TcpStream, shared: &Mutex<Shared>) {
    let (config, number) = {
        let mut shared = held(shared);
        shared.connections.push(Connection::default());
        (shared.config.clone(), shared.connections.len() - 1)
    };
    let note = |handshake| held(shared).connections[number].handshake = handshake;
    match tls::accept(config, stream) {
        Err(error) => note(Handshake::Failed(error.to_string())),
        Ok(mut stream) => {
            note(if stream.is_resumed() { Handshake::Resumed } else { Handshake::Done });
            // A client may leave at any point; what it sent is on record.
            let _ = converse(&mut stream, shared, number);
        }
    }
}

/// Reads a request to its blank line, answers it, and closes.
fn converse(stream: &mut Stream, shared: &Mutex<Shared>, number: usize) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        let mut shared = held(shared);
        let received = &mut shared.connections[number].received;
        received.extend_from_slice(&buffer[..length]);
        if received.windows(4).any(|window| window == b"\r\n\r\n") {
            break;
        }
    }
    let page = held(shared).page.clone();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        page.len()
    );
    stream.write_all(&[head.as_bytes(), &page].concat())?;
    stream.send_close_notify()
}

/// A directory menu as phones show it.
pub const DIRECTORY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <CiscoIPPhoneMenu>\n\
    <Title>Directories</Title>\n\
    <MenuItem><Name>Corporate Directory</Name><URL>Application:Cisco/CorporateDirectory</URL></MenuItem>\n\
    </CiscoIPPhoneMenu>\n";
