//! What the commands tell a person and a program: why a pass failed and when the next one is, one
//! object for facts and for failures, columns and colours, and what was probably meant.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

use std::process::{Command, Output, Stdio};

use secd_lab::cluster::{Cluster, Service, Setup};
use secd_lab::tftp::Server;
use serde_json::{Value, json};
use support::agent::{Agent, secd};
use support::phone::Phone;
use support::socket::{Client, call};

/// A phone that has booted, and whose cluster then regenerated a certificate while no TVS answers.
fn estranged() -> (Server, Phone, Agent) {
    let mut cluster = Cluster::new(Setup::default());
    let server = Server::start(cluster.files());
    let phone = Phone::new(&[&server.address().to_string()]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let output = ask(&phone, &["refresh"]);
    assert_eq!((output.status.code(), err(&output)), (Some(0), String::new()), "{output:?}");
    let status = out(&ask(&phone, &["status"]));
    assert!(status.contains("\nlast pass\tsucceeded 0 s ago\n"), "{status}");
    assert!(status.contains("\nrefused TLS connections\t0\n"), "{status}");
    cluster.regenerate(0, Service::CallManager);
    server.serve(cluster.files());
    (server, phone, agent)
}

fn ask(phone: &Phone, words: &[&str]) -> Output {
    let mut command = secd();
    command.args(words).arg("--socket").arg(phone.socket()).stdin(Stdio::null());
    command.output().unwrap()
}

fn run(words: &[&str]) -> Output {
    secd().args(words).stdin(Stdio::null()).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

const UNKNOWN: &str = "signer not in CTL or ITL; no TVS server answered";

#[test]
fn a_failed_pass_has_its_reason_and_an_exit_code() {
    let (_server, phone, _agent) = estranged();
    let output = ask(&phone, &["refresh"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stages = out(&output);
    assert!(stages.starts_with(&format!("ctl\tkept\nitl\tfailed\t{UNKNOWN}")), "{stages}");
    assert!(stages.contains("\nconfiguration\tfailed\tSEP"), "{stages}");
    assert!(stages.contains("\nlast alarm\t8\tTL_FAILED_OLD_ITL, 20"), "{stages}");
    let complaint = err(&output);
    assert!(complaint.starts_with(&format!("secd: the pass failed: ITL: {UNKNOWN}")));
    assert_eq!(complaint.lines().count(), 1, "{complaint}");

    let output = ask(&phone, &["refresh", "--json"]);
    assert_eq!((output.status.code(), err(&output)), (Some(1), String::new()), "{output:?}");
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(outcome["failed"], true, "{outcome}");
    assert!(outcome["reason"].as_str().unwrap().starts_with(&format!("ITL: {UNKNOWN}")));
    let stage = |at: usize| &outcome["stages"][at];
    assert_eq!(*stage(0), json!({ "stage": "ctl", "detail": "kept", "reason": null }));
    assert_eq!((&stage(1)["stage"], &stage(1)["detail"]), (&json!("itl"), &json!("failed")));
    assert!(stage(1)["reason"].as_str().unwrap().starts_with(UNKNOWN), "{outcome}");
    // By meaning: the state and whether it is good, before how each stage went.
    let places = ["state", "failed", "reason", "stages", "alarm"]
        .map(|name| out(&output).find(&format!("\n  \"{name}\": ")).unwrap());
    assert!(places.is_sorted(), "{}", out(&output));
}

#[test]
fn the_status_shows_the_last_pass_the_next_one_and_the_time_of_each_contact() {
    let (server, phone, _agent) = estranged();
    assert_eq!(ask(&phone, &["refresh"]).status.code(), Some(1));
    let status = out(&ask(&phone, &["status"]));
    let fact = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(&format!("{name}\t")));
        line.unwrap_or_else(|| panic!("{name}: {status}")).to_owned()
    };
    let last = fact("last pass");
    assert!(last.starts_with("failed ") && last.contains(&format!(" s ago: ITL: {UNKNOWN}")));
    assert!(last.contains("; next try in "), "{last}");
    assert!(fact("last alarm").starts_with("8 (TL_FAILED_OLD_ITL), "), "{status}");
    assert!(fact("failed as well").starts_with("configuration: SEP"), "{status}");
    let contact = fact(&format!("tftp\t{}", server.address()));
    assert!(contact.starts_with("sent SEP") && contact.ends_with(" s ago"), "{contact}");
    assert!(fact("uptime").ends_with(" s"), "{status}");

    let told = call(&phone.socket(), "GetStatus", json!({})).unwrap();
    let last = &told["last_pass"];
    assert_eq!((&last["failed"], &told["pass_under_way"]), (&json!(true), &json!(false)));
    assert!(last["reason"].as_str().unwrap().starts_with(&format!("ITL: {UNKNOWN}")), "{told}");
    assert!(last["age"].as_u64().unwrap() < 60 && told["next_try"].as_u64().unwrap() > 0);
    assert_eq!(told["alarm"]["code"], 8, "{told}");
    assert!(told["alarm"]["time"].as_u64() <= told["time"].as_u64(), "{told}");
    assert!(told["tftp"][0]["age"].is_u64() && told["tvs"][0]["age"].is_u64(), "{told}");
}

#[test]
fn a_network_that_is_away_is_the_reason_and_another_exit_code() {
    let (server, phone, _agent) = estranged();
    drop(server);
    let output = ask(&phone, &["refresh"]);
    assert_eq!(output.status.code(), Some(69), "{output:?}");
    assert!(out(&output).starts_with("network\tunreachable\t"), "{output:?}");
    assert!(err(&output).starts_with("secd: the pass failed: network: "), "{output:?}");
}

#[test]
fn a_failure_is_one_object_with_the_same_exit_code() {
    for (exit, word, words) in [
        (69, "no-daemon", &["status", "--json", "--socket", "/nowhere/socket"][..]),
        (69, "no-daemon", &["cache", "--flush", "--json", "--socket", "/nowhere/socket"]),
        (64, "usage", &["status", "--jsno", "--json"]),
        (64, "usage", &["stauts", "--json"]),
        (64, "usage", &["log", "--json", "--level", "loud"]),
        (66, "no-input", &["check-config", "--config", "/nowhere", "--json"]),
        (66, "no-input", &["run", "--config", "/nowhere", "--json"]),
        (66, "no-input", &["show", "/nowhere", "--json"]),
    ] {
        let output = run(words);
        assert_eq!(output.status.code(), Some(exit), "{words:?}: {output:?}");
        let object = out(&output);
        assert!(object.starts_with(&format!("{{\"error\":\"{word}\",\"detail\":\"")), "{object}");
        let object: Value = serde_json::from_str(&object).unwrap();
        assert_eq!(err(&output), format!("secd: {}\n", object["detail"].as_str().unwrap()));
    }
    // Standard output is the server's.
    let output = run(&["connect", "a:1", "--json", "--socket", "/nowhere/socket"]);
    assert_eq!((output.status.code(), out(&output)), (Some(69), String::new()));
    assert!(err(&output).contains("\n{\"error\":\"no-daemon\","), "{output:?}");
    let output = run(&["get", "a", "--json", "--out", "-", "--socket", "/nowhere/socket"]);
    assert_eq!((output.status.code(), out(&output)), (Some(64), String::new()));
    assert!(err(&output).contains("\n{\"error\":\"usage\","), "{output:?}");
}

#[test]
fn an_error_of_the_daemon_is_named_in_the_object() {
    let (_server, phone, _agent) = estranged();
    for (exit, word, words) in [
        (64, "bad-name", &["get", "../x", "--json"][..]),
        (65, "bad-certificate", &["check-cert", "/dev/null", "--json"]),
    ] {
        let output = ask(&phone, words);
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), &object["error"]), (Some(exit), &json!(word)));
    }
    let mut client = Client::connect(&phone.socket());
    let info = client.send_call(&json!({ "method": "org.varlink.service.GetInfo" })).reply();
    assert_eq!(info.unwrap()["parameters"]["url"], "man:secd(8)");
}

