//! Frames of the Trust Verification Service: a header, then elements.
//!
//! The phone's half: requests are emitted, responses are parsed.

mod request;
mod response;
#[cfg(test)]
mod tests;

pub use request::{MAX_REQUEST, PhoneName, TvsRequest, Unsendable};
pub use response::{MAX_ROLES, Response, Status};

use core::fmt;

use crate::wire::coded::coded;
use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::Reader;

/// The header of a frame.
///
/// # Layout
/// | bytes | field    | meaning                                               |
/// | ----- | -------- | ----------------------------------------------------- |
/// | 1     | protocol | 0x57                                                  |
/// | 1     | version  | 1                                                     |
/// | 1     | command  | see [`Command`]                                       |
/// | 1     | reserved | 0 when sent; anything when received (observed: 0xF7)  |
/// | 4     | session  | chosen by the phone, echoed by the server, big-endian |
/// | 2     | length   | bytes of the payload that follows, big-endian         |
///
/// # Source
/// Capture of an 8861 and its call manager, reference server; domain facts 5.2.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header {
    /// Which question or answer the frame is.
    pub command: Command,
    /// The question that it belongs to.
    pub session: Session,
    /// Bytes of the payload.
    pub length: u16,
}

impl Header {
    /// Bytes of a header.
    pub const LENGTH: usize = 10;

    /// Reads the header that starts `frame`; what follows it is not looked at.
    ///
    /// # Errors
    /// [`Fault::Truncated`] if it is not all there, [`Fault::Byte`] for another protocol,
    /// [`Fault::Version`] for another version of it.
    pub fn parse(frame: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(frame);
        let protocol = reader.byte("protocol")?;
        if protocol != PROTOCOL {
            let fault = Fault::Byte { expected: PROTOCOL, found: protocol };
            return Err(Malformed::new(0, "protocol", fault));
        }
        let version = reader.byte("version")?;
        if version != VERSION {
            let fault = Fault::Version { expected: VERSION, found: version };
            return Err(Malformed::new(1, "version", fault));
        }
        let command = Command::from(reader.byte("command")?);
        // Servers do not clear it (observed: 0xF7).
        reader.byte("reserved byte")?;
        let session = Session(reader.u32("session")?);
        let length = reader.u16("payload length")?;
        Ok(Self { command, session, length })
    }

    /// Bytes of the whole frame.
    #[must_use]
    pub fn frame_length(&self) -> usize {
        Self::LENGTH + usize::from(self.length)
    }

    /// The header on the wire.
    #[must_use]
    pub const fn bytes(&self) -> [u8; Self::LENGTH] {
        let [s0, s1, s2, s3] = self.session.0.to_be_bytes();
        let [l0, l1] = self.length.to_be_bytes();
        [PROTOCOL, VERSION, self.command.code(), 0, s0, s1, s2, s3, l0, l1]
    }
}

/// The number that ties an answer to its question.
///
/// # Source
/// Two captured phones began with 1001 and 1002; domain facts 5.2.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Session(pub u32);

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session {}", self.0)
    }
}

coded! {
    /// What a frame is.
    ///
    /// # Source
    /// Call manager traces (`TVS_MSG_…`), reference server; domain facts 5.3.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum Command: u8 {
        /// 0: neither question nor answer.
        None = 0 "no command",
        /// 1: is this certificate trusted?
        VerifyRequest = 1 "verify request",
        /// 2: the answer to that.
        VerifyResponse = 2 "verify response",
        /// 3: which certificate has this subject, issuer and serial number?
        QueryRequest = 3 "query request",
        /// 4: the answer to that.
        QueryResponse = 4 "query response",
        ;
        /// Any other number; it answers no question.
        Unknown "command"
    }
}

/// The format's own words for the tags of elements.
#[must_use]
pub const fn field_name(tag: u8) -> &'static str {
    match tag {
        DEVICE_NAME => "device name",
        CERTIFICATE => "certificate",
        SUBJECT => "subject",
        ISSUER => "issuer",
        SERIAL => "serial number",
        STATUS => "status",
        ROLES => "roles",
        TTL => "time to live",
        _ => "element of unknown tag",
    }
}

/// First byte of every frame (capture; domain facts 5.2).
const PROTOCOL: u8 = 0x57;

/// Second byte of every frame (capture; domain facts 5.2).
const VERSION: u8 = 1;

// Tags of elements. 1, 2, 7, 8 and 9: captures and reference server; 3: capture; 4 and 5 inferred
// from the lengths in a captured query; 6 has never been seen (domain facts 5.4).
const DEVICE_NAME: u8 = 1;
const CERTIFICATE: u8 = 2;
const SUBJECT: u8 = 3;
const ISSUER: u8 = 4;
const SERIAL: u8 = 5;
const STATUS: u8 = 7;
const ROLES: u8 = 8;
const TTL: u8 = 9;
