//! One file from the phone's servers, with the lines that the log has for it.

use std::net::{IpAddr, SocketAddr};

use log::{error, info, warn};

use crate::agent::{Agent, TFTP};
use crate::io::tftp::{self, Event, Failure, Options, Request, Timing};
use crate::io::{resolve, settings};

/// A file that is wanted.
pub(super) struct Wanted<'a> {
    /// Its name on the server.
    pub(super) name: &'a str,
    /// The most octets that it may have.
    pub(super) limit: usize,
    /// Whether the log names the limit, as it does for configurations.
    pub(super) said: Limit,
}

/// Whether the log names the size limit of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    Silent,
    Told,
}

impl Agent {
    /// Reads a file from the first server that answers.
    pub(super) async fn fetch(&self, wanted: &Wanted<'_>) -> Result<Vec<u8>, Failure> {
        let configuration = self.settings();
        let settings = &configuration.tftp;
        let servers = resolve::all(&settings.servers).await;
        let number = self.transfers.get() + 1;
        self.transfers.set(number);
        let request = Request {
            name: wanted.name,
            limit: wanted.limit,
            options: options(settings),
            timing: timing(settings),
        };
        let mut asked = String::new();
        let mut watch = |event: Event<'_>| match event {
            Event::Requesting(server) => {
                asked = server.to_string();
                requesting(number, wanted, server);
            }
            Event::Failed(failure) => {
                told(number, failure);
                self.note_contact(&asked, &failure.to_string());
            }
            Event::Octets(_) | Event::Progress(_) => {}
        };
        let received = tftp::read_first(&servers, &request, &mut watch).await?;
        self.note_contact(&received.server.to_string(), &format!("gave {}", wanted.name));
        info!(target: TFTP, "[{number}]:Finished --> rcvd {} bytes", received.octets.len());
        Ok(received.octets)
    }
}

fn requesting(number: u64, wanted: &Wanted<'_>, server: SocketAddr) {
    let (name, server) = (wanted.name, shown(server));
    match wanted.said {
        Limit::Silent => info!(target: TFTP, "[{number}]:Requesting {name} from {server}"),
        Limit::Told => {
            let limit = wanted.limit;
            info!(target: TFTP, "[{number}]:Requesting {name} from {server} with size limit of {limit}");
        }
    }
}

/// A file that is not there is an ordinary answer; anything else is not.
fn told(number: u64, failure: &Failure) {
    match failure {
        Failure::NotFound { .. } => info!(target: TFTP, "[{number}]:{failure}"),
        Failure::Io { .. } | Failure::NoServer | Failure::UnfitName(_) => {
            error!(target: TFTP, "[{number}]:{failure}");
        }
        _ => warn!(target: TFTP, "[{number}]:{failure}"),
    }
}

/// A server as the log names it: the port only where it is not the usual one.
pub(super) fn shown(server: SocketAddr) -> String {
    match (server.port(), server.ip()) {
        (PORT, ip) => ip.to_string(),
        _ => server.to_string(),
    }
}

/// A server's address as the configuration client names it: IPv4 mapped into IPv6 (technote).
pub(super) fn mapped(server: SocketAddr) -> String {
    match server.ip() {
        IpAddr::V4(ip) => format!("::ffff:{ip}"),
        IpAddr::V6(ip) => ip.to_string(),
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
    // The configuration has been checked against the same ranges.
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

/// RFC 1350.
const PORT: u16 = 69;
