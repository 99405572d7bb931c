//! How many connections there may be: what the settings ask for, within the limit of descriptors.

use crate::agent::narrate::say;
use crate::boot::Event;
use crate::io::descriptors::ConnectionRoom;
use crate::io::places::Shares;
use crate::io::settings::Settings;

/// The connections that there may be, in all and for one user.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Capacity {
    /// From clients to the socket.
    pub(super) connections: Shares,
    /// To servers, for clients.
    pub(super) slots: Shares,
    /// The limit of descriptors that they have to fit under.
    limit: usize,
}

impl Capacity {
    /// The capacity that the settings ask for, reduced to what fits under `limit` descriptors.
    pub(super) fn of(settings: &Settings, limit: usize) -> Self {
        let wanted = wanted(settings);
        // The web page comes first: it has few, and nothing when it is off.
        let web = &settings.web;
        let page = if web.listen.is_empty() { 0 } else { web.listen.len() + web.connections };
        let room = wanted.within(limit.saturating_sub(page));
        let (connections, slots) = (settings.socket.per_user, settings.https.slots_per_user);
        Self {
            connections: shares(wanted.connections, connections, room.connections),
            slots: shares(wanted.slots, slots, room.slots),
            limit,
        }
    }

    /// Logs a warning if it is less than the settings ask for.
    pub(super) fn compare(self, settings: &Settings) {
        let (connections, slots) = (self.connections.all, self.slots.all);
        if (ConnectionRoom { connections, slots }) != wanted(settings) {
            say(&Event::DescriptorsScarce { limit: self.limit, connections, slots });
        }
    }
}

/// The share of one user. Where there is less than was wanted, it is half at most.
fn shares(wanted: usize, per_user: usize, all: usize) -> Shares {
    // The settings may allow one user everything: that holds only while there is all they ask for.
    let most = if all < wanted { all.div_ceil(2) } else { all };
    Shares { all, per_user: per_user.min(most) }
}

fn wanted(settings: &Settings) -> ConnectionRoom {
    ConnectionRoom { connections: settings.socket.connections, slots: settings.https.slots }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_less_than_was_wanted_shares_it() {
        assert_eq!(shares(256, 128, 256), Shares { all: 256, per_user: 128 });
        assert_eq!(shares(256, 128, 48), Shares { all: 48, per_user: 24 });
        assert_eq!(shares(64, 32, 1), Shares { all: 1, per_user: 1 });
        assert_eq!(shares(600, 600, 600), Shares { all: 600, per_user: 600 });
    }
}
