//! Enrolment: a phone that has CAPF issue its certificate, against the lab's server.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::Signal;
use secd_lab::capf::{
    Command, Device, Dialect, KeyKind, Method, Odd, Operation, Outcome, Refusal, Server,
};
use secd_lab::cluster::{Cluster, Files, Setup};
use secd_lab::list::Role;
use secd_lab::tftp;
use secd_lab::tls::{Presented, Version};
use serde_json::{Value, json};
use support::agent::{Agent, secd};
use support::log::{Line, messages, shown};
use support::phone::{DEVICE, Phone};
use support::socket::call;

/// One second between attempts, which is the least.
const SECTIONS: &str = "[capf]\nretry_s = 1\n";

/// A call manager with CAPF, and a phone.
struct Desk {
    cluster: Cluster,
    capf: Server,
    tftp: tftp::Server,
    phone: Phone,
}

impl Desk {
    /// With keys on curves announced by the ITL.
    fn open(device: Device) -> Self {
        Self::with(Setup { signer_version: Some([1, 1]), ..Setup::default() }, device)
    }

    fn with(setup: Setup, device: Device) -> Self {
        let cluster = Cluster::new(setup);
        let capf = Server::start(&cluster);
        capf.enrol(device);
        let tftp = tftp::Server::start(Files::new());
        capf.publish(&cluster, &tftp);
        let server = tftp.address().to_string();
        let phone = Phone::with(&[&server], "timeout_s = 1\nretries = 1\n", SECTIONS);
        Self { cluster, capf, tftp, phone }
    }

    /// Gives the phone the certificate that came with it.
    fn give_mic(&self) {
        let [pem, der] = ["device.key", "device.der"].map(|name| self.phone.folder().join(name));
        support::write(&pem, self.cluster.device.key.pem().as_bytes());
        support::write(&der, &self.cluster.device.certificate.der);
        let text = fs::read_to_string(self.phone.configuration()).unwrap();
        let lines = format!("certificate = {der:?}\nkey = {pem:?}\n\n[tftp]");
        let text = text.replacen("\n[tftp]", &lines, 1);
        support::write(&self.phone.configuration(), text.as_bytes());
    }

    fn schedule(&self, operation: Operation) {
        self.capf.schedule(DEVICE, operation);
        self.capf.publish(&self.cluster, &self.tftp);
    }

    /// How the sessions so far have ended.
    fn outcomes(&self) -> Vec<Outcome> {
        self.capf.settle();
        self.capf.sessions().into_iter().map(|session| session.outcome).collect()
    }

    fn lsc(&self) -> Option<Vec<u8>> {
        self.capf.device(DEVICE).unwrap().lsc
    }

    /// Enrols by order.
    fn enrol(&self, string: Option<&str>) -> Result<Value, (String, Value)> {
        call(&self.phone.socket(), "Enrol", json!({ "string": string }))
    }
}

fn device() -> Device {
    Device::new(DEVICE)
}

fn installing(kind: KeyKind) -> Device {
    device().with(Operation::Install(kind))
}

fn has(lines: &[Line], text: &str) -> bool {
    lines.iter().any(|line| line.text.contains(text))
}

/// The lines of a pass and of what it has led to, up to the end of the enrolment.
#[track_caller]
fn enrolment(agent: &mut Agent) -> Vec<Line> {
    ended(agent, support::PATIENCE)
}

#[track_caller]
fn ended(agent: &mut Agent, patience: Duration) -> Vec<Line> {
    let mut lines = agent.pass();
    let start = agent.seen();
    let is_end = |line: &Line| {
        ["capf: done, ", "capf: a certificate is pending", "EROR:lsc: enrolment failed"]
            .iter()
            .any(|end| line.text.starts_with(end))
    };
    let end = agent.log.find(start, patience, is_end).unwrap_or_else(|| {
        lines.extend(agent.log.from(start));
        panic!("no enrolment ends:\n{}", shown(&lines));
    });
    // The status message of a failure comes behind it.
    let failed = |line: &Line| line.text == "status message: LSC Failed";
    let is_failure = agent.log.from(end)[0].text.starts_with("EROR");
    let end = if is_failure { agent.log.find(end, patience, failed).unwrap() } else { end };
    lines.extend(agent.log.from(start).into_iter().take(end + 1 - start));
    lines
}

