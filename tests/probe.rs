//! `secd probe` and `secd run --once` against servers in every state: the verdict, the doctor's
//! case, and reports that others can read.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]
#![expect(clippy::disallowed_methods, reason = "tests wait in real time, within bounds")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use secd_lab::cluster::{Cluster, Files, Service, Setup, Signer};
use secd_lab::encrypt::Cipher;
use secd_lab::https;
use secd_lab::keys::Kind;
use secd_lab::list::Role;
use secd_lab::tftp::{Odd, Server};
use secd_lab::tls::{Presented, Version};
use secd_lab::tvs::Servers;
use serde_json::Value;
use support::PATIENCE;
use support::agent::{Agent, secd};
use support::phone::{DEVICE, Phone};
use support::server::{Program, Served};
use tempfile::TempDir;

const SIGNED: &str = "SEP001122334455.cnf.xml.sgn";
const ENCRYPTED: &str = "SEP001122334455.cnf.xml.enc.sgn";

/// A cluster that is served, and the folder of those who probe it.
struct Site {
    cluster: Cluster,
    tvs: Servers,
    server: Server,
    folder: TempDir,
}

impl Site {
    fn new(setup: Setup) -> Self {
        let mut cluster = Cluster::new(setup);
        let tvs = Servers::start(&mut cluster);
        let server = Server::start(cluster.files());
        Self { cluster, tvs, server, folder: tempfile::tempdir().unwrap() }
    }

    /// Serves the files of this moment, changed.
    fn serve(&mut self, edit: impl FnOnce(&Cluster, &mut Files)) {
        self.tvs.follow(&self.cluster);
        let mut files = self.cluster.files();
        edit(&self.cluster, &mut files);
        self.server.serve(files);
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.folder.path().join(name);
        support::write(&path, bytes);
        path.display().to_string()
    }

    fn probe(&self, more: &[&str]) -> Probed {
        let server = self.server.address().to_string();
        Probed::of(&[&["--server", &server], more].concat())
    }
}

/// What a probe printed as JSON, and its exit code.
struct Probed {
    exit: i32,
    report: Value,
}

impl Probed {
    #[track_caller]
    fn of(arguments: &[&str]) -> Self {
        let output = probe(&[arguments, &["--json"]].concat());
        assert!(output.stderr.is_empty(), "{output:?}");
        let report = serde_json::from_slice(&output.stdout).unwrap();
        Self { exit: output.status.code().unwrap(), report }
    }

    /// The exit code, the doctor's case, and the class of each case that is not as it should be,
    /// without those that every lab has: files are signed with SHA-1.
    fn found(&self) -> (i32, &str, BTreeSet<String>) {
        let cases = self.report["cases"].as_array().unwrap().iter();
        let classes = cases
            .filter(|case| !["pass", "skip"].contains(&case["status"].as_str().unwrap()))
            .map(|case| format!("{} {}", case["status"].as_str().unwrap(), class(case)));
        let classes = classes.filter(|class| class != "warn sha1").collect();
        (self.exit, self.report["case"]["word"].as_str().unwrap_or("none"), classes)
    }

    #[track_caller]
    fn case(&self, group: &str, name: &str) -> &Value {
        let mut cases = self.report["cases"].as_array().unwrap().iter();
        cases
            .find(|case| case["group"] == group && case["name"].as_str().unwrap().contains(name))
            .unwrap_or_else(|| panic!("{group}, {name}: {:#}", self.report))
    }
}

fn class(case: &Value) -> &str {
    case["class"].as_str().unwrap_or_default()
}

fn probe(arguments: &[&str]) -> Output {
    let mut command = secd();
    command.args(["probe", "--device", DEVICE]).args(arguments);
    command.output().unwrap()
}

#[track_caller]
fn expect(probed: &Probed, exit: i32, case: &str, classes: &[&str]) {
    let expected = classes.iter().map(|class| (*class).to_owned()).collect();
    assert_eq!(probed.found(), (exit, case, expected), "{:#}", probed.report);
}

