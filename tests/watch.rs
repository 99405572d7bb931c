//! Whoever watches the phone's trust sees what happens to it, as it happens.
#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]
#![allow(clippy::disallowed_methods, reason = "tests wait in real time, within bounds")]

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::agent::Agent;
use support::office::Office;
use support::phone::Phone;
use support::socket::{Client, call, full, outcome};

fn booted() -> (Office, Phone, Agent) {
    let office = Office::open();
    let phone = office.phone("");
    let mut agent = Agent::start(&phone);
    agent.pass();
    (office, phone, agent)
}

/// One who watches.
struct Watcher(Client);

impl Watcher {
    fn of(phone: &Phone) -> Self {
        let mut client = Client::connect(&phone.socket());
        client.send_call(&json!({ "method": full("Watch"), "more": true }));
        Self(client)
    }

    #[track_caller]
    fn next(&mut self) -> Value {
        let reply = self.0.reply().expect("the agent is there");
        assert_eq!(reply["continues"], true, "{reply}");
        outcome(reply).unwrap()
    }

    /// What has happened until the end of a boot pass: all of it in one reply.
    #[track_caller]
    fn until_the_pass_is_over(&mut self) -> Value {
        let mut all = self.next();
        while all["outcomes"].as_array().unwrap().is_empty() {
            let mut next = self.next();
            for part in ["messages", "alarms", "stages", "outcomes"] {
                let more = next[part].as_array_mut().unwrap().split_off(0);
                all[part].as_array_mut().unwrap().extend(more);
            }
            if !next["trust"].is_null() {
                all["trust"] = next["trust"].take();
            }
        }
        all
    }
}

fn erase(phone: &Phone, what: &str) {
    let first = call(&phone.socket(), "Erase", json!({ "what": what })).unwrap();
    let second = json!({ "what": what, "confirmation": first["confirmation"] });
    call(&phone.socket(), "Erase", second).unwrap();
}

/// The values of a member, one for each part.
fn all<'a>(parts: &'a Value, member: &str) -> Vec<&'a Value> {
    parts.as_array().unwrap().iter().map(|part| &part[member]).collect()
}

#[test]
fn the_first_reply_is_what_the_screen_shows_and_the_next_what_has_happened() {
    let (_office, phone, _agent) = booted();
    let mut watcher = Watcher::of(&phone);
    let first = watcher.next();
    assert_eq!(first["trust"], call(&phone.socket(), "GetTrust", json!({})).unwrap());
    for part in ["messages", "alarms", "stages", "outcomes"] {
        assert_eq!(first[part], json!([]), "{part}");
    }
    erase(&phone, "itl");
    let erased = watcher.until_the_pass_is_over();
    let texts = all(&erased["messages"], "text");
    let expected = ["Erasing CTL and ITL files", "File Not Found <CTLFile.tlv>", "ITL installed"];
    assert_eq!(texts, expected, "{erased}");
    assert_eq!(all(&erased["alarms"], "code"), [3]);
    assert_eq!(all(&erased["stages"], "stage"), ["ctl", "itl", "configuration"]);
    assert_eq!(all(&erased["stages"], "detail"), ["kept", "installed", "done"]);
    assert_eq!(all(&erased["outcomes"], "configuration"), ["done"]);
    assert_eq!(erased["trust"]["lists"][0]["md5"], first["trust"]["lists"][0]["md5"]);
    assert_eq!(erased["missed"], 0);
}

#[test]
fn a_pass_that_changes_nothing_is_seen_and_shows_no_trust_again() {
    let (_office, phone, mut agent) = booted();
    let mut watchers = [Watcher::of(&phone), Watcher::of(&phone)];
    for watcher in &mut watchers {
        watcher.next();
    }
    agent.pass_again();
    for watcher in &mut watchers {
        let passed = watcher.until_the_pass_is_over();
        assert_eq!(all(&passed["stages"], "detail"), ["kept", "kept", "done"], "{passed}");
        assert_eq!((&passed["trust"], &passed["alarms"]), (&Value::Null, &json!([])));
    }
}

#[test]
fn it_has_to_be_called_with_more() {
    let (_office, phone, _agent) = booted();
    let refused = call(&phone.socket(), "Watch", json!({})).unwrap_err();
    assert_eq!(refused.0, "org.varlink.service.ExpectedMore");
}

#[test]
fn the_screen_of_the_example_follows_what_happens() {
    let (_office, phone, _agent) = booted();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/trust_screen.py");
    let mut python = Command::new("python3");
    python.arg(example).arg(phone.socket()).arg("watch").stdout(Stdio::piped());
    let mut screen = python.spawn().unwrap();
    let mut lines = BufReader::new(screen.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut find = |wanted: &str| {
        let found = lines.by_ref().find(|line| line.contains(wanted));
        assert!(found.is_some(), "{wanted}");
    };
    find("last alarm: 3 ITL_INITIAL_SUCCESS");
    erase(&phone, "itl");
    for wanted in ["no trust list installed", "boot pass over: S1, configuration done"] {
        find(wanted);
    }
    screen.kill().unwrap();
    screen.wait().unwrap();
}
