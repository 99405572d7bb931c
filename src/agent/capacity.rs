//! How many connections there may be: what the settings say, as far as the descriptors go.

use crate::agent::narrate::say;
use crate::boot::Event;
use crate::io::descriptors::ConnectionRoom;
use crate::io::places::Shares;
use crate::io::settings::Settings;

/// The connections that there may be, in all and of one user.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Capacity {
    /// Of clients to the socket.
    pub(super) connections: Shares,
    /// To servers, for clients.
    pub(super) slots: Shares,
    /// Under how many descriptors.
    limit: usize,
}

impl Capacity {
    /// That of the settings, under a limit of so many descriptors.
    pub(super) fn of(settings: &Settings, limit: usize) -> Self {
        let wanted = wanted(settings);
        let room = wanted.within(limit);
        let (connections, slots) = (settings.socket.per_user, settings.https.slots_per_user);
        Self {
            connections: shares(wanted.connections, connections, room.connections),
            slots: shares(wanted.slots, slots, room.slots),
            limit,
        }
    }

    /// Reports what is less than the settings say.
    pub(super) fn compare(self, settings: &Settings) {
        let (connections, slots) = (self.connections.all, self.slots.all);
        if (ConnectionRoom { connections, slots }) != wanted(settings) {
            say(&Event::DescriptorsScarce { limit: self.limit, connections, slots });
        }
    }
}

/// What one user may have of what there is. Where that is less than was wanted, it is half at most.
fn shares(wanted: usize, per_user: usize, all: usize) -> Shares {
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
