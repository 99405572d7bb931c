//! A server of files by HTTP or HTTPS on loopback, which may be odd in many ways.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::listener::Listener;
use crate::tls::{self, ClientCertificate, Config, Presented, Stream, Version};

/// How a server answers instead of with the file and its length.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Odd {
    /// After 100 Continue and 103 Early Hints.
    After100,
    /// In chunks.
    Chunked,
    /// By the end of the connection.
    Closed,
    /// Status 200 and nothing.
    Empty,
    /// A head without an end.
    EndlessHead,
    /// Status 500.
    Error,
    /// Compressed, though nobody asked for that.
    Gzip,
    /// A length beyond any file.
    HugeLength,
    /// It closes in the middle of the file.
    Midst,
    /// Without a length, by HTTP/1.0: the end of the connection is the end of the file.
    NoLength,
    /// As it is meant.
    #[default]
    None,
    /// Status 304.
    NotModified,
    /// Status 200 and a page that says that there is no such file.
    Page,
    /// Status 302, to the same name elsewhere.
    Redirect,
    /// A length that is less than the file.
    ShortLength,
    /// Not at all, though it takes the connection.
    Silent,
    /// A byte at a time, and long pauses.
    Slow,
    /// By a banner of another protocol.
    Ssh,
    /// With two lengths that differ.
    TwoLengths,
}

impl Odd {
    /// The deviations by name, with what happens.
    pub const NAMED: [(&'static str, &'static str, Self); 18] = [
        ("after-100", "sends 100 and 103 before the answer", Self::After100),
        ("chunked", "sends the file in chunks", Self::Chunked),
        ("closed", "closes without an answer", Self::Closed),
        ("empty", "sends 200 and nothing", Self::Empty),
        ("endless-head", "sends a head without an end", Self::EndlessHead),
        ("error", "sends 500", Self::Error),
        ("gzip", "compresses, unasked", Self::Gzip),
        ("huge-length", "announces more than any file has", Self::HugeLength),
        ("midst", "closes in the middle of the file", Self::Midst),
        ("no-length", "sends HTTP/1.0 without a length", Self::NoLength),
        ("not-modified", "sends 304", Self::NotModified),
        ("page", "sends 200 and a page of an error", Self::Page),
        ("redirect", "sends 302", Self::Redirect),
        ("short-length", "announces less than the file has", Self::ShortLength),
        ("silent", "takes the connection and says nothing", Self::Silent),
        ("slow", "sends a byte at a time", Self::Slow),
        ("ssh", "sends the banner of another protocol", Self::Ssh),
        ("two-lengths", "sends two lengths that differ", Self::TwoLengths),
    ];
}

/// A running server; it stops, and cuts its connections, when it is dropped.
pub struct Server {
    listener: Listener,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    files: BTreeMap<String, Vec<u8>>,
    odd: Odd,
    config: Config,
    requests: Vec<Request>,
    connections: usize,
    resumed: usize,
}

/// One request as it came.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// The requested name, without the slash.
    pub name: String,
    /// The whole head.
    pub head: String,
}

impl Server {
    /// Serves files by HTTP on a free port of 127.0.0.1.
    pub fn start(files: BTreeMap<String, Vec<u8>>) -> Self {
        Self::start_on(IpAddr::V4(Ipv4Addr::LOCALHOST), files).expect("loopback has a free port")
    }

    /// Serves files by HTTP on a free port of an address.
    ///
    /// # Errors
    /// Whatever binding the socket says.
    pub fn start_on(ip: IpAddr, files: BTreeMap<String, Vec<u8>>) -> io::Result<Self> {
        let shared = Shared {
            files,
            odd: Odd::None,
            config: Config::Plain,
            requests: Vec::new(),
            connections: 0,
            resumed: 0,
        };
        let shared = Arc::new(Mutex::new(shared));
        let listener = Listener::start((ip, 0).into(), {
            let shared = Arc::clone(&shared);
            move |stream| {
                // A client may leave at any point; what it asked is on record.
                let _ = serve(stream, &shared);
            }
        })?;
        Ok(Self { listener, shared })
    }

    /// From the next connection on, by HTTPS.
    pub fn present(&self, presented: &Presented, version: Version) {
        let config = tls::config(presented, version, ClientCertificate::NotAsked);
        held(&self.shared).config = config;
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Replaces the files for requests to come.
    pub fn serve(&self, files: BTreeMap<String, Vec<u8>>) {
        held(&self.shared).files = files;
    }

    /// Answers requests to come in this way.
    pub fn set_odd(&self, odd: Odd) {
        held(&self.shared).odd = odd;
    }

    /// Every request so far, in the order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        held(&self.shared).requests.clone()
    }

