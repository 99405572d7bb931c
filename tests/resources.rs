//! What the agent takes of the system goes back when it is used up; and what the system refuses for
//! a moment is not the end of a pass.

mod support;

use std::process::Command;
use std::thread;

use secd_lab::cluster::{Cluster, Setup};
use secd_lab::tftp::Server;
use serde_json::json;
use support::agent::Agent;
use support::log::{Line, shown};
use support::phone::{DEVICE, Phone};
use support::socket::Client;

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
    let name = format!("{DEVICE}.cnf.xml");
    let mut fetch = |files: usize| {
        for _ in 0..files {
            client.call("GetFile", json!({ "name": name })).unwrap();
        }
    };
    // Once over, so that every page of the program that this takes has been touched.
    fetch(FILES);
    let before = (agent.descriptors(), agent.resident());
    fetch(FILES);
    let after = (agent.descriptors(), agent.resident());
    println!("descriptors and bytes of memory: {before:?}, after {FILES} files {after:?}");
    assert!(after.0 <= before.0 + 8, "{before:?} {after:?}");
    assert!(after.1 <= before.1 + 4096, "{before:?} {after:?}");
}

/// Files within the seconds that a transfer may go on for.
const FILES: usize = 300;

/// The agent of a phone, under a tracer that has system calls fail. It stays a child of this test.
fn failing(phone: &Phone, faults: &[&str]) -> Agent {
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "-qqq", "-o", "/dev/null", "-e", "trace=sendto,recvfrom"]);
    command.args(faults.iter().map(|fault| format!("-einject={fault}")));
    command.arg(env!("CARGO_BIN_EXE_secd")).arg("run").arg("--config").arg(phone.configuration());
    Agent::spawn(command)
}

/// A phone without the sandbox: a call that the tracer has fail reaches the kernel as one of the number
/// -1, which no table lists.
fn traced(tftp: &Server) -> Phone {
    let server = tftp.address().to_string();
    Phone::with(&[&server], "timeout_s = 1\nretries = 1\n", "[sandbox]\nmode = \"off\"\n")
}

#[test]
fn a_failed_send_or_receive_is_a_lost_packet() {
    let tftp = Server::start(Cluster::new(Setup::default()).files());
    let boot = &|error: &str| {
        let phone = traced(&tftp);
        let (sent, received) =
            (format!("sendto:error={error}:when=1+3"), format!("recvfrom:error={error}:when=2+4"));
        let lines = failing(&phone, &[&sent, &received]).pass();
        let done = lines.iter().any(|line| line.text.contains("configuration done"));
        assert!(done, "{error}:\n{}", shown(&lines));
    };
    thread::scope(|scope| {
        for error in ["ENOBUFS", "EPERM", "ENOMEM", "ENETDOWN", "EINTR"] {
            scope.spawn(move || boot(error));
        }
    });
}

/// Where nothing can ever be sent, the log names the reason.
#[test]
fn a_lasting_failure_to_send_is_named() {
    let tftp = Server::start(Cluster::new(Setup::default()).files());
    let phone = traced(&tftp);
    let lines = failing(&phone, &["sendto:error=EPERM"]).pass();
    let named = |line: &Line| line.text.contains("operation not permitted");
    assert!(lines.iter().any(named), "{}", shown(&lines));
    assert!(lines.iter().any(|line| line.text.contains("refresh: ended early")));
}
