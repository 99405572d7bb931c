//! Which block comes next, when numbers have sixteen bits and windows hold several blocks.

use crate::wire::tftp::BlockNumber;

/// Where a block belongs, compared with what has arrived.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BlockPlace {
    /// In the window, with a gap before it.
    Ahead,
    /// Arrived before: in this window or the one before.
    Behind,
    /// The next in order.
    Next,
    /// Neither in this window nor in the one before.
    Stray,
}

/// What follows block 65535.
///
/// # Source
/// RFC 1350 is silent. Inferred from servers: most go on with 0, some with 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Wrap {
    /// Not yet seen from this server.
    Unseen,
    ToOne,
    ToZero,
}

/// The blocks taken in order, and how many of them wait for their ACK.
#[derive(Debug)]
pub(super) struct Blocks {
    /// The last block taken in order; 0 before the first.
    last: BlockNumber,
    /// Blocks of a window; 1 in lock-step.
    window: u16,
    /// Blocks taken since the last ACK.
    unacknowledged: u16,
    wrap: Wrap,
    /// Whether the gap after `last` has had its ACK.
    gap_acknowledged: bool,
}

impl Blocks {
    pub(super) fn new(window: u16) -> Self {
        Self {
            last: BlockNumber(0),
            window,
            unacknowledged: 0,
            wrap: Wrap::Unseen,
            gap_acknowledged: false,
        }
    }

    /// The number an ACK carries now.
    pub(super) fn last(&self) -> BlockNumber {
        self.last
    }

    /// Whether all that was taken has had its ACK, so that the server owes the next window.
    pub(super) fn are_acknowledged(&self) -> bool {
        self.unacknowledged == 0
    }

    /// Where `block` belongs; may learn from it how the server wraps.
    pub(super) fn place(&mut self, block: BlockNumber) -> BlockPlace {
        self.learn_wrap(block);
        if self.is_next(block) {
            return BlockPlace::Next;
        }
        let (ahead, behind) = self.distances(block);
        if ahead < u32::from(self.window) {
            BlockPlace::Ahead
        // A server repeats no more than its last window.
        } else if behind <= u32::from(self.window) {
            BlockPlace::Behind
        } else {
            BlockPlace::Stray
        }
    }

    /// Takes the next block in order. Returns whether the window is full, so that an ACK is due.
    #[must_use]
    pub(super) fn take(&mut self, block: BlockNumber) -> bool {
        // Learnt again at each wrap, from the block that was accepted.
        if self.last == LAST {
            self.wrap = if block == FIRST { Wrap::ToOne } else { Wrap::ToZero };
        }
        self.last = block;
        self.gap_acknowledged = false;
        self.unacknowledged += 1;
        self.unacknowledged >= self.window
    }

    /// An ACK of `last` goes out, and the server starts a window after it.
    pub(super) fn acknowledge(&mut self) {
        self.unacknowledged = 0;
        self.gap_acknowledged = false;
    }

    /// A block ahead has come. Returns whether this gap still needs its one ACK.
    #[must_use]
    pub(super) fn find_gap(&mut self) -> bool {
        let first_sight = !self.gap_acknowledged;
        // The ACK makes the server start a new window.
        self.unacknowledged = 0;
        self.gap_acknowledged = true;
        first_sight
    }

    fn is_next(&self, block: BlockNumber) -> bool {
        if self.last == LAST && self.wrap == Wrap::Unseen && block == FIRST {
            // With a window, block 1 may also be the second after a lost 0.
            return self.window == 1;
        }
        block == self.next()
    }

    fn next(&self) -> BlockNumber {
        match self.last {
            LAST if self.wrap == Wrap::ToOne => FIRST,
            BlockNumber(last) => BlockNumber(last.wrapping_add(1)),
        }
    }

    /// Before block 0 or 1 after the wrap has been acknowledged, a server that goes on with 0
    /// cannot have sent more than 0 to window − 1. So a block numbered as the window comes from one
    /// that goes on with 1, and nothing less proves it.
    fn learn_wrap(&mut self, block: BlockNumber) {
        let at_wrap = self.last == LAST && self.wrap == Wrap::Unseen;
        if at_wrap && self.window > 1 && block == BlockNumber(self.window) {
            self.wrap = Wrap::ToOne;
            self.gap_acknowledged = false;
        }
    }

