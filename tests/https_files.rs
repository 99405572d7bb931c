//! The configuration by HTTPS: from whom it is taken, and from whom not; what vouches for it, and
//! what comes after it.
#![expect(clippy::disallowed_methods, reason = "a test lets a second pass")]
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use secd::io::store::{Loaded, Slot, Store};
use secd_lab::certificate::{Identity, Profile, Usage};
use secd_lab::cluster::{Cluster, Files, Rollback, Setup};
use secd_lab::encrypt::Cipher;
use secd_lab::http;
use secd_lab::keys::Kind;
use secd_lab::list::{Kind as ListKind, List, Material, Record, Role};
use secd_lab::names::Name;
use secd_lab::tftp;
use secd_lab::tls::{Presented, Version};
use secd_lab::tvs::{Faults, Servers};
use serde_json::Value;
use support::agent::{Agent, secd};
use support::log::{Line, shown};
use support::phone::{DEVICE, Phone, SAME_USER};
use support::web::Web;

const PLAIN: &str = "SEP001122334455.cnf.xml";
const SIGNED: &str = "SEP001122334455.cnf.xml.sgn";
const ENCRYPTED: &str = "SEP001122334455.cnf.xml.enc.sgn";
const TAKEN: &str = "verifyFile: not signed, vouched for by the HTTPS connection <";

/// A cluster whose ITL announces HTTPS, and the certificate of its web server.
fn cluster() -> (Cluster, Identity) {
    let setup = Setup { signer_version: Some([1, 1]), ..Setup::default() };
    let web = setup.issue(&setup.profile("web.lab.test"), Kind::P256);
    (Cluster::new(setup), web)
}

/// The same, with that certificate in the ITL.
fn listed() -> (Cluster, Identity) {
    let (mut cluster, web) = cluster();
    cluster.web = Some(web.clone());
    (cluster, web)
}

/// The servers of a cluster, and a phone.
struct Scene {
    tftp: tftp::Server,
    http: http::Server,
    https: http::Server,
    phone: Phone,
}

impl Scene {
    fn new(cluster: &Cluster, web: &Identity) -> Self {
        Self::with(cluster, web, "")
    }

    fn with(cluster: &Cluster, web: &Identity, sections: &str) -> Self {
        let files = cluster.files();
        let tftp = tftp::Server::start(files.clone());
        let http = http::Server::start(files);
        let https = http::Server::start(cluster.https_files());
        https.present(&Presented::new(web), Version::Any);
        let ports = format!(
            "[provisioning]\nhttp_port = {}\nhttps_port = {}\n",
            http.address().port(),
            https.address().port()
        );
        let server = tftp.address().to_string();
        let phone = Phone::with(&[&server], "", &format!("{ports}{sections}"));
        Self { tftp, http, https, phone }
    }

    /// Has the phone ask by HTTPS at another port.
    fn ask_by_https_at(&self, address: SocketAddr) {
        let [from, to] = [self.https.address(), address]
            .map(|address| format!("https_port = {}\n", address.port()));
        let text = fs::read_to_string(self.phone.configuration()).unwrap();
        support::write(&self.phone.configuration(), text.replace(&from, &to).as_bytes());
    }

    /// Makes the files anew.
    fn serve(&self, cluster: &Cluster) {
        self.tftp.serve(cluster.files());
        self.http.serve(cluster.files());
        self.https.serve(cluster.https_files());
    }

    /// The configurations that were asked for by HTTP, and by HTTPS.
    fn asked(&self) -> [Vec<String>; 2] {
        let names = [&self.http, &self.https].map(|server| {
            let names = server.names().into_iter().filter(|name| !name.ends_with(".tlv"));
            names.collect::<Vec<_>>()
        });
        self.http.forget_requests();
        self.https.forget_requests();
        names
    }

    fn status(&self) -> Value {
        json(&["status", "--json"], &self.phone)
    }

    fn by(&self) -> Option<String> {
        self.status()["configuration_by"].as_str().map(str::to_owned)
    }

