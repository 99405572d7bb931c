//! The messages of TVS: a header of ten bytes, then elements of tag, length, value.

use crate::certificate::Certificate;
use crate::list::Role;
use crate::names::Layout;
use crate::tlv;

/// What a phone asks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Asked {
    /// Something that is no question; the whole message.
    Nonsense(Vec<u8>),
    /// For the certificate with these names and serial number (command 3).
    Query {
        /// Tag 3, without NUL.
        subject: String,
        /// Tag 4, without NUL.
        issuer: String,
        /// Tag 5.
        serial: Vec<u8>,
    },
    /// About a certificate in hand (command 1).
    Verify {
        /// Tag 2, DER.
        certificate: Vec<u8>,
    },
}

/// A request that has been read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Request {
    pub(super) session: u32,
    pub(super) device: String,
    pub(super) asked: Asked,
}

impl Request {
    /// How many bytes the message has that begins so; `None` if the header is not whole yet.
    pub(super) fn length(bytes: &[u8]) -> Option<usize> {
        let length = bytes.get(8..HEADER)?;
        Some(HEADER + usize::from(u16::from_be_bytes(length.try_into().ok()?)))
    }

    pub(super) fn parse(bytes: &[u8]) -> Self {
        let nonsense =
            || Self { session: 0, device: String::new(), asked: Asked::Nonsense(bytes.to_vec()) };
        Self::read(bytes).unwrap_or_else(nonsense)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let session = u32::from_be_bytes(bytes.get(4..8)?.try_into().ok()?);
        let elements = elements(bytes.get(HEADER..)?)?;
        let value = |tag| elements.iter().find(|(found, _)| *found == tag).map(|(_, value)| value);
        let [1, device @ ..] = value(DEVICE)?.as_slice() else { return None };
        let device = String::from_utf8(device.to_vec()).ok()?;
        let asked = match bytes.get(..4)? {
            [PROTOCOL, VERSION, VERIFY, 0] => {
                Asked::Verify { certificate: value(CERTIFICATE)?.clone() }
            }
            [PROTOCOL, VERSION, QUERY, 0] => Asked::Query {
                subject: name(value(SUBJECT)?)?,
                issuer: name(value(ISSUER)?)?,
                serial: value(SERIAL)?.clone(),
            },
            _ => return None,
        };
        Some(Self { session, device, asked })
    }

    /// The command of the answer.
    pub(super) fn answer(&self) -> u8 {
        match self.asked {
            Asked::Verify { .. } => VERIFY + 1,
            Asked::Query { .. } | Asked::Nonsense(_) => QUERY + 1,
        }
    }

    /// Whether this is the certificate that was asked about.
    pub(super) fn is_about(&self, certificate: &Certificate) -> bool {
        match &self.asked {
            Asked::Nonsense(_) => false,
            Asked::Verify { certificate: asked } => *asked == certificate.der,
            Asked::Query { subject, issuer, serial } => {
                let written = |layout| {
                    (certificate.subject.text(layout), certificate.issuer.text(layout))
                        == (subject.clone(), issuer.clone())
                };
                let bare = serial.iter().skip_while(|byte| **byte == 0);
                let same = bare.eq(certificate.serial.iter());
                same && (written(Layout::CallManager) || written(Layout::Tools))
            }
        }
    }
}

/// Text ended by one NUL that counts.
fn name(value: &[u8]) -> Option<String> {
    let (0, text) = value.split_last()? else { return None };
    String::from_utf8(text.to_vec()).ok()
}

fn elements(mut rest: &[u8]) -> Option<Vec<(u8, Vec<u8>)>> {
    let mut elements = Vec::new();
    while let [tag, high, low, behind @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        elements.push((*tag, behind.get(..length)?.to_vec()));
        rest = behind.get(length..)?;
    }
    rest.is_empty().then_some(elements)
}

/// The elements of an answer, each left out if it has nothing to say.
pub(super) struct Answer<'a> {
    pub(super) status: u8,
    pub(super) certificate: Option<&'a [u8]>,
    pub(super) roles: &'a [Role],
    pub(super) ttl: Option<u32>,
}

impl Answer<'_> {
    /// Status, certificate, roles, TTL: the order of the captured one.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut payload = tlv::element(STATUS, &[self.status]);
        if let Some(certificate) = self.certificate {
            payload.extend(tlv::element(CERTIFICATE, certificate));
        }
        if !self.roles.is_empty() {
            let roles = self.roles.iter().map(|role| u8::try_from(role.0).expect("one byte"));
            payload.extend(tlv::element(ROLES, &roles.collect::<Vec<_>>()));
        }
        if let Some(ttl) = self.ttl {
            payload.extend(tlv::element(TTL, &ttl.to_be_bytes()));
        }
        payload
    }
}

/// A message; `reserved` is the byte that real servers leave uninitialised.
pub(super) fn message(command: u8, reserved: u8, session: u32, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("a payload is below 64 KiB");
    let mut bytes = vec![PROTOCOL, VERSION, command, reserved];
    bytes.extend(session.to_be_bytes());
    bytes.extend(length.to_be_bytes());
    bytes.extend(payload);
    bytes
}

const HEADER: usize = 10;
const PROTOCOL: u8 = 0x57;
const VERSION: u8 = 1;

const VERIFY: u8 = 1;
const QUERY: u8 = 3;

const DEVICE: u8 = 1;
const CERTIFICATE: u8 = 2;
const SUBJECT: u8 = 3;
const ISSUER: u8 = 4;
const SERIAL: u8 = 5;
const STATUS: u8 = 7;
const ROLES: u8 = 8;
const TTL: u8 = 9;
