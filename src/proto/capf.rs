//! A session with the Certificate Authority Proxy Function, without a socket.
//!
//! The server speaks first, and asks one thing after another. [`CapfExchange::feed`] takes in what
//! it sends, in any pieces, and returns a [`CapfStep`]: what the phone is asked. Each question holds
//! the exchange until it is answered, so that nothing can be answered twice or out of turn; the
//! answer is bytes that must go into one TLS record, and the exchange again. The first call after an
//! answer is `feed(&[])`: the next message may be there already.
//!
//! Nothing here decides whether a certificate is good, or how long a step may take.

mod key;
mod proof;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::fmt;

pub use key::{KeyNotMade, NewKey, NewKeyKind};
pub use proof::{BareSignatures, KeyTooSmall, freshness, ownership};

use crate::wire::Malformed;
use crate::wire::capf::{
    AskedKey, CapfCommand, CapfHeader, CapfOrder, CapfReason, CapfReceived, CapfSession,
    CertificateType, Introduction, PhoneMessage, TooLarge,
};
use crate::wire::envelope::UnknownTag;

/// A session, and as much of the next message as has come.
#[derive(Debug, Default)]
pub struct CapfExchange {
    session: Option<CapfSession>,
    awaited: AwaitedOrder,
    input: Vec<u8>,
}

/// What may come next.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum AwaitedOrder {
    /// The certificate for the key that was sent.
    Certificate,
    /// The end, since all is done.
    End,
    /// The question who the phone is.
    #[default]
    Greeting,
    /// What there is to do.
    Operation,
}

/// What a call to [`CapfExchange::feed`] led to.
#[derive(Debug)]
#[must_use]
pub struct CapfFed {
    /// What to do now.
    pub step: CapfStep,
    /// Elements that were skipped, since nothing is known of their tags.
    pub unknown: Vec<UnknownTag>,
}

/// What to do now.
#[derive(Debug)]
pub enum CapfStep {
    /// The server breaks off: send these bytes, and close.
    Abort(Vec<u8>),
    /// Say who the phone is.
    Authenticate(ToAuthenticate),
    /// Delete the LSC, if there is one.
    Delete(ToDelete),
    /// Close: the server has ended the session.
    End(CapfReason),
    /// Send the LSC, if there is one.
    Fetch(ToFetch),
    /// Make a new key.
    MakeKey(ToMakeKey),
    /// Feed more bytes when they come.
    NeedMore(CapfExchange),
    /// Close: the server has no time now.
    RetryLater,
    /// Judge a certificate, and store it.
    Store(ToStore),
}

/// An answer, to be written in one TLS record, and the session after it.
pub type CapfAnswered = Result<(Vec<u8>, CapfExchange), CapfFault>;

impl CapfExchange {
    /// Takes in bytes as they come, up to the end of one message.
    ///
    /// What is kept never exceeds one message by more than what is fed at once.
    ///
    /// # Errors
    /// [`CapfFault`]; the session is over.
    pub fn feed(mut self, bytes: &[u8]) -> Result<CapfFed, CapfFault> {
        self.input.extend(bytes);
        if self.input.len() < CapfHeader::LENGTH {
            return Ok(self.need_more());
        }
        let header = CapfHeader::parse(&self.input)?;
        // Before anything of the payload is waited for: a wrong header ends the session at once.
        let session = *self.session.get_or_insert(header.session);
        if header.session != session {
            let found = header.session;
            return Err(CapfFault::OtherSession { expected: session, found });
        }
        let Some((message, rest)) = self.input.split_at_checked(header.message_length()) else {
            return Ok(self.need_more());
        };
        let payload = message.get(CapfHeader::LENGTH..).unwrap_or_default();
        let CapfReceived { order, unknown } = CapfReceived::parse(header.command, payload)?;
        let next = Self { session: Some(session), awaited: self.awaited, input: rest.to_vec() };
        Ok(CapfFed { step: next.step(order)?, unknown })
    }

