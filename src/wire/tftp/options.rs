//! The options of RFC 2347: blksize, timeout, tsize and windowsize.

use core::fmt;

use super::malformed::MalformedPacket;
use super::option::OptionName;
use crate::wire::reader::Reader;

/// A value that its option does not allow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OutOfRange {
    /// The option whose range it exceeds.
    pub option: OptionName,
    /// The value that was asked for or granted.
    pub found: u64,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { option, found } = self;
        let range = option.range();
        write!(f, "{option} {found} out of range {} to {}", range.start(), range.end())
    }
}

/// Options of a request, or of the OACK that answers it; without any it is plain RFC 1350.
///
/// # Layout
/// For each option: its name, a zero byte, its value in decimal digits, a zero byte.
///
/// # Source
/// RFC 2347, "Packet Formats". Default: capture, a 7940 asks for none. Zeros behind the last option
/// and blanks around a value: servers in the field (domain facts 1.7).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TftpOptions {
    blksize: Option<u16>,
    timeout: Option<u8>,
    tsize: Option<u64>,
    windowsize: Option<u16>,
}

impl TftpOptions {
    /// Also blocks of this many bytes.
    ///
    /// # Errors
    /// [`OutOfRange`] unless 8 to 65464.
    pub fn with_blksize(self, bytes: u16) -> Result<Self, OutOfRange> {
        self.with(OptionName::Blksize, bytes.into())
    }

    /// Also this time between the server's retransmissions. Does not change the client's.
    ///
    /// # Errors
    /// [`OutOfRange`] for 0.
    pub fn with_timeout(self, seconds: u8) -> Result<Self, OutOfRange> {
        self.with(OptionName::Timeout, seconds.into())
    }

    /// Also the size of the file, which the server is asked to fill in.
    #[must_use]
    pub fn with_tsize(self) -> Self {
        Self { tsize: Some(0), ..self }
    }

    /// Also windows of this many blocks.
    ///
    /// # Errors
    /// [`OutOfRange`] unless 1 to 32767.
    pub fn with_windowsize(self, blocks: u16) -> Result<Self, OutOfRange> {
        self.with(OptionName::Windowsize, blocks.into())
    }

    /// Bytes of a block, if given.
    #[must_use]
    pub fn blksize(&self) -> Option<u16> {
        self.blksize
    }

    /// Seconds between the server's retransmissions, if given.
    #[must_use]
    pub fn timeout(&self) -> Option<u8> {
        self.timeout
    }

    /// Bytes of the file, if given.
    #[must_use]
    pub fn tsize(&self) -> Option<u64> {
        self.tsize
    }

    /// Blocks of a window, if given.
    #[must_use]
    pub fn windowsize(&self) -> Option<u16> {
        self.windowsize
    }

    /// Whether this is a plain request.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn parse(mut reader: Reader<'_>) -> Result<Self, MalformedPacket> {
        let mut options = Self::default();
        // A server in the field fills an OACK up with zeros: an option cannot begin with one.
        while reader.rest().iter().any(|byte| *byte != 0) {
            let offset = reader.offset();
            let name = string(&mut reader)?;
            let at_value = reader.offset();
            let value = string(&mut reader)?;
            // Servers grant only what was requested (RFC 2347): an unknown one is a fault.
            let option =
                OptionName::parse(name).ok_or(MalformedPacket::OptionUnknown { offset })?;
            if options.value(option).is_some() {
                return Err(MalformedPacket::OptionRepeated { offset, option });
            }
            options = decimal(value.trim_ascii())
                .and_then(|value| options.with(option, value).ok())
                .ok_or(MalformedPacket::OptionValue { offset: at_value, option })?;
        }
        Ok(options)
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        for option in OptionName::ALL {
            if let Some(value) = self.value(option) {
                out.extend_from_slice(option.as_str().as_bytes());
                out.push(0);
                out.extend_from_slice(format!("{value}").as_bytes());
                out.push(0);
            }
        }
    }

    fn value(&self, option: OptionName) -> Option<u64> {
        match option {
            OptionName::Blksize => self.blksize.map(u64::from),
            OptionName::Timeout => self.timeout.map(u64::from),
            OptionName::Tsize => self.tsize,
            OptionName::Windowsize => self.windowsize.map(u64::from),
        }
    }

    // One gate for requests and OACKs: no value out of range exists.
    fn with(mut self, option: OptionName, found: u64) -> Result<Self, OutOfRange> {
        let refused = OutOfRange { option, found };
        if !option.range().contains(&found) {
            return Err(refused);
        }
        match option {
            OptionName::Blksize => self.blksize = Some(narrow(found, refused)?),
            OptionName::Timeout => self.timeout = Some(narrow(found, refused)?),
            OptionName::Tsize => self.tsize = Some(found),
            OptionName::Windowsize => self.windowsize = Some(narrow(found, refused)?),
        }
        Ok(self)
    }
}

impl fmt::Display for TftpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for option in OptionName::ALL {
            if let Some(value) = self.value(option) {
                write!(f, "{separator}{option} {value}")?;
                separator = ", ";
            }
        }
        if separator.is_empty() { f.write_str("no options") } else { Ok(()) }
    }
}

fn narrow<T: TryFrom<u64>>(value: u64, refused: OutOfRange) -> Result<T, OutOfRange> {
    T::try_from(value).map_err(|_| refused)
}

/// The next string, without the zero byte that closes it.
fn string<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], MalformedPacket> {
    let unterminated = MalformedPacket::Unterminated { offset: reader.offset() };
    let length = reader.rest().iter().position(|byte| *byte == 0).ok_or(unterminated)?;
    let string = reader.take(length, "string")?;
    reader.byte("end of a string")?;
    Ok(string)
}

/// Digits only: `str::parse` would also take a plus sign.
fn decimal(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() {
        return None;
    }
    bytes.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        // A size beyond 64 bits must not come out as a small one.
        sum.checked_mul(10)?.checked_add(digit)
    })
}
