//! The pages that administrators' scripts fetch: what such scripts find on those of a running
//! agent.
#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use support::PATIENCE;
use support::agent::{Agent, secd};
use support::office::Office;
use support::phone::{DEVICE, Phone};

mod support;

/// A booted agent with a page, and where that is.
fn booted(phone: &Phone) -> (Agent, String) {
    let mut agent = Agent::start(phone);
    agent.pass();
    let is_open = |text: &str| text.starts_with("web: listening on ");
    let at = agent.log.find(0, PATIENCE, |line| is_open(&line.text)).expect("a page");
    let text = agent.log.from(at).remove(0).text;
    let address = text.trim_start_matches("web: listening on ").split(',').next().unwrap();
    (agent, address.to_owned())
}

/// The status line and the rest of an answer.
fn get(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (status, rest) = answer.split_once("\r\n").expect("a status line");
    (status.to_owned(), rest.to_owned())
}

#[test]
fn scripts_of_administrators_find_what_they_look_for() {
    let office = Office::open();
    let phone = office.phone("[web]\nlisten = [\"127.0.0.1:0\"]\n");
    let (_agent, address) = booted(&phone);
    let (server, itl) = (office.tftp.address().to_string(), phone.folder().join("served.tlv"));
    let name = format!("ITL{DEVICE}.tlv");
    let fetched = secd().args(["fetch", &name, "--server", &server, "--out"]).arg(&itl).output();
    assert!(fetched.unwrap().status.success());
    let other = phone.folder().join("other.tlv");
    support::write(&other, b"another list");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/web/scrapers.py");
    let tvs = office.tvs.address().to_string();
    let mut python = Command::new("python3");
    python.args([script, &format!("http://{address}"), "--device", DEVICE]);
    python.args(["--tftp", &server, "--tvs", &tvs, "--capf", &office.cluster.nodes[0].host]);
    let output = python.arg("--itl").arg(&itl).arg("--other").arg(&other).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{shown}{}", String::from_utf8_lossy(&output.stderr));
    assert!(shown.ends_with("all as it should be\n"), "{shown}");
}

#[test]
fn a_closed_log_is_not_served_under_the_names_of_phones_either() {
    let office = Office::open();
    let phone = office.phone("[web]\nlisten = [\"127.0.0.1:0\"]\nlog = false\n");
    let (_agent, address) = booted(&phone);
    let adapter = |name: &str| format!("/CGI/Java/Serviceability?adapter=device.{name}");
    for path in ["/FS/messages", &adapter("statistics.consolelog")] {
        let (status, rest) = get(&address, path);
        assert_eq!(status, "HTTP/1.1 404 Not Found", "{path}");
        assert!(!rest.contains("SECD"), "{rest}");
    }
    let (status, rest) = get(&address, &adapter("statistics.device"));
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert!(!rest.contains("consolelog"), "{rest}");
}
