//! TFTP as the way to a file: its settings, its lines in the log, and its failures in the terms of
//! the boot pass.

use std::net::SocketAddr;

use super::asked::{Asked, NumberedTransfer, OtherWays};
use super::habit::Habit;
use super::walk::ServerWalk;
use crate::agent::narrate::say;
use crate::boot::event::Level;
use crate::boot::{Event, NotFetched, Sort, StatusMessage, Trouble, Wanted};
use crate::diagnose::Contact;
use crate::io::settings;
use crate::io::tftp::{self, ReadFailure, ReadRequest, TftpOptions, Timing};
use crate::wire::tftp::ErrorCode;
use crate::wire::way::FileWay;

/// Reads a file from the first of a server's addresses that answers.
pub(super) async fn read(
    walk: &mut ServerWalk,
    settings: &settings::TftpSettings,
    transfer: NumberedTransfer<'_>,
    addresses: &[SocketAddr],
) -> Asked {
    let mut asked = Asked::of_no_server(FileWay::Tftp);
    // Other addresses of a name may lead to a server that works; an answer about the file ends it.
    for address in walk.order_addresses(addresses) {
        let foreign = &mut asked.foreign;
        match read_from(walk, settings, transfer, address, foreign).await {
            Ok(bytes) => asked.outcome = Ok(bytes.into()),
            Err(failure) => {
                asked.outcome = Err(NotFetched::from(&failure));
                if !failure.is_definite() {
                    continue;
                }
            }
        }
        break;
    }
    asked
}

async fn read_from(
    walk: &mut ServerWalk,
    settings: &settings::TftpSettings,
    NumberedTransfer { number, wanted, before }: NumberedTransfer<'_>,
    address: SocketAddr,
    foreign: &mut Option<Contact>,
) -> Result<Vec<u8>, ReadFailure> {
    let plain = walk.is_plain(address);
    // Without a second server it makes no sense to give up early.
    let is_only = settings.servers.len() == 1;
    let silence = match (before, walk.is_alive(address)) {
        (_, true) => Silence::Loss,
        (OtherWays::Answered, false) => Silence::Answered,
        (OtherWays::Nothing, false) if is_only => Silence::Loss,
        (OtherWays::Nothing, false) => Silence::Unknown,
    };
    let request = ReadRequest {
        name: wanted.name,
        limit: wanted.limit,
        options: if plain { TftpOptions::default() } else { options(settings) },
        timing: timing(settings, silence),
    };
    let own = walk.own;
    let mut watch = |event: tftp::ReadEvent<'_>| match event {
        tftp::ReadEvent::Requesting(server) => say(&requesting(number, wanted, shown(server))),
        tftp::ReadEvent::Failed(failure) => {
            let (why, level) = (failure.to_string(), gravity(failure));
            say(&Event::TransferFailed { number, why, level });
            if let Some(habit) = Habit::of(failure) {
                walk.note_habit(address, habit);
            }
        }
        tftp::ReadEvent::Foreign { server, from } => {
            say(&Event::ForeignAnswer { number, from, server: server.ip() });
            walk.note_habit(server, Habit::Elsewhere(from));
            *foreign = Some(Contact::Elsewhere { from, asked: server.ip() });
        }
        tftp::ReadEvent::Terms(server, negotiation) => walk.note_terms(server, negotiation),
        tftp::ReadEvent::Bytes(_) | tftp::ReadEvent::Progress(_) => {}
    };
    let outcome = tftp::read_first(own, &[address], &request, &mut watch).await;
    match &outcome {
        Ok(received) => {
            say(&Event::TransferFinished { number, bytes: received.bytes.len() });
            walk.note_answer(address);
            walk.note_habit(address, Habit::Options(received.agreed.negotiation));
        }
        Err(failure) if failure.is_silence() => walk.note_silence(address),
        // It answered, if not well: its silence later means that packets are lost.
        Err(_) => walk.note_answer(address),
    }
    outcome.map(|received| received.bytes)
}

/// The log names the limit of a configuration's request, and not that of a list's (technote).
pub(super) fn requesting(number: u64, wanted: &Wanted<'_>, server: String) -> Event {
    let Wanted { name, limit, sort } = *wanted;
    let name = name.to_owned();
    match sort {
        Sort::File => Event::RequestingUpTo { number, name, server, limit },
        Sort::List => Event::Requesting { number, name, server },
    }
}

