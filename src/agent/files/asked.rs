//! One transfer, and what came of it.

use crate::boot::{NotFetched, Wanted};
use crate::diagnose::Contact;

/// One transfer: its number in the log, and what it is to bring.
#[derive(Clone, Copy)]
pub(super) struct NumberedTransfer<'a> {
    pub(super) number: u64,
    pub(super) wanted: &'a Wanted<'a>,
}

/// What came of asking one server.
pub(super) struct Asked {
    pub(super) outcome: Result<Vec<u8>, NotFetched>,
    /// That answers came from elsewhere, if they did.
    pub(super) foreign: Option<Contact>,
}
