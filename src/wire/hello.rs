//! The first message of a TLS handshake each way, in versions that this agent does not speak.
//!
//! Only to report *what* an outdated server offers; no connection ever comes of it. The messages
//! of a handshake that is carried out are in [`old_tls`](crate::wire::old_tls).

mod suite;

pub use suite::Suite;

use alloc::vec::Vec;
use core::fmt;

use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::Reader;

/// A TLS version as two bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TlsVersion(pub [u8; 2]);

impl TlsVersion {
    /// TLS 1.2 (RFC 5246 §6.2.1).
    pub const TLS12: Self = Self([3, 3]);

    /// Whether it is older than TLS 1.2.
    #[must_use]
    pub fn is_old(self) -> bool {
        self.0 < Self::TLS12.0
    }
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [3, 0] => f.write_str("SSL 3.0"),
            // The protocol was renamed, and its numbers went on: 3.1 is TLS 1.0.
            [MAJOR, minor] => write!(f, "TLS 1.{}", minor.saturating_sub(1)),
            [major, minor] => write!(f, "version {major}.{minor}"),
        }
    }
}

/// What a server chose from a [`client_hello`].
///
/// # Layout
/// In one or more records of type 22 (type 1, version 2, length 2):
///
/// | bytes | field   | meaning               |
/// | ----- | ------- | --------------------- |
/// | 1     | type    | 2                     |
/// | 3     | length  | of the rest           |
/// | 2     | version | chosen                |
/// | 32    | random  |                       |
/// | 1 + n | session | its length and itself |
/// | 2     | suite   | chosen                |
///
/// What follows is not read.
///
/// # Source
/// RFC 5246 §6.2.1, §7.4.1.3; the same in TLS 1.0 and 1.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ServerHello {
    /// The version that the server chose, TLS 1.2 or older.
    pub version: TlsVersion,
    /// The cipher suite that it chose.
    pub suite: Suite,
}

impl ServerHello {
    /// Whether version and suite are among those offered, so that it is a choice at all.
    #[must_use]
    pub fn chooses_from_the_offer(&self) -> bool {
        self.version.0 <= TlsVersion::TLS12.0 && self.suite.name().is_some()
    }

    /// Reads it from the start of what a server sent; `None` if more bytes are needed.
    ///
    /// # Errors
    /// [`Fault::Byte`] if the server sent something else.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        as_far_as_it_came(bytes, Self::complete)
    }

    fn complete(message: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(message);
        fixed(&mut reader, SERVER_HELLO, "message type")?;
        // Its length adds nothing: the fields up to the suite are there in every version.
        reader.take(3, "message length")?;
        fixed(&mut reader, MAJOR, "version")?;
        let version = TlsVersion([MAJOR, reader.byte("version")?]);
        reader.take(RANDOM.len(), "random")?;
        let session = reader.byte("session length")?;
        reader.take(session.into(), "session")?;
        let suite = Suite(reader.u16("cipher suite")?);
        Ok(Self { version, suite })
    }
}

/// The certificate, DER, that a server shows after its [`ServerHello`]; `None` if more bytes are
/// needed.
///
/// # Layout
/// A message of type 11 and length 3: the length of all certificates, 3 bytes; then each after its
/// length of 3 bytes, the server's own first.
///
/// # Errors
/// [`Fault::Byte`] if the server sent something else.
///
/// # Source
/// RFC 5246 §7.4.2. In TLS 1.3 it is encrypted.
pub fn certificate(bytes: &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
    as_far_as_it_came(bytes, first_certificate)
}

fn first_certificate(message: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut reader = Reader::new(message);
    fixed(&mut reader, SERVER_HELLO, "message type")?;
    // Skipped by its length: extensions follow the suite, and none of them matters here.
    let hello = length(&mut reader, "message length")?;
    reader.take(hello, "server hello")?;
    fixed(&mut reader, CERTIFICATE, "message type")?;
    length(&mut reader, "message length")?;
    length(&mut reader, "length of the certificates")?;
    let certificate = length(&mut reader, "length of the certificate")?;
    Ok(reader.take(certificate, "certificate")?.to_vec())
}

fn length(reader: &mut Reader<'_>, field: &'static str) -> Result<usize, Malformed> {
    let bytes = reader.array::<3>(field)?;
    Ok(bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
}

/// Which cipher suites a server is offered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HelloOffer<'a> {
    /// The suites of TLS 1.2 that this agent speaks.
    Current,
    /// Every suite in [`Suite::OUTDATED`]: the server must choose among what this agent does not
    /// speak, or refuse.
    Outdated,
    /// These, and no other.
    These(&'a [Suite]),
}

impl HelloOffer<'_> {
    fn suites(self) -> Vec<u16> {
        match self {
            Self::Current => Suite::CURRENT.to_vec(),
            Self::Outdated => Suite::OUTDATED.iter().map(|(code, _)| *code).collect(),
            Self::These(suites) => suites.iter().map(|suite| suite.0).collect(),
        }
    }
}

