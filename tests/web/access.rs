//! Who may open the page: networks, and the phone's configuration.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use secd_lab::cluster::{Cluster, Files, Setup};
use secd_lab::tftp::Server;
use serde_json::{Value, json};

use super::browser::{Browser, LISTEN, address, follow, get, request};
use super::support::PATIENCE;
use super::support::agent::Agent;
use super::support::log::shown;
use super::support::office::Office;
use super::support::phone::{DEVICE, Phone};
use super::support::socket::call;

/// What a client at an address of loopback gets.
fn from(own: &str, address: SocketAddr) -> Vec<u8> {
    let socket = socket(own);
    rustix::net::connect(&socket, &address).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    Browser { stream }.send(request(address, "GET /secd.css HTTP/1.1", &[]).as_bytes()).rest()
}

fn socket(own: &str) -> std::os::fd::OwnedFd {
    use rustix::net::{AddressFamily, SocketType};
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    let own: SocketAddr = format!("{own}:0").parse().unwrap();
    rustix::net::bind(&socket, &own).unwrap();
    socket
}

#[test]
fn only_hosts_of_the_networks_that_are_allowed_get_an_answer() {
    let office = Office::open();
    let allow = "allow = [\"127.0.0.1\", \"127.0.7.0/24\"]\n";
    let phone = office.phone(&format!("{LISTEN}{allow}"));
    let agent = Agent::start(&phone);
    let address = address(&agent);
    for (own, is_allowed) in
        [("127.0.0.1", true), ("127.0.7.9", true), ("127.0.0.2", false), ("127.0.8.1", false)]
    {
        let answer = from(own, address);
        assert_eq!(answer.starts_with(b"HTTP/1.1 200 "), is_allowed, "{own}");
        assert_eq!(answer.is_empty(), !is_allowed, "not a byte for {own}");
    }
}

#[test]
fn a_host_that_is_no_longer_allowed_is_cut_off() {
    let office = Office::open();
    let phone = office.phone(LISTEN);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let address = address(&agent);
    let mut live = follow(address, &[]);
    live.until("refresh: done");
    let server = office.tftp.address().to_string();
    let sections = format!("{LISTEN}allow = [\"127.0.0.9\"]\n");
    phone.configure(&[&server], "", &sections);
    call(&phone.socket(), "Reload", json!({})).unwrap();
    assert!(live.is_closed_within(Duration::from_secs(1)));
    assert!(Browser::connect(address).rest().is_empty());
}

#[test]
fn a_page_that_is_open_to_all_is_warned_of() {
    let office = Office::open();
    for (sections, warns) in [
        ("[web]\nlisten = [\"0.0.0.0:0\"]\nallow = [\"0.0.0.0/0\"]\n", true),
        ("[web]\nlisten = [\"127.0.0.1:0\"]\nallow = [\"0.0.0.0/0\"]\n", false),
        ("[web]\nlisten = [\"0.0.0.0:0\"]\nallow = [\"127.0.0.0/8\"]\n", false),
    ] {
        let phone = office.phone(sections);
        let mut agent = Agent::start(&phone);
        agent.pass();
        let lines = agent.logged(&phone, 0);
        let is_warning = |line: &super::support::log::Line| {
            line.level == "WRN" && line.text.contains(" is open to all hosts: ")
        };
        assert_eq!(lines.iter().any(is_warning), warns, "{sections}: {}", shown(&lines));
    }
}

fn signed() -> String {
    format!("{DEVICE}.cnf.xml.sgn")
}

fn configuration(web: &str) -> String {
    format!("<device><fullConfig>true</fullConfig><vendorConfig>{web}</vendorConfig></device>")
}

const CLOSED: &str = "<webAccess>1</webAccess>";

fn serving(cluster: &Cluster, web: &str) -> Files {
    let mut files = cluster.files();
    files.insert(signed(), cluster.signed(&signed(), configuration(web).as_bytes()));
    files
}

fn is_open(address: SocketAddr) -> bool {
    let request = request(address, "GET /secd.css HTTP/1.1", &[]);
    !Browser::connect(address).send(request.as_bytes()).rest().is_empty()
}