/// The detail of a refusal.
#[track_caller]
fn refusal(outcome: Result<Value, (String, Value)>) -> String {
    let (error, facts) = outcome.unwrap_err();
    assert_eq!(error, "phone.secd.NotEnrolled", "{facts}");
    facts["detail"].as_str().unwrap().to_owned()
}

#[test]
fn a_phone_without_a_certificate_enrols_and_opens_its_encrypted_configuration() {
    let desk = Desk::open(installing(KeyKind::Rsa(2048)).encrypted());
    let mut agent = Agent::start(&desk.phone);
    let lines = enrolment(&mut agent);
    assert!(has(&lines, "for a certificate, public key mismatch"), "{}", shown(&lines));
    assert!(messages(&lines).contains(&"LSC Installed"), "{}", shown(&lines));
    // Another pass follows by itself, and finds the configuration for the new key.
    let lines = agent.pass();
    assert!(has(&lines, "configuration done"), "{}", shown(&lines));
    assert!(desk.phone.found().is_some());
    let [Outcome::Installed(der)] = &desk.outcomes()[..] else { panic!("{:?}", desk.outcomes()) };
    assert_eq!(desk.lsc().as_ref(), Some(der));
    // One TLS record a message, since servers read a header with one receive.
    let sessions = desk.capf.sessions();
    let received = &sessions[0].received;
    let commands: Vec<u8> = received.iter().map(|message| message.command.0).collect();
    assert_eq!(commands, [2, 17, 4, 10]);
    assert!(received.iter().all(|message| message.reads <= 1));
    // Nobody else reads the key.
    let modes = fs::read_dir(desk.phone.state()).unwrap().map(|entry| {
        let entry = entry.unwrap();
        (entry.file_name(), entry.metadata().unwrap().permissions().mode() & 0o077)
    });
    modes.for_each(|(name, others)| assert_eq!(others, 0, "{name:?}"));
    // Once a pass, and nothing is pending any more.
    agent.pass_again();
    assert_eq!(desk.outcomes().len(), 1);
    // It stays over a restart.
    assert!(agent.end().success());
    let mut agent = Agent::start(&desk.phone);
    let lines = agent.pass();
    assert!(has(&lines, "configuration done"), "{}", shown(&lines));
    assert_eq!(desk.outcomes().len(), 1);
}

#[test]
fn every_key_that_can_be_made_is_enrolled_also_by_a_real_call_managers_messages() {
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Rsa(1024), KeyKind::Rsa(2048)] {
        let desk = Desk::open(installing(kind));
        desk.capf.set_dialect(Dialect::CallManager);
        let mut agent = Agent::start(&desk.phone);
        let lines = enrolment(&mut agent);
        assert!(messages(&lines).contains(&"LSC Installed"), "{kind}:\n{}", shown(&lines));
        assert!(matches!(desk.outcomes()[..], [Outcome::Installed(_)]), "{kind}");
        let small = has(&lines, "capf: an RSA key of only 1024 bits");
        assert_eq!(small, kind == KeyKind::Rsa(1024), "{}", shown(&lines));
    }
}

