//! One transfer, seen from the server.

use super::Shared;
use super::faults::OptionPolicy;
use super::link::Link;
use super::options::Terms;
use super::packet::Packet;

/// One read of one file.
pub(super) struct Transfer<'a> {
    link: Link,
    shared: &'a Shared,
    sent: u64,
}

impl<'a> Transfer<'a> {
    pub(super) fn new(link: Link, shared: &'a Shared) -> Self {
        Self { link, shared, sent: 0 }
    }

    /// Serves the file, or says that there is none.
    pub(super) fn run(mut self, file: Option<&[u8]>, asked: &[(String, String)]) {
        if let Some(code) = self.link.faults.refuse {
            return self.link.send(&Packet::error(code, "refused"));
        }
        if let (OptionPolicy::Refuse(code), false) = (self.link.faults.options, asked.is_empty()) {
            return self.link.send(&Packet::error(code, "options refused"));
        }
        let Some(file) = file else {
            let code = self.link.faults.missing_code;
            return self.link.send(&Packet::error(code, "file not found"));
        };
        let padded = [file, &vec![0; self.link.faults.padding]].concat();
        let file = padded.as_slice();
        let terms = Terms::negotiate(asked, file.len(), &self.link.faults);
        if terms.answered.is_empty() || self.options_accepted(&terms) {
            self.blocks(file, &terms);
        }
    }

    /// Sends the OACK until the client acknowledges it with block 0.
    fn options_accepted(&mut self, terms: &Terms) -> bool {
        for _ in 0..TRIES {
            let zeros = self.link.faults.zeros;
            self.link.send(&Packet::OptionAck(terms.answered.clone(), zeros));
            match self.link.receive(terms.patience, self.shared) {
                Some(Packet::Ack(0)) => return true,
                Some(Packet::Error(..)) => return false,
                _ => {}
            }
        }
        false
    }

    /// Sends the file window by window; gives up when nothing comes back too often.
    fn blocks(&mut self, file: &[u8], terms: &Terms) {
        let blksize = u64::try_from(terms.blksize).expect("usize has at most 64 bits");
        let total = u64::try_from(file.len()).expect("usize has at most 64 bits") / blksize + 1;
        let (mut acknowledged, mut tries) = (0, 0);
        while acknowledged < total && tries < TRIES {
            let end = total.min(acknowledged + terms.window);
            for block in acknowledged + 1..=end {
                if !self.data(file, block, terms.blksize) {
                    return;
                }
            }
            match self.progress(acknowledged, end, terms) {
                Progress::To(block) => (acknowledged, tries) = (block, 0),
                Progress::Again => {}
                Progress::None => tries += 1,
                Progress::Over => return,
            }
        }
    }

    /// Sends one block; `false` if the server falls silent or stops.
    fn data(&mut self, file: &[u8], block: u64, blksize: usize) -> bool {
        if self.link.faults.close_after.is_some_and(|limit| self.sent >= limit) {
            return false;
        }
        if !self.link.drip(self.shared) {
            return false;
        }
        let start = usize::try_from(block - 1).expect("the file fits in memory") * blksize;
        let end = file.len().min(start + blksize);
        let payload = file.get(start..end).unwrap_or_default().to_vec();
        self.sent += 1;
        self.link.send(&Packet::Data(number(block), payload));
        true
    }

    /// Waits for the acknowledgement of a block of the window.
    ///
    /// The last block of the window before is acknowledged again when a client of RFC 7440 misses
    /// the first block of this one; without a window that is a duplicate, to be ignored.
    fn progress(&mut self, from: u64, to: u64, terms: &Terms) -> Progress {
        while let Some(packet) = self.link.receive(terms.patience, self.shared) {
            match packet {
                Packet::Ack(ack) => {
                    if let Some(block) = (from + 1..=to).find(|block| number(*block) == ack) {
                        return Progress::To(block);
                    }
                    if terms.window > 1 && number(from) == ack {
                        return Progress::Again;
                    }
                }
                Packet::Error(..) => return Progress::Over,
                _ => {}
            }
        }
        if self.shared.stopped() { Progress::Over } else { Progress::None }
    }
}

enum Progress {
    Again,
    None,
    Over,
    To(u64),
}

/// The block number on the wire: after 65535 comes 0.
fn number(block: u64) -> u16 {
    u16::try_from(block % 65_536).expect("the remainder is below 65536")
}

/// How often a window or an OACK is sent before the client is given up.
const TRIES: u32 = 10;