#[test]
fn what_was_probably_meant_is_named() {
    for (words, hint) in [
        (&["stauts"][..], "unknown command stauts, did you mean status? `secd --help` lists all"),
        (&["chek-cert"], "did you mean check-cert?"),
        (&["help", "refesh"], "did you mean refresh?"),
        (
            &["status", "--jsno"],
            "no option --jsno, did you mean --json? `secd status --help` lists them",
        ),
        (&["log", "--follw"], "did you mean --follow?"),
        (&["log", "--level", "warnin"], "--level: warnin is not one of error, warning, notice"),
        (&["log", "--level", "warnin"], ", did you mean warning?"),
        (&["log", "--lines", "many"], "secd: --lines takes a number, not many\n"),
        (&["log", "-n", "-1"], "secd: -n takes a number, not -1\n"),
        (&["fetch", "x", "--blksize", "65536"], "secd: --blksize: 65536 is too large\n"),
        (&["erase", "ilt"], "erase: ilt is not one of all, ctl, itl, security, did you mean itl?"),
        (&["status", "--color", "pink"], "--color: pink is not one of auto, always, never"),
        (&["--json", "status"], "secd: --json before the command: write `secd COMMAND --json`"),
        (&["help", "--json"], "secd: help takes a command, not --json\n"),
        (&["dance"], "unknown command dance; `secd --help` lists all"),
    ] {
        let output = run(words);
        assert_eq!(output.status.code(), Some(64), "{words:?}: {output:?}");
        assert!(err(&output).contains(hint), "{words:?}: {output:?}");
    }
    for command in ["status", "log", "run"] {
        assert_eq!(out(&run(&["help", command])), out(&run(&[command, "--help"])));
    }
    assert_eq!(out(&run(&["help", "help"])), out(&run(&["--help"])));
}

