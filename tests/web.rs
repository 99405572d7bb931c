//! The phone's web page: what it shows, and what hostile clients get.
#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]
#![allow(clippy::disallowed_methods, reason = "tests wait in real time, within bounds")]

mod support;

#[path = "web/access.rs"]
mod access;
#[path = "web/browser.rs"]
mod browser;
#[path = "web/hostile.rs"]
mod hostile;
#[path = "web/live.rs"]
mod live;

use std::net::SocketAddr;

use browser::{LISTEN, address, ask, get};
use serde_json::{Value, json};
use support::agent::Agent;
use support::office::Office;
use support::phone::{DEVICE, Phone};
use support::socket::call;

/// A phone that has booted, and where its page is.
fn booted(sections: &str) -> (Office, Phone, Agent, SocketAddr) {
    let office = Office::open();
    let phone = office.phone(sections);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let address = address(&agent);
    (office, phone, agent, address)
}

/// Every path that is read.
const PATHS: [&str; 7] =
    ["/", "/doctor", "/log", "/metrics", "/secd.css", "/secd.js", "/status.json"];

#[test]
fn without_a_setting_nobody_listens() {
    let office = Office::open();
    let phone = office.phone("");
    let mut agent = Agent::start(&phone);
    agent.pass();
    let lines = agent.logged(&phone, 0);
    assert!(lines.iter().all(|line| !line.text.starts_with("web: ")), "{lines:?}");
}

#[test]
fn the_page_shows_what_the_screen_shows() {
    let (_office, phone, _agent, address) = booted(LISTEN);
    let page = get(address, "/");
    assert_eq!(page.header("Content-Type"), Some("text/html; charset=utf-8"));
    let page = page.body;
    let trust = call(&phone.socket(), "GetTrust", json!({})).unwrap();
    let list = &trust["lists"][0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut wanted = vec![
        DEVICE.to_owned(),
        "Protected".to_owned(),
        text(&trust["meaning"]),
        text(&list["signer"]),
        text(&list["md5"]),
        text(&list["sha1"]),
        text(&trust["messages"][0]["text"]),
        format!("secd {}", env!("CARGO_PKG_VERSION")),
        "successful".to_owned(),
    ];
    for record in list["records"].as_array().unwrap() {
        wanted.extend(["role", "subject", "issuer", "serial"].map(|member| text(&record[member])));
    }
    let lines = call(&phone.socket(), "GetLog", json!({})).unwrap();
    wanted.push(text(&lines["lines"][0]["text"]));
    for wanted in wanted {
        let wanted = wanted.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        assert!(page.contains(&wanted), "{wanted}\n{page}");
    }
}

#[test]
fn programs_get_the_status_of_the_socket_as_json() {
    let (_office, phone, _agent, address) = booted(LISTEN);
    let answer = get(address, "/status.json");
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    let mut found: Value = serde_json::from_str(&answer.body).unwrap();
    let mut status = call(&phone.socket(), "GetStatus", json!({})).unwrap();
    // What goes on between two looks.
    for member in ["time", "uptime", "last_pass", "tftp", "tvs"] {
        assert!(found[member].take() != Value::Null && status[member].take() != Value::Null);
    }
    found["counters"]["calls"].take();
    status["counters"]["calls"].take();
    assert_eq!(found, status);
}

#[test]
fn every_metric_has_help_and_a_type_and_the_count_of_the_status() {
    let (_office, phone, _agent, address) = booted(LISTEN);
    let answer = get(address, "/metrics");
    let media = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(answer.header("Content-Type"), Some(media));
    let (mut help, mut kind, mut samples) = (None, None, 0);
    for line in answer.body.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, text) = rest.split_once(' ').expect(line);
            assert!(text.ends_with('.'), "{line}");
            help = Some(name.to_owned());
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, word) = rest.split_once(' ').expect(line);
            assert_eq!(help.as_deref(), Some(name), "{line}");
            assert_eq!(word == "counter", name.ends_with("_total"), "{line}");
            kind = Some(name.to_owned());
        } else {
            let (name, value) = line.rsplit_once(' ').expect(line);
            let name = name.split('{').next().unwrap();
            assert!(name.starts_with("secd_"), "{line}");
            assert_eq!(kind.as_deref(), Some(name), "{line}");
            value.parse::<u64>().expect(line);
            samples += 1;
        }
    }
    assert!(samples > 20, "{}", answer.body);
    let status = call(&phone.socket(), "GetStatus", json!({})).unwrap();
    let transfers = &status["counters"]["transfers"];
    for line in [
        format!("secd_transfers_total {transfers}\n"),
        "secd_passes_total 1\n".to_owned(),
        "secd_trust_state{state=\"S1\"} 1\n".to_owned(),
        format!("secd_build_info{{version=\"{}\"}} 1\n", env!("CARGO_PKG_VERSION")),
        format!("secd_device_info{{device=\"{DEVICE}\"}} 1\n"),
        "secd_list_records{list=\"itl\"} ".to_owned(),
    ] {
        assert!(answer.body.contains(&line), "{line}\n{}", answer.body);
    }
}

#[test]
fn a_script_gets_the_log_as_the_console_shows_it() {
    let (_office, phone, _agent, address) = booted(LISTEN);
    let answer = get(address, "/log");
    assert_eq!(answer.header("Content-Type"), Some("text/plain; charset=utf-8"));
    let lines = call(&phone.socket(), "GetLog", json!({})).unwrap();
    let lines: Vec<&str> =
        lines["lines"].as_array().unwrap().iter().map(|it| it["text"].as_str().unwrap()).collect();
    let found: Vec<&str> = answer.body.lines().collect();
    let store = phone.state().display().to_string();
    let wanted: Vec<String> = lines.iter().map(|line| line.replace(&store, "(store)")).collect();
    assert_eq!(found[..wanted.len()], wanted);
}

