//! A client of the agent's socket, with nothing between it and the bytes.
#![allow(clippy::needless_pass_by_value, reason = "what is sent and told is not needed any more")]

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Value, json};

use super::PATIENCE;

/// A connection.
pub struct Client {
    pub stream: UnixStream,
    received: Vec<u8>,
}

impl Client {
    #[track_caller]
    pub fn connect(path: &Path) -> Self {
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream, received: Vec::new() }
    }

    /// Sends bytes; a connection that was closed meanwhile is for the reader to notice.
    pub fn send(&mut self, bytes: &[u8]) -> &mut Self {
        match self.stream.write_all(bytes) {
            Ok(()) => {}
            Err(error)
                if [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset].contains(&error.kind()) => {}
            Err(error) => panic!("{error}"),
        }
        self
    }

    pub fn send_call(&mut self, call: &Value) -> &mut Self {
        self.send(&[call.to_string().as_bytes(), b"\0"].concat())
    }

    /// Calls a method and waits for its reply: its parameters, or the error with its own.
    #[track_caller]
    pub fn call(&mut self, method: &str, parameters: Value) -> Result<Value, (String, Value)> {
        let call = json!({ "method": full(method), "parameters": parameters });
        outcome(self.send_call(&call).reply().expect("a reply"))
    }

    /// The next reply; none if the agent has closed the connection.
    #[track_caller]
    pub fn reply(&mut self) -> Option<Value> {
        let mut buffer = [0; 4096];
        loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == 0) {
                let rest = self.received.split_off(end + 1);
                self.received.pop();
                let message = std::mem::replace(&mut self.received, rest);
                return Some(serde_json::from_slice(&message).expect("JSON"));
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return None,
                Ok(length) => self.received.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// So many bytes of the stream; fewer only at its end.
    #[track_caller]
    pub fn take(&mut self, length: usize) -> Vec<u8> {
        let missing = length.saturating_sub(self.received.len());
        let rest =
            (&self.stream).take(u64::try_from(missing).unwrap()).read_to_end(&mut self.received);
        rest.unwrap_or_else(|error| panic!("after {} bytes: {error}", self.received.len()));
        let later = self.received.split_off(length.min(self.received.len()));
        std::mem::replace(&mut self.received, later)
    }

    /// What has come and comes until the end.
    #[track_caller]
    pub fn rest(mut self) -> Vec<u8> {
        self.stream.read_to_end(&mut self.received).unwrap();
        self.received
    }
}

/// Parameters, or an error.
pub fn outcome(reply: Value) -> Result<Value, (String, Value)> {
    let parameters = reply["parameters"].clone();
    match reply["error"].as_str() {
        Some(error) => Err((error.to_owned(), parameters)),
        None => Ok(parameters),
    }
}

/// The name of a method with its interface; ours unless it has one.
pub fn full(method: &str) -> String {
    if method.contains('.') { method.to_owned() } else { format!("phone.secd.{method}") }
}

/// One call on a connection of its own.
#[track_caller]
pub fn call(path: &Path, method: &str, parameters: Value) -> Result<Value, (String, Value)> {
    Client::connect(path).call(method, parameters)
}
