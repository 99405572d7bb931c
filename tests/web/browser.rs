//! A client of the phone's web page, with nothing between it and the bytes.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::support::PATIENCE;
use super::support::agent::Agent;
use super::support::log::shown;

/// The settings of a page that listens at a port of the system's choice.
pub(super) const LISTEN: &str = "[web]\nlisten = [\"127.0.0.1:0\"]\n";

/// Where the page of an agent is, by its log.
#[track_caller]
pub(super) fn address(agent: &Agent) -> SocketAddr {
    let start = "web: listening on ";
    let found = agent.log.find(0, PATIENCE, |line| line.text.starts_with(start));
    let found = found.unwrap_or_else(|| panic!("{}", shown(&agent.log.from(0))));
    let line = &agent.log.from(found)[0].text;
    let address = line[start.len()..].split(", open to").next().unwrap();
    let mut address: SocketAddr = address.parse().expect(line);
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    address
}

/// An answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, it)| it)
    }
}

/// A connection.
pub(super) struct Browser {
    pub(super) stream: TcpStream,
}

impl Browser {
    #[track_caller]
    pub(super) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream }
    }

    /// Sends bytes; a connection that was closed meanwhile is for the reader to notice.
    pub(super) fn send(mut self, bytes: &[u8]) -> Self {
        let _closed_already = self.stream.write_all(bytes);
        self
    }

    /// What comes until the end; nothing also where the connection is reset.
    #[track_caller]
    pub(super) fn rest(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.stream.read_to_end(&mut bytes) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("after {} bytes: {error}", bytes.len()),
        }
        bytes
    }

    #[track_caller]
    pub(super) fn answer(self) -> Answer {
        Answer::parse(&self.rest())
    }

    /// What comes until it has this in it.
    #[track_caller]
    pub(super) fn until(&mut self, wanted: &str) -> String {
        let until = Instant::now() + PATIENCE;
        let mut text = String::new();
        let mut buffer = [0; 4096];
        while !text.contains(wanted) {
            let length = self.stream.read(&mut buffer).unwrap_or_else(|error| {
                panic!("no {wanted:?}, {error}: {text}");
            });
            assert!(length > 0 && Instant::now() < until, "no {wanted:?}: {text}");
            text.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        }
        text
    }

    /// Whether the other end closes within a time, whatever it sends before.
    pub(super) fn is_closed_within(&mut self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        self.stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let mut buffer = [0; 4096];
        while Instant::now() < until {
            match self.stream.read(&mut buffer) {
                Ok(0) => return true,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return true,
                _ => {}
            }
        }
        false
    }
}

/// Sends a request of these lines, with a `Host` that is right.
#[track_caller]
pub(super) fn ask(address: SocketAddr, first: &str, headers: &[&str]) -> Answer {
    Browser::connect(address).send(request(address, first, headers).as_bytes()).answer()
}

/// The page at a path.
#[track_caller]
pub(super) fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, &format!("GET {path} HTTP/1.1"), &[])
}

/// A request of these lines, with a `Host` that is right.
pub(super) fn request(address: SocketAddr, first: &str, headers: &[&str]) -> String {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    format!("{first}\r\nHost: {address}\r\n{headers}\r\n")
}

/// A log that is being followed from the first line on, or behind a place.
#[track_caller]
pub(super) fn follow(address: SocketAddr, headers: &[&str]) -> Browser {
    let headers = [&["Accept: text/event-stream"][..], headers].concat();
    Browser::connect(address).send(request(address, "GET /log HTTP/1.1", &headers).as_bytes())
}
