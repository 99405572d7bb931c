//! A phone of a few lines, which writes every byte itself.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use rsa::Pkcs1v15Sign;
use rustls::{ClientConnection, StreamOwned};
use secd_lab::digest::Digest;
use secd_lab::keys::KeyPair;

use crate::support;

pub(crate) const NAME: &str = "SEP001122334455";

/// A connection whose bytes are recorded as they come from the network.
struct Tap {
    socket: TcpStream,
    seen: Rc<RefCell<Vec<u8>>>,
}

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.socket.read(buffer)?;
        self.seen.borrow_mut().extend_from_slice(&buffer[..length]);
        Ok(length)
    }
}

impl Write for Tap {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.socket.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

pub(crate) struct Phone {
    stream: StreamOwned<ClientConnection, Tap>,
    seen: Rc<RefCell<Vec<u8>>>,
    pub(crate) session: u32,
}

impl Phone {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let seen = Rc::default();
        let tap = Tap { socket, seen: Rc::clone(&seen) };
        Self { stream: support::tls::over(tap), seen, session: 0 }
    }

    /// Connects, and takes the first message.
    pub(crate) fn greeted(address: SocketAddr) -> Self {
        let mut phone = Self::connect(address);
        let first = phone.receive();
        phone.session = u32::from_be_bytes(first[2..6].try_into().unwrap());
        phone
    }

    /// The next message, header and payload.
    pub(crate) fn receive(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; 8];
        self.stream.read_exact(&mut bytes).unwrap();
        let length = usize::from(u16::from_be_bytes([bytes[6], bytes[7]]));
        bytes.resize(8 + length, 0);
        self.stream.read_exact(&mut bytes[8..]).unwrap();
        bytes
    }

    /// So many bytes.
    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// Waits no longer than this for the server.
    pub(crate) fn patience(&mut self, time: Duration) {
        self.stream.sock.socket.set_read_timeout(Some(time)).unwrap();
    }

    /// The certificate that the server has shown.
    pub(crate) fn shown(&self) -> Vec<u8> {
        self.stream.conn.peer_certificates().unwrap()[0].to_vec()
    }

    /// Everything up to the end, and whether it was TLS's.
    pub(crate) fn rest(&mut self) -> (Vec<u8>, bool) {
        let mut bytes = Vec::new();
        let closed = self.stream.read_to_end(&mut bytes).is_ok();
        (bytes, closed)
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
        self.stream.flush().unwrap();
    }

    pub(crate) fn say(&mut self, command: u8, elements: &[Vec<u8>]) {
        self.send(&message(command, self.session, elements));
    }

    /// The lengths of what the records carried that came after the handshake; TLS 1.2 with GCM,
    /// which adds a nonce of 8 bytes and a tag of 16.
    pub(crate) fn records(&self) -> Vec<usize> {
        let seen = self.seen.borrow();
        let (mut at, mut lengths) = (0, Vec::new());
        while let Some(&[kind, _, _, high, low]) = seen.get(at..at + 5) {
            let length = usize::from(u16::from_be_bytes([high, low]));
            if kind == 0x17 {
                lengths.push(length - 24);
            }
            at += 5 + length;
        }
        lengths
    }
}

pub(crate) fn message(command: u8, session: u32, elements: &[Vec<u8>]) -> Vec<u8> {
    let payload = elements.concat();
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[0x55, command], &session.to_be_bytes()[..], &length, &payload].concat()
}

pub(crate) fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    [&[tag], &length[..], value].concat()
}

pub(crate) fn nul(text: &str) -> Vec<u8> {
    [text.as_bytes(), &[0]].concat()
}

/// The elements of the phone's first answer.
pub(crate) fn hello(password: &str) -> Vec<Vec<u8>> {
    let (password, name) = (element(11, &nul(password)), element(13, &nul(NAME)));
    vec![element(1, &[1]), element(7, &[3]), password, name]
}

pub(crate) fn wrapped(der: &[u8]) -> Vec<u8> {
    let length = u16::try_from(der.len() + 2).unwrap().to_be_bytes();
    [&[1], &length[..], &[0, 1], der].concat()
}

/// RSA over the bare hash, or ECDSA.
pub(crate) fn bare(key: &KeyPair, digest: Digest, content: &[u8]) -> Vec<u8> {
    match key.rsa() {
        Some(rsa) => rsa.sign(Pkcs1v15Sign::new_unprefixed(), &digest.of(content)).unwrap(),
        None => key.sign(digest, content),
    }
}

/// Elements 4, 6 and 20.
pub(crate) fn proof(key: &KeyPair, name: &str, der: &[u8]) -> Vec<Vec<u8>> {
    let content = [&nul(name), der].concat();
    let sha512 = bare(key, Digest::Sha512, &content);
    vec![
        element(4, &wrapped(der)),
        element(6, &bare(key, Digest::Sha1, &content)),
        element(20, &element(3, &sha512)),
    ]
}

/// Element 16.
pub(crate) fn sudi(key: &KeyPair, session: u32, der: &[u8]) -> Vec<u8> {
    let content = [&session.to_le_bytes(), der].concat();
    let parts = [
        element(0, der),
        element(1, &bare(key, Digest::Sha1, &content)),
        element(3, &bare(key, Digest::Sha512, &content)),
    ];
    element(16, &parts.concat())
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}
