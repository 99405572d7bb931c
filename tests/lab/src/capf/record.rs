//! What a server remembers of its sessions.

use super::message::{Command, Element};
use super::proof::Unproven;

/// A message as it came.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Received {
    /// What it is.
    pub command: Command,
    /// The whole message.
    pub bytes: Vec<u8>,
    /// Its elements.
    pub elements: Vec<Element>,
    /// How many reads it took: one, if the phone sends it in one piece, none if it came along with
    /// the one before.
    pub reads: usize,
}

/// One connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Session {
    /// Its number on the wire, from 1; 0 if there was no handshake.
    pub number: u32,
    /// The phone's messages that could be read.
    pub received: Vec<Received>,
    /// The server's messages as they were written.
    pub sent: Vec<Vec<u8>>,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a session ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The phone has deleted its certificate, or had none.
    Deleted(bool),
    /// The phone has sent its certificate, DER, or had none.
    Fetched(Option<Vec<u8>>),
    /// It has not ended.
    Going,
    /// The phone has stored this certificate, DER.
    Installed(Vec<u8>),
    /// The phone went away before the end; in words, what was missing.
    Left(String),
    /// There was no handshake; why, as the server understood it.
    NoHandshake(String),
    /// The phone could not make the key.
    NoKey,
    /// The phone did not store the certificate.
    NotStored,
    /// Nothing was pending.
    Nothing,
    /// A deviation of the server ended it.
    Odd,
    /// The server has refused the phone.
    Refused(Refusal),
}

/// Why a phone was refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// A certificate has been issued since an operation was scheduled.
    AlreadyIssued,
    /// The key is known already, as another certificate's.
    KeyNotNew,
    /// The key cannot be read, or is not the one that was asked for.
    KeyWrong,
    /// A message is wrong in itself; how, in words.
    Malformed(String),
    /// The server has no certificate on record that the phone could prove.
    NothingToProve,
    /// The password has been used for an operation.
    SpentString,
    /// Another message, with this number, than had to come.
    Unexpected(Command),
    /// The phone is unknown.
    UnknownDevice,
    /// A proof is none.
    Unproven(Unproven),
    /// Another version of the protocol.
    Version,
    /// Another password.
    WrongString,
}

impl Refusal {
    /// The reason that the phone gets.
    pub fn reason(&self) -> u8 {
        match self {
            Self::UnknownDevice => 9,
            _ => 7,
        }
    }
}
