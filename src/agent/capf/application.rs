//! One enrolment: whom to ask, what to show for it, and the key that it is for.

use std::sync::Arc;

use crate::agent::capf::proof::Credential;
use crate::proto::capf::{NewKey, NewKeyKind};
use crate::wire::address::ServerAddress;

/// What is applied for, and where.
pub(super) struct Application {
    pub(super) servers: Vec<ServerAddress>,
    pub(super) credential: Credential,
    /// Why, for the log.
    pub(super) why: String,
}

/// An enrolment under way.
pub(super) struct Enrolling<'a> {
    pub(super) application: &'a Application,
    /// No other enrolment begins while this is held.
    pub(super) held: Arc<()>,
    /// A key that was made for it, and that no certificate has come for. The next attempt takes it:
    /// a board that needs longer for one than a server waits would otherwise never enrol.
    pub(super) key: Option<SpareKey>,
}

/// A key that no certificate is for yet, and what was asked for.
pub(super) struct SpareKey {
    pub(super) kind: NewKeyKind,
    pub(super) key: NewKey,
}
