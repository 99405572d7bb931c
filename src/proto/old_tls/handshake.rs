//! From the offer to a server that has proved who it is.

use alloc::vec::Vec;

use rsa::rand_core::RngCore;
use subtle::ConstantTimeEq;

use super::connection::Proven;
use super::fault::{Ended, Found, OldTlsFault};
use super::link::{HandshakeMessage, Link, LinkEvent};
use super::protection::Protection;
use super::random::OldTlsRandom;
use super::secrets::{Master, Premaster, Randoms, ServerKey};
use super::transcript::{Side, Transcript};
use crate::wire::old_tls::{
    AlertDescription, AlertLevel, ClientOffer, HandshakeKind, OldSuite, OldVersion, RecordKind,
    ServerChoice, certificates, finished, key_exchange, no_certificates,
};
use crate::wire::{Fault, Malformed};

/// What the caller chooses about a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Opening<'a> {
    /// The server's name, if it has one; addresses are not sent.
    pub host: Option<&'a str>,
    /// The newest version that the server may choose.
    pub newest: OldVersion,
}

/// The offer is on its way, and the server's answer in part.
pub struct Greeting {
    link: Link,
    offered: SentOffer,
    awaited: Awaited,
}

/// What comes of bytes of the server's first turn.
pub enum GreetingStep {
    /// The turn is complete.
    Judge(ToJudge),
    /// More bytes must come.
    More(Greeting),
}

/// What the offer contained.
#[derive(Clone, Copy)]
struct SentOffer {
    newest: OldVersion,
    random: [u8; 32],
}

/// The message that is due, with what came before it.
enum Awaited {
    /// The offer as it was sent.
    ServerHello(Vec<u8>),
    Certificate(Chosen),
    RequestOrDone(Chosen, Vec<Vec<u8>>),
    Done(Chosen, Vec<Vec<u8>>),
}

/// What the server chose, and all messages so far.
struct Chosen {
    version: OldVersion,
    suite: OldSuite,
    random: [u8; 32],
    transcript: Transcript,
}

/// What a message leads to.
enum NextTurn {
    Await(Awaited),
    Judge(Chosen, Vec<Vec<u8>>, ClientCertificate),
}

/// Whether the server wants to see a certificate of the client.
#[derive(Clone, Copy)]
enum ClientCertificate {
    Asked,
    NotAsked,
}

impl Greeting {
    /// Starts a handshake: the bytes are for the server.
    #[must_use]
    pub fn begin(opening: Opening<'_>, mut random: OldTlsRandom) -> (Self, Vec<u8>) {
        let mut offered = SentOffer { newest: opening.newest, random: [0; 32] };
        random.fill_bytes(&mut offered.random);
        let offer =
            ClientOffer { newest: opening.newest, random: offered.random, host: opening.host }
                .emit();
        let mut link = Link::new(random);
        let bytes = link.send(RecordKind::Handshake, &offer);
        (Self { link, offered, awaited: Awaited::ServerHello(offer) }, bytes)
    }

    /// Takes in bytes of the server.
    ///
    /// # Errors
    /// [`Ended`].
    pub fn feed(self, bytes: &[u8]) -> Result<GreetingStep, Ended> {
        let Self { mut link, offered, mut awaited } = self;
        link.feed(bytes);
        loop {
            let message = match link.message(awaited.expected()) {
                Ok(Some(message)) => message,
                Ok(None) => return Ok(GreetingStep::More(Self { link, offered, awaited })),
                Err(why) => return Err(link.end(why)),
            };
            match awaited.take(&message, offered.newest) {
                Ok(NextTurn::Await(next)) => {
                    if let Awaited::Certificate(chosen) = &next {
                        link.agree(chosen.version);
                    }
                    awaited = next;
                }
                Ok(NextTurn::Judge(chosen, chain, asked)) => {
                    let client = offered;
                    return Ok(GreetingStep::Judge(ToJudge { link, client, chosen, chain, asked }));
                }
                Err(why) => return Err(link.end(why)),
            }
        }
    }
}

