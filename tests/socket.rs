//! The phone's other processes: its Java applications, its screen, its administrator.
#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]
#![allow(clippy::disallowed_methods, reason = "tests wait in real time, within bounds")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use secd_lab::https::DIRECTORY;
use secd_lab::tls::{Presented, Version};
use serde_json::{Value, json};
use support::agent::{Agent, secd};
use support::golden;
use support::log::shown;
use support::office::{Office, pem};
use support::phone::Phone;
use support::server::cache;
use support::socket::{Client, call, full, outcome};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// An office, and a phone that has booted there.
fn booted(sections: &str) -> (Office, Phone, Agent) {
    booted_in(Office::open(), sections)
}

fn booted_in(office: Office, sections: &str) -> (Office, Phone, Agent) {
    let phone = office.phone(sections);
    let mut agent = Agent::start(&phone);
    agent.pass();
    (office, phone, agent)
}

/// The phone's Java application, pressing Directories.
fn press(phone: &Phone, url: &str) -> Output {
    let mut java = Command::new("java");
    java.args(["-XX:TieredStopAtLevel=1", "-Xshare:auto"]).arg(example("Directories.java"));
    java.arg(phone.socket()).arg(url).output().expect("java runs")
}

/// A command that asks the daemon.
fn ask(phone: &Phone, words: &[&str]) -> Command {
    let mut command = secd();
    command.args(words).arg("--socket").arg(phone.socket()).stdin(Stdio::null());
    command
}

#[track_caller]
fn told(phone: &Phone, words: &[&str]) -> String {
    let output = ask(phone, words).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{words:?}: {:?}", String::from_utf8(output.stderr));
    text
}

#[track_caller]
fn object(phone: &Phone, words: &[&str]) -> Value {
    serde_json::from_str(&told(phone, words)).unwrap()
}

/// How a command ends that is not carried out, and what it says.
#[track_caller]
fn refused(phone: &Phone, words: &[&str]) -> (Option<i32>, String) {
    let output = ask(phone, words).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{words:?}: {text}");
    (output.status.code(), text.trim_end().trim_start_matches("secd: ").to_owned())
}

#[test]
fn directories_are_shown_with_the_trace_of_the_technote_and_tvs_is_asked_once() {
    // An address on which the port of TVS is free for this process.
    let [.., high, low] = std::process::id().to_be_bytes();
    let tvs = (Ipv4Addr::new(127, 72, high, low.max(1)), 2445).into();
    let (office, phone, agent) = booted_in(Office::open_at(tvs), "");
    let from = agent.log.from(0).len();
    let output = press(&phone, &office.url());
    assert_eq!(String::from_utf8_lossy(&output.stdout), DIRECTORY, "{output:?}");
    let lines = agent.logged(&phone, from);
    let url = office.url();
    golden::expect(&lines, "https: a certificate that no list knows", &[("url", url.as_str())]);
    assert_eq!(office.questions(), 1);
    let again = press(&phone, &office.url());
    assert_eq!(again.stdout, DIRECTORY.as_bytes(), "{again:?}");
    assert_eq!(office.questions(), 1, "the second press is answered by the cache");
}

#[test]
fn a_stranger_s_page_is_not_shown() {
    let (office, phone, agent) = booted("");
    let stranger = office.cluster.setup.identity("stranger.test");
    office.https.present(&Presented::new(&stranger), Version::Any);
    let output = press(&phone, &office.url());
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("phone.secd.NotTrusted"), "{complaint}");
    office.https.settle();
    let received: Vec<_> = office.https.connections().iter().map(|it| it.received.len()).collect();
    assert_eq!(received, [0], "not a byte was let through");
    let lines = agent.logged(&phone, 0);
    assert!(!lines.iter().any(|line| line.text.contains("httpSucceed")), "{}", shown(&lines));
}

