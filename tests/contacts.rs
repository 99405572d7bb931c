//! Servers by the names that people write: asked at every address, remembered under that name, by
//! phones of every kind of name.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

use std::fs;
use std::net::SocketAddr;
use std::process::Output;

use secd_lab::cluster::{Cluster, Service, Setup};
use secd_lab::list::Role;
use secd_lab::tftp::{Faults, Server};
use secd_lab::tls::{Presented, Version};
use secd_lab::tvs::{self, Servers};
use serde_json::Value;
use support::agent::{Agent, run_after, secd};
use support::office::pem;
use support::phone::{DEVICE, Phone};

fn ask(phone: &Phone, arguments: &[&str]) -> Output {
    secd().args(arguments).arg("--socket").arg(phone.socket()).output().unwrap()
}

fn json(phone: &Phone, command: &str) -> Value {
    let output = ask(phone, &[command, "--json"]);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// A check of the doctor, by its mark and detail.
#[track_caller]
fn check(phone: &Phone, name: &str) -> (String, String) {
    let report = json(phone, "doctor");
    let checks = report["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no check {name} in {report:#}"));
    let text = |member: &str| found[member].as_str().unwrap().to_owned();
    (text("mark"), text("detail"))
}

/// The servers that `secd status` shows, with what came of talking to each.
fn servers(phone: &Phone, kind: &str) -> Vec<(String, String)> {
    let status = json(phone, "status");
    let text = |server: &Value, member: &str| match &server[member] {
        Value::Null => "never".to_owned(),
        text => text.as_str().unwrap().to_owned(),
    };
    let servers = status[kind].as_array().unwrap().iter();
    servers.map(|server| (text(server, "address"), text(server, "last"))).collect()
}

/// The name leads to an address where nobody listens, and to the server.
#[test]
fn a_tvs_server_is_asked_and_looked_at_where_it_answers() {
    let mut cluster = Cluster::new(Setup::default());
    let tvs = Servers::start(&mut cluster);
    cluster.nodes[0].tvs_address = "two-addresses.lab.test".to_owned();
    let tftp = Server::start(cluster.files());
    let phone = Phone::new(&[&tftp.address().to_string()]);
    let hosts = phone.folder().join("hosts");
    support::write(&hosts, b"::1 two-addresses.lab.test\n127.0.0.1 two-addresses.lab.test\n");
    let script = format!("mount --bind {} /etc/hosts", hosts.display());
    let mut agent = Agent::spawn(run_after(&phone, &["--mount"], &script));
    agent.pass();
    cluster.regenerate(0, Service::CallManager);
    tvs.follow(&cluster);
    tftp.serve(cluster.files());
    agent.pass_again();
    assert!(phone.holds("itl", &cluster.itl()), "TVS vouches for the new signer");
    let member = format!("two-addresses.lab.test:{}", cluster.nodes[0].tvs_port);
    assert_eq!(servers(&phone, "tvs"), [(member.clone(), "answered".to_owned())]);
    let (mark, detail) = check(&phone, &format!("TVS {member}"));
    assert_eq!(mark, "ok", "{detail}");
    assert!(detail.contains("matches the TVS record of the ITL"), "{detail}");
}

/// As above, but at the first address is a server with a certificate that no list has.
#[test]
fn a_tvs_server_is_looked_at_where_it_shows_the_listed_certificate() {
    let mut cluster = Cluster::new(Setup::default());
    let stranger = Presented::new(&cluster.setup.identity("stranger.lab.test"));
    let stranger = tvs::Server::start(&stranger, Version::Any);
    let node = &mut cluster.nodes[0];
    node.tvs_address = "two-addresses.lab.test".to_owned();
    node.tvs_port = stranger.address().port();
    let address = SocketAddr::from(([127, 0, 0, 2], node.tvs_port));
    let listed = tvs::Server::start_at(address, &Presented::new(&node.tvs), Version::Any).unwrap();
    let tftp = Server::start(cluster.files());
    let phone = Phone::new(&[&tftp.address().to_string()]);
    let hosts = phone.folder().join("hosts");
    support::write(&hosts, b"127.0.0.1 two-addresses.lab.test\n127.0.0.2 two-addresses.lab.test\n");
    let script = format!("mount --bind {} /etc/hosts", hosts.display());
    let mut agent = Agent::spawn(run_after(&phone, &["--mount"], &script));
    agent.pass();
    cluster.regenerate(0, Service::CallManager);
    listed.store(tvs::entries(&cluster.store()));
    tftp.serve(cluster.files());
    agent.pass_again();
    assert!(phone.holds("itl", &cluster.itl()), "the listed server is asked");
    let asked = stranger.connections();
    assert!(asked > 0, "the stranger comes first");
    let member = format!("two-addresses.lab.test:{}", cluster.nodes[0].tvs_port);
    let (mark, detail) = check(&phone, &format!("TVS {member}"));
    assert_eq!(mark, "ok", "{detail}");
    assert!(stranger.connections() > asked, "the doctor saw it too");
}

