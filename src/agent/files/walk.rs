//! What one pass learns of the servers, and forgets when it ends.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::habit::Habit;
use super::notes::WayNotes;
use crate::io::resolve::Names;
use crate::proto::tftp::Negotiation;
use crate::wire::address::ServerAddress;
use crate::wire::way::FileWay;

/// The walk of one pass along the servers.
pub(in crate::agent) struct ServerWalk {
    /// Servers that were not reached: asked last for the rest of the pass.
    late: Vec<ServerAddress>,
    /// The name that the request at hand began with.
    name: String,
    /// Servers that have failed to send a file for it.
    passed: Vec<ServerAddress>,
    /// Servers that have sent a file for it, each with the way that it came by.
    given: Vec<(ServerAddress, FileWay)>,
    addresses: BTreeMap<SocketAddr, ServerStanding>,
    /// What the pass learned of the ways to each server.
    pub(in crate::agent) ways: WayNotes,
    /// How they behaved, each habit once.
    habits: Vec<(SocketAddr, Habit)>,
    /// The addresses of host names, looked up once for the whole pass.
    pub(in crate::agent) names: Names,
    /// The phone's own address, if requests are to come from a certain one.
    pub(super) own: Option<IpAddr>,
}

/// What the pass learned of one address.
#[derive(Clone, Copy, Debug, Default)]
struct ServerStanding {
    /// It has answered in this pass, be it with an error.
    answered: bool,
    /// It was not reached, and has not answered since.
    missed: bool,
    /// Signs that it does not accept requests with options; see [`SIGNS`].
    against_options: u32,
}

impl ServerWalk {
    /// A walk in which nothing is known yet.
    pub(in crate::agent) fn new(names: &Names, own: Option<IpAddr>) -> Self {
        Self {
            late: Vec::new(),
            name: String::new(),
            passed: Vec::new(),
            given: Vec::new(),
            addresses: BTreeMap::new(),
            ways: WayNotes::default(),
            habits: Vec::new(),
            names: names.for_a_pass(),
            own,
        }
    }

    /// Begins a new request: every server may be asked again.
    pub(super) fn begin(&mut self, name: &str) {
        name.clone_into(&mut self.name);
        self.passed.clear();
        self.given.clear();
    }

    /// The servers in the order in which they are asked.
    pub(in crate::agent) fn order(&self, servers: &[ServerAddress]) -> Vec<ServerAddress> {
        // A partition keeps the order of the settings within both halves.
        let (late, good): (Vec<_>, Vec<_>) =
            servers.iter().partition(|server| self.late.contains(server));
        good.into_iter().chain(late).cloned().collect()
    }

    /// Servers that have not sent a file for the request at hand by each of the ways that lead to
    /// it. A silent one is not waited for again.
    pub(super) fn others(&self, servers: &[ServerAddress], ways: &[FileWay]) -> Vec<ServerAddress> {
        let is_over = |server: &&ServerAddress| {
            self.passed.contains(server)
                || self.late.contains(server)
                || self.ways_left(server, ways).is_empty()
        };
        servers.iter().filter(|server| !is_over(server)).cloned().collect()
    }

    /// The ways by which a server is asked for the request at hand, in their order: not again by
    /// one that has brought a file that is of no use.
    pub(super) fn ways_left(&self, server: &ServerAddress, ways: &[FileWay]) -> Vec<FileWay> {
        let is_given = |way: FileWay| self.given.iter().any(|(of, by)| of == server && *by == way);
        let mut left = self.ways.order(server, ways);
        if self.has_given(server) {
            let may_have_more = |way| self.ways.may_have_more(server, way, &self.name);
            left.retain(|way| !is_given(*way) && may_have_more(*way));
        }
        left
    }

    /// Whether a server has sent a file for the request at hand.
    pub(super) fn has_given(&self, server: &ServerAddress) -> bool {
        self.given.iter().any(|(of, _)| of == server)
    }

    /// Notes that the file that has come for the request at hand was refused.
    pub(super) fn note_refused(&mut self) {
        self.ways.note_refused(&self.name);
    }

    /// Notes a server that has sent the file, and the way that it came by.
    pub(super) fn note_given(&mut self, server: &ServerAddress, way: FileWay) {
        self.late.retain(|late| late != server);
        self.given.push((server.clone(), way));
    }

    /// Notes a server that was reached and did not send the file: it keeps its place.
    pub(super) fn note_failed(&mut self, server: &ServerAddress) {
        self.passed.push(server.clone());
    }

    /// Notes a server that was not reached.
    pub(super) fn note_missed(&mut self, server: &ServerAddress) {
        if !self.late.contains(server) {
            self.late.push(server.clone());
        }
    }
}

/// The addresses of a server.
impl ServerWalk {
    /// In the order in which they are asked.
    pub(super) fn order_addresses(&self, addresses: &[SocketAddr]) -> Vec<SocketAddr> {
        let mut ordered = addresses.to_vec();
        // A stable sort: otherwise the order is the resolver's.
        ordered.sort_by_cached_key(|address| usize::from(self.standing(*address).missed));
        ordered
    }

    /// Whether the address has answered in this pass, so that its silence is loss.
    pub(super) fn is_alive(&self, address: SocketAddr) -> bool {
        self.standing(address).answered
    }

    /// Whether it is asked without options.
    pub(super) fn is_plain(&self, address: SocketAddr) -> bool {
        self.standing(address).against_options >= SIGNS
    }

    pub(super) fn note_answer(&mut self, address: SocketAddr) {
        let standing = self.addresses.entry(address).or_default();
        (standing.answered, standing.missed) = (true, false);
    }

