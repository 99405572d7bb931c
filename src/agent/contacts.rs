//! The last contact with each server: what came of it, and how long ago it was.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::diagnose::Contact;
use crate::io::clock::Timeline;
use crate::wire::address::ServerAddress;

/// What is remembered of servers, by the names that the settings or the configuration have for
/// them.
pub(super) struct Contacts {
    last: RefCell<BTreeMap<ServerAddress, (Contact, Duration)>>,
    timeline: Timeline,
}

impl Contacts {
    /// None yet; their ages are counted on this time line.
    pub(super) fn new(timeline: Timeline) -> Self {
        Self { last: RefCell::default(), timeline }
    }

    /// Remembers what has just come of contacting a server.
    pub(super) fn note(&self, server: &ServerAddress, contact: Contact) {
        let noted = (contact, self.timeline.now());
        self.last.borrow_mut().insert(server.clone(), noted);
    }

    /// The result of the last contact with a server.
    pub(super) fn last(&self, server: &ServerAddress) -> Contact {
        let last = self.last.borrow();
        last.get(server).map(|(contact, _)| contact.clone()).unwrap_or_default()
    }

    /// How long ago that was; nothing if there was none.
    pub(super) fn age(&self, server: &ServerAddress) -> Option<Duration> {
        let last = self.last.borrow();
        last.get(server).map(|(_, at)| self.timeline.now().saturating_sub(*at))
    }

    /// Forgets servers that are no longer asked.
    pub(super) fn keep_only(&self, is_asked: impl Fn(&ServerAddress) -> bool) {
        self.last.borrow_mut().retain(|server, _| is_asked(server));
    }
}
