//! An open connection of either stack, so that whoever relays or asks need not know which it is.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, BufReader, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::io::tls::old::{OldHandshaken, OldStream};

/// A stream of TLS 1.2 or 1.3.
pub(super) type CurrentStream = TlsStream<BufReader<TcpStream>>;

/// An open connection, on which application data may flow.
pub struct TlsConnection(Stack);

enum Stack {
    Current(Box<CurrentStream>),
    Old(Box<OldStream>),
}

/// A finished handshake of either stack, of which nobody has a stream yet.
pub(super) enum Unopened {
    Current(Box<CurrentStream>),
    Old(Box<OldHandshaken>),
}

impl Unopened {
    pub(super) fn open(self) -> TlsConnection {
        TlsConnection(match self {
            Self::Current(stream) => Stack::Current(stream),
            Self::Old(handshaken) => Stack::Old(Box::new(handshaken.open())),
        })
    }
}

impl AsyncRead for TlsConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Stack::Current(stream) => Pin::new(stream).poll_read(context, buffer),
            Stack::Old(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for TlsConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Stack::Current(stream) => Pin::new(stream).poll_write(context, bytes),
            Stack::Old(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Stack::Current(stream) => Pin::new(stream).poll_flush(context),
            Stack::Old(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Stack::Current(stream) => Pin::new(stream).poll_shutdown(context),
            Stack::Old(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
