//! The way between a transfer and its client, with its faults.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::faults::Faults;
use super::packet::Packet;
use super::{Shared, TICK};

/// A socket of its own (the server's TID) and the one client it speaks to.
pub(super) struct Link {
    socket: UdpSocket,
    stranger: UdpSocket,
    peer: SocketAddr,
    luck: StdRng,
    held: Option<Vec<u8>>,
    pub(super) faults: Faults,
}

impl Link {
    pub(super) fn new(
        socket: UdpSocket,
        peer: SocketAddr,
        faults: Faults,
        number: u64,
    ) -> io::Result<Self> {
        socket.set_read_timeout(Some(TICK))?;
        let stranger = UdpSocket::bind((socket.local_addr()?.ip(), 0))?;
        let luck = StdRng::seed_from_u64(faults.seed.wrapping_add(number));
        Ok(Self { socket, stranger, peer, luck, held: None, faults })
    }

    /// Sends through the faults; what the network says is not asked, as with any datagram.
    pub(super) fn send(&mut self, packet: &Packet) {
        if self.happens(self.faults.foreign) {
            let _ = self.stranger.send_to(&forged(packet).emit(), self.peer);
        }
        if self.happens(self.faults.loss) {
            return;
        }
        let bytes = packet.emit();
        if self.held.is_none() && self.happens(self.faults.reordering) {
            self.held = Some(bytes);
            return;
        }
        let _ = self.socket.send_to(&bytes, self.peer);
        if self.happens(self.faults.duplication) {
            let _ = self.socket.send_to(&bytes, self.peer);
        }
        if let Some(late) = self.held.take() {
            let _ = self.socket.send_to(&late, self.peer);
        }
    }

    /// The client's next packet; `None` when the time is over or the server stops.
    pub(super) fn receive(&mut self, patience: Duration, shared: &Shared) -> Option<Packet> {
        let mut bytes = [0; 1024];
        let start = Instant::now();
        while start.elapsed() < patience && !shared.stopped() {
            let Ok((length, from)) = self.socket.recv_from(&mut bytes) else { continue };
            if from != self.peer {
                let refusal = Packet::error(UNKNOWN_TID, "unknown transfer ID");
                let _ = self.socket.send_to(&refusal.emit(), from);
            } else if !self.happens(self.faults.loss) {
                return bytes.get(..length).and_then(Packet::parse);
            }
        }
        None
    }

    /// Waits before a DATA packet, if it is to drip; `false` if the server stops meanwhile.
    pub(super) fn drip(&self, shared: &Shared) -> bool {
        let start = Instant::now();
        let pause = self.faults.drip.unwrap_or_default();
        while let Some(left) = pause.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
            if shared.stopped() {
                return false;
            }
            thread::sleep(left.min(TICK));
        }
        !shared.stopped()
    }

    fn happens(&mut self, percent: u8) -> bool {
        percent > 0 && self.luck.gen_range(0..100) < percent
    }
}

/// The same packet with other content, as an attacker who guesses would send it.
fn forged(packet: &Packet) -> Packet {
    match packet {
        Packet::Data(block, payload) => Packet::Data(*block, vec![b'!'; payload.len()]),
        _ => Packet::error(0, "forged"),
    }
}

/// RFC 1350, error code 5.
const UNKNOWN_TID: u16 = 5;