    /// The fault of a server that closed before the end of the session.
    #[must_use]
    pub fn closed(&self) -> CapfFault {
        CapfFault::Closed { inside: self.input.len() }
    }

    const fn need_more(self) -> CapfFed {
        CapfFed { step: CapfStep::NeedMore(self), unknown: Vec::new() }
    }

    fn step(self, order: CapfOrder<'_>) -> Result<CapfStep, CapfFault> {
        Ok(match (self.awaited, order) {
            // These may come at any time.
            (_, CapfOrder::Abort) => CapfStep::Abort(self.emit(&PhoneMessage::Aborted)?),
            (_, CapfOrder::End(reason)) => CapfStep::End(reason),
            (_, CapfOrder::RetryLater) => CapfStep::RetryLater,
            (AwaitedOrder::Greeting, CapfOrder::Authenticate) => {
                CapfStep::Authenticate(ToAuthenticate(self))
            }
            (AwaitedOrder::Operation, CapfOrder::Delete) => CapfStep::Delete(ToDelete(self)),
            (AwaitedOrder::Operation, CapfOrder::Fetch) => CapfStep::Fetch(ToFetch(self)),
            (AwaitedOrder::Operation, CapfOrder::MakeKey(asked)) => {
                CapfStep::MakeKey(ToMakeKey { exchange: self, asked })
            }
            (AwaitedOrder::Certificate, CapfOrder::Store(issued)) => CapfStep::Store(ToStore {
                exchange: self,
                kind: issued.kind,
                certificate: issued.der.to_vec(),
            }),
            (awaited, order) => {
                return Err(CapfFault::OutOfTurn {
                    expected: awaited.word(),
                    found: order.command(),
                });
            }
        })
    }

    fn emit(&self, message: &PhoneMessage<'_>) -> Result<Vec<u8>, CapfFault> {
        // There is a session as soon as there is anything to answer.
        let session = self.session.unwrap_or(CapfSession(0));
        message.emit(session).map_err(CapfFault::Unsendable)
    }

    fn answer(mut self, message: &PhoneMessage<'_>, awaited: AwaitedOrder) -> CapfAnswered {
        self.awaited = awaited;
        Ok((self.emit(message)?, self))
    }
}

impl AwaitedOrder {
    const fn word(self) -> &'static str {
        match self {
            Self::Certificate => "a store certificate request or the end",
            Self::End => "the end",
            Self::Greeting => "an auth request",
            Self::Operation => "a request or the end",
        }
    }
}

/// The server asks who the phone is.
#[derive(Debug)]
pub struct ToAuthenticate(CapfExchange);

impl ToAuthenticate {
    /// The number of the session, which a proof is made for.
    #[must_use]
    pub fn session(&self) -> CapfSession {
        self.0.session.unwrap_or(CapfSession(0))
    }

    /// Says who the phone is.
    ///
    /// # Errors
    /// [`CapfFault::Unsendable`].
    pub fn with(self, introduction: Introduction<'_>) -> CapfAnswered {
        self.0.answer(&PhoneMessage::Introduced(introduction), AwaitedOrder::Operation)
    }
}

/// The server asks for a new key.
#[derive(Debug)]
pub struct ToMakeKey {
    exchange: CapfExchange,
    asked: AskedKey,
}

impl ToMakeKey {
    /// The key that it asks for.
    #[must_use]
    pub const fn asked(&self) -> AskedKey {
        self.asked
    }

    /// A message for the server to wait by, to be sent before the work begins: a slow board takes
    /// minutes for an RSA key.
    ///
    /// # Errors
    /// [`CapfFault::Unsendable`].
    pub fn notice(&self) -> Result<Vec<u8>, CapfFault> {
        self.exchange.emit(&PhoneMessage::InProgress)
    }

