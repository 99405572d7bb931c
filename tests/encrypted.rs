//! Encrypted configurations, from the short one that announces them to the payload in the ram
//! folder; against the lab, and against files that openssl made alone.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use secd_lab::certificate::{Identity, Profile};
use secd_lab::cluster::{Cluster, Files, Setup};
use secd_lab::digest::Digest;
use secd_lab::encrypt::Cipher;
use secd_lab::envelope;
use secd_lab::keys::Kind;
use secd_lab::tftp::Server;
use secd_lab::tlv;
use support::agent::Agent;
use support::log::{Line, messages, shown};
use support::phone::{DEVICE, Phone};

const PLAIN: &str = "SEP001122334455.cnf.xml";
const SIGNED: &str = "SEP001122334455.cnf.xml.sgn";
const ENCRYPTED: &str = "SEP001122334455.cnf.xml.enc.sgn";

/// Gives a phone a certificate and a key of its own.
fn give_key(phone: &Phone, certificate: &[u8], key: &str) {
    let [pem, der] = ["device.key", "device.der"].map(|name| phone.folder().join(name));
    support::write(&pem, key.as_bytes());
    support::write(&der, certificate);
    let text = fs::read_to_string(phone.configuration()).unwrap();
    let lines = format!("certificate = {der:?}\nkey = {pem:?}\n\n[tftp]");
    support::write(&phone.configuration(), text.replace("\n[tftp]", &lines).as_bytes());
}

fn give(phone: &Phone, identity: &Identity) {
    give_key(phone, &identity.certificate.der, &identity.key.pem());
}

/// The files that were asked for, without the lists.
fn asked(server: &Server) -> Vec<String> {
    let names = server.names().into_iter().filter(|name| !name.ends_with(".tlv")).collect();
    server.forget_requests();
    names
}

/// The one line that tells why the configuration was not taken.
#[track_caller]
fn refusal(lines: &[Line]) -> &str {
    let prefix = "EROR:verifyFile: sgn verify file failed <";
    let told: Vec<_> = lines.iter().filter(|line| line.text.starts_with(prefix)).collect();
    let [line] = told[..] else { panic!("one line:\n{}", shown(lines)) };
    line.text.split_once(">: ").map_or(line.text.as_str(), |(_, reason)| reason)
}

fn payload(cluster: &Cluster) -> Vec<u8> {
    cluster.config().xml().into_bytes()
}

#[test]
fn the_short_configuration_leads_to_the_encrypted_one_and_the_next_boot_asks_for_it_first() {
    for cipher in [Cipher::Aes128, Cipher::Aes192, Cipher::Aes256] {
        let mut cluster = Cluster::new(Setup::default());
        let server = Server::start(cluster.encrypted_files(cipher));
        let phone = Phone::new(&[&server.address().to_string()]);
        give(&phone, &cluster.device);
        let mut agent = Agent::start(&phone);
        agent.pass();
        assert_eq!(asked(&server), [SIGNED, ENCRYPTED]);
        assert_eq!(phone.found(), Some(payload(&cluster)));
        let mode = fs::metadata(phone.ram().join(PLAIN)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "it may hold secrets");
        assert!(agent.end().success());

        let mut agent = Agent::start(&phone);
        agent.pass();
        assert_eq!(asked(&server), [ENCRYPTED], "after a restart");
        cluster.config_extra = "<changed/>".to_owned();
        server.serve(cluster.encrypted_files(cipher));
        agent.pass_again();
        assert_eq!(asked(&server), [ENCRYPTED]);
        assert_eq!(phone.found(), Some(payload(&cluster)));

        // A plain one of the same time may be one of long ago; encryption ends with a newer one.
        let before = phone.found();
        cluster.config_extra = "<plain/>".to_owned();
        server.serve(cluster.files());
        let lines = agent.pass_again();
        assert_eq!(asked(&server), [ENCRYPTED, SIGNED], "{}", shown(&lines));
        assert!(
            shown(&lines)
                .contains("and only a newer one may end encryption (refused by older_file)"),
            "{}",
            shown(&lines)
        );
        assert_eq!(phone.found(), before);
        cluster.set_timestamp(cluster.timestamp() + 1);
        server.serve(cluster.files());
        let lines = agent.pass_again();
        assert_eq!(asked(&server), [ENCRYPTED, SIGNED], "{}", shown(&lines));
        assert!(shown(&lines).contains("WRN | verifyFile: "), "{}", shown(&lines));
        assert_eq!(phone.found(), Some(payload(&cluster)));
        agent.pass_again();
        assert_eq!(asked(&server), [SIGNED], "encryption is off");
    }
}

