//! Any payload is read or refused, at a place within it; and what the phone sends has the header
//! that it should.

use secd::wire::capf::{CapfCommand, CapfHeader, CapfOrder, CapfReceived, PhoneMessage};

pub(crate) fn one(input: &[u8]) {
    let Ok(header) = CapfHeader::parse(input) else { return };
    assert_eq!(header.bytes(), input[..CapfHeader::LENGTH]);
    let Some(payload) = input.get(CapfHeader::LENGTH..header.message_length()) else { return };
    match CapfReceived::parse(header.command, payload) {
        Ok(CapfReceived { order: CapfOrder::Store(issued), .. }) => {
            // The same certificate, as the phone would send it.
            let sent = PhoneMessage::Fetched(Some(issued.der)).emit(header.session);
            let sent = sent.expect("it came in a message");
            assert!(sent.ends_with(issued.der));
            let sent = CapfHeader::parse(&sent).expect("a header");
            assert_eq!((sent.command, sent.session), (CapfCommand::FetchResponse, header.session));
        }
        Ok(received) => assert_eq!(received.order.command(), header.command),
        Err(malformed) => {
            assert!(malformed.offset <= header.message_length());
            assert!(!malformed.to_string().is_empty());
        }
    }
}
