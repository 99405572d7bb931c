//! Configurations with the field's defects, through the whole program: what is read stays over a
//! restart, and what cannot be read is said by the log, by `secd status` and by the doctor.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

use secd_lab::cluster::{Cluster, Files, Setup};
use secd_lab::tftp::Server;
use serde_json::Value;
use support::agent::{Agent, secd};
use support::log::{messages, shown};
use support::phone::{DEVICE, Phone};

fn signed() -> String {
    format!("{DEVICE}.cnf.xml.sgn")
}

/// The files of a cluster, with this as the phone's signed configuration.
fn files(cluster: &Cluster, configuration: &[u8]) -> Files {
    let mut files = cluster.files();
    files.insert(signed(), cluster.signed(&signed(), configuration));
    files
}

#[track_caller]
fn ask(phone: &Phone, command: &str) -> Value {
    let mut program = secd();
    program.arg(command).args(["--json", "--socket"]).arg(phone.socket());
    serde_json::from_slice(&program.output().unwrap().stdout).unwrap()
}

/// The addresses of the TVS members.
#[track_caller]
fn members(phone: &Phone) -> Vec<String> {
    let status = ask(phone, "status");
    let members = status["tvs"].as_array().unwrap().iter();
    members.map(|member| member["address"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_member_of_an_unbound_xsi_is_in_force_and_stays_over_a_restart() {
    let cluster = Cluster::new(Setup::default());
    for (configuration, member) in [
        (&include_bytes!("field/f01-unbound-xsi.cnf.xml")[..], "127.0.0.9:2445"),
        (
            &include_bytes!("field/f10-address-of-63.cnf.xml")[..],
            "cucm-publisher-dc01.collaboration.emea.example-corporation.test:2445",
        ),
    ] {
        let server = Server::start(files(&cluster, configuration));
        let phone = Phone::new(&[&server.address().to_string()]);
        let mut agent = Agent::start(&phone);
        let lines = agent.pass();
        assert_eq!(members(&phone), [member], "{}", shown(&lines));
        assert!(agent.end().success());
        server.serve(Files::new());
        let mut agent = Agent::start(&phone);
        agent.pass();
        assert_eq!(members(&phone), [member]);
    }
}

#[test]
fn one_that_cannot_be_read_is_named_everywhere_and_replaces_nothing() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(cluster.files());
    let phone = Phone::new(&[&server.address().to_string()]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let (found, stored, known) = (phone.found(), phone.store(), members(&phone));
    assert_eq!(known.len(), 1);

    let cut = b"<device  xsi:type=\"axl:XIPPhone\">\n<fullConfig>true</fullConfig>\n<TVS>";
    server.serve(files(&cluster, cut));
    let lines = agent.pass_again();
    let fault = format!("{}: 3:6: the file is cut short", signed());
    assert!(lines.iter().any(|line| line.text.contains(&fault)), "{}", shown(&lines));
    assert!(lines.last().unwrap().text.ends_with("configuration unreadable"), "{}", shown(&lines));
    assert_eq!(messages(&lines).last(), Some(&"CFG file error"));
    assert_eq!((phone.found(), phone.store(), members(&phone)), (found, stored, known));
    let status = ask(&phone, "status");
    assert_eq!(status["configuration"], format!("{DEVICE}.cnf.xml"));
    assert_eq!(status["configuration_fault"], fault);
    let doctor = ask(&phone, "doctor");
    assert_eq!(doctor["case"]["word"], "configuration-unreadable");
    assert!(doctor["checks"].to_string().contains("the file is cut short"), "{doctor}");

    server.serve(cluster.files());
    agent.pass_again();
    assert_eq!(ask(&phone, "status")["configuration_fault"], Value::Null);
}
