//! HTTPS as the way to the phone's configuration: the server is judged before a byte of the request
//! is written, and then needs no signature.

use std::net::SocketAddr;

use super::asked::{Asked, NumberedTransfer};
use super::errand::FileErrand;
use super::http;
use super::silent::SilentPorts;
use crate::agent::narrate::say;
use crate::agent::peers;
use crate::boot::event::Level;
use crate::boot::{Event, Fetched, NotFetched, StatusMessage, Trouble};
use crate::diagnose::WaySeen;
use crate::io::http::{self as transfer, GetFailure};
use crate::io::tls::{self, HandshakeFailure, Handshaken, SmallKeys, Terms};
use crate::io::tvs::close;
use crate::trust::peer::{AuthorityPaths, ShownChain};
use crate::trust::{Purpose, Served};
use crate::wire::address::ServerAddress;
use crate::wire::way::FileWay;

/// Reads the configuration from the first of a server's addresses that answers.
pub(super) async fn read(
    silent: &SilentPorts,
    errand: &mut FileErrand<'_>,
    server: &ServerAddress,
    (transfer, addresses): (NumberedTransfer<'_>, &[SocketAddr]),
) -> (Asked, WaySeen) {
    let (mut asked, mut seen) = (Asked::of_no_server(FileWay::Https), WaySeen::Silent);
    for address in addresses {
        let address = http::at(*address, errand.settings.provisioning.https_port);
        (asked.outcome, seen) = match read_from(errand, server, transfer, address).await {
            Ok(fetched) => (Ok(fetched), WaySeen::Sent(transfer.wanted.name.to_owned())),
            Err(NotServed::Get(failure)) => {
                http::failed(FileWay::Https, transfer, address, &failure)
            }
            Err(NotServed::Handshake(why)) => {
                let line = format!("HTTPS server {address}: TLS handshake failed, {why}");
                (Err(not_asked(transfer, line)), WaySeen::NoTls(why))
            }
            Err(NotServed::Distrusted(why)) => {
                let line = format!(
                    "HTTPS server {address} is not trusted for files, {why}; nothing was sent to it"
                );
                (Err(not_asked(transfer, line)), WaySeen::Distrusted(why))
            }
        };
        asked.note_port(silent, address, &seen);
        // Whoever is not trusted is not looked for at another address.
        let is_judged = matches!(seen, WaySeen::Distrusted(_) | WaySeen::NoTls(_));
        if is_judged || !asked.leads_elsewhere(&seen) {
            break;
        }
    }
    (asked, seen)
}

/// Why a server of files has not served.
enum NotServed {
    /// It is not trusted; why, in words.
    Distrusted(String),
    Get(GetFailure),
    /// It was not judged, for there was no handshake; why, in words.
    Handshake(String),
}

async fn read_from(
    errand: &mut FileErrand<'_>,
    server: &ServerAddress,
    transfer: NumberedTransfer<'_>,
    address: SocketAddr,
) -> Result<Fetched, NotServed> {
    let handshaken = shake_hands(errand, server, address).await?;
    let name = tls::certified_name(&server.host);
    let shown = ShownChain {
        purpose: Purpose::HttpsProvisioning,
        certificate: handshaken.certificate(),
        intermediates: handshaken.chain().get(1..).unwrap_or_default(),
        name: name.as_ref(),
        // An authority vouches for services; the purpose has none, and old TLS is not spoken here.
        paths: AuthorityPaths::Ignored,
    };
    let judged = errand.court.judge(shown, &address.ip().to_string()).await;
    let grant = judged.map_err(|distrust| NotServed::Distrusted(distrust.to_string()))?;
    let certificate = handshaken.certificate().to_vec();
    let other = |_| NotServed::Distrusted("it presented another certificate".to_owned());
    let mut connection = handshaken.admit(&grant).map_err(other)?;
    let way = (FileWay::Https, address);
    let got = http::get(&mut connection, way, errand.settings, transfer).await;
    close(connection).await;
    let bytes = got.map_err(NotServed::Get)?;
    http::finished(transfer, &bytes);
    // Its age counts from here on: it is as it was when the server was asked for it.
    let read = peers::passed_at_least(&errand.court.anchors());
    Ok(Fetched { bytes, served: Served::from_grant(&grant, &certificate, read) })
}

async fn shake_hands(
    errand: &FileErrand<'_>,
    server: &ServerAddress,
    address: SocketAddr,
) -> Result<Handshaken, NotServed> {
    let own = errand.walk.own;
    let stream = transfer::connect(own, address, http::CONNECT).await.map_err(NotServed::Get)?;
    let small = errand.settings.policy.min_rsa_bits < 2048;
    let name = tls::server_name(&server.host, address);
    let terms = Terms {
        name: name.clone(),
        keys: if small { SmallKeys::Accept } else { SmallKeys::Refuse },
        within: http::ANSWER,
    };
    // No earlier session: only a server that shows its certificate can be judged.
    match tls::shake_hands(stream, terms, None).await {
        Ok(handshaken) => Ok(handshaken),
        Err(HandshakeFailure::TimedOut) => {
            Err(NotServed::Get(GetFailure::Silent { within: http::ANSWER }))
        }
        Err(failure) => {
            let why = failure.explained(own, address, &name).await;
            Err(NotServed::Handshake(why.to_string()))
        }
    }
}

/// Logs that the way is not taken. The server was not asked for the file, which says nothing about
/// it.
fn not_asked(transfer: NumberedTransfer<'_>, why: String) -> NotFetched {
    let (number, level) = (transfer.number, Level::Warning);
    say(&Event::TransferFailed { number, why: why.clone(), level });
    NotFetched::Unreachable(Trouble { why, message: StatusMessage::TftpError })
}
