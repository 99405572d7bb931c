//! What is wrong with a packet, and the error code that answers it.

use core::fmt;

use super::code::ErrorCode;
use super::option::OptionName;
use crate::wire::malformed::Truncated;

/// Bytes that are not a packet a reader can get.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MalformedPacket {
    /// Not DATA, ACK, ERROR or OACK.
    Opcode {
        /// Bytes before the opcode.
        offset: usize,
        /// The number that is there instead.
        found: u16,
    },
    /// An option named twice in one OACK.
    OptionRepeated {
        /// Where the second one starts.
        offset: usize,
        /// The option that is repeated.
        option: OptionName,
    },
    /// An option that no RFC defines, so no request can have asked for it.
    OptionUnknown {
        /// Where its name starts.
        offset: usize,
    },
    /// A value that is not a decimal number in the range of its option.
    OptionValue {
        /// Bytes before the value.
        offset: usize,
        /// The option that the value belongs to.
        option: OptionName,
    },
    /// Fewer bytes than the fixed part of the packet.
    Truncated {
        /// Where the missing field starts.
        offset: usize,
        /// Bytes that the field has.
        expected: usize,
        /// Bytes that are left.
        found: usize,
    },
    /// A string without its closing zero.
    Unterminated {
        /// Where the string starts.
        offset: usize,
    },
}

impl MalformedPacket {
    /// The code of the ERROR that answers it.
    ///
    /// # Source
    /// RFC 2347: code 8 when the options of an OACK are not acceptable; else RFC 1350 §7.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            // An unterminated string can only be in an OACK: a message is taken without its zero.
            Self::Opcode { .. } | Self::Truncated { .. } => ErrorCode::IllegalOperation,
            Self::OptionRepeated { .. }
            | Self::OptionUnknown { .. }
            | Self::OptionValue { .. }
            | Self::Unterminated { .. } => ErrorCode::OptionRefused,
        }
    }
}

impl From<Truncated> for MalformedPacket {
    fn from(Truncated { offset, expected, found, .. }: Truncated) -> Self {
        Self::Truncated { offset, expected, found }
    }
}

impl fmt::Display for MalformedPacket {
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
                write!(f, "{found} bytes at offset {offset}, expected {expected}")
            }
            Self::Unterminated { offset } => write!(f, "unterminated string at offset {offset}"),
        }
    }
}
