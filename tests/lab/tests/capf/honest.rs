//! What phones get that do as they should.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use secd_lab::capf::{
    Device, Follower, KeyKind, Method, Operation, Outcome, Provisioning, Refusal, Server, Session,
};
use secd_lab::certificate::{Identity, Profile};
use secd_lab::cluster::{Cluster, Setup};
use secd_lab::digest::Digest;
use secd_lab::keys::{KeyPair, Kind};
use secd_lab::names::Name;
use secd_lab::tftp::FurtherFiles;

use crate::phone::{NAME, Phone, element, hello, message, proof, sudi, wrapped};
use crate::support::{header, header_length, openssl, value, write_pem};

pub(crate) fn end(session: u32, reason: u8) -> Vec<u8> {
    message(15, session, &[element(1, &[reason])])
}

/// Makes no key, has it certified, and returns the certificate.
pub(crate) fn enrol(server: &Server, elements: &[Vec<u8>], key: &KeyPair) -> Vec<u8> {
    let mut phone = Phone::greeted(server.address());
    phone.say(2, elements);
    assert_eq!(phone.receive()[1], 3);
    phone.say(17, &[]);
    phone.say(4, &[element(9, &key.spki())]);
    let store = phone.receive();
    assert_eq!((store[1], &store[8..12]), (9, &[3, 0, 1, 1][..]));
    phone.say(10, &[element(1, &[1])]);
    assert_eq!(phone.receive(), end(phone.session, 1));
    assert_eq!(phone.rest(), (Vec::new(), true));
    store[20..].to_vec()
}

/// A session that the server ends after the phone's first answer.
pub(crate) fn turned_away(server: &Server, elements: &[Vec<u8>], reason: u8) -> Outcome {
    let mut phone = Phone::greeted(server.address());
    phone.say(2, elements);
    assert_eq!(phone.receive(), end(phone.session, reason));
    assert_eq!(phone.rest(), (Vec::new(), true));
    last(server).outcome
}

pub(crate) fn last(server: &Server) -> Session {
    server.settle();
    server.sessions().pop().unwrap()
}

fn made(folder: &std::path::Path, arguments: &[&str]) -> KeyPair {
    let pem = openssl(folder, &[&["genpkey"], arguments].concat());
    KeyPair::from_pem(&String::from_utf8(pem).unwrap()).unwrap()
}

#[derive(Debug, Default)]
struct Changes(AtomicUsize);

impl Follower for Changes {
    fn device_changed(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_change_is_followed_before_the_phone_knows_of_it() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(&cluster);
    server.enrol(Device::new(NAME));
    let changes = Arc::new(Changes::default());
    server.set_follower(changes.clone());
    server.schedule(NAME, Operation::Install(KeyKind::P256));
    assert_eq!(changes.0.load(Ordering::SeqCst), 1);
    // Returns as soon as the phone has the end of the session.
    enrol(&server, &hello(""), &cluster.setup.pool.take(Kind::P256));
    assert_eq!(changes.0.load(Ordering::SeqCst), 2);
}

#[test]
fn certificates_of_every_kind_of_key_are_as_the_public_server_makes_them() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(&cluster);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_pem(folder, "capf", &cluster.nodes[0].capf.certificate.der);
    let pool = &cluster.setup.pool;
    let rsa_3072 = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"];
    let p521 = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"];
    for (kind, key) in [
        (KeyKind::Rsa(1024), pool.take(Kind::Rsa1024)),
        (KeyKind::Rsa(2048), pool.take(Kind::Rsa2048)),
        (KeyKind::Rsa(3072), made(folder, &rsa_3072)),
        (KeyKind::Rsa(4096), pool.take(Kind::Rsa4096)),
        (KeyKind::P256, pool.take(Kind::P256)),
        (KeyKind::P384, pool.take(Kind::P384)),
        (KeyKind::P521, made(folder, &p521)),
    ] {
        server.enrol(Device::new(NAME).with(Operation::Install(kind)));
        let der = enrol(&server, &hello(""), &key);
        assert_eq!(server.device(NAME).unwrap().lsc, Some(der.clone()));
        write_pem(folder, "lsc", &der);
        // Not strictly: as from the public server, there are no key identifiers.
        let verify = ["verify", "-auth_level", "0", "-purpose", "sslserver"];
        openssl(folder, &[&verify[..], &["-CAfile", "capf.pem", "lsc.pem"]].concat());
        let text = openssl(folder, &["x509", "-in", "lsc.pem", "-noout", "-text"]);
        let text = String::from_utf8(text).unwrap();
        for part in [
            "Subject: CN = SEP001122334455, C = US, O = Lab, OU = Voice",
            "Signature Algorithm: sha256WithRSAEncryption",
            "critical\n                CA:FALSE",
            "critical\n                Digital Signature, Key Encipherment",
            "Server Authentication, TLS Web Client Authentication, IPSec End System",
            "URI:SEP001122334455",
        ] {
            assert!(text.contains(part), "{kind:?}: {part} in\n{text}");
        }
        let year = ["x509", "-in", "lsc.pem", "-noout", "-checkend", "31500000"];
        openssl(folder, &year);
    }
}