/// One server refuses, the other one has no address: that a server was reached is what counts.
#[test]
fn what_a_server_said_outweighs_that_another_was_not_reached() {
    let tftp = Server::start(Cluster::new(Setup::default()).files());
    tftp.set_faults(Faults { refuse: Some(3), ..Faults::default() });
    let phone = Phone::new(&[&tftp.address().to_string(), "nowhere.invalid:69"]);
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    let cut = lines.iter().any(|line| line.text.contains("refresh: ended early"));
    assert!(!cut, "a server was reached");
    let unreached = servers(&phone, "tftp").remove(1);
    assert!(unreached.1.starts_with("nowhere.invalid does not resolve: "), "{unreached:?}");
    let trust = json(&phone, "trust");
    assert!(trust["messages"].to_string().contains("TFTP error"), "{trust:#}");
}

#[test]
fn a_file_server_is_remembered_by_the_name_that_it_is_configured_under() {
    let cluster = Cluster::new(Setup::default());
    let tftp = Server::start(cluster.files());
    let name = format!("localhost:{}", tftp.address().port());
    let phone = Phone::new(&[&name]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let gave = format!("sent {DEVICE}.cnf.xml.sgn");
    assert_eq!(servers(&phone, "tftp"), [(name.clone(), gave.clone())]);
    let good = ("ok".to_owned(), gave.clone());
    assert_eq!(check(&phone, &format!("TFTP server {name}")), good);
    phone.configure(&["127.0.0.9:9", &name], "timeout_s = 1\nretries = 0\n", "");
    agent.pass_again();
    let [(first, failed), second] = &servers(&phone, "tftp")[..] else { panic!("two servers") };
    assert_eq!(first, "127.0.0.9:9");
    assert!(!failed.is_empty() && !failed.starts_with("gave"), "{failed}");
    assert_eq!(*second, (name, gave));
}

#[test]
fn a_soft_client_boots_and_asks_tvs_under_its_own_name() {
    let mut cluster = Cluster::new(Setup::default());
    let tvs = Servers::start(&mut cluster);
    let stranger = cluster.setup.identity("directory.lab.test");
    cluster.import(&stranger.certificate, &[Role::APP_SERVER]);
    tvs.follow(&cluster);
    for name in ["CSFALICE", "ATA001122334455", "TABjohn.doe-2"] {
        let mut files = cluster.files();
        files.insert("ITLFile.tlv".to_owned(), cluster.itl());
        let signed = format!("{name}.cnf.xml.sgn");
        let configuration = cluster.signed(&signed, cluster.config().xml().as_bytes());
        files.insert(signed, configuration);
        let tftp = Server::start(files);
        let phone = Phone::new(&[&tftp.address().to_string()]);
        let text = fs::read_to_string(phone.configuration()).unwrap().replace(DEVICE, name);
        support::write(&phone.configuration(), text.as_bytes());
        let mut good = secd();
        good.arg("check-config").arg("--config").arg(phone.configuration());
        assert!(good.output().unwrap().status.success());
        let mut agent = Agent::start(&phone);
        agent.pass();
        let certificate = phone.folder().join("directory.pem");
        support::write(&certificate, pem(&stranger.certificate.der).as_bytes());
        let verdict = ask(&phone, &["check-cert", certificate.to_str().unwrap()]);
        assert!(verdict.status.success(), "{verdict:?}");
        let question = tvs.of(0).questions().pop().unwrap();
        assert_eq!(question.device, format!("CP-0000-{name}"));
    }
}
