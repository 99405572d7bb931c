//! The datagrams of a reader, and where they go.

use crate::wire::tftp::{BlockNumber, ErrorCode, LONGEST_REQUEST, Packet, Rrq, TftpOptions};

/// A transfer identifier: the UDP port of one end.
///
/// # Source
/// RFC 1350 §4.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tid(pub u16);

/// Where a datagram goes, at the server's address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum To {
    /// The port that takes requests.
    Request,
    /// The port of a transfer.
    Tid(Tid),
}

/// A datagram for the shell to send.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Datagram<'a> {
    /// The port of the server that it goes to.
    pub to: To,
    /// The payload, one packet.
    pub bytes: &'a [u8],
}

/// The last datagram sent; kept for its allocation.
#[derive(Debug)]
pub(super) struct Outgoing(Vec<u8>);

impl Outgoing {
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(LONGEST_REQUEST))
    }

    pub(super) fn request(&mut self, rrq: &Rrq, options: &TftpOptions) -> Datagram<'_> {
        self.0.clear();
        rrq.emit(options, &mut self.0);
        Datagram { to: To::Request, bytes: &self.0 }
    }

    pub(super) fn ack(&mut self, tid: Tid, block: BlockNumber) -> Datagram<'_> {
        self.packet(tid, &Packet::Ack(block))
    }

    pub(super) fn error(&mut self, tid: Tid, code: ErrorCode, message: &str) -> Datagram<'_> {
        self.packet(tid, &Packet::Error { code, message: message.as_bytes() })
    }

    fn packet(&mut self, tid: Tid, packet: &Packet<'_>) -> Datagram<'_> {
        self.0.clear();
        packet.emit(&mut self.0);
        Datagram { to: To::Tid(tid), bytes: &self.0 }
    }
}
