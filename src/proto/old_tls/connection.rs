//! Data both ways, once the caller opens it.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::fault::{Ended, OldTlsFault};
use super::link::{Link, LinkEvent};
use crate::wire::old_tls::{
    AlertDescription, AlertLevel, HandshakeKind, OldSuite, OldVersion, RecordHeader, RecordKind,
};

/// The server holds the key of the certificate that the caller accepted; still closed for data.
pub struct Proven {
    link: Link,
    version: OldVersion,
    suite: OldSuite,
}

impl Proven {
    pub(super) const fn new(link: Link, version: OldVersion, suite: OldSuite) -> Self {
        Self { link, version, suite }
    }

    /// The version of the connection.
    #[must_use]
    pub const fn version(&self) -> OldVersion {
        self.version
    }

    /// The suite of the connection.
    #[must_use]
    pub const fn suite(&self) -> OldSuite {
        self.suite
    }

    /// Opens it for data; some may have come already.
    #[must_use]
    pub fn open(self) -> OldConnection {
        OldConnection { link: self.link, version: self.version, end: ServerEnd::NotYet }
    }

    /// Ends it without a byte of data; the bytes are for the server.
    #[must_use]
    pub fn close(mut self) -> Vec<u8> {
        self.link.send_alert(AlertLevel::Warning, AlertDescription::CLOSE_NOTIFY)
    }
}

/// A connection that is open for data both ways.
pub struct OldConnection {
    link: Link,
    version: OldVersion,
    end: ServerEnd,
}

/// Whether the server's direction has ended.
#[derive(Clone, Copy)]
enum ServerEnd {
    CloseNotify,
    Fault(OldTlsFault),
    NotYet,
}

/// What has come from the server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FromServer {
    /// The server will send nothing more; what follows is not read.
    CloseNotify,
    /// Bytes of the application, at least one.
    Data(Zeroizing<Vec<u8>>),
    /// More bytes must be fed in.
    Nothing,
}

impl OldConnection {
    /// Data as records for the server.
    ///
    /// In TLS 1.0 an empty record precedes each: what the attacker knows of the cipher's state is
    /// then out of date (BEAST). Not a record of one byte, as elsewhere: servers read a header with
    /// one call, and take what is cut for all of it.
    #[must_use]
    pub fn send(&mut self, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for content in data.chunks(RecordHeader::MAX_PLAIN) {
            if self.version == OldVersion::Tls10 {
                bytes.extend(self.link.send(RecordKind::ApplicationData, &[]));
            }
            bytes.extend(self.link.send(RecordKind::ApplicationData, content));
        }
        bytes
    }

    /// Tells the server that nothing more will come. Some servers then cut their answer, so it
    /// must wait until that is complete.
    #[must_use]
    pub fn close(&mut self) -> Vec<u8> {
        self.link.send_alert(AlertLevel::Warning, AlertDescription::CLOSE_NOTIFY)
    }

    /// Takes in bytes of the server; [`Self::receive`] reads them.
    pub fn feed(&mut self, bytes: &[u8]) {
        if matches!(self.end, ServerEnd::NotYet) {
            self.link.feed(bytes);
        }
    }

    /// What has come, one record at a time, until it is [`FromServer::Nothing`].
    ///
    /// # Errors
    /// [`Ended`]; again, but without an alert, each time after.
    pub fn receive(&mut self) -> Result<FromServer, Ended> {
        match self.end {
            ServerEnd::CloseNotify => return Ok(FromServer::CloseNotify),
            ServerEnd::Fault(why) => return Err(Ended { why, alert: Vec::new() }),
            ServerEnd::NotYet => {}
        }
        match self.advance() {
            Ok(FromServer::CloseNotify) => {
                self.end = ServerEnd::CloseNotify;
                Ok(FromServer::CloseNotify)
            }
            Ok(received) => Ok(received),
            Err(why) => {
                self.end = ServerEnd::Fault(why);
                Err(self.link.end(why))
            }
        }
    }

    /// Judges the end of the stream.
    ///
    /// # Errors
    /// [`OldTlsFault::Closed`] if the server did not announce it: anyone may have cut the stream.
    pub fn end_of_stream(&self) -> Result<(), OldTlsFault> {
        match self.end {
            ServerEnd::CloseNotify => Ok(()),
            ServerEnd::Fault(why) => Err(why),
            ServerEnd::NotYet => Err(OldTlsFault::Closed),
        }
    }

    fn advance(&mut self) -> Result<FromServer, OldTlsFault> {
        match self.link.next()? {
            None => Ok(FromServer::Nothing),
            Some(LinkEvent::CloseNotify) => Ok(FromServer::CloseNotify),
            Some(LinkEvent::Data(data)) => Ok(FromServer::Data(data)),
            Some(LinkEvent::Message(message)) if message.kind == HandshakeKind::HelloRequest => {
                Err(OldTlsFault::Renegotiation)
            }
            Some(other) => Err(other.unexpected("application data")),
        }
    }
}
