//! What the client offers.

use alloc::vec::Vec;

use super::handshake::{HandshakeHeader, HandshakeKind};
use super::{OldSuite, OldVersion};
use crate::wire::hello::{NO_RENEGOTIATION, server_name, signature_algorithms, sized};

/// An offer of every [`OldSuite`], without compression and without a session to resume.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClientOffer<'a> {
    /// The newest version that the server may choose.
    pub newest: OldVersion,
    /// Of this connection alone.
    pub random: [u8; 32],
    /// The server's name; addresses must be left out (RFC 6066 §3).
    pub host: Option<&'a str>,
}

impl ClientOffer<'_> {
    /// The message.
    ///
    /// # Layout
    /// | bytes | field       | meaning                                             |
    /// | ----- | ----------- | --------------------------------------------------- |
    /// | 2     | version     | the newest                                          |
    /// | 32    | random      |                                                     |
    /// | 1     | session     | 0: none                                             |
    /// | 14    | suites      | their length, four suites, two signals              |
    /// | 2     | compression | one method, 0: none                                 |
    /// | 2 + n | extensions  | server_name; for TLS 1.2 signature_algorithms       |
    ///
    /// # Source
    /// RFC 5246 §7.4.1.2. The signals: RFC 5746 §3.3, no renegotiation but a secure one; RFC 7507
    /// §4, better has been tried, so a server that can do better must refuse.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        let suites = OldSuite::OFFERED.map(|suite| suite.number().0);
        let suites = suites.into_iter().chain([NO_RENEGOTIATION, FALLBACK]);
        let suites: Vec<u8> = suites.flat_map(u16::to_be_bytes).collect();
        let body = [
            &self.newest.number().0,
            self.random.as_slice(),
            &[0],
            &sized(&suites),
            &[1, 0],
            &self.extensions(),
        ]
        .concat();
        HandshakeHeader::emit(HandshakeKind::ClientHello, &body)
    }

    /// With their length; nothing at all if there is none, which the oldest servers expect.
    fn extensions(&self) -> Vec<u8> {
        let name = self.host.map(server_name).unwrap_or_default();
        let signatures = match self.newest {
            OldVersion::Tls10 | OldVersion::Tls11 => Vec::new(),
            OldVersion::Tls12 => signature_algorithms(),
        };
        let all = [name, signatures].concat();
        if all.is_empty() { all } else { sized(&all) }
    }
}

/// `TLS_FALLBACK_SCSV` (RFC 7507 §4).
const FALLBACK: u16 = 0x5600;