    /// The names requested so far.
    pub fn names(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.name).collect()
    }

    /// How many connections were made, and how many of them took up an earlier session.
    pub fn connections(&self) -> (usize, usize) {
        let shared = held(&self.shared);
        (shared.connections, shared.resumed)
    }

    /// Forgets the requests and connections so far.
    pub fn forget_requests(&self) {
        let mut shared = held(&self.shared);
        (shared.connections, shared.resumed) = (0, 0);
        shared.requests.clear();
    }

    /// From now on connections are refused, as on a machine that is up without the service.
    pub fn close(&mut self) {
        self.listener.close();
    }

    /// Listens again on the same port.
    ///
    /// # Errors
    /// If the port has been taken meanwhile.
    pub fn reopen(&mut self) -> io::Result<()> {
        self.listener.reopen()
    }

    /// Waits until every connection has ended.
    pub fn settle(&self) {
        self.listener.settle();
    }
}

fn held(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(stream: TcpStream, shared: &Mutex<Shared>) -> io::Result<()> {
    let config = {
        let mut shared = held(shared);
        shared.connections += 1;
        shared.config.clone()
    };
    let mut stream = tls::accept(config, stream)?;
    if stream.is_resumed() {
        held(shared).resumed += 1;
    }
    converse(&mut stream, shared)
}

/// Reads a request to its blank line, answers it, and closes.
fn converse(stream: &mut Stream, shared: &Mutex<Shared>) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let name = path.strip_prefix('/').unwrap_or(path).to_owned();
    let (file, odd) = {
        let mut shared = held(shared);
        shared.requests.push(Request { name: name.clone(), head });
        (shared.files.get(&name).cloned(), shared.odd)
    };
    answer(stream, &name, file, odd)?;
    stream.send_close_notify()
}

fn answer(stream: &mut Stream, name: &str, file: Option<Vec<u8>>, odd: Odd) -> io::Result<()> {
    let found = |file: &[u8]| head("200 OK", file.len(), "");
    let page = "<!DOCTYPE html>\n<html><body>There is no such file here.</body></html>\n";
    match (odd, file) {
        (Odd::EndlessHead, _) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
            loop {
                stream.write_all(b"X-More: more\r\n")?;
            }
        }
        (Odd::Closed, _) => Ok(()),
        (Odd::Empty, _) => whole(stream, &found(b""), b""),
        (Odd::Error, _) => whole(stream, &head("500 Internal Server Error", 0, ""), b""),
        (Odd::NotModified, _) => whole(stream, "HTTP/1.1 304 Not Modified\r\n\r\n", b""),
        (Odd::Page, _) => whole(stream, &found(page.as_bytes()), page.as_bytes()),
        (Odd::Redirect, _) => {
            let elsewhere = format!("Location: https://192.0.2.9/{name}\r\n");
            whole(stream, &head("302 Found", 0, &elsewhere), b"")
        }
        (Odd::Silent, _) => {
            // Until the client has gone.
            let _gone = stream.read(&mut [0]);
            Ok(())
        }
        (Odd::Ssh, _) => whole(stream, "SSH-2.0-OpenSSH_9.2\r\n\r\n", b""),
        (_, None) => whole(stream, &head("404 Not Found", page.len(), ""), page.as_bytes()),
        (Odd::After100, Some(file)) => {
            let early =
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n";
            whole(stream, &format!("{early}{}", found(&file)), &file)
        }
        (Odd::Chunked, Some(file)) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            for chunk in file.chunks(1000) {
                let line = format!("{:x};part=1\r\n", chunk.len());
                stream.write_all(&[line.as_bytes(), chunk, b"\r\n"].concat())?;
            }
            stream.write_all(b"0\r\nX-Trailer: end\r\n\r\n")
        }
        (Odd::Gzip, Some(file)) => {
            let coded = head("200 OK", file.len(), "Content-Encoding: gzip\r\n");
            whole(stream, &coded, &file)
        }
        (Odd::HugeLength, Some(file)) => whole(stream, &head("200 OK", usize::MAX, ""), &file),
        (Odd::Midst, Some(file)) => whole(stream, &found(&file), &file[..file.len() / 2]),
        (Odd::NoLength, Some(file)) => whole(stream, "HTTP/1.0 200 OK\r\n\r\n", &file),
        (Odd::None, Some(file)) => whole(stream, &found(&file), &file),
        (Odd::ShortLength, Some(file)) => whole(stream, &head("200 OK", file.len() / 2, ""), &file),
        (Odd::Slow, Some(file)) => {
            stream.write_all(found(&file).as_bytes())?;
            file.iter().try_for_each(|byte| {
                thread::sleep(PAUSE);
                stream.write_all(&[*byte])?;
                stream.flush()
            })
        }
        (Odd::TwoLengths, Some(file)) => {
            let two = head("200 OK", file.len(), "Content-Length: 1\r\n");
            whole(stream, &two, &file)
        }
    }
}

fn head(status: &str, length: usize, more: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{more}Connection: close\r\n\r\n")
}

fn whole(stream: &mut Stream, head: &str, body: &[u8]) -> io::Result<()> {
    stream.write_all(&[head.as_bytes(), body].concat())?;
    stream.flush()
}

/// Between two bytes of a slow server: each alone is in time.
const PAUSE: Duration = Duration::from_millis(100);