    /// The check of the doctor about the ways to the server.
    #[track_caller]
    fn ways(&self) -> (String, String) {
        let doctor = json(&["doctor", "--json"], &self.phone);
        let checks = doctor["checks"].as_array().unwrap();
        let ways = |check: &&Value| check["name"].as_str().unwrap().starts_with("ways to ");
        let check = checks.iter().find(ways).unwrap();
        (check["mark"].as_str().unwrap().into(), check["detail"].as_str().unwrap().into())
    }

    /// What `probe` says of the ways, of a phone without lists, and its status.
    fn probed(&self, sections: &[&str]) -> (String, String) {
        let server = self.tftp.address().to_string();
        let ports = [&self.http, &self.https].map(|it| it.address().port().to_string());
        let output = secd()
            .args(["probe", "--server", &server, "--device", DEVICE, "--format", "json"])
            .args(["--http-port", &ports[0], "--https-port", &ports[1]])
            .args(sections)
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let cases = report["cases"].as_array().unwrap();
        let case = cases.iter().find(|case| case["group"] == "ways").unwrap();
        (case["status"].as_str().unwrap().into(), case["does"].as_str().unwrap().into())
    }
}

fn json(words: &[&str], phone: &Phone) -> Value {
    let output = secd().args(words).arg("--socket").arg(phone.socket()).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn has(lines: &[Line], text: &str) -> bool {
    lines.iter().any(|line| line.text.contains(text))
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The pass went on by HTTP, with a warning, and nothing was sent by HTTPS.
#[track_caller]
fn expect_refused(scene: &Scene, lines: &[Line], why: &str) {
    let log = shown(lines);
    assert_eq!(scene.https.requests(), [], "nothing may be sent: {log}");
    assert_eq!(scene.https.connections().0, 1, "{log}");
    let warned = lines.iter().any(|line| {
        line.level == "WRN"
            && line.text.contains("is not trusted for files, ")
            && line.text.contains(why)
    });
    assert!(warned, "{log}");
    assert_eq!(scene.asked()[0], [SIGNED], "{log}");
    assert_eq!(scene.by().as_deref(), Some("itl"), "{log}");
    assert!(!has(lines, TAKEN), "{log}");
}

/// HTTPS was not tried at all.
#[track_caller]
fn expect_not_tried(scene: &Scene, lines: &[Line]) {
    assert_eq!(scene.https.connections().0, 0, "{}", shown(lines));
}

#[test]
fn the_configuration_comes_unsigned_over_the_connection_to_a_listed_server() {
    let (cluster, web) = listed();
    let scene = Scene::new(&cluster, &web);
    let mut agent = Agent::start(&scene.phone);
    let lines = agent.pass();
    let log = shown(&lines);
    assert!(has(&lines, TAKEN), "{log}");
    assert_eq!(scene.asked(), [vec![], names(&[SIGNED])], "{log}");
    assert_eq!(scene.phone.found(), Some(cluster.config().xml().into_bytes()), "{log}");
    assert_eq!(scene.by().as_deref(), Some("https"));
    let stored = fs::read(scene.phone.state().join("configuration")).unwrap();
    assert!(stored.windows(9).any(|bytes| bytes == b"by https\n"), "{log}");
    // The next pass, seconds later, writes nothing to flash, and takes up no session.
    let before = scene.phone.store();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    agent.pass_again();
    assert_eq!(scene.https.connections(), (1, 0));
    assert_eq!(scene.asked()[1], [SIGNED]);
    assert_eq!(scene.phone.store(), before);
    assert!(agent.end().success());
    let mut agent = Agent::start(&scene.phone);
    agent.pass();
    assert_eq!(scene.by().as_deref(), Some("https"), "also after a restart");
}

#[test]
fn doctor_and_probe_say_which_way_the_phone_takes() {
    let (cluster, web) = listed();
    let mut scene = Scene::new(&cluster, &web);
    let mut agent = Agent::start(&scene.phone);
    agent.pass();
    let (mark, ways) = scene.ways();
    let ports = [&scene.http, &scene.https].map(|server| server.address().port());
    assert_eq!(mark, "ok");
    assert_eq!(
        ways,
        format!(
            "HTTPS {}: sent {SIGNED}; HTTP {}: sent ITL{DEVICE}.tlv; TFTP: sent ITL{DEVICE}.tlv; the \
             phone takes HTTPS for its configuration, HTTP for the rest",
            ports[1], ports[0]
        )
    );
    assert_eq!(
        scene.probed(&[]),
        ("pass".into(), "takes HTTPS for its configuration, HTTP for the rest".into())
    );
    // Another certificate than the listed one, and later nothing but TFTP.
    let other = cluster.setup.issue(&cluster.setup.profile("web.lab.test"), Kind::P256);
    scene.https.present(&Presented::new(&other), Version::Any);
    let (mark, ways) = scene.ways();
    assert_eq!(mark, "not-ok");
    assert!(ways.contains(": certificate not trusted, "), "{ways}");
    assert!(ways.ends_with("; the phone takes HTTP"), "{ways}");
    assert_eq!(scene.probed(&[]), ("warn".into(), "takes HTTP".into()));
    scene.http.close();
    scene.https.close();
    let (mark, ways) = scene.ways();
    assert!(ways.ends_with("; the phone takes TFTP"), "{ways}");
    assert!(ways.contains(&format!("HTTP {}: port closed", ports[0])), "{ways}");
    assert_eq!(mark, "ok");
    assert_eq!(scene.probed(&[]), ("pass".into(), "takes TFTP".into()));
    // What the doctor has predicted comes.
    let lines = agent.pass_again();
    assert!(has(&lines, &format!("Requesting {SIGNED} from {}", scene.tftp.address())));
}

#[test]
fn a_server_that_is_not_listed_gets_no_byte_and_the_pass_goes_on_by_http() {
    let (cluster, web) = cluster();
    let scene = Scene::new(&cluster, &web);
    Agent::start(&scene.phone).pass_then(&scene, |scene, lines| {
        expect_refused(scene, lines, "there is no TVS to ask");
    });
}

#[test]
fn a_path_to_a_listed_authority_is_no_reason() {
    let (mut cluster, _) = cluster();
    let authority = authority(&cluster.setup);
    let profile = cluster.setup.profile("web.lab.test");
    let web = profile.issued_by(&authority, cluster.setup.pool.take(Kind::P256));
    // As an authority of services it vouches for directories, and in no role for files.
    cluster.web = None;
    let scene = Scene::new(&cluster, &web);
    let itl = itl_with(&cluster, Role::APP_SERVER, &authority);
    let mut files = cluster.files();
    files.insert(format!("ITL{DEVICE}.tlv"), itl.clone());
    scene.http.serve(files.clone());
    scene.tftp.serve(files);
    Agent::start(&scene.phone).pass_then(&scene, |scene, lines| {
        expect_refused(scene, lines, "there is no TVS to ask");
    });
}

fn authority(setup: &Setup) -> Identity {
    let profile = Profile {
        usage: Usage::Authority,
        ..Profile::new(Name::common("Lab CA"), setup.pool.serial())
    };
    profile.self_signed(setup.pool.take(Kind::P256))
}

/// The ITL of a cluster, with one more record.
fn itl_with(cluster: &Cluster, role: Role, identity: &Identity) -> Vec<u8> {
    let mut list = List::new(ListKind::Itl, cluster.setup.layout, cluster.timestamp());
    list.signer_version = Some([1, 1]);
    list.records = cluster.itl_records(0);
    list.records.push(Record::new(role, &identity.certificate).with(Material::Certificate));
    list.sign(cluster.signer(&cluster.itl_signer))
}

#[test]
fn a_role_for_something_else_is_no_reason() {
    let (mut cluster, web) = cluster();
    cluster.web = None;
    let scene = Scene::new(&cluster, &web);
    let mut files = cluster.files();
    files.insert(format!("ITL{DEVICE}.tlv"), itl_with(&cluster, Role::APP_SERVER, &web));
    scene.http.serve(files.clone());
    scene.tftp.serve(files);
    Agent::start(&scene.phone).pass_then(&scene, |scene, lines| {
        expect_refused(scene, lines, "there is no TVS to ask");
    });
}

#[test]
fn tvs_vouches_for_a_server_only_by_naming_a_role_for_files() {
    let (mut cluster, web) = cluster();
    cluster.import(&web.certificate, &[Role::TFTP]);
    let servers = Servers::start(&mut cluster);
    let tvs = servers.of(0);
    let member = format!("[[tvs.members]]\naddress = \"{}\"\n", tvs.address());
    for (faults, why) in [
        (Faults::default(), None),
        (Faults { roles: Some(vec![]), ..Faults::default() }, Some("names no roles")),
        (Faults::default().for_nothing(), Some("vouches for it in no role")),
        (Faults { roles: Some(vec![Role::APP_SERVER]), ..Faults::default() }, Some("only as")),
        (Faults { roles: Some(vec![Role::CCM_TFTP]), ..Faults::default() }, None),
        (Faults { status: Some(1), ..Faults::default() }, Some("does not know the certificate")),
    ] {
        let scene = Scene::with(&cluster, &web, &member);
        tvs.set_faults(faults);
        Agent::start(&scene.phone).pass_then(&scene, |scene, lines| match why {
            Some(why) => expect_refused(scene, lines, why),
            None => {
                assert!(has(lines, TAKEN), "{}", shown(lines));
                assert_eq!(scene.by().as_deref(), Some("https"));
            }
        });
    }
}

#[test]
fn https_is_tried_only_where_the_itl_announces_it_and_a_list_is_in_force() {
    // An earlier version, and none.
    for version in [None, Some([1, 0])] {
        let (mut cluster, web) = listed();
        cluster.setup.signer_version = version;
        let scene = Scene::new(&cluster, &web);
        let lines = Agent::start(&scene.phone).pass();
        expect_not_tried(&scene, &lines);
        assert_eq!(scene.asked(), [names(&[SIGNED]), vec![]]);
    }
    // S0: no list at all.
    let (cluster, web) = listed();
    let scene = Scene::new(&cluster, &web);
    let files: Files =
        cluster.files().into_iter().filter(|(name, _)| !name.ends_with(".tlv")).collect();
    scene.http.serve(files.clone());
    scene.tftp.serve(files);
    let lines = Agent::start(&scene.phone).pass();
    expect_not_tried(&scene, &lines);
    assert!(has(&lines, "state S0"), "{}", shown(&lines));
    // S1u: a list by hand, without a server of files.
    let scene = Scene::new(&cluster, &web);
    let mut list = List::new(ListKind::Itl, cluster.setup.layout, cluster.timestamp());
    list.signer_version = Some([1, 1]);
    let signer = &cluster.nodes[0].callmanager;
    list.records =
        [Role::SAST, Role::CCM].map(|role| Record::new(role, &signer.certificate)).to_vec();
    let mut files = cluster.files();
    files.insert(format!("ITL{DEVICE}.tlv"), list.sign(signer));
    scene.http.serve(files.clone());
    scene.tftp.serve(files);
    let lines = Agent::start(&scene.phone).pass();
    expect_not_tried(&scene, &lines);
    assert!(has(&lines, "state S1u"), "{}", shown(&lines));
    // S4: a blank list.
    let (mut cluster, web) = listed();
    cluster.set_rollback(Rollback::On);
    let scene = Scene::new(&cluster, &web);
    let lines = Agent::start(&scene.phone).pass();
    expect_not_tried(&scene, &lines);
    assert!(has(&lines, "state S4"), "{}", shown(&lines));
}

#[test]
fn an_envelope_is_verified_as_always_and_a_bad_one_is_not_taken_as_plain() {
    let (cluster, web) = listed();
    let scene = Scene::new(&cluster, &web);
    let good = cluster.files()[SIGNED].clone();
    scene.https.serve(Files::from([(SIGNED.to_owned(), good.clone())]));
    Agent::start(&scene.phone).pass_then(&scene, |scene, lines| {
        assert!(!has(lines, TAKEN), "{}", shown(lines));
        assert_eq!(scene.by().as_deref(), Some("itl"));
        assert_eq!(scene.asked(), [vec![], names(&[SIGNED])]);
    });
    let scene = Scene::new(&cluster, &web);
    let mut bad = good;
    *bad.last_mut().unwrap() ^= 1;
    scene.https.serve(Files::from([(SIGNED.to_owned(), bad)]));
    Agent::start(&scene.phone).pass_then(&scene, |scene, lines| {
        let log = shown(lines);
        assert!(has(lines, "EROR:verifyFile: sgn verify file failed"), "{log}");
        assert!(!has(lines, TAKEN), "{log}");
        // What the other way has is good.
        assert_eq!(scene.asked(), [names(&[SIGNED]), names(&[SIGNED])], "{log}");
        assert_eq!(scene.by().as_deref(), Some("itl"));
    });
}

#[test]
fn a_full_plain_file_ends_encryption_with_a_warning_and_a_signed_plain_one_has_to_be_newer() {
    let (mut cluster, web) = listed();
    let mut scene = Scene::new(&cluster, &web);
    give(&scene.phone, &cluster.device);
    scene.https.close();
    scene.http.serve(cluster.encrypted_files(Cipher::Aes256));
    let mut agent = Agent::start(&scene.phone);
    agent.pass();
    assert_eq!(scene.asked()[0], [SIGNED, ENCRYPTED]);
    // The complete one says of itself that it is encrypted, as the one that was decrypted does.
    scene.https.reopen().unwrap();
    cluster.config_extra = "<encrConfig>true</encrConfig><fullConfig>true</fullConfig>".to_owned();
    let xml = cluster.config().xml().into_bytes();
    scene.https.serve(Files::from([(SIGNED.to_owned(), xml.clone())]));
    scene.http.serve(Files::new());
    scene.tftp.serve(Files::new());
    let lines = agent.pass_again();
    let log = shown(&lines);
    assert!(has(&lines, TAKEN), "{log}");
    assert!(
        lines.iter().any(|line| line.level == "WRN"
            && line.text.contains("not encrypted, although the last one was")),
        "{log}"
    );
    assert_eq!(scene.phone.found(), Some(xml), "{log}");
    assert_eq!(scene.by().as_deref(), Some("https"));
    // Once is enough.
    let lines = agent.pass_again();
    assert!(!has(&lines, "not encrypted, although"), "{}", shown(&lines));
    // A signed plain one still has to be newer than what came before: it shows its secrets on the
    // way.
    scene.https.close();
    cluster.config_extra = String::new();
    scene.serve(&cluster);
    let lines = agent.pass_again();
    let log = shown(&lines);
    assert!(has(&lines, "only a newer one may end encryption (refused by older_file)"), "{log}");
    assert_eq!(scene.by().as_deref(), Some("https"), "{log}");
    // Over a restart, too.
    assert!(agent.end().success());
    let lines = Agent::start(&scene.phone).pass();
    let log = shown(&lines);
    assert!(has(&lines, "only a newer one may end encryption (refused by older_file)"), "{log}");
}

#[test]
fn an_unsigned_file_in_place_of_a_signed_one_is_worth_a_warning() {
    let (cluster, web) = listed();
    let mut scene = Scene::new(&cluster, &web);
    scene.https.close();
    let mut agent = Agent::start(&scene.phone);
    agent.pass();
    assert_eq!(scene.by().as_deref(), Some("itl"));
    scene.https.reopen().unwrap();
    let warned = "without a date: may be older than the last one of ";
    let lines = agent.pass_again();
    let log = shown(&lines);
    assert!(lines.iter().any(|line| line.level == "WRN" && line.text.contains(warned)), "{log}");
    assert_eq!(scene.by().as_deref(), Some("https"), "{log}");
    let lines = agent.pass_again();
    assert!(!has(&lines, warned), "once: {}", shown(&lines));
}

#[test]
fn what_is_no_configuration_is_left_to_http() {
    let (cluster, web) = listed();
    for (body, why) in [
        ("", "sent an empty file, which counts as none"),
        ("{\"error\": \"not found\"}", "sent a file that is not XML"),
        ("<!DOCTYPE html><html></html>", "sent a page in place of the file"),
    ] {
        let scene = Scene::new(&cluster, &web);
        scene.https.serve(Files::from([(SIGNED.to_owned(), body.into())]));
        Agent::start(&scene.phone).pass_then(&scene, |scene, lines| {
            let log = shown(lines);
            assert!(has(lines, why), "{log}");
            assert_eq!(scene.asked(), [names(&[SIGNED]), names(&[SIGNED])], "{log}");
            assert_eq!(scene.by().as_deref(), Some("itl"), "{log}");
        });
    }
}

/// A port that takes connections, and says nothing.
#[test]
fn a_server_that_never_shakes_hands_costs_its_time_once() {
    let (cluster, web) = listed();
    let scene = Scene::new(&cluster, &web);
    let mute = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    scene.ask_by_https_at(mute.local_addr().unwrap());
    let mut agent = Agent::start(&scene.phone);
    let lines = agent.pass();
    let waited = |log: &str| log.matches("did not answer in 4000 ms").count();
    assert_eq!(waited(&shown(&lines)), 1, "{}", shown(&lines));
    assert_eq!(scene.by().as_deref(), Some("itl"));
    let got = json(&["get", PLAIN, "--json"], &scene.phone);
    assert!(got["path"].is_string(), "{got}");
    let log = shown(&agent.logged(&scene.phone, agent.seen()));
    assert!(log.contains(&format!("Requesting {SIGNED} from http://")), "{log}");
    assert_eq!(waited(&log), 0, "{log}");
    // Whoever asks for a diagnosis wants to know.
    let (_, ways) = scene.ways();
    assert!(ways.contains(&format!("HTTPS {}: no answer", mute.local_addr().unwrap().port())));
}

#[test]
fn what_is_no_tls_is_not_shown_as_distrust() {
    let (cluster, web) = listed();
    let scene = Scene::new(&cluster, &web);
    let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    scene.ask_by_https_at(plain.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in plain.incoming().flatten().take(8) {
            // A client that has left by then has read it, or fails all the same.
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let mut agent = Agent::start(&scene.phone);
    let lines = agent.pass();
    assert!(has(&lines, ": TLS handshake failed, "), "{}", shown(&lines));
    let (mark, ways) = scene.ways();
    assert_eq!(mark, "not-ok");
    assert!(ways.contains(": TLS handshake failed, ") && !ways.contains("not trusted"), "{ways}");
}

#[test]
fn an_older_signed_file_after_one_by_https_is_refused_where_policy_says_so() {
    let (cluster, web) = listed();
    let mut scene = Scene::with(&cluster, &web, "[policy]\nolder_file = \"refuse\"\n");
    let mut agent = Agent::start(&scene.phone);
    agent.pass();
    assert_eq!(scene.by().as_deref(), Some("https"));
    scene.https.close();
    let lines = agent.pass_again();
    assert!(has(&lines, "(refused by older_file)"), "{}", shown(&lines));
    assert_eq!(scene.by().as_deref(), Some("https"));
}

/// A phone whose clock was years ahead when it read the configuration by HTTPS.
#[test]
fn a_signed_file_is_not_too_old_because_the_clock_was_years_ahead_once() {
    let (cluster, web) = listed();
    let sections = format!("{SAME_USER}[policy]\nolder_file = \"refuse\"\n");
    let mut scene = Scene::with(&cluster, &web, &sections);
    let mut agent = Agent::start(&scene.phone);
    agent.pass();
    assert_eq!(scene.by().as_deref(), Some("https"));
    assert!(agent.end().success());
    let (store, _) = Store::open(scene.phone.state()).unwrap();
    let Loaded::Current(mut entry) = store.load(Slot::Configuration) else { panic!() };
    let (_, seen) = entry.notes.iter_mut().find(|(key, _)| key == "seen-0").unwrap();
    let (rest, read) = seen.rsplit_once(' ').unwrap();
    assert!(read.parse::<u32>().is_ok(), "{seen}");
    *seen = format!("{rest} 4000000000");
    store.install(Slot::Configuration, &entry).unwrap();
    drop(store);
    scene.https.close();
    let mut agent = Agent::start(&scene.phone);
    let lines = agent.pass();
    assert_eq!(scene.by().as_deref(), Some("itl"), "{}", shown(&lines));
}

/// Gives a phone a certificate and a key of its own.
fn give(phone: &Phone, identity: &Identity) {
    let [pem, der] = ["device.key", "device.der"].map(|name| phone.folder().join(name));
    support::write(&pem, identity.key.pem().as_bytes());
    support::write(&der, &identity.certificate.der);
    let text = fs::read_to_string(phone.configuration()).unwrap();
    let lines = format!("certificate = {der:?}\nkey = {pem:?}\n\n[tftp]");
    support::write(&phone.configuration(), text.replace("\n[tftp]", &lines).as_bytes());
}

#[test]
fn a_short_configuration_by_https_leads_to_the_encrypted_one() {
    let (cluster, web) = listed();
    let scene = Scene::new(&cluster, &web);
    give(&scene.phone, &cluster.device);
    let short = cluster.config().announcement(&cluster.device.certificate).into_bytes();
    scene.https.serve(Files::from([(SIGNED.to_owned(), short)]));
    scene.http.serve(cluster.encrypted_files(Cipher::Aes128));
    Agent::start(&scene.phone).pass_then(&scene, |scene, lines| {
        let log = shown(lines);
        assert_eq!(scene.asked(), [names(&[ENCRYPTED]), names(&[SIGNED, ENCRYPTED])], "{log}");
        assert_eq!(scene.by().as_deref(), Some("itl"), "{log}");
        assert_eq!(scene.phone.found(), Some(cluster.config().xml().into_bytes()), "{log}");
    });
}

#[test]
fn nginx_serves_the_configuration_with_an_elliptic_certificate_and_the_rewrite() {
    let (cluster, web) = listed();
    let files = cluster.files();
    let plain = Files::from([(PLAIN.to_owned(), files[PLAIN].clone())]);
    let https = Web::start_https("127.0.0.1", &plain, &web);
    let http = Web::start(support::web::WebProgram::Nginx, "127.0.0.1", &files);
    let tftp = tftp::Server::start(Files::new());
    let ports = format!(
        "[provisioning]\nhttp_port = {}\nhttps_port = {}\n",
        http.address.port(),
        https.address.port()
    );
    let phone = Phone::with(&[&tftp.address().to_string()], "", &ports);
    let lines = Agent::start(&phone).pass();
    let log = shown(&lines);
    assert!(has(&lines, TAKEN), "{log}");
    assert!(has(&lines, &format!("Requesting {SIGNED} from https://{}", https.address)), "{log}");
    assert_eq!(phone.found().as_ref(), Some(&files[PLAIN]), "{log}");
    assert!(
        https.access().contains(&format!("GET /{SIGNED} HTTP/1.1\" 200")),
        "{}",
        https.access()
    );
    assert!(!http.access().contains("cnf.xml"), "{}", http.access());
}

trait PassThen {
    /// A pass, and what is looked at while the agent still runs.
    fn pass_then(self, scene: &Scene, look: impl FnOnce(&Scene, &[Line]));
}

impl PassThen for Agent {
    fn pass_then(mut self, scene: &Scene, look: impl FnOnce(&Scene, &[Line])) {
        let lines = self.pass();
        look(scene, &lines);
    }
}
