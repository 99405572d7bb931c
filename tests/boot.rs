//! First use and steady state of the whole agent, against the lab's server and three others.

mod support;

use std::net::{IpAddr, SocketAddr, UdpSocket};

use secd_lab::cluster::{Cluster, Files, Security, Setup, Signer};
use secd_lab::tftp::{Faults, Server};
use support::agent::Agent;
use support::golden;
use support::log::{Line, alarms, messages, shown};
use support::phone::{DEVICE, Phone};
use support::server::{Program, Served};

const LISTS: &str = "boot: trust lists";
const CONFIGURATION: &str = "boot: signed configuration";

/// A cluster in mixed mode, with a configuration of many blocks.
fn cluster() -> Cluster {
    let mut cluster = Cluster::new(Setup::default());
    cluster.config_extra = format!("<!-- {} -->", "many blocks ".repeat(4_000));
    cluster.update_ctl(&Signer::CallManager(0), Security::Mixed);
    cluster
}

fn mapped(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("::ffff:{ip}"),
        IpAddr::V6(ip) => ip.to_string(),
    }
}

/// The lines of the technote, in their order, about this phone and this server.
#[track_caller]
fn expect_trace(lines: &[Line], phone: &Phone, server: &str, first: IpAddr) {
    expect_lists_trace(lines, server);
    let ram = phone.ram().display().to_string();
    let file = format!("{ram}/{DEVICE}.cnf.xml");
    let known = [
        ("device", DEVICE),
        ("server", server),
        ("requester", "secd"),
        ("ramdir", ram.as_str()),
        ("mapped-server", &mapped(first)),
        ("ramdir/device.cnf.xml", file.as_str()),
    ];
    golden::expect(lines, CONFIGURATION, &known);
}

#[track_caller]
fn expect_lists_trace(lines: &[Line], server: &str) {
    golden::expect(lines, LISTS, &[("device", DEVICE), ("server", server)]);
}

/// The files that were served are in place, each whole.
#[track_caller]
fn expect_installed(phone: &Phone, files: &Files, cluster: &Cluster) {
    assert!(phone.holds("ctl", &files[&format!("CTL{DEVICE}.tlv")]), "the CTL is installed");
    assert!(phone.holds("itl", &files[&format!("ITL{DEVICE}.tlv")]), "the ITL is installed");
    assert_eq!(phone.found(), Some(cluster.config().xml().into_bytes()));
}

#[track_caller]
fn expect_first_use(lines: &[Line]) {
    let name = format!("{DEVICE}.cnf.xml");
    assert_eq!(messages(lines), ["CTL and ITL installed", &name], "{}", shown(lines));
    assert_eq!(alarms(lines), ["4 (TL_INITIAL_SUCCESS)"], "{}", shown(lines));
    let first = lines.iter().filter(|line| line.text.contains("FIRST USE")).count();
    assert_eq!(first, 1, "the CTL alone; the ITL is chained to it:\n{}", shown(lines));
}

/// Another pass over the same files asks for them all and touches nothing.
#[track_caller]
fn expect_steady(agent: &mut Agent, phone: &Phone) -> Vec<Line> {
    let before = (phone.store(), support::phone::store(&phone.ram()));
    let lines = agent.pass_again();
    let after = (phone.store(), support::phone::store(&phone.ram()));
    assert_eq!(before, after, "{}", shown(&lines));
    assert_eq!(messages(&lines), [""; 0], "{}", shown(&lines));
    assert_eq!(alarms(&lines), [""; 0], "{}", shown(&lines));
    lines
}

/// First use, steady state, and a start from the store, against somebody else's server.
fn boot_from(program: Program, ip: &str, options: &str) {
    let cluster = cluster();
    let files = cluster.files();
    let served = Served::start(program, ip, &files);
    let phone = Phone::with(&[&served.name()], options, "");
    let mut agent = served.agent(&phone);
    let lines = agent.pass();
    expect_trace(&lines, &phone, &served.shown(), served.address.ip());
    expect_first_use(&lines);
    expect_installed(&phone, &files, &cluster);
    let lines = expect_steady(&mut agent, &phone);
    expect_trace(&lines, &phone, &served.shown(), served.address.ip());
    assert!(agent.end().success());
    let mut agent = served.agent(&phone);
    assert_eq!(messages(&agent.pass()), [""; 0]);
    expect_steady(&mut agent, &phone);
}

