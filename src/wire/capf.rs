//! Messages of the Certificate Authority Proxy Function, which issues the phone its certificate
//! (LSC): a header, then elements.
//!
//! The phone's half: what the server sends is parsed, what the phone sends is emitted.

mod codes;
mod received;
mod sent;
#[cfg(test)]
mod tests;

use core::fmt;

pub use codes::{CapfCommand, CapfReason, CertificateType, Curve};
pub use received::{AskedKey, CapfOrder, CapfReceived, IssuedCertificate};
pub use sent::{
    AuthenticationString, BadString, Introduction, Ownership, PhoneMessage, SudiProof, TooLarge,
};

use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::Reader;

/// The header of a message.
///
/// # Layout
/// | bytes | field    | meaning                                              |
/// | ----- | -------- | ---------------------------------------------------- |
/// | 1     | protocol | 0x55                                                 |
/// | 1     | command  | see [`CapfCommand`]                                  |
/// | 4     | session  | chosen by the server, echoed by the phone, big-endian |
/// | 2     | length   | bytes of the payload that follows, big-endian        |
///
/// # Source
/// Reference server and client, run; an independent client; CAPF facts A2.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CapfHeader {
    /// What the message is.
    pub command: CapfCommand,
    /// The session that it belongs to.
    pub session: CapfSession,
    /// Bytes of the payload.
    pub length: u16,
}

impl CapfHeader {
    /// Bytes of a header.
    pub const LENGTH: usize = 8;

    /// Reads the header that starts `message`; what follows it is not looked at.
    ///
    /// # Errors
    /// [`Fault::Truncated`] if it is not all there, [`Fault::Byte`] for another protocol,
    /// [`Fault::TooLong`] for a payload beyond [`MAX_PAYLOAD`].
    pub fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(message);
        let protocol = reader.byte("protocol")?;
        if protocol != PROTOCOL {
            let fault = Fault::Byte { expected: PROTOCOL, found: protocol };
            return Err(Malformed::new(0, "protocol", fault));
        }
        let command = CapfCommand::from(reader.byte("command")?);
        let session = CapfSession(reader.u32("session")?);
        let offset = reader.offset();
        let length = reader.u16("payload length")?;
        if usize::from(length) > MAX_PAYLOAD {
            let fault = Fault::TooLong { expected: MAX_PAYLOAD, found: length.into() };
            return Err(Malformed::new(offset, "payload length", fault));
        }
        Ok(Self { command, session, length })
    }

    /// Bytes of the whole message.
    #[must_use]
    pub fn message_length(&self) -> usize {
        Self::LENGTH + usize::from(self.length)
    }

    /// The header on the wire.
    #[must_use]
    pub const fn bytes(&self) -> [u8; Self::LENGTH] {
        let [s0, s1, s2, s3] = self.session.0.to_be_bytes();
        let [l0, l1] = self.length.to_be_bytes();
        [PROTOCOL, self.command.code(), s0, s1, s2, s3, l0, l1]
    }
}

/// The number that the server gives to a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CapfSession(pub u32);

impl fmt::Display for CapfSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session {}", self.0)
    }
}

/// The format's own words for the tags of elements.
#[must_use]
pub const fn field_name(tag: u8) -> &'static str {
    match tag {
        REASON => "reason",
        CERTIFICATE_TYPE => "certificate type",
        CERTIFICATE => "certificate",
        SIGNED => "signed data",
        VERSION => "version",
        PUBLIC_KEY => "public key",
        KEY_SIZE => "key size",
        PASSWORD => "authentication string",
        DEVICE_NAME => "device name",
        SUDI => "SUDI data",
        KEY_TYPE => "key type",
        CURVE => "curve",
        SIGNED_SHA2 => "SHA-2 signed data",
        _ => "element of unknown tag",
    }
}

/// The most bytes of a payload. Inferred: the largest message that is known, the phone's with
/// proofs by RSA keys of 2048 bits, has 2976, and a certificate of 4096 bits adds some hundreds.
pub const MAX_PAYLOAD: usize = 16 << 10;

/// First byte of every message (reference server; CAPF facts A2).
const PROTOCOL: u8 = 0x55;

// Tags of elements. Reference server and client, and an independent client; CAPF facts A3. Others
// are in the reference's tables (2, 5, 8, 12 and 19), but what they hold is not known, or does not
// matter to a phone.
const REASON: u8 = 1;
const CERTIFICATE_TYPE: u8 = 3;
const CERTIFICATE: u8 = 4;
const SIGNED: u8 = 6;
const VERSION: u8 = 7;
const AUTHENTICATION_TYPE: u8 = 8;
const PUBLIC_KEY: u8 = 9;
const KEY_SIZE: u8 = 10;
const PASSWORD: u8 = 11;
const DEVICE_NAME: u8 = 13;
const SUDI: u8 = 16;
const KEY_TYPE: u8 = 17;
const CURVE: u8 = 18;
const SIGNED_SHA2: u8 = 20;
