//! The TFTP server, asked by a client of a few lines.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use secd_lab::tftp::{Faults, OptionPolicy, Server};

struct Client {
    socket: UdpSocket,
    request: Vec<u8>,
    server: SocketAddr,
    last: (Vec<u8>, SocketAddr),
    blksize: usize,
    window: usize,
}

#[derive(Debug, Eq, PartialEq)]
enum Failure {
    Code(u16),
    Silence,
}

/// Reads a file; honours blksize and windowsize if the OACK does.
fn read(server: &Server, name: &str, options: &[(&str, &str)]) -> Result<Vec<u8>, Failure> {
    Client::new(server.address(), name, options).run()
}

impl Client {
    fn new(server: SocketAddr, name: &str, options: &[(&str, &str)]) -> Self {
        let local = if server.is_ipv6() { "[::1]:0" } else { "127.0.0.1:0" };
        let socket = UdpSocket::bind(local).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(25))).unwrap();
        let options: String =
            options.iter().map(|(name, value)| format!("{name}\0{value}\0")).collect();
        let request = format!("\0\x01{name}\0octet\0{options}").into_bytes();
        let last = (request.clone(), server);
        Self { socket, request, server, last, blksize: 512, window: 1 }
    }

    fn send(&mut self, bytes: Vec<u8>, to: SocketAddr) {
        self.socket.send_to(&bytes, to).unwrap();
        self.last = (bytes, to);
    }

    fn ack(&mut self, block: u16, to: SocketAddr) {
        self.send([4, block].map(u16::to_be_bytes).concat(), to);
    }

    fn run(mut self) -> Result<Vec<u8>, Failure> {
        let (mut content, mut next, mut silence, mut unacknowledged) = (Vec::new(), 1_u16, 0, 0);
        let mut tid = None;
        self.send(self.request.clone(), self.server);
        loop {
            let (packet, from) = match self.receive() {
                Ok(received) => received,
                Err(_) if silence == 40 => return Err(Failure::Silence),
                Err(_) => {
                    silence += 1;
                    let (bytes, to) = self.last.clone();
                    self.send(bytes, to);
                    continue;
                }
            };
            if *packet[4..].iter().max().unwrap_or(&0) == b'!' || packet.ends_with(b"forged\0") {
                continue;
            }
            let tid = *tid.get_or_insert(from);
            if from != tid {
                continue;
            }
            silence = 0;
            let block = u16::from_be_bytes([packet[2], packet[3]]);
            match packet[1] {
                3 if block == next => {
                    content.extend_from_slice(&packet[4..]);
                    next = next.wrapping_add(1);
                    unacknowledged += 1;
                    let last = packet.len() - 4 < self.blksize;
                    if last || unacknowledged == self.window {
                        unacknowledged = 0;
                        self.ack(block, tid);
                    }
                    if last {
                        return Ok(content);
                    }
                }
                3 => {
                    unacknowledged = 0;
                    self.ack(next.wrapping_sub(1), tid);
                }
                5 => return Err(Failure::Code(block)),
                6 => {
                    self.accept(&packet);
                    self.ack(0, tid);
                }
                _ => {}
            }
        }
    }

    fn receive(&self) -> io::Result<(Vec<u8>, SocketAddr)> {
        let mut bytes = vec![0; 65_536];
        let (length, from) = self.socket.recv_from(&mut bytes)?;
        bytes.truncate(length);
        Ok((bytes, from))
    }

    fn accept(&mut self, packet: &[u8]) {
        let fields: Vec<&[u8]> = packet[2..].split(|byte| *byte == 0).collect();
        for pair in fields.chunks_exact(2) {
            let number = std::str::from_utf8(pair[1]).unwrap().parse().unwrap();
            match pair[0] {
                b"blksize" => self.blksize = number,
                b"windowsize" => self.window = number,
                _ => {}
            }
        }
    }
}

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|index| u8::try_from(index * 7 % 29).unwrap() + b'0').collect()
}

fn serving(length: usize) -> Server {
    Server::start(BTreeMap::from([("file".to_owned(), content(length))]))
}

