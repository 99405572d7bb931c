//! systemd's own client of Varlink, on the agent's socket.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use support::agent::Agent;
use support::named::root;
use support::office::Office;
use support::phone::{DEVICE, Phone};
use support::server::cache;

/// The system's, where it has one (Debian 13), else what `scripts/setup` has unpacked.
fn varlinkctl(words: &[&str]) -> Output {
    let unpacked = cache().map(|cache| cache.join("bin/varlinkctl"));
    let known = [Some(PathBuf::from("/usr/bin/varlinkctl")), unpacked];
    let program = known.into_iter().flatten().find(|path| path.is_file());
    let program = program.expect("varlinkctl is missing: scripts/setup provides it");
    Command::new(program).arg("--no-pager").args(words).output().unwrap()
}

#[track_caller]
fn printed(words: &[&str]) -> String {
    let output = varlinkctl(words);
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A call, and its reply.
#[track_caller]
fn called(phone: &Phone, method: &str, parameters: &str) -> Value {
    let (socket, method) = (phone.socket(), format!("phone.secd.{method}"));
    let reply = printed(&["call", "--json=short", socket.to_str().unwrap(), &method, parameters]);
    serde_json::from_str(&reply).unwrap_or_else(|_| panic!("{reply}"))
}

fn booted() -> (Office, Phone, Agent) {
    let office = Office::open();
    let phone = office.phone("");
    let mut agent = Agent::start(&phone);
    agent.pass();
    (office, phone, agent)
}

/// The declarations of a description, without comments and blanks, in the order of the alphabet:
/// the client has an order of its own, and lays them out anew.
fn declarations(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in text.lines().map(|line| line.split('#').next().unwrap()) {
        let words: String = line.chars().filter(|one| !one.is_whitespace()).collect();
        match found.last_mut() {
            Some(last) if !line.starts_with(char::is_alphabetic) => *last += &words,
            _ => found.push(words),
        }
    }
    found.sort();
    found
}

#[test]
fn it_takes_the_description_of_the_interface() {
    let path = root().join("src/agent/secd.varlink");
    let shown = printed(&["validate-idl", path.to_str().unwrap()]);
    assert_eq!(declarations(&shown), declarations(&std::fs::read_to_string(path).unwrap()));
}

#[test]
fn it_finds_the_interfaces_and_the_methods_of_the_agent() {
    let (_office, phone, _agent) = booted();
    let socket = phone.socket();
    let socket = socket.to_str().unwrap();
    let info = printed(&["info", socket]);
    assert!(info.contains("phone.secd") && info.contains(env!("CARGO_PKG_VERSION")), "{info}");
    let interfaces = printed(&["list-interfaces", socket]);
    assert_eq!(interfaces.lines().collect::<Vec<_>>(), ["org.varlink.service", "phone.secd"]);
    let shown = printed(&["introspect", socket, "phone.secd"]);
    let text = std::fs::read_to_string(root().join("src/agent/secd.varlink")).unwrap();
    assert_eq!(declarations(&shown), declarations(&text));
    let methods = printed(&["list-methods", socket, "phone.secd"]);
    let known = text.lines().filter_map(|line| line.strip_prefix("method "));
    let known = known.map(|line| format!("phone.secd.{}", line.split('(').next().unwrap()));
    let mut known: Vec<_> = known.collect();
    known.sort();
    assert_eq!(methods.lines().collect::<Vec<_>>(), known);
}

#[test]
fn its_calls_are_answered_and_refused_like_anybodys() {
    let (_office, phone, _agent) = booted();
    let trust = called(&phone, "GetTrust", "{}");
    assert_eq!(trust["state"], "S1", "{trust}");
    let status = called(&phone, "GetStatus", "{}");
    assert_eq!(status["device"], DEVICE, "{status}");
    assert_eq!(called(&phone, "IsSecure", "{}")["secure"], true);
    let list = called(&phone, "GetList", "{\"kind\": \"itl\"}");
    assert!(list["length"].as_u64().unwrap() > 1000, "{list}");
    let socket = phone.socket();
    let socket = socket.to_str().unwrap();
    for (method, parameters, error) in [
        ("phone.secd.GetFile", "{\"name\": \"absent.xml\"}", "phone.secd."),
        ("phone.secd.GetList", "{\"kind\": \"xtl\"}", "org.varlink.service.InvalidParameter"),
        ("phone.secd.Absent", "{}", "org.varlink.service.MethodNotFound"),
        ("phone.absent.Get", "{}", "org.varlink.service.InterfaceNotFound"),
    ] {
        let output = varlinkctl(&["call", socket, method, parameters]);
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && why.contains(error), "{method}: {output:?}");
    }
}

#[test]
fn several_replies_reach_it_one_by_one() {
    let (_office, phone, _agent) = booted();
    let socket = phone.socket();
    let words = ["call", "--more", "--json=short", socket.to_str().unwrap()];
    let stages = printed(&[&words[..], &["phone.secd.Refresh", "{}"]].concat());
    for stage in ["ctl", "itl", "configuration"] {
        assert!(stages.contains(&format!("\"{stage}\"")), "{stages}");
    }
    assert!(stages.lines().count() > 3, "{stages}");
    // Without `more`, a stream has no first reply to end with.
    let words = ["call", "--json=short", socket.to_str().unwrap(), "phone.secd.FollowLog", "{}"];
    let output = varlinkctl(&words);
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && why.contains("org.varlink.service"), "{output:?}");
}
