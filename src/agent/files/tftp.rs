//! TFTP as the way to a file: its settings, its lines in the log, and its failures in the words of
//! the sequence.

use std::net::SocketAddr;

use crate::agent::narrate::say;
use crate::boot::event::Level;
use crate::boot::{Event, Message, NotFetched, Sort, Trouble, Wanted};
use crate::io::settings;
use crate::io::tftp::{self, Failure, Options, Request, Timing};
use crate::wire::tftp::ErrorCode;

/// Reads a file from the first of a server's addresses that answers.
pub(super) async fn read(
    number: u64,
    settings: &settings::Tftp,
    wanted: &Wanted<'_>,
    addresses: &[SocketAddr],
) -> Result<Vec<u8>, NotFetched> {
    let request = Request {
        name: wanted.name,
        limit: wanted.limit,
        options: options(settings),
        timing: timing(settings),
    };
    let mut watch = |event: tftp::Event<'_>| match event {
        tftp::Event::Requesting(server) => say(&requesting(number, wanted, server)),
        tftp::Event::Failed(failure) => {
            let (why, level) = (failure.to_string(), gravity(failure));
            say(&Event::TransferFailed { number, why, level });
        }
        tftp::Event::Octets(_) | tftp::Event::Progress(_) => {}
    };
    match tftp::read_first(addresses, &request, &mut watch).await {
        Ok(received) => {
            say(&Event::TransferFinished { number, bytes: received.octets.len() });
            Ok(received.octets)
        }
        Err(failure) => Err(NotFetched::from(&failure)),
    }
}

/// The log names the limit of a configuration's request, and not that of a list's (technote).
fn requesting(number: u64, wanted: &Wanted<'_>, server: SocketAddr) -> Event {
    let Wanted { name, limit, sort } = *wanted;
    let (name, server) = (name.to_owned(), shown(server));
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
const fn gravity(failure: &Failure) -> Level {
    match failure {
        Failure::NotFound { .. } => Level::Notice,
        Failure::Io { .. } | Failure::NoServer | Failure::UnfitName(_) => Level::Error,
        _ => Level::Warning,
    }
}

impl From<&Failure> for NotFetched {
    fn from(failure: &Failure) -> Self {
        let why = failure.to_string();
        let trouble = |message| Trouble { why: failure.to_string(), message };
        match failure {
            Failure::NotFound { .. } => Self::Absent,
            Failure::TooLarge { .. } => Self::TooLarge(why),
            Failure::NoServer | Failure::TimedOut { .. } | Failure::Unreachable { .. } => {
                Self::Unreachable(trouble(Message::TftpTimeout))
            }
            Failure::Io { .. } => Self::Unreachable(trouble(Message::TftpError)),
            Failure::ServerError { code: ErrorCode::AccessViolation, .. } => {
                Self::Failed(trouble(Message::TftpAccessError))
            }
            Failure::Misbehaved { .. } | Failure::ServerError { .. } | Failure::UnfitName(_) => {
                Self::Failed(trouble(Message::TftpError))
            }
        }
    }
}

impl Trouble {
    /// That there is no server to ask.
    pub(super) fn of_no_server() -> Self {
        Self { why: Failure::NoServer.to_string(), message: Message::TftpTimeout }
    }
}

/// The options that differ from the plain protocol; a plain request suits the oldest servers.
fn options(settings: &settings::Tftp) -> Options {
    let plain = Options::default();
    let sized =
        if settings.blksize == 512 { Ok(plain) } else { plain.with_blksize(settings.blksize) };
    let windowed = sized.and_then(|options| match settings.windowsize {
        1 => Ok(options),
        blocks => options.with_windowsize(blocks),
    });
    // The settings have been checked against the same ranges.
    let options = windowed.unwrap_or_default();
    if settings.tsize { options.with_tsize() } else { options }
}

fn timing(settings: &settings::Tftp) -> Timing {
    let plain = Timing::default();
    Timing {
        timeout: settings.timeout,
        longest: plain.longest.max(settings.timeout),
        tries: settings.retries + 1,
        deadline: settings.deadline,
        ..plain
    }
}
