//! What the tests of the whole program share: a phone with its folders and its `secd.toml`, the
//! agent as a process, its console log as it comes, and the trace that the log must follow.
#![allow(dead_code, reason = "each test uses its own part")]
#![allow(unreachable_pub, reason = "a module of tests")]
#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]
#![allow(clippy::disallowed_methods, reason = "tests wait in real time, within bounds")]

pub mod agent;
pub mod crowd;
pub mod golden;
pub mod log;
pub mod named;
pub mod names;
pub mod office;
pub mod phone;
pub mod server;
pub mod socket;
pub mod web;

use std::time::Duration;

/// The longest wait for anything; nothing takes it unless the agent is at fault.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Writes a file of a test's own.
#[track_caller]
pub fn write(path: &std::path::Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}