#[test]
fn a_phone_without_a_key_gets_its_encrypted_configuration_by_enrolling() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(&cluster);
    let install = Operation::Install(KeyKind::Rsa(2048));
    server.enrol(Device::new(NAME).with(install).encrypted());
    let files = server.configurations(&cluster);
    assert!(short(&files).contains("<capfAuthMode>2</capfAuthMode>"));
    assert!(short(&files).contains("<certHash></certHash>"));
    let port = format!("<phonePort>{}</phonePort>", server.address().port());
    assert!(short(&files).contains(&port));
    assert!(short(&files).contains("<processNodeName>127.0.0.1</processNodeName>"));
    assert_eq!(files.file(ENCRYPTED), None);
    assert_eq!(files.file("SEP001122334455.cnf.xml"), None);

    let key = cluster.setup.pool.take(Kind::Rsa2048);
    let der = enrol(&server, &hello(""), &key);
    assert!(short(&files).contains("<capfAuthMode>0</capfAuthMode>"));
    assert!(short(&files).contains(&format!("<certHash>{}</certHash>", md5(&der))));
    assert!(opened(&files, &key).unwrap().contains("<encrConfig>true</encrConfig>"));
}

#[test]
fn the_encrypted_configuration_stays_as_it_was_for_some_requests() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(&cluster);
    let install = Operation::Install(KeyKind::Rsa(2048));
    let device = Device::new(NAME).with(install).encrypted().rebuilt_after(2);
    server.enrol(device.mic(&cluster.device.certificate.der));
    let files = server.configurations(&cluster);
    assert!(opened(&files, &cluster.device.key).is_some());
    let key = cluster.setup.pool.take(Kind::Rsa2048);
    enrol(&server, &hello(""), &key);
    assert!(opened(&files, &cluster.device.key).is_some());
    assert!(opened(&files, &cluster.device.key).is_some());
    assert!(opened(&files, &cluster.device.key).is_none());
    assert!(opened(&files, &key).is_some());

    server.schedule(NAME, Operation::Install(KeyKind::P256));
    let ec = cluster.setup.pool.take(Kind::P256);
    let der = enrol(&server, &hello(""), &ec);
    assert!(short(&files).contains(&md5(&der)));
    assert!(opened(&files, &key).is_some() && opened(&files, &key).is_some());
    assert!(opened(&files, &cluster.device.key).is_some(), "of the MIC: EC opens nothing");
}

#[test]
fn a_certificate_is_fetched_deleted_and_then_not_there() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(&cluster);
    let der = cluster.device.certificate.der.clone();
    let there = vec![element(1, &[1]), element(4, &wrapped(&der))];
    let answers = [
        (Operation::Fetch, 11, there, 0, Outcome::Fetched(Some(der.clone()))),
        (Operation::Fetch, 11, vec![element(1, &[7])], 0, Outcome::Fetched(None)),
        (Operation::Delete, 13, vec![element(1, &[1])], 1, Outcome::Deleted(true)),
        (Operation::Delete, 13, vec![element(1, &[7])], 1, Outcome::Deleted(false)),
    ];
    for (operation, command, answer, reason, outcome) in answers {
        server.enrol(Device::new(NAME).with(operation).lsc(&der));
        let mut phone = Phone::greeted(server.address());
        phone.say(2, &hello(""));
        assert_eq!(phone.receive(), message(command, phone.session, &[]));
        phone.say(command + 1, &answer);
        assert_eq!(phone.receive(), end(phone.session, reason));
        assert_eq!(last(&server).outcome, outcome);
        let device = server.device(NAME).unwrap();
        assert_eq!((device.operation, device.completed), (Operation::Nothing, 1));
        assert_eq!(device.lsc.is_some(), operation == Operation::Fetch);
        assert_eq!(turned_away(&server, &hello(""), 0), Outcome::Nothing);
    }
}

