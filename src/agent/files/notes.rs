//! What one pass learns of the ways to each server, and in which order they are tried.

use std::net::SocketAddr;

use super::asked::Asked;
use crate::diagnose::WaySeen;
use crate::wire::address::ServerAddress;
use crate::wire::way::FileWay;

/// What one pass learned of the ways to each server: a few, which are searched one by one.
#[derive(Default)]
pub(in crate::agent) struct WayNotes {
    seen: Vec<(ServerAddress, FileWay, WaySeen)>,
    /// The way by which a file has come, and its name; HTTPS does not count, which serves only one.
    settled: Vec<(ServerAddress, FileWay, String)>,
    /// Ports for HTTP and HTTPS that let the phone wait, while no other way has brought a file.
    unanswered: Vec<(ServerAddress, FileWay, SocketAddr)>,
    /// Servers whose word that a file is not there was doubted.
    doubted: Vec<ServerAddress>,
}

impl WayNotes {
    /// The ways that are tried for the next file, in their order.
    pub(super) fn order(&self, server: &ServerAddress, ways: &[FileWay]) -> Vec<FileWay> {
        let settled = self.settled(server);
        let is_over = |way: &&FileWay| match (**way, self.seen(server, **way)) {
            // Its packets may be lost, and one that has brought nothing does not answer in its place.
            (FileWay::Tftp, Some(WaySeen::Silent)) => {
                settled.is_some_and(|settled| settled != FileWay::Tftp)
            }
            (_, seen) => seen.is_some_and(WaySeen::is_over),
        };
        let mut open: Vec<FileWay> = ways.iter().filter(|way| !is_over(way)).copied().collect();
        if open.is_empty() {
            // What was closed may be open again: better than to ask nobody.
            let all = [FileWay::Tftp, FileWay::Http].into_iter().find(|way| ways.contains(way));
            open.extend(all);
        }
        if let Some(at) = open.iter().position(|way| settled == Some(*way)) {
            // HTTPS stays in front if it was: it is for the configuration, and nothing settles it.
            let front = usize::from(open.first() == Some(&FileWay::Https));
            open[front.min(at)..=at].rotate_right(1);
        }
        // Stable: a silent one is waited for once the others have answered.
        open.sort_by_key(|way| matches!(self.seen(server, *way), Some(WaySeen::Silent)));
        open
    }

    /// What a way to a server came to; the last file that was sent counts more than what was not.
    pub(in crate::agent) fn seen(&self, server: &ServerAddress, way: FileWay) -> Option<&WaySeen> {
        let found = self.seen.iter().find(|(of, by, _)| of == server && *by == way);
        found.map(|(_, _, seen)| seen)
    }

    /// The way by which the server has sent a file.
    pub(super) fn settled(&self, server: &ServerAddress) -> Option<FileWay> {
        self.settled.iter().find(|(of, ..)| of == server).map(|(_, way, _)| *way)
    }

    /// Notes the ports that let the last request by a way wait.
    pub(super) fn note_unanswered(&mut self, server: &ServerAddress, asked: &Asked) {
        self.unanswered.retain(|(of, way, _)| of != server || *way != asked.way);
        let ports = asked.unanswered.iter().map(|port| (server.clone(), asked.way, *port));
        self.unanswered.extend(ports);
    }

    /// The ports of a server that have let the phone wait, but for those of this way.
    pub(super) fn take_unanswered(
        &mut self,
        server: &ServerAddress,
        but: FileWay,
    ) -> Vec<SocketAddr> {
        let all = core::mem::take(&mut self.unanswered).into_iter();
        let (taken, left): (Vec<_>, _) = all.partition(|(of, way, _)| of == server && *way != but);
        self.unanswered = left;
        taken.into_iter().map(|(.., port)| port).collect()
    }

    /// Whether a server may have files by a way that was silent: no other has brought one.
    pub(in crate::agent) fn has_unanswered(&self) -> bool {
        !self.unanswered.is_empty()
    }