/// A server as the log names it: the port only where it is not the usual one.
fn shown(server: SocketAddr) -> String {
    match (server.port(), server.ip()) {
        (settings::TFTP_PORT, ip) => ip.to_string(),
        _ => server.to_string(),
    }
}

/// A file that is not there is an ordinary answer; anything else is not.
const fn gravity(failure: &ReadFailure) -> Level {
    match failure {
        // A phone asks for names that many clusters do not have, such as a CTL.
        ReadFailure::NotFound { .. } => Level::Notice,
        ReadFailure::Io { .. } | ReadFailure::NoServer | ReadFailure::UnfitName(_) => Level::Error,
        _ => Level::Warning,
    }
}

impl From<&ReadFailure> for NotFetched {
    fn from(failure: &ReadFailure) -> Self {
        let why = failure.to_string();
        let trouble = |message| Trouble { why: failure.to_string(), message };
        match failure {
            ReadFailure::NotFound { .. } => Self::Absent,
            ReadFailure::TooLarge { .. } => Self::TooLarge(why),
            failure if failure.is_broken_off() => {
                Self::BrokenOff(trouble(StatusMessage::TftpTimeout))
            }
            ReadFailure::BrokeOff { .. }
            | ReadFailure::Elsewhere { .. }
            | ReadFailure::NoServer
            | ReadFailure::TimedOut { .. }
            | ReadFailure::Unreachable { .. } => {
                Self::Unreachable(trouble(StatusMessage::TftpTimeout))
            }
            // The phone's own side failed: its screen distinguishes that from a server's silence.
            ReadFailure::Io { .. } => Self::Unreachable(trouble(StatusMessage::TftpError)),
            ReadFailure::ServerError { code: ErrorCode::AccessViolation, .. } => {
                Self::Failed(trouble(StatusMessage::TftpAccessError))
            }
            ReadFailure::Misbehaved { .. }
            | ReadFailure::ServerError { .. }
            | ReadFailure::UnfitName(_) => Self::Failed(trouble(StatusMessage::TftpError)),
        }
    }
}

impl Trouble {
    /// That there is no server to ask.
    pub(super) fn of_no_server() -> Self {
        Self { why: ReadFailure::NoServer.to_string(), message: StatusMessage::TftpTimeout }
    }
}

/// The options that differ from the plain protocol; the oldest servers answer plain requests only.
fn options(settings: &settings::TftpSettings) -> TftpOptions {
    let plain = TftpOptions::default();
    let sized =
        // 512 is what a request without the option means (RFC 1350).
        if settings.blksize == 512 { Ok(plain) } else { plain.with_blksize(settings.blksize) };
    let windowed = sized.and_then(|options| match settings.windowsize {
        1 => Ok(options),
        blocks => options.with_windowsize(blocks),
    });
    // Cannot fail: the settings were checked against the same ranges when they were read.
    let options = windowed.unwrap_or_default();
    if settings.tsize { options.with_tsize() } else { options }
}

/// What the silence of a server means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Silence {
    /// Another way has answered, and this one is not known to lead anywhere.
    Answered,
    /// The server exists, or there is no other: packets were lost.
    Loss,
    /// The server may be down, and another may answer.
    Unknown,
}

/// If silence means loss, a server is asked twice as often, and again when it falls silent during a
/// transfer; otherwise the next server is as good.
fn timing(settings: &settings::TftpSettings, silence: Silence) -> Timing {
    let plain = Timing::default();
    let requests = settings.retries + 1;
    let (requests, attempts) = match silence {
        Silence::Answered => (requests.min(2), 1),
        Silence::Loss => (requests * 2, plain.attempts),
        Silence::Unknown => (requests, 1),
    };
    Timing {
        timeout: settings.timeout,
        // Doubling must not end below what the settings ask for.
        longest: plain.longest.max(settings.timeout),
        requests,
        tries: plain.tries.min(settings.retries + 1),
        attempts,
        deadline: settings.deadline,
        ..plain
    }
}
