//! Clients that mean no good: each gets the right error or a closed connection, and all others are
//! served all the while.
#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]
#![allow(clippy::disallowed_methods, reason = "tests wait in real time, within bounds")]

mod support;

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use support::agent::Agent;
use support::office::Office;
use support::phone::Phone;
use support::socket::{Client, call, full, outcome};

fn booted(sections: &str) -> (Office, Phone, Agent) {
    let office = Office::open();
    let phone = office.phone(sections);
    let mut agent = Agent::start(&phone);
    agent.pass();
    (office, phone, agent)
}

/// Somebody else is answered.
#[track_caller]
fn expect_served(phone: &Phone) {
    assert_eq!(call(&phone.socket(), "GetTrust", json!({})).unwrap()["state"], "S1");
}

/// Waits until the agent has so many descriptors.
#[track_caller]
fn expect_descriptors(agent: &Agent, wanted: usize) {
    let until = std::time::Instant::now() + support::PATIENCE;
    while agent.descriptors() != wanted {
        assert!(std::time::Instant::now() < until, "{} of {wanted}", agent.descriptors());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_is_no_call_gets_an_error_and_the_connection_ends() {
    let (_office, phone, _agent) = booted("");
    let deep = format!("{{\"method\":\"a.b\",\"parameters\":{{\"x\":{}", "[".repeat(1000));
    for message in [
        "",
        "x",
        "[]",
        "{}",
        "null",
        "\u{feff}{}",
        "{\"method\":5}",
        "{\"method\":null}",
        "{\"method\":\"a.b\",\"parameters\":[]}",
        "{\"method\":\"a.b\"} {}",
        &deep,
    ] {
        let mut client = Client::connect(&phone.socket());
        client.send(message.as_bytes()).send(b"\0");
        let (error, _) = outcome(client.reply().expect("a reply")).unwrap_err();
        assert_eq!(error, "org.varlink.service.InvalidParameter", "{message}");
        assert_eq!(client.reply(), None, "{message}");
        expect_served(&phone);
    }
}

#[test]
fn a_message_that_does_not_end_is_cut_off() {
    let (_office, phone, agent) = booted("");
    let idle = agent.resident();
    for byte in [b' ', b'{', 0xff] {
        let mut client = Client::connect(&phone.socket());
        client.send(&[byte; 65_537]);
        assert_eq!(client.reply(), None);
        expect_served(&phone);
    }
    // 16 MiB, of which nobody takes more than the first.
    let mut client = Client::connect(&phone.socket());
    for _ in 0..256 {
        client.send(&[b' '; 65_536]);
    }
    assert_eq!(client.reply(), None);
    let more = agent.resident().saturating_sub(idle);
    assert!(more < 4 << 20, "{more} bytes more");
}

#[test]
fn the_largest_message_is_read() {
    let (_office, phone, _agent) = booted("");
    let mut client = Client::connect(&phone.socket());
    let call = json!({ "method": full("GetTrust") }).to_string();
    client.send(call.as_bytes()).send(&vec![b' '; 65_536 - call.len()]).send(b"\0");
    assert_eq!(outcome(client.reply().unwrap()).unwrap()["state"], "S1");
}

#[test]
fn the_parameter_that_is_wrong_is_named() {
    let (_office, phone, _agent) = booted("");
    let mut client = Client::connect(&phone.socket());
    for (method, parameters, wrong) in [
        ("Erase", json!({}), "what"),
        ("Erase", json!({ "what": 5 }), "what"),
        ("Erase", json!({ "what": "everything" }), "what"),
        ("Erase", json!({ "what": "all", "confirmation": 5 }), "confirmation"),
        ("GetFile", json!({ "name": ["x"] }), "name"),
        ("GetFile", json!({ "name": "x", "limit": -1 }), "limit"),
        ("GetFile", json!({ "name": "x", "limit": 1.5 }), "limit"),
        ("GetFile", json!({ "name": "x", "path": "/etc" }), "path"),
        ("GetLog", json!({ "level": "loud" }), "level"),
        ("GetTrust", json!({ "x": null }), "x"),
        ("IsSecure", json!({ "server": "a b" }), "server"),
        ("Judge", json!({ "certificate": "", "purpose": "any" }), "purpose"),
        ("Connect", json!({ "host": "a", "port": 1 }), "upgrade"),
        ("org.varlink.service.GetInterfaceDescription", json!({}), "interface"),
    ] {
        let (error, facts) = client.call(method, parameters.clone()).unwrap_err();
        assert_eq!(error, "org.varlink.service.InvalidParameter", "{method} {parameters}");
        assert_eq!(facts["parameter"], wrong, "{method} {parameters}");
    }
    for (port, host, wrong) in [
        (0, "a", "port"),
        (65_536, "a", "port"),
        (1, "a b", "host"),
        (1, "", "host"),
        (1, "a\0", "host"),
        (1, "1.2.3", "host"),
    ] {
        let call = json!({ "method": full("Connect"), "upgrade": true,
            "parameters": { "host": host, "port": port } });
        // What follows would be for the stream that there is not.
        let mut client = Client::connect(&phone.socket());
        let (_, facts) = outcome(client.send_call(&call).reply().unwrap()).unwrap_err();
        assert_eq!(facts["parameter"], wrong, "{host:?} {port}");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let (_office, phone, _agent) = booted("");
    let mut client = Client::connect(&phone.socket());
    for (method, error, facts) in [
        ("phone.secd.Nothing", "MethodNotFound", json!({ "method": "Nothing" })),
        ("org.varlink.service.Nothing", "MethodNotFound", json!({ "method": "Nothing" })),
        ("phone.other.GetTrust", "InterfaceNotFound", json!({ "interface": "phone.other" })),
        ("GetTrust", "InterfaceNotFound", json!({ "interface": "" })),
        ("", "InterfaceNotFound", json!({ "interface": "" })),
    ] {
        let reply = client.send_call(&json!({ "method": method })).reply().unwrap();
        let error = format!("org.varlink.service.{error}");
        assert_eq!(outcome(reply), Err((error, facts)), "{method}");
    }
    let follow = client.call("FollowLog", json!({})).unwrap_err();
    assert_eq!(follow.0, "org.varlink.service.ExpectedMore");
}

#[test]
fn a_name_cannot_leave_the_folder() {
    let (_office, phone, _agent) = booted("");
    let mut client = Client::connect(&phone.socket());
    for name in [
        "../state/itl",
        "/etc/passwd",
        "a/../../b",
        "",
        ".",
        "..",
        "a\0b",
        "a\nb",
        "a b",
        "a\u{202e}b",
        "./a",
        "a//b",
        &"x".repeat(500),
    ] {
        let (error, facts) = client.call("GetFile", json!({ "name": name })).unwrap_err();
        assert_eq!(error, "phone.secd.BadName", "{name:?}: {facts}");
    }
    let ram: Vec<_> =
        fs::read_dir(phone.ram()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(ram, [format!("{}.cnf.xml", support::phone::DEVICE).as_str()]);
}

#[test]
fn a_oneway_call_has_no_reply() {
    let (_office, phone, _agent) = booted("");
    let mut client = Client::connect(&phone.socket());
    for method in ["GetTrust", "Nothing", "Erase", "FollowLog", "Connect", "Refresh"] {
        let call = json!({ "method": full(method), "oneway": true, "more": true });
        client.send_call(&call);
    }
    assert!(client.call("GetStatus", json!({})).unwrap()["version"].is_string(), "the first reply");
}

#[test]
fn half_a_message_and_silence_hold_nobody_up_and_end() {
    let (_office, phone, agent) = booted("[socket]\nidle_s = 1\n");
    let before = agent.descriptors();
    let mut clients: Vec<_> = (0..20).map(|_| Client::connect(&phone.socket())).collect();
    for client in clients.iter_mut().skip(10) {
        client.send(b"{\"method\":");
    }
    expect_served(&phone);
    for client in &mut clients {
        assert_eq!(client.reply(), None);
    }
    expect_descriptors(&agent, before);
}

#[test]
fn who_does_not_read_is_let_go_and_takes_no_memory() {
    let (_office, phone, agent) = booted("");
    let (before, idle) = (agent.descriptors(), agent.resident());
    let stubborn: Vec<_> =
        (0..8).map(|number| write_without_reading(&phone.socket(), number)).collect();
    for _ in 0..50 {
        let line = json!({ "process": "JVM", "level": "notice", "text": "x".repeat(400) });
        call(&phone.socket(), "AppendLog", line).unwrap();
    }
    expect_served(&phone);
    let more = agent.resident().saturating_sub(idle);
    assert!(more < 8 << 20, "{more} bytes more");
    // The others have been let go, though they are still there.
    expect_descriptors(&agent, before);
    drop(stubborn);
}

/// Calls until no more is taken, and reads nothing.
fn write_without_reading(socket: &Path, number: usize) -> UnixStream {
    let method = if number % 2 == 0 { "GetTrust" } else { "GetLog" };
    let call = format!("{}\0", json!({ "method": full(method) })).repeat(100);
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    while stream.write_all(call.as_bytes()).is_ok() {}
    stream
}

#[test]
fn two_thousand_connections_are_held_off_and_given_back() {
    let (_office, phone, agent) = booted("");
    let (before, idle) = (agent.descriptors(), agent.resident());
    let mut open = Vec::new();
    for number in 0..2_000 {
        // Beyond what the agent takes from one user it closes; beyond what the kernel keeps for it
        // nobody gets in. Here one process asks, so that nothing waits.
        let Ok(stream) = UnixStream::connect(phone.socket()) else { continue };
        if number % 5 == 0 {
            let _ = (&stream).write_all(b"{\"met");
        }
        open.push(stream);
    }
    assert!(open.len() > 1_000, "{}", open.len());
    // Who is already there goes on being served, and the others are root too.
    let grown = agent.resident().saturating_sub(idle);
    assert!(grown < 16 << 20, "{grown} bytes more");
    assert!(agent.descriptors() <= before + 257, "{}", agent.descriptors());
    drop(open);
    expect_descriptors(&agent, before);
    expect_served(&phone);
}

#[test]
fn many_silent_and_slow_clients_leave_the_others_served() {
    let (_office, phone, agent) = booted("[socket]\nconnections = 600\nper_user = 600\n");
    let (before, idle) = (agent.descriptors(), agent.resident());
    let mut slow: Vec<_> = (0..500).map(|_| Client::connect(&phone.socket())).collect();
    for client in slow.iter_mut().step_by(5) {
        client.send(b"{\"method\":\"phone.secd.Get");
    }
    let mut client = Client::connect(&phone.socket());
    for _ in 0..200 {
        assert_eq!(client.call("GetTrust", json!({})).unwrap()["state"], "S1");
    }
    let more = agent.resident().saturating_sub(idle);
    assert!(more < 16 << 20, "{more} bytes more");
    for client in slow.iter_mut().step_by(5) {
        client.send(b"Status\"}\0");
        assert!(outcome(client.reply().unwrap()).unwrap()["uptime"].is_u64());
    }
    drop((client, slow));
    expect_descriptors(&agent, before);
    expect_served(&phone);
}

#[test]
fn calls_in_one_piece_are_answered_in_their_order() {
    let (_office, phone, _agent) = booted("");
    let mut client = Client::connect(&phone.socket());
    let methods = ["GetTrust", "Nothing", "GetStatus", "GetCache"];
    let calls: String =
        methods.iter().map(|method| format!("{}\0", json!({ "method": full(method) }))).collect();
    client.send(calls.as_bytes());
    let replies: Vec<Value> = methods.iter().map(|_| client.reply().unwrap()).collect();
    assert_eq!(replies[0]["parameters"]["state"], "S1");
    assert_eq!(replies[1]["error"], "org.varlink.service.MethodNotFound");
    assert!(replies[2]["parameters"]["version"].is_string());
    assert_eq!(replies[3]["parameters"]["verdicts"], json!([]));
}