/// Serves a good configuration, then `files`; gives the lines of the second pass.
#[track_caller]
fn fail(cluster: &Cluster, files: Files, prepare: impl FnOnce(&Phone)) -> Vec<Line> {
    let server = Server::start(cluster.files());
    let phone = Phone::new(&[&server.address().to_string()]);
    prepare(&phone);
    let mut agent = Agent::start(&phone);
    agent.pass();
    let good = phone.found();
    assert!(good.is_some(), "a good configuration to begin with");
    server.serve(files);
    let lines = agent.pass_again();
    let expected = ["File Not Found <CTLFile.tlv>", "Verification Failed"];
    assert_eq!(messages(&lines), expected, "{}", shown(&lines));
    assert_eq!(phone.found(), good, "the last good one is kept");
    agent.kill();
    let mut agent = Agent::start(&phone);
    agent.pass();
    assert_eq!(phone.found(), good, "also over a restart");
    lines
}

/// The cluster's encrypted files, the encrypted one changed and signed again.
fn changed(cluster: &Cluster, change: impl FnOnce(&mut Vec<u8>)) -> Files {
    let mut files = cluster.encrypted_files(Cipher::Aes128);
    let file = files.get_mut(ENCRYPTED).unwrap();
    change(file);
    envelope::resign(file, &cluster.nodes[0].callmanager, Digest::Sha1);
    files
}

/// Where this element's value begins.
fn value(file: &[u8], element: &[u8]) -> usize {
    let at = file.windows(element.len()).position(|window| window == element);
    at.expect("the element is there") + 3
}

fn set_padding(cluster: &Cluster, padding: u16) -> Files {
    let length = payload(cluster).len();
    let true_one = u16::try_from(16 - length % 16).unwrap();
    changed(cluster, |file| {
        let at = value(file, &tlv::number(20, true_one));
        file[at..at + 2].copy_from_slice(&padding.to_be_bytes());
    })
}

#[test]
fn whatever_cannot_be_decrypted_is_refused_in_the_same_words() {
    let cluster = Cluster::new(Setup::default());
    let stranger = cluster.setup.identity("another phone");
    // Announced for this phone's certificate, and made for another key.
    let mut for_another = cluster.clone();
    for_another.device = stranger;
    let mut foreign = cluster.encrypted_files(Cipher::Aes128);
    let theirs = for_another.encrypted_files(Cipher::Aes128);
    foreign.insert(ENCRYPTED.to_owned(), theirs[ENCRYPTED].clone());
    let digest = Digest::Sha1.of(&payload(&cluster));
    let cases = [
        ("key", foreign),
        ("truncated within a block", changed(&cluster, |file| file.truncate(file.len() - 5))),
        ("truncated by a block", changed(&cluster, |file| file.truncate(file.len() - 16))),
        ("padding 0", set_padding(&cluster, 0)),
        ("padding 17", set_padding(&cluster, 17)),
        ("padding 65535", set_padding(&cluster, u16::MAX)),
        (
            "digest",
            changed(&cluster, |file| {
                let at = value(file, &tlv::element(27, &digest));
                file[at] ^= 1;
            }),
        ),
        ("ciphertext", changed(&cluster, |file| *file.last_mut().unwrap() ^= 1)),
    ];
    for (what, files) in cases {
        let lines = fail(&cluster, files, |phone| give(phone, &cluster.device));
        assert_eq!(refusal(&lines), "could not be decrypted with this phone's key", "{what}");
    }
}

#[test]
fn nothing_is_decrypted_before_the_signature_holds() {
    let cluster = Cluster::new(Setup::default());
    let mut files = cluster.encrypted_files(Cipher::Aes128);
    *files.get_mut(ENCRYPTED).unwrap().last_mut().unwrap() ^= 1;
    let lines = fail(&cluster, files, |phone| give(phone, &cluster.device));
    assert_eq!(refusal(&lines), "the signature does not match the file and its signer");
}

