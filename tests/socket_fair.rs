//! One user of the phone cannot stop another: places, turns, memory and descriptors are shared.
//!
//! Needs root, as the agent does: only root becomes another user.
#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]
#![allow(clippy::disallowed_methods, reason = "tests wait in real time, within bounds")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use secd_lab::digest::Digest;
use secd_lab::list::{Kind, List, Record, Role};
use secd_lab::names::Layout;
use secd_lab::parts::Parts;
use serde_json::json;
use support::agent::Agent;
use support::crowd::Crowd;
use support::log::shown;
use support::office::Office;
use support::phone::Phone;
use support::socket::{Client, call, full, outcome};

/// Users: of two with the right to connect, two with another right, two without any.
const APPLICATION: u32 = 50_001;
const BROWSER: u32 = 50_002;
const SCREEN: u32 = 50_003;
const BADGE: u32 = 50_004;
const STRANGER: u32 = 50_005;
const ANOTHER: u32 = 50_006;

const ACCESS: &str = "[access]\nconnect = [\"user:50001\", \"user:50002\"]\n\
    read = [\"user:50003\"]\nfetch = [\"user:50003\", \"user:50004\"]\n";

fn booted(sections: &str) -> (Office, Phone, Agent) {
    let office = Office::open();
    let phone = open_to_all(&office, sections);
    let mut agent = Agent::start(&phone);
    agent.pass();
    (office, phone, agent)
}

/// A phone whose socket other users reach.
fn open_to_all(office: &Office, sections: &str) -> Phone {
    let phone = office.phone(&format!("{ACCESS}{sections}"));
    fs::set_permissions(phone.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    phone
}

fn message(call: &serde_json::Value) -> String {
    format!("{call}\0")
}

/// Waits until the agent has no more than so many descriptors; how long that took.
#[track_caller]
fn settle(agent: &Agent, wanted: usize) -> Duration {
    let begun = Instant::now();
    while agent.descriptors() > wanted {
        assert!(begun.elapsed() < support::PATIENCE, "{} of {wanted}", agent.descriptors());
        std::thread::sleep(Duration::from_millis(20));
    }
    begun.elapsed()
}

/// How long root waits for the status.
#[track_caller]
fn status(phone: &Phone) -> Duration {
    let begun = Instant::now();
    call(&phone.socket(), "GetStatus", json!({})).unwrap();
    begun.elapsed()
}

fn refused_calls(phone: &Phone) -> u64 {
    let status = call(&phone.socket(), "GetStatus", json!({})).unwrap();
    status["counters"]["refused_calls"].as_u64().unwrap()
}

#[test]
fn a_flood_of_refused_calls_delays_nobody_and_is_summed_up() {
    let (_office, phone, mut agent) = booted("");
    let calls = message(&json!({ "method": full("GetStatus"), "oneway": true })).repeat(1000);
    let start = Instant::now();
    let _floods = [STRANGER, BADGE].map(|uid| Crowd::of(uid, &phone, 128, "flood", &calls));
    let waited = (0..10).map(|_| status(&phone)).max().unwrap();
    assert!(waited < Duration::from_secs(2), "{waited:?} for the status");
    let begun = Instant::now();
    agent.pass_again();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?} for a pass", begun.elapsed());
    while refused_calls(&phone) < 2000 {
        assert!(begun.elapsed() < support::PATIENCE, "{}", refused_calls(&phone));
    }
    let lines = agent.log.from(0);
    // After half a minute they are counted anew.
    let most = 16 * usize::try_from(1 + start.elapsed().as_secs() / 30).unwrap();
    for uid in [STRANGER, BADGE] {
        let refused = format!(" not allowed for uid {uid},");
        let written = lines.iter().filter(|line| line.text.contains(&refused)).count();
        assert!((16..=most).contains(&written), "{written} lines");
    }
    assert!(lines.len() < 1000, "{} lines", lines.len());
    let begun = Instant::now();
    agent.signal(Signal::SIGTERM);
    agent.wait();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?} for the end", begun.elapsed());
}

#[test]
fn what_is_refused_beyond_a_few_is_counted_in_one_line() {
    let (_office, phone, agent) = booted("");
    let calls = message(&json!({ "method": full("GetStatus"), "oneway": true })).repeat(20);
    drop(Crowd::of(STRANGER, &phone, 1, "read", &calls));
    let patience = 2 * support::PATIENCE;
    let summed = agent.log.find(0, patience, |line| line.text.contains(" more calls of "));
    let summed = &agent.log.from(0)[summed.expect("a sum")].text;
    assert_eq!(summed, &format!("ipc: 4 more calls of uid {STRANGER} refused"));
}