#[test]
fn the_head_of_each_page_is_the_same_without_the_page() {
    let (_office, _phone, _agent, address) = booted(LISTEN);
    for path in PATHS {
        let whole = get(address, path);
        let head = ask(address, &format!("HEAD {path} HTTP/1.1"), &[]);
        assert_eq!((whole.status, head.status), (200, 200), "{path}");
        assert!(head.body.is_empty() && !whole.body.is_empty(), "{path}");
        let length = whole.header("Content-Length").unwrap();
        assert_eq!(length, whole.body.len().to_string(), "{path}");
        // Lengths differ from one moment to the next, where numbers have grown.
        let without = |head: &str| {
            let lines = head.lines().filter(|line| !line.starts_with("Content-Length: "));
            lines.collect::<Vec<_>>().join("\n")
        };
        assert_eq!(without(&head.head), without(&whole.head), "{path}");
    }
}

#[test]
fn whatever_is_answered_has_every_header_of_protection() {
    let (_office, _phone, _agent, address) = booted(LISTEN);
    let mut answers: Vec<_> = PATHS.iter().map(|path| get(address, path)).collect();
    answers.extend([
        get(address, "/nothing"),
        ask(address, "DELETE / HTTP/1.1", &[]),
        ask(address, "POST /doctor HTTP/1.1", &[]),
        ask(address, "GET / HTTP/1.1", &["Host: evil.example"]),
        ask(address, "GET x HTTP/1.1", &[]),
        ask(address, "GET / HTTP/1.1", &[&format!("X: {}", "x".repeat(5000))]),
    ]);
    for answer in answers {
        for (name, value) in [
            ("Connection", "close"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{}", answer.head);
        }
        let policy = answer.header("Content-Security-Policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    }
}

#[test]
fn nothing_on_a_page_is_inline_or_from_elsewhere() {
    let (_office, _phone, _agent, address) = booted(LISTEN);
    for path in ["/", "/doctor"] {
        let page = get(address, path).body;
        assert_eq!(page.matches("<script").count(), 1, "{page}");
        assert!(page.contains("<script src=\"/secd.js\" defer></script>"), "{page}");
        for inline in ["style=", "<style", "onclick", "onload", "javascript:", "http:", "https:"] {
            let markup = page.split("<pre").next().unwrap();
            assert!(!markup.contains(inline), "{inline} in {markup}");
        }
    }
}

#[test]
fn wget_fetches_the_page_and_the_log() {
    let (_office, _phone, _agent, address) = booted(LISTEN);
    let folder = tempfile::tempdir().unwrap();
    let mut wget = std::process::Command::new("wget");
    wget.args(["-q", "-r", "-nH", "-t1", "-T5", &format!("http://{address}/")])
        .current_dir(folder.path());
    let output = wget.output().expect("wget");
    // 8: something was an error, which is robots.txt.
    assert!(matches!(output.status.code(), Some(0 | 8)), "{output:?}");
    for file in ["index.html", "log", "metrics", "secd.css", "secd.js", "status.json"] {
        let bytes = std::fs::read(folder.path().join(file)).expect(file);
        assert!(!bytes.is_empty(), "{file}");
    }
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.contains("SECD: refresh: done, state S1"), "{log}");
}

#[test]
fn a_page_never_names_the_store_nor_shows_a_key_or_a_payload() {
    let (office, phone, _agent, address) = booted(LISTEN);
    let (name, text) = (format!("{DEVICE}.cnf.xml"), phone.state().display().to_string());
    let payload = String::from_utf8(std::fs::read(phone.ram().join(name)).unwrap()).unwrap();
    let start: String = payload.chars().take(60).collect();
    for path in PATHS {
        let body = get(address, path).body;
        assert!(!body.contains(&text), "{path}");
        assert!(!body.contains("PRIVATE KEY") && !body.contains(&start), "{path}");
    }
    drop(office);
}

#[test]
fn what_takes_effect_at_the_start_alone_is_logged_at_a_reload() {
    let (office, phone, mut agent, address) = booted(LISTEN);
    let server = office.tftp.address().to_string();
    let tftp = "timeout_s = 1\nretries = 1\n";
    phone.configure(&[&server], tftp, "[web]\nlisten = [\"127.0.0.2:0\"]\nlog = false\n");
    let seen = agent.log.from(0).len();
    agent.pass_again();
    let lines = agent.log.from(seen);
    let wanted = "reload: changes to web.listen and web.connections take effect at the next start";
    assert!(lines.iter().any(|line| line.text == wanted && line.level == "WRN"), "{lines:?}");
    assert_eq!(get(address, "/").status, 200, "where it was");
    assert_eq!(get(address, "/log").status, 404, "all else takes effect at once");
    assert!(!get(address, "/").body.contains("Console log"));
}

#[test]
fn a_port_that_is_taken_is_reported_and_the_phone_boots() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap();
    let office = Office::open();
    let phone = office.phone(&format!("[web]\nlisten = [\"{at}\", \"127.0.0.1:0\"]\n"));
    let mut agent = Agent::start(&phone);
    agent.pass();
    let wanted = format!(
        "EROR:web: {at}: cannot listen, another process listens there, choose another port; then \
         restart the agent"
    );
    let lines = agent.logged(&phone, 0);
    assert!(lines.iter().any(|line| line.text == wanted && line.level == "ERR"), "{lines:?}");
    assert_eq!(get(address(&agent), "/").status, 200, "the other one is there");
}
