//! Messages of a handshake: their frame, and the short ones.

use alloc::vec::Vec;
use core::fmt;

use crate::wire::hello::sized;
use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::Reader;

/// What a message of a handshake is.
///
/// # Source
/// RFC 5246 §7.4.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HandshakeKind {
    /// The server asks for another handshake.
    HelloRequest,
    /// What the client offers.
    ClientHello,
    /// What the server chooses.
    ServerHello,
    /// The certificates of one side.
    Certificate,
    /// Of key exchanges other than RSA.
    ServerKeyExchange,
    /// The server asks for a certificate of the client.
    CertificateRequest,
    /// The end of the server's turn.
    ServerHelloDone,
    /// The premaster secret, encrypted.
    ClientKeyExchange,
    /// A digest of all messages before.
    Finished,
    /// Of no use here.
    Unknown(u8),
}

/// What precedes the body of a message.
///
/// # Layout
/// | bytes | field  | meaning                 |
/// | ----- | ------ | ----------------------- |
/// | 1     | type   |                         |
/// | 3     | length | of the body, big-endian |
///
/// # Source
/// RFC 5246 §7.4; the same in TLS 1.0 and 1.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HandshakeHeader {
    /// What the message is.
    pub kind: HandshakeKind,
    /// Bytes of the body.
    pub length: usize,
}

impl HandshakeHeader {
    /// Bytes of a header.
    pub const LENGTH: usize = 4;
    /// The most bytes of a body. Inferred: chains of call managers have a tenth of it.
    pub const MAX_BODY: usize = 64 * 1024;

    /// Reads the header at the start of what has come; `None` if it is not all there.
    ///
    /// # Errors
    /// [`Fault::TooLong`].
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.left() < Self::LENGTH {
            return Ok(None);
        }
        let kind = HandshakeKind::of(reader.byte("message type")?);
        let length = long(&mut reader, "message length")?;
        if length > Self::MAX_BODY {
            let fault = Fault::TooLong { expected: Self::MAX_BODY, found: length };
            return Err(Malformed::new(1, "message length", fault));
        }
        Ok(Some(Self { kind, length }))
    }

    /// A message with this body.
    pub(super) fn emit(kind: HandshakeKind, body: &[u8]) -> Vec<u8> {
        [&[kind.number()], long_sized(body).as_slice()].concat()
    }
}

impl HandshakeKind {
    const NAMED: [(Self, u8, &str); 9] = [
        (Self::HelloRequest, 0, "HelloRequest"),
        (Self::ClientHello, 1, "ClientHello"),
        (Self::ServerHello, 2, "ServerHello"),
        (Self::Certificate, 11, "Certificate"),
        (Self::ServerKeyExchange, 12, "ServerKeyExchange"),
        (Self::CertificateRequest, 13, "CertificateRequest"),
        (Self::ServerHelloDone, 14, "ServerHelloDone"),
        (Self::ClientKeyExchange, 16, "ClientKeyExchange"),
        (Self::Finished, 20, "Finished"),
    ];

    fn of(number: u8) -> Self {
        let named = Self::NAMED.iter().find(|(_, it, _)| *it == number);
        named.map_or(Self::Unknown(number), |(kind, ..)| *kind)
    }

    fn number(self) -> u8 {
        if let Self::Unknown(number) = self {
            return number;
        }
        let named = Self::NAMED.iter().find(|(kind, ..)| *kind == self);
        named.map_or(0, |(_, number, _)| *number)
    }
}

impl fmt::Display for HandshakeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, Self::NAMED.iter().find(|(kind, ..)| kind == self)) {
            (_, Some((.., name))) => f.write_str(name),
            (Self::Unknown(number), None) => write!(f, "handshake message {number}"),
            (_, None) => f.write_str("a handshake message"),
        }
    }
}

/// ClientKeyExchange: the encrypted premaster secret behind its length of 2 bytes.
///
/// # Source
/// RFC 5246 §7.4.7.1; SSL 3.0 had no length.
#[must_use]
pub fn key_exchange(encrypted: &[u8]) -> Vec<u8> {
    HandshakeHeader::emit(HandshakeKind::ClientKeyExchange, &sized(encrypted))
}

/// Finished: 12 bytes from all messages before and the master secret.
///
/// # Source
/// RFC 5246 §7.4.9; the same length in TLS 1.0 and 1.1.
#[must_use]
pub fn finished(verify_data: &[u8; 12]) -> Vec<u8> {
    HandshakeHeader::emit(HandshakeKind::Finished, verify_data)
}

/// A length of 3 bytes.
pub(super) fn long(reader: &mut Reader<'_>, field: &'static str) -> Result<usize, Malformed> {
    let bytes = reader.array::<3>(field)?;
    Ok(bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
}

/// `content` behind its length of 3 bytes; nothing here comes near 16 MiB.
pub(super) fn long_sized(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or_default();
    let [_, length @ ..] = length.to_be_bytes();
    [length.as_slice(), content].concat()
}
