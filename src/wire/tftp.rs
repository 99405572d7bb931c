//! TFTP packets: what a reader sends (RRQ, ACK, ERROR) and what it gets (DATA, ERROR, OACK).
//!
//! Says nothing about which packet may follow which: `proto::tftp` does.

use core::fmt;

mod options;
#[cfg(test)]
mod tests;

pub use options::{OptionName, Options, OutOfRange};

/// The number of a DATA block, and of the ACK that answers it.
///
/// Sixteen bits: a long transfer comes round to the same numbers again.
///
/// # Source
/// RFC 1350 §5 and §7.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BlockNumber(pub u16);

impl fmt::Display for BlockNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The code of an ERROR packet.
///
/// # Source
/// RFC 1350, appendix "Error Codes"; 8 is RFC 2347, "Negotiation Protocol".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErrorCode {
    /// 0: not defined, see the message.
    Undefined,
    /// 1: file not found.
    NotFound,
    /// 2: access violation.
    AccessViolation,
    /// 3: disk full or allocation exceeded.
    DiskFull,
    /// 4: illegal TFTP operation.
    IllegalOperation,
    /// 5: unknown transfer ID.
    UnknownTid,
    /// 6: file already exists.
    FileExists,
    /// 7: no such user.
    NoSuchUser,
    /// 8: the options are not acceptable.
    OptionRefused,
    /// Any other.
    Unknown(u16),
}

impl From<u16> for ErrorCode {
    fn from(code: u16) -> Self {
        match code {
            0 => Self::Undefined,
            1 => Self::NotFound,
            2 => Self::AccessViolation,
            3 => Self::DiskFull,
            4 => Self::IllegalOperation,
            5 => Self::UnknownTid,
            6 => Self::FileExists,
            7 => Self::NoSuchUser,
            8 => Self::OptionRefused,
            other => Self::Unknown(other),
        }
    }
}

impl From<ErrorCode> for u16 {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::Undefined => 0,
            ErrorCode::NotFound => 1,
            ErrorCode::AccessViolation => 2,
            ErrorCode::DiskFull => 3,
            ErrorCode::IllegalOperation => 4,
            ErrorCode::UnknownTid => 5,
            ErrorCode::FileExists => 6,
            ErrorCode::NoSuchUser => 7,
            ErrorCode::OptionRefused => 8,
            ErrorCode::Unknown(other) => other,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        u16::from(*self).fmt(f)
    }
}

/// One packet of a transfer under way.
///
/// # Layout
/// All numbers are big-endian, all strings end with a zero octet.
///
/// | packet | opcode (2) | then                                   |
/// | ------ | ---------- | -------------------------------------- |
/// | DATA   | 3          | block (2), 0 to blksize octets         |
/// | ACK    | 4          | block (2)                              |
/// | ERROR  | 5          | code (2), message string               |
/// | OACK   | 6          | option string, value string, repeated  |
///
/// # Source
/// RFC 1350 §5; OACK is RFC 2347, "Packet Formats".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Packet<'a> {
    /// Acknowledges a block, and with windows all before it.
    Ack(BlockNumber),
    /// One block of the file.
    Data {
        /// Its number; the first is 1.
        block: BlockNumber,
        /// Its share of the file.
        octets: &'a [u8],
    },
    /// Ends the transfer. Never acknowledged.
    Error {
        /// What went wrong, as a number.
        code: ErrorCode,
        /// The same in the sender's words: any octets, without the closing zero.
        message: &'a [u8],
    },
    /// The options that the server accepts.
    Oack(Options),
}

impl<'a> Packet<'a> {
    /// Reads one datagram.
    ///
    /// A message without its closing zero is taken as it is, and octets after an ACK or after a
    /// message are not looked at: they change nothing, and servers are careless with both.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] if the fixed part is not complete; [`Malformed::Opcode`] for a
    /// request and for anything unheard of; the others for the options of an OACK.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, Malformed> {
        let (opcode, rest) = number(datagram, 0)?;
        match opcode {
            DATA => {
                let (block, octets) = number(rest, 2)?;
                Ok(Self::Data { block: BlockNumber(block), octets })
            }
            ACK => Ok(Self::Ack(BlockNumber(number(rest, 2)?.0))),
            ERROR => {
                let (code, text) = number(rest, 2)?;
                let message = text.split(|octet| *octet == 0).next().unwrap_or_default();
                Ok(Self::Error { code: code.into(), message })
            }
            OACK => Options::parse(rest, 2).map(Self::Oack),
            found => Err(Malformed::Opcode { offset: 0, found }),
        }
    }

    /// Appends the packet to `out`.
    pub fn emit(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Ack(BlockNumber(block)) => head(out, ACK, block),
            Self::Data { block: BlockNumber(block), octets } => {
                head(out, DATA, block);
                out.extend_from_slice(octets);
            }
            Self::Error { code, message } => {
                head(out, ERROR, code.into());
                out.extend_from_slice(message);
                out.push(0);
            }
            Self::Oack(options) => {
                out.extend_from_slice(&OACK.to_be_bytes());
                options.emit(out);
            }
        }
    }
}

