//! One transfer, and its result.

use crate::boot::{NotFetched, Wanted};
use crate::diagnose::Contact;

/// One transfer: its number in the log, and the file that it is for.
#[derive(Clone, Copy)]
pub(super) struct NumberedTransfer<'a> {
    pub(super) number: u64,
    pub(super) wanted: &'a Wanted<'a>,
}

/// The result of asking one server.
pub(super) struct Asked {
    pub(super) outcome: Result<Vec<u8>, NotFetched>,
    /// Where answers came from, if from another address than the one that was asked.
    pub(super) foreign: Option<Contact>,
}
