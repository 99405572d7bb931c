//! What phones get that do not do as they should.

use secd_lab::capf::{Command, Device, KeyKind, Method, Operation, Outcome, Refusal, Server};
use secd_lab::cluster::{Cluster, Setup};
use secd_lab::keys::Kind;

use crate::honest::{end, enrol, last, turned_away};
use crate::phone::{NAME, Phone, element, hello, message};

fn started(operation: Operation) -> (Cluster, Server) {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(&cluster);
    server.enrol(Device::new(NAME).with(operation));
    (cluster, server)
}

const INSTALL: Operation = Operation::Install(KeyKind::Rsa(2048));

#[test]
fn unknown_phones_and_badly_made_answers_are_refused() {
    let (_cluster, server) = started(INSTALL);
    let hello = hello("");
    let with = |at: usize, element: Vec<u8>| {
        let mut elements = hello.clone();
        elements[at] = element;
        elements
    };
    let unknown = turned_away(&server, &with(3, element(13, b"SEP0\0")), 9);
    assert_eq!(unknown, Outcome::Refused(Refusal::UnknownDevice));
    let version = turned_away(&server, &with(1, element(7, &[2])), 7);
    assert_eq!(version, Outcome::Refused(Refusal::Version));
    let password = turned_away(&server, &with(2, element(11, b"1234\0")), 7);
    assert_eq!(password, Outcome::Refused(Refusal::WrongString));
    for elements in [
        with(0, element(1, &[1, 0])),
        with(0, Vec::new()),
        with(2, element(11, b"")),
        with(3, element(13, NAME.as_bytes())),
        with(3, element(13, b"SEP001122334455\0\0")),
        with(3, vec![13, 0, 17, 0]),
        [hello.clone(), vec![element(0x63, b"?")]].concat(),
        [hello.clone(), vec![element(1, &[1])]].concat(),
        [hello.clone(), vec![vec![1]]].concat(),
    ] {
        let refused = turned_away(&server, &elements, 7);
        assert!(matches!(refused, Outcome::Refused(Refusal::Malformed(_))), "{refused:?}");
    }
    let order = hello.iter().rev().cloned().collect::<Vec<_>>();
    let mut phone = Phone::greeted(server.address());
    phone.say(2, &order);
    assert_eq!(phone.receive()[1], 3, "the order is free");
}

#[test]
fn another_session_or_another_message_ends_it() {
    let (_cluster, server) = started(INSTALL);
    let mut phone = Phone::greeted(server.address());
    phone.send(&message(2, phone.session + 1, &hello("")));
    assert_eq!(phone.receive(), end(phone.session, 7));
    assert!(matches!(last(&server).outcome, Outcome::Refused(Refusal::Malformed(_))));
    let mut phone = Phone::greeted(server.address());
    phone.say(4, &[]);
    assert_eq!(phone.receive(), end(phone.session, 7));
    let refused = Outcome::Refused(Refusal::Unexpected(Command::GENERATED));
    assert_eq!(last(&server).outcome, refused);
    let mut phone = Phone::greeted(server.address());
    phone.send(b"GET / HTTP/1.1\r\n\r\n this is no message of CAPF");
    drop(phone);
    assert!(matches!(last(&server).outcome, Outcome::Left(_) | Outcome::Refused(_)));
}

#[test]
fn only_a_new_key_of_the_right_kind_is_certified() {
    let (cluster, server) = started(INSTALL);
    let pool = &cluster.setup.pool;
    let good = pool.take(Kind::Rsa2048);
    let even = {
        let mut spki = good.spki();
        *spki.last_mut().unwrap() = 0;
        spki
    };
    let no_null = {
        let mut spki = good.spki();
        spki[17] = 4;
        spki
    };
    let known = cluster.device.key.spki();
    let mic = Device::new(NAME).with(INSTALL).mic(&cluster.device.certificate.der);
    server.enrol(mic);
    for (spki, refusal) in [
        (pool.take(Kind::Rsa1024).spki(), Refusal::KeyWrong),
        (pool.take(Kind::P256).spki(), Refusal::KeyWrong),
        ([good.spki(), vec![0]].concat(), Refusal::KeyWrong),
        (good.public_key(), Refusal::KeyWrong),
        (even, Refusal::KeyWrong),
        (no_null, Refusal::KeyWrong),
        (Vec::new(), Refusal::KeyWrong),
        (known, Refusal::KeyNotNew),
    ] {
        let mut phone = Phone::greeted(server.address());
        phone.say(2, &hello(""));
        phone.receive();
        phone.say(4, &[element(9, &spki)]);
        assert_eq!(phone.receive(), end(phone.session, 7));
        assert_eq!(last(&server).outcome, Outcome::Refused(refusal));
    }
    server.enrol(Device::new(NAME).with(Operation::Install(KeyKind::P256)));
    let mut off_curve = pool.take(Kind::P256).spki();
    *off_curve.last_mut().unwrap() ^= 1;
    let mut phone = Phone::greeted(server.address());
    phone.say(2, &hello(""));
    phone.receive();
    phone.say(4, &[element(9, &off_curve)]);
    assert_eq!(phone.receive(), end(phone.session, 7));
    assert_eq!(server.device(NAME).unwrap().completed, 0);
}

#[test]
fn a_certificate_counts_when_the_phone_has_stored_it() {
    let (cluster, server) = started(INSTALL);
    let pool = &cluster.setup.pool;
    let mut phone = Phone::greeted(server.address());
    phone.say(2, &hello(""));
    phone.receive();
    phone.say(4, &[element(1, &[7])]);
    assert_eq!(phone.receive(), end(phone.session, 7));
    assert_eq!(last(&server).outcome, Outcome::NoKey);

    let key = pool.take(Kind::Rsa2048);
    let mut phone = Phone::greeted(server.address());
    phone.say(2, &hello(""));
    phone.receive();
    phone.say(4, &[element(9, &key.spki())]);
    phone.receive();
    phone.say(10, &[element(1, &[7])]);
    assert_eq!(phone.receive(), end(phone.session, 1));
    assert_eq!(last(&server).outcome, Outcome::NotStored);

    let mut phone = Phone::greeted(server.address());
    phone.say(2, &hello(""));
    phone.receive();
    phone.say(4, &[element(9, &pool.take(Kind::Rsa2048).spki())]);
    phone.receive();
    drop(phone);
    assert!(matches!(last(&server).outcome, Outcome::Left(_)));
    let device = server.device(NAME).unwrap();
    assert_eq!((device.operation, device.lsc), (INSTALL, None));

    enrol(&server, &hello(""), &pool.take(Kind::Rsa2048));
    assert_eq!(server.device(NAME).unwrap().completed, 1);
    let refused = turned_away(&server, &hello(""), 7);
    assert_eq!(refused, Outcome::Refused(Refusal::AlreadyIssued));
}

#[test]
fn methods_are_named_as_on_the_command_line() {
    let method = |text: &str| text.parse::<Method>();
    assert_eq!(method("null"), Ok(Method::NullString));
    assert_eq!(method("string:12345"), Ok(Method::Password("12345".to_owned())));
    assert_eq!(method("lsc").map(|method| method.mode()), Ok(3));
    assert_eq!(method("mic").map(|method| method.mode()), Ok(4));
    for bad in ["", "string:", "string:123", "string:12x45", "string:1234567890123456"] {
        assert!(method(bad).is_err(), "{bad}");
    }
}
