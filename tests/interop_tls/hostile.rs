//! Servers that do not mean well.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Serves each connection, told its number, on a thread of its own, until the process ends.
pub(crate) fn serve<F>(conduct: F) -> SocketAddr
where
    F: Fn(usize, TcpStream) -> io::Result<()> + Clone + Send + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for (number, stream) in listener.incoming().map_while(Result::ok).enumerate() {
            let conduct = conduct.clone();
            // A client that leaves is what is hoped for.
            thread::spawn(move || conduct(number, stream));
        }
    });
    address
}

/// Refuses the first handshake as a server does that has no suite in common, and goes on with
/// `then`.
pub(crate) fn refuse_and<F>(then: F) -> SocketAddr
where
    F: Fn(TcpStream) -> io::Result<()> + Clone + Send + 'static,
{
    serve(move |number, mut stream| match number {
        0 => {
            record(&mut stream)?;
            stream.write_all(&NO_COMMON_SUITE)?;
            drained(&mut stream).map(drop)
        }
        _ => then(stream),
    })
}

/// Reads one record of TLS.
pub(crate) fn record(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 5];
    stream.read_exact(&mut bytes)?;
    let length = usize::from(u16::from_be_bytes([bytes[3], bytes[4]]));
    bytes.resize(5 + length, 0);
    stream.read_exact(&mut bytes[5..])?;
    Ok(bytes)
}

/// What else comes until the client closes.
pub(crate) fn drained(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map(|_| bytes)
}

/// Writes `bytes` over and over; how many were taken before the client left.
pub(crate) fn flood(stream: &mut TcpStream, bytes: &[u8]) -> usize {
    let block = bytes.repeat(1 + 4096 / bytes.len());
    let mut written = 0;
    while stream.write_all(&block).is_ok() {
        written += block.len();
    }
    written
}

/// Writes one byte after the other, with a pause between them, until the client leaves.
pub(crate) fn trickle(stream: &mut TcpStream, bytes: impl Iterator<Item = u8>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_millis(10)))?;
    for byte in bytes {
        stream.write_all(&[byte])?;
        if stream.read(&mut [0; 512]).is_ok_and(|length| length == 0) {
            break;
        }
    }
    Ok(())
}

/// The start of a message of the handshake that announces 16 MB, in records of 16 KiB.
pub(crate) fn endless_message() -> impl Iterator<Item = u8> {
    let first = [22, 3, 3, 0x40, 0, 2, 0xFF, 0xFF, 0xFF].into_iter().chain([0; 0x4000 - 4]);
    let more = [22, 3, 3, 0x40, 0].into_iter().chain([0; 0x4000]);
    first.chain(std::iter::repeat_n(more, 1000).flatten())
}

/// Alert: fatal, handshake failure (RFC 5246 §7.2).
const NO_COMMON_SUITE: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];