#[test]
fn a_key_that_is_not_made_is_declined_and_says_why() {
    let odd_keys = [
        (Odd::KeySize(512), "RSA 512: an RSA key of 512 bits, at least 1024 are required"),
        (Odd::KeySize(8192), "RSA 8192: this phone makes no such key"),
        (Odd::KeyType(7), "type 7: a key of the unknown type 7"),
        (Odd::Curve(2), "EC P-521: this phone makes no such key"),
        (Odd::Curve(9), "EC curve 9: this phone makes no such key"),
    ];
    for (odd, why) in odd_keys {
        let kind = if matches!(odd, Odd::Curve(_)) { KeyKind::P256 } else { KeyKind::Rsa(2048) };
        let desk = Desk::open(installing(kind));
        desk.capf.set_odd(Some(odd));
        let mut agent = Agent::start(&desk.phone);
        let lines = enrolment(&mut agent);
        assert!(has(&lines, &format!("key of the kind {why}")), "{odd:?}:\n{}", shown(&lines));
        assert!(messages(&lines).contains(&"LSC Failed"), "{odd:?}");
        assert_eq!(desk.outcomes(), [Outcome::NoKey], "{odd:?}");
    }
    // A curve that no ITL announces.
    let desk = Desk::with(Setup::default(), installing(KeyKind::P256));
    let mut agent = Agent::start(&desk.phone);
    let lines = enrolment(&mut agent);
    let why = "keys on elliptic curves need an ITL with signer version 1.1 or higher";
    assert!(has(&lines, why), "{}", shown(&lines));
    assert_eq!(desk.outcomes(), [Outcome::NoKey]);
}

#[test]
fn a_certificate_that_does_not_fit_is_declined_and_nothing_is_replaced() {
    for (odd, why) in [
        (Odd::ForeignKey, "it is for another key than the one that was made"),
        (Odd::BadSignature, "it names CAPF as its issuer, but CAPF's key has not signed it"),
        (Odd::NotACertificate, "not a certificate in DER"),
    ] {
        let desk = Desk::open(installing(KeyKind::P256));
        desk.capf.set_odd(Some(odd));
        let mut agent = Agent::start(&desk.phone);
        let lines = enrolment(&mut agent);
        assert!(has(&lines, why), "{odd:?}:\n{}", shown(&lines));
        assert!(messages(&lines).contains(&"LSC Failed"), "{odd:?}");
        assert_eq!(desk.outcomes(), [Outcome::NotStored], "{odd:?}");
    }
}

#[test]
fn what_is_odd_about_a_certificate_is_a_warning() {
    for (odd, why) in [
        (Odd::OtherName, "which is not the phone's name"),
        (Odd::Expired, "capf: it has expired"),
        (Odd::OtherAuthority, "LSC Installed"),
    ] {
        let desk = Desk::open(installing(KeyKind::P256));
        desk.capf.set_odd(Some(odd));
        let mut agent = Agent::start(&desk.phone);
        let lines = enrolment(&mut agent);
        assert!(has(&lines, why), "{odd:?}:\n{}", shown(&lines));
        assert!(messages(&lines).contains(&"LSC Installed"), "{odd:?}");
    }
}