#[test]
fn a_phone_takes_everything_of_a_healthy_cluster() {
    let mut site = Site::new(Setup::default());
    let tomcat = site.cluster.setup.identity("tomcat.lab.test");
    site.cluster.import(&tomcat.certificate, &[Role::APP_SERVER]);
    site.serve(|_, _| {});
    let peer = https::Server::start(&Presented::new(&tomcat), Version::Any);
    let probed = site.probe(&["--https", &peer.address().to_string()]);
    expect(&probed, 0, "all-well", &[]);
    assert_eq!(probed.case("boot 1", "ITL")["does"], "trusted on FIRST USE");
    assert_eq!(probed.case("boot 2", "ITL")["does"], "unchanged");
    let member = probed.case("tvs", "member")["why"].as_str().unwrap();
    assert!(member.starts_with("TVS cert verified with hash from TL; asked about "), "{member}");
    assert_eq!(probed.case("https", "peer")["why"], "Authenticated the HTTPS conn via TVS");
    assert!(peer.connections().iter().all(|it| it.received.is_empty()), "nothing was sent to it");
    assert_eq!(probed.case("boot 1", "configuration")["class"], "sha1");
    // What is weak is a failure only to those who say so.
    let strict = site.probe(&["--strict"]);
    assert_eq!((strict.exit, strict.case("boot 1", "ITL")["status"].as_str()), (1, Some("fail")));
}

#[test]
fn each_state_of_a_cluster_has_its_case_and_exit_code() {
    let mut site = Site::new(Setup::default());
    site.serve(|cluster, files| {
        let lost = cluster.setup.identity("stranger.lab.test");
        let itl = cluster.itl_of(0, &Signer::Identity(Box::new(lost)));
        files.insert(format!("ITL{DEVICE}.tlv"), itl.clone());
        files.insert("ITLFile.tlv".to_owned(), itl);
    });
    let found = ["fail wrong-signer", "warn unchecked", "warn unprotected"];
    expect(&site.probe(&[]), 1, "restored-without-key", &found);

    let mut site = Site::new(Setup::default());
    let itl = site.keep("itl", &site.cluster.itl());
    site.cluster.regenerate(0, Service::CallManager);
    site.serve(|_, _| {});
    // A phone knows TVS by its last configuration, and this one was given only a list.
    let tvs = site.tvs.of(0).address().to_string();
    let known = ["--itl", itl.as_str(), "--tvs", &tvs];
    expect(&site.probe(&known), 0, "callmanager-regenerated", &[]);
    site.cluster.regenerate(0, Service::CallManager);
    site.cluster.regenerate(0, Service::Tvs);
    site.serve(|_, _| {});
    let probed = site.probe(&known);
    let found = ["fail wrong-signer", "fail tvs-unlisted"];
    expect(&probed, 1, "both-regenerated", &found);

    let other =
        Site::new(Setup { pool: site.cluster.setup.pool.clone(), ..Setup::of(&["new.lab.test"]) });
    expect(&other.probe(&["--itl", &itl]), 1, "moved", &["fail wrong-signer"]);
}

#[test]
fn each_fault_of_a_configuration_has_its_case_and_exit_code() {
    let mut site = Site::new(Setup::default());
    site.serve(|_, files| files.retain(|name, _| !name.ends_with(".cnf.xml.sgn")));
    expect(&site.probe(&[]), 1, "configuration-missing", &["fail configuration-missing"]);

    site.serve(|cluster, files| {
        files.insert(SIGNED.to_owned(), cluster.signed("SEP0000.cnf.xml.sgn", b"<device/>"));
    });
    let probed = site.probe(&[]);
    expect(&probed, 1, "configuration-refused", &["fail filename-mismatch"]);
    let log = probed.case("boot 1", "configuration")["log"].to_string();
    assert!(log.contains("sgn verify file failed </ram/SEP001122334455.cnf.xml>"), "{log}");

    site.serve(|cluster, files| {
        files.insert(SIGNED.to_owned(), cluster.signed(SIGNED, b"<device><fullConfig>"));
    });
    expect(&site.probe(&[]), 1, "configuration-unreadable", &["fail unreadable"]);

    site.serve(|_, files| {
        files.iter_mut().filter(|(name, _)| name.ends_with(".tlv")).for_each(|(_, bytes)| {
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
        });
    });
    let probed = site.probe(&[]);
    assert_eq!((probed.exit, probed.found().1), (1, "list-damaged"), "{:#}", probed.report);
}

#[test]
fn the_files_that_a_configuration_names_are_tried_under_its_lists() {
    let mut site = Site::new(Setup::default());
    site.cluster.config_extra = "<featurePolicyFile>policy.xml</featurePolicyFile>".to_owned();
    site.serve(|cluster, files| {
        files.insert("policy.xml.sgn".to_owned(), cluster.signed("policy.xml.sgn", b"<policy/>"));
    });
    let probed = site.probe(&[]);
    expect(&probed, 0, "all-well", &[]);
    let file = probed.case("files", "featurePolicyFile policy.xml");
    assert_eq!(file["does"], "accepted, signer in the ITL");
    assert_eq!(probed.case("files", "userLocale")["status"], "skip");
    site.serve(|cluster, files| {
        let stranger = Cluster::new(Setup { pool: cluster.setup.pool.clone(), ..Setup::default() });
        files.insert("policy.xml.sgn".to_owned(), stranger.signed("policy.xml.sgn", b"<policy/>"));
    });
    let probed = site.probe(&[]);
    assert_eq!(probed.case("files", "policy.xml")["class"], "wrong-signer");
    assert_eq!(probed.exit, 1);
    site.serve(|_, _| {});
    expect(&site.probe(&[]), 0, "all-well", &["warn absent"]);
}