#[test]
fn the_certificate_of_another_phone_is_named_and_nothing_more_is_asked_for() {
    let cluster = Cluster::new(Setup::default());
    let mut for_another = cluster.clone();
    for_another.device = cluster.setup.identity("another phone");
    let files = for_another.encrypted_files(Cipher::Aes128);
    let lines = fail(&cluster, files, |phone| give(phone, &cluster.device));
    let told: Vec<_> = lines.iter().filter(|line| line.text.starts_with("EROR:certHash")).collect();
    assert_eq!(told.len(), 1, "{}", shown(&lines));
    assert!(told[0].text.contains("; this phone has <"));
    assert!(!lines.iter().any(|line| line.text.contains("enc.sgn")), "{}", shown(&lines));
}

#[test]
fn a_phone_without_a_certificate_says_so() {
    let cluster = Cluster::new(Setup::default());
    let lines = fail(&cluster, cluster.encrypted_files(Cipher::Aes128), |_| {});
    let told = lines.iter().filter(|line| line.text.starts_with("EROR:certHash"));
    let told: Vec<_> = told.filter(|line| line.text.ends_with("; this phone has none")).collect();
    assert_eq!(told.len(), 1, "{}", shown(&lines));
}

#[test]
fn a_key_that_cannot_unwrap_is_said_at_the_start_and_opens_nothing() {
    let cluster = Cluster::new(Setup::default());
    let subject = cluster.device.certificate.subject.clone();
    let profile = Profile::new(subject, cluster.setup.pool.serial());
    let curve = profile.self_signed(cluster.setup.pool.take(Kind::P256));
    // Announced for the curve certificate; no one can encrypt for that.
    let mut files = cluster.encrypted_files(Cipher::Aes128);
    let announcement = cluster.config().announcement(&curve.certificate);
    files.insert(SIGNED.to_owned(), cluster.signed(SIGNED, announcement.as_bytes()));
    let lines = fail(&cluster, files, |phone| give(phone, &curve));
    assert_eq!(refusal(&lines), "encrypted, and this phone has no RSA key to decrypt it with");
}

#[test]
fn an_unsigned_announcement_is_no_announcement() {
    let cluster = Cluster::new(Setup::default());
    let short = cluster.config().announcement(&cluster.device.certificate);
    let files = Files::from([(PLAIN.to_owned(), short.clone().into_bytes())]);
    let server = Server::start(files);
    let phone = Phone::new(&[&server.address().to_string()]);
    give(&phone, &cluster.device);
    Agent::start(&phone).pass();
    assert_eq!(asked(&server), [PLAIN]);
    assert_eq!(phone.found(), Some(short.into_bytes()));
}

#[test]
fn files_that_openssl_made_alone_are_opened() {
    let cluster = Cluster::new(Setup::default());
    let made = tempfile::tempdir().unwrap();
    let path = |name: &str| made.path().join(name);
    let signer = &cluster.nodes[0].callmanager;
    support::write(&path("signer.key"), signer.key.pem().as_bytes());
    support::write(&path("signer.der"), &signer.certificate.der);
    let converted = Command::new("openssl")
        .args(["x509", "-inform", "DER", "-in"])
        .arg(path("signer.der"))
        .arg("-out")
        .arg(path("signer.pem"))
        .status();
    assert!(converted.unwrap().success());
    for length in [15, 16, 5_000] {
        let plain = format!("<device>{}</device>", "x".repeat(length));
        support::write(&path("plain"), plain.as_bytes());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/encrypted/openssl.sh");
        let mut shell = Command::new("sh");
        shell.arg(script).arg(path("signer.key")).arg(path("signer.pem")).arg(DEVICE);
        let output = shell.arg(path("plain")).arg(made.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

        let mut files = cluster.files();
        for name in [SIGNED, ENCRYPTED] {
            files.insert(name.to_owned(), fs::read(path(name)).unwrap());
        }
        let server = Server::start(files);
        let phone = Phone::new(&[&server.address().to_string()]);
        let key = fs::read_to_string(path("device.key")).unwrap();
        give_key(&phone, &fs::read(path("device.pem")).unwrap(), &key);
        let lines = Agent::start(&phone).pass();
        assert_eq!(phone.found(), Some(plain.into_bytes()), "{}", shown(&lines));
        assert_eq!(asked(&server), [SIGNED, ENCRYPTED]);
    }
}
