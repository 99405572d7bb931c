//! The phone's own certificates: LSC before MIC, damage, deletion, who is shown what, and the files
//! for the 802.1X supplicant.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]
#![allow(clippy::disallowed_methods, reason = "a random moment to kill at, not a wait")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use secd::io::identity::CertificateWithKey;
use secd::io::store::{Loaded, Slot, Store, StoreEntry};
use secd::trust::signature::md5;
use secd_lab::certificate::{Identity, Profile, Usage};
use secd_lab::cluster::{Cluster, Files, Setup};
use secd_lab::encrypt::Cipher;
use secd_lab::keys::Kind;
use secd_lab::tftp::Server;
use secd_lab::tls::ClientCertificate;
use serde_json::{Value, json};
use support::agent::{Agent, secd};
use support::log::{messages, shown};
use support::office::Office;
use support::phone::{DEVICE, Phone, SAME_USER};
use support::socket::{Client, call, full, outcome};
use zeroize::Zeroizing;

/// An LSC as the CAPF of a cluster issues it.
fn lsc(cluster: &Cluster) -> Identity {
    let profile = cluster.setup.profile(DEVICE);
    profile.issued_by(&cluster.nodes[0].capf, cluster.setup.pool.take(Kind::Rsa2048))
}

fn entry(identity: &Identity) -> StoreEntry {
    let key = Zeroizing::new(identity.key.pkcs8());
    CertificateWithKey::issued(&identity.certificate.der, &key).unwrap().entry()
}

/// Puts LSCs into the store of a phone whose agent does not run, one after the other.
fn install(phone: &Phone, lscs: &[&Identity]) {
    let (store, _) = Store::open(phone.state()).unwrap();
    for lsc in lscs {
        store.install(Slot::Lsc, &entry(lsc).with("line", "1")).unwrap();
    }
}

/// Gives a phone a MIC of its own.
fn give_mic(phone: &Phone, mic: &Identity) {
    let [key, certificate] = ["mic.key", "mic.der"].map(|name| phone.folder().join(name));
    support::write(&key, mic.key.pem().as_bytes());
    support::write(&certificate, &mic.certificate.der);
    let text = fs::read_to_string(phone.configuration()).unwrap();
    let lines = format!("certificate = {certificate:?}\nkey = {key:?}\n\n[tftp]");
    support::write(&phone.configuration(), text.replace("\n[tftp]", &lines).as_bytes());
}

/// The files of a cluster, with the configuration encrypted for a certificate.
fn encrypted_for(cluster: &Cluster, identity: &Identity) -> Files {
    let mut cluster = cluster.clone();
    cluster.device = identity.clone();
    cluster.encrypted_files(Cipher::Aes128)
}