#[test]
fn bytes_that_come_with_the_call_are_not_lost_and_each_half_closes_alone() {
    let (office, phone, _agent) = booted("");
    let address = office.https.address();
    let parameters = json!({ "host": address.ip().to_string(), "port": address.port() });
    let call = json!({ "method": full("Connect"), "parameters": parameters, "upgrade": true });
    let mut client = Client::connect(&phone.socket());
    let early = format!("{call}\0GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    client.send(early.as_bytes());
    client.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(outcome(client.reply().unwrap()).unwrap()["by"], "tvs");
    assert!(client.rest().ends_with(DIRECTORY.as_bytes()));
    office.https.settle();
    let received = &office.https.connections()[0].received;
    assert!(early.as_bytes().ends_with(received), "{} bytes", received.len());
}

#[test]
fn who_hangs_up_while_the_agent_connects_ends_the_attempt() {
    let (_office, phone, mut agent) = booted("");
    // It takes the connection and never answers the handshake.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let parameters = json!({ "host": "127.0.0.1", "port": silent.local_addr().unwrap().port() });
    let call = json!({ "method": full("Connect"), "parameters": parameters, "upgrade": true });
    let mut client = Client::connect(&phone.socket());
    client.send_call(&call);
    let (mut server, _) = silent.accept().unwrap();
    drop(client);
    let mut hello = Vec::new();
    server.read_to_end(&mut hello).unwrap();
    let gone = agent.log.find(0, support::PATIENCE, |line| line.text.contains("has hung up"));
    assert!(gone.is_some());
    agent.kill();
}

#[test]
fn a_connection_of_which_nothing_moves_ends_by_the_idle_limit() {
    let (office, phone, agent) = booted("[https]\nidle_s = 1\n");
    let address = office.https.address();
    let parameters = json!({ "host": address.ip().to_string(), "port": address.port() });
    let call = json!({ "method": full("Connect"), "parameters": parameters, "upgrade": true });
    let mut client = Client::connect(&phone.socket());
    client.send_call(&call).reply().unwrap();
    // The server waits for a request, this client for a page.
    assert_eq!(client.rest(), b"");
    let idle = agent.log.find(0, support::PATIENCE, |line| line.text.contains("idle for too long"));
    assert!(idle.is_some(), "{}", shown(&agent.log.from(0)));
    let status = object(&phone, &["status", "--json"]);
    assert_eq!(status["open_connections"], 0);
}

#[test]
fn another_implementation_of_varlink_reads_the_interface_and_calls_each_reading_method() {
    let (office, phone, _agent) = booted("");
    office.tvs.settle();
    let python = cache().unwrap().join("varlink/bin/python3");
    let address = format!("unix:{}", phone.socket().display());
    let varlink = |words: &[&str]| {
        let mut command = Command::new(&python);
        let output = command.args(["-m", "varlink.cli"]).args(words).output();
        let output = output.unwrap_or_else(|error| panic!("{}: {error}", python.display()));
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(varlink(&["info", &address]).contains("phone.secd"));
    let interface = varlink(&["help", &format!("{address}/phone.secd")]);
    assert!(interface.contains("method GetTrust()"), "{interface}");
    let standard = varlink(&["help", &format!("{address}/org.varlink.service")]);
    assert!(standard.contains("method GetInfo()"), "{standard}");
    for (method, parameters) in [
        ("GetTrust", "{}"),
        ("GetStatus", "{}"),
        ("GetCache", "{}"),
        ("GetIdentity", "{}"),
        ("GetList", "{\"kind\": \"itl\"}"),
        ("GetLog", "{}"),
        ("IsSecure", "{}"),
    ] {
        let reply = varlink(&["call", &format!("{address}/phone.secd.{method}"), parameters]);
        let reply: Value = serde_json::from_str(&reply).unwrap_or_else(|_| panic!("{reply}"));
        assert!(reply.is_object(), "{method}: {reply}");
    }
    let stages = varlink(&["call", "--more", &format!("{address}/phone.secd.Refresh"), "{}"]);
    for stage in ["ctl", "itl", "configuration"] {
        assert!(stages.contains(&format!("\"{stage}\"")), "{stages}");
    }
}

#[test]
fn the_screen_shows_what_is_trusted_and_erases_after_two_presses() {
    let (_office, phone, mut agent) = booted("");
    let screen = |words: &[&str], typed: &str| {
        let mut python = Command::new("python3");
        python.arg(example("trust_screen.py")).arg(phone.socket()).args(words);
        python.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = python.spawn().unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    let (code, text) = screen(&[], "");
    assert_eq!(code, Some(0), "{text}");
    let trust = call(&phone.socket(), "GetTrust", json!({})).unwrap();
    for shown in [&trust["lists"][0]["md5"], &trust["lists"][0]["sha1"], &trust["state"]] {
        assert!(text.contains(shown.as_str().unwrap()), "{text}");
    }
    assert!(text.contains("FIRST USE"), "{text}");
    let (code, _) = screen(&["erase", "itl"], "\n");
    assert_eq!((code, phone.state().join("itl").exists()), (Some(1), true), "pressed once");
    let (code, text) = screen(&["erase", "itl"], "\n\n");
    assert_eq!(code, Some(0), "{text}");
    let again = agent.pass();
    assert!(again.iter().any(|line| line.text.contains("FIRST USE")), "{}", shown(&again));
}

#[test]
fn the_commands_tell_what_the_daemon_knows() {
    let (office, phone, mut agent) = booted("");
    let status = told(&phone, &["status"]);
    assert!(status.contains("state\tS1\n"), "{status}");
    assert!(status.contains(&format!("tftp\t{}\t", office.tftp.address())), "{status}");
    let trust = told(&phone, &["trust"]);
    let list = object(&phone, &["trust", "--json"])["lists"][0].clone();
    for (name, value) in [("md5", &list["md5"]), ("sha1", &list["sha1"])] {
        assert!(trust.contains(&format!("itl\t{name}\t{}\n", value.as_str().unwrap())), "{trust}");
    }
    assert!(trust.contains("itl\ttrusted\ton first use, without proof\n"), "{trust}");
    assert!(trust.contains("itl\trecord\tTVS\thash\t"), "{trust}");
    let name = format!("{}.cnf.xml", support::phone::DEVICE);
    let got = told(&phone, &["get", &name]);
    assert!(got.contains("verified\tyes\n"), "{got}");
    assert_eq!(told(&phone, &["log", "-n", "1"]).lines().count(), 1);
    let graver = told(&phone, &["log", "-n", "3", "--level", "warning"]);
    assert!(graver.lines().count() <= 3 && !graver.contains(": NOT "), "{graver}");
    let stages = told(&phone, &["refresh"]);
    assert!(stages.starts_with("ctl\t"), "{stages}");
    assert!(stages.contains("\nconfiguration\tdone\nstate\tS1\t"), "{stages}");
    agent.pass();
    assert_eq!(told(&phone, &["erase", "itl", "--yes"]), "erased\titl\n");
    agent.pass();
}

#[test]
fn certificates_are_judged_and_remembered() {
    let (office, phone, _agent) = booted("");
    let file = phone.folder().join("server.pem");
    support::write(&file, office.certificate().as_bytes());
    let file = file.display().to_string();
    let way = "step\tCTL: not installed\n\
         step\tITL: the certificate is not listed for HTTPS\nstep\tITL: no CA is listed for HTTPS\n";
    let asked = "step\tcache: no earlier answer from TVS about this certificate\n\
         step\tTVS: vouches for the certificate as APP-SERVER\n";
    let verdict = told(&phone, &["check-cert", &file]);
    assert_eq!(verdict, format!("trusted\ttvs\n{way}{asked}"));
    let remembered = "step\tcache: TVS vouched for this certificate earlier\n";
    let verdict = told(&phone, &["check-cert", &file]);
    assert_eq!(verdict, format!("trusted\tcache\n{way}{remembered}"));
    let der = phone.folder().join("server.der");
    support::write(&der, &office.tomcat.certificate.der);
    assert_eq!(told(&phone, &["check-cert", der.to_str().unwrap()]), verdict, "DER");
    let verdicts = told(&phone, &["cache"]);
    assert!(verdicts.contains(&office.tvs.address().to_string()), "{verdicts}");
    assert_eq!(told(&phone, &["cache", "--flush"]), "forgotten\t1\n");
    assert_eq!(told(&phone, &["cache"]), "");
    let stranger = office.cluster.setup.identity("stranger.test");
    support::write(Path::new(&file), pem(&stranger.certificate.der).as_bytes());
    let (code, why) = refused(&phone, &["check-cert", &file]);
    assert_eq!(code, Some(1), "{why}");
    support::write(Path::new(&file), b"nonsense");
    assert_eq!(refused(&phone, &["check-cert", &file]).0, Some(65));
    support::write(Path::new(&file), &office.certificate().repeat(90).into_bytes());
    assert_eq!(
        refused(&phone, &["check-cert", &file]),
        (Some(65), "the request exceeds 64 KiB".to_owned())
    );
}

#[test]
fn connect_is_a_pipe_to_the_server() {
    let (office, phone, _agent) = booted("");
    let address = office.https.address().to_string();
    let mut command = ask(&phone, &["connect", &address]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.stdout.ends_with(DIRECTORY.as_bytes()), "{output:?}");
    let stranger = office.cluster.setup.identity("stranger.test");
    office.https.present(&Presented::new(&stranger), Version::Any);
    let (code, why) = refused(&phone, &["connect", &address]);
    assert_eq!(code, Some(1), "{why}");
    assert_eq!(refused(&phone, &["connect", "127.0.0.1:1"]).0, Some(69));
}

#[test]
fn what_cannot_be_done_is_an_exit_code_and_one_line() {
    let (_office, phone, mut agent) = booted("");
    assert_eq!(refused(&phone, &["get", "../x"]).0, Some(64));
    assert_eq!(refused(&phone, &["get", "absent.xml"]).0, Some(1));
    let name = format!("{}.cnf.xml", support::phone::DEVICE);
    assert_eq!(refused(&phone, &["get", &name, "--max", "10"]).0, Some(65));
    assert_eq!(refused(&phone, &["log", "--level", "loud"]).0, Some(64));
    assert_eq!(refused(&phone, &["erase", "itl"]).0, Some(64), "nobody to ask");
    assert_eq!(refused(&phone, &["erase", "everything"]).0, Some(64));
    agent.kill();
    for words in [&["status"][..], &["connect", "a:1"], &["refresh"], &["log", "-f"]] {
        let (code, why) = refused(&phone, words);
        assert_eq!(code, Some(69), "{words:?}");
        assert!(why.starts_with(&phone.socket().display().to_string()), "{why}");
    }
}

#[test]
fn a_follower_gets_every_line_once_and_in_order() {
    let (_office, phone, _agent) = booted("");
    let mut follower = Client::connect(&phone.socket());
    let parameters = json!({ "count": 0 });
    follower
        .send_call(&json!({ "method": full("FollowLog"), "parameters": parameters, "more": true }));
    assert_eq!(outcome(follower.reply().unwrap()).unwrap(), json!({ "lines": [], "missed": 0 }));
    let mut writer = Client::connect(&phone.socket());
    for number in 0..200 {
        let line = json!({ "process": "JVM", "level": "notice", "text": format!("line {number}") });
        writer.call("AppendLog", line).unwrap();
    }
    let mut texts = Vec::new();
    while texts.len() < 200 {
        let told = outcome(follower.reply().unwrap()).unwrap();
        assert_eq!(told["missed"], 0);
        let lines = told["lines"].as_array().unwrap().clone();
        texts.extend(lines.iter().map(|line| line["text"].as_str().unwrap().to_owned()));
    }
    for (number, text) in texts.iter().enumerate() {
        assert!(text.ends_with(&format!(" JVM: line {number}")), "{text}");
    }
}

#[test]
fn the_log_fits_into_a_message_whatever_was_written() {
    let (_office, phone, _agent) = booted("");
    let mut client = Client::connect(&phone.socket());
    for _ in 0..256 {
        let line = json!({ "process": "JVM", "level": "notice", "text": "\"".repeat(600) });
        client.call("AppendLog", line).unwrap();
    }
    let log = client.call("GetLog", json!({})).unwrap();
    assert!(log.to_string().len() < 65_536);
    let lines = log["lines"].as_array().unwrap();
    assert!(lines.len() > 50, "{} lines", lines.len());
    let last = client.call("GetLog", json!({ "count": 1 })).unwrap();
    assert_eq!(lines.last(), last["lines"].as_array().unwrap().last());
}

#[test]
fn nobody_writes_into_the_log_under_a_name_of_the_agent() {
    let (_office, phone, _agent) = booted("");
    for process in [
        "SECD",
        "secd",
        "TFTP",
        "tftpClient",
        "TFTPCLIENT",
        "",
        "a b",
        "SECD: x",
        "SECD\0",
        "SECD ",
        " SECD",
        "SECD\u{200b}",
        "\u{405}ECD",
        "x\n",
        &"x".repeat(17),
        // What a person takes for one of ours.
        "SECD1",
        "5ECD",
        "tftpCIient",
        "7F7P",
        // Libraries in the binary log under these.
        "rustls",
        "Tokio",
        "mio",
    ] {
        let line = json!({ "process": process, "level": "error", "text": "x" });
        let (error, facts) = call(&phone.socket(), "AppendLog", line).unwrap_err();
        assert_eq!(error, "org.varlink.service.InvalidParameter", "{process:?}");
        assert_eq!(facts["parameter"], "process");
    }
    for process in ["JVM", "tftpd", "phoneUI", "4711", "Second"] {
        let line = json!({ "process": process, "level": "error", "text": "x" });
        call(&phone.socket(), "AppendLog", line).unwrap();
    }
    let line = json!({ "process": "JVM", "level": "error", "text": "x\n9: ERR 0 SECD: forged" });
    call(&phone.socket(), "AppendLog", line).unwrap();
    let log = call(&phone.socket(), "GetLog", json!({ "count": 1 })).unwrap();
    let text = log["lines"][0]["text"].as_str().unwrap();
    assert!(text.ends_with(" JVM: x\\n9: ERR 0 SECD: forged"), "{text}");
}

#[test]
fn a_faulty_file_leaves_the_configuration_as_it_was() {
    let (_office, phone, agent) = booted("");
    let before = fs::read_to_string(phone.configuration()).unwrap();
    let faulty = before.replace("level = \"info\"", "level = \"loud\"");
    support::write(&phone.configuration(), faulty.as_bytes());
    let (code, why) = refused(&phone, &["reload"]);
    assert_eq!(code, Some(78));
    assert!(why.contains("console.level"), "{why}");
    assert_eq!(object(&phone, &["status", "--json"])["log_level"], "info");
    let debug = before.replace("level = \"info\"", "level = \"debug\"");
    support::write(&phone.configuration(), debug.as_bytes());
    assert_eq!(told(&phone, &["reload"]), "configuration\tin effect, a boot pass follows\n");
    assert_eq!(object(&phone, &["status", "--json"])["log_level"], "debug");
    let lines = agent.logged(&phone, 0);
    assert!(lines.iter().any(|line| line.text.ends_with("is now in effect")));
}

#[test]
fn erasing_everything_is_the_way_out_of_a_locked_store() {
    let (_office, phone, agent) = booted("");
    agent.end();
    for entry in fs::read_dir(phone.state()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("itl") {
            support::write(&path, b"damaged");
        }
    }
    let mut agent = Agent::start(&phone);
    agent.pass();
    assert_eq!(object(&phone, &["trust", "--json"])["locked"], true);
    let (code, why) = refused(&phone, &["erase", "itl", "--yes"]);
    assert_eq!(code, Some(1), "{why}");
    let log = told(&phone, &["log", "-n", "100"]);
    assert!(!log.contains("trust lists have changed"), "nothing was erased: {log}");
    assert_eq!(told(&phone, &["erase", "all", "--yes"]), "erased\tall\n");
    let lines = agent.pass();
    assert!(lines.iter().any(|line| line.text.contains("FIRST USE")), "{}", shown(&lines));
    assert_eq!(object(&phone, &["trust", "--json"])["locked"], false);
}

#[test]
fn the_access_to_settings_is_shown_and_a_restart_does_not_lift_it() {
    let status = |phone: &Phone| object(phone, &["status", "--json"])["settings_access"].clone();
    let mut office = Office::open();
    for (number, word) in [("0", "disabled"), ("2", "restricted")] {
        let access = format!("<settingsAccess>{number}</settingsAccess>");
        office.cluster.config_extra = format!("<vendorConfig>{access}</vendorConfig>\n");
        office.tftp.serve(office.cluster.files());
        let phone = office.phone("");
        let mut agent = Agent::start(&phone);
        agent.pass();
        assert_eq!(status(&phone), word);
        assert!(told(&phone, &["status"]).contains(&format!("settings access\t{word}\n")));
        agent.end();
        office.tftp.serve(secd_lab::cluster::Files::new());
        let mut agent = Agent::start(&phone);
        agent.pass();
        assert_eq!(status(&phone), word);
        // The first of the two calls is refused already: a screen asks nobody for a second press.
        let (error, facts) = call(&phone.socket(), "Erase", json!({ "what": "itl" })).unwrap_err();
        assert_eq!((error.as_str(), &facts["access"]), ("phone.secd.SettingsAccess", &json!(word)));
        let said = format!("refused: the configuration has settings access {word}");
        let found = agent.log.find(0, support::PATIENCE, |line| line.text.ends_with(&said));
        assert!(found.is_some(), "{said}");
        assert!(phone.state().join("itl").exists());
    }
    office.cluster.config_extra = String::new();
    let phone = office.phone("");
    let mut agent = Agent::start(&phone);
    agent.pass();
    assert_eq!(status(&phone), Value::Null, "no verified configuration yet");
    office.tftp.serve(office.cluster.files());
    agent.pass_again();
    assert_eq!(status(&phone), "enabled", "no word of it");
    assert_eq!(told(&phone, &["erase", "itl", "--yes"]), "erased\titl\n");
}

#[test]
fn a_confirmation_is_for_one_list_and_one_use() {
    let (_office, phone, _agent) = booted("");
    let mut client = Client::connect(&phone.socket());
    let mut erase = |what: &str, value: Option<&Value>| {
        client.call("Erase", json!({ "what": what, "confirmation": value }))
    };
    let wrong = || "phone.secd.WrongConfirmation".to_owned();
    let first = erase("itl", None).unwrap();
    assert_eq!(first["erased"], false);
    let value = first["confirmation"].clone();
    assert_eq!(erase("all", Some(&value)).unwrap_err().0, wrong(), "another list");
    assert_eq!(erase("itl", Some(&value)).unwrap_err().0, wrong(), "void by now");
    let value = erase("itl", None).unwrap()["confirmation"].clone();
    assert_eq!(
        erase("itl", Some(&value)).unwrap(),
        json!({ "erased": true, "confirmation": null })
    );
    assert_eq!(erase("itl", Some(&value)).unwrap_err().0, wrong(), "used");
}

#[test]
fn init_may_open_the_socket() {
    let office = Office::open();
    let phone = office.phone("");
    let handed = phone.folder().join("handed");
    let script = "import os, socket, sys\n\
        s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()\n\
        os.dup2(s.fileno(), 3); os.set_inheritable(3, True)\n\
        os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\n\
        os.execv(sys.argv[2], sys.argv[2:])";
    let mut python = Command::new("python3");
    python.args(["-c", script]).arg(&handed).arg(env!("CARGO_BIN_EXE_secd"));
    python.arg("run").arg("--config").arg(phone.configuration());
    let mut agent = Agent::spawn(python);
    agent.pass();
    assert_eq!(call(&handed, "GetTrust", json!({})).unwrap()["state"], "S1");
    assert!(!phone.socket().exists());
    agent.end();
    assert!(handed.exists(), "it is init's to remove");
}

#[test]
fn what_others_write_into_the_log_is_harmless_on_a_terminal() {
    let (_office, phone, _agent) = booted("");
    let text = "a\u{1b}[2J\u{9b}31m\u{7f}\u{202e}\u{2066}\u{2028}\u{85}b";
    let line = json!({ "process": "JVM", "level": "error", "text": text });
    call(&phone.socket(), "AppendLog", line).unwrap();
    for arguments in [&["log"][..], &["log", "--json"], &["log", "--json", "-n", "1"]] {
        let mut command = secd();
        let output = command.args(arguments).arg("--socket").arg(phone.socket()).output().unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(shown.contains("31m"), "{shown}");
        let harmful =
            |c: char| c.is_control() && c != '\n' || ('\u{2028}'..='\u{202e}').contains(&c);
        assert!(!shown.contains(harmful) && !shown.contains('\u{2066}'), "{shown:?}");
    }
}
