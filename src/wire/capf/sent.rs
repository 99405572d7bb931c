//! What the phone sends.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::wire::capf::received::WRAPPED;
use crate::wire::capf::{
    CERTIFICATE, CapfCommand, CapfHeader, CapfReason, CapfSession, CertificateType, DEVICE_NAME,
    MAX_PAYLOAD, PASSWORD, PUBLIC_KEY, REASON, SIGNED, SIGNED_SHA2, SUDI, VERSION,
};
use crate::wire::name::DeviceName;
use crate::wire::writer;

/// A message of the phone.
///
/// # Layout
/// | tag | in            | value                                                       |
/// | --- | ------------- | ----------------------------------------------------------- |
/// | 1   | 2, 10, 12, 14 | reason; also in 4 if there is no key                        |
/// | 4   | 2, 12         | certificate in its wrapper                                  |
/// | 6   | 2             | signature of SHA-1                                          |
/// | 7   | 2             | version 3                                                   |
/// | 9   | 4             | `SubjectPublicKeyInfo` in DER                               |
/// | 11  | 2             | digits, NUL at the end; only that if there is no string     |
/// | 13  | 2             | device name, NUL at its end                                 |
/// | 16  | 2             | three parts: 0 certificate, 1 signature of SHA-1, 3 of SHA-512 |
/// | 20  | 2             | one such part: 3 signature of SHA-512                       |
///
/// A part is a byte, the length in two, and the value. 17 and 21 have no elements.
///
/// # Source
/// Reference client and server, run; CAPF facts A3 to A5 and A8.
#[derive(Clone, Copy, Debug)]
pub enum PhoneMessage<'a> {
    /// 21: the session may end.
    Aborted,
    /// 14: whether the LSC is deleted; declined if there is none.
    Deleted(CapfReason),
    /// 12: the LSC in DER, if there is one.
    Fetched(Option<&'a [u8]>),
    /// 17: a key is being made.
    InProgress,
    /// 2: who the phone is.
    Introduced(Introduction<'a>),
    /// 4: the public half of the new key, `SubjectPublicKeyInfo` in DER, if there is one.
    KeyMade(Option<&'a [u8]>),
    /// 10: whether the certificate is stored.
    Stored(CapfReason),
}

/// Who the phone is.
#[derive(Clone, Copy, Debug)]
pub struct Introduction<'a> {
    /// Its name at the call manager.
    pub device: &'a DeviceName,
    /// The string that an administrator handed out for it, if it is to show one.
    pub string: Option<&'a AuthenticationString>,
    /// The proof that it has a certificate, if it is to show one.
    pub ownership: Option<Ownership<'a>>,
}

/// The proof that the phone has the key of a certificate.
#[derive(Clone, Copy, Debug)]
pub struct Ownership<'a> {
    /// What the certificate is to the phone.
    pub kind: CertificateType,
    /// The certificate in DER.
    pub certificate: &'a [u8],
    /// The signature of SHA-1 of the name and the certificate.
    pub sha1: &'a [u8],
    /// The signature of SHA-512 of them.
    pub sha512: &'a [u8],
    /// The proof that the session is fresh.
    pub sudi: Option<SudiProof<'a>>,
}

/// The proof that the phone has the key of a certificate now, in this session.
#[derive(Clone, Copy, Debug)]
pub struct SudiProof<'a> {
    /// The certificate in DER.
    pub certificate: &'a [u8],
    /// The signature of SHA-1 of session and certificate.
    pub sha1: &'a [u8],
    /// The signature of SHA-512 of them.
    pub sha512: &'a [u8],
}

/// A message that does not fit; both count bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooLarge {
    /// Bytes of the payload or of an element of it.
    pub found: usize,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a message of {} bytes exceeds the limit of {MAX_PAYLOAD}", self.found)
    }
}

impl PhoneMessage<'_> {
    /// The command that it is sent under.
    #[must_use]
    pub const fn command(&self) -> CapfCommand {
        match self {
            Self::Aborted => CapfCommand::AbortResponse,
            Self::Deleted(_) => CapfCommand::DeleteResponse,
            Self::Fetched(_) => CapfCommand::FetchResponse,
            Self::InProgress => CapfCommand::InProgress,
            Self::Introduced(_) => CapfCommand::AuthResponse,
            Self::KeyMade(_) => CapfCommand::KeyResponse,
            Self::Stored(_) => CapfCommand::StoreResponse,
        }
    }

    /// The whole message, to be written in one TLS record: the reference server takes a header that
    /// comes in pieces for an error (tried).
    ///
    /// # Errors
    /// [`TooLarge`].
    pub fn emit(&self, session: CapfSession) -> Result<Vec<u8>, TooLarge> {
        let mut payload = CapfPayload(Vec::new());
        match self {
            Self::Aborted | Self::InProgress => {}
            Self::Deleted(reason) | Self::Stored(reason) => payload.reason(*reason)?,
            Self::Fetched(None) | Self::KeyMade(None) => payload.reason(CapfReason::Declined)?,
            Self::Fetched(Some(der)) => {
                payload.reason(CapfReason::Done)?;
                payload.certificate(CertificateType::Lsc, der)?;
            }
            Self::KeyMade(Some(key)) => payload.element(PUBLIC_KEY, &[key])?,
            Self::Introduced(introduction) => payload.introduction(introduction)?,
        }
        payload.headed(self.command(), session)
    }
}

