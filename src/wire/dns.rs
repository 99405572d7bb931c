//! The DNS messages of a stub resolver: a question out, its answer in.
//!
//! An answer decides where to connect and nothing else: who is there is proven by signatures and
//! certificates, which know only the name that was asked for.
//!
//! # Source
//! RFC 1035 §4 (messages), §3.3 and RFC 3596 §2 (A, CNAME, AAAA).

use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

mod name;
pub mod settings;
#[cfg(test)]
mod tests;

use name::Cursor;
pub use name::DomainName;

/// Which addresses are asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AddressKind {
    /// IPv4 addresses, four bytes each.
    A,
    /// IPv6 addresses, sixteen bytes each.
    Aaaa,
}

impl AddressKind {
    /// RFC 1035 §3.2.2, RFC 3596 §2.1.
    const fn code(self) -> u16 {
        match self {
            Self::A => 1,
            Self::Aaaa => 28,
        }
    }
}

/// A question for the addresses of a name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddressQuestion {
    /// Ties the answer to the question; must be random, so that no one off the path can guess it.
    pub id: u16,
    /// The name whose addresses are asked for.
    pub name: DomainName,
    /// The kind of addresses: one question asks for one kind.
    pub kind: AddressKind,
}

/// What a name server answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DnsAnswer {
    /// Addresses, at least one.
    Addresses(Vec<IpAddr>),
    /// The server failed or refused, with this code.
    Failed(Code),
    /// The name exists and has no such address.
    NoAddress,
    /// The name does not exist.
    NoSuchName,
    /// The answer does not fit into a datagram: ask again over TCP.
    Truncated,
}

/// Why a message is not the answer to a question.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotAnAnswer {
    /// It answers this question, and cannot be read.
    Malformed,
    /// It answers something else, or is not an answer.
    Stranger,
}

/// The code of a server's failure (RFC 1035 §4.1.1, RCODE).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Code(pub u8);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("recursion not available"),
            1 => f.write_str("FORMERR"),
            2 => f.write_str("SERVFAIL"),
            4 => f.write_str("NOTIMP"),
            5 => f.write_str("REFUSED"),
            code => write!(f, "error {code}"),
        }
    }
}

impl AddressQuestion {
    /// The message as it is sent over UDP; over TCP its length comes first.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        let mut message = Vec::with_capacity(HEADER + self.name.bytes().len() + 4);
        // Identifier, flags, one question; then no answers, authorities or additional records.
        for field in [self.id, RECURSION_DESIRED, 1, 0, 0, 0] {
            message.extend_from_slice(&field.to_be_bytes());
        }
        message.extend_from_slice(self.name.bytes());
        message.extend_from_slice(&self.kind.code().to_be_bytes());
        message.extend_from_slice(&INTERNET.to_be_bytes());
        message
    }

    /// Reads a message as the answer to this question.
    ///
    /// # Errors
    /// [`NotAnAnswer`].
    pub fn answer(&self, message: &[u8]) -> Result<DnsAnswer, NotAnAnswer> {
        let mut cursor = Cursor::new(message);
        let (flags, records) = self.header(&mut cursor).ok_or(NotAnAnswer::Stranger)?;
        // The RCODE is the last four bits.
        let code = flags.to_be_bytes()[1] & 0x0f;
        match code {
            // What has arrived of it is not used (RFC 2181 §9).
            _ if flags & TRUNCATED != 0 => Ok(DnsAnswer::Truncated),
            3 => Ok(DnsAnswer::NoSuchName),
            0 => {
                let found = self.addresses(&mut cursor, records).ok_or(NotAnAnswer::Malformed)?;
                Ok(match found {
                    // A referral: this server neither knows nor asks others, so nothing is settled.
                    found if found.is_empty() && flags & (AUTHORITATIVE | RECURSIVE) == 0 => {
                        DnsAnswer::Failed(Code(0))
                    }
                    found if found.is_empty() => DnsAnswer::NoAddress,
                    found => DnsAnswer::Addresses(found),
                })
            }
            code => Ok(DnsAnswer::Failed(Code(code))),
        }
    }

    /// The flags and the number of records, if the message answers this very question.
    fn header(&self, cursor: &mut Cursor<'_>) -> Option<(u16, u16)> {
        let id = cursor.number()?;
        let flags = cursor.number()?;
        let (questions, records) = (cursor.number()?, cursor.number()?);
        let _authorities_and_more = cursor.take(4)?;
        // Whoever guesses the identifier must also have seen the question, which comes back whole.
        let is_answer = id == self.id && flags & (ANSWER | OPERATION) == ANSWER && questions == 1;
        let asked = is_answer.then(|| cursor.name())??;
        let (kind, class) = (cursor.number()?, cursor.number()?);
        let same = asked == self.name && kind == self.kind.code() && class == INTERNET;
        same.then_some((flags, records))
    }

    /// The addresses at the end of the aliases that lead away from the name.
    fn addresses(&self, cursor: &mut Cursor<'_>, records: u16) -> Option<Vec<IpAddr>> {
        let records: Vec<ResourceRecord> =
            (0..records).map(|_| record(cursor)).collect::<Option<Vec<_>>>()?;
        let mut owner = &self.name;
        // Records come in any order, and aliases may lead in a circle: hence the bound.
        for _ in 0..MAX_ALIASES {
            let alias = records.iter().find_map(|record| match &record.value {
                Value::Alias(name) if record.owner == *owner => Some(name),
                _ => None,
            });
            let Some(alias) = alias else { break };
            owner = alias;
        }
        // Only what the aliases lead to counts: a server cannot slip in addresses of other names.
        let wanted = |record: &ResourceRecord| match record.value {
            Value::Address(ip) if record.owner == *owner => {
                (ip.is_ipv4() == (self.kind == AddressKind::A)).then_some(ip)
            }
            _ => None,
        };
        Some(records.iter().filter_map(wanted).take(MAX_ADDRESSES).collect())
    }
}

