//! One transfer, and its result.

use crate::boot::{Fetched, NotFetched, Trouble, Wanted};
use crate::diagnose::Contact;
use crate::wire::way::FileWay;

/// One transfer: its number in the log, and the file that it is for.
#[derive(Clone, Copy)]
pub(super) struct NumberedTransfer<'a> {
    pub(super) number: u64,
    pub(super) wanted: &'a Wanted<'a>,
    /// What another way to the same server has answered.
    pub(super) before: OtherWays,
}

/// What another way to the same server has answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum OtherWays {
    /// That the file is not there, or one that is of no use: this way is not waited for as long.
    Answered,
    Nothing,
}

/// The result of asking one server.
pub(super) struct Asked {
    pub(super) outcome: Result<Fetched, NotFetched>,
    /// Where answers came from, if from another address than the one that was asked.
    pub(super) foreign: Option<Contact>,
    /// The way that the outcome is of.
    pub(super) way: FileWay,
}

impl Asked {
    /// The result of a way that was not gone.
    pub(super) fn of_no_way() -> Self {
        let outcome = Err(NotFetched::Unreachable(Trouble::of_no_server()));
        Self { outcome, foreign: None, way: FileWay::Tftp }
    }
}

/// What counts when one server lacks a file that another did not send: it does not exist, unless a
/// server has it and it is too large.
pub(super) fn absent_after(before: NotFetched) -> NotFetched {
    match before {
        NotFetched::TooLarge(_) => before,
        _ => NotFetched::Absent,
    }
}

/// The failure of the server that came nearer to sending the file: "unreachable" may be reported
/// only if no server was reached.
pub(super) fn graver(one: NotFetched, other: NotFetched) -> NotFetched {
    let rank = |why: &NotFetched| match why {
        NotFetched::Absent | NotFetched::Unreachable(_) => 0,
        NotFetched::BrokenOff(_) | NotFetched::Failed(_) => 1,
        NotFetched::TooLarge(_) => 2,
    };
    if rank(&one) > rank(&other) { one } else { other }
}