#[test]
fn a_session_that_breaks_the_protocol_ends_without_a_certificate_and_without_another_try() {
    let (auth, key, store) = (Command::AUTH, Command::KEY, Command::STORE);
    for (odd, why) in [
        (Odd::Garbage(auth), "offset 0, protocol: expected byte 0x55, found 0xa5"),
        (Odd::Claims(auth, u16::MAX), "payload length: expected at most 16384 bytes, found 65535"),
        (Odd::Large(store, 20_000), "payload length: expected at most 16384 bytes, found 20000"),
        (Odd::WrongSession(key), "expected session 1, found session 2"),
        (Odd::Twice(auth), "version: expected tag 7 once, found it twice"),
        (Odd::Overrun(key), "expected at most"),
        (Odd::WrapperLength(1), "certificate: expected length"),
        (Odd::WrapperType(2), "certificate type: expected byte 0x02, found 0x01"),
        (Odd::CertificateType(2), "certificate type: expected byte 0x01, found 0x02"),
        (Odd::Instead(Command(22)), "found sign certificate request"),
        (Odd::Instead(Command(18)), "found status request"),
        (Odd::Instead(Command(99)), "found command 99"),
        (Odd::Instead(Command(20)), "CAPF broke the session off"),
        (Odd::Ends(7), "declined by CAPF"),
        (Odd::Ends(9), "CAPF does not know this phone"),
    ] {
        let desk = Desk::open(installing(KeyKind::P256));
        desk.capf.set_odd(Some(odd));
        let mut agent = Agent::start(&desk.phone);
        let lines = enrolment(&mut agent);
        assert!(has(&lines, why), "{odd:?}:\n{}", shown(&lines));
        assert!(messages(&lines).contains(&"LSC Failed"), "{odd:?}:\n{}", shown(&lines));
        assert_eq!(desk.outcomes().len(), 1, "{odd:?}: {:?}", desk.outcomes());
        assert_eq!(desk.lsc(), None, "{odd:?}");
        // The agent is none the worse for it.
        desk.capf.set_odd(None);
        desk.schedule(Operation::Install(KeyKind::P256));
        assert_eq!(desk.enrol(None).unwrap(), json!({ "result": "installed" }), "{odd:?}");
    }
}

#[test]
fn however_messages_are_cut_or_merged_the_session_goes_on() {
    let (auth, key, store) = (Command::AUTH, Command::KEY, Command::STORE);
    for odd in [
        Odd::Split(auth),
        Odd::Split(store),
        Odd::Pieces(key, 1),
        Odd::Pieces(store, 100),
        Odd::Merged,
        Odd::Unknown(auth),
        Odd::Unknown(store),
    ] {
        let desk = Desk::open(installing(KeyKind::P256));
        desk.capf.set_odd(Some(odd));
        let mut agent = Agent::start(&desk.phone);
        let lines = enrolment(&mut agent);
        assert!(messages(&lines).contains(&"LSC Installed"), "{odd:?}:\n{}", shown(&lines));
        let unknown = has(&lines, "skipped an element with the unknown tag 99");
        assert_eq!(unknown, matches!(odd, Odd::Unknown(_)), "{odd:?}");
    }
}

#[test]
fn communication_is_tried_three_times() {
    // Put off twice, then honest.
    let desk = Desk::open(installing(KeyKind::P256));
    desk.capf.set_odd(Some(Odd::RetryLater { times: 2, delay: Some(60) }));
    let mut agent = Agent::start(&desk.phone);
    let lines = enrolment(&mut agent);
    let again = lines.iter().filter(|line| line.text == "capf: next attempt in 1 seconds").count();
    assert_eq!(again, 2, "{}", shown(&lines));
    assert!(messages(&lines).contains(&"LSC Installed"), "{}", shown(&lines));
    // Closed each time: by the book, and in the middle of a message.
    for odd in [Odd::Closes(1), Odd::CutIn(Command::KEY)] {
        let desk = Desk::open(installing(KeyKind::P256));
        desk.capf.set_odd(Some(odd));
        let mut agent = Agent::start(&desk.phone);
        let lines = enrolment(&mut agent);
        assert_eq!(desk.outcomes().len(), 3, "{odd:?}:\n{}", shown(&lines));
        assert_eq!(messages(&lines).iter().filter(|it| **it == "LSC Failed").count(), 1);
    }
}

#[test]
fn a_key_is_made_once_for_all_attempts() {
    // Closed as soon as it has the key, as by a server that did not wait for a slow board.
    let desk = Desk::open(installing(KeyKind::P256));
    desk.capf.set_odd(Some(Odd::Closes(2)));
    let mut agent = Agent::start(&desk.phone);
    let lines = enrolment(&mut agent);
    let count = |start: &str| lines.iter().filter(|line| line.text.starts_with(start)).count();
    assert_eq!(desk.outcomes().len(), 3, "{}", shown(&lines));
    assert_eq!(count("capf: key made"), 1, "{}", shown(&lines));
    assert_eq!(count("capf: using the key of the attempt before"), 2, "{}", shown(&lines));
    // The next enrolment has a key of its own.
    desk.capf.set_odd(None);
    drop(agent);
    let mut agent = Agent::start(&desk.phone);
    let lines = enrolment(&mut agent);
    assert!(has(&lines, "capf: key made"), "{}", shown(&lines));
    assert!(messages(&lines).contains(&"LSC Installed"), "{}", shown(&lines));
}