/// A record of an answer, without class and TTL, which decide nothing.
struct ResourceRecord {
    owner: DomainName,
    value: Value,
}

enum Value {
    /// Of either kind, whichever was asked for.
    Address(IpAddr),
    /// The owner is another name for this one.
    Alias(DomainName),
    /// Any other type or class: skipped.
    Other,
}

/// Reads one record.
///
/// # Layout
/// | bytes  | field  | meaning                  |
/// | ------ | ------ | ------------------------ |
/// | 1..255 | owner  | name, may be compressed  |
/// | 2      | type   | big-endian, as all of it |
/// | 2      | class  | 1: Internet              |
/// | 4      | TTL    | seconds; not looked at   |
/// | 2      | length | bytes of the value       |
/// | length | value  |                          |
fn record(cursor: &mut Cursor<'_>) -> Option<ResourceRecord> {
    let owner = cursor.name()?;
    let (kind, class) = (cursor.number()?, cursor.number()?);
    let _ttl = cursor.take(4)?;
    let length = usize::from(cursor.number()?);
    // The name in an alias may point back into the message, so its value is not read on its own.
    let mut inside = cursor.clone();
    let value = cursor.take(length)?;
    let value = match (kind, class) {
        (1, INTERNET) => Value::Address(Ipv4Addr::from(<[u8; 4]>::try_from(value).ok()?).into()),
        (28, INTERNET) => Value::Address(Ipv6Addr::from(<[u8; 16]>::try_from(value).ok()?).into()),
        (5, INTERNET) => Value::Alias(inside.name()?),
        _ => Value::Other,
    };
    Some(ResourceRecord { owner, value })
}

/// Bytes of the header (RFC 1035 §4.1.1).
const HEADER: usize = 12;

/// The class of the Internet (RFC 1035 §3.2.4).
const INTERNET: u16 = 1;

/// Flags of the header (RFC 1035 §4.1.1): QR, the opcode, AA, TC, RD and RA.
const ANSWER: u16 = 0x8000;
const OPERATION: u16 = 0x7800;
const AUTHORITATIVE: u16 = 0x0400;
const TRUNCATED: u16 = 0x0200;
const RECURSION_DESIRED: u16 = 0x0100;
const RECURSIVE: u16 = 0x0080;

/// Bytes of an answer over UDP, without extensions (RFC 1035 §4.2.1).
pub const MAX_DATAGRAM: usize = 512;

/// Bytes of an answer over TCP that are read. Inferred: 16 addresses and as many aliases take half
/// of it.
pub const MAX_MESSAGE: usize = 4096;

/// Aliases that are followed from a name to its addresses; inferred, as other resolvers.
const MAX_ALIASES: usize = 8;

/// Addresses that are taken from an answer; inferred, more than are ever tried.
const MAX_ADDRESSES: usize = 16;
