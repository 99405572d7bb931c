//! Between a phone and its servers: passes on what it gets, and writes it down.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::capture::{CLIENT, Capture, Ends, SERVER};

/// A tap; it ends when it is dropped.
pub(crate) struct Tap {
    pub(crate) address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Tap {
    /// Taps a service of TCP, which the capture shows on its usual port.
    pub(crate) fn tcp(capture: &Capture, service: SocketAddr, port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (capture, ended) = (capture.clone(), Arc::new(AtomicBool::new(false)));
        let thread = thread::spawn({
            let ended = Arc::clone(&ended);
            move || {
                for client in listener.incoming().map_while(Result::ok) {
                    if ended.load(Ordering::SeqCst) {
                        break;
                    }
                    connection(&capture, client, service, port);
                }
            }
        });
        Self { address, ended, thread: Some(thread) }
    }

    /// Taps a TFTP server.
    pub(crate) fn tftp(capture: &Capture, server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        socket.set_read_timeout(Some(TICK)).unwrap();
        let (capture, ended) = (capture.clone(), Arc::new(AtomicBool::new(false)));
        let thread = thread::spawn({
            let ended = Arc::clone(&ended);
            move || requests(&capture, &Arc::new(socket), server, &ended)
        });
        Self { address, ended, thread: Some(thread) }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes a listener; a socket of UDP looks up by itself.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking(), "a tap panicked");
        }
    }
}

const fn shown(host: [u8; 4], port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(host[0], host[1], host[2], host[3]), port)
}

/// What both directions of a connection have sent so far.
type Sent = Arc<Mutex<[u32; 2]>>;

fn connection(capture: &Capture, client: TcpStream, service: SocketAddr, port: u16) {
    let from = shown(CLIENT, client.peer_addr().unwrap().port());
    let ends = Ends { from, to: shown(SERVER, port) };
    let server = TcpStream::connect(service).unwrap();
    capture.tcp(ends, (0, 0), SYN, &[]);
    capture.tcp(ends.reversed(), (0, 1), SYN | ACK, &[]);
    capture.tcp(ends, (1, 1), ACK, &[]);
    let sent = Sent::new(Mutex::new([1, 1]));
    let (client_too, server_too) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    for (side, from, to) in [(0, client, server_too), (1, server, client_too)] {
        let (capture, sent) = (capture.clone(), Arc::clone(&sent));
        // It ends with the connection, at the latest with the test's servers.
        thread::spawn(move || pass_on(&capture, ends, side, &sent, (from, to)));
    }
}

/// Writes down before it passes on: an answer is never seen before its question.
fn pass_on(
    capture: &Capture,
    ends: Ends,
    side: usize,
    sent: &Sent,
    (mut from, mut to): (TcpStream, TcpStream),
) {
    let ends = if side == 0 { ends } else { ends.reversed() };
    let mut buffer = [0; 1400];
    loop {
        let read = from.read(&mut buffer).unwrap_or_default();
        {
            let mut sent = sent.lock().unwrap();
            let flags = if read == 0 { FIN | ACK } else { PSH | ACK };
            capture.tcp(ends, (sent[side], sent[1 - side]), flags, &buffer[..read]);
            sent[side] += u32::try_from(read).unwrap();
        }
        if read == 0 || to.write_all(&buffer[..read]).is_err() {
            let _the_other_may_be_gone = to.shutdown(Shutdown::Write);
            return;
        }
    }
}

/// The transfers of a server, by the client's port: the way to the server, and the port there.
type Transfers = Arc<Mutex<HashMap<u16, (Arc<UdpSocket>, SocketAddr)>>>;

fn requests(
    capture: &Capture,
    socket: &Arc<UdpSocket>,
    server: SocketAddr,
    ended: &Arc<AtomicBool>,
) {
    let transfers = Transfers::default();
    let mut answers = Vec::new();
    let mut buffer = vec![0; 65_535];
    while !ended.load(Ordering::SeqCst) {
        let Ok((read, client)) = socket.recv_from(&mut buffer) else { continue };
        let (packet, from) = (&buffer[..read], shown(CLIENT, client.port()));
        if packet.starts_with(&[0, 1]) {
            let way = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
            way.set_read_timeout(Some(TICK)).unwrap();
            transfers.lock().unwrap().insert(client.port(), (Arc::clone(&way), server));
            let (capture, socket) = (capture.clone(), Arc::clone(socket));
            let (ended, transfers) = (Arc::clone(ended), Arc::clone(&transfers));
            answers.push(thread::spawn(move || {
                answer(&capture, (&way, &socket), client, &transfers, &ended);
            }));
        }
        let Some((way, to)) = transfers.lock().unwrap().get(&client.port()).cloned() else {
            continue;
        };
        let port = if to == server { 69 } else { to.port() };
        capture.udp(Ends { from, to: shown(SERVER, port) }, packet);
        way.send_to(packet, to).unwrap();
    }
    for answer in answers {
        answer.join().unwrap();
    }
}

/// Passes on what the server sends for one transfer.
fn answer(
    capture: &Capture,
    (way, socket): (&UdpSocket, &UdpSocket),
    client: SocketAddr,
    transfers: &Transfers,
    ended: &AtomicBool,
) {
    let mut buffer = vec![0; 65_535];
    while !ended.load(Ordering::SeqCst) {
        let Ok((read, server)) = way.recv_from(&mut buffer) else { continue };
        if let Some(transfer) = transfers.lock().unwrap().get_mut(&client.port()) {
            transfer.1 = server;
        }
        let ends = Ends { from: shown(SERVER, server.port()), to: shown(CLIENT, client.port()) };
        capture.udp(ends, &buffer[..read]);
        socket.send_to(&buffer[..read], client).unwrap();
    }
}

/// How often a thread that waits for packets looks whether it is to end.
const TICK: Duration = Duration::from_millis(20);

const FIN: u8 = 1;
const SYN: u8 = 2;
const PSH: u8 = 8;
const ACK: u8 = 16;