#[test]
fn a_silent_server_is_given_up() {
    let desk = Desk::open(installing(KeyKind::P256));
    desk.capf.set_odd(Some(Odd::Silent(1)));
    let mut agent = Agent::start(&desk.phone);
    // Three times ten seconds, and the pauses.
    let lines = ended(&mut agent, Duration::from_secs(60));
    assert!(has(&lines, "no answer in time"), "{}", shown(&lines));
    assert!(messages(&lines).contains(&"LSC Failed"), "{}", shown(&lines));
}

#[test]
fn a_server_that_is_not_trusted_gets_no_byte() {
    let desk = Desk::open(installing(KeyKind::P256));
    let stranger = desk.cluster.setup.identity("CAPF-stranger");
    desk.capf.present(&Presented::new(&stranger));
    let mut agent = Agent::start(&desk.phone);
    let lines = enrolment(&mut agent);
    assert!(has(&lines, "the CAPF server is not trusted"), "{}", shown(&lines));
    assert!(messages(&lines).contains(&"LSC Failed"), "{}", shown(&lines));
    desk.capf.settle();
    let sessions = desk.capf.sessions();
    assert_eq!(sessions.len(), 1, "no other attempt");
    assert!(sessions.iter().all(|session| session.received.is_empty()));
    // By order neither.
    let why = refusal(desk.enrol(Some("12345")));
    assert!(why.contains("not trusted"), "{why}");
}

#[test]
fn a_listed_server_of_another_role_is_not_capf() {
    let mut cluster = Cluster::new(Setup::default());
    let other = cluster.setup.identity("tomcat.lab.test");
    cluster.import(&other.certificate, &[Role::APP_SERVER]);
    let capf = Server::start(&cluster);
    capf.enrol(installing(KeyKind::Rsa(2048)));
    capf.present(&Presented::new(&other));
    let tftp = tftp::Server::start(Files::new());
    capf.publish(&cluster, &tftp);
    let phone = Phone::with(&[&tftp.address().to_string()], "timeout_s = 1\n", SECTIONS);
    let mut agent = Agent::start(&phone);
    let lines = enrolment(&mut agent);
    assert!(has(&lines, "the CAPF server is not trusted"), "{}", shown(&lines));
    capf.settle();
    assert!(capf.sessions().iter().all(|session| session.received.is_empty()));
}

#[test]
fn a_string_is_shown_only_by_order_and_never_logged() {
    let string = "8413579026";
    let method = Method::Password(string.to_owned());
    let desk = Desk::open(installing(KeyKind::P256).by(method));
    let mut agent = Agent::start(&desk.phone);
    let lines = enrolment(&mut agent);
    assert!(has(&lines, "until the authentication string is entered"), "{}", shown(&lines));
    assert_eq!(desk.capf.connections(), 0);
    let why = refusal(desk.enrol(None));
    assert!(why.contains("CAPF asks for the authentication string of this phone"), "{why}");
    assert_eq!(desk.capf.connections(), 0);
    let why = refusal(desk.enrol(Some("1111")));
    assert!(why.contains("a wrong authentication string"), "{why}");
    assert_eq!(desk.enrol(Some(string)).unwrap(), json!({ "result": "installed" }));
    let [first, second] = &desk.outcomes()[..] else { panic!("{:?}", desk.outcomes()) };
    assert_eq!(*first, Outcome::Refused(Refusal::WrongString));
    assert!(matches!(second, Outcome::Installed(_)));
    // The retrieval begins again by itself.
    agent.pass();
    let all = agent.log.from(0);
    assert!(!shown(&all).contains(string) && !shown(&all).contains("1111"), "{}", shown(&all));
    let (error, facts) = desk.enrol(Some("12 34")).unwrap_err();
    assert_eq!(
        (error.as_str(), facts),
        ("org.varlink.service.InvalidParameter", json!({ "parameter": "string" }))
    );
}