/// A cluster without a CTL: what the server says of a missing file is understood.
fn boot_without_ctl_from(program: Program) {
    let cluster = Cluster::new(Setup::default());
    let served = Served::start(program, "127.0.0.1", &cluster.files());
    let phone = Phone::new(&[&served.name()]);
    let lines = served.agent(&phone).pass();
    let asked: Vec<&str> =
        lines.iter().filter_map(|line| line.text.strip_prefix("tlRequestFile: Request ")).collect();
    let (ctl, itl) = (format!("CTL{DEVICE}.tlv"), format!("ITL{DEVICE}.tlv"));
    assert_eq!(asked, [&ctl, "CTLFile.tlv", &itl]);
    let name = format!("{DEVICE}.cnf.xml");
    assert_eq!(messages(&lines), ["File Not Found <CTLFile.tlv>", "ITL installed", &name]);
    assert_eq!(alarms(&lines), ["3 (ITL_INITIAL_SUCCESS)"]);
    assert!(!phone.state().join("ctl").exists());
    assert!(phone.holds("itl", &cluster.itl()));
}

const PLAIN: &str = "timeout_s = 1\n";
const OPTIONS: &str = "timeout_s = 1\nblksize = 1428\nwindowsize = 8\ntsize = true\n";

#[test]
fn a_phone_boots_from_tftpd_hpa() {
    boot_from(Program::Hpa, "127.0.0.1", PLAIN);
}

#[test]
fn a_phone_boots_from_tftpd_hpa_with_options() {
    boot_from(Program::Hpa, "127.0.0.1", OPTIONS);
}

#[test]
fn a_phone_boots_from_tftpd_hpa_over_ipv6() {
    boot_from(Program::Hpa, "::1", OPTIONS);
}

#[test]
fn a_phone_boots_from_tftpd_hpa_without_a_ctl() {
    boot_without_ctl_from(Program::Hpa);
}

#[test]
fn a_phone_boots_from_atftpd() {
    boot_from(Program::Atftpd, "127.0.0.1", PLAIN);
}

#[test]
fn a_phone_boots_from_atftpd_with_options() {
    boot_from(Program::Atftpd, "127.0.0.1", OPTIONS);
}

#[test]
fn a_phone_boots_from_atftpd_without_a_ctl() {
    boot_without_ctl_from(Program::Atftpd);
}

#[test]
fn a_phone_boots_from_dnsmasq() {
    boot_from(Program::Dnsmasq, "127.0.0.1", PLAIN);
}

#[test]
fn a_phone_boots_from_dnsmasq_with_options_over_ipv6() {
    boot_from(Program::Dnsmasq, "::1", OPTIONS);
}

#[test]
fn a_phone_boots_from_dnsmasq_without_a_ctl() {
    boot_without_ctl_from(Program::Dnsmasq);
}

#[test]
fn a_phone_boots_from_the_lab_and_asks_for_bytes_in_blocks_that_fit_ethernet() {
    let cluster = cluster();
    let files = cluster.files();
    let server = Server::start(files.clone());
    let name = server.address().to_string();
    let phone = Phone::new(&[&name]);
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    expect_trace(&lines, &phone, &name, server.address().ip());
    expect_first_use(&lines);
    expect_installed(&phone, &files, &cluster);
    let asked = [format!("CTL{DEVICE}.tlv"), format!("ITL{DEVICE}.tlv"), signed()];
    assert_eq!(server.names(), asked);
    for request in server.requests() {
        let blksize = ("blksize".to_owned(), "1428".to_owned());
        assert_eq!((request.mode.as_str(), request.options), ("octet", vec![blksize]));
    }
    server.forget_requests();
    expect_steady(&mut agent, &phone);
    assert_eq!(server.names(), asked);
}

fn signed() -> String {
    format!("{DEVICE}.cnf.xml.sgn")
}

