//! What the server sends.

use alloc::vec::Vec;
use core::fmt;

use crate::wire::capf::{
    AUTHENTICATION_TYPE, CERTIFICATE, CERTIFICATE_TYPE, CURVE, CapfCommand, CapfHeader, CapfReason,
    CertificateType, Curve, KEY_SIZE, KEY_TYPE, REASON, VERSION, field_name,
};
use crate::wire::envelope::UnknownTag;
use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::{Element, Reader, once, required};

/// A message of the server.
///
/// # Layout
/// | tag | in  | length | value                                        |
/// | --- | --- | ------ | -------------------------------------------- |
/// | 1   | 15  | 1      | reason                                       |
/// | 3   | 9   | 1      | certificate type; optional                   |
/// | 4   | 9   | n      | certificate in its wrapper                   |
/// | 7   | 1   | 1      | version; not relied on                       |
/// | 8   | 1   | 1      | authentication type; not relied on           |
/// | 10  | 3   | 2      | bits of an RSA key                           |
/// | 17  | 3   | 1      | key type; RSA where it is not there          |
/// | 18  | 3   | 1      | curve of an EC key                           |
///
/// Elements come in any order, and are not looked for where the command has no use for them. Those
/// of other tags are skipped.
///
/// # Source
/// Reference server, run; an independent client against a call manager; CAPF facts A3.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CapfReceived<'a> {
    /// What the phone is asked to do.
    pub order: CapfOrder<'a>,
    /// Elements that were skipped.
    pub unknown: Vec<UnknownTag>,
}

/// What a message of the server asks the phone to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CapfOrder<'a> {
    /// To agree to the end of the session.
    Abort,
    /// To say who it is, and to prove it.
    Authenticate,
    /// To delete its LSC.
    Delete,
    /// To close, for this reason.
    End(CapfReason),
    /// To send its LSC.
    Fetch,
    /// To make a key.
    MakeKey(AskedKey),
    /// Something that no server asks of a phone.
    Other(CapfCommand),
    /// To come back later.
    RetryLater,
    /// To store a certificate.
    Store(IssuedCertificate<'a>),
}

impl CapfOrder<'_> {
    /// The command that it came under.
    #[must_use]
    pub const fn command(&self) -> CapfCommand {
        match self {
            Self::Abort => CapfCommand::AbortRequest,
            Self::Authenticate => CapfCommand::AuthRequest,
            Self::Delete => CapfCommand::DeleteRequest,
            Self::End(_) => CapfCommand::End,
            Self::Fetch => CapfCommand::FetchRequest,
            Self::MakeKey(_) => CapfCommand::KeyRequest,
            Self::Other(command) => *command,
            Self::RetryLater => CapfCommand::RetryLater,
            Self::Store(_) => CapfCommand::StoreRequest,
        }
    }
}

/// The key that a server asks for. Whether the phone makes one is not decided here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AskedKey {
    /// A key on this curve.
    Ec(Curve),
    /// Of a kind that has no name.
    Other(u8),
    /// An RSA key of this size.
    Rsa {
        /// Bits of the modulus.
        bits: u16,
    },
}

impl fmt::Display for AskedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ec(curve) => write!(f, "EC {curve}"),
            Self::Other(code) => write!(f, "type {code}"),
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
        }
    }
}

/// A certificate as the server issues it. Nothing of it has been verified.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IssuedCertificate<'a> {
    /// What the server takes it for.
    pub kind: CertificateType,
    /// The certificate in DER.
    pub der: &'a [u8],
}

impl<'a> CapfReceived<'a> {
    /// Reads the payload of a message; offsets of faults count from the start of the message.
    ///
    /// # Errors
    /// [`Malformed`]: elements must tile the payload, known ones occur once and have their size,
    /// and what the command needs must be there.
    pub fn parse(command: CapfCommand, payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = CapfFields::default();
        for element in Reader::at(payload, CapfHeader::LENGTH).elements(field_name) {
            fields.keep(&element?)?;
        }
        let order = match command {
            CapfCommand::AbortRequest => CapfOrder::Abort,
            CapfCommand::AuthRequest => CapfOrder::Authenticate,
            CapfCommand::DeleteRequest => CapfOrder::Delete,
            CapfCommand::End => CapfOrder::End(CapfReason::from(needed(fields.reason, REASON)?)),
            CapfCommand::FetchRequest => CapfOrder::Fetch,
            CapfCommand::KeyRequest => CapfOrder::MakeKey(fields.key()?),
            CapfCommand::RetryLater => CapfOrder::RetryLater,
            CapfCommand::StoreRequest => CapfOrder::Store(fields.issued()?),
            other => CapfOrder::Other(other),
        };
        Ok(Self { order, unknown: fields.unknown })
    }
}