#[test]
fn a_certificate_of_the_phone_is_proven_by_its_key() {
    let cluster_device = |desk: &Desk| desk.cluster.device.certificate.der.clone();
    for method in [Method::Mic, Method::Lsc] {
        let desk = Desk::open(device());
        desk.give_mic();
        let mic = cluster_device(&desk);
        let kind = KeyKind::Rsa(2048);
        desk.capf.enrol(installing(kind).by(method.clone()).mic(&mic));
        desk.capf.publish(&desk.cluster, &desk.tftp);
        let mut agent = Agent::start(&desk.phone);
        let lines = enrolment(&mut agent);
        assert!(has(&lines, "capf: showing the MIC"), "{}", shown(&lines));
        assert!(messages(&lines).contains(&"LSC Installed"), "{}", shown(&lines));
        agent.pass();
        // The second time there is an LSC, whose key has been made by the phone itself.
        desk.schedule(Operation::Install(KeyKind::P256));
        agent.signal(Signal::SIGHUP);
        let lines = enrolment(&mut agent);
        let shows = if method == Method::Lsc { "the LSC" } else { "the MIC" };
        assert!(has(&lines, &format!("capf: showing {shows}")), "{}", shown(&lines));
        let outcomes = desk.outcomes();
        let [Outcome::Installed(_), Outcome::Installed(_)] = &outcomes[..] else {
            panic!("{outcomes:?}");
        };
    }
}

/// Its configuration is encrypted for the key that is lost, and only the signed one says that CAPF now
/// wants to see the MIC.
#[test]
fn a_phone_that_has_lost_its_lsc_reads_how_to_get_another() {
    let desk = Desk::open(device());
    desk.give_mic();
    let mic = desk.cluster.device.certificate.der.clone();
    let kind = KeyKind::Rsa(2048);
    desk.capf.enrol(installing(kind).by(Method::Mic).mic(&mic).encrypted());
    desk.capf.publish(&desk.cluster, &desk.tftp);
    let mut agent = Agent::start(&desk.phone);
    enrolment(&mut agent);
    let lines = agent.pass();
    assert!(has(&lines, "configuration done"), "{}", shown(&lines));
    let delete = |confirmation: &Value| {
        call(&desk.phone.socket(), "DeleteIdentity", json!({ "confirmation": confirmation }))
    };
    let first = delete(&Value::Null).unwrap();
    desk.schedule(Operation::Install(kind));
    delete(&first["confirmation"]).unwrap();
    let lines = enrolment(&mut agent);
    assert!(has(&lines, "capf: showing the MIC"), "{}", shown(&lines));
    assert!(messages(&lines).contains(&"LSC Installed"), "{}", shown(&lines));
    let lines = agent.pass();
    assert!(has(&lines, "configuration done"), "{}", shown(&lines));
}

#[test]
fn a_proof_without_an_rsa_key_is_not_begun_with() {
    let desk = Desk::open(installing(KeyKind::P256).by(Method::Mic));
    let mut agent = Agent::start(&desk.phone);
    let lines = enrolment(&mut agent);
    let why = "CAPF asks for a proof by the MIC, and there is none with an RSA key";
    assert!(has(&lines, why), "{}", shown(&lines));
    assert!(messages(&lines).contains(&"LSC Failed"), "{}", shown(&lines));
}