struct CapfPayload(Vec<u8>);

impl CapfPayload {
    fn element(&mut self, tag: u8, parts: &[&[u8]]) -> Result<(), TooLarge> {
        writer::element(&mut self.0, tag, parts).map_err(|found| TooLarge { found })
    }

    fn reason(&mut self, reason: CapfReason) -> Result<(), TooLarge> {
        self.element(REASON, &[&[reason.code()]])
    }

    fn certificate(&mut self, kind: CertificateType, der: &[u8]) -> Result<(), TooLarge> {
        let wrapped = [&[0, kind.code()], der].concat();
        self.element(CERTIFICATE, &[&part(WRAPPED, &wrapped)?])
    }

    /// In the order of the tags, which is that of the reference client.
    fn introduction(&mut self, introduction: &Introduction<'_>) -> Result<(), TooLarge> {
        let Introduction { device, string, ownership } = introduction;
        self.reason(CapfReason::Done)?;
        if let Some(Ownership { kind, certificate, sha1, .. }) = ownership {
            self.certificate(*kind, certificate)?;
            self.element(SIGNED, &[sha1])?;
        }
        self.element(VERSION, &[&[VERSION_SENT]])?;
        let digits = string.map_or(&[][..], |string| string.digits());
        self.element(PASSWORD, &[digits, &[0]])?;
        self.element(DEVICE_NAME, &[device.as_str().as_bytes(), &[0]])?;
        let Some(Ownership { sha512, sudi, .. }) = ownership else { return Ok(()) };
        if let Some(SudiProof { certificate, sha1, sha512 }) = sudi {
            let (certificate, sha1) = (part(0, certificate)?, part(SHA1, sha1)?);
            self.element(SUDI, &[&certificate, &sha1, &part(SHA512, sha512)?])?;
        }
        self.element(SIGNED_SHA2, &[&part(SHA512, sha512)?])
    }

    fn headed(self, command: CapfCommand, session: CapfSession) -> Result<Vec<u8>, TooLarge> {
        let Self(mut payload) = self;
        let found = payload.len();
        // One TLS record holds 16 KiB, the header included.
        let length = u16::try_from(found)
            .ok()
            .filter(|_| found <= MAX_PAYLOAD - CapfHeader::LENGTH)
            .ok_or(TooLarge { found })?;
        let header = CapfHeader { command, session, length };
        let mut message = Vec::with_capacity(header.message_length());
        message.extend(header.bytes());
        message.append(&mut payload);
        Ok(message)
    }
}

/// A value within an element: what it is, its length, and its bytes.
fn part(kind: u8, value: &[u8]) -> Result<Vec<u8>, TooLarge> {
    let mut part = Vec::new();
    writer::element(&mut part, kind, &[value]).map_err(|found| TooLarge { found })?;
    Ok(part)
}

/// The string that an administrator hands out for one phone, and a person enters at it.
///
/// # Source
/// The reference tools allow 4 to 15 or 16 digits, call managers write 4 to 10; CAPF facts A3.
#[derive(Clone, Eq, PartialEq)]
pub struct AuthenticationString(Box<[u8]>);

impl AuthenticationString {
    /// Reads a string.
    ///
    /// # Errors
    /// [`BadString`] for anything but 4 to 16 digits.
    pub fn parse(text: &str) -> Result<Self, BadString> {
        let fits =
            STRING_LENGTHS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if fits { Ok(Self(text.as_bytes().into())) } else { Err(BadString) }
    }

    fn digits(&self) -> &[u8] {
        &self.0
    }
}

/// Never shown: it is good for a certificate.
impl fmt::Debug for AuthenticationString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthenticationString")
    }
}

/// A text that is no authentication string.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BadString;

impl fmt::Display for BadString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected 4 to 16 digits")
    }
}

const STRING_LENGTHS: core::ops::RangeInclusive<usize> = 4..=16;

/// The version that phones send, and the only one that the reference server takes (tried; CAPF
/// facts A3).
const VERSION_SENT: u8 = 3;

// Kinds of parts (CAPF facts A5).
const SHA1: u8 = 1;
const SHA512: u8 = 3;
