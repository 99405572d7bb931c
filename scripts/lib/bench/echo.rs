//! The least that a server at a Unix socket can do, beside which `scripts/bench` sets the agent: it
//! reads a message up to its NUL and answers with as many bytes as the agent does.
//!
//! usage: echo SOCKET BYTES

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;

fn main() -> std::io::Result<()> {
    let mut words = std::env::args().skip(1);
    let path = words.next().expect("a path");
    let bytes: usize = words.next().and_then(|word| word.parse().ok()).expect("a number of bytes");
    let mut reply = vec![b' '; bytes];
    reply[bytes - 1] = 0;
    let listener = UnixListener::bind(path)?;
    for stream in listener.incoming() {
        let mut stream = stream?;
        let mut buffer = [0; 4096];
        loop {
            let length = stream.read(&mut buffer)?;
            if length == 0 {
                break;
            }
            if buffer[length - 1] == 0 {
                stream.write_all(&reply)?;
            }
        }
    }
    Ok(())
}