#[test]
fn a_password_is_good_once() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(&cluster);
    let method = Method::Password("12345".to_owned());
    server.enrol(Device::new(NAME).by(method.clone()).with(Operation::Install(KeyKind::P256)));
    let files = server.configurations(&cluster);
    let signed = "SEP001122334455.cnf.xml.sgn";
    let text = || String::from_utf8_lossy(&files.file(signed).unwrap()).into_owned();
    assert!(text().contains("<capfAuthMode>1</capfAuthMode>"));
    for wrong in ["", "1234", "123456"] {
        let outcome = turned_away(&server, &hello(wrong), 7);
        assert_eq!(outcome, Outcome::Refused(Refusal::WrongString));
    }
    let pool = &cluster.setup.pool;
    enrol(&server, &hello("12345"), &pool.take(Kind::P256));
    assert!(text().contains("<capfAuthMode>0</capfAuthMode>"));
    let refused = turned_away(&server, &hello("12345"), 7);
    assert_eq!(refused, Outcome::Refused(Refusal::AlreadyIssued));
    server.schedule(NAME, Operation::Install(KeyKind::P256));
    let refused = turned_away(&server, &hello("12345"), 7);
    assert_eq!(refused, Outcome::Refused(Refusal::SpentString));
    server.set_method(NAME, method);
    enrol(&server, &hello("12345"), &pool.take(Kind::P256));
}

#[test]
fn certificates_prove_who_a_phone_is() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(&cluster);
    let pool = &cluster.setup.pool;
    let mic = &cluster.device;
    let ec = Profile::new(Name::common(NAME), pool.serial()).self_signed(pool.take(Kind::P384));
    let rsa = Profile::new(Name::common(NAME), pool.serial()).self_signed(pool.take(Kind::Rsa1024));
    let install = Operation::Install(KeyKind::Rsa(2048));
    let with = |lsc: Option<&Identity>, mic: Option<&Identity>, method| {
        let mut device = Device::new(NAME).by(method).with(install);
        device.lsc = lsc.map(|one| one.certificate.der.clone());
        device.mic = mic.map(|one| one.certificate.der.clone());
        server.enrol(device);
    };
    let proven = |by: &Identity, sudi_by: Option<&Identity>| {
        let session = u32::try_from(server.connections() + 1).unwrap();
        let sudi = sudi_by.map(|one| sudi(&one.key, session, &one.certificate.der));
        let proof = proof(&by.key, NAME, &by.certificate.der);
        [hello(""), proof, sudi.into_iter().collect()].concat()
    };
    for (lsc, own, method, by, sudi) in [
        (None, Some(mic), Method::Lsc, mic, Some(mic)),
        (None, Some(mic), Method::Mic, mic, Some(mic)),
        (Some(&ec), Some(mic), Method::Lsc, &ec, Some(mic)),
        (Some(&ec), None, Method::Lsc, &ec, None),
        (Some(&rsa), None, Method::Lsc, &rsa, Some(&rsa)),
    ] {
        with(lsc, own, method);
        enrol(&server, &proven(by, sudi), &pool.take(Kind::Rsa2048));
    }
    with(Some(&rsa), Some(mic), Method::Lsc);
    let refused = turned_away(&server, &proven(&ec, Some(mic)), 7);
    assert!(matches!(refused, Outcome::Refused(Refusal::Unproven(_))), "{refused:?}");
    let stale = proven(&rsa, Some(mic));
    drop(Phone::greeted(server.address()));
    let refused = turned_away(&server, &stale, 7);
    assert!(matches!(refused, Outcome::Refused(Refusal::Unproven(_))), "{refused:?}");
    let refused = turned_away(&server, &hello(""), 7);
    assert!(matches!(refused, Outcome::Refused(Refusal::Unproven(_))), "{refused:?}");
    with(None, None, Method::Mic);
    let refused = turned_away(&server, &proven(mic, Some(mic)), 7);
    assert_eq!(refused, Outcome::Refused(Refusal::NothingToProve));
}

const ENCRYPTED: &str = "SEP001122334455.cnf.xml.enc.sgn";

/// The text behind the header of the signed configuration.
fn short(files: &Provisioning) -> String {
    let file = files.file("SEP001122334455.cnf.xml.sgn").unwrap();
    String::from_utf8(file[header_length(&file)..].to_vec()).unwrap()
}

/// The encrypted configuration, if the key opens it.
fn opened(files: &Provisioning, key: &KeyPair) -> Option<String> {
    let file = files.file(ENCRYPTED)?;
    let header = header(&file);
    let unwrapped = key.rsa()?.decrypt(rsa::Pkcs1v15Encrypt, value(&header, 25)).ok()?;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("body"), &file[header_length(&file)..]).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (key, iv) = (hex(&unwrapped), hex(value(&header, 19)));
    let arguments = ["enc", "-d", "-aes-128-cbc", "-nopad", "-K", &key, "-iv", &iv, "-in", "body"];
    let plain = openssl(folder.path(), &arguments);
    let padding = usize::from(value(&header, 20)[1]);
    let plain = &plain[..plain.len() - padding];
    assert_eq!(value(&header, 27), Digest::Sha1.of(plain));
    Some(String::from_utf8(plain.to_vec()).unwrap())
}

fn md5(bytes: &[u8]) -> String {
    use md5::Digest as _;
    format!("{:x}", md5::Md5::digest(bytes))
}
