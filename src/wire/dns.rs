//! DNS messages, as far as a stub resolver needs them: a question out, its answer in.
//!
//! An answer says where to connect and nothing else: who is there is proven by signatures and
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
    /// IPv4.
    A,
    /// IPv6.
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
    /// What tells its answer from others: nobody off the path may guess it.
    pub id: u16,
    /// The name.
    pub name: DomainName,
    /// Which addresses.
    pub kind: AddressKind,
}

/// What a name server answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DnsAnswer {
    /// Addresses, at least one.
    Addresses(Vec<IpAddr>),
    /// The server cannot say: it failed or refused, with this code.
    Failed(Code),
    /// The name exists and has no such address.
    NoAddress,
    /// The name does not exist.
    NoSuchName,
    /// The answer does not fit into a datagram, and is to be asked for over TCP.
    Truncated,
}

/// Why a message is not the answer to a question.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotAnAnswer {
    /// It answers this question, and cannot be read.
    Malformed,
    /// It is the answer to something else, or none at all.
    Stranger,
}

/// What a server says of its failure (RFC 1035 §4.1.1, RCODE).
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
    /// The message.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        let mut message = Vec::with_capacity(HEADER + self.name.bytes().len() + 4);
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
        let code = flags.to_be_bytes()[1] & 0x0f;
        match code {
            _ if flags & TRUNCATED != 0 => Ok(DnsAnswer::Truncated),
            3 => Ok(DnsAnswer::NoSuchName),
            0 => {
                let found = self.addresses(&mut cursor, records).ok_or(NotAnAnswer::Malformed)?;
                Ok(match found {
                    // A server that only points elsewhere has not looked.
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
        for _ in 0..MAX_ALIASES {
            let alias = records.iter().find_map(|record| match &record.value {
                Value::Alias(name) if record.owner == *owner => Some(name),
                _ => None,
            });
            let Some(alias) = alias else { break };
            owner = alias;
        }
        let wanted = |record: &ResourceRecord| match record.value {
            Value::Address(ip) if record.owner == *owner => {
                (ip.is_ipv4() == (self.kind == AddressKind::A)).then_some(ip)
            }
            _ => None,
        };
        Some(records.iter().filter_map(wanted).take(MAX_ADDRESSES).collect())
    }
}

/// A record of an answer.
struct ResourceRecord {
    owner: DomainName,
    value: Value,
}

enum Value {
    Address(IpAddr),
    /// The owner is another name for this one.
    Alias(DomainName),
    /// Nothing that was asked for.
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
