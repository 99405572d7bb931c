//! TLS 1.0 with AES256-SHA, as call managers 8.0 to 11.5 speak it: a server of our own, which is none
//! of the phone's code.

mod machine;
mod primitives;

use std::io::{self, Read, Write};
use std::net::TcpStream;

pub use machine::{Broken, OldServer, message, record};

/// An open connection.
pub struct OldStream {
    tcp: TcpStream,
    machine: OldServer,
    /// What has come and was not read yet.
    plain: Vec<u8>,
    is_ended: bool,
}

/// Shakes hands as `machine` does.
///
/// # Errors
/// What the client did, or the connection.
pub fn accept(mut machine: OldServer, mut tcp: TcpStream) -> io::Result<OldStream> {
    let hello = next_record(&mut tcp)?;
    if let Err(broken) = machine.take_hello(&hello) {
        if let Broken::Alert(number) = broken {
            tcp.write_all(&record(21, TLS10, &[2, number]))?;
        }
        return Err(failed(&broken));
    }
    tcp.write_all(&machine.turn())?;
    let mut turn = Vec::new();
    // The record after the change of keys is the last.
    for is_last in [false, true] {
        loop {
            let bytes = next_record(&mut tcp)?;
            turn.extend_from_slice(&bytes);
            match bytes[0] {
                21 => return Err(failed(&Broken::Unexpected(21, bytes[5..].to_vec()))),
                20 => break,
                _ if is_last => break,
                _ => {}
            }
        }
    }
    if let Err(broken) = machine.take_keys(&turn) {
        tcp.write_all(&machine.seal(21, &[2, BAD_RECORD_MAC]))?;
        return Err(failed(&broken));
    }
    tcp.write_all(&machine.finish())?;
    Ok(OldStream { tcp, machine, plain: Vec::new(), is_ended: false })
}

impl OldStream {
    /// Tells the client that nothing more will come.
    ///
    /// # Errors
    /// As of writing.
    pub fn send_close_notify(&mut self) -> io::Result<()> {
        let close = self.machine.seal(21, &[1, 0]);
        self.tcp.write_all(&close)
    }

    pub(crate) fn tcp(&mut self) -> &mut TcpStream {
        &mut self.tcp
    }

    fn take(&mut self) -> io::Result<()> {
        let bytes = next_record(&mut self.tcp)?;
        for (kind, content) in self.machine.open(&bytes).map_err(|broken| failed(&broken))? {
            match (kind, content.as_slice()) {
                (23, data) => self.plain.extend_from_slice(data),
                (21, [_, 0]) => self.is_ended = true,
                _ => return Err(failed(&Broken::Unexpected(kind, content))),
            }
        }
        Ok(())
    }
}

impl Read for OldStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.plain.is_empty() && !self.is_ended {
            self.take()?;
        }
        let length = self.plain.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.plain[..length]);
        self.plain.drain(..length);
        Ok(length)
    }
}

impl Write for OldStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let content = &bytes[..bytes.len().min(1 << 14)];
        // As OpenSSL does in TLS 1.0, against BEAST.
        let records = [self.machine.seal(23, &[]), self.machine.seal(23, content)].concat();
        self.tcp.write_all(&records)?;
        Ok(content.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

/// One record, with its header.
fn next_record(tcp: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut record = vec![0; 5];
    tcp.read_exact(&mut record)?;
    let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
    record.resize(5 + length, 0);
    tcp.read_exact(&mut record[5..])?;
    Ok(record)
}

fn failed(broken: &Broken) -> io::Error {
    let why = match broken {
        Broken::Alert(_) => NOTHING_IN_COMMON.to_owned(),
        broken => format!("{broken:?}"),
    };
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Why a client is refused that offers neither the version nor the suite.
pub const NOTHING_IN_COMMON: &str = "the client offers nothing that this server has";

/// The version, and the suite of the technote: TLS_RSA_WITH_AES_256_CBC_SHA.
pub const TLS10: [u8; 2] = [3, 1];
/// See [`TLS10`].
pub const AES256_SHA: u16 = 0x0035;
const BAD_RECORD_MAC: u8 = 20;
