//! TFTP packets: what a reader sends (RRQ, ACK, ERROR) and what it gets (DATA, ERROR, OACK).
//!
//! Which packet may follow which is decided in `proto::tftp`, and not here.

use core::fmt;

mod code;
mod malformed;
mod option;
mod options;
#[cfg(test)]
mod tests;

pub use code::ErrorCode;
pub use malformed::MalformedPacket;
pub use option::OptionName;
pub use options::{OutOfRange, TftpOptions};

use crate::wire::reader::Reader;

/// The number of a DATA block, and of the ACK that answers it.
///
/// Sixteen bits, so the numbers of a long transfer wrap around.
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

/// One packet of a transfer under way.
///
/// # Layout
/// All numbers are big-endian, all strings end with a zero byte.
///
/// | packet | opcode (2) | then                                  |
/// | ------ | ---------- | ------------------------------------- |
/// | DATA   | 3          | block (2), 0 to blksize bytes         |
/// | ACK    | 4          | block (2)                             |
/// | ERROR  | 5          | code (2), message string              |
/// | OACK   | 6          | option string, value string, repeated |
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
        bytes: &'a [u8],
    },
    /// Ends the transfer. Never acknowledged.
    Error {
        /// What went wrong, as a number.
        code: ErrorCode,
        /// The same in the sender's words: any bytes, without the closing zero.
        message: &'a [u8],
    },
    /// The options that the server accepts.
    Oack(TftpOptions),
}

impl<'a> Packet<'a> {
    /// Reads one datagram.
    ///
    /// A message without its closing zero is taken as it is, and bytes after an ACK or after a
    /// message are not looked at: they change nothing, and servers are careless with both.
    ///
    /// # Errors
    /// [`MalformedPacket::Truncated`] if the fixed part is not complete;
    /// [`MalformedPacket::Opcode`] for a request and for anything unheard of; the others for the
    /// options of an OACK.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, MalformedPacket> {
        let mut reader = Reader::new(datagram);
        match reader.u16("opcode")? {
            DATA => {
                let block = BlockNumber(reader.u16("block")?);
                // UDP keeps datagrams apart: what is left is the block, and nothing else.
                Ok(Self::Data { block, bytes: reader.rest() })
            }
            ACK => Ok(Self::Ack(BlockNumber(reader.u16("block")?))),
            ERROR => {
                let code = ErrorCode::from(reader.u16("error code")?);
                let message = reader.rest().split(|byte| *byte == 0).next().unwrap_or_default();
                Ok(Self::Error { code, message })
            }
            OACK => TftpOptions::parse(reader).map(Self::Oack),
            found => Err(MalformedPacket::Opcode { offset: 0, found }),
        }
    }

    /// Appends the packet to `out`.
    pub fn emit(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Ack(BlockNumber(block)) => head(out, ACK, block),
            Self::Data { block: BlockNumber(block), bytes } => {
                head(out, DATA, block);
                out.extend_from_slice(bytes);
            }
            Self::Error { code, message } => {
                head(out, ERROR, code.code());
                out.extend_from_slice(message);
                out.push(0);
            }
            // Only servers send it: here for the tests, which play them.
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
/// | bytes | field   | meaning                          |
/// | ----- | ------- | -------------------------------- |
/// | 2     | opcode  | 1                                |
/// | *n*+1 | name    | closed by a zero byte            |
/// | 6     | mode    | `octet`, closed by a zero byte   |
/// | *n*   | options | see [`TftpOptions`]; may be none |
///
/// # Source
/// RFC 1350 §5. Capture: a 7940 asks for `CTLSEP<12>.tlv` in a frame of 73 bytes, which leaves no
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
    /// printable ASCII: a zero byte inside a name would begin the mode.
    pub fn new(name: &str) -> Result<Self, UnfitName> {
        let unfit = |byte: u8| !(b' '..=b'~').contains(&byte);
        if let Some(offset) = name.bytes().position(unfit) {
            return Err(UnfitName::Character { offset });
        }
        // In bytes, which the check above has made the same as characters.
        match name.len() {
            1..=LONGEST_NAME => Ok(Self { name: name.into() }),
            found => Err(UnfitName::Length { found }),
        }
    }

    /// Appends the request to `out`.
    pub fn emit(&self, options: &TftpOptions, out: &mut Vec<u8>) {
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
        /// Bytes of the name before it.
        offset: usize,
    },
    /// Empty, or longer than [`LONGEST_NAME`].
    Length {
        /// Bytes of the name.
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
                write!(f, "file name of {found} bytes, a request carries 1 to {LONGEST_NAME}")
            }
        }
    }
}

fn head(out: &mut Vec<u8>, opcode: u16, second: u16) {
    out.extend_from_slice(&opcode.to_be_bytes());
    out.extend_from_slice(&second.to_be_bytes());
}

/// Bytes of a DATA packet before its share of the file.
///
/// # Source
/// RFC 1350 §5.
pub const DATA_HEADER: usize = 4;

/// The longest name a request can carry.
///
/// # Source
/// RFC 2347 limits a request to 512 bytes; what is left when opcode, mode and all four options
/// with their longest values are taken off is 453. Inferred: a round number below it.
pub const LONGEST_NAME: usize = 450;

/// The longest request or OACK.
///
/// # Source
/// RFC 2347, "Packet Formats".
pub const LONGEST_REQUEST: usize = 512;

// Opcodes (RFC 1350 §5; 6: RFC 2347). 2 is a write request, which a phone never sends.
const RRQ: u16 = 1;
const DATA: u16 = 3;
const ACK: u16 = 4;
const ERROR: u16 = 5;
const OACK: u16 = 6;