fn needed<T>(slot: Option<T>, tag: u8) -> Result<T, Malformed> {
    required(slot, tag, field_name(tag), CapfHeader::LENGTH)
}

#[derive(Default)]
struct CapfFields<'a> {
    reason: Option<u8>,
    certificate_type: Option<(u8, usize)>,
    certificate: Option<IssuedCertificate<'a>>,
    version: Option<u8>,
    authentication: Option<u8>,
    key_size: Option<u16>,
    key_type: Option<u8>,
    curve: Option<u8>,
    unknown: Vec<UnknownTag>,
}

impl<'a> CapfFields<'a> {
    fn keep(&mut self, element: &Element<'a>) -> Result<(), Malformed> {
        let name = field_name(element.tag);
        let byte = || element.array(name).map(|[byte]| byte);
        match element.tag {
            REASON => once(&mut self.reason, element, name, byte()?),
            CERTIFICATE_TYPE => {
                once(&mut self.certificate_type, element, name, (byte()?, element.offset))
            }
            CERTIFICATE => once(&mut self.certificate, element, name, unwrap(element)?),
            VERSION => once(&mut self.version, element, name, byte()?),
            AUTHENTICATION_TYPE => once(&mut self.authentication, element, name, byte()?),
            KEY_SIZE => once(&mut self.key_size, element, name, element.u16(name)?),
            KEY_TYPE => once(&mut self.key_type, element, name, byte()?),
            CURVE => once(&mut self.curve, element, name, byte()?),
            tag => {
                self.unknown.push(UnknownTag { tag, offset: element.offset });
                Ok(())
            }
        }
    }

    fn key(&self) -> Result<AskedKey, Malformed> {
        // A call manager leaves the type out where the key is to be RSA.
        match self.key_type.unwrap_or(RSA) {
            EC => Ok(AskedKey::Ec(Curve::from(needed(self.curve, CURVE)?))),
            RSA => Ok(AskedKey::Rsa { bits: needed(self.key_size, KEY_SIZE)? }),
            code => Ok(AskedKey::Other(code)),
        }
    }

    fn issued(&self) -> Result<IssuedCertificate<'a>, Malformed> {
        let issued = needed(self.certificate, CERTIFICATE)?;
        // The type is written twice; a server that writes two means none of them.
        match self.certificate_type {
            Some((found, offset)) if found != issued.kind.code() => {
                let fault = Fault::Byte { expected: issued.kind.code(), found };
                Err(Malformed::new(offset, field_name(CERTIFICATE_TYPE), fault))
            }
            _ => Ok(issued),
        }
    }
}

/// Takes a certificate out of its wrapper.
///
/// # Layout
/// | bytes | field  | meaning                                     |
/// | ----- | ------ | ------------------------------------------- |
/// | 1     | kind   | 1                                           |
/// | 2     | length | bytes of what follows, big-endian           |
/// | 1     | -      | 0                                           |
/// | 1     | type   | see [`CertificateType`]                     |
/// | n     | value  | the certificate in DER, of which there must be some |
///
/// # Source
/// Reference server and client, run; CAPF facts A3.
fn unwrap<'a>(element: &Element<'a>) -> Result<IssuedCertificate<'a>, Malformed> {
    let name = field_name(CERTIFICATE);
    let mut reader = element.inside();
    fixed(&mut reader, WRAPPED)?;
    let offset = reader.offset();
    let length = usize::from(reader.u16(name)?);
    if length != reader.left() {
        let fault = Fault::LengthMismatch { expected: reader.left(), found: length };
        return Err(Malformed::new(offset, name, fault));
    }
    fixed(&mut reader, 0)?;
    let kind = CertificateType::from(reader.byte(name)?);
    if reader.left() == 0 {
        return Err(Malformed::new(element.offset, name, Fault::ZeroLength));
    }
    Ok(IssuedCertificate { kind, der: reader.rest() })
}

/// Takes a byte of the wrapper that is always the same.
fn fixed(reader: &mut Reader<'_>, expected: u8) -> Result<(), Malformed> {
    let (offset, name) = (reader.offset(), field_name(CERTIFICATE));
    let found = reader.byte(name)?;
    match found == expected {
        true => Ok(()),
        false => Err(Malformed::new(offset, name, Fault::Byte { expected, found })),
    }
}

// Types of keys (reference server; CAPF facts A3).
const RSA: u8 = 0;
const EC: u8 = 1;

/// What the wrapper of a certificate begins with (CAPF facts A3).
pub(super) const WRAPPED: u8 = 1;
