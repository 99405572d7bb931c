//! The messages of CAPF: a header of eight bytes, then elements of tag, length, value.

use crate::tlv;

/// The number of a message.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Command(pub u8);

impl Command {
    /// The server asks who the phone is.
    pub const AUTH: Self = Self(1);
    /// The phone answers.
    pub const AUTHENTICATED: Self = Self(2);
    /// The server asks for a new key.
    pub const KEY: Self = Self(3);
    /// The phone's public key.
    pub const GENERATED: Self = Self(4);
    /// The server sends a certificate.
    pub const STORE: Self = Self(9);
    /// The phone has it, or not.
    pub const STORED: Self = Self(10);
    /// The server asks for the phone's certificate.
    pub const FETCH: Self = Self(11);
    /// The phone's certificate, or none.
    pub const FETCHED: Self = Self(12);
    /// The server has the phone delete its certificate.
    pub const DELETE: Self = Self(13);
    /// The phone has, or not.
    pub const DELETED: Self = Self(14);
    /// The server ends the session.
    pub const END: Self = Self(15);
    /// The server has no time.
    pub const RETRY_LATER: Self = Self(16);
    /// The phone is still making its key.
    pub const IN_PROGRESS: Self = Self(17);
    /// The server asks how far the phone is.
    pub const STATUS: Self = Self(18);
    /// The server breaks off.
    pub const ABORT: Self = Self(20);
    /// The server asks for a signature.
    pub const SIGN: Self = Self(22);

    /// Whether a message of the phone's may have this element.
    pub(super) fn takes(self, tag: u8) -> bool {
        let tags: &[u8] = match self {
            Self::AUTHENTICATED => &[
                tag::REASON,
                tag::CERTIFICATE,
                tag::SIGNED,
                tag::VERSION,
                tag::PASSWORD,
                tag::DEVICE,
                tag::SUDI,
                tag::SIGNED_SHA512,
            ],
            Self::FETCHED => &[tag::REASON, tag::CERTIFICATE],
            Self::GENERATED => &[tag::REASON, tag::PUBLIC_KEY],
            Self::DELETED | Self::STORED => &[tag::REASON],
            _ => &[],
        };
        tags.contains(&tag)
    }
}

/// A tag with its value.
pub type Element = (u8, Vec<u8>);

/// Tags of elements.
pub mod tag {
    /// One byte: how something ended.
    pub const REASON: u8 = 1;
    /// One byte: 1 LSC, 2 MIC.
    pub const CERTIFICATE_TYPE: u8 = 3;
    /// A certificate in its wrapper.
    pub const CERTIFICATE: u8 = 4;
    /// A proof over the certificate, SHA-1.
    pub const SIGNED: u8 = 6;
    /// One byte: the protocol's version.
    pub const VERSION: u8 = 7;
    /// One byte: how to authenticate; always 0 from the reference.
    pub const METHOD: u8 = 8;
    /// SubjectPublicKeyInfo.
    pub const PUBLIC_KEY: u8 = 9;
    /// Two bytes: bits of an RSA key.
    pub const KEY_SIZE: u8 = 10;
    /// Digits and NUL.
    pub const PASSWORD: u8 = 11;
    /// Its layout is not known.
    pub const DELAY: u8 = 12;
    /// The phone's name and NUL.
    pub const DEVICE: u8 = 13;
    /// A proof over session and certificate.
    pub const SUDI: u8 = 16;
    /// One byte: 0 RSA, 1 EC.
    pub const KEY_TYPE: u8 = 17;
    /// One byte: 0 P-256, 1 P-384, 2 P-521.
    pub const CURVE: u8 = 18;
    /// A proof over the certificate, SHA-512.
    pub const SIGNED_SHA512: u8 = 20;
    /// One that nobody knows.
    pub const UNKNOWN: u8 = 0x63;
}

/// A message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// What it is.
    pub command: Command,
    /// Chosen by the server for each connection.
    pub session: u32,
    /// The elements, encoded.
    pub payload: Vec<u8>,
}

impl Message {
    /// A message of elements that are encoded already.
    pub fn new(command: Command, session: u32, elements: &[Vec<u8>]) -> Self {
        Self { command, session, payload: elements.concat() }
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let length = u16::try_from(self.payload.len()).expect("a payload is below 64 KiB");
        self.encode_as(length)
    }

    /// Its bytes with any length in the header.
    pub fn encode_as(&self, length: u16) -> Vec<u8> {
        let Command(command) = self.command;
        let session = self.session.to_be_bytes();
        [&[PROTOCOL, command], &session[..], &length.to_be_bytes(), &self.payload].concat()
    }

    /// How many bytes the message has that begins so; `None` if its header is not there yet.
    pub fn length(bytes: &[u8]) -> Option<usize> {
        let length = bytes.get(6..HEADER)?;
        Some(HEADER + usize::from(u16::from_be_bytes(length.try_into().ok()?)))
    }

    /// Reads exactly one message.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let ([protocol, command, session @ ..], rest) =
            bytes.split_first_chunk::<6>().ok_or("the header is cut off")?;
        if *protocol != PROTOCOL {
            return Err(format!("the first byte is {protocol:#04x}, not 0x55"));
        }
        let payload = rest.get(2..).ok_or("the header is cut off")?.to_vec();
        let announced = Self::length(bytes).unwrap_or_default();
        if announced != bytes.len() {
            return Err(format!("{announced} bytes are announced, {} are there", bytes.len()));
        }
        let session = u32::from_be_bytes(*session);
        Ok(Self { command: Command(*command), session, payload })
    }

    /// Its elements, each tag at most once.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub fn elements(&self) -> Result<Vec<Element>, String> {
        let mut found: Vec<Element> = Vec::new();
        let mut rest = self.payload.as_slice();
        while let Some((tag, after)) = rest.split_first() {
            let at = self.payload.len() - rest.len();
            let cut = || format!("the element {tag} at byte {at} of the payload is cut off");
            let (length, after) = after.split_first_chunk::<2>().ok_or_else(cut)?;
            let length = usize::from(u16::from_be_bytes(*length));
            let (value, after) = after.split_at_checked(length).ok_or_else(cut)?;
            if found.iter().any(|(other, _)| other == tag) {
                return Err(format!("the element {tag} comes twice"));
            }
            found.push((*tag, value.to_vec()));
            rest = after;
        }
        Ok(found)
    }
}

/// The value of an element.
pub fn value(elements: &[Element], tag: u8) -> Option<&[u8]> {
    elements.iter().find(|(other, _)| *other == tag).map(|(_, value)| value.as_slice())
}

/// An element of one byte.
pub fn byte(tag: u8, value: u8) -> Vec<u8> {
    tlv::element(tag, &[value])
}

/// Element 4: the certificate in its wrapper, whose length may be off.
pub fn certificate(kind: u8, der: &[u8], off: i16) -> Vec<u8> {
    let length = u16::try_from(der.len() + 2).expect("a certificate is below 64 KiB");
    let length = length.wrapping_add_signed(off).to_be_bytes();
    tlv::element(tag::CERTIFICATE, &[&[1], &length[..], &[0, kind], der].concat())
}

/// The type and the DER in the value of an element 4.
pub fn unwrapped(value: &[u8]) -> Option<(u8, &[u8])> {
    let ([one, length @ .., zero, kind], der) = value.split_first_chunk::<5>()?;
    let fits = usize::from(u16::from_be_bytes(*length)) == der.len() + 2;
    (fits && [*one, *zero] == [1, 0]).then_some((*kind, der))
}

const HEADER: usize = 8;
const PROTOCOL: u8 = 0x55;
