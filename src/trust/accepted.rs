//! What every acceptance has in common: the proof, and the warnings that go with it.

use alloc::vec::Vec;

use crate::trust::reason::Warning;

/// Something that is trusted, and what is worth a line in the log about it.
#[derive(Debug, Eq, PartialEq)]
pub struct Accepted<T> {
    /// The proof, or whatever it vouches for.
    pub value: T,
    /// What policy allowed although it is not as it should be.
    pub warnings: Vec<Warning>,
}
