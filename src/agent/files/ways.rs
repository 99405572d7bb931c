//! The ways to one server's files, one after the other.

use std::net::SocketAddr;

use super::asked::{Asked, NumberedTransfer, OtherWays, WayAnswers};
use super::errand::FileErrand;
use super::{Files, http, https, tftp};
use crate::agent::narrate::say;
use crate::boot::{Event, NotFetched, Trouble};
use crate::diagnose::WaySeen;
use crate::wire::address::ServerAddress;
use crate::wire::way::FileWay;

impl Files {
    /// Asks one server for a file, by one way after the other.
    ///
    /// Each way has one attempt (domain facts 1.6). Until a file has come from the server, "not
    /// found" by one way is no answer of the server's: it may serve its files by another. From then
    /// on, the way that it came by answers for all.
    pub(super) async fn ask(
        &self,
        errand: &mut FileErrand<'_>,
        server: &ServerAddress,
        transfer: NumberedTransfer<'_>,
    ) -> Asked {
        let addresses = match errand.walk.names.resolve(server).await {
            Ok(addresses) => addresses,
            Err(unresolved) => return not_resolved(server, &unresolved.to_string()),
        };
        let mut answers = WayAnswers::default();
        let again = errand.walk.has_given(server);
        let mut brought = None;
        for Leg { way, addresses, is_left_alone } in self.legs(errand, server, transfer, &addresses)
        {
            if is_left_alone && answers.is_answered() {
                break;
            }
            let before = match answers.is_absent() || again {
                true => OtherWays::Answered,
                false => OtherWays::Nothing,
            };
            let transfer = NumberedTransfer { before, ..transfer };
            let asked = self.try_way(way, errand, server, (transfer, &addresses)).await;
            errand.walk.ways.note_unanswered(server, &asked);
            let is_settled = errand.walk.ways.settled(server) == Some(way);
            match &asked.outcome {
                Ok(_) => brought = Some(asked),
                // Unless another way has just shown that the server has it.
                Err(NotFetched::Absent) if is_settled && !answers.shows_file() => {
                    brought = Some(asked);
                }
                Err(_) => answers.note(asked),
            }
            if brought.is_some() {
                break;
            }
        }
        if let Some(brought) = brought {
            self.leave_alone(errand, server, &brought);
            return brought;
        }
        let lacked = (transfer.wanted.name, &addresses[..]);
        // If TFTP has brought a file before, it is its packets that are lost.
        let is_unknown = errand.walk.ways.settled(server).is_none();
        if is_unknown && answers.is_doubtful() && self.has_witness(errand, server, lacked).await {
            answers.trust_absence();
        }
        answers.settled()
    }

    /// Remembers the ports of a server that were silent in this pass, once a file comes from it by
    /// another way: nobody needs them. Otherwise they may be the only ones that have files, and the
    /// network be down: then no way may be missed once it is up.
    fn leave_alone(&self, errand: &mut FileErrand<'_>, server: &ServerAddress, brought: &Asked) {
        if brought.outcome.is_ok() {
            let ports = errand.walk.ways.take_unanswered(server, brought.way);
            ports.into_iter().for_each(|port| self.silent.note(port));
        }
    }

    /// The ways for a file in their order; last, and only if no other answers, those whose ports
    /// were silent lately. A trial tries all in their turn: a person wants to know.
    fn legs(
        &self,
        errand: &FileErrand<'_>,
        server: &ServerAddress,
        transfer: NumberedTransfer<'_>,
        addresses: &[SocketAddr],
    ) -> Vec<Leg> {
        let is_silent = |way, address: &&SocketAddr| {
            let port = http::port(way, &errand.settings.provisioning);
            let at = port.map(|port| http::at(**address, port));
            errand.court.trial.is_none() && at.is_some_and(|at| self.silent.is_silent(at))
        };
        let leg = |way| {
            let open = addresses.iter().filter(|address| !is_silent(way, address));
            let open: Vec<_> = open.copied().collect();
            let is_left_alone = open.is_empty();
            let addresses = if is_left_alone { addresses.to_vec() } else { open };
            Leg { way, addresses, is_left_alone }
        };
        let mut legs: Vec<_> = errand.ways(server, transfer.wanted).into_iter().map(leg).collect();
        legs.sort_by_key(|leg| leg.is_left_alone);
        legs
    }

    /// Tries one way, and notes what it came to.
    pub(super) async fn try_way(
        &self,
        way: FileWay,
        errand: &mut FileErrand<'_>,
        server: &ServerAddress,
        (transfer, addresses): (NumberedTransfer<'_>, &[SocketAddr]),
    ) -> Asked {
        let (walk, settings) = (&mut *errand.walk, errand.settings);
        let (asked, seen) = match way {
            FileWay::Http => http::read(&self.silent, walk, settings, (transfer, addresses)).await,
            FileWay::Https => {
                // On the heap, for it is large and rare: a handshake, and perhaps a question to TVS.
                let read = https::read(&self.silent, errand, server, (transfer, addresses));
                Box::pin(read).await
            }
            FileWay::Tftp => {
                let asked = tftp::read(walk, &settings.tftp, transfer, addresses).await;
                let seen = seen_of(&asked, transfer.wanted.name);
                (asked, seen)
            }
        };
        errand.walk.ways.note(server, way, seen);
        asked
    }
}

fn seen_of(asked: &Asked, name: &str) -> WaySeen {
    match &asked.outcome {
        Ok(_) => WaySeen::Sent(name.to_owned()),
        Err(NotFetched::Absent) => WaySeen::Lacked(name.to_owned()),
        Err(NotFetched::Unreachable(_)) => WaySeen::Silent,
        Err(why) => WaySeen::Failed(why.to_string()),
    }
}

fn not_resolved(server: &ServerAddress, unresolved: &str) -> Asked {
    let host = server.host.to_string();
    say(&Event::Unresolved { host, why: unresolved.to_owned() });
    // The phone's screen has no message for names: to a person no server answered.
    let message = Trouble::of_no_server().message;
    let why = format!("{} does not resolve: {unresolved}", server.host);
    let outcome = Err(NotFetched::Unreachable(Trouble { why, message }));
    Asked { outcome, ..Asked::of_no_server(FileWay::Tftp) }
}

/// One way to a server, for one file.
struct Leg {
    way: FileWay,
    /// Where it is tried.
    addresses: Vec<SocketAddr>,
    /// Whether it was silent lately at each of them.
    is_left_alone: bool,
}
