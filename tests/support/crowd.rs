//! Another user of the phone, with many connections and one thing in mind.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::phone::Phone;

/// A process of that user; it ends when it is dropped.
pub struct Crowd {
    child: Child,
    /// How many of its connections have done what they are there for.
    pub done: u64,
}

impl Crowd {
    /// Starts it, and waits until it is at it. The user's group has the same number.
    #[track_caller]
    pub fn of(uid: u32, phone: &Phone, connections: usize, what: &str, message: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/socket/crowd.py");
        let mut python = Command::new("python3");
        python.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = python.spawn().unwrap();
        let order = json!({ "socket": phone.socket(), "uid": uid, "gid": uid,
            "connections": connections, "what": what, "message": message });
        writeln!(child.stdin.as_mut().unwrap(), "{order}").unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let done: Value = serde_json::from_str(&line).unwrap();
        Self { child, done: done.as_u64().unwrap() }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
