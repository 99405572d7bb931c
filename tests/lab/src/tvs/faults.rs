//! What may be odd or wrong about a server.

use crate::list::Role;
use crate::tlv;

/// What a server does with a question.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Conduct {
    /// Answers.
    #[default]
    Answer,
    /// Closes instead.
    Close,
    /// Sends bytes that are no answer.
    Garbage,
    /// Says nothing until the client leaves.
    Silent,
    /// Has the answer about a peer ready and keeps it back until told to conduct itself otherwise,
    /// five seconds at the most; answers about signers at once.
    Withhold,
}

/// Deviations from an ordinary answer.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// What it does with a question.
    pub conduct: Conduct,
    /// The status, whatever the store says.
    pub status: Option<u8>,
    /// The roles, whatever the store says; none: the element is left out.
    pub roles: Option<Vec<Role>>,
    /// The session number, whatever was asked.
    pub session: Option<u32>,
    /// The certificate of a query's answer, DER.
    pub certificate: Option<Vec<u8>>,
    /// The header's fourth byte.
    pub reserved: u8,
    /// More elements, behind the ordinary ones.
    pub extra: Vec<u8>,
    /// The payload filled up to this length with an element that nobody knows.
    pub fill: Option<u16>,
    /// The answer in pieces of so many bytes, each a TLS record of its own.
    pub pieces: Option<usize>,
}

impl Faults {
    /// A second status element, contradicting the first.
    #[must_use]
    pub fn doubled(mut self) -> Self {
        self.extra.extend(tlv::element(7, &[1]));
        self
    }

    /// Roles that are there and are none.
    #[must_use]
    pub fn for_nothing(mut self) -> Self {
        self.roles = Some(Vec::new());
        self.extra.extend(tlv::element(8, &[]));
        self
    }

    /// An element of a tag that nobody knows.
    #[must_use]
    pub fn unknown(mut self) -> Self {
        self.extra.extend(tlv::element(UNKNOWN, b"?"));
        self
    }

    /// The payload with what these faults put behind it.
    pub(super) fn extended(&self, mut payload: Vec<u8>) -> Vec<u8> {
        payload.extend(&self.extra);
        if let Some(length) = self.fill {
            let filling = usize::from(length).saturating_sub(payload.len() + 3);
            payload.extend(tlv::element(UNKNOWN, &vec![0; filling]));
        }
        payload
    }
}

const UNKNOWN: u8 = 0x63;
