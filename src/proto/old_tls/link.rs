//! Records both ways, and the messages in them: what all states of a connection have.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::fault::{Ended, Found, OldTlsFault};
use super::protection::Protection;
use super::random::OldTlsRandom;
use crate::wire::old_tls::{
    AlertDescription, AlertLevel, HandshakeHeader, HandshakeKind, OldVersion, RecordHeader,
    RecordKind, TlsAlert,
};
use crate::wire::{Fault, Malformed};

/// The most records in a row that carry nothing: empty ones, of which some servers send one before
/// each record, and warnings. Inferred: more are only work for nothing.
pub const MAX_IDLE: usize = 1000;

/// A connection in any state.
///
/// Holds what was fed in and not yet read, and less than one record and one message besides.
pub(super) struct Link {
    received: Vec<u8>,
    /// Bytes at the start of `received` that have been read.
    read: usize,
    /// The start of a message that goes on in the next record.
    pieces: Vec<u8>,
    idle: usize,
    version: Option<OldVersion>,
    reading: Option<Protection>,
    writing: Option<Protection>,
    random: OldTlsRandom,
}

/// What came, one at a time.
pub(super) enum LinkEvent {
    ChangeCipherSpec,
    CloseNotify,
    Data(Zeroizing<Vec<u8>>),
    Message(HandshakeMessage),
}

/// A record without its protection.
struct PlainRecord {
    kind: RecordKind,
    content: Zeroizing<Vec<u8>>,
}

/// A message of a handshake, complete.
pub(super) struct HandshakeMessage {
    pub(super) kind: HandshakeKind,
    /// With its header, as the transcript has it.
    pub(super) whole: Vec<u8>,
}

impl LinkEvent {
    /// The fault of what came out of turn.
    pub(super) fn unexpected(&self, expected: &'static str) -> OldTlsFault {
        let found = match self {
            Self::CloseNotify => return OldTlsFault::Alert(AlertDescription::CLOSE_NOTIFY),
            Self::ChangeCipherSpec => Found::Record(RecordKind::ChangeCipherSpec),
            Self::Data(_) => Found::Record(RecordKind::ApplicationData),
            Self::Message(message) => Found::Message(message.kind),
        };
        OldTlsFault::Unexpected { expected, found }
    }
}

impl HandshakeMessage {
    pub(super) fn body(&self) -> &[u8] {
        self.whole.get(HandshakeHeader::LENGTH..).unwrap_or_default()
    }
}

impl Link {
    pub(super) fn new(random: OldTlsRandom) -> Self {
        Self {
            received: Vec::new(),
            read: 0,
            pieces: Vec::new(),
            idle: 0,
            version: None,
            reading: None,
            writing: None,
            random,
        }
    }

    pub(super) fn random(&mut self) -> &mut OldTlsRandom {
        &mut self.random
    }

    /// From here on all records have this version.
    pub(super) fn agree(&mut self, version: OldVersion) {
        self.version = Some(version);
    }

    pub(super) fn read_with(&mut self, protection: Protection) {
        self.reading = Some(protection);
    }

    pub(super) fn write_with(&mut self, protection: Protection) {
        self.writing = Some(protection);
    }