#[test]
fn files_of_every_boundary_length_arrive() {
    for length in [0, 1, 511, 512, 513, 1024, 70_000] {
        assert_eq!(read(&serving(length), "file", &[]), Ok(content(length)), "{length}");
    }
}

#[test]
fn block_numbers_wrap_and_windows_work() {
    let options = [("blksize", "8"), ("windowsize", "16")];
    let length = 8 * 65_536 + 20;
    assert_eq!(read(&serving(length), "file", &options), Ok(content(length)));
}

#[test]
fn a_missing_file_is_error_one_or_whatever_the_fault_says() {
    let server = serving(1);
    assert_eq!(read(&server, "other", &[]), Err(Failure::Code(1)));
    server.set_faults(Faults { missing_code: 0, ..Faults::default() });
    assert_eq!(read(&server, "other", &[]), Err(Failure::Code(0)));
    server.set_faults(Faults { refuse: Some(2), ..Faults::default() });
    assert_eq!(read(&server, "file", &[]), Err(Failure::Code(2)));
}

#[test]
fn bad_luck_is_survived() {
    let patience = Duration::from_millis(30);
    let luck =
        Faults { loss: 10, duplication: 10, reordering: 10, foreign: 20, ..Faults::default() };
    for seed in 0..3 {
        let server = serving(8_000);
        server.set_faults(Faults { seed, patience, ..luck.clone() });
        assert_eq!(read(&server, "file", &[]), Ok(content(8_000)));
        let options = [("blksize", "1024"), ("windowsize", "4"), ("tsize", "0")];
        assert_eq!(read(&server, "file", &options), Ok(content(8_000)));
        assert_eq!(server.names().len(), 2);
    }
}

#[test]
fn options_are_ignored_shrunk_or_lied_about() {
    let server = serving(3000);
    server.set_faults(Faults { options: OptionPolicy::Ignore, ..Faults::default() });
    assert_eq!(read(&server, "file", &[("blksize", "1400")]), Ok(content(3000)));
    server.set_faults(Faults { blksize: Some(100), tsize: Some(7), ..Faults::default() });
    let options = [("blksize", "1400"), ("tsize", "0")];
    assert_eq!(read(&server, "file", &options), Ok(content(3000)));
}

#[test]
fn silence_and_early_ends_leave_the_client_alone() {
    let server = serving(3000);
    server.set_faults(Faults { silent: true, ..Faults::default() });
    assert_eq!(read(&server, "file", &[]), Err(Failure::Silence));
    assert_eq!(server.names(), ["file"]);
    assert!(server.requests().len() > 1);
    server.set_faults(Faults { close_after: Some(2), ..Faults::default() });
    assert_eq!(read(&server, "file", &[]), Err(Failure::Silence));
}

#[test]
fn requests_are_recorded_with_their_options() {
    let server = serving(1);
    read(&server, "file", &[("blksize", "1400")]).unwrap();
    let _ = read(&server, "none", &[]);
    let requests = server.requests();
    assert_eq!(server.names(), ["file", "none"]);
    assert_eq!(requests[0].mode, "octet");
    assert_eq!(requests[0].options, [("blksize".to_owned(), "1400".to_owned())]);
    server.forget_requests();
    assert!(server.requests().is_empty());
}

#[test]
fn files_are_replaced_while_serving() {
    let server = serving(1);
    server.serve(BTreeMap::from([("new".to_owned(), content(9))]));
    assert_eq!(read(&server, "file", &[]), Err(Failure::Code(1)));
    assert_eq!(read(&server, "new", &[]), Ok(content(9)));
}

#[test]
fn ipv6_is_served_where_there_is_any() {
    let files = BTreeMap::from([("file".to_owned(), content(600))]);
    if let Ok(server) = Server::start_v6(files) {
        assert_eq!(read(&server, "file", &[]), Ok(content(600)));
    }
}

#[test]
fn a_slow_transfer_ends_with_the_server() {
    let server = serving(3000);
    let drip = Some(Duration::from_secs(3600));
    server.set_faults(Faults { drip, ..Faults::default() });
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(b"\0\x01file\0octet\0", server.address()).unwrap();
    while server.requests().is_empty() {
        std::thread::yield_now();
    }
    drop(server);
}
