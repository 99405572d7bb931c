//! Files by HTTP: boots from real web servers and from odd ones, closed and silent ports, and
//! `secd fetch --http`.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]
#![expect(clippy::disallowed_methods, reason = "a test measures how long a pass takes")]

mod support;

use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::socket::{Backlog, listen};
use secd_lab::cluster::{Cluster, Files, Security, Setup, Signer};
use secd_lab::http::{self, Odd};
use secd_lab::tftp;
use support::agent::{Agent, secd};
use support::log::{Line, shown};
use support::phone::{DEVICE, Phone};
use support::web::{Web, WebProgram};

/// A cluster in mixed mode, with a configuration of many packets.
fn cluster() -> Cluster {
    let mut cluster = Cluster::new(Setup::default());
    cluster.config_extra = format!("<!-- {} -->", "many packets ".repeat(2_000));
    cluster.update_ctl(&Signer::CallManager(0), Security::Mixed);
    cluster
}

/// A phone that asks for files by HTTP at this port, and at this TFTP server.
fn phone(tftp: &str, http_port: u16) -> Phone {
    let section = format!("[provisioning]\nhttp_port = {http_port}\n");
    Phone::with(&[tftp], "timeout_s = 1\nretries = 1\n", &section)
}

/// A port of loopback where nothing listens, by UDP or TCP.
fn closed() -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.local_addr().unwrap().port()
}

#[track_caller]
fn expect_installed(phone: &Phone, files: &Files, cluster: &Cluster, lines: &[Line]) {
    let log = shown(lines);
    assert!(phone.holds("ctl", &files[&format!("CTL{DEVICE}.tlv")]), "{log}");
    assert!(phone.holds("itl", &files[&format!("ITL{DEVICE}.tlv")]), "{log}");
    assert_eq!(phone.found(), Some(cluster.config().xml().into_bytes()), "{log}");
}

fn requests<'a>(lines: &'a [Line], from: &str) -> Vec<&'a str> {
    let name = |line: &'a Line| {
        let (_, rest) = line.text.split_once("]:Requesting ")?;
        let (name, server) = rest.split_once(" from ")?;
        server.starts_with(from).then_some(name)
    };
    lines.iter().filter_map(name).collect()
}

/// The lines, without what differs from phone to phone.
fn comparable(lines: &[Line], phone: &Phone) -> Vec<String> {
    let folder = phone.folder().display().to_string();
    shown(lines).replace(&folder, "").lines().map(str::to_owned).collect()
}

/// With the TFTP port closed, everything has come by HTTP.
#[test]
fn a_phone_boots_by_http_from_web_servers_of_others() {
    for program in WebProgram::ALL {
        let cluster = cluster();
        let files = cluster.files();
        let web = Web::start(program, "127.0.0.1", &files);
        let phone = phone(&format!("127.0.0.1:{}", closed()), web.address.port());
        let mut agent = Agent::start(&phone);
        let lines = agent.pass();
        expect_installed(&phone, &files, &cluster, &lines);
        let names = [format!("CTL{DEVICE}.tlv"), format!("ITL{DEVICE}.tlv")];
        let signed = format!("{DEVICE}.cnf.xml.sgn");
        let from = format!("http://{}", web.address);
        assert_eq!(requests(&lines, &from), [&names[0], &names[1], &signed], "{}", shown(&lines));
        assert_eq!(requests(&lines, ""), requests(&lines, &from), "{program:?}");
        println!(
            "{program:?}: CTL, ITL and configuration of {} bytes by HTTP",
            files[&signed].len()
        );
    }
}

#[test]
fn files_that_a_web_server_lacks_are_absent_once_both_ways_say_so() {
    for program in WebProgram::ALL {
        let cluster = Cluster::new(Setup::default());
        let files = cluster.files();
        let web = Web::start(program, "127.0.0.1", &files);
        let tftp = tftp::Server::start(files.clone());
        let phone = phone(&tftp.address().to_string(), web.address.port());
        let lines = Agent::start(&phone).pass();
        let [ctl, itl] = ["CTL", "ITL"].map(|kind| format!("{kind}{DEVICE}.tlv"));
        let signed = format!("{DEVICE}.cnf.xml.sgn");
        let from = format!("http://{}", web.address);
        let log = shown(&lines);
        assert_eq!(
            requests(&lines, &from),
            [&ctl, "CTLFile.tlv", &itl, &signed],
            "{program:?}: {log}"
        );
        // Until a file has come by HTTP, TFTP is asked as well.
        assert_eq!(tftp.names(), [&ctl, "CTLFile.tlv"], "{program:?}: {log}");
        assert!(log.contains("does not have the file (status 404)"), "{log}");
        assert!(phone.holds("itl", &files[&itl]), "{log}");
    }
}