    /// Takes in bytes of the server.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.received.drain(..self.read);
        self.read = 0;
        self.received.extend_from_slice(bytes);
    }

    /// A record for the server.
    pub(super) fn send(&mut self, kind: RecordKind, content: &[u8]) -> Vec<u8> {
        match &mut self.writing {
            Some(protection) => protection.seal(kind, content, &mut self.random),
            None => {
                // Before the version is known, the one that every server takes.
                let version = self.version.unwrap_or(OldVersion::Tls10);
                RecordHeader::emit(kind, version.number(), content)
            }
        }
    }

    pub(super) fn send_alert(
        &mut self,
        level: AlertLevel,
        description: AlertDescription,
    ) -> Vec<u8> {
        self.send(RecordKind::Alert, &TlsAlert { level, description }.emit())
    }

    /// The end of the connection, with the alert that names its reason.
    pub(super) fn end(&mut self, why: OldTlsFault) -> Ended {
        let alert = why.alert().map(|alert| self.send_alert(AlertLevel::Fatal, alert));
        Ended { why, alert: alert.unwrap_or_default() }
    }

    /// The next message of a handshake, where nothing else may come; `None` if it is not complete.
    pub(super) fn message(
        &mut self,
        expected: &'static str,
    ) -> Result<Option<HandshakeMessage>, OldTlsFault> {
        match self.next()? {
            None => Ok(None),
            Some(LinkEvent::Message(message)) => Ok(Some(message)),
            Some(other) => Err(other.unexpected(expected)),
        }
    }

    /// The next thing that is complete.
    pub(super) fn next(&mut self) -> Result<Option<LinkEvent>, OldTlsFault> {
        loop {
            if let Some(message) = self.joined()? {
                return Ok(Some(LinkEvent::Message(message)));
            }
            let Some(record) = self.record()? else { return Ok(None) };
            if let Some(incoming) = self.sort(record)? {
                return Ok(Some(incoming));
            }
        }
    }

    /// What a record means; `None` if it is a piece of something, or nothing.
    fn sort(&mut self, record: PlainRecord) -> Result<Option<LinkEvent>, OldTlsFault> {
        let PlainRecord { kind, content } = record;
        // A message that is under way must be complete before anything else counts, above all new
        // keys: its first half would be of other keys than its second.
        let is_piece = matches!(kind, RecordKind::Alert | RecordKind::Handshake);
        if !self.pieces.is_empty() && !is_piece {
            let expected = "the rest of a handshake message";
            return Err(OldTlsFault::Unexpected { expected, found: Found::Record(kind) });
        }
        match kind {
            RecordKind::Alert => self.alert(&content),
            RecordKind::ApplicationData if content.is_empty() => self.nothing(),
            RecordKind::ApplicationData => {
                self.idle = 0;
                Ok(Some(LinkEvent::Data(content)))
            }
            RecordKind::ChangeCipherSpec => match content.as_slice() {
                [1] => Ok(Some(LinkEvent::ChangeCipherSpec)),
                [found, ..] if *found != 1 => {
                    let fault = Fault::Byte { expected: 1, found: *found };
                    Err(Malformed::new(0, "change_cipher_spec", fault).into())
                }
                longer => {
                    let fault = Fault::FieldLength { expected: 1, found: longer.len() };
                    Err(Malformed::new(0, "change_cipher_spec", fault).into())
                }
            },
            RecordKind::Handshake => {
                self.idle = 0;
                self.pieces.extend_from_slice(&content);
                Ok(None)
            }
        }
    }

    fn alert(&mut self, content: &[u8]) -> Result<Option<LinkEvent>, OldTlsFault> {
        let alert = TlsAlert::parse(content)?;
        match (alert.level, alert.description) {
            (_, AlertDescription::CLOSE_NOTIFY) => Ok(Some(LinkEvent::CloseNotify)),
            (AlertLevel::Warning, _) => self.nothing(),
            (AlertLevel::Fatal | AlertLevel::Unknown(_), description) => {
                Err(OldTlsFault::Alert(description))
            }
        }
    }

    /// Counts what carries nothing.
    fn nothing(&mut self) -> Result<Option<LinkEvent>, OldTlsFault> {
        self.idle += 1;
        if self.idle > MAX_IDLE { Err(OldTlsFault::Idle) } else { Ok(None) }
    }

    /// The first message in the pieces, if all of it is there.
    fn joined(&mut self) -> Result<Option<HandshakeMessage>, OldTlsFault> {
        let Some(header) = HandshakeHeader::parse(&self.pieces)? else { return Ok(None) };
        let length = HandshakeHeader::LENGTH + header.length;
        if self.pieces.len() < length {
            return Ok(None);
        }
        let rest = self.pieces.split_off(length);
        let whole = core::mem::replace(&mut self.pieces, rest);
        Ok(Some(HandshakeMessage { kind: header.kind, whole }))
    }

    /// The content of the next record, in plaintext; `None` if it is not complete.
    fn record(&mut self) -> Result<Option<PlainRecord>, OldTlsFault> {
        let left = self.received.get(self.read..).unwrap_or_default();
        let Some(header) = RecordHeader::parse(left)? else { return Ok(None) };
        self.keeps_version(header)?;
        let end = RecordHeader::LENGTH + header.length;
        let Some(sent) = left.get(RecordHeader::LENGTH..end) else { return Ok(None) };
        self.read += end;
        let content = match &mut self.reading {
            Some(protection) => protection.open(header.kind, sent).ok_or(OldTlsFault::BadRecord)?,
            None => Zeroizing::new(sent.to_vec()),
        };
        self.has_length(header.kind, content.len())?;
        Ok(Some(PlainRecord { kind: header.kind, content }))
    }

    fn keeps_version(&self, header: RecordHeader) -> Result<(), Malformed> {
        let [_, found] = header.version.0;
        match self.version.map(|version| version.number().0) {
            Some([_, expected]) if expected != found => {
                Err(Malformed::new(2, "record version", Fault::Byte { expected, found }))
            }
            _ => Ok(()),
        }
    }

    /// Only data under keys may be empty (RFC 5246 §6.2.1).
    fn has_length(&self, kind: RecordKind, found: usize) -> Result<(), Malformed> {
        let wrong = |fault| Err(Malformed::new(3, "record length", fault));
        let expected = RecordHeader::MAX_PLAIN;
        let may_be_empty = kind == RecordKind::ApplicationData && self.reading.is_some();
        match found {
            0 if !may_be_empty => wrong(Fault::ZeroLength),
            _ if found > expected => wrong(Fault::TooLong { expected, found }),
            _ => Ok(()),
        }
    }
}
