//! What the agent takes of the system goes back when it is used up; and what the system refuses for
//! a moment is not the end of a pass.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

use std::fs;

use secd_lab::cluster::{Cluster, Setup};
use secd_lab::tftp::Server;
use serde_json::json;
use support::agent::Agent;
use support::phone::{DEVICE, Phone};
use support::socket::Client;

/// The descriptors of a process.
fn descriptors(agent: &Agent) -> usize {
    fs::read_dir(format!("/proc/{}/fd", agent.pid())).unwrap().count()
}

/// Kilobytes in memory.
fn resident(agent: &Agent) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", agent.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Files one after another, with the largest blocks: each transfer that is over may answer for its
/// last ACK, and only a few do.
#[test]
fn finished_transfers_do_not_pile_up() {
    let tftp = Server::start(Cluster::new(Setup::default()).files());
    let large = "timeout_s = 1\nretries = 1\nblksize = 65464\n";
    let phone = Phone::with(&[&tftp.address().to_string()], large, "");
    let mut agent = Agent::start(&phone);
    agent.pass();
    let mut client = Client::connect(&phone.socket());
    let before = (descriptors(&agent), resident(&agent));
    let name = format!("{DEVICE}.cnf.xml");
    for _ in 0..FILES {
        client.call("GetFile", json!({ "name": name })).unwrap();
    }
    let after = (descriptors(&agent), resident(&agent));
    println!("descriptors and kB of memory: {before:?}, after {FILES} files {after:?}");
    assert!(after.0 <= before.0 + 8, "{before:?} {after:?}");
    assert!(after.1 <= before.1 + 4096, "{before:?} {after:?}");
}

/// Files within the seconds that a transfer may go on for.
const FILES: usize = 300;
