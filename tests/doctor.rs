//! `secd doctor` as an administrator runs it: a clear answer whatever is dead, nothing changed, and
//! a remedy that works.
//!
//! The doctor's case and remedy for every row of the acceptance tables stand with the rows, in
//! `tests/scenarios`. `SHOW=1 cargo test --test doctor -- --nocapture` prints the reports of this
//! file.
#![expect(clippy::disallowed_methods, reason = "a test waits in real time")]
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

use std::fs;
use std::process::Output;
use std::time::{Duration, Instant};

use secd_lab::cluster::{Cluster, Files, Rollback, Security, Service, Setup, Signer};
use secd_lab::digest::Digest;
use secd_lab::tftp::Server;
use secd_lab::tvs::{Conduct, Faults, Servers};
use serde_json::Value;
use support::agent::{Agent, secd};
use support::phone::Phone;

fn pin(signer: &secd_lab::certificate::Identity) -> String {
    Digest::Sha256.of(&signer.certificate.der).iter().map(|it| format!("{it:02x}")).collect()
}

/// A cluster with its servers, and a phone that has booted from them.
struct Scene {
    cluster: Cluster,
    tvs: Servers,
    tftp: Server,
    phone: Phone,
    agent: Agent,
}

impl Scene {
    fn new(setup: Setup, prepare: impl FnOnce(&mut Cluster)) -> Self {
        let mut cluster = Cluster::new(setup);
        prepare(&mut cluster);
        let tvs = Servers::start(&mut cluster);
        let tftp = Server::start(cluster.files());
        let phone = Phone::new(&[&tftp.address().to_string()]);
        let mut agent = Agent::start(&phone);
        agent.pass();
        Self { cluster, tvs, tftp, phone, agent }
    }

    /// Something happens to the cluster, and its services are restarted.
    fn change(&mut self, change: impl FnOnce(&mut Cluster)) {
        change(&mut self.cluster);
        self.tvs.follow(&self.cluster);
        self.tftp.serve(self.cluster.files());
    }

    /// The doctor's report; it has changed nothing.
    #[track_caller]
    fn doctor(&self) -> Report {
        let before = (self.phone.store(), support::phone::store(&self.phone.ram()));
        let report = Report::of(&self.phone);
        let after = (self.phone.store(), support::phone::store(&self.phone.ram()));
        assert_eq!(before, after, "the doctor changes nothing");
        report
    }

    /// Whether the phone has the lists and the configuration of its cluster.
    fn is_current(&self) -> bool {
        let config = self.cluster.config().xml().into_bytes();
        self.phone.holds("itl", &self.cluster.itl()) && self.phone.found() == Some(config)
    }
}

struct Report {
    json: Value,
    text: String,
}

impl Report {
    #[track_caller]
    fn of(phone: &Phone) -> Self {
        let text = String::from_utf8(ask(phone, &["--json"]).stdout).unwrap();
        if std::env::var_os("SHOW").is_some() {
            println!("{}", for_people(phone));
        }
        Self { json: serde_json::from_str(&text).unwrap(), text }
    }

    fn word(&self, part: &str) -> &str {
        self.json[part]["word"].as_str().unwrap()
    }

    fn says(&self) -> (&str, &str) {
        (self.word("case"), self.word("remedy"))
    }