#[test]
fn capf_reads_and_deletes_the_certificate() {
    let desk = Desk::open(installing(KeyKind::P256));
    let mut agent = Agent::start(&desk.phone);
    enrolment(&mut agent);
    agent.pass();
    let lsc = desk.lsc();
    assert!(lsc.is_some());
    let next = |agent: &mut Agent, operation| {
        desk.schedule(operation);
        agent.signal(Signal::SIGHUP);
        let lines = enrolment(agent);
        (desk.outcomes().pop().unwrap(), lines)
    };
    let (outcome, lines) = next(&mut agent, Operation::Fetch);
    assert!(has(&lines, "capf: sending the LSC, as requested"), "{}", shown(&lines));
    assert_eq!(outcome, Outcome::Fetched(lsc));
    let (outcome, lines) = next(&mut agent, Operation::Delete);
    assert!(messages(&lines).contains(&"LSC Not Installed"), "{}", shown(&lines));
    assert_eq!(outcome, Outcome::Deleted(true));
    agent.pass();
    // There is none any more.
    assert_eq!(next(&mut agent, Operation::Fetch).0, Outcome::Fetched(None));
    assert_eq!(next(&mut agent, Operation::Delete).0, Outcome::Deleted(false));
    assert_eq!(desk.enrol(None).unwrap(), json!({ "result": "nothing" }));
    assert_eq!(desk.outcomes().pop(), Some(Outcome::Nothing));
}

#[test]
fn one_enrolment_at_a_time() {
    let desk = Desk::open(installing(KeyKind::P256));
    desk.capf.set_odd(Some(Odd::Silent(1)));
    let mut agent = Agent::start(&desk.phone);
    agent.log.find(0, support::PATIENCE, |line| line.text.starts_with("capf: asking")).unwrap();
    let why = refusal(desk.enrol(None));
    assert_eq!(why, "another enrolment is under way");
    assert!(!has(&agent.log.from(0), "LSC Failed"), "the one under way may succeed");
    agent.kill();
}

#[test]
fn the_agent_goes_on_while_a_key_is_made() {
    // Large enough to take its time.
    let desk = Desk::open(installing(KeyKind::Rsa(4096)));
    let agent = Agent::start(&desk.phone);
    let making = |line: &Line| line.text.starts_with("capf: making a key");
    agent.log.find(0, support::PATIENCE, making).unwrap();
    call(&desk.phone.socket(), "GetStatus", json!({})).unwrap();
    let lines = agent.log.from(0);
    assert!(!has(&lines, "capf: key made"), "it was answered meanwhile:\n{}", shown(&lines));
    assert!(agent.end().success(), "a key under way does not hold up the end");
}

#[test]
fn a_phone_with_keys_of_every_kind_on_record_keeps_its_configuration_until_it_is_rebuilt() {
    let desk = Desk::open(device());
    desk.give_mic();
    let mic = desk.cluster.device.certificate.der.clone();
    let device = installing(KeyKind::Rsa(2048)).mic(&mic).encrypted().rebuilt_after(2);
    desk.capf.enrol(device);
    desk.capf.publish(&desk.cluster, &desk.tftp);
    let mut agent = Agent::start(&desk.phone);
    let lines = enrolment(&mut agent);
    assert!(messages(&lines).contains(&"LSC Installed"), "{}", shown(&lines));
    for _ in 0..3 {
        // The file for the MIC still opens, then that for the LSC does.
        let lines = agent.pass_again();
        assert!(has(&lines, "configuration done"), "{}", shown(&lines));
    }
}

#[test]
fn without_a_server_nothing_is_asked() {
    let cluster = Cluster::new(Setup::default());
    let xml = "<device><fullConfig>true</fullConfig><capfAuthMode>2</capfAuthMode></device>";
    let mut files = cluster.files();
    let name = format!("{DEVICE}.cnf.xml.sgn");
    files.insert(name.clone(), cluster.signed(&name, xml.as_bytes()));
    let tftp = tftp::Server::start(files);
    let phone = Phone::with(&[&tftp.address().to_string()], "timeout_s = 1\n", SECTIONS);
    let mut agent = Agent::start(&phone);
    let lines = enrolment(&mut agent);
    assert!(has(&lines, "the configuration names no CAPF server"), "{}", shown(&lines));
    assert!(!messages(&lines).contains(&"LSC Failed"), "{}", shown(&lines));
    let why = refusal(call(&phone.socket(), "Enrol", json!({ "string": "12345" })));
    assert_eq!(why, "the phone's configuration names no CAPF server");
}

