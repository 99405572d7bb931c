//! Questions to the service.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use crate::wire::codes::Serial;
use crate::wire::name::{DeviceName, Model};
use crate::wire::reader::Element;
use crate::wire::tvs::{
    CERTIFICATE, Command, DEVICE_NAME, Header, ISSUER, SERIAL, SUBJECT, Session, field_name,
};
use crate::wire::writer;

/// The phone as a request names it: `CP-<model>-<device>`.
///
/// # Source
/// Capture (`CP-8861-SEPB000B4BA0AEE`); the reference server insists on four digits of model, but
/// factory certificates have letters too (`CP-7962G`); domain facts 5.4.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PhoneName {
    /// Its model, such as `8861`; the service may check its form.
    pub model: Model,
    /// Its name at the call manager.
    pub name: DeviceName,
}

impl fmt::Display for PhoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CP-{}-{}", self.model, self.name)
    }
}

/// A question to the service.
///
/// # Layout
/// | tag | in     | value                                             |
/// | --- | ------ | ------------------------------------------------- |
/// | 1   | both   | device name: byte 0x01, then the name without NUL |
/// | 2   | verify | certificate, DER                                  |
/// | 3   | query  | subject, NUL at its end                           |
/// | 4   | query  | issuer, NUL at its end                            |
/// | 5   | query  | serial number                                     |
///
/// # Source
/// Verify: reference client and server. Query: the first 48 bytes of a capture; that issuer and
/// serial number follow in this order is inferred from the lengths (domain facts 5.4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TvsRequest<'a> {
    /// Which certificate has these names? For the signer of a file, which is not in the file.
    Query {
        /// Subject, as the file writes it.
        subject: &'a [u8],
        /// Issuer, as the file writes it.
        issuer: &'a [u8],
        /// Serial number, as the file has it.
        serial: Serial<'a>,
    },
    /// Is this certificate trusted? For a peer that has shown it.
    Verify {
        /// The peer's certificate, DER.
        certificate: &'a [u8],
    },
}

impl TvsRequest<'_> {
    /// The command that the request is sent under.
    #[must_use]
    pub const fn command(&self) -> Command {
        match self {
            Self::Query { .. } => Command::QueryRequest,
            Self::Verify { .. } => Command::VerifyRequest,
        }
    }

    /// The command that answers it.
    #[must_use]
    pub const fn answer(&self) -> Command {
        match self {
            Self::Query { .. } => Command::QueryResponse,
            Self::Verify { .. } => Command::VerifyResponse,
        }
    }

    /// The whole frame, to be written in one piece: a server in use reads the header with one
    /// receive.
    ///
    /// # Errors
    /// [`Unsendable`].
    pub fn emit(&self, caller: &PhoneName, session: Session) -> Result<Vec<u8>, Unsendable> {
        let mut payload = Vec::new();
        element(&mut payload, DEVICE_NAME, &[&[DEVICE_NAME_MARK], caller.to_string().as_bytes()])?;
        match self {
            Self::Query { subject, issuer, serial } => {
                text(&mut payload, SUBJECT, subject)?;
                text(&mut payload, ISSUER, issuer)?;
                element(&mut payload, SERIAL, &[serial.bytes()])?;
            }
            Self::Verify { certificate } => element(&mut payload, CERTIFICATE, &[certificate])?,
        }
        // The elements alone may already be too long for the two bytes of the header's length.
        let too_long = Unsendable::TooLong { limit: MAX_REQUEST, found: payload.len() };
        let length = u16::try_from(payload.len()).map_err(|_| too_long)?;
        let header = Header { command: self.command(), session, length };
        if header.frame_length() > MAX_REQUEST {
            return Err(too_long);
        }
        let mut frame = Vec::with_capacity(header.frame_length());
        frame.extend(header.bytes());
        frame.append(&mut payload);
        Ok(frame)
    }
}

fn text(payload: &mut Vec<u8>, tag: u8, text: &[u8]) -> Result<(), Unsendable> {
    // A service that reads up to the NUL would answer for another name than the file's.
    if text.contains(&0) {
        return Err(Unsendable::Nul { field: field_name(tag) });
    }
    element(payload, tag, &[text, &[0]])
}

fn element(payload: &mut Vec<u8>, tag: u8, parts: &[&[u8]]) -> Result<(), Unsendable> {
    let limit = MAX_REQUEST - Header::LENGTH - Element::PREFIX;
    writer::element(payload, tag, parts).map_err(|found| Unsendable::TooLong { limit, found })
}

/// Why a question cannot be put on the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unsendable {
    /// A name with a NUL inside, which would end it there.
    Nul {
        /// The element, in the words of the format.
        field: &'static str,
    },
    /// Longer than one frame may be; both count bytes.
    TooLong {
        /// The most bytes that it may have.
        limit: usize,
        /// Bytes of the frame or element that would be sent.
        found: usize,
    },
}

impl fmt::Display for Unsendable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nul { field } => write!(f, "{field} contains a NUL"),
            Self::TooLong { limit, found } => {
                write!(f, "a request of {found} bytes exceeds the limit of {limit}")
            }
        }
    }
}

/// A request must fit one TLS record, 2^14 bytes (RFC 5246 §6.2.1), since the server in use
/// reads it with one receive (tried; domain facts 5.1).
pub const MAX_REQUEST: usize = 16_384;

/// First byte of a device name; its meaning is unknown (capture; domain facts 5.4).
const DEVICE_NAME_MARK: u8 = 1;
