//! One transfer, and its result.

use std::net::SocketAddr;

use super::silent::SilentPorts;
use crate::boot::{Fetched, NotFetched, Trouble, Wanted};
use crate::diagnose::{Contact, WaySeen};
use crate::wire::way::FileWay;

/// One transfer: its number in the log, and the file that it is for.
#[derive(Clone, Copy)]
pub(super) struct NumberedTransfer<'a> {
    pub(super) number: u64,
    pub(super) wanted: &'a Wanted<'a>,
    /// What another way to the same server has answered.
    pub(super) before: OtherWays,
}

/// What another way to the same server has answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum OtherWays {
    /// That the file is not there, or one that is of no use: this way is not waited for as long.
    Answered,
    Nothing,
}

/// The result of asking one server.
pub(super) struct Asked {
    pub(super) outcome: Result<Fetched, NotFetched>,
    /// Where answers came from, if from another address than the one that was asked.
    pub(super) foreign: Option<Contact>,
    /// The way that the outcome is of.
    pub(super) way: FileWay,
    /// Ports for HTTP or HTTPS that let the phone wait in vain.
    pub(super) unanswered: Vec<SocketAddr>,
}

impl Asked {
    /// The result of a way that leads to no server.
    pub(super) fn of_no_server(way: FileWay) -> Self {
        let outcome = Err(NotFetched::Unreachable(Trouble::of_no_server()));
        Self { outcome, foreign: None, way, unanswered: Vec::new() }
    }

    /// Notes whether a port for HTTP or HTTPS let the phone wait.
    pub(super) fn note_port(&mut self, silent: &SilentPorts, port: SocketAddr, seen: &WaySeen) {
        match seen {
            WaySeen::Silent => self.unanswered.push(port),
            _ => silent.note_answer(port),
        }
    }

    /// Whether another address of the server may answer where this one does not.
    pub(super) const fn leads_elsewhere(&self, seen: &WaySeen) -> bool {
        seen.is_over() || !self.is_answered()
    }

    /// Whether the server has answered in any manner.
    pub(super) const fn is_answered(&self) -> bool {
        !matches!(self.outcome, Err(NotFetched::Unreachable(_)))
    }
}

/// What the ways to one server have come to, as long as none has brought the file.
#[derive(Default)]
pub(super) struct WayAnswers {
    /// That the file is not there; by TFTP if that is among those that say so.
    absent: Option<Asked>,
    /// The failure of the way that came nearest to the file.
    failed: Option<Asked>,
    /// The silence of a way; of one for all files, if there was any.
    silent: Option<Asked>,
}

impl WayAnswers {
    /// Takes what one more way has come to.
    pub(super) fn note(&mut self, asked: Asked) {
        match asked.outcome {
            Err(NotFetched::Absent) if self.absent.is_none() || asked.way == FileWay::Tftp => {
                self.absent = Some(asked);
            }
            Ok(_) | Err(NotFetched::Absent) => {}
            Err(NotFetched::Unreachable(_)) => {
                let before = self.silent.take();
                let keeps = asked.way == FileWay::Https;
                self.silent = Some(match before {
                    Some(before) if keeps => before,
                    Some(Asked { foreign, .. }) => {
                        Asked { foreign: asked.foreign.or(foreign), ..asked }
                    }
                    None => asked,
                });
            }
            Err(_) => self.failed = Some(graver_of(self.failed.take(), asked)),
        }
    }

    /// Whether a way has answered, be it that the file is not there.
    pub(super) const fn is_answered(&self) -> bool {
        self.absent.is_some() || self.failed.is_some()
    }

    /// Whether a way has answered that the file is not there.
    pub(super) const fn is_absent(&self) -> bool {
        self.absent.is_some()
    }

    /// Whether a way has shown that the server has the file, though it did not bring it.
    pub(super) fn shows_file(&self) -> bool {
        let outcome = self.failed.as_ref().map(|failed| &failed.outcome);
        matches!(outcome, Some(Err(NotFetched::BrokenOff(_) | NotFetched::TooLarge(_))))
    }

    /// Whether the file is not there by HTTP alone, while TFTP is silent.
    pub(super) fn is_doubtful(&self) -> bool {
        let is_by =
            |asked: Option<&Asked>, way: FileWay| asked.is_some_and(|asked| asked.way == way);
        self.failed.is_none()
            && is_by(self.absent.as_ref(), FileWay::Http)
            && is_by(self.silent.as_ref(), FileWay::Tftp)
    }

    /// The way that lacks the file counts, be others silent.
    pub(super) fn trust_absence(&mut self) {
        self.silent = None;
    }

    /// What the server's answer is, once each way was tried.
    ///
    /// The file is not there only if no way has failed, which may have it, and if TFTP is not silent
    /// where HTTP has not brought any file yet: its packets may be lost, and the web server be
    /// another's.
    pub(super) fn settled(self) -> Asked {
        match self {
            // The silence of TFTP may pass, and so the failure of HTTP; closed HTTP is nothing new.
            Self { failed: Some(failed), silent: Some(silent), .. }
                if silent.way == FileWay::Tftp =>
            {
                let outcome = failed.outcome.map_err(|why| match why {
                    NotFetched::Failed(trouble) => NotFetched::BrokenOff(trouble),
                    why => why,
                });
                Asked { outcome, ..failed }
            }
            Self { failed: Some(failed), .. } => failed,
            Self { absent: Some(absent), silent: Some(silent), .. }
                if absent.way != FileWay::Tftp && silent.way != FileWay::Https =>
            {
                doubtful(absent.way, silent)
            }
            Self { absent: Some(asked), .. } | Self { silent: Some(asked), .. } => asked,
            // All ways that there are were closed before, and none of them is for all files.
            Self { .. } => Asked::of_no_server(FileWay::Tftp),
        }
    }
}