#[test]
fn an_unverified_configuration_does_not_choose_the_server() {
    // A phone without lists takes any configuration, and can judge no server.
    let cluster = Cluster::new(Setup::default());
    let capf = Server::start(&cluster);
    capf.enrol(installing(KeyKind::Rsa(2048)));
    let xml = format!(
        "<device><fullConfig>true</fullConfig><capfAuthMode>2</capfAuthMode><capfList><capf>\
         <phonePort>{}</phonePort><processNodeName>127.0.0.1</processNodeName></capf></capfList>\
         </device>",
        capf.address().port()
    );
    let files = Files::from([(format!("{DEVICE}.cnf.xml"), xml.into_bytes())]);
    let tftp = tftp::Server::start(files);
    let phone = Phone::with(&[&tftp.address().to_string()], "timeout_s = 1\n", SECTIONS);
    let mut agent = Agent::start(&phone);
    let lines = agent.pass();
    assert!(has(&lines, "configuration done"), "{}", shown(&lines));
    assert_eq!(capf.connections(), 0);
}

#[test]
fn the_command_enrols_and_takes_the_string_from_standard_input_alone() {
    let desk = Desk::open(installing(KeyKind::P256).by(Method::Password("24680".to_owned())));
    let mut agent = Agent::start(&desk.phone);
    agent.pass();
    let enrol = |options: &[&str], input: &str| {
        let mut command = secd();
        command.args(["lsc", "enrol", "--socket"]).arg(desk.phone.socket()).args(options);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that reads nothing may have ended.
        let _gone = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let (code, said) = enrol(&[], "");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("enter it (`secd lsc enrol --string`)"), "{said}");
    let (code, said) = enrol(&["--string"], "123\n");
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("expected 4 to 16 digits") && !said.contains("123"), "{said}");
    let (code, said) = enrol(&["--string", "24680"], "");
    assert_eq!(code, Some(64), "{said}");
    assert_eq!(desk.capf.connections(), 0);
    let (code, said) = enrol(&["--string"], "1357\n");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("a wrong authentication string"), "{said}");
    let (code, said) = enrol(&["--string", "--json"], "24680\n");
    assert_eq!((code, said.trim()), (Some(0), "{\n  \"result\": \"installed\"\n}"));
}

#[test]
fn an_old_server_is_asked_where_the_setting_for_capf_allows_it() {
    let enrolled = |sections: &str| {
        let desk = Desk::open(installing(KeyKind::P256));
        desk.capf.set_version(Version::Tls10);
        let sections = format!("{SECTIONS}{sections}");
        let server = desk.tftp.address().to_string();
        desk.phone.configure(&[&server], "timeout_s = 1\nretries = 1\n", &sections);
        let lines = enrolment(&mut Agent::start(&desk.phone));
        (messages(&lines).contains(&"LSC Installed"), lines)
    };
    let (installed, lines) = enrolled("legacy_tls = true\n");
    assert!(installed, "{}", shown(&lines));
    assert!(has(&lines, "legacy TLS 1.0 AES256-SHA: no forward secrecy"), "{}", shown(&lines));
    // The switches for others do not count.
    let (installed, lines) = enrolled("\n[tvs]\nlegacy_tls = true\n\n[https]\nlegacy_tls = true\n");
    assert!(!installed, "{}", shown(&lines));
    assert!(has(&lines, "(capf.legacy_tls allows it)"), "{}", shown(&lines));
}
