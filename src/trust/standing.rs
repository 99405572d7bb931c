//! What is remembered of an installed list besides the list itself: its place in a line of lists.
//!
//! A *line* is the sequence of lists that one cluster signs. It begins with a first use, or with
//! the list of another cluster whose signer TVS vouches for. Timestamps can only be compared within
//! a line: the clocks of two clusters have nothing in common (inferred).

/// The place of an installed list. `Default` is for a store that did not keep it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Standing {
    /// The number of its line; later lines have higher ones.
    pub line: u32,
    /// The newest timestamp that its kind has had in the line: an older list that was accepted
    /// since must not allow the replay of one between the two.
    pub newest: u32,
    /// The time that it is at least, going by the lists of its kind; seconds since 1970.
    pub floor: u32,
    /// Whether it is the CTL that began the line, or whose ITL was erased at the phone: the next
    /// ITL that it vouches for may be of any age.
    pub awaits_itl: bool,
}

/// How far ahead of the clock, in seconds, a list may be and still be used as the time. Inferred:
/// the clocks of a cluster and its phones may differ by a time zone, not by more.
pub const AHEAD: u32 = 86_400;

/// The floor of time once a list with this timestamp is installed, and whether the list is ahead of
/// the clock. An older list that is accepted lowers the floor: the call manager's clock was
/// corrected.
#[must_use]
pub fn floor_after(before: u32, timestamp: u32, now: Option<u64>) -> (u32, bool) {
    let ahead = now.is_some_and(|now| u64::from(timestamp) > now.saturating_add(u64::from(AHEAD)));
    (if ahead { before } else { timestamp }, ahead)
}
