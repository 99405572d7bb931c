//! What every acceptance has in common: the proof, and the warnings about it.

use alloc::vec::Vec;

use crate::trust::reason::Warning;

/// What is believed, and what is worth a line in the log about it.
#[derive(Debug, Eq, PartialEq)]
pub struct Accepted<T> {
    /// The proof.
    pub value: T,
    /// What policy let pass.
    pub warnings: Vec<Warning>,
}
