//! What the server chooses.

use super::alert::ends;
use crate::wire::hello::{Suite, TlsVersion};
use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::Reader;

/// The body of a ServerHello, to its end.
///
/// # Layout
/// | bytes | field       | meaning                             |
/// | ----- | ----------- | ----------------------------------- |
/// | 2     | version     | chosen                              |
/// | 32    | random      |                                     |
/// | 1 + n | session     | its length and itself, at most 32   |
/// | 2     | suite       | chosen                              |
/// | 1     | compression | chosen                              |
/// | 2 + n | extensions  | or nothing; each: type, length      |
///
/// # Source
/// RFC 5246 §7.4.1.3; extensions of TLS 1.0 and 1.1: RFC 4366 §2.3.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ServerChoice {
    /// The version of the connection.
    pub version: TlsVersion,
    /// Of this connection alone.
    pub random: [u8; 32],
    /// The cipher suite, which may be any.
    pub suite: Suite,
    /// The compression method; 0 is none.
    pub compression: u8,
    /// The first extension that no [`ClientOffer`](super::ClientOffer) asks for.
    pub unasked: Option<u16>,
}

impl ServerChoice {
    /// Reads the body of the message.
    ///
    /// # Errors
    /// [`Fault::Truncated`], [`Fault::TooLong`] for the session, [`Fault::LengthMismatch`] for the
    /// extensions, [`Fault::FieldLength`] for a renegotiation_info of another handshake.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(body);
        let version = TlsVersion(reader.array("version")?);
        let random = reader.array("random")?;
        let offset = reader.offset();
        let session = usize::from(reader.byte("session length")?);
        if session > MAX_SESSION {
            let fault = Fault::TooLong { expected: MAX_SESSION, found: session };
            return Err(Malformed::new(offset, "session length", fault));
        }
        // A name for resuming it later, which never happens.
        reader.take(session, "session")?;
        let suite = Suite(reader.u16("cipher suite")?);
        let compression = reader.byte("compression method")?;
        let unasked = Self::unasked(reader)?;
        Ok(Self { version, random, suite, compression, unasked })
    }

    fn unasked(mut reader: Reader<'_>) -> Result<Option<u16>, Malformed> {
        if reader.left() == 0 {
            return Ok(None);
        }
        let offset = reader.offset();
        let length = usize::from(reader.u16("length of the extensions")?);
        if length != reader.left() {
            let fault = Fault::LengthMismatch { expected: reader.left(), found: length };
            return Err(Malformed::new(offset, "length of the extensions", fault));
        }
        let mut unasked = None;
        while reader.left() > 0 {
            let kind = reader.u16("extension type")?;
            let length = usize::from(reader.u16("extension length")?);
            let value = Reader::at(reader.take(length, "extension")?, reader.offset() - length);
            match kind {
                SERVER_NAME => {}
                RENEGOTIATION_INFO => first_handshake(value)?,
                kind => unasked = unasked.or(Some(kind)),
            }
        }
        Ok(unasked)
    }
}

/// Of a first handshake it is one empty value behind its length of a byte (RFC 5746 §3.4).
fn first_handshake(mut value: Reader<'_>) -> Result<(), Malformed> {
    let offset = value.offset();
    match value.byte("renegotiation_info")? {
        0 => ends(value, "renegotiation_info"),
        found => {
            let fault = Fault::FieldLength { expected: 0, found: found.into() };
            Err(Malformed::new(offset, "renegotiation_info", fault))
        }
    }
}

/// The most bytes that a session has (RFC 5246 §7.4.1.2).
const MAX_SESSION: usize = 32;
/// The answer to a host that the offer names (RFC 6066 §3).
const SERVER_NAME: u16 = 0;
/// RFC 5746 §3.2; the signal among the suites asks for it.
const RENEGOTIATION_INFO: u16 = 0xFF01;
