//! A start that fails: one line, and an exit code.

#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

use std::fs;
use std::process::{Command, Output};

use support::agent::Agent;
use support::phone::Phone;

/// Runs the agent with this many descriptors until it says that it runs, or ends.
fn started_with(phone: &Phone, descriptors: u32) -> Output {
    let script = format!("ulimit -n {descriptors}; exec timeout 10 \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_secd"), "run", "--config"]);
    command.arg(phone.configuration()).output().unwrap()
}

#[test]
fn a_start_without_descriptors_is_one_line_and_an_exit_code() {
    let phone = Phone::new(&[]);
    // With fewer the system does not even load the program.
    for descriptors in 4..=16 {
        let output = started_with(&phone, descriptors);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(told, "secd: cannot start: too many open files\n", "{descriptors}");
        assert_eq!(output.status.code(), Some(69), "{descriptors}");
    }
}

#[test]
fn the_size_of_a_core_dump_is_limited_to_nothing() {
    let phone = Phone::new(&[]);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -c unlimited; exec \"$@\"", "sh"]);
    command.args([env!("CARGO_BIN_EXE_secd"), "run", "--config"]).arg(phone.configuration());
    let mut agent = Agent::spawn(command);
    agent.pass();
    let limits = fs::read_to_string(format!("/proc/{}/limits", agent.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let values: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
    assert_eq!(values, ["0", "0"], "{core}");
}
