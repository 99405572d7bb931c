//! Ports that are tried last, since they did not answer lately where another way to their server did.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::Duration;

use crate::io::clock::Timeline;

/// Ports that did not answer, each with the time when it was last tried.
pub(super) struct SilentPorts {
    tried: RefCell<Vec<(SocketAddr, Duration)>>,
    timeline: Timeline,
}

impl SilentPorts {
    pub(super) fn new(timeline: Timeline) -> Self {
        Self { tried: RefCell::default(), timeline }
    }

    /// Whether a port is left alone for now.
    pub(super) fn is_silent(&self, port: SocketAddr) -> bool {
        let now = self.timeline.now();
        let is_left_alone = |at: Duration| now.saturating_sub(at) < LEFT_ALONE;
        self.tried.borrow().iter().any(|(tried, at)| *tried == port && is_left_alone(*at))
    }

    /// Remembers a port that did not answer.
    pub(super) fn note(&self, port: SocketAddr) {
        let now = self.timeline.now();
        let mut tried = self.tried.borrow_mut();
        tried.retain(|(other, at)| *other != port && now.saturating_sub(*at) < LEFT_ALONE);
        if tried.len() < MOST_PORTS {
            tried.push((port, now));
        }
    }

    /// Forgets a port that answered.
    pub(super) fn note_answer(&self, port: SocketAddr) {
        self.tried.borrow_mut().retain(|(other, _)| *other != port);
    }

    /// Forgets them all, as after a change of the settings, or when a person orders a pass.
    pub(super) fn forget(&self) {
        self.tried.borrow_mut().clear();
    }
}

/// How long a silent port is left alone. Inferred: long enough not to slow each boot pass, and short
/// enough to notice by itself that a call manager was upgraded.
pub(super) const LEFT_ALONE: Duration = Duration::from_secs(3600);

/// Ports that are remembered. Inferred: several addresses of each of a few servers.
const MOST_PORTS: usize = 64;

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    #[test]
    fn a_silent_port_is_left_alone_for_an_hour() {
        let clock = Rc::new(Cell::new(Duration::from_secs(7)));
        let silent = SilentPorts::new(Timeline::Set(Rc::clone(&clock)));
        let port = SocketAddr::from(([192, 0, 2, 1], 6970));
        assert!(!silent.is_silent(port));
        silent.note(port);
        clock.set(clock.get() + LEFT_ALONE - Duration::from_secs(1));
        assert!(silent.is_silent(port));
        assert!(!silent.is_silent(SocketAddr::from(([192, 0, 2, 2], 6970))));
        clock.set(clock.get() + Duration::from_secs(1));
        assert!(!silent.is_silent(port));
        silent.note(port);
        silent.note_answer(port);
        assert!(!silent.is_silent(port));
        silent.note(port);
        silent.forget();
        assert!(!silent.is_silent(port));
    }

    #[test]
    fn ports_of_more_than_an_hour_ago_leave_their_places() {
        let clock = Rc::new(Cell::new(Duration::ZERO));
        let silent = SilentPorts::new(Timeline::Set(Rc::clone(&clock)));
        let port = |number| SocketAddr::from(([192, 0, 2, 1], number));
        (0..MOST_PORTS).for_each(|number| silent.note(port(u16::try_from(number).unwrap())));
        silent.note(port(6970));
        assert!(!silent.is_silent(port(6970)), "there is no place");
        clock.set(LEFT_ALONE);
        silent.note(port(6970));
        assert!(silent.is_silent(port(6970)));
    }
}