/// A read request for a name that fits into one, in mode `octet`.
///
/// # Layout
/// | octets | field   | meaning                        |
/// | ------ | ------- | ------------------------------ |
/// | 2      | opcode  | 1                              |
/// | *n*+1  | name    | closed by a zero octet         |
/// | 6      | mode    | `octet`, closed by a zero octet|
/// | *n*    | options | see [`Options`]; may be none   |
///
/// # Source
/// RFC 1350 §5. Capture: a 7940 asks for `CTLSEP<12>.tlv` in a frame of 73 octets, which leaves no
/// room for options.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rrq {
    name: String,
}

impl Rrq {
    /// A request for `name`.
    ///
    /// # Errors
    /// [`UnfitName`] if the name is empty, longer than [`LONGEST_NAME`], or holds anything but
    /// printable ASCII: a zero octet inside a name would begin the mode.
    pub fn new(name: &str) -> Result<Self, UnfitName> {
        let unfit = |octet: u8| !(b' '..=b'~').contains(&octet);
        if let Some(offset) = name.bytes().position(unfit) {
            return Err(UnfitName::Character { offset });
        }
        match name.len() {
            1..=LONGEST_NAME => Ok(Self { name: name.into() }),
            found => Err(UnfitName::Length { found }),
        }
    }

    /// Appends the request to `out`.
    pub fn emit(&self, options: &Options, out: &mut Vec<u8>) {
        out.extend_from_slice(&RRQ.to_be_bytes());
        out.extend_from_slice(self.name.as_bytes());
        out.extend_from_slice(b"\0octet\0");
        options.emit(out);
    }
}

/// Why a name cannot be asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UnfitName {
    /// Not printable ASCII, at this offset.
    Character {
        /// Octets before it.
        offset: usize,
    },
    /// Empty, or longer than [`LONGEST_NAME`].
    Length {
        /// Octets of the name.
        found: usize,
    },
}

impl fmt::Display for UnfitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character { offset } => {
                write!(f, "character at offset {offset} of the file name is not printable ASCII")
            }
            Self::Length { found } => {
                write!(f, "file name of {found} octets, 1 to {LONGEST_NAME} fit a request")
            }
        }
    }
}

/// Octets that are not a packet a reader can get.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Malformed {
    /// Not DATA, ACK, ERROR or OACK.
    Opcode {
        /// Where it stands.
        offset: usize,
        /// What stands there.
        found: u16,
    },
    /// An option named twice in one OACK.
    OptionRepeated {
        /// Where the second one starts.
        offset: usize,
        /// Which.
        option: OptionName,
    },
    /// An option that none of the RFCs names, so that nobody can have asked for it.
    OptionUnknown {
        /// Where its name starts.
        offset: usize,
    },
    /// A value that is not a decimal number in the range of its option.
    OptionValue {
        /// Where it starts.
        offset: usize,
        /// Whose.
        option: OptionName,
    },
    /// Fewer octets than the fixed part of the packet.
    Truncated {
        /// Where the missing field starts.
        offset: usize,
        /// Its octets.
        expected: usize,
        /// Octets that are left.
        found: usize,
    },
    /// A string without its closing zero.
    Unterminated {
        /// Where the string starts.
        offset: usize,
    },
}

impl Malformed {
    /// The code of the ERROR that answers it.
    ///
    /// # Source
    /// RFC 2347: code 8 when the options of an OACK are not acceptable; else RFC 1350 §7.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Opcode { .. } | Self::Truncated { .. } => ErrorCode::IllegalOperation,
            Self::OptionRepeated { .. }
            | Self::OptionUnknown { .. }
            | Self::OptionValue { .. }
            | Self::Unterminated { .. } => ErrorCode::OptionRefused,
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opcode { offset, found } => {
                write!(f, "opcode {found} at offset {offset}, expected 3 to 6")
            }
            Self::OptionRepeated { offset, option } => {
                write!(f, "option {option} repeated at offset {offset}")
            }
            Self::OptionUnknown { offset } => write!(f, "unknown option at offset {offset}"),
            Self::OptionValue { offset, option } => {
                write!(f, "value of {option} out of range at offset {offset}")
            }
            Self::Truncated { offset, expected, found } => {
                write!(f, "{found} octets at offset {offset}, expected {expected}")
            }
            Self::Unterminated { offset } => write!(f, "string without end at offset {offset}"),
        }
    }
}

fn number(octets: &[u8], offset: usize) -> Result<(u16, &[u8]), Malformed> {
    match octets.split_first_chunk() {
        Some((first, rest)) => Ok((u16::from_be_bytes(*first), rest)),
        None => Err(Malformed::Truncated { offset, expected: 2, found: octets.len() }),
    }
}

fn head(out: &mut Vec<u8>, opcode: u16, second: u16) {
    out.extend_from_slice(&opcode.to_be_bytes());
    out.extend_from_slice(&second.to_be_bytes());
}

/// Octets of a DATA packet before its share of the file.
///
/// # Source
/// RFC 1350 §5.
pub const DATA_HEADER: usize = 4;

/// The longest name a request can carry.
///
/// # Source
/// RFC 2347 limits a request to 512 octets; what is left when opcode, mode and all four options
/// with their longest values are taken off is 453. Inferred: a round number below it.
pub const LONGEST_NAME: usize = 450;

/// The longest request or OACK.
///
/// # Source
/// RFC 2347, "Packet Formats".
pub const LONGEST_REQUEST: usize = 512;

const RRQ: u16 = 1;
const DATA: u16 = 3;
const ACK: u16 = 4;
const ERROR: u16 = 5;
const OACK: u16 = 6;
