//! What is remembered of an installed list beside the list: its place in a line of lists.
//!
//! A *line* is what one cluster signs, one list after the other. It begins with a first use, or
//! with the list of another cluster for whose signer TVS vouches, and only within it timestamps
//! mean something to each other: the clocks of two clusters have nothing in common (inferred).

/// The place of an installed list. `Default` is what a store has that did not keep it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Standing {
    /// The number of its line; later lines have higher ones.
    pub line: u32,
    /// The newest timestamp that its kind has had in the line: an older list may have been accepted
    /// since, and must not make room for the replay of one between the two.
    pub newest: u32,
    /// The moment that has passed at least, by the lists of its kind; seconds since 1970.
    pub floor: u32,
    /// Whether it is the CTL that began the line, or whose ITL was erased at the phone: the ITL
    /// that it vouches for next may be of any age.
    pub awaits_itl: bool,
}

/// How far ahead of a clock that is set a list may be and still count as the time. Inferred: clocks
/// of a cluster and its phones may be off by a time zone, not by more.
pub const AHEAD: u32 = 86_400;

/// The floor of time once a list of this timestamp is installed, and whether the list is ahead of
/// the clock. An older list that is accepted lowers it: the clock of the call manager was
/// corrected.
#[must_use]
pub fn floor_after(before: u32, timestamp: u32, now: Option<u64>) -> (u32, bool) {
    let ahead = now.is_some_and(|now| u64::from(timestamp) > now.saturating_add(u64::from(AHEAD)));
    (if ahead { before } else { timestamp }, ahead)
}