    /// Notes that it is doubted whether a server lacks a file; whether that is so for the first time.
    pub(super) fn is_first_doubt(&mut self, server: &ServerAddress) -> bool {
        let is_first = !self.doubted.contains(server);
        if is_first {
            self.doubted.push(server.clone());
        }
        is_first
    }

    /// Notes that the files of a name were refused: what has sent nothing else does not answer for
    /// its server.
    pub(super) fn note_refused(&mut self, name: &str) {
        self.settled.retain(|(.., by)| by != name);
    }

    /// Whether a way may bring another file of this name than those that came by the others. HTTPS is
    /// for the first try alone.
    pub(super) fn may_have_more(&self, server: &ServerAddress, way: FileWay, name: &str) -> bool {
        let lacks = |seen: &WaySeen| matches!(seen, WaySeen::Lacked(lacked) if lacked == name);
        way != FileWay::Https && !self.seen(server, way).is_some_and(lacks)
    }

    pub(super) fn note(&mut self, server: &ServerAddress, way: FileWay, seen: WaySeen) {
        match &seen {
            WaySeen::Sent(name) if way != FileWay::Https && self.settled(server) != Some(way) => {
                self.settled.retain(|(of, ..)| of != server);
                self.settled.push((server.clone(), way, name.clone()));
            }
            _ => {}
        }
        match (self.seen(server, way), &seen) {
            (Some(WaySeen::Sent(_)), WaySeen::Lacked(_) | WaySeen::NotTried(_)) => {}
            _ => {
                self.seen.retain(|(of, by, _)| of != server || *by != way);
                self.seen.push((server.clone(), way, seen));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_that_a_file_came_by_is_first_behind_https_and_closed_ones_are_left_out() {
        let server = ServerAddress::parse("192.0.2.1", 69).expect("an address");
        let [https, http, tftp] = FileWay::ALL;
        let mut notes = WayNotes::default();
        assert_eq!(notes.order(&server, &FileWay::ALL), [https, http, tftp]);
        notes.note(&server, http, WaySeen::Lacked("a".to_owned()));
        notes.note(&server, tftp, WaySeen::Sent("a".to_owned()));
        assert_eq!(notes.order(&server, &FileWay::ALL), [https, tftp, http]);
        assert_eq!(notes.order(&server, &[http, tftp, https]), [tftp, http, https]);
        notes.note(&server, https, WaySeen::Refused);
        notes.note(&server, http, WaySeen::Silent);
        assert_eq!(notes.order(&server, &FileWay::ALL), [tftp]);
        notes.note(&server, tftp, WaySeen::Silent);
        assert_eq!(notes.order(&server, &FileWay::ALL), [tftp], "its packets may be lost");
        assert_eq!(notes.order(&server, &[http]), [http], "there is no other");
    }

    #[test]
    fn a_silent_tftp_is_asked_again_unless_another_way_has_brought_a_file() {
        let server = ServerAddress::parse("192.0.2.1", 69).expect("an address");
        let [_, http, tftp] = FileWay::ALL;
        let ways = [tftp, http];
        let mut notes = WayNotes::default();
        notes.note(&server, tftp, WaySeen::Silent);
        notes.note(&server, http, WaySeen::Lacked("a".to_owned()));
        assert_eq!(notes.order(&server, &ways), [http, tftp], "last, since it takes long");
        notes.note(&server, http, WaySeen::Sent("b".to_owned()));
        assert_eq!(notes.order(&server, &ways), [http]);
    }

    #[test]
    fn a_way_whose_file_was_refused_does_not_answer_for_its_server() {
        let server = ServerAddress::parse("192.0.2.1", 69).expect("an address");
        let http = FileWay::Http;
        let mut notes = WayNotes::default();
        notes.note(&server, http, WaySeen::Sent("a".to_owned()));
        notes.note_refused("a");
        assert_eq!(notes.settled(&server), None);
        notes.note(&server, http, WaySeen::Sent("a".to_owned()));
        notes.note(&server, http, WaySeen::Sent("b".to_owned()));
        notes.note_refused("b");
        assert_eq!(notes.settled(&server), Some(http), "another one of its files was taken");
    }
}
