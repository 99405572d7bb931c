//! The file as it comes in, block by block, within its bounds.

use super::blocks::{BlockPlace, Blocks};
use super::outcome::{ServerMisbehaved, TransferFailure};
use crate::wire::tftp::{BlockNumber, TftpOptions};

/// What a DATA packet brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Arrival {
    /// A block after a gap: acknowledge the last one in order, this once.
    Gap,
    /// The end of the file: an ACK is due.
    Last,
    /// A block within a window: no ACK yet.
    New,
    /// Of no use, and no reason to act.
    Nothing,
    /// A block that was here before.
    Repetition,
    /// The last block of a window: an ACK is due.
    WindowFull,
}

/// The bytes received so far.
#[derive(Debug)]
pub(super) struct Intake {
    limit: usize,
    announced: Option<u64>,
    blksize: usize,
    blocks: Blocks,
    bytes: Vec<u8>,
    /// Their number, which counts on when they are handed over.
    received: usize,
}

impl Intake {
    /// A file under the terms of RFC 1350.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            announced: None,
            blksize: PLAIN_BLKSIZE,
            blocks: Blocks::new(1),
            bytes: Vec::new(),
            received: 0,
        }
    }

    /// Other terms, before the first block.
    pub(super) fn agree(&mut self, granted: &TftpOptions) -> Result<(), TransferFailure> {
        self.blksize = granted.blksize().map_or(PLAIN_BLKSIZE, usize::from);
        self.blocks = Blocks::new(granted.windowsize().unwrap_or(1));
        self.announced = granted.tsize().filter(|bytes| *bytes > NO_SIZE);
        let Some(announced) = self.announced else { return Ok(()) };
        match usize::try_from(announced) {
            // Reserved at once: growing would copy the file again and again.
            Ok(bytes) if bytes <= self.limit => self.bytes.reserve_exact(bytes.min(RESERVED)),
            _ => return Err(self.too_large()),
        }
        Ok(())
    }

    /// The terms of RFC 1350 again, before the first block.
    pub(super) fn agree_on_nothing(&mut self) {
        *self = Self::new(self.limit);
    }

    pub(super) fn received(&self) -> usize {
        self.received
    }

    /// Whether nothing has come yet, not even an empty block.
    pub(super) fn is_untouched(&self) -> bool {
        self.blocks.last() == BlockNumber(0) && self.received == 0
    }

    /// The number of the last block in order; 0 before the first.
    pub(super) fn last(&self) -> BlockNumber {
        self.blocks.last()
    }

    /// Whether all that has come was acknowledged, so that the server owes the next window.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.blocks.are_acknowledged()
    }

    /// An ACK of all blocks in order goes out, with this number.
    pub(super) fn acknowledge(&mut self) -> BlockNumber {
        self.blocks.acknowledge();
        self.blocks.last()
    }

    /// Bytes of the file that are held here.
    pub(super) fn held(&self) -> usize {
        self.bytes.len()
    }

    /// Moves what is held to `sink`.
    pub(super) fn hand_over(&mut self, sink: &mut dyn FnMut(&[u8])) {
        sink(&self.bytes);
        self.bytes.clear();
    }

    /// The file, once [`Arrival::Last`] has come; without what was handed over.
    pub(super) fn file(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    pub(super) fn data(
        &mut self,
        block: BlockNumber,
        bytes: &[u8],
    ) -> Result<Arrival, TransferFailure> {
        // Before its place: such a block is a breach even if it is a repetition.
        if bytes.len() > self.blksize {
            let blksize = self.blksize;
            return Err(ServerMisbehaved::BlockTooLong { block, blksize }.into());
        }
        match self.blocks.place(block) {
            BlockPlace::Next => self.take(block, bytes),
            BlockPlace::Ahead if self.blocks.find_gap() => Ok(Arrival::Gap),
            BlockPlace::Ahead | BlockPlace::Stray => Ok(Arrival::Nothing),
            BlockPlace::Behind => Ok(Arrival::Repetition),
        }
    }

    fn take(&mut self, block: BlockNumber, bytes: &[u8]) -> Result<Arrival, TransferFailure> {
        let received = self.received + bytes.len();
        // Before it is kept, so that no more than the limit is ever in memory.
        if received > self.limit {
            return Err(self.too_large());
        }
        // RFC 1350 §6: a short block ends the file, if need be an empty one.
        let last = bytes.len() < self.blksize;
        if let Some(differs) = self.size_differs(received, last) {
            return Err(differs.into());
        }
        self.bytes.extend_from_slice(bytes);
        self.received = received;
        let full = self.blocks.take(block);
        Ok(match (last, full) {
            (true, _) => Arrival::Last,
            (false, true) => Arrival::WindowFull,
            (false, false) => Arrival::New,
        })
    }

    /// A size announced is a promise: more than that, or another size at the end, breaks it.
    fn size_differs(&self, received: usize, last: bool) -> Option<ServerMisbehaved> {
        let announced = self.announced?;
        let arrived = u64::try_from(received).unwrap_or(u64::MAX);
        // Too much is plain at once, too little only at the end.
        let kept = if last { arrived == announced } else { arrived <= announced };
        (!kept).then_some(ServerMisbehaved::SizeDiffers { announced, received })
    }

    fn too_large(&self) -> TransferFailure {
        TransferFailure::TooLarge { limit: self.limit, announced: self.announced }
    }
}

/// The most that is reserved for a size announced: a larger file grows, or is handed over as it
/// comes. Inferred: a configuration has at most 550,001 bytes, and what is reserved is wiped at the
/// end.
const RESERVED: usize = 1 << 20;

/// A size up to this one is a placeholder: servers answer 0 or 1 whatever the file.
///
/// # Source
/// Issue threads of TFTP servers (domain facts 1.7).
const NO_SIZE: u64 = 1;

/// Bytes of a block when nothing else is agreed.
///
/// # Source
/// RFC 1350 §2.
pub(super) const PLAIN_BLKSIZE: usize = 512;
