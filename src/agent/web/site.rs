//! What the pages are made of, and what is kept between two requests.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use crate::agent::service::Service;
use crate::agent::service::tally::Tally;
use crate::face::methods::Diagnosis;
use crate::io::clock;
use crate::io::web::WebRooms;
use crate::wire::configuration::WebAccess;

/// The phone's web page, as a whole.
pub(super) struct Site {
    /// Whose methods answer, as far as the right to read goes.
    pub(super) service: Rc<Service>,
    pub(super) rooms: Rc<WebRooms>,
    /// The last diagnosis, and when it was made.
    pub(super) diagnosis: RefCell<Option<(Duration, Diagnosis)>>,
    /// When a diagnosis was left before its end.
    pub(super) left: Cell<Option<Duration>>,
    /// Logs that are being followed.
    pub(super) live: Cell<usize>,
    /// Requests that were answered.
    pub(super) answered: Cell<u64>,
    /// Clients and requests that were refused, of which so many are logged.
    pub(super) refusals: Tally,
    pub(super) refused: Cell<u64>,
    /// Tells the lines of this run from those of others, whose numbers are the same.
    pub(super) run: u128,
}

impl Site {
    pub(super) fn new(service: Rc<Service>) -> Rc<Self> {
        let since_1970 = clock::wall().duration_since(std::time::SystemTime::UNIX_EPOCH);
        Rc::new(Self {
            service,
            rooms: Rc::default(),
            diagnosis: RefCell::default(),
            left: Cell::new(None),
            live: Cell::new(0),
            answered: Cell::new(0),
            refusals: Tally::writing(REFUSALS),
            refused: Cell::new(0),
            run: since_1970.unwrap_or_default().as_micros(),
        })
    }

    /// Whether the last verified configuration closes the page. It cannot open it.
    pub(super) fn is_closed(&self) -> bool {
        self.service.agent.installed.web_access() == Some(WebAccess::Disabled)
    }

    /// Whether a host may open the page now.
    pub(super) fn is_open_to(&self, peer: IpAddr) -> bool {
        let settings = self.service.agent.settings();
        !self.is_closed() && settings.web.allow.iter().any(|network| network.contains(peer))
    }

    /// Returns when a host may not, or no longer.
    pub(super) async fn closes_to(&self, peer: IpAddr) {
        loop {
            // Begins to wait here, so that no change is missed between looking and waiting.
            let change = self.service.agent.in_force.changes();
            if !self.is_open_to(peer) {
                return;
            }
            change.await;
        }
    }

    /// Whether the page shows the log.
    pub(super) fn shows_log(&self) -> bool {
        self.service.agent.settings().web.log
    }

    /// The folder of the store, which no page names.
    pub(super) fn hidden(&self) -> String {
        self.service.agent.settings().paths.state.display().to_string()
    }

    /// Notes that a page is being followed, unless there are as many as may be.
    pub(super) fn follow(self: &Rc<Self>) -> Option<Follower> {
        let most = FOLLOWERS.min(self.service.agent.settings().web.connections / 2);
        (self.live.get() < most).then(|| {
            self.live.set(self.live.get() + 1);
            Follower { site: self.clone() }
        })
    }
}

/// One who follows the log; no longer when dropped.
pub(super) struct Follower {
    site: Rc<Site>,
}

impl Follower {
    /// The site whose log it follows.
    pub(super) fn site(&self) -> &Site {
        &self.site
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.site.live.set(self.site.live.get() - 1);
    }
}

/// Logs that are followed at once, at most half of all connections. Inferred: a person follows one.
const FOLLOWERS: usize = 4;

/// Refusals that get a line each, in half a minute.
const REFUSALS: u32 = 8;