#[test]
fn lines_that_an_application_writes_without_end_are_left_out_and_counted() {
    let (_office, phone, agent) = booted("");
    let line = json!({ "process": "JVM", "level": "notice", "text": "again" });
    let append = json!({ "method": full("AppendLog"), "parameters": line, "oneway": true });
    let secure = json!({ "method": full("IsSecure"), "oneway": true });
    let calls = [append, secure].map(|call| message(&call).repeat(1500)).concat();
    let last = message(&json!({ "method": full("GetLog"), "parameters": { "count": 0 } }));
    assert_eq!(Crowd::of(SCREEN, &phone, 1, "read", &format!("{calls}{last}")).done, 1);
    let written = agent.log.from(0);
    let written = written.iter().filter(|line| ["JVM", "SECD"].contains(&line.process.as_str()));
    let written =
        written.filter(|line| line.text.contains("again") || line.text.contains("lookupCTL"));
    // A pipe may lose lines; those of the boot pass count as well.
    assert!(written.count() <= 2010);
    let patience = 2 * support::PATIENCE;
    let left_out = agent.log.find(0, patience, |line| line.text.contains(" omitted"));
    let left_out = &agent.log.from(0)[left_out.expect("a sum")].text;
    assert_eq!(left_out, &format!("ipc: 1000 more lines of uid {SCREEN} omitted"));
}

#[test]
fn a_client_that_is_refused_often_is_let_go() {
    let (_office, phone, _agent) = booted("");
    let calls = message(&json!({ "method": full("Refresh") })).repeat(40);
    assert_eq!(Crowd::of(BADGE, &phone, 1, "read", &calls).done, 32);
}

#[test]
fn users_without_a_right_leave_the_places_to_the_others() {
    let (_office, phone, _agent) = booted("");
    let strangers = [STRANGER, ANOTHER].map(|uid| Crowd::of(uid, &phone, 128, "hold", ""));
    assert_eq!(strangers.map(|crowd| crowd.done), [8, 8]);
    let badge = Crowd::of(BADGE, &phone, 100, "hold", "");
    assert_eq!(badge.done, 100);
    status(&phone);
}

#[test]
fn users_with_a_right_leave_places_to_the_next_and_to_root() {
    let (_office, phone, _agent) = booted("");
    let screen = Crowd::of(SCREEN, &phone, 150, "hold", "");
    let badge = Crowd::of(BADGE, &phone, 150, "hold", "");
    let application = Crowd::of(APPLICATION, &phone, 20, "hold", "");
    assert_eq!([screen.done, badge.done, application.done], [128, 64, 8]);
    status(&phone);
}

#[test]
fn a_client_without_any_right_is_let_go_soon() {
    let (_office, phone, agent) = booted("");
    let before = agent.descriptors();
    let half = Crowd::of(STRANGER, &phone, 8, "send", "{\"method\":");
    let taken = settle(&agent, before);
    assert!(taken < Duration::from_secs(7), "{taken:?} for half a message");
    drop(half);
    let idle = Crowd::of(STRANGER, &phone, 8, "hold", "");
    assert_eq!(idle.done, 8);
    settle(&agent, before);
}

#[test]
fn a_client_without_any_right_has_short_messages() {
    let (_office, phone, _agent) = booted("");
    let call = |length: usize| {
        let call = json!({ "method": "org.varlink.service.GetInfo" }).to_string();
        format!("{call}{}\0", " ".repeat(length - call.len()))
    };
    for (uid, length, answered) in
        [(STRANGER, 4096, 1), (STRANGER, 4097, 0), (BADGE, 65_536, 1), (BADGE, 65_537, 0)]
    {
        let crowd = Crowd::of(uid, &phone, 1, "ask", &call(length));
        let got = Crowd::of(uid, &phone, 1, "read", &call(length)).done;
        assert_eq!((crowd.done.min(got), got), (answered, answered), "{uid} {length}");
    }
}

#[test]
fn half_messages_take_little_memory() {
    let (_office, phone, agent) = booted("[socket]\nconnections = 600\nper_user = 600\n");
    let idle = agent.resident();
    let half = format!("{{\"method\":\"{}", "x".repeat(60_000));
    let crowd = Crowd::of(0, &phone, 280, "send", &half);
    assert_eq!(crowd.done, 280);
    status(&phone);
    let more = agent.resident().saturating_sub(idle);
    assert!(more < 6 << 20, "{more} bytes more");
    // A long message is taken as soon as others have been given up.
    let whole = json!({ "method": full("GetStatus") }).to_string();
    let mut client = Client::connect(&phone.socket());
    client.send(whole.as_bytes()).send(&vec![b' '; 60_000]).send(b"\0");
    drop(crowd);
    assert!(outcome(client.reply().unwrap()).is_ok());
}

/// A list of which the description is as long as can be: a thousand records with names of
/// characters that JSON escapes.
fn verbose_list(office: &Office) -> Vec<u8> {
    let signer = &office.cluster.nodes[0].callmanager;
    let mut list = List::new(Kind::Itl, Layout::CallManager, office.cluster.timestamp());
    list.records = vec![
        Record::new(Role::SAST, &signer.certificate),
        Record::new(Role::CCM_TFTP, &signer.certificate),
    ];
    let mut parts = Parts::of_list(&list.sign(signer));
    let role = Role::CAPF.0.to_be_bytes().to_vec();
    let record = vec![(2, vec![0, 0]), (3, vec![1; 220]), (4, role)];
    parts.records.extend(std::iter::repeat_n(record, 990));
    parts.sign(&signer.key, Digest::Sha1)
}