    pub(super) fn note_silence(&mut self, address: SocketAddr) {
        self.addresses.entry(address).or_default().missed = true;
    }

    pub(super) fn note_terms(&mut self, address: SocketAddr, negotiation: Negotiation) {
        // An error is no word about options: only a file that comes without shows that.
        if matches!(negotiation, Negotiation::Refused | Negotiation::Unanswered) {
            self.note_habit(address, Habit::Options(negotiation));
        }
        let signs = &mut self.addresses.entry(address).or_default().against_options;
        match negotiation {
            Negotiation::Answered => *signs = 0,
            Negotiation::Refused => *signs = SIGNS,
            Negotiation::Unanswered => *signs += 1,
            // A server that ignores options still answers the request (RFC 2347).
            Negotiation::Ignored | Negotiation::NotAsked => {}
        }
    }

    /// Notes how an address behaves.
    pub(super) fn note_habit(&mut self, address: SocketAddr, habit: Habit) {
        let habit = (address, habit);
        if self.habits.len() < MOST_HABITS && !self.habits.contains(&habit) {
            self.habits.push(habit);
        }
    }

    /// How the addresses behaved, in the order in which that was seen.
    pub(in crate::agent) fn habits(&self) -> &[(SocketAddr, Habit)] {
        &self.habits
    }

    fn standing(&self, address: SocketAddr) -> ServerStanding {
        self.addresses.get(&address).copied().unwrap_or_default()
    }
}

/// Signs after which an address is asked without options. A refusal counts for all of them; silence
/// may be loss, and counts for one: a lossy line should not lose its larger blocks as well.
const SIGNS: u32 = 2;

/// Habits that are remembered. Inferred: several of each of a few servers; their texts are bounded.
const MOST_HABITS: usize = 64;

#[cfg(test)]
mod tests {
    use super::FileWay;
    use super::{Names, Negotiation, ServerAddress, ServerWalk, SocketAddr};
    use crate::diagnose::WaySeen;
    use crate::io::resolve::SystemFiles;

    fn servers(names: &[&str]) -> Vec<ServerAddress> {
        names.iter().map(|name| ServerAddress::parse(name, 69).expect("an address")).collect()
    }

    fn fresh() -> ServerWalk {
        ServerWalk::new(&Names::of(&SystemFiles::default()), None)
    }

    fn address() -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], 69))
    }

    #[test]
    fn a_server_that_was_not_reached_is_asked_last_until_it_gives_a_file() {
        let servers = servers(&["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
        let mut walk = fresh();
        walk.note_missed(&servers[0]);
        let later = [servers[1].clone(), servers[2].clone(), servers[0].clone()];
        assert_eq!(walk.order(&servers), later);
        walk.note_given(&servers[0], FileWay::Tftp);
        walk.begin("a");
        assert_eq!(walk.order(&servers), servers);
    }

    #[test]
    fn another_server_is_one_that_has_not_given_the_file_and_is_not_silent() {
        let servers = servers(&["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
        let mut walk = fresh();
        walk.note_given(&servers[0], FileWay::Tftp);
        walk.note_missed(&servers[1]);
        assert_eq!(walk.others(&servers, &[FileWay::Tftp]), servers[2..]);
    }

    #[test]
    fn a_server_that_has_given_the_file_by_one_way_is_asked_by_another() {
        let servers = servers(&["192.0.2.1"]);
        let ways = [FileWay::Http, FileWay::Tftp];
        let mut walk = fresh();
        walk.ways.note(&servers[0], FileWay::Http, WaySeen::Sent("a".to_owned()));
        walk.note_given(&servers[0], FileWay::Http);
        assert_eq!(walk.others(&servers, &ways), servers);
        assert_eq!(walk.ways_left(&servers[0], &ways), [FileWay::Tftp]);
        walk.note_given(&servers[0], FileWay::Tftp);
        assert_eq!(walk.others(&servers, &ways), []);
        walk.begin("a");
        assert_eq!(walk.ways_left(&servers[0], &ways), ways);
    }

    #[test]
    fn a_file_by_tftp_is_not_looked_for_where_http_is_closed_or_lacks_it() {
        let servers = servers(&["192.0.2.1"]);
        let ways = [FileWay::Http, FileWay::Tftp];
        for seen in [WaySeen::Refused, WaySeen::Lacked("a".to_owned())] {
            let mut walk = fresh();
            walk.begin("a");
            walk.ways.note(&servers[0], FileWay::Http, seen);
            walk.note_given(&servers[0], FileWay::Tftp);
            assert_eq!(walk.others(&servers, &ways), []);
        }
        // That it lacks another one says nothing.
        let mut walk = fresh();
        walk.begin("a");
        walk.ways.note(&servers[0], FileWay::Http, WaySeen::Lacked("b".to_owned()));
        walk.note_given(&servers[0], FileWay::Tftp);
        assert_eq!(walk.ways_left(&servers[0], &ways), [FileWay::Http]);
    }

    #[test]
    fn a_refusal_of_options_is_remembered_at_once_and_silence_the_second_time() {
        let mut walk = fresh();
        walk.note_terms(address(), Negotiation::Refused);
        assert!(walk.is_plain(address()));
        let mut walk = fresh();
        walk.note_terms(address(), Negotiation::Unanswered);
        assert!(!walk.is_plain(address()));
        walk.note_terms(address(), Negotiation::Answered);
        walk.note_terms(address(), Negotiation::Unanswered);
        assert!(!walk.is_plain(address()));
        walk.note_terms(address(), Negotiation::Unanswered);
        assert!(walk.is_plain(address()));
    }
}
