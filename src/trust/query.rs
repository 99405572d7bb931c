//! What the Trust Verification Service can be asked about a signer.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::trust::reason::Reason;
use crate::trust::signature::sha256;
use crate::wire::{Role, Serial, Signer};

/// A question to the Trust Verification Service about a signer whose certificate is not listed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Query {
    /// The signer's name, as the file writes it.
    pub subject: Box<[u8]>,
    /// The issuer of the signer's certificate, as the file writes it.
    pub issuer: Box<[u8]>,
    /// The serial number of the signer's certificate, big-endian.
    pub serial: Box<[u8]>,
    /// The roles of which the answer must name one.
    pub roles: &'static [Role],
    /// Whether a cached answer will do.
    pub asks: Asks,
    /// The reason for the refusal if no one vouches.
    pub otherwise: Reason,
}

/// Whether a cached answer to a question will do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Asks {
    /// The service has to be asked now.
    Afresh,
    /// A cached answer to this very question will do.
    Ordinarily,
}

impl Query {
    /// The question about the signer that a file names.
    pub(in crate::trust) fn new(
        signer: &Signer<'_>,
        roles: &'static [Role],
        otherwise: Reason,
    ) -> Self {
        Self {
            subject: Box::from(signer.name.bytes()),
            issuer: Box::from(signer.issuer.bytes()),
            serial: Box::from(signer.serial.bytes()),
            roles,
            asks: Asks::Ordinarily,
            otherwise,
        }
    }

    /// The same question, for which no cached answer will do.
    #[must_use]
    pub fn afresh(self) -> Self {
        Self { asks: Asks::Afresh, ..self }
    }

    /// What distinguishes this question from any other: SHA-256 of names and number, each with its
    /// length.
    ///
    /// The roles are not part of it: they are not sent, and each answer is checked against them.
    pub(in crate::trust) fn digest(&self) -> [u8; 32] {
        let serial = Serial::new(&self.serial).magnitude();
        let asked = [&self.subject, &self.issuer, serial];
        // Without the lengths, bytes could move from one name to the next under the same digest.
        let prefixed = asked.iter().flat_map(|part| [&part.len().to_be_bytes()[..], part].concat());
        sha256(&prefixed.collect::<Vec<_>>())
    }
}