#[test]
fn unread_replies_of_a_user_are_bounded() {
    let office = Office::open();
    let list = verbose_list(&office);
    assert!(list.len() < 256 << 10, "{} bytes", list.len());
    let files = [("ITLFile.tlv".to_owned(), list)];
    office.tftp.serve(files.into_iter().collect());
    let phone = open_to_all(&office, "");
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    assert!(lines.iter().any(|line| line.text.contains("FIRST USE")), "{}", shown(&lines));
    let trust = call(&phone.socket(), "GetTrust", json!({})).unwrap();
    assert!(trust.to_string().len() > 1 << 20, "{} bytes", trust.to_string().len());
    let idle = agent.resident();
    let call = message(&json!({ "method": full("GetTrust") }));
    let _unread = Crowd::of(SCREEN, &phone, 100, "send", &call);
    let waited = status(&phone);
    assert!(waited < Duration::from_secs(2), "{waited:?} for the status");
    let sample = |_| {
        std::thread::sleep(Duration::from_millis(100));
        agent.resident()
    };
    let more = (0..20).map(sample).max().unwrap().saturating_sub(idle);
    assert!(more < 24 << 20, "{more} bytes more");
}

#[test]
fn an_application_that_has_its_connections_leaves_others_theirs() {
    let (office, phone, _agent) = booted("[https]\nslots = 16\n");
    let address = office.https.address();
    let server = json!({ "host": address.ip().to_string(), "port": address.port() });
    let connect = json!({ "method": full("Connect"), "upgrade": true, "parameters": server });
    let crowd = |uid, count| Crowd::of(uid, &phone, count, "ask", &message(&connect));
    let application = crowd(APPLICATION, 16);
    let browser = crowd(BROWSER, 16);
    assert_eq!([application.done, browser.done], [8, 4]);
    assert_eq!(crowd(0, 1).done, 1, "root finds one");
    drop(application);
    let (error, _) = outcome(
        Client::connect(&phone.socket())
            .send_call(&json!({ "method": full("Connect"), "upgrade": true,
                "parameters": { "host": "127.0.0.1", "port": 1 } }))
            .reply()
            .unwrap(),
    )
    .unwrap_err();
    assert_eq!(error, "phone.secd.HostUnreachable", "and not TooManyConnections");
}

#[test]
fn what_follows_a_failed_call_to_upgrade_is_no_call() {
    let (_office, phone, agent) = booted("");
    let connect = |parameters| json!({ "method": full("Connect"), "upgrade": true, "parameters": parameters });
    let calls = [
        connect(json!({ "host": "127.0.0.1", "port": 1 })),
        connect(json!({ "host": "127.0.0.1", "port": 0 })),
        connect(json!({ "host": 5 })),
        json!({ "method": full("GetTrust"), "upgrade": true }),
        json!({ "method": full("Nothing"), "upgrade": true }),
    ];
    let line = json!({ "process": "JVM", "level": "notice", "text": "from the page" });
    let hidden = message(&json!({ "method": full("AppendLog"), "parameters": line }));
    for call in &calls {
        let mut client = Client::connect(&phone.socket());
        client.send(format!("{}{hidden}", message(call)).as_bytes());
        assert!(client.reply().is_some(), "{call}");
        assert_eq!(client.reply(), None, "{call}");
    }
    let oneway = json!({ "method": full("Connect"), "upgrade": true, "oneway": true });
    let mut client = Client::connect(&phone.socket());
    client.send(format!("{}{hidden}", message(&oneway)).as_bytes());
    assert_eq!(client.reply(), None);
    // Without the right, too.
    let calls = format!("{}{hidden}", message(&calls[0]));
    assert_eq!(Crowd::of(BADGE, &phone, 1, "read", &calls).done, 1);
    status(&phone);
    let lines = agent.log.from(0);
    assert!(!lines.iter().any(|line| line.process == "JVM"), "{}", shown(&lines));
}

#[test]
fn connections_leave_descriptors_for_the_agents_own_work() {
    let office = Office::open();
    let phone = open_to_all(&office, "");
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 128; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_secd"), "run"]);
    shell.arg("--config").arg(phone.configuration());
    let mut agent = Agent::spawn(shell);
    let lines = agent.pass();
    let scarce =
        "run: only 128 descriptors, enough for 48 connections to the socket and 8 to servers";
    assert!(lines.iter().any(|line| line.text == scarce), "{}", shown(&lines));
    let crowds = [BADGE, SCREEN, APPLICATION].map(|uid| Crowd::of(uid, &phone, 60, "hold", ""));
    assert_eq!(crowds.each_ref().map(|crowd| crowd.done), [24, 12, 6]);
    let lines = agent.pass_again();
    assert!(lines.last().unwrap().text.starts_with("refresh: done"), "{}", shown(&lines));
    status(&phone);
    let lines = agent.log.from(0);
    let failed = |line: &support::log::Line| line.text.contains("ipc: accept");
    assert!(!lines.iter().any(failed), "{}", shown(&lines));
}
