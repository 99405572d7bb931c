//! The connection, message by message, with what is odd about the server's.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use super::message::{self, Command, Message, tag};
use super::odd::Odd;
use super::record::{Outcome, Received, Refusal};
use super::{Shared, held};
use crate::tls::Stream;
use crate::tlv;

/// A step of a session: it goes on, or that was its end.
pub(super) type Step<T> = Result<T, Outcome>;

pub(super) struct Line<'a> {
    pub(super) stream: &'a mut Stream,
    pub(super) shared: &'a Mutex<Shared>,
    /// Where the session is on record.
    pub(super) position: usize,
    pub(super) session: u32,
    pub(super) odd: Option<Odd>,
    /// What came behind the last message.
    pub(super) rest: Vec<u8>,
    /// How many messages the server has sent.
    pub(super) sent: usize,
}

impl Line<'_> {
    /// Sends a message of these elements.
    pub(super) fn send(&mut self, command: Command, elements: &[Vec<u8>]) -> Step<()> {
        self.pause()?;
        let bytes = self.encode(command, elements);
        match self.odd {
            Some(Odd::Garbage(at)) if at == command => {
                self.write(&[&[0xA5; 64]])?;
                self.listen_to_the_end();
                Err(Outcome::Odd)
            }
            Some(Odd::CutIn(at)) if at == command => {
                self.write(&[&bytes[..bytes.len() / 2]])?;
                // The phone sees the end of TCP without that of TLS.
                let _ = self.stream.tcp().shutdown(Shutdown::Write);
                self.listen_to_the_end();
                Err(Outcome::Odd)
            }
            Some(Odd::Split(at)) if at == command => {
                let (first, rest) = bytes.split_at(4);
                self.write(&[first, rest])
            }
            Some(Odd::Pieces(at, size)) if at == command => {
                self.write(&bytes.chunks(size.max(1)).collect::<Vec<_>>())
            }
            _ => self.write(&[&bytes]),
        }
    }

    /// Sends the last request of an operation; [`Line::finish`] ends the session.
    pub(super) fn request(
        &mut self,
        command: Command,
        elements: &[Vec<u8>],
        reason: u8,
    ) -> Step<()> {
        if self.odd != Some(Odd::Merged) {
            return self.send(command, elements);
        }
        let request = self.encode(command, elements);
        let end = self.encode(Command::END, &[message::byte(tag::REASON, reason)]);
        self.write(&[&[request, end].concat()])
    }

    /// Ends the session, if that has not been done with the request.
    pub(super) fn finish(&mut self, reason: u8) -> Step<()> {
        match self.odd {
            Some(Odd::Merged) => Ok(()),
            _ => self.send(Command::END, &[message::byte(tag::REASON, reason)]),
        }
    }

    /// Waits so long for each message from now on.
    pub(super) fn wait(&mut self, patience: Duration) -> Step<()> {
        let set = self.stream.tcp().set_read_timeout(Some(patience));
        set.map_err(|error| Outcome::Left(format!("the socket takes no timeout: {error}")))
    }

    /// The next message of the phone.
    pub(super) fn receive(&mut self) -> Step<Received> {
        let mut reads = 0;
        let mut buffer = vec![0; 1 << 14];
        while Message::length(&self.rest).is_none_or(|length| self.rest.len() < length) {
            let left = |why: &str| Outcome::Left(format!("after {} messages: {why}", self.sent));
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(left("closed")),
                Ok(length) => self.rest.extend_from_slice(&buffer[..length]),
                Err(error) => return Err(left(&error.to_string())),
            }
            reads += 1;
        }
        let length = Message::length(&self.rest).unwrap_or_default();
        let behind = self.rest.split_off(length);
        let bytes = std::mem::replace(&mut self.rest, behind);
        let malformed = |why| Outcome::Refused(Refusal::Malformed(why));
        let message = Message::parse(&bytes).map_err(malformed)?;
        let elements = message.elements();
        let received = Received {
            command: message.command,
            bytes,
            elements: elements.as_ref().cloned().unwrap_or_default(),
            reads,
        };
        held(self.shared).sessions[self.position].received.push(received.clone());
        if message.session != self.session {
            return Err(malformed(format!("the session is {}", message.session)));
        }
        for (tag, _) in elements.map_err(malformed)? {
            if !message.command.takes(tag) {
                return Err(malformed(format!("the element {tag} is none of this message's")));
            }
        }
        Ok(received)
    }

    /// The next message of the phone, which has to be this one.
    pub(super) fn expect(&mut self, command: Command) -> Step<Received> {
        let received = self.receive()?;
        let fits = received.command == command;
        fits.then_some(received.clone())
            .ok_or(Outcome::Refused(Refusal::Unexpected(received.command)))
    }

    /// Waits until the phone leaves, and hears what it has to say.
    pub(super) fn listen_to_the_end(&mut self) {
        while self.receive().is_ok() {}
    }

    fn encode(&self, command: Command, elements: &[Vec<u8>]) -> Vec<u8> {
        let mut message = Message::new(command, self.session, elements);
        let mut length = None;
        match self.odd {
            Some(Odd::Claims(at, bytes)) if at == command => length = Some(bytes),
            Some(Odd::Large(at, bytes)) if at == command => {
                let filling = usize::from(bytes).saturating_sub(message.payload.len() + 3);
                message.payload.extend(tlv::element(tag::UNKNOWN, &vec![0; filling]));
            }
            Some(Odd::Overrun(at)) if at == command => {
                let last: usize = elements.iter().rev().skip(1).map(Vec::len).sum();
                if let Some(length) = message.payload.get_mut(last + 1..last + 3) {
                    let more = u16::from_be_bytes([length[0], length[1]]).wrapping_add(1);
                    length.copy_from_slice(&more.to_be_bytes());
                }
            }
            Some(Odd::Twice(at)) if at == command => {
                message.payload.extend(elements.first().cloned().unwrap_or_default());
            }
            Some(Odd::Unknown(at)) if at == command => {
                message.payload.extend(tlv::element(tag::UNKNOWN, b"?"));
            }
            Some(Odd::WrongSession(at)) if at == command => {
                message.session = message.session.wrapping_add(1);
            }
            _ => {}
        }
        length.map_or_else(|| message.encode(), |length| message.encode_as(length))
    }

    /// Stays silent, or closes, if it is time for that.
    fn pause(&mut self) -> Step<()> {
        match self.odd {
            Some(Odd::Silent(after)) if after == self.sent => {
                self.listen_to_the_end();
                Err(Outcome::Odd)
            }
            Some(Odd::Closes(after)) if after == self.sent => Err(Outcome::Odd),
            _ => Ok(()),
        }
    }

    /// Writes a message, or two, with a record for each piece.
    fn write(&mut self, pieces: &[&[u8]]) -> Step<()> {
        let mut written = || -> io::Result<()> {
            for (number, piece) in pieces.iter().enumerate() {
                if number == 1 {
                    thread::sleep(APART);
                }
                self.stream.write_all(piece)?;
                self.stream.flush()?;
            }
            Ok(())
        };
        written().map_err(|error| Outcome::Left(error.to_string()))?;
        self.sent += 1;
        held(self.shared).sessions[self.position].sent.push(pieces.concat());
        Ok(())
    }
}

/// Long enough that no reader takes the first two pieces for one.
const APART: Duration = Duration::from_millis(20);