#[test]
fn a_verified_configuration_closes_the_page_at_once_and_over_a_restart_until_another_opens_it() {
    let cluster = Cluster::new(Setup::default());
    let tftp = Server::start(serving(&cluster, "<webAccess>0</webAccess>"));
    let server = tftp.address().to_string();
    let phone = Phone::with(&[&server], "timeout_s = 1\nretries = 1\n", LISTEN);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let mut at = address(&agent);
    assert!(is_open(at));
    let mut live = follow(at, &[]);
    live.until("refresh: done");
    let mut silent = Browser::connect(at);
    tftp.serve(serving(&cluster, CLOSED));
    agent.pass_again();
    let start = Instant::now();
    assert!(live.is_closed_within(Duration::from_secs(1)), "a log that is followed");
    assert!(silent.is_closed_within(Duration::from_secs(1)), "a client that says nothing");
    assert!(start.elapsed() < Duration::from_secs(1));
    assert!(!is_open(at));
    let closed = |line: &super::support::log::Line| {
        line.text == "web: closed by the configuration (webAccess)"
    };
    assert!(agent.log.find(0, PATIENCE, closed).is_some(), "{}", shown(&agent.log.from(0)));
    assert!(agent.end().success());
    // The servers have nothing: what the phone remembers counts.
    tftp.serve(Files::new());
    let mut agent = Agent::start(&phone);
    at = address(&agent);
    assert!(!is_open(at), "before the first pass");
    agent.pass();
    assert!(!is_open(at), "after it");
    // Nobody vouches for this one.
    let plain = format!("{DEVICE}.cnf.xml");
    tftp.serve(Files::from([(plain, configuration("").into_bytes())]));
    agent.pass_again();
    assert!(!is_open(at), "an unsigned file opens nothing");
    for open in ["", "<webAccess>0</webAccess>", "<webAccess>2</webAccess>"] {
        tftp.serve(serving(&cluster, CLOSED));
        agent.pass_again();
        assert!(!is_open(at));
        tftp.serve(serving(&cluster, open));
        let seen = agent.log.from(0).len();
        agent.pass_again();
        assert!(is_open(at), "{open}");
        let is_odd = |line: &super::support::log::Line| {
            line.level == "WRN" && line.text.contains("webAccess: expected 0 or 1, found \"2\"")
        };
        assert_eq!(agent.log.from(seen).iter().any(is_odd), open.contains('2'), "{open}");
    }
}

#[test]
fn an_unsigned_configuration_does_not_close_the_page() {
    let plain = format!("{DEVICE}.cnf.xml");
    let tftp = Server::start(Files::from([(plain, configuration(CLOSED).into_bytes())]));
    let phone = Phone::with(&[&tftp.address().to_string()], "", LISTEN);
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    assert!(lines.last().unwrap().text.ends_with("configuration done"), "{}", shown(&lines));
    assert!(is_open(address(&agent)));
}

#[test]
fn a_verified_configuration_does_not_open_a_page_that_no_setting_opens() {
    let cluster = Cluster::new(Setup::default());
    let tftp = Server::start(serving(&cluster, "<webAccess>0</webAccess>"));
    let sections = format!("{LISTEN}allow = []\n");
    let phone = Phone::with(&[&tftp.address().to_string()], "", &sections);
    let mut agent = Agent::start(&phone);
    agent.pass();
    assert!(!is_open(address(&agent)));
}

#[test]
fn a_factory_reset_forgets_that_the_former_owner_closed_the_page() {
    let cluster = Cluster::new(Setup::default());
    let tftp = Server::start(serving(&cluster, CLOSED));
    let phone = Phone::with(&[&tftp.address().to_string()], "timeout_s = 1\nretries = 1\n", LISTEN);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let at = address(&agent);
    assert!(!is_open(at));
    tftp.serve(Files::new());
    let what = |confirmation| json!({ "what": "all", "confirmation": confirmation });
    let asked = call(&phone.socket(), "Erase", what(Value::Null)).unwrap();
    call(&phone.socket(), "Erase", what(asked["confirmation"].clone())).unwrap();
    assert!(is_open(at));
    assert_eq!(get(at, "/status.json").status, 200);
}