/// The lists by TFTP alone: a web server that has no lists must not cost the phone its trust.
#[test]
fn a_file_that_only_tftp_has_is_found_there_and_so_are_the_rest() {
    let cluster = cluster();
    let files = cluster.files();
    let web = http::Server::start(Files::new());
    let tftp = tftp::Server::start(files.clone());
    let phone = phone(&tftp.address().to_string(), web.address().port());
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    expect_installed(&phone, &files, &cluster, &lines);
    let ctl = format!("CTL{DEVICE}.tlv");
    assert_eq!(web.names(), [ctl.as_str()]);
    let names = [ctl, format!("ITL{DEVICE}.tlv"), format!("{DEVICE}.cnf.xml.sgn")];
    assert_eq!(tftp.names(), names);
    // The next pass asks again.
    web.forget_requests();
    web.serve(files);
    agent.pass_again();
    assert_eq!(web.names(), names);
}

#[test]
fn the_order_of_the_ways_is_the_settings() {
    let cluster = cluster();
    let files = cluster.files();
    let (web, tftp) = (http::Server::start(files.clone()), tftp::Server::start(files.clone()));
    let boot = |section: &str| {
        web.forget_requests();
        tftp.forget_requests();
        let section = format!("{section}\nhttp_port = {}\n", web.address().port());
        let server = tftp.address().to_string();
        let phone = Phone::with(&[&server], "", &format!("[provisioning]\n{section}"));
        let lines = Agent::start(&phone).pass();
        expect_installed(&phone, &files, &cluster, &lines);
        (web.names().len(), tftp.names().len())
    };
    assert_eq!(boot(""), (3, 0));
    assert_eq!(boot("http = \"off\""), (0, 3));
    assert_eq!(boot("order = [\"tftp\", \"http\"]"), (0, 3));
    assert_eq!(boot("order = [\"http\"]"), (3, 0));
    tftp.set_faults(tftp::Faults { refuse: Some(3), ..tftp::Faults::default() });
    assert_eq!(boot("order = [\"tftp\", \"http\"]").0, 3);
}

#[test]
fn a_closed_port_changes_no_line_and_no_request() {
    let cluster = cluster();
    let tftp = tftp::Server::start(cluster.files());
    let server = tftp.address().to_string();
    let boot = |section: &str| {
        let phone = Phone::with(&[&server], "", section);
        let lines = Agent::start(&phone).pass();
        let asked = tftp.names();
        tftp.forget_requests();
        (comparable(&lines, &phone), asked)
    };
    let without = boot("[provisioning]\nhttp = \"off\"\n");
    let closed = boot(&format!("[provisioning]\nhttp_port = {}\n", closed()));
    assert_eq!(closed, without);
}

/// A port of loopback that does not answer: its queue is full, and nobody takes from it.
struct SilentPort {
    listener: TcpListener,
    _queued: Vec<TcpStream>,
}

impl SilentPort {
    fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listen(&listener, Backlog::new(0).unwrap()).unwrap();
        assert!(listener.as_raw_fd() > 0);
        let address = listener.local_addr().unwrap();
        let mut queued = Vec::new();
        // Fills the queue, until a connection is no longer answered.
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
            queued.push(stream);
            assert!(queued.len() < 10, "a queue of no length is full at some time");
        }
        Self { listener, _queued: queued }
    }

    fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }
}

#[test]
fn a_silent_port_costs_less_than_a_second_once() {
    let cluster = cluster();
    let files = cluster.files();
    let tftp = tftp::Server::start(files.clone());
    let silent = SilentPort::new();
    let phone = phone(&tftp.address().to_string(), silent.port());
    let start = Instant::now();
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    let took = start.elapsed();
    expect_installed(&phone, &files, &cluster, &lines);
    let said = lines.iter().filter(|line| line.text.contains("did not answer in 900 ms")).count();
    assert_eq!(said, 1, "{}", shown(&lines));
    assert!(took >= Duration::from_millis(900) && took < Duration::from_secs(5), "{took:?}");
    // As a person orders it: SIGHUP would read the settings again, and forget.
    let start = Instant::now();
    let refresh = secd().arg("refresh").arg("--socket").arg(phone.socket()).output().unwrap();
    let later = start.elapsed();
    assert!(refresh.status.success(), "{refresh:?}");
    let lines = agent.pass();
    assert!(!shown(&lines).contains("did not answer"), "{}", shown(&lines));
    assert!(shown(&agent.pass_again()).contains("did not answer"), "tried again by new settings");
    println!("silent port: first pass {took:?}, second {later:?}");
}