    /// Sends the public half of the key, `SubjectPublicKeyInfo` in DER.
    ///
    /// # Errors
    /// [`CapfFault::Unsendable`].
    pub fn made(self, public: &[u8]) -> CapfAnswered {
        self.exchange.answer(&PhoneMessage::KeyMade(Some(public)), AwaitedOrder::Certificate)
    }

    /// Declines: no such key is made.
    ///
    /// # Errors
    /// [`CapfFault::Unsendable`].
    pub fn declined(self) -> CapfAnswered {
        self.exchange.answer(&PhoneMessage::KeyMade(None), AwaitedOrder::End)
    }
}

/// The server has issued a certificate. Nothing of it has been verified.
#[derive(Debug)]
pub struct ToStore {
    exchange: CapfExchange,
    kind: CertificateType,
    certificate: Vec<u8>,
}

impl ToStore {
    /// What the server takes it for.
    #[must_use]
    pub const fn kind(&self) -> CertificateType {
        self.kind
    }

    /// The certificate in DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Says that it is stored, which it must be by then.
    ///
    /// # Errors
    /// [`CapfFault::Unsendable`].
    pub fn stored(self) -> CapfAnswered {
        self.exchange.answer(&PhoneMessage::Stored(CapfReason::Done), AwaitedOrder::End)
    }

    /// Declines it.
    ///
    /// # Errors
    /// [`CapfFault::Unsendable`].
    pub fn declined(self) -> CapfAnswered {
        self.exchange.answer(&PhoneMessage::Stored(CapfReason::Declined), AwaitedOrder::End)
    }
}

/// The server asks for the LSC.
#[derive(Debug)]
pub struct ToFetch(CapfExchange);

impl ToFetch {
    /// Sends it, in DER; that there is none, if there is none.
    ///
    /// # Errors
    /// [`CapfFault::Unsendable`].
    pub fn with(self, lsc: Option<&[u8]>) -> CapfAnswered {
        self.0.answer(&PhoneMessage::Fetched(lsc), AwaitedOrder::End)
    }
}

/// The server has the LSC deleted.
#[derive(Debug)]
pub struct ToDelete(CapfExchange);

impl ToDelete {
    /// Says that it is deleted, which it must be by then.
    ///
    /// # Errors
    /// [`CapfFault::Unsendable`].
    pub fn deleted(self) -> CapfAnswered {
        self.0.answer(&PhoneMessage::Deleted(CapfReason::Done), AwaitedOrder::End)
    }

    /// Says that it is not: there is none, or it cannot be deleted.
    ///
    /// # Errors
    /// [`CapfFault::Unsendable`].
    pub fn declined(self) -> CapfAnswered {
        self.0.answer(&PhoneMessage::Deleted(CapfReason::Declined), AwaitedOrder::End)
    }
}

/// Why a session is over before its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CapfFault {
    /// The server closed before the end.
    Closed {
        /// Bytes of an incomplete message that had come.
        inside: usize,
    },
    /// What came does not follow the format of a message.
    Malformed(Malformed),
    /// A message of another session.
    OtherSession {
        /// The session of the first message.
        expected: CapfSession,
        /// The session of this one.
        found: CapfSession,
    },
    /// A message that may not come now.
    OutOfTurn {
        /// What may come, in words.
        expected: &'static str,
        /// What came in its place.
        found: CapfCommand,
    },
    /// The phone's answer does not fit into a message.
    Unsendable(TooLarge),
}

impl From<Malformed> for CapfFault {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl fmt::Display for CapfFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed { inside: 0 } => f.write_str("the server closed before the end"),
            Self::Closed { inside } => {
                write!(f, "the server closed after {inside} bytes of a message")
            }
            Self::Malformed(malformed) => malformed.fmt(f),
            Self::OtherSession { expected, found } => {
                write!(f, "expected {expected}, found {found}")
            }
            Self::OutOfTurn { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::Unsendable(too_large) => too_large.fmt(f),
        }
    }
}
