//! The ways to one server's files, one after the other.

use std::net::SocketAddr;

use super::asked::{Asked, NumberedTransfer, OtherWays, absent_after, graver};
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
        let (mut absent, mut last) = (None, None);
        let again = errand.walk.has_given(server);
        for way in errand.ways(server, transfer.wanted) {
            let before = match absent.is_some() || again {
                true => OtherWays::Answered,
                false => OtherWays::Nothing,
            };
            let transfer = NumberedTransfer { before, ..transfer };
            let asked = self.try_way(way, errand, server, (transfer, &addresses)).await;
            match &asked.outcome {
                Ok(_) => return asked,
                Err(NotFetched::Absent) if errand.walk.ways.settled(server) == Some(way) => {
                    return asked;
                }
                Err(NotFetched::Absent) => absent = Some(asked),
                Err(_) => last = Some(graver_of(last, asked)),
            }
        }
        match (absent, last) {
            (Some(absent), Some(Asked { outcome: Err(why), .. })) => {
                Asked { outcome: Err(absent_after(why)), ..absent }
            }
            (Some(asked), _) | (None, Some(asked)) => asked,
            // All ways that there are were closed before, and none of them is TFTP.
            (None, None) => Asked::of_no_way(),
        }
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
    Asked { outcome, foreign: None, way: FileWay::Tftp }
}

/// The failure of the way that came nearer to the file.
fn graver_of(one: Option<Asked>, other: Asked) -> Asked {
    match (one, other) {
        (Some(Asked { outcome: Err(one), .. }), Asked { outcome: Err(other), foreign, way }) => {
            Asked { outcome: Err(graver(one, other)), foreign, way }
        }
        (_, other) => other,
    }
}
