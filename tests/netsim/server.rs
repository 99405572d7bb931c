//! A TFTP server that sends one file, with its own encoder: a mistake of `wire` cannot hide here.

use std::time::Duration;

use secd::wire::tftp::TftpOptions;

/// How the server behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Manner {
    /// Sends again on every ACK, as servers did before RFC 1123.
    Apprentice,
    /// Ignores options.
    Plain,
    /// As the RFCs say.
    Proper,
}

#[derive(Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) granted: TftpOptions,
    pub(crate) manner: Manner,
    /// The number after 65535.
    pub(crate) wraps_to: u16,
}

const TIMEOUT: Duration = Duration::from_millis(300);
const TRIES: u32 = 30;

pub(crate) struct Server {
    file: Vec<u8>,
    terms: Terms,
    blksize: usize,
    window: usize,
    started: bool,
    /// Blocks acknowledged, counted without end.
    acknowledged: usize,
    /// Blocks sent.
    sent: usize,
    due: Option<Duration>,
    tries: u32,
}

impl Server {
    pub(crate) fn new(file: Vec<u8>, terms: Terms) -> Self {
        let blksize = terms.granted.blksize().map_or(512, usize::from);
        let window = terms.granted.windowsize().map_or(1, usize::from);
        Self {
            file,
            terms,
            blksize,
            window,
            started: false,
            acknowledged: 0,
            sent: 0,
            due: None,
            tries: 0,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.due
    }

    pub(crate) fn on_timer(&mut self, now: Duration) -> Vec<Vec<u8>> {
        if self.due.is_none_or(|due| now < due) {
            return Vec::new();
        }
        self.tries += 1;
        if self.tries > TRIES {
            self.due = None;
            return Vec::new();
        }
        self.due = Some(now + TIMEOUT);
        if self.sent == 0 { vec![self.oack()] } else { self.transmit(now) }
    }

    pub(crate) fn on_datagram(&mut self, bytes: &[u8], now: Duration) -> Vec<Vec<u8>> {
        match bytes {
            [0, 1, ..] => self.on_request(now),
            [0, 4, high, low] => self.on_ack(u16::from_be_bytes([*high, *low]), now),
            [0, 5, ..] => {
                self.due = None;
                Vec::new()
            }
            other => panic!("a reader sent {other:?}"),
        }
    }

    fn on_request(&mut self, now: Duration) -> Vec<Vec<u8>> {
        // A repeated request belongs to the same transfer here: one port is all there is.
        if self.sent > 0 {
            return Vec::new();
        }
        self.started = true;
        if self.terms.granted.is_empty() || self.terms.manner == Manner::Plain {
            return self.transmit(now);
        }
        self.due = Some(now + TIMEOUT);
        vec![self.oack()]
    }

    fn on_ack(&mut self, number: u16, now: Duration) -> Vec<Vec<u8>> {
        if !self.started || self.due.is_none() {
            return Vec::new();
        }
        let outstanding = self.acknowledged..=self.sent;
        let Some(block) = outstanding.rev().find(|block| self.number(*block) == number) else {
            return Vec::new();
        };
        let repeated = block == self.acknowledged && self.sent > 0;
        if repeated && self.terms.manner != Manner::Apprentice {
            return Vec::new();
        }
        self.acknowledged = block;
        self.tries = 0;
        if block == self.blocks() {
            self.due = None;
            return Vec::new();
        }
        self.transmit(now)
    }

    /// The window after the last block acknowledged.
    fn transmit(&mut self, now: Duration) -> Vec<Vec<u8>> {
        let end = (self.acknowledged + self.window).min(self.blocks());
        self.sent = self.sent.max(end);
        self.due = Some(now + TIMEOUT);
        (self.acknowledged + 1..=end).map(|block| self.data(block)).collect()
    }

    fn blocks(&self) -> usize {
        self.file.len() / self.blksize + 1
    }

    fn data(&self, block: usize) -> Vec<u8> {
        let start = (block - 1) * self.blksize;
        let end = (start + self.blksize).min(self.file.len());
        let head = [&[0, 3], self.number(block).to_be_bytes().as_slice()].concat();
        [head.as_slice(), &self.file[start..end]].concat()
    }

    fn number(&self, block: usize) -> u16 {
        let skipped = usize::from(self.terms.wraps_to);
        if block <= 65_535 {
            return u16::try_from(block).unwrap();
        }
        u16::try_from((block - 65_536) % (65_536 - skipped) + skipped).unwrap()
    }

    fn oack(&self) -> Vec<u8> {
        let mut oack = vec![0, 6];
        for (name, value) in [
            ("BLKSIZE", self.terms.granted.blksize()),
            ("windowsize", self.terms.granted.windowsize()),
        ] {
            if let Some(value) = value {
                oack.extend_from_slice(format!("{name}\0{value}\0").as_bytes());
            }
        }
        oack
    }
}