fn hash(identity: &Identity) -> String {
    md5(&identity.certificate.der).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Changes a byte of a file of the store, which may be another one's by a second name.
fn damage(phone: &Phone, name: &str) {
    let path = phone.state().join(name);
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::remove_file(&path).unwrap();
    support::write(&path, &bytes);
}

fn certificates(phone: &Phone) -> Vec<Value> {
    let identity = call(&phone.socket(), "GetIdentity", json!({})).unwrap();
    identity["certificates"].as_array().unwrap().clone()
}

#[test]
fn an_lsc_opens_what_is_for_it_and_the_one_before_it_goes_only_then() {
    let cluster = Cluster::new(Setup::default());
    let [old, new] = [lsc(&cluster), lsc(&cluster)];
    let server = Server::start(encrypted_for(&cluster, &old));
    let phone = Phone::of_same_user(&[&server.address().to_string()]);
    give_mic(&phone, &cluster.device);
    install(&phone, &[&old, &new]);
    let mut agent = Agent::start(&phone);
    // The call manager has not built the file for the new one yet.
    let lines = agent.pass();
    assert!(phone.found().is_some(), "{}", shown(&lines));
    let with = "verifyFile: decrypted with the key of the LSC before the current one";
    assert!(lines.iter().any(|line| line.text == with), "{}", shown(&lines));
    assert!(phone.state().join("lsc.previous").exists());
    let found = certificates(&phone);
    assert_eq!((&found[0]["md5"], &found[0]["in_use"]), (&json!(hash(&new)), &json!(true)));

    server.serve(encrypted_for(&cluster, &new));
    let lines = agent.pass_again();
    assert!(!phone.state().join("lsc.previous").exists(), "{}", shown(&lines));
    server.serve(encrypted_for(&cluster, &old));
    let lines = agent.pass_again();
    let refused = "could not be decrypted with this phone's key";
    assert!(shown(&lines).contains(refused), "{}", shown(&lines));

    // A file for the MIC opens as well, whatever the LSC is.
    server.serve(encrypted_for(&cluster, &cluster.device));
    let lines = agent.pass_again();
    assert!(shown(&lines).contains("decrypted with the key of the MIC"), "{}", shown(&lines));
}

#[test]
fn a_phone_with_an_lsc_on_a_curve_unwraps_with_its_mic() {
    let cluster = Cluster::new(Setup::default());
    let profile = cluster.setup.profile(DEVICE);
    let key = cluster.setup.pool.take(Kind::P256);
    let curve = profile.issued_by(&cluster.nodes[0].capf, key);
    let server = Server::start(encrypted_for(&cluster, &cluster.device));
    let phone = Phone::of_same_user(&[&server.address().to_string()]);
    give_mic(&phone, &cluster.device);
    install(&phone, &[&curve]);
    let lines = Agent::start(&phone).pass();
    assert!(phone.found().is_some(), "{}", shown(&lines));
}

#[test]
fn a_damaged_lsc_brings_back_the_one_before_it_and_two_damaged_ones_lock_nothing() {
    let cluster = Cluster::new(Setup::default());
    let [old, new] = [lsc(&cluster), lsc(&cluster)];
    let server = Server::start(cluster.files());
    let phone = Phone::of_same_user(&[&server.address().to_string()]);
    give_mic(&phone, &cluster.device);
    install(&phone, &[&old, &new]);
    damage(&phone, "lsc");
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    let said = lines.iter().find(|line| line.text.starts_with("EROR:lsc: ")).unwrap();
    assert!(said.text.contains("SHA-256 does not match") && said.level == "ERR", "{said:?}");
    assert_eq!(certificates(&phone)[0]["md5"], json!(hash(&old)));
    assert!(agent.end().success());

    damage(&phone, "lsc.previous");
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    assert!(shown(&lines).contains("the phone has no LSC until"), "{}", shown(&lines));
    assert!(messages(&lines).contains(&"LSC Not Installed"), "{}", shown(&lines));
    let status = call(&phone.socket(), "GetStatus", json!({})).unwrap();
    assert_eq!((&status["locked"], &status["state"]), (&json!(false), &json!("S1")));
    let found = certificates(&phone);
    assert_eq!((found.len(), &found[0]["kind"]), (1, &json!("mic")));
    assert!(shown(&lines).contains("is already installed"), "no first use: {}", shown(&lines));

    // What is damaged can be deleted, and is not missed afterwards.
    assert!(run(&phone, &["lsc", "delete", "--yes"]).0);
    assert!(!phone.state().join("lsc").exists());
    assert!(agent.end().success());
    let lines = Agent::start(&phone).pass();
    assert!(!shown(&lines).contains("EROR:lsc"), "{}", shown(&lines));
}

/// Whether a command succeeds, and what it prints.
fn run(phone: &Phone, arguments: &[&str]) -> (bool, String) {
    let mut command = secd();
    let output = command.args(arguments).arg("--socket").arg(phone.socket()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn the_socket_shows_both_without_their_keys_and_deletes_the_lsc_at_the_second_call() {
    let cluster = Cluster::new(Setup::default());
    let new = lsc(&cluster);
    let server = Server::start(encrypted_for(&cluster, &new));
    let phone = Phone::of_same_user(&[&server.address().to_string()]);
    give_mic(&phone, &cluster.device);
    install(&phone, &[&new]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let identity = call(&phone.socket(), "GetIdentity", json!({})).unwrap();
    assert_eq!(identity["cert_hash"], json!(hash(&new)));
    let kinds: Vec<_> = certificates(&phone).iter().map(|it| it["kind"].clone()).collect();
    assert_eq!(kinds, ["lsc", "mic"]);
    let lsc = &certificates(&phone)[0];
    assert_eq!((&lsc["key"], &lsc["warnings"]), (&json!("RSA 2048"), &json!([])));
    assert!(lsc["issuer"].as_str().unwrap().contains("CN=CAPF-"), "{lsc}");
    let status = call(&phone.socket(), "GetStatus", json!({})).unwrap();
    assert_eq!(status["identity"], identity);
    let (done, page) = run(&phone, &["lsc", "show"]);
    assert!(
        done && page.contains(", as certHash names it") && page.contains("lsc\tsubject\t"),
        "{page}"
    );
    assert!(run(&phone, &["status"]).1.contains("lsc\t"));

    let mut watcher = Client::connect(&phone.socket());
    watcher.send_call(&json!({ "method": full("Watch"), "more": true }));
    let first = outcome(watcher.reply().unwrap()).unwrap();
    assert_eq!(first["identity"], identity);
    let issued = call(&phone.socket(), "DeleteIdentity", json!({})).unwrap();
    assert_eq!(issued["deleted"], false);
    let wrong = json!({ "confirmation": "no" });
    let refused = call(&phone.socket(), "DeleteIdentity", wrong).unwrap_err();
    assert_eq!(refused.0, "phone.secd.WrongConfirmation");
    assert!(run(&phone, &["lsc", "delete", "--yes"]).0);
    let mut texts = Vec::new();
    while !texts.iter().any(|text| text == "LSC Not Installed") {
        let next = outcome(watcher.reply().unwrap()).unwrap();
        texts.extend(next["messages"].as_array().unwrap().iter().map(|it| it["text"].clone()));
    }
    assert_eq!(certificates(&phone).len(), 1);
    let none = call(&phone.socket(), "DeleteIdentity", json!({})).unwrap_err();
    assert_eq!(none.0, "phone.secd.NoLsc");
    let (done, why) = run(&phone, &["lsc", "delete", "--yes"]);
    assert!(!done && why.contains("the phone has no LSC"), "{why}");
    assert!(!phone.store().keys().any(|name| name.starts_with("lsc")));
}

#[test]
fn no_key_leaves_the_agent_by_its_log_or_its_socket() {
    let cluster = Cluster::new(Setup::default());
    let new = lsc(&cluster);
    let server = Server::start(encrypted_for(&cluster, &new));
    let phone = Phone::of_same_user(&[&server.address().to_string()]);
    give_mic(&phone, &cluster.device);
    install(&phone, &[&new]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let mut said = shown(&agent.log.from(0));
    for method in ["GetIdentity", "GetStatus", "GetTrust", "GetLog", "Diagnose"] {
        said += &call(&phone.socket(), method, json!({})).unwrap().to_string();
    }
    for identity in [&new, &cluster.device] {
        let pem = identity.key.pem();
        let lines: Vec<&str> = pem.lines().filter(|line| !line.starts_with('-')).collect();
        // Base64 has three alignments; a line of PEM holds at one of them.
        assert!(lines.iter().all(|line| !said.contains(&line[4..60.min(line.len())])));
        assert!(!said.contains("PRIVATE KEY"));
    }
    for (name, file) in phone.store() {
        let mode = fs::metadata(phone.state().join(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}, {} bytes", file.bytes.len());
    }
}

#[test]
fn a_security_reset_erases_the_lsc_and_erasing_the_lists_does_not() {
    let cluster = Cluster::new(Setup::default());
    let new = lsc(&cluster);
    let server = Server::start(cluster.files());
    let phone = Phone::of_same_user(&[&server.address().to_string()]);
    install(&phone, &[&new]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    assert!(run(&phone, &["erase", "all", "--yes"]).0);
    agent.pass();
    assert_eq!(certificates(&phone).len(), 1);
    assert!(run(&phone, &["erase", "security", "--yes"]).0);
    let lines = agent.pass();
    assert_eq!(certificates(&phone).len(), 0);
    let shown_messages = messages(&lines);
    for message in ["LSC Not Installed", "Erasing CTL and ITL files", "ITL installed"] {
        assert!(shown_messages.contains(&message), "{message}: {shown_messages:?}");
    }
}

#[test]
fn a_certificate_that_has_expired_is_warned_of_once_a_pass_and_named_by_the_doctor() {
    let cluster = Cluster::new(Setup::default());
    let profile = cluster.setup.profile(DEVICE).expired();
    let key = cluster.setup.pool.take(Kind::Rsa2048);
    let old = profile.issued_by(&cluster.nodes[0].capf, key);
    let server = Server::start(cluster.files());
    let phone = Phone::of_same_user(&[&server.address().to_string()]);
    install(&phone, &[&old]);
    let mut agent = Agent::start(&phone);
    for _ in 0..2 {
        let lines = agent.pass();
        let warned = lines.iter().filter(|line| line.text.starts_with("certificate: the LSC"));
        let warned: Vec<_> = warned.collect();
        assert_eq!(warned.len(), 1, "{}", shown(&lines));
        assert!(warned[0].text.contains("expired on 2021-01-01") && warned[0].level == "WRN");
        call(&phone.socket(), "Refresh", json!({})).unwrap();
    }
    let diagnosis = call(&phone.socket(), "Diagnose", json!({})).unwrap();
    assert_eq!(diagnosis["case"]["word"], "lsc-expired");
    assert_eq!(diagnosis["remedy"]["word"], "renew-lsc");
    let checks = diagnosis["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == "LSC").unwrap();
    assert_eq!(check["mark"], "not-ok", "{check}");
}

#[test]
fn the_lsc_of_another_cluster_is_named_by_the_doctor() {
    let cluster = Cluster::new(Setup::default());
    let another = Cluster::new(Setup::of(&["old.lab.test"]));
    let server = Server::start(cluster.files());
    let case = |identity: &Identity, line: &str| {
        let phone = Phone::of_same_user(&[&server.address().to_string()]);
        let (store, _) = Store::open(phone.state()).unwrap();
        store.install(Slot::Lsc, &entry(identity).with("line", line)).unwrap();
        drop(store);
        let mut agent = Agent::start(&phone);
        agent.pass();
        call(&phone.socket(), "Diagnose", json!({})).unwrap()
    };
    let word = |diagnosis: &Value| diagnosis["case"]["word"].clone();
    // Installed under line 1, and the lists that came since begin another one.
    let moved = case(&lsc(&another), "1");
    assert_eq!(word(&moved), "lsc-of-old-cluster", "{moved}");
    assert!(moved["remedy"]["text"].as_str().unwrap().contains("secd lsc enrol"));
    assert_ne!(word(&case(&lsc(&cluster), "1")), "lsc-of-old-cluster", "its CAPF is listed");
}

#[test]
fn a_server_that_asks_is_shown_the_lsc() {
    let office = Office::open();
    office.tvs.set_client(ClientCertificate::Asked);
    let new = lsc(&office.cluster);
    let phone = office.phone(SAME_USER);
    give_mic(&phone, &office.cluster.device);
    install(&phone, &[&new]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let certificate = json!({ "certificate": office.certificate(), "purpose": "https" });
    call(&phone.socket(), "Judge", certificate).unwrap();
    let asked = office.tvs.questions();
    assert_eq!(asked.last().unwrap().client.as_deref(), Some(&new.certificate.der[..]));
}

/// The setting, and the folder that it names.
fn exporting(server: &Server) -> (Phone, std::path::PathBuf) {
    let phone = Phone::of_same_user(&[&server.address().to_string()]);
    let folder = phone.folder().join("eap");
    let text = fs::read_to_string(phone.configuration()).unwrap();
    let text = format!("{text}\n[identity]\nexport = {folder:?}\nradius_ca = \"/etc/ca.pem\"\n");
    support::write(&phone.configuration(), text.as_bytes());
    (phone, folder)
}

#[test]
fn the_supplicant_gets_certificate_and_key_in_one_private_file_as_long_as_there_is_one() {
    let cluster = Cluster::new(Setup::default());
    let new = lsc(&cluster);
    let server = Server::start(cluster.files());
    let (phone, folder) = exporting(&server);
    install(&phone, &[&new]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    for name in ["phone.pem", "wpa_supplicant.conf"] {
        let mode = fs::metadata(folder.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let pem = folder.join("phone.pem");
    let modulus = |what: &str| {
        let mut openssl = Command::new("openssl");
        let output = openssl.args([what, "-noout", "-modulus", "-in"]).arg(&pem).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(modulus("x509"), modulus("rsa"), "as another reads them");
    let configuration = fs::read_to_string(folder.join("wpa_supplicant.conf")).unwrap();
    for line in [
        "key_mgmt=IEEE8021X",
        "eap=TLS",
        "identity=\"SEP001122334455\"",
        "ca_cert=\"/etc/ca.pem\"",
        &format!("private_key=\"{}\"", pem.display()),
    ] {
        assert!(configuration.lines().any(|found| found.trim() == line), "{line}: {configuration}");
    }
    let identity = call(&phone.socket(), "GetIdentity", json!({})).unwrap();
    assert_eq!(identity["exported"], json!(folder));
    // Whoever watches the files is not woken for nothing.
    let before = fs::metadata(&pem).unwrap().modified().unwrap();
    agent.pass_again();
    assert_eq!(fs::metadata(&pem).unwrap().modified().unwrap(), before);
    assert!(run(&phone, &["lsc", "delete", "--yes"]).0);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing is left of the key");
}

/// `export = "/etc/wpa_supplicant"` is soon written.
#[test]
fn a_configuration_of_somebody_else_is_neither_replaced_nor_removed() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(cluster.files());
    let (phone, folder) = exporting(&server);
    let (theirs, text) = (folder.join("wpa_supplicant.conf"), b"network={\n}\n");
    fs::create_dir_all(&folder).unwrap();
    support::write(&theirs, text);
    // Without a certificate, both files would be removed.
    let mut agent = Agent::start(&phone);
    agent.pass();
    assert_eq!(fs::read(&theirs).unwrap(), text);
    assert!(agent.end().success());
    install(&phone, &[&lsc(&cluster)]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    assert_eq!(fs::read(&theirs).unwrap(), text);
    assert!(!folder.join("phone.pem").exists());
    let lines = agent.log.from(0);
    assert!(
        shown(&lines).contains("wpa_supplicant.conf: not written by secd"),
        "{}",
        shown(&lines)
    );
    let identity = call(&phone.socket(), "GetIdentity", json!({})).unwrap();
    assert_eq!(identity["exported"], json!(null));
}

/// The authentication itself, with `hostapd` as switch and authentication server in one.
#[test]
fn a_supplicant_authenticates_with_what_was_exported() {
    let is_there = |program: &str| Command::new(program).arg("-v").output().is_ok();
    if !nix::unistd::Uid::effective().is_root()
        || !["wpa_supplicant", "hostapd"].into_iter().all(is_there)
    {
        eprintln!("left out: it takes root, wpa_supplicant and hostapd");
        return;
    }
    let cluster = Cluster::new(Setup::default());
    // One that others take for an authority, too.
    let profile = Profile { usage: Usage::Authority, ..cluster.setup.profile("CAPF-lab") };
    let capf = profile.self_signed(cluster.setup.pool.take(Kind::Rsa2048));
    let key = cluster.setup.pool.take(Kind::Rsa2048);
    let new = cluster.setup.profile(DEVICE).issued_by(&capf, key);
    let server = Server::start(cluster.files());
    let (phone, folder) = exporting(&server);
    install(&phone, &[&new]);
    let radius = cluster.setup.identity("radius.lab.test");
    let path = |name: &str| phone.folder().join(name);
    support::write(&path("radius.key"), radius.key.pem().as_bytes());
    support::write(&path("radius.pem"), support::office::pem(&radius.certificate.der).as_bytes());
    support::write(&path("capf.pem"), support::office::pem(&capf.certificate.der).as_bytes());
    let text = fs::read_to_string(phone.configuration()).unwrap();
    let text = text.replace("/etc/ca.pem", &path("radius.pem").display().to_string());
    support::write(&phone.configuration(), text.as_bytes());
    let mut agent = Agent::start(&phone);
    agent.pass();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/identity/dot1x.sh");
    let mut shell = Command::new("unshare");
    shell.args(["--net", "--mount", "sh"]).arg(script).arg(phone.folder()).arg(&folder);
    let output = shell.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("CTRL-EVENT-EAP-SUCCESS"), "{text}");
}

const CHILD: &str = "SECD_TEST_STORE_OF_A_CHILD";

/// Not a test by itself: what the next one kills.
#[test]
fn a_child_that_installs_two_lscs_in_turn() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let folder = Path::new(&folder);
    let entries = ["first", "second"].map(|name| {
        let certificate = fs::read(folder.join(format!("{name}.der"))).unwrap();
        let key = Zeroizing::new(fs::read(folder.join(format!("{name}.key"))).unwrap());
        CertificateWithKey::issued(&certificate, &key).unwrap().entry()
    });
    let (store, _) = Store::open(&folder.join("state")).unwrap();
    println!("ready");
    for entry in entries.iter().cycle() {
        store.install(Slot::Lsc, entry).unwrap();
    }
}

#[test]
fn a_process_killed_at_any_moment_leaves_the_old_pair_or_the_new() {
    let cluster = Cluster::new(Setup::default());
    let pairs = [lsc(&cluster), lsc(&cluster)];
    let phone = Phone::of_same_user(&[]);
    for (name, pair) in ["first", "second"].into_iter().zip(&pairs) {
        support::write(&phone.folder().join(format!("{name}.der")), &pair.certificate.der);
        support::write(&phone.folder().join(format!("{name}.key")), &pair.key.pkcs8());
    }
    install(&phone, &[&pairs[0]]);
    let (mut seen, mut leftovers) = ([0; 2], 0);
    for round in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap());
        let name = "a_child_that_installs_two_lscs_in_turn";
        child.args(["--exact", name, "--nocapture"]).env(CHILD, phone.folder());
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut ready = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.ends_with("ready\n") {
            line.clear();
            assert_ne!(std::io::BufRead::read_line(&mut ready, &mut line).unwrap(), 0);
        }
        // Spread over the some milliseconds that an install takes.
        thread::sleep(Duration::from_micros(137 * (round * 29 % 97)));
        child.kill().unwrap();
        child.wait().unwrap();
        let (store, warnings) = Store::open(phone.state()).unwrap();
        leftovers += warnings.len();
        let Loaded::Current(entry) = store.load(Slot::Lsc) else { panic!("round {round}") };
        let found = CertificateWithKey::from_entry(&entry).unwrap();
        let place = pairs.iter().position(|pair| pair.certificate.der == *found.chain()[0]);
        let place = place.expect("one of the two");
        assert_eq!(found.key().secret_der(), pairs[place].key.pkcs8(), "with its own key");
        seen[place] += 1;
    }
    println!("{KILLS} kills: {seen:?}, {leftovers} leftovers");
    assert!(seen.iter().all(|count| *count > 0) && leftovers > 0, "{seen:?} {leftovers}");
}

const KILLS: u64 = 100;