impl Awaited {
    fn expected(&self) -> &'static str {
        match self {
            Self::ServerHello(_) => "ServerHello",
            Self::Certificate(_) => "Certificate",
            Self::RequestOrDone(..) => "CertificateRequest or ServerHelloDone",
            Self::Done(..) => "ServerHelloDone",
        }
    }

    fn take(self, message: &HandshakeMessage, newest: OldVersion) -> Result<NextTurn, OldTlsFault> {
        let expected = self.expected();
        match (self, message.kind) {
            (_, HandshakeKind::ServerKeyExchange) => Err(OldTlsFault::ServerKeyExchange),
            (Self::ServerHello(offer), HandshakeKind::ServerHello) => {
                let mut chosen = Chosen::of(&ServerChoice::parse(message.body())?, newest)?;
                chosen.transcript.add(&offer);
                Ok(NextTurn::Await(Self::Certificate(chosen.after(message))))
            }
            (Self::Certificate(chosen), HandshakeKind::Certificate) => {
                let chain = certificates(message.body())?.into_iter().map(<[u8]>::to_vec).collect();
                Ok(NextTurn::Await(Self::RequestOrDone(chosen.after(message), chain)))
            }
            // Whatever it asks for, there is none: its content does not matter.
            (Self::RequestOrDone(chosen, chain), HandshakeKind::CertificateRequest) => {
                Ok(NextTurn::Await(Self::Done(chosen.after(message), chain)))
            }
            (Self::RequestOrDone(chosen, chain), HandshakeKind::ServerHelloDone) => {
                is_empty(message)?;
                Ok(NextTurn::Judge(chosen.after(message), chain, ClientCertificate::NotAsked))
            }
            (Self::Done(chosen, chain), HandshakeKind::ServerHelloDone) => {
                is_empty(message)?;
                Ok(NextTurn::Judge(chosen.after(message), chain, ClientCertificate::Asked))
            }
            (_, kind) => Err(OldTlsFault::Unexpected { expected, found: Found::Message(kind) }),
        }
    }
}

impl Chosen {
    /// The choice, if it is one of what was offered.
    fn of(choice: &ServerChoice, newest: OldVersion) -> Result<Self, OldTlsFault> {
        let version = OldVersion::of(choice.version)
            .filter(|version| *version <= newest)
            .ok_or(OldTlsFault::Version(choice.version))?;
        let suite = OldSuite::of(choice.suite)
            .filter(|suite| suite.since() <= version)
            .ok_or(OldTlsFault::Suite(choice.suite))?;
        if choice.compression != 0 {
            return Err(OldTlsFault::Compression(choice.compression));
        }
        // One of those would change what follows: its records, or its keys.
        if let Some(number) = choice.unasked {
            return Err(OldTlsFault::Extension(number));
        }
        let transcript = Transcript::new(version);
        Ok(Self { version, suite, random: choice.random, transcript })
    }

    fn after(mut self, message: &HandshakeMessage) -> Self {
        self.transcript.add(&message.whole);
        self
    }
}

fn is_empty(message: &HandshakeMessage) -> Result<(), Malformed> {
    match message.body().first() {
        None => Ok(()),
        Some(byte) => Err(Malformed::new(0, "ServerHelloDone", Fault::TrailingGarbage(*byte))),
    }
}

/// The server's certificates, which nobody has judged yet; nothing secret has been sent.
pub struct ToJudge {
    link: Link,
    client: SentOffer,
    chosen: Chosen,
    chain: Vec<Vec<u8>>,
    asked: ClientCertificate,
}

impl ToJudge {
    /// The certificates, DER, the server's own first; at least one.
    #[must_use]
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// The version that the server chose.
    #[must_use]
    pub const fn version(&self) -> OldVersion {
        self.chosen.version
    }

    /// The suite that the server chose.
    #[must_use]
    pub const fn suite(&self) -> OldSuite {
        self.chosen.suite
    }

