//! TFTP packets: the lab's own reading and writing.

/// A packet; only what a server of reads sends or receives.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Packet {
    Ack(u16),
    Data(u16, Vec<u8>),
    Error(u16, String),
    /// The options, and the zero bytes behind them.
    OptionAck(Vec<(String, String)>, usize),
    Read {
        name: String,
        mode: String,
        options: Vec<(String, String)>,
    },
}

impl Packet {
    pub(super) fn error(code: u16, message: &str) -> Self {
        Self::Error(code, message.to_owned())
    }

    /// `None` for anything a server of reads has no use for.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (opcode, rest) = number(bytes)?;
        match opcode {
            1 => read_request(rest),
            4 => number(rest).map(|(block, _)| Self::Ack(block)),
            5 => {
                let (code, message) = number(rest)?;
                let text = message.split(|byte| *byte == 0).next().unwrap_or_default();
                Some(Self::Error(code, String::from_utf8_lossy(text).into_owned()))
            }
            _ => None,
        }
    }

    pub(super) fn emit(&self) -> Vec<u8> {
        match self {
            Self::Ack(block) => [4, *block].map(u16::to_be_bytes).concat(),
            Self::Data(block, payload) => {
                [[3, *block].map(u16::to_be_bytes).concat().as_slice(), payload].concat()
            }
            Self::Error(code, message) => {
                let start = [5, *code].map(u16::to_be_bytes).concat();
                [start.as_slice(), message.as_bytes(), &[0]].concat()
            }
            Self::OptionAck(options, zeros) => {
                [vec![0, 6], pairs(options), vec![0; *zeros]].concat()
            }
            Self::Read { name, mode, options } => {
                [format!("\0\x01{name}\0{mode}\0").into_bytes(), pairs(options)].concat()
            }
        }
    }
}

fn read_request(bytes: &[u8]) -> Option<Packet> {
    let text = bytes.strip_suffix(&[0])?;
    let mut fields =
        text.split(|byte| *byte == 0).map(|field| String::from_utf8_lossy(field).into_owned());
    let (name, mode) = (fields.next()?, fields.next()?);
    let mut options = Vec::new();
    while let Some(option) = fields.next() {
        options.push((option, fields.next()?));
    }
    Some(Packet::Read { name, mode, options })
}

fn pairs(options: &[(String, String)]) -> Vec<u8> {
    options.iter().flat_map(|(name, value)| format!("{name}\0{value}\0").into_bytes()).collect()
}

fn number(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (first, rest) = bytes.split_first_chunk::<2>()?;
    Some((u16::from_be_bytes(*first), rest))
}
