//! TCP connections to servers, with their lines in the log.

use std::net::{IpAddr, SocketAddr};

use super::target::{NotOpened, Target};
use crate::agent::narrate::say;
use crate::agent::tvs::Around;
use crate::boot::Event;
use crate::io::console;
use crate::io::resolve::Names;
use crate::io::settings::Settings;
use crate::io::tcp;
use crate::io::tls::{self, SmallKeys, Terms};

/// A connection on which a handshake is begun.
pub(super) struct Begun {
    pub(super) stream: tcp::TcpConnection,
    pub(super) address: SocketAddr,
    pub(super) descriptor: i32,
    pub(super) terms: Terms,
}

/// Connects to a server, and logs that a handshake begins.
///
/// # Errors
/// [`NotOpened::Unreachable`], which is logged.
pub(super) async fn begin(around: Around<'_>, target: &Target) -> Result<Begun, NotOpened> {
    let settings = around.settings;
    let (stream, address, descriptor) = connect(settings, around.names, target).await?;
    say_begun(target, address, descriptor);
    // 1024-bit keys are accepted in the handshake only where policy accepts them afterwards.
    let small = settings.policy.min_rsa_bits < 2048;
    let terms = Terms {
        name: tls::server_name(&target.server.host, address),
        keys: if small { SmallKeys::Accept } else { SmallKeys::Refuse },
        within: settings.https.handshake_timeout,
    };
    Ok(Begun { stream, address, descriptor, terms })
}

/// The same at an address that has been connected to before; also the descriptor.
///
/// # Errors
/// Why it cannot be connected to.
pub(super) async fn begin_at(
    settings: &Settings,
    target: &Target,
    address: SocketAddr,
) -> Result<(tcp::TcpConnection, i32), tcp::ConnectFailure> {
    let (stream, descriptor) = connect_at(settings, target, address).await?;
    say_begun(target, address, descriptor);
    Ok((stream, descriptor))
}

fn say_begun(target: &Target, address: SocketAddr, descriptor: i32) {
    let (ip, client) = (address.ip(), target.client);
    console::together(|| {
        say(&Event::Connected { ip, client, descriptor });
        say(&Event::HandshakeBegun { ip, client, descriptor });
    });
}

/// Connects to the first address of the server that takes the connection.
async fn connect(
    settings: &Settings,
    names: &Names,
    target: &Target,
) -> Result<(tcp::TcpConnection, SocketAddr, i32), NotOpened> {
    let server = target.server.host.to_string();
    let addresses = match names.resolve(&target.server).await {
        Ok(addresses) => addresses,
        Err(unresolved) => {
            say(&Event::Unresolved { host: server.clone(), why: unresolved.to_string() });
            say(&Event::ConnectionRefused { server: server.clone() });
            return Err(NotOpened::Unreachable(format!("{server} does not resolve")));
        }
    };
    // In the order of the resolver. A TLS failure later is final: the server was reached.
    let mut last = String::new();
    for address in addresses {
        match connect_at(settings, target, address).await {
            Ok((stream, descriptor)) => return Ok((stream, address, descriptor)),
            Err(failure) => {
                last = failure.to_string();
                say(&Event::ConnectFailed { ip: address.ip(), why: last.clone() });
            }
        }
    }
    say(&Event::ConnectionRefused { server });
    Err(NotOpened::Unreachable(last))
}

async fn connect_at(
    settings: &Settings,
    target: &Target,
    address: SocketAddr,
) -> Result<(tcp::TcpConnection, i32), tcp::ConnectFailure> {
    let (ip, port, client) = (address.ip(), address.port(), target.client);
    let family = if address.is_ipv4() { "IPV4" } else { "IPV6" };
    // Bound first: the technote's lines name the descriptor before the connection is made.
    let socket = console::together(|| {
        say(&Event::Connecting { family, ip, port });
        let socket = tcp::UnconnectedSocket::bound(settings.device.address, address)?;
        say(&Event::ConnectWaiting { ip, client, descriptor: socket.descriptor(), port });
        Ok(socket)
    })?;
    let descriptor = socket.descriptor();
    Ok((socket.connect(settings.https.connect_timeout).await?, descriptor))
}

/// Logs that a connection was not opened.
pub(super) fn refused(ip: IpAddr) {
    say(&Event::ConnectionRefused { server: ip.to_string() });
}
