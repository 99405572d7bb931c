//! Clients and files that mean no good.

use std::io::Write as _;
use std::time::{Duration, Instant};

use secd_lab::cluster::{Cluster, Setup};
use secd_lab::tftp::Server;
use serde_json::json;

use super::booted;
use super::browser::{Browser, LISTEN, address, ask, follow, get, request};
use super::support::PATIENCE;
use super::support::agent::Agent;
use super::support::phone::{DEVICE, Phone};
use super::support::socket::call;

#[test]
fn each_odd_request_gets_its_refusal_and_the_next_one_its_page() {
    let (_office, _phone, agent, address) = booted(LISTEN);
    let descriptors = agent.descriptors();
    let host = format!("Host: {address}");
    let (long_path, long_header) = ("x".repeat(5000), format!("X: {}", "x".repeat(5000)));
    let many: Vec<&str> = std::iter::once(host.as_str()).chain(["X: y"; 60]).collect();
    let of = |first: &str, headers: &[&str]| format!("{first}\r\n{}\r\n\r\n", headers.join("\r\n"));
    for (sent, status) in [
        (of("GET /../../etc/passwd HTTP/1.1", &[&host]), 404),
        (of("GET /%2e%2e/etc/passwd HTTP/1.1", &[&host]), 404),
        (of("GET //etc/passwd HTTP/1.1", &[&host]), 404),
        (of("GET /state/ctl HTTP/1.1", &[&host]), 404),
        (of("GET /LOG HTTP/1.1", &[&host]), 404),
        (of("GET /log/ HTTP/1.1", &[&host]), 404),
        (of("GET /?x=<script> HTTP/1.1", &[&host]), 200),
        (of("GET / HTTP/1.0", &[&host]), 200),
        (of("GET / HTTP/1.0", &["X: y"]), 421),
        (of("GET / HTTP/1.1", &["X: y"]), 421),
        (of("GET / HTTP/1.1", &["Host: evil.example"]), 421),
        (of("GET / HTTP/1.1", &["Host: localhost"]), 421),
        (of("GET / HTTP/1.1", &[&format!("Host: {DEVICE}.evil.example")]), 421),
        (of("GET /nothing HTTP/1.1", &["Host: evil.example"]), 421),
        (of("GET / HTTP/1.1", &[&format!("Host: {DEVICE}")]), 200),
        (of("GET / HTTP/1.1", &["Host: sep001122334455:8080"]), 200),
        (of("GET / HTTP/1.1", &["Host: [::1]:1"]), 200),
        (of("GET / HTTP/1.1", &[&host, &host]), 400),
        (of("GET / HTTP/1.1", &[&host, "Content-Length: 5"]), 413),
        (of("GET / HTTP/1.1", &[&host, "Transfer-Encoding: chunked"]), 413),
        (of("POST / HTTP/1.1", &[&host]), 405),
        (of("POST /log HTTP/1.1", &[&host]), 405),
        (of("PUT /doctor HTTP/1.1", &[&host]), 405),
        (of("TRACE / HTTP/1.1", &[&host]), 405),
        (of("get / HTTP/1.1", &[&host]), 405),
        (of("OPTIONS * HTTP/1.1", &[&host]), 400),
        (of("CONNECT evil.example:80 HTTP/1.1", &[&host]), 400),
        (of("GET http://evil.example/ HTTP/1.1", &[&host]), 400),
        (of("GET /#x HTTP/1.1", &[&host]), 400),
        (of("GET / HTTP/2.0", &[&host]), 400),
        (of("GET / HTTP/1.1", &[&host, "a b: c"]), 400),
        (of("GET / HTTP/1.1", &[&host, "X: y", " folded"]), 400),
        (of("GET / HTTP/1.1", &many), 400),
        (of("\u{16}\u{3}\u{1} / HTTP/1.1", &[&host]), 400),
        ("\r\n\r\n".to_owned(), 400),
        (of(&format!("GET /{long_path} HTTP/1.1"), &[&host]), 431),
        (of("GET / HTTP/1.1", &[&host, &long_header]), 431),
        ("x".repeat(100_000), 431),
    ] {
        let answer = Browser::connect(address).send(sent.as_bytes()).answer();
        let shown: String = sent.chars().take(80).collect();
        assert_eq!(answer.status, status, "{shown:?}");
        assert!(!answer.body.contains("<script>"), "{shown:?}");
    }
    assert_eq!(get(address, "/").status, 200);
    // A line of the log for the first few, and not for all of them.
    let refused = |line: &super::support::log::Line| line.text.starts_with("web: 127.0.0.1: ");
    assert!(agent.log.from(0).iter().filter(|line| refused(line)).count() <= 8);
    let until = Instant::now() + PATIENCE;
    while agent.descriptors() > descriptors {
        assert!(Instant::now() < until, "{} of {descriptors}", agent.descriptors());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn one_request_is_answered_on_a_connection() {
    let (_office, _phone, _agent, address) = booted(LISTEN);
    let two = request(address, "GET /secd.css HTTP/1.1", &[]).repeat(2);
    let bytes = Browser::connect(address).send(two.as_bytes()).rest();
    assert_eq!(String::from_utf8(bytes).unwrap().matches("HTTP/1.1 200 OK").count(), 1);
}

#[test]
fn a_hundred_who_dawdle_keep_nobody_out_and_are_closed() {
    let (_office, phone, mut agent, address) = booted(LISTEN);
    let descriptors = agent.descriptors();
    let mut slow: Vec<Browser> = (0..100)
        .map(|at| Browser::connect(address).send(&b"GET / HTTP/1.1\r\nHost: 1"[..at % 20]))
        .collect();
    let start = Instant::now();
    for _ in 0..10 {
        assert_eq!(get(address, "/").status, 200);
        call(&phone.socket(), "GetTrust", json!({})).unwrap();
    }
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    agent.pass_again();
    // Most made room at once, the rest has ten seconds from the beginning, whatever it sends.
    let until = start + Duration::from_secs(13);
    while agent.descriptors() > descriptors {
        assert!(Instant::now() < until, "{} of {descriptors}", agent.descriptors());
        slow.iter_mut().for_each(|it| drop(it.stream.write_all(b"x")));
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn who_has_its_answer_and_stays_keeps_nobody_out() {
    let (_office, _phone, _agent, address) = booted(LISTEN);
    let ask = request(address, "GET /secd.css HTTP/1.1", &[]);
    let mut rude = Vec::new();
    for _ in 0..40 {
        let mut browser = Browser::connect(address).send(ask.as_bytes());
        browser.until("HTTP/1.1 200 OK");
        rude.push(browser);
    }
    assert_eq!(get(address, "/").status, 200);
}

#[test]
fn who_does_not_read_is_let_go_and_nobody_waits_for_it() {
    let (_office, phone, _agent, address) = booted(LISTEN);
    let deaf: Vec<Browser> = (0..3).map(|_| follow(address, &[])).collect();
    let start = Instant::now();
    for number in 0..2000 {
        let text = format!("{number} {}", "x".repeat(400));
        let parameters = json!({ "process": "JVM", "level": "notice", "text": text });
        call(&phone.socket(), "AppendLog", parameters).unwrap();
    }
    let took = start.elapsed();
    assert!(took < Duration::from_secs(8), "{took:?}");
    assert_eq!(get(address, "/").status, 200);
    drop(deaf);
}

#[test]
fn names_of_a_list_and_lines_of_the_log_are_text() {
    let name = "<script>alert(1)</script>\"'&";
    let mut cluster = Cluster::new(Setup::default());
    let hostile = cluster.setup.identity(name);
    cluster.nodes[0].callmanager = hostile;
    let tftp = Server::start(cluster.files());
    let phone = Phone::with(&[&tftp.address().to_string()], "", LISTEN);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let address = address(&agent);
    let parameters =
        json!({ "process": "JVM", "level": "notice", "text": "<img src=x onerror=y>" });
    call(&phone.socket(), "AppendLog", parameters).unwrap();
    let trust = call(&phone.socket(), "GetTrust", json!({})).unwrap();
    assert!(trust.to_string().contains("<script>alert(1)"), "{trust}");
    for path in ["/", "/doctor"] {
        let page = get(address, path).body;
        assert!(!page.contains("<script>") && !page.contains("<img"), "{page}");
    }
    let page = get(address, "/").body;
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    assert!(page.contains("&lt;img src=x onerror=y&gt;"), "{page}");
    // Where it is no markup, the browser must not look for any.
    for path in ["/log", "/status.json", "/metrics"] {
        let answer = ask(address, &format!("GET {path} HTTP/1.1"), &[]);
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"), "{path}");
        assert!(!answer.header("Content-Type").unwrap().contains("html"), "{path}");
    }
}