    /// Goes on with the key of the first certificate, which the caller accepts; the bytes are for
    /// the server.
    ///
    /// # Errors
    /// [`OldTlsFault::Key`].
    pub fn accept(self, key: &ServerKey) -> Result<(Finishing, Vec<u8>), Ended> {
        let Self { mut link, client, chosen, asked, .. } = self;
        let premaster = Premaster::new(client.newest, link.random());
        let Some(encrypted) = key.encrypt(&premaster, link.random()) else {
            return Err(link.end(OldTlsFault::Key));
        };
        let Chosen { version, suite, mut transcript, .. } = chosen;
        let randoms = Randoms { client: client.random, server: chosen.random };
        let master = Master::new(version, &premaster, randoms);
        let (writing, reading) = master.protections(suite, randoms);
        let none = match asked {
            ClientCertificate::Asked => no_certificates(),
            ClientCertificate::NotAsked => Vec::new(),
        };
        let mut bytes = Vec::new();
        for message in [none, key_exchange(&encrypted)].iter().filter(|it| !it.is_empty()) {
            transcript.add(message);
            bytes.extend(link.send(RecordKind::Handshake, message));
        }
        bytes.extend(link.send(RecordKind::ChangeCipherSpec, &[1]));
        link.write_with(writing);
        let own = finished(&transcript.verify_data(master.as_bytes(), Side::Client));
        transcript.add(&own);
        bytes.extend(link.send(RecordKind::Handshake, &own));
        let verify_data = transcript.verify_data(master.as_bytes(), Side::Server);
        let reading = Some(reading);
        Ok((Finishing { link, version, suite, reading, verify_data }, bytes))
    }

    /// Ends the handshake, since the certificates are not accepted; the bytes are for the server.
    #[must_use]
    pub fn refuse(mut self) -> Vec<u8> {
        self.link.send_alert(AlertLevel::Fatal, AlertDescription::CERTIFICATE_UNKNOWN)
    }
}

/// The keys are there on this side; the server has not yet shown that it has them.
pub struct Finishing {
    link: Link,
    version: OldVersion,
    suite: OldSuite,
    /// Until the server changes to it.
    reading: Option<Protection>,
    verify_data: [u8; 12],
}

/// What comes of bytes of the server's last turn.
pub enum FinishingStep {
    /// The server has proved that it holds the key of its certificate.
    Done(Proven),
    /// More bytes must come.
    More(Finishing),
}

impl Finishing {
    /// Takes in bytes of the server. What follows its last message is kept, and stays encrypted.
    ///
    /// # Errors
    /// [`Ended`].
    pub fn feed(mut self, bytes: &[u8]) -> Result<FinishingStep, Ended> {
        self.link.feed(bytes);
        match self.advance() {
            Ok(Some(())) => {
                Ok(FinishingStep::Done(Proven::new(self.link, self.version, self.suite)))
            }
            Ok(None) => Ok(FinishingStep::More(self)),
            Err(why) => Err(self.link.end(why)),
        }
    }

    fn advance(&mut self) -> Result<Option<()>, OldTlsFault> {
        if let Some(protection) = self.reading.take() {
            match self.link.next()? {
                None => {
                    self.reading = Some(protection);
                    return Ok(None);
                }
                Some(LinkEvent::ChangeCipherSpec) => self.link.read_with(protection),
                Some(other) => return Err(other.unexpected("change_cipher_spec")),
            }
        }
        let Some(message) = self.link.message("Finished")? else { return Ok(None) };
        match message.kind {
            HandshakeKind::Finished => self.verify(message.body()).map(Some),
            kind => {
                let found = Found::Message(kind);
                Err(OldTlsFault::Unexpected { expected: "Finished", found })
            }
        }
    }

    fn verify(&self, found: &[u8]) -> Result<(), OldTlsFault> {
        let is_right = bool::from(self.verify_data.as_slice().ct_eq(found));
        if is_right { Ok(()) } else { Err(OldTlsFault::BadFinished) }
    }
}
