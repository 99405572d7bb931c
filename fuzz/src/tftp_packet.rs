//! A packet that parses is the same after it was written and read again.

use secd::wire::tftp::Packet;

pub(crate) fn one(datagram: &[u8]) {
    match Packet::parse(datagram) {
        Ok(packet) => {
            let mut written = Vec::new();
            packet.emit(&mut written);
            assert_eq!(Packet::parse(&written), Ok(packet));
        }
        Err(malformed) => assert!(!malformed.to_string().is_empty()),
    }
}
