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

/// What the log advises where TFTP is silent.
const NO_TFTP: &str = "has no TFTP, leave tftp out of provisioning.order";

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

/// A file for the phone's other processes.
const RINGS: &str = "Ringlist.xml";

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
    // By itself the phone leaves it alone for now; a person who orders a pass has it tried.
    let start = Instant::now();
    order(&phone, &["get", RINGS]);
    let later = start.elapsed();
    let log = shown(&agent.logged(&phone, agent.seen()));
    assert!(log.contains(&format!("Requesting {RINGS}")), "{log}");
    assert!(!log.contains("did not answer"), "{log}");
    order(&phone, &["refresh"]);
    assert!(shown(&agent.pass()).contains("did not answer"), "tried again as ordered");
    assert!(shown(&agent.pass_again()).contains("did not answer"), "tried again by new settings");
    println!("silent port: first pass {took:?}, a file later {later:?}");
}

/// Has the agent of a phone carry out a command.
#[track_caller]
fn order(phone: &Phone, words: &[&str]) {
    let output = secd().args(words).arg("--socket").arg(phone.socket()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// It has the ITL by HTTP as well, but the CTL has come by TFTP.
#[test]
fn the_doctor_names_the_way_that_the_pass_went_on_by() {
    let cluster = cluster();
    let files = cluster.files();
    let by_http = files.clone().into_iter().filter(|(name, _)| !name.starts_with("CTL"));
    let (web, tftp) = (http::Server::start(by_http.collect()), tftp::Server::start(files.clone()));
    let phone = phone(&tftp.address().to_string(), web.address().port());
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    expect_installed(&phone, &files, &cluster, &lines);
    let output =
        secd().args(["doctor", "--socket"]).arg(phone.socket()).output().expect("a diagnosis");
    let page =
        String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains("the phone takes TFTP"), "{page}");
}

/// Nobody else has the files: what was silent once is tried again, without being ordered.
#[test]
fn a_silent_port_is_not_left_alone_where_no_other_way_answers() {
    let cluster = cluster();
    let files = cluster.files();
    let web = http::Server::start(files.clone());
    let closed = format!("127.0.0.1:{}", closed());
    for ways in ["[\"http\"]", "[\"http\", \"tftp\"]"] {
        web.set_odd(Odd::Silent);
        let port = web.address().port();
        let section =
            format!("[provisioning]\nhttp_port = {port}\norder = {ways}\n[retry]\nfirst_s = 1\n");
        let phone = Phone::with(&[&closed], "timeout_s = 1\nretries = 0\n", &section);
        let mut agent = Agent::start(&phone);
        let lines = agent.pass();
        let log = shown(&lines);
        assert!(log.contains("did not answer in 4000 ms"), "{log}");
        assert!(log.contains("refresh: ended early, no CTL from any server"), "{log}");
        web.set_odd(Odd::None);
        // By itself.
        let lines = agent.pass();
        expect_installed(&phone, &files, &cluster, &lines);
    }
}

#[test]
fn a_port_that_drips_costs_its_time_once() {
    let cluster = cluster();
    let files = cluster.files();
    let (web, tftp) = (http::Server::start(files.clone()), tftp::Server::start(files.clone()));
    web.set_odd(Odd::Slow);
    let section = format!("[provisioning]\nhttp_port = {}\n", web.address().port());
    let phone = Phone::with(&[&tftp.address().to_string()], "deadline_s = 3\n", &section);
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    expect_installed(&phone, &files, &cluster, &lines);
    assert_eq!(web.names().len(), 1, "{}", shown(&lines));
    order(&phone, &["get", RINGS]);
    assert_eq!(web.names().len(), 1, "it is left alone");
}

/// A web server of somebody else's, and TFTP behind a line that loses packets: no file is missing.
#[test]
fn not_found_by_http_is_no_answer_while_tftp_is_silent() {
    let cluster = cluster();
    let files = cluster.files();
    let (web, tftp) = (http::Server::start(Files::new()), tftp::Server::start(files.clone()));
    tftp.set_faults(tftp::Faults { silent: true, ..tftp::Faults::default() });
    let port = web.address().port();
    let section = format!("[provisioning]\nhttp_port = {port}\n[retry]\nfirst_s = 1\n");
    let server = tftp.address().to_string();
    let phone = Phone::with(&[&server], "timeout_s = 1\nretries = 0\n", &section);
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    let log = shown(&lines);
    assert!(log.contains("not found by HTTP, and TFTP server 127.0.0.1:"), "{log}");
    assert!(!log.contains(" on the server"), "nothing says that it is not there: {log}");
    let own = format!("{DEVICE}.cnf.xml");
    assert!(tftp.names().contains(&own), "TFTP is asked for each file: {log}");
    assert!(!log.contains("tlRequestFile: no CTL"), "{log}");
    let names = tftp.names();
    assert!(names.iter().all(|name| !name.contains("XMLDefault")), "it may be known there: {log}");
    // Whether the web server has any file of the phone's is looked for once, and not for each file.
    assert_eq!(log.matches(NO_TFTP).count(), 1, "{log}");
    tftp.set_faults(tftp::Faults::default());
    // By itself.
    let lines = agent.pass();
    expect_installed(&phone, &files, &cluster, &lines);
}

/// One that is lost on the way to the server would otherwise leave a new phone without anything.
#[test]
fn a_silent_way_is_tried_again_by_itself_where_the_others_have_no_configuration() {
    let cluster = cluster();
    let files = cluster.files();
    let web = http::Server::start(files.clone());
    let tftp = tftp::Server::start(Files::new());
    web.set_odd(Odd::Silent);
    let section =
        format!("[provisioning]\nhttp_port = {}\n[retry]\nfirst_s = 1\n", web.address().port());
    let phone = Phone::with(&[&tftp.address().to_string()], "", &section);
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    let log = shown(&lines);
    assert!(log.contains("did not answer in 4000 ms") && phone.found().is_none(), "{log}");
    web.set_odd(Odd::None);
    // By itself.
    let lines = agent.pass();
    expect_installed(&phone, &files, &cluster, &lines);
}

/// Its other files show that it serves phones: nothing is in doubt for ever, and nothing waited for
/// twice.
#[test]
fn a_server_without_tftp_lacks_what_it_lacks_by_http() {
    let cluster = Cluster::new(Setup::default());
    let files = cluster.files();
    let own = format!("{DEVICE}.cnf.xml");
    let silent = tftp::Server::start(Files::new());
    silent.set_faults(tftp::Faults { silent: true, ..tftp::Faults::default() });
    let unsigned = Files::from([(own.clone(), cluster.config().xml().into_bytes())]);
    for (files, server) in [
        (files.clone(), silent.address().to_string()),
        (files, format!("127.0.0.1:{}", closed())),
        (unsigned, format!("127.0.0.1:{}", closed())),
    ] {
        let web = http::Server::start(files.clone());
        let section = format!("[provisioning]\nhttp_port = {}\n", web.address().port());
        let phone = Phone::with(&[&server], "timeout_s = 1\nretries = 0\n", &section);
        let lines = Agent::start(&phone).pass();
        let log = shown(&lines);
        assert!(log.contains("tlRequestFile: no CTL on the server"), "{log}");
        assert!(!log.contains("EROR:tlRequestFile"), "{log}");
        assert_eq!(log.matches(NO_TFTP).count(), 1, "{log}");
        assert_eq!(phone.found(), Some(cluster.config().xml().into_bytes()), "{log}");
        if let Some(itl) = files.get(&format!("ITL{DEVICE}.tlv")) {
            assert!(phone.holds("itl", itl), "{log}");
        }
    }
    let names = silent.names();
    assert!(names.iter().all(|name| *name == format!("CTL{DEVICE}.tlv")), "{names:?}");
}

#[test]
fn the_second_server_is_asked_where_the_first_lacks_a_file_by_http_and_is_silent_by_tftp() {
    let cluster = cluster();
    let files = cluster.files();
    let web = http::Server::start(Files::new());
    let (first, second) = (tftp::Server::start(Files::new()), tftp::Server::start(files.clone()));
    first.set_faults(tftp::Faults { silent: true, ..tftp::Faults::default() });
    let servers = [&first, &second].map(|server| server.address().to_string());
    let section = format!("[provisioning]\nhttp_port = {}\n", web.address().port());
    let phone = Phone::with(&[&servers[0], &servers[1]], "timeout_s = 1\nretries = 0\n", &section);
    let lines = Agent::start(&phone).pass();
    expect_installed(&phone, &files, &cluster, &lines);
}

/// The fault is the phone's own: no server was reached, and nothing is known of the file.
#[test]
fn a_connection_that_cannot_be_made_says_nothing_of_the_file() {
    let cluster = cluster();
    let (web, tftp) = (http::Server::start(cluster.files()), tftp::Server::start(cluster.files()));
    let phone = phone(&tftp.address().to_string(), web.address().port());
    let text = std::fs::read_to_string(phone.configuration()).unwrap();
    let text = text.replace("[device]\n", "[device]\naddress = \"192.0.2.77\"\n");
    support::write(&phone.configuration(), text.as_bytes());
    let lines = Agent::start(&phone).pass();
    let log = shown(&lines);
    let why = "cannot be reached, device.address: 192.0.2.77 is not an address of this machine";
    assert!(log.contains(why), "{log}");
    assert!(log.contains("refresh: ended early, no CTL from any server"), "{log}");
}

/// A web server that is out of order may have what TFTP lacks.
#[test]
fn a_failure_by_http_is_not_taken_for_a_missing_file() {
    let cluster = cluster();
    for (odd, why) in [
        (Odd::Error, "reported status 500"),
        (Odd::Midst, "broke off after "),
        (Odd::TwoLengths, "more than one Content-Length"),
    ] {
        let (web, tftp) = (http::Server::start(cluster.files()), tftp::Server::start(Files::new()));
        web.set_odd(odd);
        let phone = phone(&tftp.address().to_string(), web.address().port());
        let lines = Agent::start(&phone).pass();
        let log = shown(&lines);
        let says = |line: &&Line| line.text.starts_with("EROR:tlRequestFile: CTL");
        let line = lines.iter().find(says).unwrap_or_else(|| panic!("{odd:?}: {log}"));
        assert!(line.text.contains(why), "{log}");
        let names = tftp.names();
        assert!(names.iter().all(|name| !name.starts_with("CTLFile")), "{names:?}");
        assert!(!log.contains("XMLDefault"), "the phone may be known there: {log}");
    }
}

/// The first server has a bad file by HTTP, and none by TFTP.
#[test]
fn the_second_server_is_asked_after_a_refused_file_that_tftp_lacks() {
    let cluster = cluster();
    let files = cluster.files();
    let signed = format!("{DEVICE}.cnf.xml.sgn");
    let mut bad = files.clone();
    *bad.get_mut(&signed).unwrap().last_mut().unwrap() ^= 1;
    let web = http::Server::start(bad);
    let first = tftp::Server::start(Files::new());
    let elsewhere = "127.0.0.2".parse().unwrap();
    let second = tftp::Server::start_on(elsewhere, files.clone()).unwrap();
    let servers = [&first, &second].map(|server| server.address().to_string());
    let section = format!("[provisioning]\nhttp_port = {}\n", web.address().port());
    let phone = Phone::with(&[&servers[0], &servers[1]], "timeout_s = 1\nretries = 1\n", &section);
    let lines = Agent::start(&phone).pass();
    expect_installed(&phone, &files, &cluster, &lines);
    assert_eq!(first.names(), [signed.as_str()], "{}", shown(&lines));
    assert_eq!(second.names(), [signed.as_str()], "{}", shown(&lines));
}

/// Without lists the configuration is not signed.
#[test]
fn what_is_no_configuration_is_left_to_tftp() {
    let cluster = Cluster::new(Setup::default());
    let own = format!("{DEVICE}.cnf.xml");
    let files = Files::from([(own.clone(), cluster.config().xml().into_bytes())]);
    let json = Files::from([(own.clone(), b"{\"error\": \"not found\"}".to_vec())]);
    let (web, tftp) = (http::Server::start(json), tftp::Server::start(files.clone()));
    let phone = phone(&tftp.address().to_string(), web.address().port());
    let lines = Agent::start(&phone).pass();
    let log = shown(&lines);
    assert!(log.contains("sent a file that is not XML"), "{log}");
    assert_eq!(phone.found().as_ref(), Some(&files[&own]), "{log}");
}

/// What a pass makes of each oddity, where TFTP has the same files.
#[test]
fn an_odd_server_brings_the_file_or_leaves_it_to_tftp() {
    let cluster = cluster();
    let files = cluster.files();
    let odd = Odd::NAMED.map(|(.., odd)| odd);
    for odd in odd.into_iter().chain([Odd::None]) {
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
        Odd::Closed => ("WRN", "closed the connection without an answer"),
        Odd::Empty => ("NOT", "sent an empty file, which counts as none"),
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