#[test]
fn the_options_of_the_configuration_are_asked_for_over_ipv6() {
    let cluster = cluster();
    let files = cluster.files();
    let server = Server::start_v6(files.clone()).unwrap();
    let name = server.address().to_string();
    let phone = Phone::with(&[&name], OPTIONS, "");
    let mut agent = Agent::start(&phone);
    expect_trace(&agent.pass(), &phone, &name, server.address().ip());
    expect_installed(&phone, &files, &cluster);
    expect_steady(&mut agent, &phone);
    for request in server.requests() {
        let options: Vec<_> =
            request.options.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(options, [("blksize", "1428"), ("tsize", "0"), ("windowsize", "8")]);
    }
}

#[test]
fn a_cluster_without_a_ctl_is_trusted_by_its_itl() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(cluster.files());
    let phone = Phone::new(&[&server.address().to_string()]);
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    assert_eq!(alarms(&lines), ["3 (ITL_INITIAL_SUCCESS)"]);
    let (ctl, itl) = (format!("CTL{DEVICE}.tlv"), format!("ITL{DEVICE}.tlv"));
    assert_eq!(server.names(), [ctl, "CTLFile.tlv".to_owned(), itl, signed()]);
    assert_eq!(messages(&agent.pass_again()), ["File Not Found <CTLFile.tlv>"]);
}

#[test]
fn a_phone_that_the_cluster_does_not_know_takes_the_default_configuration() {
    let cluster = cluster();
    let mut files = cluster.files();
    files.retain(|name, _| !name.contains(DEVICE));
    let server = Server::start(files.clone());
    let phone = Phone::new(&[&server.address().to_string()]);
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    assert_eq!(messages(&lines), ["CTL and ITL installed", "XMLDefault.cnf.xml"]);
    assert!(phone.holds("ctl", &files["CTLFile.tlv"]));
    assert!(phone.holds("itl", &files["ITLFile.tlv"]));
    let found = std::fs::read(phone.ram().join("XMLDefault.cnf.xml")).unwrap();
    assert_eq!(found, cluster.config().default_xml().into_bytes());
    assert_eq!(server.names().last().unwrap(), "XMLDefault.cnf.xml.sgn");
    expect_steady(&mut agent, &phone);
}

#[test]
fn a_phone_without_any_list_takes_the_unsigned_configuration() {
    let cluster = cluster();
    let mut files = cluster.files();
    files.retain(|name, _| !name.ends_with(".tlv"));
    let server = Server::start(files);
    let phone = Phone::new(&[&server.address().to_string()]);
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    let name = format!("{DEVICE}.cnf.xml");
    let expected = ["File Not Found <CTLFile.tlv>", "No Trust List installed", &name];
    assert_eq!(messages(&lines), expected, "{}", shown(&lines));
    assert_eq!(alarms(&lines), [""; 0]);
    assert_eq!(server.names().last(), Some(&name));
    assert_eq!(phone.found(), Some(cluster.config().xml().into_bytes()));
}

/// Boots from the second of two servers; the first gives nothing.
#[track_caller]
fn boot_from_the_second(first: SocketAddr, why: &str) {
    let cluster = cluster();
    let files = cluster.files();
    let server = Server::start(files.clone());
    let second = server.address().to_string();
    let phone = Phone::with(&[&first.to_string(), &second], "timeout_s = 1\nretries = 0", "");
    let lines = Agent::start(&phone).pass();
    expect_trace(&lines, &phone, &second, first.ip());
    expect_first_use(&lines);
    expect_installed(&phone, &files, &cluster);
    let failures = lines.iter().filter(|line| line.text.contains(&format!("{first}{why}")));
    assert_eq!(failures.count(), 1, "asked last from then on:\n{}", shown(&lines));
}

#[test]
fn a_silent_first_server_is_followed_by_the_second() {
    let silent = Server::start(Files::new());
    silent.set_faults(Faults { silent: true, ..Faults::default() });
    boot_from_the_second(silent.address(), " timed out");
    assert_eq!(silent.names().len(), 1);
}

#[test]
fn a_first_server_that_refuses_is_followed_by_the_second() {
    // Held until the end of the test, so that nobody else listens there: a socket that is
    // connected elsewhere takes nothing from the phone.
    let held = UdpSocket::bind("127.0.0.1:0").unwrap();
    held.connect("127.0.0.1:9").unwrap();
    boot_from_the_second(held.local_addr().unwrap(), " is unreachable");
}
