//! HTTP as the way to a file: its times, its lines in the log, and its failures in the terms of the
//! boot pass.

use std::net::SocketAddr;
use std::time::Duration;

use super::asked::{Asked, NumberedTransfer};
use super::silent::SilentPorts;
use super::tftp::requesting;
use super::walk::ServerWalk;
use crate::agent::narrate::say;
use crate::boot::event::Level;
use crate::boot::{Event, Fetched, NotFetched, StatusMessage, Trouble};
use crate::diagnose::WaySeen;
use crate::io::http::{self, FileConnection, GetEvent, GetFailure, GetPatience, GetRequest};
use crate::io::settings::{ProvisioningSettings, Settings};
use crate::wire::http::UnfitBody;
use crate::wire::way::FileWay;

/// Reads a file from the first of a server's addresses that answers.
pub(super) async fn read(
    silent: &SilentPorts,
    walk: &ServerWalk,
    settings: &Settings,
    (transfer, addresses): (NumberedTransfer<'_>, &[SocketAddr]),
) -> (Asked, WaySeen) {
    let (mut asked, mut seen) = (Asked::of_no_server(FileWay::Http), WaySeen::Silent);
    for address in addresses {
        let server = at(*address, settings.provisioning.http_port);
        (asked.outcome, seen) = match read_from(walk, settings, transfer, server).await {
            Ok(bytes) => (Ok(bytes.into()), WaySeen::Sent(transfer.wanted.name.to_owned())),
            Err(failure) => failed(FileWay::Http, transfer, server, &failure),
        };
        asked.note_port(silent, server, &seen);
        if !asked.leads_elsewhere(&seen) {
            break;
        }
    }
    (asked, seen)
}

/// The port of a server that a way leads to; none of TFTP, whose port comes with the server.
pub(super) const fn port(way: FileWay, settings: &ProvisioningSettings) -> Option<u16> {
    match way {
        FileWay::Http => Some(settings.http_port),
        FileWay::Https => Some(settings.https_port),
        FileWay::Tftp => None,
    }
}

/// The port of a server beside that of TFTP; a socket needs an IPv4 address as it is.
pub(super) fn at(address: SocketAddr, port: u16) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), port)
}

async fn read_from(
    walk: &ServerWalk,
    settings: &Settings,
    transfer: NumberedTransfer<'_>,
    server: SocketAddr,
) -> Result<Vec<u8>, GetFailure> {
    let mut connection = http::connect(walk.own, server, CONNECT).await?;
    let way = (FileWay::Http, server);
    let bytes = get(&mut connection, way, settings, transfer).await?;
    finished(transfer, &bytes);
    Ok(bytes)
}

/// Gets a file over an open connection.
pub(super) async fn get(
    connection: &mut dyn FileConnection,
    (way, server): (FileWay, SocketAddr),
    settings: &Settings,
    NumberedTransfer { number, wanted, .. }: NumberedTransfer<'_>,
) -> Result<Vec<u8>, GetFailure> {
    // Only once it is open: where nothing listens, the log is that of a phone that knows TFTP alone.
    say(&requesting(number, wanted, format!("{}://{server}", way.word())));
    let patience = GetPatience { answer: ANSWER, total: settings.tftp.deadline };
    let request = GetRequest { name: wanted.name, limit: wanted.limit, patience };
    let mut bytes = Vec::new();
    let mut watch = |event: GetEvent<'_>| {
        if let GetEvent::Bytes(more) = event {
            bytes.extend_from_slice(more);
        }
    };
    http::get(connection, server, &request, &mut watch).await?;
    // TFTP may have the file where a web server answers with another.
    match UnfitBody::of(wanted.name, way, &bytes) {
        Some(unfit) => Err(GetFailure::Unfit(unfit)),
        None => Ok(bytes),
    }
}

/// Logs that a file has come.
pub(super) fn finished(transfer: NumberedTransfer<'_>, bytes: &[u8]) {
    say(&Event::TransferFinished { number: transfer.number, bytes: bytes.len() });
}

/// Logs a failure; what it means for the file, and for the way.
pub(super) fn failed(
    way: FileWay,
    transfer: NumberedTransfer<'_>,
    server: SocketAddr,
    failure: &GetFailure,
) -> (Result<Fetched, NotFetched>, WaySeen) {
    let why = format!("{way} server {server} {failure}");
    let level = gravity(way, failure);
    say(&Event::TransferFailed { number: transfer.number, why: why.clone(), level });
    let seen = match failure {
        GetFailure::Refused => WaySeen::Refused,
        // A server that is too slow once would hold up every file.
        GetFailure::Silent { .. } | GetFailure::Stalled { .. } => WaySeen::Silent,
        failure if failure.is_not_found() => WaySeen::Lacked(transfer.wanted.name.to_owned()),
        failure => WaySeen::Failed(failure.to_string()),
    };
    (Err(not_fetched(why, failure)), seen)
}

/// A file that is not there is an ordinary answer. So is a closed port: most servers have no HTTP, but
/// HTTPS is only tried where it was announced.
fn gravity(way: FileWay, failure: &GetFailure) -> Level {
    match failure {
        failure if failure.is_not_found() => Level::Notice,
        GetFailure::Refused if way == FileWay::Http => Level::Debug,
        GetFailure::Silent { .. } if way == FileWay::Http => Level::Notice,
        _ => Level::Warning,
    }
}

fn not_fetched(why: String, failure: &GetFailure) -> NotFetched {
    let trouble = |message, why| Trouble { why, message };
    match failure {
        failure if failure.is_not_found() => NotFetched::Absent,
        failure if failure.is_too_large() => NotFetched::TooLarge(why),
        failure if failure.is_broken_off() => {
            NotFetched::BrokenOff(trouble(StatusMessage::TftpTimeout, why))
        }
        GetFailure::Closed
        | GetFailure::NoConnection(_)
        | GetFailure::Refused
        | GetFailure::Silent { .. } => {
            NotFetched::Unreachable(trouble(StatusMessage::TftpTimeout, why))
        }
        // As if nobody was there: what a server of files lacks or has is not known by it.
        failure if failure.is_no_file_server() => {
            NotFetched::Unreachable(trouble(StatusMessage::TftpError, why))
        }
        _ => NotFetched::Failed(trouble(StatusMessage::TftpError, why)),
    }
}

/// How long a connection is waited for. A server on the same network answers in milliseconds; less
/// than a second, after which the system would ask again (RFC 6298 §2).
pub(super) const CONNECT: Duration = Duration::from_millis(900);

/// How long an answer is waited for, and each further piece of the file (domain facts, HTTP sheet B2).
pub(super) const ANSWER: Duration = Duration::from_secs(4);
