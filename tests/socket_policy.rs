//! Who may call what, user by user and method by method, and what becomes of those who may not.
//!
//! Needs root, as the agent does: only root becomes another user.
#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]
#![allow(clippy::disallowed_methods, reason = "tests wait in real time, within bounds")]

mod support;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::agent::Agent;
use support::office::Office;
use support::phone::Phone;
use support::socket::{call, full};

const ACCESS: &str = "[access]\nread = [\"group:60001\"]\nconnect = [\"group:60002\"]\n\
    fetch = [\"user:50003\", \"group:60002\"]\nerase = [\"group:60001\"]\nconfigure = [\"user:50004\"]\n";

/// Every method, with the right that it needs.
const METHODS: [(&str, &str); 15] = [
    ("AppendLog", "any"),
    ("Connect", "connect"),
    ("Erase", "erase"),
    ("FlushCache", "configure"),
    ("FollowLog", "read"),
    ("GetCache", "read"),
    ("GetFile", "fetch"),
    ("GetLog", "read"),
    ("GetStatus", "read"),
    ("GetTrust", "read"),
    ("IsSecure", "fetch"),
    ("Judge", "connect"),
    ("Refresh", "configure"),
    ("Reload", "configure"),
    ("SetLogLevel", "configure"),
];

/// A user, its group, and the rights that the configuration gives it.
const USERS: [(u32, u32, &[&str]); 7] = [
    (0, 0, &["any", "configure", "connect", "erase", "fetch", "read"]),
    (50_001, 60_001, &["any", "erase", "read"]),
    (50_002, 60_002, &["any", "connect", "fetch"]),
    (50_003, 50_003, &["any", "fetch"]),
    (50_004, 50_004, &["any", "configure"]),
    (50_005, 50_005, &[]),
    // The numbers of a group are not those of a user.
    (60_001, 50_003, &[]),
];

fn phone_for_everyone() -> (Office, Phone, Agent) {
    let office = Office::open();
    let phone = office.phone(ACCESS);
    fs::set_permissions(phone.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut agent = Agent::start(&phone);
    agent.pass();
    (office, phone, agent)
}

/// The errors, and their parameters, that each user gets for its calls.
fn call_as(phone: &Phone, users: &[Value]) -> Vec<Vec<(String, Value)>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/socket/policy.py");
    let mut python = Command::new("python3");
    python.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = python.spawn().unwrap();
    let order = json!({ "socket": phone.socket(), "users": users });
    child.stdin.take().unwrap().write_all(order.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn each_user_has_the_rights_of_the_configuration_and_no_others() {
    let (_office, phone, agent) = phone_for_everyone();
    // Who may call gets to the parameters, of which none is called so; nothing is done by it.
    let calls: Vec<_> = METHODS
        .iter()
        .map(|(method, _)| json!({ "method": full(method), "parameters": { "zzz": 1 }, "more": true, "upgrade": true }))
        .collect();
    let users: Vec<_> = USERS
        .iter()
        .map(|(uid, gid, _)| json!({ "uid": uid, "gid": gid, "calls": calls }))
        .collect();
    let answers = call_as(&phone, &users);
    let mut refusals = 0;
    for ((uid, _, rights), answers) in USERS.iter().zip(answers) {
        for ((method, right), (error, facts)) in METHODS.iter().zip(answers) {
            if rights.contains(right) {
                assert_eq!(error, "org.varlink.service.InvalidParameter", "{uid} {method} {facts}");
            } else {
                refusals += 1;
                assert_eq!(error, "phone.secd.NotAllowed", "{uid} {method}");
                assert_eq!(facts, json!({ "right": right }), "{uid} {method}");
            }
        }
    }
    let status = call(&phone.socket(), "GetStatus", json!({})).unwrap();
    assert_eq!(status["counters"]["refused_calls"], refusals);
    let lines = agent.log.from(0);
    let logged = lines.iter().filter(|line| line.text.contains(" refused to uid ")).count();
    assert_eq!(logged, refusals);
    assert!(lines.iter().any(|line| {
        line.text.starts_with("ipc: phone.secd.GetTrust refused to uid 50005, gid 50005, pid ")
    }));
}

#[test]
fn introspection_needs_no_right() {
    let (_office, phone, _agent) = phone_for_everyone();
    let calls = json!([
        { "method": "org.varlink.service.GetInfo" },
        { "method": "org.varlink.service.GetInterfaceDescription",
          "parameters": { "interface": "phone.secd" } },
    ]);
    let answers = call_as(&phone, &[json!({ "uid": 50_005, "gid": 50_005, "calls": calls })]);
    assert_eq!((answers[0][0].0.as_str(), answers[0][1].0.as_str()), ("", ""));
    let description = include_str!("../src/agent/secd.varlink");
    assert_eq!(answers[0][1].1["description"], description);
}

#[test]
fn a_confirmation_is_good_for_the_user_who_got_it() {
    let (_office, phone, _agent) = phone_for_everyone();
    let first = call(&phone.socket(), "Erase", json!({ "what": "itl" })).unwrap();
    let parameters = json!({ "what": "itl", "confirmation": first["confirmation"] });
    let erase = json!({ "method": full("Erase"), "parameters": parameters });
    let answers = call_as(&phone, &[json!({ "uid": 50_001, "gid": 60_001, "calls": [erase] })]);
    assert_eq!(answers[0][0].0, "phone.secd.WrongConfirmation");
    assert!(phone.state().join("itl").exists());
}