    /// Steps from the next block forward to `block`, and from `block` forward to the next one.
    fn distances(&self, block: BlockNumber) -> (u32, u32) {
        // With a wrap to 1 there is no block 0, and the numbers 1 to 65535 are the whole circle.
        let skipped = u32::from(self.wrap == Wrap::ToOne);
        let cycle = NUMBERS - skipped;
        let position = |number: BlockNumber| (u32::from(number.0) + cycle - skipped) % cycle;
        let ahead = (position(block) + cycle - position(self.next())) % cycle;
        (ahead, cycle - ahead)
    }
}

// The first number, the last one, and how many there are with 0.
const FIRST: BlockNumber = BlockNumber(1);
const LAST: BlockNumber = BlockNumber(u16::MAX);
const NUMBERS: u32 = 65_536;

#[cfg(test)]
mod tests {
    use super::{BlockNumber, BlockPlace, Blocks};

    /// Blocks with all up to 65535 taken and acknowledged.
    fn at_the_wrap(window: u16) -> Blocks {
        let mut blocks = Blocks::new(window);
        for number in 1..=u16::MAX {
            take(&mut blocks, number);
        }
        blocks.acknowledge();
        blocks
    }

    fn take(blocks: &mut Blocks, number: u16) {
        assert_eq!(blocks.place(BlockNumber(number)), BlockPlace::Next, "{number}");
        if blocks.take(BlockNumber(number)) {
            blocks.acknowledge();
        }
    }

    fn place(blocks: &mut Blocks, number: u16) -> BlockPlace {
        blocks.place(BlockNumber(number))
    }

    #[test]
    fn lock_step_accepts_either_number_after_65535() {
        for first in [0, 1] {
            let mut blocks = at_the_wrap(1);
            take(&mut blocks, first);
            take(&mut blocks, first + 1);
        }
    }

    #[test]
    fn a_wrap_happens_once() {
        let mut blocks = at_the_wrap(1);
        take(&mut blocks, 1);
        assert_ne!(place(&mut blocks, 0), BlockPlace::Next);
        assert_eq!(place(&mut blocks, 1), BlockPlace::Behind);
        let mut blocks = at_the_wrap(1);
        take(&mut blocks, 0);
        assert_eq!(place(&mut blocks, 0), BlockPlace::Behind);
        take(&mut blocks, 1);
        assert_eq!(place(&mut blocks, 1), BlockPlace::Behind);
    }

    #[test]
    fn the_second_wrap_is_as_the_first() {
        for first in [0, 1] {
            let mut blocks = at_the_wrap(1);
            for number in first..=u16::MAX {
                take(&mut blocks, number);
            }
            assert_ne!(place(&mut blocks, 1 - first), BlockPlace::Next);
            take(&mut blocks, first);
        }
    }

    #[test]
    fn in_a_window_block_1_does_not_pass_for_a_lost_0() {
        let mut blocks = at_the_wrap(4);
        assert_eq!(place(&mut blocks, 1), BlockPlace::Ahead);
        take(&mut blocks, 0);
        take(&mut blocks, 1);
    }

    #[test]
    fn a_block_numbered_as_the_window_proves_the_wrap_to_1() {
        let mut blocks = at_the_wrap(4);
        for ahead in [1, 2, 3, 4] {
            assert_eq!(place(&mut blocks, ahead), BlockPlace::Ahead);
        }
        take(&mut blocks, 1);
    }

    #[test]
    fn a_gap_is_acknowledged_once() {
        let mut blocks = Blocks::new(4);
        take(&mut blocks, 1);
        assert_eq!(place(&mut blocks, 3), BlockPlace::Ahead);
        assert!(blocks.find_gap());
        assert!(!blocks.find_gap());
        take(&mut blocks, 2);
        assert!(blocks.find_gap());
    }

    #[test]
    fn what_is_far_away_is_stray() {
        let mut blocks = Blocks::new(4);
        for number in 1..=10 {
            take(&mut blocks, number);
        }
        assert_eq!(place(&mut blocks, 14), BlockPlace::Ahead);
        assert_eq!(place(&mut blocks, 15), BlockPlace::Stray);
        assert_eq!(place(&mut blocks, 7), BlockPlace::Behind);
        assert_eq!(place(&mut blocks, 6), BlockPlace::Stray);
    }
}
