//! A name server that does as it is scripted, over UDP and TCP.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;

/// What is answered for a name.
#[derive(Clone, Debug)]
pub enum Answer {
    /// These addresses, to questions for IPv4.
    Addresses(Vec<Ipv4Addr>),
    /// The same, over TCP alone.
    OverTcp(Vec<Ipv4Addr>),
    /// An error.
    Code(u8),
    /// Nothing.
    Silence,
    /// What looks like an answer, to another question: the number differs by one.
    OtherNumber(Vec<Ipv4Addr>),
}

/// A running server; its threads end with the test.
pub struct NameServer {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl NameServer {
    /// Starts one on a port of the kernel's choice. A name that it does not know does not exist.
    pub fn start(answers: &[(&str, Answer)]) -> Self {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), answers)
    }

    pub fn start_at(address: SocketAddr, answers: &[(&str, Answer)]) -> Self {
        let (socket, listener, address) = both(address);
        let answers: BTreeMap<String, Answer> =
            answers.iter().map(|(name, answer)| ((*name).to_owned(), answer.clone())).collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (known, noted) = (answers.clone(), asked.clone());
        thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((length, client)) = socket.recv_from(&mut buffer) {
                let question = &buffer[..length];
                noted.lock().unwrap().push(name(question));
                if let Some(reply) = reply(question, &known, false) {
                    let _gone = socket.send_to(&reply, client);
                }
            }
        });
        thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let mut length = [0; 2];
                stream.read_exact(&mut length).unwrap();
                let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
                stream.read_exact(&mut question).unwrap();
                if let Some(reply) = reply(&question, &answers, true) {
                    let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
                    let _gone = stream.write_all(&[&length[..], &reply].concat());
                }
            }
        });
        Self { address, asked }
    }

    /// How often it was asked for a name, over UDP.
    pub fn asked(&self, name: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|it| *it == name).count()
    }
}

/// The name that is asked for.
fn name(question: &[u8]) -> String {
    let mut labels = Vec::new();
    let mut rest = &question[12..];
    while let [length, after @ ..] = rest {
        if *length == 0 {
            break;
        }
        let (label, after) = after.split_at(usize::from(*length));
        labels.push(String::from_utf8_lossy(label).into_owned());
        rest = after;
    }
    labels.join(".")
}

fn reply(question: &[u8], answers: &BTreeMap<String, Answer>, tcp: bool) -> Option<Vec<u8>> {
    let answer = answers.get(&name(question)).cloned().unwrap_or(Answer::Code(3));
    let mut reply = question.to_vec();
    let (flags, addresses) = match answer {
        Answer::Silence => return None,
        Answer::Code(code) => (0x8180 | u16::from(code), Vec::new()),
        Answer::Addresses(addresses) => (0x8180, addresses),
        Answer::OverTcp(addresses) if tcp => (0x8180, addresses),
        Answer::OverTcp(_) => (0x8380, Vec::new()),
        Answer::OtherNumber(addresses) => {
            reply[1] ^= 1;
            (0x8180, addresses)
        }
    };
    reply[2..4].copy_from_slice(&flags.to_be_bytes());
    // Questions for IPv6 get none.
    if question[question.len() - 3] == 1 {
        reply[6..8].copy_from_slice(&u16::try_from(addresses.len()).unwrap().to_be_bytes());
        for address in addresses {
            reply.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
            reply.extend_from_slice(&address.octets());
        }
    }
    Some(reply)
}

/// One port for UDP and TCP: the kernel's choice for the one may be taken for the other.
fn both(address: SocketAddr) -> (UdpSocket, TcpListener, SocketAddr) {
    let tries = if address.port() == 0 { 20 } else { 1 };
    let bound = || {
        let socket = UdpSocket::bind(address).ok()?;
        let address = socket.local_addr().ok()?;
        Some((socket, TcpListener::bind(address).ok()?, address))
    };
    (0..tries).find_map(|_| bound()).expect("a port that is free for UDP and TCP")
}
