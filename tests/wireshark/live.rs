//! A phone and its call manager, and what is seen on the wire between them.

use secd_lab::capf::{self, Device, KeyKind, Operation};
use secd_lab::cluster::{Cluster, Files, Service, Setup};
use secd_lab::config::Member;
use secd_lab::keylog;
use secd_lab::tftp;
use secd_lab::tls::Version;
use secd_lab::tvs::entries;

use crate::capture::{Capture, IP};
use crate::hex;
use crate::support::PATIENCE;
use crate::support::agent::{Agent, secd};
use crate::support::office::Office;
use crate::support::phone::{DEVICE, Phone};
use crate::tap::Tap;
use crate::tshark::Read;

/// A boot, a question about a server and one about a signer, on a wire that is tapped.
fn office(version: Version) -> (Capture, Office, Vec<Tap>) {
    keylog::keep();
    let capture = Capture::default();
    let mut office = Office::open();
    office.tvs.set_version(version);
    let tvs = Tap::tcp(&capture, office.tvs.address(), 2445);
    office.cluster.nodes[0].tvs_port = tvs.address.port();
    office.tftp.serve(office.cluster.publish());
    let files = Tap::tftp(&capture, office.tftp.address());
    let phone = Phone::with(&[&files.address.to_string()], "timeout_s = 5\n", "");
    let mut agent = Agent::start(&phone);
    agent.pass();
    let certificate = phone.folder().join("directory.pem");
    crate::support::write(&certificate, office.certificate().as_bytes());
    let mut judge = secd();
    judge.arg("check-cert").arg(certificate).arg("--socket").arg(phone.socket());
    let output = judge.output().unwrap();
    assert!(output.stdout.starts_with(b"trusted\ttvs\n"), "{output:?}");
    office.cluster.regenerate(0, Service::CallManager);
    office.tvs.store(entries(&office.cluster.store()));
    office.tftp.serve(office.cluster.publish());
    agent.pass_again();
    agent.end();
    (capture, office, vec![tvs, files])
}

#[track_caller]
fn shows_the_questions(version: Version) {
    let (capture, office, taps) = office(version);
    drop(taps);
    let read = Read::new(&capture, IP, &keylog::kept());
    let asked = read.single("tvs.device", &["tvs.command", "tvs.session", "tvs.device"]);
    let answered = read.single("tvs.status", &["tvs.command", "tvs.session", "tvs.status"]);
    let questions = office.tvs.questions();
    assert!(questions.len() >= 2, "{questions:?}");
    assert_eq!(asked.len(), questions.len());
    assert_eq!(answered.len(), questions.len());
    for ((asked, answered), question) in asked.iter().zip(&answered).zip(&questions) {
        assert_eq!(asked[1..], [question.session.to_string(), question.device.clone()]);
        assert_eq!(answered[1..], [question.session.to_string(), "0".to_owned()]);
    }
    // The first was about a certificate at hand, the last about a signer's names.
    assert_eq!((asked[0][0].as_str(), asked.last().unwrap()[0].as_str()), ("1", "3"));
    let certificates = read.single("tvs.command == 1", &["tvs.certificate"]);
    assert_eq!(certificates, [[hex(&office.tomcat.certificate.der)]]);
    let signers = read.single("tvs.command == 4", &["tvs.certificate"]);
    let signer = &office.cluster.nodes[0].callmanager.certificate;
    assert!(signers.contains(&vec![hex(&signer.der)]));
    assert_eq!(read.single("tvs.malformed || tvs.unknown_tag", &["frame.number"]), [[""; 0]; 0]);
}

#[test]
fn a_boot_shows_its_files_and_its_configuration() {
    let (capture, office, taps) = office(Version::Any);
    drop(taps);
    let read = Read::new(&capture, IP, "");
    let files = read.single("sbd", &["sbd.filename", "sbd.records", "sbd.signer.serial"]);
    let records = office.cluster.itl_records(0).len().to_string();
    let names: Vec<_> = files.iter().map(|file| file[0].as_str()).collect();
    let configuration = format!("{DEVICE}.cnf.xml.sgn");
    assert!(names.starts_with(&["ITLFile.tlv", &configuration]), "{files:?}");
    assert_eq!(files[0][1], records, "{files:?}");
    // The two lists are signed by two keys, and so are the two configurations.
    let lists: Vec<_> = files.iter().filter(|file| file[0] == "ITLFile.tlv").collect();
    assert!(lists.len() == 2 && lists[0][2] != lists[1][2], "{files:?}");
    let payload = read.single("sbd.payload", &["xml.tag"]);
    assert!(payload.iter().all(|tags| tags[0].contains("<device")), "{payload:?}");
    // Without the secrets it is TLS on the port of TVS, and nothing else.
    assert_eq!(read.single("tvs", &["frame.number"]), [[""; 0]; 0]);
    assert!(!read.single("tls && tcp.port == 2445", &["frame.number"]).is_empty());
}

#[test]
fn questions_over_tls_1_3_are_shown_to_whoever_has_the_secrets() {
    shows_the_questions(Version::Tls13);
}

#[test]
fn questions_over_tls_1_2_are_shown_to_whoever_has_the_secrets() {
    shows_the_questions(Version::Tls12);
}

#[test]
fn an_enrolment_is_shown_to_whoever_has_the_secrets() {
    keylog::keep();
    let capture = Capture::default();
    let cluster = Cluster::new(Setup::default());
    let mut server = capf::Server::start(&cluster);
    let tap = Tap::tcp(&capture, server.address(), 3804);
    let (address, port) = (tap.address.ip().to_string(), tap.address.port());
    server.announce(Member { address, port });
    server.enrol(Device::new(DEVICE).with(Operation::Install(KeyKind::Rsa(2048))));
    let tftp = tftp::Server::start(Files::new());
    server.publish(&cluster, &tftp);
    let phone =
        Phone::with(&[&tftp.address().to_string()], "timeout_s = 5\n", "[capf]\nretry_s = 1\n");
    let agent = Agent::start(&phone);
    let done = agent.log.find(0, PATIENCE, |line| line.text.starts_with("capf: done, "));
    assert!(done.is_some());
    agent.end();
    server.settle();
    drop(tap);
    let read = Read::new(&capture, IP, &keylog::kept());
    let commands: Vec<_> = read.single("capf", &["capf.command"]).concat();
    assert_eq!(commands, ["1", "2", "3", "17", "4", "9", "10", "15"]);
    let device = read.single("capf.device", &["capf.device"]);
    assert_eq!(device, [[DEVICE]]);
    let issued = read.single("capf.command == 9", &["capf.certificate"]);
    assert_eq!(issued, [[hex(&server.device(DEVICE).unwrap().lsc.unwrap())]]);
    assert_eq!(read.single("capf.malformed", &["frame.number"]), [[""; 0]; 0]);
}