#[test]
fn an_encrypted_configuration_is_opened_with_the_key_and_refused_without() {
    let site = Site::new(Setup::default());
    site.server.serve(site.cluster.encrypted_files(Cipher::Aes128));
    expect(&site.probe(&[]), 1, "encrypted-for-another", &["fail encrypted-for-another"]);
    let key = site.cluster.device.key.pem();
    let certificate = site.keep("device.der", &site.cluster.device.certificate.der);
    let mut openssl = Command::new("openssl");
    let openssl = openssl.args(["x509", "-inform", "der", "-in", &certificate]).output().unwrap();
    assert!(openssl.status.success(), "{openssl:?}");
    let both = site.keep("device.pem", &[key.as_bytes(), &openssl.stdout].concat());
    let probed = site.probe(&["--key", &both]);
    expect(&probed, 0, "all-well", &[]);
    assert_eq!(probed.case("files", ENCRYPTED)["status"], "warn", "by SHA-1, as all of the lab");
    // A key alone is enough to find out whether the file opens.
    let alone = site.keep("device.key", key.as_bytes());
    let probed = site.probe(&["--key", &alone]);
    assert_eq!(probed.exit, 0, "{:#}", probed.report);
    let why = probed.case("files", ENCRYPTED)["why"].as_str().unwrap();
    assert!(why.contains("could not be compared with certHash"), "{why}");
    let output = probe(&["--server", "127.0.0.1", "--key", &certificate]);
    assert_eq!(output.status.code(), Some(65), "{output:?}");
}

#[test]
fn servers_that_cannot_be_reached_are_no_refusal() {
    let mut site = Site::new(Setup::default());
    site.tvs.iter_mut().for_each(secd_lab::tvs::Server::close);
    let probed = site.probe(&[]);
    expect(&probed, 69, "tvs-unreachable", &["unreachable unreachable"]);
    let nobody = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let probed = Probed::of(&["--server", &nobody.to_string()]);
    assert_eq!((probed.exit, probed.report["case"].is_null()), (69, true), "{:#}", probed.report);
}

#[test]
fn odd_servers_are_named_and_only_those_that_no_phone_gets_on_with_refused() {
    let site = Site::new(Setup::default());
    for (odd, exit, class) in [
        ("absent-2", 0, "warn error-number"),
        ("elsewhere", 1, "fail elsewhere"),
        ("options-error-4", 0, "warn options"),
        ("options-ignored", 0, "warn options"),
        ("error-3", 1, "fail transfer-failed"),
        ("mute", 1, "fail broken-off"),
        ("mute", 1, "warn protocol"),
    ] {
        site.server.set_faults(Odd::named(odd).unwrap().faults());
        let probed = site.probe(&[]);
        let (code, _, classes) = probed.found();
        assert!(code == exit && classes.contains(class), "{odd}: {:#}", probed.report);
    }
}

#[test]
fn weak_keys_and_strangers_are_named() {
    let setup = Setup { key: Kind::Rsa1024, tvs_key: Some(Kind::Rsa2048), ..Setup::default() };
    let site = Site::new(setup);
    let stranger = site.cluster.setup.identity("stranger.lab.test");
    let probed = site.probe(&[]);
    let (exit, _, classes) = probed.found();
    assert!(exit == 0 && classes.contains("warn small-key"), "{:#}", probed.report);
    let keys = probed.case("certificates", "ITL: RSA keys")["why"].as_str().unwrap();
    assert!(keys.contains("an RSA key of only 1024 bits"), "{keys}");
    let peer = https::Server::start(&Presented::new(&stranger), Version::Any);
    let probed = site.probe(&["--https", &peer.address().to_string()]);
    assert_eq!(probed.exit, 1);
    assert_eq!(class(probed.case("https", "peer")), "not-trusted");
}