    /// The check of this name, by its mark and detail.
    #[track_caller]
    fn check(&self, name: &str) -> (&str, &str) {
        let checks = self.json["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["name"].as_str().unwrap().starts_with(name));
        let check = check.unwrap_or_else(|| panic!("no check {name}:\n{}", self.text));
        (check["mark"].as_str().unwrap(), check["detail"].as_str().unwrap())
    }

    fn conditions(&self) -> Vec<Option<bool>> {
        let conditions = self.json["conditions"].as_array().unwrap();
        conditions.iter().map(|condition| condition["holds"].as_bool()).collect()
    }
}

fn for_people(phone: &Phone) -> String {
    String::from_utf8(ask(phone, &[]).stdout).unwrap()
}

fn ask(phone: &Phone, arguments: &[&str]) -> Output {
    let socket = phone.folder().join("socket");
    let mut doctor = secd();
    doctor.arg("doctor").args(arguments).arg("--socket").arg(socket);
    doctor.output().unwrap()
}

fn with_tokens() -> Setup {
    Setup { tokens: 2, ..Setup::default() }
}

fn mixed(cluster: &mut Cluster) {
    cluster.update_ctl(&Signer::Token(0), Security::Mixed);
}

fn regenerate_both(cluster: &mut Cluster) {
    cluster.regenerate(0, Service::CallManager);
    cluster.regenerate(0, Service::Tvs);
}

#[test]
fn all_is_well_after_a_boot() {
    let scene = Scene::new(Setup::default(), |_| {});
    let report = scene.doctor();
    assert_eq!(report.says(), ("all-well", "nothing"));
    assert_eq!(report.check("ITL compared").0, "ok");
    assert!(report.check("TVS 127.0.0.1").1.contains("matches the TVS record of the ITL"));
    assert_eq!(report.conditions(), []);
    assert_eq!(ask(&scene.phone, &[]).status.code(), Some(0));
    let text = for_people(&scene.phone);
    assert!(text.starts_with("[ok] store: intact\n[ok] clock: set\n"), "{text}");
    assert!(!text.contains("[NO]") && !text.contains("[??]"), "{text}");
    assert!(text.ends_with("\nremedy: nothing to do (nothing)\n"), "{text}");
}

#[test]
fn both_checksums_of_the_technote_are_shown() {
    let mut scene = Scene::new(Setup::default(), |_| {});
    scene.change(|cluster| cluster.regenerate(0, Service::CallManager));
    let report = scene.doctor();
    let (mark, detail) = report.check("ITL compared");
    let file = scene.phone.folder().join("ITLFile.tlv");
    support::write(&file, &scene.cluster.itl());
    let sum = std::process::Command::new("md5sum").arg(&file).output().unwrap().stdout;
    let lab = String::from_utf8(sum).unwrap().split(' ').next().unwrap().to_owned();
    assert_eq!(mark, "not-ok");
    assert!(detail.contains(&format!("server {lab}")), "{detail}, not {lab}");
    let signer = report.check("ITL signer").1;
    let sha256 = pin(&scene.cluster.nodes[0].callmanager);
    assert!(signer.ends_with(&format!("TVS vouches for the signer; SHA-256 {sha256}")), "{signer}");
    assert_eq!(report.says(), ("callmanager-regenerated", "reset-phone"));
    assert_eq!(ask(&scene.phone, &[]).status.code(), Some(1));
}

/// R6: the least drastic remedy, a TVS server that runs again.
#[test]
fn a_dead_tvs_is_to_be_started_again_and_that_helps() {
    let mut scene = Scene::new(Setup::default(), |_| {});
    scene.tvs.of_mut(0).close();
    assert_eq!(scene.doctor().says(), ("tvs-unreachable", "restart-services"));
    scene.change(|cluster| cluster.regenerate(0, Service::CallManager));
    let report = scene.doctor();
    assert_eq!(report.says(), ("callmanager-regenerated", "restart-services"));
    assert_eq!(report.check("TVS 127.0.0.1").0, "unknown");
    assert_eq!(report.conditions(), [Some(true), None, Some(true), None, None]);
    scene.tvs.of_mut(0).reopen().unwrap();
    assert_eq!(scene.doctor().says(), ("callmanager-regenerated", "reset-phone"));
    scene.agent.pass_again();
    assert!(scene.is_current());
}

/// H3a and H3b: the CTL client, run again.
#[test]
fn a_renamed_node_in_mixed_mode_needs_the_ctl_client_and_that_helps() {
    let mut scene = Scene::new(with_tokens(), mixed);
    scene.change(|cluster| cluster.rename(0, "renamed.lab.test"));
    let report = scene.doctor();
    assert_eq!(report.says(), ("renamed", "run-ctl-client"));
    assert!(report.text.contains("single-node cluster with CTL and ITL"), "{}", report.text);
    scene.agent.pass_again();
    assert!(!scene.is_current(), "temporarily broken");
    assert_eq!(scene.doctor().says(), ("renamed", "run-ctl-client"));
    scene.change(mixed);
    assert_eq!(scene.doctor().word("remedy"), "reset-phone");
    scene.agent.pass_again();
    assert!(scene.is_current());
}

/// R3 with ITLRecovery (R7): the list signed by a key that the phone knows.
#[test]
fn both_certificates_at_once_are_mended_by_itl_recovery() {
    let mut scene = Scene::new(Setup { recovery: true, ..Setup::default() }, |cluster| {
        cluster.itl_signer = Signer::CallManager(0);
    });
    scene.change(regenerate_both);
    assert_eq!(scene.doctor().says(), ("both-regenerated", "reset-itl-recovery"));
    scene.agent.pass_again();
    assert!(!scene.is_current());
    scene.change(|cluster| cluster.itl_signer = Signer::Recovery);
    assert_eq!(scene.doctor().word("remedy"), "reset-phone");
    scene.agent.pass_again();
    assert!(scene.is_current());
}

/// R3: what is left if nobody can vouch, and only if all conditions hold.
#[test]
fn both_certificates_at_once_end_in_deleting_the_itl_by_hand() {
    let mut scene = Scene::new(Setup::default(), |_| {});
    scene.change(regenerate_both);
    let report = scene.doctor();
    assert_eq!(report.says(), ("both-regenerated", "delete-itl"));
    assert_eq!(report.conditions(), [Some(true), Some(true), Some(true), None, None]);
    let text = for_people(&scene.phone);
    assert!(text.contains("deleted only if all of these hold:\n  [yes] the signature"), "{text}");
    assert!(text.contains("\n  [??]  there is no backup of the old TFTP"), "{text}");
    erase(&scene.phone, "itl");
    scene.agent.pass();
    assert!(scene.is_current());
}

/// M1 and M3: a bulk exchange while the old cluster still answers.
#[test]
fn a_moved_phone_needs_the_certificates_exchanged_and_that_helps() {
    let mut scene = Scene::new(Setup::default(), |_| {});
    let pool = scene.cluster.setup.pool.clone();
    let timestamp = scene.cluster.timestamp() + 60;
    let setup = Setup { pool, timestamp, ..Setup::of(&["new.lab.test"]) };
    let new = Cluster::new(setup);
    scene.tftp.serve(new.files());
    assert_eq!(scene.doctor().says(), ("moved", "exchange-certificates"));
    let roles = [secd_lab::list::Role::SAST, secd_lab::list::Role::TFTP];
    scene.cluster.import(&new.nodes[0].callmanager.certificate, &roles);
    scene.tvs.follow(&scene.cluster);
    assert_eq!(scene.doctor().says(), ("moved", "reset-phone"));
    scene.agent.pass_again();
    assert!(scene.phone.holds("itl", &new.itl()));
}

/// A second server in the group, where the configuration still arrives.
#[test]
fn a_second_tvs_in_the_group_helps_where_the_configuration_still_arrives() {
    let setup = Setup { recovery: true, ..Setup::of(&["a.lab.test", "b.lab.test"]) };
    let mut scene = Scene::new(setup, |cluster| cluster.group = vec![0]);
    scene.change(|cluster| {
        cluster.regenerate_recovery();
        cluster.regenerate(0, Service::Tvs);
    });
    let report = scene.doctor();
    assert_eq!(report.says(), ("recovery-regenerated", "add-tvs"), "{}", report.text);
    scene.change(|cluster| cluster.group = vec![0, 1]);
    scene.agent.pass_again();
    scene.agent.pass_again();
    assert!(scene.is_current());
}

/// D3: the server is mended, not the phone.
#[test]
fn a_list_signed_by_nobody_on_it_is_the_servers_matter_and_that_helps() {
    let mut scene = Scene::new(Setup::default(), |_| {});
    let lost = scene.cluster.setup.identity("cm1.lab.test");
    let before = scene.cluster.itl_signer.clone();
    scene.change(|cluster| cluster.itl_signer = Signer::Identity(Box::new(lost)));
    let report = scene.doctor();
    assert_eq!(report.says(), ("restored-without-key", "regenerate-callmanager"));
    assert_eq!(report.check("ITL of the server").0, "not-ok");
    scene.change(|cluster| {
        cluster.itl_signer = before;
        cluster.regenerate(0, Service::CallManager);
    });
    assert_eq!(scene.doctor().word("remedy"), "reset-phone");
    scene.agent.pass_again();
    assert!(scene.is_current());
}

/// P1 to P3.
#[test]
fn a_blank_itl_is_said_to_check_nothing() {
    let mut scene = Scene::new(Setup::default(), |_| {});
    scene.change(|cluster| cluster.set_rollback(Rollback::On));
    assert_eq!(scene.doctor().word("case"), "rollback-prepared");
    scene.agent.pass_again();
    let report = scene.doctor();
    assert_eq!(report.says(), ("rollback-active", "end-rollback"));
    assert!(report.text.contains("anyone can configure this phone"), "{}", report.text);
    scene.change(|cluster| cluster.set_rollback(Rollback::Off));
    assert_eq!(scene.doctor().says(), ("rollback-ended", "reset-phone"));
}

#[test]
fn without_a_server_the_answer_is_clear_and_comes() {
    let mut scene = Scene::new(Setup::default(), |_| {});
    scene.tftp.set_faults(secd_lab::tftp::Faults { silent: true, ..Default::default() });
    let start = Instant::now();
    let report = scene.doctor();
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    assert_eq!(report.says(), ("unreachable", "reach-servers"));
    assert_eq!(report.check("TVS 127.0.0.1").0, "ok", "what can be looked at is");
    scene.tvs.of_mut(0).close();
    assert_eq!(scene.doctor().says(), ("unreachable", "reach-servers"));
}

#[test]
fn without_any_address_of_a_server_the_answer_is_the_same() {
    let phone = Phone::new(&[]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let report = Report::of(&phone);
    assert_eq!(report.says(), ("unreachable", "reach-servers"));
    assert_eq!(report.check("TVS"), ("unknown", "no server is known"));
    drop(agent);
}

#[test]
fn a_tvs_that_takes_the_connection_and_says_nothing_is_given_up() {
    let mut scene = Scene::new(Setup::default(), |_| {});
    scene.change(|cluster| cluster.regenerate(0, Service::CallManager));
    scene.tvs.of(0).set_faults(Faults { conduct: Conduct::Silent, ..Faults::default() });
    let text = fs::read_to_string(scene.phone.configuration()).unwrap();
    let quick = format!("{text}\n[tvs]\nanswer_timeout_ms = 300\n");
    support::write(&scene.phone.configuration(), quick.as_bytes());
    scene.agent.pass_again();
    let report = scene.doctor();
    assert_eq!(report.says(), ("callmanager-regenerated", "restart-services"));
    assert_eq!(report.check("TVS 127.0.0.1").0, "ok", "its certificate is the listed one");
    assert!(report.check("ITL signer").1.contains("no TVS server answered"), "{}", report.text);
}

#[test]
fn a_server_without_lists_is_no_fault() {
    let cluster = Cluster::new(Setup::default());
    let mut files: Files = cluster.files();
    files.retain(|name, _| name.ends_with(".xml"));
    let tftp = Server::start(files);
    let phone = Phone::new(&[&tftp.address().to_string()]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let report = Report::of(&phone);
    assert_eq!(report.says(), ("no-lists", "nothing"));
    assert_eq!(report.check("configuration").0, "unknown", "accepted from anyone");
    drop(agent);
}

#[test]
fn a_locked_store_is_said_at_once_and_erasing_all_helps() {
    let mut scene = Scene::new(Setup::default(), |_| {});
    scene.agent.kill();
    for name in ["itl", "itl.previous"] {
        let path = scene.phone.state().join(name);
        if path.exists() {
            support::write(&path, b"no list");
        }
    }
    scene.tftp.forget_requests();
    scene.agent = Agent::start(&scene.phone);
    scene.agent.pass();
    let report = Report::of(&scene.phone);
    assert_eq!(report.says(), ("store-locked", "erase-all"));
    assert_eq!(report.check("store").0, "not-ok");
    assert_eq!(scene.tftp.names(), [""; 0], "no server is asked");
    erase(&scene.phone, "all");
    scene.agent.pass();
    assert!(scene.is_current());
}

#[test]
fn a_configuration_encrypted_for_another_phone_is_said_to_be() {
    let scene = Scene::new(Setup::default(), |_| {});
    scene.tftp.serve(scene.cluster.encrypted_files(secd_lab::encrypt::Cipher::Aes128));
    let report = scene.doctor();
    assert_eq!(report.says(), ("encrypted-for-another", "learn-certificate"));
    assert!(report.check("configuration").1.ends_with("this phone has none"), "{}", report.text);
}

/// Ciphertext is of no use where nobody is verified: a pass takes the plain form, and so does the
/// doctor's.
#[test]
fn after_an_encrypted_configuration_a_rollback_is_seen_as_the_next_pass_will_see_it() {
    let mut cluster = Cluster::new(Setup::default());
    let tvs = Servers::start(&mut cluster);
    let tftp = Server::start(cluster.encrypted_files(secd_lab::encrypt::Cipher::Aes128));
    let phone = Phone::new(&[&tftp.address().to_string()]);
    let [key, certificate] = ["device.key", "device.der"].map(|name| phone.folder().join(name));
    support::write(&key, cluster.device.key.pem().as_bytes());
    support::write(&certificate, &cluster.device.certificate.der);
    let text = fs::read_to_string(phone.configuration()).unwrap();
    let own = format!("certificate = {certificate:?}\nkey = {key:?}\n\n[tftp]");
    support::write(&phone.configuration(), text.replace("\n[tftp]", &own).as_bytes());
    let mut agent = Agent::start(&phone);
    agent.pass();
    let mut scene = Scene { cluster, tvs, tftp, phone, agent };
    assert_eq!(scene.tftp.names().last().unwrap(), "SEP001122334455.cnf.xml.enc.sgn");
    scene.change(|cluster| cluster.set_rollback(Rollback::On));
    // The call manager goes on encrypting it, for phones that can check who signed it.
    let mut files = scene.cluster.files();
    let encrypted = scene.cluster.encrypted_files(secd_lab::encrypt::Cipher::Aes128);
    files.extend(encrypted.into_iter().filter(|(name, _)| name.ends_with(".enc.sgn")));
    scene.tftp.serve(files);
    let report = scene.doctor();
    assert_eq!(report.says(), ("rollback-prepared", "reset-phone"), "{}", report.text);
    assert!(report.text.contains("configuration accepted UNCHECKED"), "{}", report.text);
    assert_eq!(report.check("configuration").0, "unknown", "from anyone");
    assert!(report.conditions().is_empty(), "nothing is refused");
    let lines = scene.agent.pass_again();
    let last = &lines.last().unwrap().text;
    assert!(last.contains("state S4") && last.ends_with("configuration done"), "{last}");
}

/// What a call manager signs, in place of the configuration.
fn serve_configuration(scene: &Scene, xml: &str) {
    const NAME: &str = "SEP001122334455.cnf.xml.sgn";
    let mut files = scene.cluster.files();
    files.insert(NAME.to_owned(), scene.cluster.signed(NAME, xml.as_bytes()));
    scene.tftp.serve(files);
}

#[test]
fn a_configuration_that_is_of_no_use_is_not_all_well() {
    let scene = Scene::new(Setup::default(), |_| {});
    serve_configuration(&scene, "<device><TVS>");
    let report = scene.doctor();
    assert_eq!(report.says(), ("configuration-unreadable", "make-configuration"));
    let xml = scene.cluster.config().xml().replace("TVS>", "tvs>");
    serve_configuration(&scene, &xml);
    let report = scene.doctor();
    assert_eq!(report.says(), ("configuration-without-tvs", "make-configuration"));
    assert_eq!(report.check("TVS in the configuration").0, "not-ok");
    let content = report.check("configuration content").1;
    assert!(content.contains("skipped, the name of the element is TVS"), "{content}");
}

#[test]
fn the_signer_of_a_refused_configuration_is_named_with_those_that_are_listed() {
    let mut scene = Scene::new(Setup::default(), |_| {});
    let stranger = scene.cluster.setup.identity("stranger.lab.test");
    let config = scene.cluster.config().xml();
    let name = "SEP001122334455.cnf.xml.sgn";
    let style = secd_lab::sign::Style {
        layout: scene.cluster.setup.layout,
        digest: scene.cluster.setup.digest,
        timestamp: scene.cluster.timestamp(),
    };
    let mut files = scene.cluster.files();
    let file = secd_lab::sign::signed(style, &stranger, name, config.as_bytes());
    files.insert(name.to_owned(), file);
    scene.tftp.serve(files);
    let report = scene.doctor();
    assert_eq!(report.says(), ("configuration-refused", "restart-services"));
    let hex = |identity: &secd_lab::certificate::Identity| {
        let certificate = &identity.certificate.der;
        let serial = secd::trust::certificate::Certificate::parse(certificate).unwrap().serial;
        // Lists and files print it without the zero that DER puts before a high bit.
        serial.to_string().trim_start_matches("00").to_owned()
    };
    let own = &scene.cluster.nodes[0].callmanager;
    let named = format!("serial {}; listed signers: ", hex(&stranger));
    let listed = format!("serial {}", hex(own));
    let said = report.check("configuration").1;
    assert!(said.contains("; signed by CN=stranger.lab.test") && said.contains(&named), "{said}");
    assert!(said.ends_with(&listed), "{said}");
    let lines = scene.agent.pass_again();
    let said = lines.iter().find(|line| line.text.contains(&named));
    let said = said.unwrap_or_else(|| panic!("{}", support::log::shown(&lines)));
    assert!(said.text.ends_with(&listed), "{}", said.text);
}

#[test]
fn without_access_to_settings_only_a_factory_reset_deletes_the_itl() {
    let restricted = "<vendorConfig><settingsAccess>2</settingsAccess></vendorConfig>\n";
    let mut scene =
        Scene::new(Setup::default(), |cluster| cluster.config_extra = restricted.to_owned());
    let report = scene.doctor();
    assert_eq!(report.says(), ("all-well", "nothing"));
    assert!(report.check("settings access").1.starts_with("restricted: "), "{}", report.text);
    scene.change(regenerate_both);
    let report = scene.doctor();
    assert_eq!(report.says(), ("both-regenerated", "delete-itl"));
    assert!(report.text.contains("run secd erase all as root"), "{}", report.text);
    let mut refused = secd();
    refused.args(["erase", "itl", "--yes", "--socket"]).arg(scene.phone.folder().join("socket"));
    let refused = refused.output().unwrap();
    let words = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{words}");
    assert!(words.ends_with("`secd erase all` as root: access restricted\n"), "{words}");
    if nix::unistd::Uid::effective().is_root() {
        erase(&scene.phone, "all");
        scene.agent.pass();
        assert!(scene.is_current());
    }
}

#[test]
fn two_diagnoses_at_a_time_are_one_too_many() {
    let scene = Scene::new(Setup::default(), |_| {});
    scene.tftp.set_faults(secd_lab::tftp::Faults { silent: true, ..Default::default() });
    let socket = scene.phone.folder().join("socket");
    let mut first = secd();
    first.arg("doctor").arg("--socket").arg(&socket).stdout(std::process::Stdio::null());
    let mut first = first.spawn().unwrap();
    let begun = scene.agent.log.find(0, support::PATIENCE, |line| line.text.starts_with("doctor:"));
    assert!(begun.is_some());
    let second = ask(&scene.phone, &[]);
    assert_eq!(second.status.code(), Some(69));
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(said, "secd: another diagnosis is running, try again later\n");
    first.wait().unwrap();
}

/// Erases lists as a person at the phone does.
#[track_caller]
fn erase(phone: &Phone, what: &str) {
    let mut erase = secd();
    erase.args(["erase", what, "--yes", "--socket"]).arg(phone.folder().join("socket"));
    let output = erase.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
