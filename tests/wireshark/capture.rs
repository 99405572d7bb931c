//! Captures of packets, written without a network interface: nobody needs rights for it.

use std::net::SocketAddrV4;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::support::write;

/// Packets in the order in which they were seen; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Capture(Arc<Mutex<Vec<Vec<u8>>>>);

/// One direction of a connection or transfer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) from: SocketAddrV4,
    pub(crate) to: SocketAddrV4,
}

impl Ends {
    pub(crate) const fn reversed(self) -> Self {
        Self { from: self.to, to: self.from }
    }
}

impl Capture {
    pub(crate) fn udp(&self, ends: Ends, payload: &[u8]) {
        let length = u16::try_from(payload.len() + 8).unwrap().to_be_bytes();
        let ports = [ends.from.port().to_be_bytes(), ends.to.port().to_be_bytes()].concat();
        // No checksum, which IPv4 allows (RFC 768).
        self.ip(ends, 17, &[&ports, &length[..], &[0, 0], payload].concat());
    }

    /// A segment of TCP, with these flags.
    pub(crate) fn tcp(&self, ends: Ends, numbers: (u32, u32), flags: u8, payload: &[u8]) {
        let ports = [ends.from.port().to_be_bytes(), ends.to.port().to_be_bytes()].concat();
        let numbers = [numbers.0.to_be_bytes(), numbers.1.to_be_bytes()].concat();
        // Five words of header; Wireshark compares no checksum unless it is asked to.
        let rest = [5 << 4, flags, 0xFF, 0xFF, 0, 0, 0, 0];
        self.ip(ends, 6, &[&ports, &numbers, &rest[..], payload].concat());
    }

    fn ip(&self, ends: Ends, protocol: u8, payload: &[u8]) {
        let length = u16::try_from(payload.len() + 20).unwrap().to_be_bytes();
        let start = [0x45, 0, length[0], length[1], 0, 0, 0, 0, 64, protocol, 0, 0];
        let addresses = [ends.from.ip().octets(), ends.to.ip().octets()].concat();
        self.raw([&start[..], &addresses, payload].concat());
    }

    /// A packet of whatever the capture is of.
    pub(crate) fn raw(&self, packet: Vec<u8>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(packet);
    }

    /// Writes it as a file of packets of this link type.
    pub(crate) fn write(&self, path: &Path, link: u32) {
        let words = |words: &[u32]| -> Vec<u8> {
            words.iter().flat_map(|word| word.to_le_bytes()).collect()
        };
        // Format 2.4, packets of any length.
        let mut file = words(&[0xA1B2_C3D4, 2 | 4 << 16, 0, 0, u32::from(u16::MAX), link]);
        for (at, packet) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().enumerate()
        {
            let length = u32::try_from(packet.len()).unwrap();
            file.extend(words(&[u32::try_from(at).unwrap(), 0, length, length]));
            file.extend(packet);
        }
        write(path, &file);
    }

    /// The transfer of a file to a client, which alone has this port; in blocks of this size.
    pub(crate) fn tftp(&self, port: u16, name: &str, file: &[u8], block: usize) {
        let client = SocketAddrV4::new(CLIENT.into(), port);
        let ask = Ends { from: client, to: SocketAddrV4::new(SERVER.into(), 69) };
        let size = block.to_string();
        let mut request = [b"\0\x01", name.as_bytes(), b"\0octet\0"].concat();
        if block != 512 {
            request.extend([b"blksize\0", size.as_bytes(), b"\0"].concat());
        }
        self.udp(ask, &request);
        let ends = Ends { from: SocketAddrV4::new(SERVER.into(), 1069), to: client };
        if block != 512 {
            self.udp(ends, &[b"\0\x06blksize\0", size.as_bytes(), b"\0"].concat());
            self.udp(ends.reversed(), &[0, 4, 0, 0]);
        }
        // A last block that is full is followed by an empty one (RFC 1350).
        let blocks = file.chunks(block).chain([[].as_slice()]);
        for (at, data) in (1_u16..).zip(blocks).take(file.len() / block + 1) {
            self.udp(ends, &[&[0, 3], &at.to_be_bytes()[..], data].concat());
            self.udp(ends.reversed(), &[&[0, 4], &at.to_be_bytes()[..]].concat());
        }
    }
}

/// Addresses for documentation (RFC 5737).
pub(crate) const CLIENT: [u8; 4] = [192, 0, 2, 20];
pub(crate) const SERVER: [u8; 4] = [192, 0, 2, 1];

/// Link types: packets of IP alone, and messages of the protocol that they name.
pub(crate) const IP: u32 = 101;
pub(crate) const MESSAGES: u32 = 252;