#[test]
fn a_file_server_of_others_is_probed_with_files_of_openssl() {
    let mut cluster = Cluster::new(Setup::default());
    let _tvs = Servers::start(&mut cluster);
    let mut files = cluster.files();
    let made = of_openssl(&cluster);
    for name in [SIGNED, ENCRYPTED] {
        files.insert(name.to_owned(), fs::read(made.path().join(name)).unwrap());
    }
    let server = Served::start(Program::Hpa, "127.0.0.1", &files);
    let key = made.path().join("phone.pem").display().to_string();
    let probed = Probed::of(&["--server", &server.name(), "--key", &key]);
    assert_eq!(probed.exit, 0, "{:#}", probed.report);
    assert_eq!(probed.case("tftp", "option negotiation")["status"], "pass");
    let encrypted = probed.case("files", ENCRYPTED);
    assert_eq!((encrypted["status"].as_str(), class(encrypted)), (Some("pass"), ""));
}

#[test]
fn nothing_of_a_phone_in_memory_stays() {
    let site = Site::new(Setup::default());
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let (good, silent) = (site.server.address(), silent.local_addr().unwrap());
    for (server, signal, exit) in [(good, None, 0), (silent, Some(Signal::SIGTERM), 69)] {
        let mut command = secd();
        command.args(["probe", "--device", DEVICE, "--server", &server.to_string()]);
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        if let Some(signal) = signal {
            let until = Instant::now() + PATIENCE;
            while folders_of(child.id()) < 2 {
                assert!(Instant::now() < until, "it has folders");
                std::thread::sleep(Duration::from_millis(5));
            }
            kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
        }
        assert_eq!(child.wait().unwrap().code(), Some(exit));
        assert_eq!(folders_of(child.id()), 0);
    }
}

/// Configurations that openssl made without the lab, and the key that opens the encrypted one.
fn of_openssl(cluster: &Cluster) -> TempDir {
    let made = tempfile::tempdir().unwrap();
    let path = |name: &str| made.path().join(name);
    let signer = &cluster.nodes[0].callmanager;
    support::write(&path("signer.key"), signer.key.pem().as_bytes());
    support::write(&path("signer.der"), &signer.certificate.der);
    support::write(&path("plain"), b"<device><fullConfig>true</fullConfig></device>");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/encrypted/openssl.sh");
    let commands = format!(
        "cd \"$1\" && openssl x509 -inform DER -in signer.der -out signer.pem && \
         sh {script} \"$1/signer.key\" \"$1/signer.pem\" {DEVICE} \"$1/plain\" \"$1\" && \
         cat device.key device.pem > phone.pem"
    );
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", &commands, "sh"]).arg(made.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    made
}