/// What `read` makes of the handshake's records; `None` if more bytes are needed.
fn as_far_as_it_came<T>(
    bytes: &[u8],
    read: fn(&[u8]) -> Result<T, Malformed>,
) -> Result<Option<T>, Malformed> {
    let mut message = Vec::new();
    let other = handshake(bytes, &mut message);
    match read(&message) {
        // Whatever comes after it, as an alert, changes nothing about what was read.
        Ok(found) => Ok(Some(found)),
        // What has come so far is right, and ends inside a field: more is on its way, unless
        // something else has come instead.
        Err(Malformed { fault: Fault::Truncated { .. }, .. }) => other.map(|()| None),
        Err(malformed) => Err(malformed),
    }
}

/// Adds the content of the records that have come so far, the last one perhaps in part.
fn handshake(bytes: &[u8], message: &mut Vec<u8>) -> Result<(), Malformed> {
    let mut reader = Reader::new(bytes);
    while reader.left() > 0 {
        fixed(&mut reader, HANDSHAKE, "record type")?;
        // A cut header is no fault: the rest of it is on its way.
        if reader.left() < RECORD_REST {
            break;
        }
        // The version that counts is the one inside the message.
        reader.take(2, "record version")?;
        let length = usize::from(reader.u16("record length")?);
        message.extend_from_slice(reader.take(length.min(reader.left()), "record")?);
    }
    Ok(())
}

fn fixed(reader: &mut Reader<'_>, expected: u8, field: &'static str) -> Result<(), Malformed> {
    let offset = reader.offset();
    match reader.byte(field)? {
        found if found == expected => Ok(()),
        found => Err(Malformed::new(offset, field, Fault::Byte { expected, found })),
    }
}

/// A record with an offer of TLS 1.2 or older, with every group and signature that servers have;
/// `host` is named to the server.
///
/// # Source
/// RFC 5246 §7.4.1.2 and RFC 6066 §3; extensions as RFC 8422 §5.1 and RFC 5246 §7.4.1.4.1 have
/// them.
#[must_use]
pub fn client_hello(host: Option<&str>, offer: HelloOffer<'_>) -> Vec<u8> {
    let suites = offer.suites().into_iter().chain([NO_RENEGOTIATION]);
    let suites: Vec<u8> = suites.flat_map(u16::to_be_bytes).collect();
    // Version, random, an empty session, the suites, no compression, extensions.
    let body = [
        &TlsVersion::TLS12.0,
        RANDOM.as_slice(),
        &[0],
        &sized(&suites),
        &[1, 0],
        &sized(&extensions(host)),
    ]
    .concat();
    // Servers of that time take no newer version in the record of the first message.
    [&[HANDSHAKE, 3, 1], sized(&[&[CLIENT_HELLO, 0], sized(&body).as_slice()].concat()).as_slice()]
        .concat()
}

fn extensions(host: Option<&str>) -> Vec<u8> {
    // Numbers of extensions: 10 supported_groups, 11 ec_point_formats.
    let groups = [[0, 10].as_slice(), &sized(&sized(&GROUPS))].concat();
    let formats = [[0, 11].as_slice(), &sized(&[1, 0])].concat();
    let name = host.map(server_name).unwrap_or_default();
    [name, groups, formats, signature_algorithms()].concat()
}

/// The extension server_name (0), RFC 6066 §3.
pub(super) fn server_name(host: &str) -> Vec<u8> {
    let name = [&[0], sized(host.as_bytes()).as_slice()].concat();
    [[0, 0].as_slice(), &sized(&sized(&name))].concat()
}

/// The extension signature_algorithms (13), RFC 5246 §7.4.1.4.1.
pub(super) fn signature_algorithms() -> Vec<u8> {
    [[0, 13].as_slice(), &sized(&sized(&SIGNATURES))].concat()
}

/// `content` behind its length; nothing here comes near 64 KiB.
pub(super) fn sized(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or_default();
    [length.to_be_bytes().as_slice(), content].concat()
}

/// The first byte of every version from SSL 3.0 on (RFC 5246 §6.2.1).
pub(super) const MAJOR: u8 = 3;
/// Record type (RFC 5246 §6.2.1).
const HANDSHAKE: u8 = 22;
/// Bytes of a record's header after its type.
const RECORD_REST: usize = 4;
/// Message types (RFC 5246 §7.4).
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
/// Fixed, since no key ever depends on it.
const RANDOM: [u8; 32] = [0x5E; 32];
/// Renegotiation is secure or does not happen (RFC 5746 §3.3); some servers insist on it.
pub(super) const NO_RENEGOTIATION: u16 = 0x00FF;
/// X25519, P-256, P-384, P-521 (RFC 8422 §5.1.1).
const GROUPS: [u8; 8] = [0, 29, 0, 23, 0, 24, 0, 25];
/// PKCS#1, ECDSA and PSS with SHA-256, SHA-384, SHA-512, the first two also with SHA-1; Ed25519 and
/// Ed448; PSS of keys that are for it alone (RFC 5246 §7.4.1.4.1, RFC 8446 §4.2.3).
const SIGNATURES: [u8; 32] = [
    4, 1, 5, 1, 6, 1, 2, 1, 4, 3, 5, 3, 6, 3, 2, 3, 8, 4, 8, 5, 8, 6, 8, 7, 8, 8, 8, 9, 8, 10, 8,
    11,
];

#[cfg(test)]
mod tests;
