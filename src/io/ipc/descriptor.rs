//! A descriptor that goes with a message (`SCM_RIGHTS`, unix(7)).

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use tokio::io::Interest;
use tokio::net::UnixStream;

/// Sends the beginning of a message, with the descriptor at its first byte, and returns its length.
pub(super) async fn send(
    stream: &UnixStream,
    message: &[u8],
    descriptor: &OwnedFd,
) -> io::Result<usize> {
    let send = || {
        let mut space = [MaybeUninit::uninit(); SPACE];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let descriptors = [descriptor.as_fd()];
        control.push(SendAncillaryMessage::ScmRights(&descriptors));
        // Without the signal, a client that has gone is an error like others.
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        Ok(sendmsg(stream, &[IoSlice::new(message)], &mut control, flags)?)
    };
    stream.async_io(Interest::WRITABLE, send).await
}

/// Receives bytes, and a descriptor if one has come with them. Further ones are closed.
pub(super) fn receive(
    stream: &std::os::unix::net::UnixStream,
    buffer: &mut [u8],
) -> io::Result<(usize, Option<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); SPACE];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut parts = [IoSliceMut::new(buffer)];
    // What a command starts must not inherit the descriptor.
    let received = recvmsg(stream, &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let descriptors = control.drain().flat_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => descriptors.collect(),
        _ => Vec::new(),
    });
    Ok((received.bytes, descriptors.last()))
}

/// Room for one descriptor.
const SPACE: usize = rustix::cmsg_space!(ScmRights(1));