#[test]
fn the_failure_that_the_paper_reads_is_the_one_that_a_copied_file_has() {
    let cluster = Cluster::new(Setup::default());
    let mut files = cluster.files();
    files.insert("SEP0011223344FF.cnf.xml.sgn".to_owned(), cluster.signed(SIGNED, b"<device/>"));
    let server = Served::start(Program::Hpa, "127.0.0.1", &files);
    let mut command = secd();
    command.args(["probe", "--device", "SEP0011223344FF", "--server", &server.name()]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report = String::from_utf8(output.stdout).unwrap();
    let paper = support::named::read("docs/testing-a-call-manager.md");
    let block = paper.split("```").find(|block| block.contains("\n  FAIL  ")).unwrap();
    assert_eq!(block.trim_matches('\n').lines().count(), 4);
    assert!(report.contains(block.trim_matches('\n')), "{report}");
}

/// How many folders of this probe are there.
fn folders_of(process: u32) -> usize {
    let folders = [Path::new("/dev/shm").to_owned(), std::env::temp_dir()];
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let mine = |name: &str| name.starts_with(&format!("secd-probe-{process}-"));
    entries.filter(|entry| entry.file_name().to_str().is_some_and(mine)).count()
}

#[test]
fn reports_are_read_by_parsers_of_others() {
    let mut site = Site::new(Setup::default());
    // What servers say gets into the report: as text, and not as markup or for a terminal.
    site.cluster.config_extra =
        "<featurePolicyFile><![CDATA[\u{1b}[2J<!--&\u{202e}.xml]]></featurePolicyFile>".to_owned();
    site.serve(|_, _| {});
    let server = site.server.address().to_string();
    let json = site.probe(&[]);
    let output = |format| probe(&["--server", &server, "--format", format]).stdout;
    let script = "import sys, json, xml.etree.ElementTree as t\n\
                  suite = t.parse(sys.stdin).getroot().find('testsuite')\n\
                  kinds = ['failure', 'error', 'skipped']\n\
                  count = lambda k: sum(c.find(k) is not None for c in suite.iter('testcase'))\n\
                  seen = [count(k) for k in kinds]\n\
                  said = [int(suite.get(k)) for k in ['failures', 'errors', 'skipped']]\n\
                  assert seen == said, (seen, said)\n\
                  print(json.dumps([len(list(suite.iter('testcase'))), seen]))\n";
    let junit = output("junit");
    let path = site.keep("junit.xml", &junit);
    let mut python = Command::new("python3");
    let read = python.args(["-c", script]).stdin(fs::File::open(path).unwrap()).output().unwrap();
    assert!(read.status.success(), "{read:?}");
    let read: Value = serde_json::from_slice(&read.stdout).unwrap();
    let counts = &json.report["counts"];
    let cases = json.report["cases"].as_array().unwrap();
    let expected = [&counts["fail"], &counts["unreachable"], &counts["skip"]];
    assert_eq!(read[0], cases.len());
    assert_eq!(read[1].as_array().unwrap().iter().collect::<Vec<_>>(), expected);
    let tap = String::from_utf8(output("tap")).unwrap();
    assert!(
        tap.starts_with(&format!("TAP version 14\n1..{}\nok 1 - boot 1: CTL # SKIP", cases.len()))
    );
    for format in ["junit", "tap", "text", "json"] {
        let text = String::from_utf8(output(format)).unwrap();
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{format}: {text}");
    }
}

#[test]
fn one_pass_of_the_configured_phone_installs_and_reports() {
    let mut site = Site::new(Setup::default());
    let phone = Phone::new(&[&site.server.address().to_string()]);
    let once = |more: &[&str]| {
        let mut command = secd();
        command.args(["run", "--once", "--json", "--config"]).arg(phone.configuration());
        let output = command.args(more).output().unwrap();
        let report = serde_json::from_slice(&output.stdout).unwrap();
        Probed { exit: output.status.code().unwrap(), report }
    };
    let probed = once(&[]);
    assert_eq!(probed.exit, 0, "{:#}", probed.report);
    assert_eq!(phone.found(), Some(site.cluster.config().xml().into_bytes()));
    // The store has stayed: the next pass is one of a phone with lists.
    assert_eq!(once(&[]).case("boot 1", "ITL")["does"], "unchanged");
    site.cluster.regenerate(0, Service::CallManager);
    site.tvs.iter_mut().for_each(secd_lab::tvs::Server::close);
    let files = site.cluster.files();
    site.server.serve(files);
    assert_eq!(once(&[]).exit, 1);
    let mut agent = Agent::start(&phone);
    agent.pass();
    // One line, and the remedy is not to create what is there.
    let (code, said) = refused(&phone);
    assert_eq!(code, Some(69), "{said}");
    assert!(said.contains("another secd uses") && said.lines().count() == 1, "{said}");
    drop(agent);
    fs::remove_dir_all(phone.state()).unwrap();
    let (code, said) = refused(&phone);
    assert_eq!(code, Some(66), "{said}");
    assert!(said.contains("does not exist: create it") && said.lines().count() == 1, "{said}");
    let output = secd().args(["run", "--format", "tap"]).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
}

/// The exit code and the words of a pass that cannot begin.
fn refused(phone: &Phone) -> (Option<i32>, String) {
    let mut command = secd();
    let output = command.args(["run", "--once", "--config"]).arg(phone.configuration()).output();
    let output = output.unwrap();
    assert!(output.stdout.is_empty(), "{output:?}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_remedy_comes_with_its_conditions_and_says_that_no_tvs_was_asked() {
    let mut site = Site::new(Setup::default());
    let itl = site.keep("itl", &site.cluster.files()[&format!("ITL{DEVICE}.tlv")]);
    site.cluster.regenerate(0, Service::CallManager);
    site.serve(|_, _| {});
    let probed = site.probe(&["--itl", &itl]);
    assert_eq!(probed.exit, 1, "{:#}", probed.report);
    let conditions = probed.report["conditions"].as_array().unwrap();
    assert_eq!(conditions.len(), 5, "{:#}", probed.report);
    let server = site.server.address().to_string();
    let text = String::from_utf8(probe(&["--server", &server, "--itl", &itl]).stdout).unwrap();
    for words in ["only if all of these hold:", "note: no TVS was asked."] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_name_that_no_phone_has_is_a_warning() {
    let site = Site::new(Setup::default());
    let server = site.server.address().to_string();
    let output = secd().args(["probe", "--json", "--server", &server, "--device", "SEPx"]).output();
    let report: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    let probed = Probed { exit: 0, report };
    assert_eq!(class(probed.case("phone", "device name")), "device-name");
    assert!(probed.case("phone", "device name")["why"].as_str().unwrap().contains("write"));
}