/// What a pass makes of each oddity, where TFTP has the same files.
#[test]
fn an_odd_server_brings_the_file_or_leaves_it_to_tftp() {
    let cluster = cluster();
    let files = cluster.files();
    for odd in Odd::ALL {
        let (web, tftp) = (http::Server::start(files.clone()), tftp::Server::start(files.clone()));
        web.set_odd(odd);
        let server = tftp.address().to_string();
        let section = format!("[provisioning]\nhttp_port = {}\n", web.address().port());
        let phone = Phone::with(&[&server], "deadline_s = 3\n", &section);
        let start = Instant::now();
        let lines = Agent::start(&phone).pass();
        let took = start.elapsed();
        expect_installed(&phone, &files, &cluster, &lines);
        let why = lines.iter().find_map(|line| {
            let (_, why) = line.text.split_once("HTTP server 127.0.0.1:")?;
            Some((line.level.as_str(), why.split_once(' ')?.1))
        });
        let (level, says) = expected(odd);
        let brings = level.is_empty();
        let (by_http, by_tftp) = (web.names().len(), tftp.names().len());
        assert_eq!(brings, by_tftp == 0, "{odd:?}: {}", shown(&lines));
        match why {
            None if odd == Odd::ShortLength => {
                let log = shown(&lines);
                assert!(log.contains("trying another server or way for a better one"), "{log}");
            }
            None => assert!(brings, "{odd:?}: {}", shown(&lines)),
            Some((at, why)) => {
                assert!(at == level && why.contains(says), "{odd:?}: {at} {why}, not {says}");
            }
        }
        assert!(took < Duration::from_secs(12), "{odd:?}: {took:?}");
        let why = why.map_or("the file", |(_, why)| why);
        println!("{odd:?}: {why}; {by_http} by HTTP, {by_tftp} by TFTP, {} ms", took.as_millis());
    }
}

/// The level and the words of the line; nothing if the server brings the file.
fn expected(odd: Odd) -> (&'static str, &'static str) {
    match odd {
        Odd::After100 | Odd::Chunked | Odd::NoLength | Odd::None => ("", ""),
        Odd::EndlessHead => ("WRN", "sent more than 16384 bytes before the file"),
        Odd::Error => ("WRN", "reported status 500"),
        Odd::Gzip => ("WRN", "sent a compressed file, which was not requested"),
        Odd::HugeLength => ("WRN", "which exceeds the limit of 262144"),
        Odd::Midst => ("WRN", "broke off after "),
        Odd::NotModified => ("WRN", "reported status 304"),
        Odd::Page => ("WRN", "sent a page in place of the file"),
        Odd::Redirect => ("WRN", "redirects to another place, which is not followed (status 302)"),
        // Half a list does not verify, and TFTP has the other half.
        Odd::ShortLength => ("ERR", ""),
        Odd::Silent => ("NOT", "did not answer in 4000 ms"),
        Odd::Slow => ("WRN", "fell silent, or was too slow, after "),
        Odd::Ssh => ("WRN", "sent a malformed answer, not an HTTP answer, by its version"),
        Odd::TwoLengths => ("WRN", "sent a malformed answer, more than one Content-Length"),
    }
}

fn fetch(words: &[&str]) -> Output {
    secd().arg("fetch").args(words).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn fetch_takes_a_file_by_http_from_web_servers_of_others() {
    let content: Vec<u8> = (0..200_000u32).map(|number| number.to_le_bytes()[0]).collect();
    let files =
        Files::from([("ring.raw".to_owned(), content.clone()), ("empty".to_owned(), vec![])]);
    for program in WebProgram::ALL {
        let web = Web::start(program, "127.0.0.1", &files);
        let server = web.address.to_string();
        let output = fetch(&["ring.raw", "--http", "--server", &server]);
        assert!(output.status.success() && output.stdout == content, "{program:?}: {output:?}");
        let output = fetch(&["empty", "--http", "--server", &server]);
        assert!(output.status.success() && output.stdout.is_empty(), "{program:?}: {output:?}");
        let output = fetch(&["missing", "--http", "--server", &server]);
        let says = format!("missing: HTTP server {server} does not have the file (status 404)\n");
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).ends_with(&says), "{output:?}");
        let output = fetch(&["ring.raw", "--http", "--server", &server, "--max", "1000"]);
        assert_eq!(output.status.code(), Some(65), "{program:?}: {output:?}");
    }
}

#[test]
fn fetch_writes_a_file_and_says_why_it_cannot() {
    let files = Files::from([("a".to_owned(), b"abc".to_vec())]);
    let web = http::Server::start(files);
    let server = web.address().to_string();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a").display().to_string();
    let output = fetch(&["a", "--http", "--server", &server, "--out", &out]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(std::fs::read(&out).unwrap(), b"abc");
    web.set_odd(Odd::Midst);
    let output = fetch(&["a", "--http", "--server", &server, "--out", &out]);
    assert_eq!(output.status.code(), Some(69), "{output:?}");
    assert_eq!(std::fs::read(&out).unwrap(), b"abc", "an older file stays");
    for (words, code, says) in [
        (["a", "--http", "--window", "16"], 64, "--blksize and --window are options of TFTP"),
        (["../a", "--http", "--max", "9"], 64, "../a"),
    ] {
        let output = fetch(&[&words[..], &["--server", &server]].concat());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(says), "{stderr}");
    }
    let output = fetch(&["a", "--http", "--server", &format!("127.0.0.1:{}", closed())]);
    assert_eq!(output.status.code(), Some(69), "{output:?}");
}
