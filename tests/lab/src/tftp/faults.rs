//! What may be wrong with the server or the way to it.

use std::net::IpAddr;
use std::time::Duration;

/// What the server does with the options of a request.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OptionPolicy {
    /// Answers those it knows.
    #[default]
    Honour,
    /// Behaves as a server of 1992: no OACK.
    Ignore,
    /// Answers a request with options with this error code.
    Refuse(u16),
    /// Does not answer a request with options.
    Silent,
}

/// Faults, in percent where they are a matter of luck; luck follows from the seed.
#[derive(Clone, Debug)]
pub struct Faults {
    /// Seed of all luck; each transfer counts on from it.
    pub seed: u64,
    /// Packets lost, in either direction.
    pub loss: u8,
    /// Packets sent twice.
    pub duplication: u8,
    /// Packets held back until after the next one.
    pub reordering: u8,
    /// Packets preceded by a forged one from a foreign port.
    pub foreign: u8,
    /// Falls silent after this many DATA packets.
    pub close_after: Option<u64>,
    /// Never answers (the request is recorded).
    pub silent: bool,
    /// Waits before each DATA packet.
    pub drip: Option<Duration>,
    /// What `tsize` is answered instead of the truth.
    pub tsize: Option<u64>,
    /// Options honoured or ignored.
    pub options: OptionPolicy,
    /// What `blksize` is answered, and used, instead of the size asked for.
    pub blksize: Option<u16>,
    /// Options that nobody asked for, put into the OACK.
    pub unasked: Vec<(String, String)>,
    /// Zero bytes behind the options of an OACK.
    pub zeros: usize,
    /// Blanks before the value of `blksize` in an OACK.
    pub blanks: usize,
    /// Answers come from this address, and not from the one that was asked.
    pub elsewhere: Option<IpAddr>,
    /// Zero bytes behind every file.
    pub padding: usize,
    /// The error code for a file that does not exist; the truth is 1.
    pub missing_code: u16,
    /// Answers every request with this error code.
    pub refuse: Option<u16>,
    /// Time until a packet is sent again, unless the client asks for another.
    pub patience: Duration,
}

impl Default for Faults {
    /// None; a packet is sent again after 200 ms.
    fn default() -> Self {
        Self {
            seed: 0,
            loss: 0,
            duplication: 0,
            reordering: 0,
            foreign: 0,
            close_after: None,
            silent: false,
            drip: None,
            tsize: None,
            options: OptionPolicy::Honour,
            blksize: None,
            unasked: Vec::new(),
            zeros: 0,
            blanks: 0,
            elsewhere: None,
            padding: 0,
            missing_code: 1,
            refuse: None,
            patience: Duration::from_millis(200),
        }
    }
}
