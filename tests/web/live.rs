//! The log as it is written, and the doctor.

use std::thread;
use std::time::Duration;

use serde_json::json;

use super::booted;
use super::browser::{Browser, LISTEN, ask, follow, get, request};
use super::support::log::shown;
use super::support::phone::Phone;
use super::support::socket::call;

fn append(phone: &Phone, text: &str) {
    let parameters = json!({ "process": "JVM", "level": "notice", "text": text });
    call(&phone.socket(), "AppendLog", parameters).unwrap();
}

/// The places of the lines in a stream.
fn places(stream: &str) -> Vec<(String, u64)> {
    let ids = stream.lines().filter_map(|line| line.strip_prefix("id: "));
    ids.map(|id| id.split_once('.').expect(id))
        .map(|(run, sequence)| (run.to_owned(), sequence.parse().expect(sequence)))
        .collect()
}

#[test]
fn lines_come_as_they_are_written_each_once_and_in_order() {
    let (_office, phone, _agent, address) = booted(LISTEN);
    let mut live = follow(address, &[]);
    let mut stream = live.until("refresh: done");
    assert!(stream.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"));
    assert!(!stream.contains("Content-Length"), "{stream}");
    for number in 0..20 {
        append(&phone, &format!("line {number}."));
        stream.push_str(&live.until(&format!("line {number}.")));
    }
    let numbers: Vec<u64> = places(&stream).iter().map(|(_, sequence)| *sequence).collect();
    let last = *numbers.last().unwrap();
    assert_eq!(numbers, (1..=last).collect::<Vec<_>>(), "{stream}");
}

#[test]
fn a_browser_that_comes_back_goes_on_where_it_was() {
    let (_office, phone, mut agent, address) = booted(LISTEN);
    let stream = follow(address, &[]).until("refresh: done");
    let (run, last) = places(&stream).pop().unwrap();
    append(&phone, "the next line");
    let behind = format!("{run}.{last}");
    for headers in
        [vec![format!("Last-Event-ID: {behind}")], vec![format!("Last-Event-ID: {last}")]]
    {
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let stream = follow(address, &headers).until("the next line");
        assert_eq!(places(&stream)[0], (run.clone(), last + 1), "{stream}");
    }
    // What the page says counts only until the browser has something later.
    let first = format!("GET /log?after={run}.1 HTTP/1.1");
    let asks = |headers: &[&str]| {
        let headers = [&["Accept: text/event-stream"][..], headers].concat();
        let mut browser =
            Browser::connect(address).send(request(address, &first, &headers).as_bytes());
        places(&browser.until("the next line"))[0].1
    };
    assert_eq!(asks(&[]), 2);
    assert_eq!(asks(&[&format!("Last-Event-ID: {behind}")]), last + 1);
    // The place in another run is none in this one.
    assert_eq!(asks(&["Last-Event-ID: 1.99999"]), 1);
    agent.kill();
}

#[test]
fn the_page_says_where_its_own_lines_end() {
    let (_office, phone, _agent, address) = booted(LISTEN);
    let page = get(address, "/").body;
    let (_, rest) = page.split_once("data-last=\"").unwrap();
    let place = rest.split('"').next().unwrap();
    append(&phone, "after the page");
    let request = request(
        address,
        &format!("GET /log?after={place} HTTP/1.1"),
        &["Accept: text/event-stream"],
    );
    let stream = Browser::connect(address).send(request.as_bytes()).until("after the page");
    assert_eq!(places(&stream).len(), 1, "{stream}");
}

#[test]
fn who_has_missed_lines_learns_how_many() {
    let (_office, phone, _agent, address) = booted(LISTEN);
    for number in 0..300 {
        append(&phone, &format!("line {number}"));
    }
    let stream = follow(address, &["Last-Event-ID: 1"]).until("line 299");
    let first = places(&stream)[0].1;
    assert!(first > 2, "{first}");
    assert!(stream.contains(&format!("event: missed\ndata: {}\n\n", first - 2)), "{stream}");
}

#[test]
fn four_follow_the_log_and_a_fifth_does_when_one_has_left() {
    let (_office, phone, _agent, address) = booted(LISTEN);
    let mut four: Vec<_> = (0..4).map(|_| follow(address, &[])).collect();
    four.iter_mut().for_each(|live| drop(live.until("refresh: done")));
    let fifth = follow(address, &[]).answer();
    assert_eq!(fifth.status, 503);
    assert_eq!(fifth.header("Retry-After"), Some("60"));
    assert_eq!(get(address, "/log").status, 200, "the text is still there");
    assert_eq!(get(address, "/").status, 200);
    four.pop();
    let mut fifth = loop {
        let mut fifth = follow(address, &[]);
        if fifth.until("\r\n").starts_with("HTTP/1.1 200") {
            break fifth;
        }
        thread::sleep(Duration::from_millis(10));
    };
    append(&phone, "for all of them");
    fifth.until("for all of them");
    four.iter_mut().for_each(|live| drop(live.until("for all of them")));
}

#[test]
fn a_head_of_a_stream_takes_no_place() {
    let (_office, _phone, _agent, address) = booted(LISTEN);
    for _ in 0..8 {
        let head = ask(address, "HEAD /log HTTP/1.1", &["Accept: text/event-stream"]);
        assert_eq!((head.status, head.body.as_str()), (200, ""));
    }
    follow(address, &[]).until("refresh: done");
}

fn transfers(phone: &Phone) -> u64 {
    let status = call(&phone.socket(), "GetStatus", json!({})).unwrap();
    status["counters"]["transfers"].as_u64().unwrap()
}

/// What a browser adds to a press of the button.
fn origin(address: std::net::SocketAddr) -> String {
    format!("Origin: http://{address}")
}

#[test]
fn the_doctor_is_asked_for_once_and_shown_for_a_while() {
    let (_office, phone, agent, address) = booted(LISTEN);
    assert!(!get(address, "/doctor").body.contains("Finding"));
    let before = transfers(&phone);
    let headers = [origin(address), "Content-Length: 0".to_owned()];
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let answer = ask(address, "POST /doctor HTTP/1.1", &headers);
    assert_eq!((answer.status, answer.header("Location")), (303, Some("/doctor")));
    let after = transfers(&phone);
    assert!(after > before, "it contacts servers");
    for path in ["/doctor", "/"] {
        let page = get(address, path).body;
        assert!(page.contains("<dt>Finding</dt><dd>"), "{path} {page}");
        assert!(page.contains("<dt>Remedy</dt><dd>"), "{path} {page}");
        assert!(page.contains("<b class=\"badge good\">ok</b>"), "{path} {page}");
    }
    // Again within half a minute: the one that there is.
    assert_eq!(ask(address, "POST /doctor HTTP/1.1", &headers).status, 303);
    assert_eq!(transfers(&phone), after);
    let lines = agent.logged(&phone, 0);
    let looks = lines.iter().filter(|line| line.text.starts_with("doctor: diagnosing")).count();
    assert_eq!(looks, 1, "{}", shown(&lines));
}

#[test]
fn an_order_to_the_doctor_that_is_not_from_the_page_contacts_nobody() {
    let (_office, phone, _agent, address) = booted(LISTEN);
    let before = transfers(&phone);
    let own = format!("http://{address}");
    for headers in [
        vec![],
        vec!["Origin: null".to_owned()],
        vec!["Origin: http://evil.example".to_owned()],
        vec![format!("Origin: https://{address}")],
        vec![format!("Origin: {own}"), "Sec-Fetch-Site: cross-site".to_owned()],
        vec![format!("Origin: {own}"), "Sec-Fetch-Site: same-site".to_owned()],
        vec!["Sec-Fetch-Site: none".to_owned()],
        vec![format!("Origin: {own}.evil.example")],
    ] {
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let answer = ask(address, "POST /doctor HTTP/1.1", &headers);
        assert_eq!(answer.status, 403, "{headers:?}");
        assert!(answer.body.contains("Origin"), "{}", answer.body);
    }
    assert_eq!(transfers(&phone), before);
}

#[test]
fn a_second_diagnosis_waits_until_the_first_is_over() {
    let phone = Phone::with(&["192.0.2.1"], "timeout_s = 1\nretries = 8\n", LISTEN);
    let agent = super::support::agent::Agent::start(&phone);
    let address = super::browser::address(&agent);
    let order = request(address, "POST /doctor HTTP/1.1", &[&origin(address)]);
    let _first = Browser::connect(address).send(order.as_bytes());
    let begun = |line: &super::support::log::Line| line.text.starts_with("doctor: diagnosing");
    assert!(agent.log.find(0, super::support::PATIENCE, begun).is_some());
    let second = Browser::connect(address).send(order.as_bytes()).answer();
    assert_eq!((second.status, second.header("Retry-After")), (409, Some("30")));
}

#[test]
fn who_orders_a_diagnosis_and_leaves_does_not_get_another_one_at_once() {
    let phone = Phone::with(&["192.0.2.1"], "timeout_s = 1\nretries = 8\n", LISTEN);
    let agent = super::support::agent::Agent::start(&phone);
    let address = super::browser::address(&agent);
    let order = request(address, "POST /doctor HTTP/1.1", &[&origin(address)]);
    let begun = |line: &super::support::log::Line| line.text.starts_with("doctor: diagnosing");
    let first = Browser::connect(address).send(order.as_bytes());
    assert!(agent.log.find(0, super::support::PATIENCE, begun).is_some());
    // Who leaves ends it: it is no longer being made.
    drop(first);
    let last = loop {
        let answer = Browser::connect(address).send(order.as_bytes()).answer();
        if answer.status != 409 {
            break answer;
        }
    };
    assert_eq!((last.status, last.header("Retry-After")), (503, Some("30")), "{}", last.body);
    assert!(last.body.contains("left before its end: try again in "), "{}", last.body);
    for _ in 0..10 {
        drop(Browser::connect(address).send(order.as_bytes()));
    }
    assert_eq!(Browser::connect(address).send(order.as_bytes()).answer().status, 503);
    assert_eq!(agent.log.from(0).iter().filter(|line| begun(line)).count(), 1);
    // Others are not affected.
    assert!(call(&phone.socket(), "GetStatus", json!({})).is_ok());
}