/// A command on a terminal of 60 columns.
fn on_a_terminal(phone: &Phone, words: &str, environment: (&str, &str)) -> String {
    let program = env!("CARGO_BIN_EXE_secd");
    let line = format!("{program} {words} --socket {}", phone.socket().display());
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).stdin(Stdio::null());
    command.env("TERM", "xterm").env("COLUMNS", "60").env_remove("NO_COLOR");
    command.env(environment.0, environment.1);
    out(&command.output().unwrap()).replace('\r', "")
}

#[test]
fn a_terminal_gets_columns_colours_and_lines_that_fit() {
    let (_server, phone, _agent) = estranged();
    assert_eq!(ask(&phone, &["refresh"]).status.code(), Some(1));
    let page = on_a_terminal(&phone, "status", ("LC_ALL", "C"));
    assert!(page.contains("\n\x1b[1mServers\x1b[0m\n  tftp  "), "{page}");
    assert!(page.contains("last pass         \x1b[31mfailed "), "{page}");
    let plain = on_a_terminal(&phone, "status", ("NO_COLOR", "1"));
    assert!(!plain.contains('\x1b') && plain.contains("\nServers\n  tftp  "), "{plain}");
    let never = on_a_terminal(&phone, "status --color never", ("LC_ALL", "C"));
    assert!(!never.contains('\x1b') && never.contains("\nServers\n  tftp  "), "{never}");
    let long = plain.lines().find(|line| line.chars().count() > 60);
    assert_eq!(long, None, "{plain}");
    let after = plain.lines().skip_while(|line| !line.starts_with("last pass")).nth(1);
    assert!(after.unwrap().starts_with(&" ".repeat(18)), "{plain}");
    // Once in the title, and not in each row.
    let trust = on_a_terminal(&phone, "trust", ("NO_COLOR", "1"));
    assert!(trust.contains("\nITL\n  length  "), "{trust}");
    // The alarm does not widen the columns of the messages.
    assert!(trust.contains("\nLast alarm\n  8  TL_FAILED_OLD_ITL  20"), "{trust}");
    assert!(trust.contains("\nMessages\n  message  20"), "{trust}");
    let cache = on_a_terminal(&phone, "cache", ("NO_COLOR", "1"));
    assert_eq!(cache, "no answers are cached\n");
    let output = ask(&phone, &["cache"]);
    let expected = (String::new(), "secd: no answers are cached\n".to_owned());
    assert_eq!((out(&output), err(&output)), expected);
    let doctor = on_a_terminal(&phone, "doctor", ("NO_COLOR", "1"));
    assert!(doctor.starts_with("[ok] store: intact\n"), "{doctor}");
    assert!(doctor.contains("\n     MD5: ") || doctor.contains("\n     CN="), "{doctor}");
    let log = on_a_terminal(&phone, "log -n 1", ("NO_COLOR", "1"));
    assert!(log.starts_with("-- 20") && log.lines().count() >= 2, "{log}");
    let piped = out(&ask(&phone, &["status"]));
    assert!(!piped.contains('\x1b'), "{piped}");
    assert!(out(&ask(&phone, &["status", "--color=always"])).contains("\x1b[1mServers"));
}