/// That a file is not there by one way, which another that was silent may yet have.
fn doubtful(by: FileWay, silent: Asked) -> Asked {
    let outcome = match silent.outcome {
        // Not unreachable, which would end the pass: the next file may come.
        Err(NotFetched::Unreachable(Trouble { why, message })) => {
            let why = format!("not found by {by}, and {why}");
            Err(NotFetched::BrokenOff(Trouble { why, message }))
        }
        outcome => outcome,
    };
    Asked { outcome, ..silent }
}

/// The failure of the way that came nearer to the file.
fn graver_of(one: Option<Asked>, other: Asked) -> Asked {
    match (one, other) {
        (Some(one), other) if one.rank() > other.rank() => one,
        (_, other) => other,
    }
}

impl Asked {
    fn rank(&self) -> u8 {
        self.outcome.as_ref().err().map_or(u8::MAX, rank)
    }
}

/// What counts when one server lacks a file that another did not send: it does not exist, unless a
/// server has it and it is too large.
pub(super) fn absent_after(before: NotFetched) -> NotFetched {
    match before {
        NotFetched::TooLarge(_) => before,
        _ => NotFetched::Absent,
    }
}

/// The failure of the server that came nearer to sending the file: "unreachable" may be reported
/// only if no server was reached.
pub(super) fn graver(one: NotFetched, other: NotFetched) -> NotFetched {
    if rank(&one) > rank(&other) { one } else { other }
}

/// How near a server came to sending the file.
const fn rank(why: &NotFetched) -> u8 {
    match why {
        NotFetched::Absent | NotFetched::Unreachable(_) => 0,
        NotFetched::Failed(_) => 1,
        NotFetched::BrokenOff(_) => 2,
        NotFetched::TooLarge(_) => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boot::StatusMessage;

    fn trouble() -> Trouble {
        Trouble { why: "silent".to_owned(), message: StatusMessage::TftpTimeout }
    }

    /// What a server's answer is by what its ways came to.
    fn settled(ways: &[(FileWay, NotFetched)]) -> NotFetched {
        let mut answers = WayAnswers::default();
        for (way, why) in ways {
            answers.note(Asked { outcome: Err(why.clone()), ..Asked::of_no_server(*way) });
        }
        answers.settled().outcome.expect_err("no way has brought the file")
    }

    #[test]
    fn a_file_is_absent_if_tftp_says_so_or_every_way_that_was_asked() {
        let [https, http, tftp] = FileWay::ALL;
        let silent = || NotFetched::Unreachable(trouble());
        let absent = || NotFetched::Absent;
        for ways in [
            vec![(http, absent()), (tftp, absent())],
            vec![(http, silent()), (tftp, absent())],
            vec![(tftp, absent()), (http, silent())],
            vec![(https, silent()), (http, absent())],
            vec![(http, absent())],
        ] {
            assert_eq!(settled(&ways), absent(), "{ways:?}");
        }
    }

    #[test]
    fn a_file_that_http_alone_lacks_is_in_doubt_while_tftp_is_silent() {
        let [https, http, tftp] = FileWay::ALL;
        let silent = || NotFetched::Unreachable(trouble());
        for ways in [
            vec![(http, NotFetched::Absent), (tftp, silent())],
            vec![(https, NotFetched::Absent), (http, silent()), (tftp, silent())],
            vec![(http, NotFetched::Absent), (tftp, silent()), (https, silent())],
            vec![(tftp, silent()), (http, NotFetched::Absent)],
        ] {
            let doubtful = settled(&ways);
            assert!(matches!(doubtful, NotFetched::BrokenOff(_)), "{ways:?}: {doubtful}");
            assert!(doubtful.to_string().starts_with("not found by HTTP"), "{doubtful}");
        }
        assert_eq!(settled(&[(http, silent()), (tftp, silent())]), silent());
    }

    #[test]
    fn a_way_that_failed_may_have_what_another_lacks() {
        let [_, http, tftp] = FileWay::ALL;
        for why in [
            NotFetched::Failed(trouble()),
            NotFetched::BrokenOff(trouble()),
            NotFetched::TooLarge("large".to_owned()),
        ] {
            assert_eq!(settled(&[(http, why.clone()), (tftp, NotFetched::Absent)]), why);
            assert_eq!(settled(&[(http, NotFetched::Absent), (tftp, why.clone())]), why);
        }
        let (failed, silent) = (NotFetched::Failed(trouble()), NotFetched::Unreachable(trouble()));
        let passing = NotFetched::BrokenOff(trouble());
        let both = [(http, failed.clone()), (tftp, silent.clone())];
        assert_eq!(settled(&both), passing, "the silence may pass");
        assert_eq!(settled(&[(http, silent), (tftp, failed.clone())]), failed);
    }

    #[test]
    fn what_may_pass_counts_more_than_what_will_not() {
        let (off, failed) = (NotFetched::BrokenOff(trouble()), NotFetched::Failed(trouble()));
        assert_eq!(graver(off.clone(), failed.clone()), off);
        assert_eq!(graver(failed, off.clone()), off);
    }
}
