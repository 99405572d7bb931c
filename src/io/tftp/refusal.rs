//! Which datagrams could not be delivered: the error queue of an unconnected UDP socket.
//!
//! A connected socket reports a refused port by itself, but hears nothing from other ports, and a
//! TFTP server answers from another port. The queue also names the address that was refused, so
//! that a stranger's closed port is not taken for the server's.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};

use nix::sys::socket::{MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Asks the kernel to queue what ICMP reports.
///
/// # Source
/// Linux: ip(7), `IP_RECVERR`; ipv6(7), `IPV6_RECVERR`.
pub(super) fn listen(socket: &impl AsFd, server: &SocketAddr) -> io::Result<()> {
    match server {
        SocketAddr::V4(_) => setsockopt(socket, sockopt::Ipv4RecvErr, &true)?,
        SocketAddr::V6(_) => setsockopt(socket, sockopt::Ipv6RecvErr, &true)?,
    }
    Ok(())
}

/// The next address that could not be reached, if the queue holds one.
pub(super) fn next(socket: &UdpSocket) -> Option<SocketAddr> {
    socket.try_io(Interest::ERROR, || take(socket)).ok()
}

/// The next address in the queue, whatever the runtime knows of it.
pub(super) fn take(socket: &impl AsRawFd) -> io::Result<SocketAddr> {
    let message = recvmsg::<SockaddrStorage>(
        socket.as_raw_fd(),
        // The queue returns our own datagram: only its address is of interest.
        &mut [],
        None,
        MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT,
    )?;
    let unnamed = || io::Error::from(io::ErrorKind::InvalidData);
    message.address.as_ref().and_then(address).ok_or_else(unnamed)
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = storage.as_sockaddr_in() {
        return Some(SocketAddr::new(IpAddr::V4(v4.ip()), v4.port()));
    }
    storage.as_sockaddr_in6().map(|v6| SocketAddr::new(IpAddr::V6(v6.ip()), v6.port()))
}
