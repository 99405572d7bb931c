//! Each deviation of the server is on the wire, and nothing else is.

use std::time::Duration;

use secd_lab::capf::proof::spki;
use secd_lab::capf::{Command, Device, Dialect, KeyKind, Odd, Operation, Outcome, Server};
use secd_lab::cluster::{Cluster, Setup};
use secd_lab::keys::{KeyPair, Kind};
use secd_lab::tls::{Presented, Version};

use crate::honest::{end, enrol, last};
use crate::phone::{NAME, Phone, element, hello, message};
use crate::support::write_pem;

const S1: [&[u8]; 2] = [&[7, 0, 1, 3], &[8, 0, 1, 0]];
const S3: [&[u8]; 2] = [&[10, 0, 2, 8, 0], &[17, 0, 1, 0]];

fn owned(elements: [&[u8]; 2]) -> [Vec<u8>; 2] {
    elements.map(<[u8]>::to_vec)
}

struct Site {
    cluster: Cluster,
    server: Server,
    key: KeyPair,
}

impl Site {
    /// TLS 1.2, so that records can be counted.
    fn new(odd: Odd) -> Self {
        let cluster = Cluster::new(Setup::default());
        let server = Server::start(&cluster);
        server.set_version(Version::Tls12);
        server.enrol(Device::new(NAME).with(Operation::Install(KeyKind::Rsa(2048))));
        server.set_odd(Some(odd));
        let key = cluster.setup.pool.take(Kind::Rsa2048);
        Self { cluster, server, key }
    }

    /// All that the server sends before the first answer, if it then closes or waits.
    fn first(&self) -> Phone {
        Phone::connect(self.server.address())
    }

    /// A phone that has answered.
    fn answered(&self) -> Phone {
        let mut phone = Phone::greeted(self.server.address());
        phone.say(2, &hello(""));
        phone
    }

    /// A phone that has sent its key.
    fn keyed(&self) -> Phone {
        let mut phone = self.answered();
        phone.receive();
        phone.say(4, &[element(9, &self.key.spki())]);
        phone
    }

    /// The certificate that a phone gets.
    fn certificate(&self) -> Vec<u8> {
        enrol(&self.server, &hello(""), &self.key)
    }
}

#[test]
fn without_a_deviation_each_message_is_one_record() {
    let site = Site::new(Odd::RetryLater { times: 0, delay: None });
    let mut phone = site.keyed();
    let length = phone.receive().len();
    phone.say(10, &[element(1, &[1])]);
    phone.receive();
    assert_eq!(phone.records(), [16, 17, length, 12]);
    let received = last(&site.server).received;
    assert!(received.iter().all(|message| message.reads <= 1), "{received:?}");
}

#[test]
fn records_do_not_end_where_messages_do() {
    let site = Site::new(Odd::Split(Command::AUTH));
    let mut phone = site.answered();
    phone.receive();
    assert_eq!(phone.records(), [4, 12, 17]);

    let site = Site::new(Odd::Pieces(Command::KEY, 5));
    let mut phone = site.answered();
    assert_eq!(phone.receive(), message(3, 1, &owned(S3)));
    assert_eq!(phone.records(), [16, 5, 5, 5, 2]);

    let site = Site::new(Odd::Merged);
    let mut phone = site.keyed();
    let store = phone.receive();
    assert_eq!(phone.receive(), end(1, 1));
    assert_eq!(phone.records(), [16, 17, store.len() + 12]);
    phone.say(10, &[element(1, &[1])]);
    assert_eq!(phone.rest(), (Vec::new(), true));
    assert_eq!(last(&site.server).outcome, Outcome::Installed(store[20..].to_vec()));
    site.server.schedule(NAME, Operation::Delete);
    let mut phone = site.answered();
    assert_eq!(phone.receive(), message(13, 2, &[]));
    assert_eq!(phone.receive(), end(2, 1));
}

#[test]
fn messages_are_of_the_wrong_session_or_badly_made() {
    let both = owned(S1).concat();
    let twice = [both.as_slice(), S1[0]].concat();
    let unknown = [both.as_slice(), &[0x63, 0, 1, b'?']].concat();
    let overrun = [S1[0], &[8, 0, 2, 0]].concat();
    for (odd, bytes) in [
        (Odd::WrongSession(Command::AUTH), message(1, 2, &owned(S1))),
        (Odd::Twice(Command::AUTH), message(1, 1, &[twice])),
        (Odd::Unknown(Command::AUTH), message(1, 1, &[unknown])),
        (Odd::Overrun(Command::AUTH), message(1, 1, &[overrun])),
        (Odd::Garbage(Command::AUTH), vec![0xA5; 64]),
        (Odd::Claims(Command::AUTH, 0xFFFF), {
            let mut bytes = message(1, 1, &owned(S1));
            bytes[6..8].fill(0xFF);
            bytes
        }),
    ] {
        let site = Site::new(odd);
        let mut phone = site.first();
        assert_eq!(phone.bytes(bytes.len()), bytes, "{odd:?}");
    }
    let site = Site::new(Odd::WrongSession(Command::KEY));
    assert_eq!(site.answered().receive(), message(3, 2, &owned(S3)));
    let site = Site::new(Odd::Large(Command::AUTH, 20_000));
    let large = site.first().receive();
    assert_eq!((large.len(), &large[8..16], large[16]), (20_008, both.as_slice(), 0x63));
    let site = Site::new(Odd::Overrun(Command::STORE));
    let store = site.keyed().receive();
    let length = usize::from(u16::from_be_bytes([store[13], store[14]]));
    assert_eq!(length, store.len() - 15 + 1);
}

#[test]
fn the_server_falls_silent_or_leaves() {
    let site = Site::new(Odd::CutIn(Command::STORE));
    let mut phone = site.keyed();
    let (half, closed) = phone.rest();
    assert!(!closed && half.len() > 300 && half[1] == 9, "{} {closed}", half.len());
    let site = Site::new(Odd::Closes(0));
    assert_eq!(site.first().rest(), (Vec::new(), true));
    let site = Site::new(Odd::Closes(1));
    assert_eq!(site.answered().rest(), (Vec::new(), true));
    for (odd, sent) in [(Odd::NoHandshake, 0), (Odd::Silent(0), 0), (Odd::Silent(1), 1)] {
        let site = Site::new(odd);
        let mut phone = site.first();
        phone.patience(Duration::from_millis(300));
        if sent == 1 {
            phone.session = 1;
            assert_eq!(phone.receive(), message(1, 1, &owned(S1)));
            phone.say(2, &hello(""));
        }
        let (bytes, closed) = phone.rest();
        assert_eq!((bytes, closed), (Vec::new(), false), "{odd:?}");
        drop(phone);
        let session = last(&site.server);
        assert_eq!((session.outcome, session.received.len()), (Outcome::Odd, sent), "{odd:?}");
    }
}

#[test]
fn other_commands_come_in_place_of_the_operation() {
    let site = Site::new(Odd::RetryLater { times: 2, delay: Some(30) });
    for session in [1, 2] {
        let mut phone = site.answered();
        assert_eq!(phone.receive(), message(16, session, &[vec![12, 0, 2, 0, 30]]));
        assert_eq!(phone.rest(), (Vec::new(), true));
    }
    site.certificate();
    for command in [18, 20, 22, 99] {
        let site = Site::new(Odd::Instead(Command(command)));
        let mut phone = site.answered();
        assert_eq!(phone.receive(), message(command, 1, &[]));
        phone.say(21, &[]);
        assert_eq!(phone.rest(), (Vec::new(), true));
        assert_eq!(last(&site.server).received[1].command, Command(21));
    }
    for reason in [0, 7, 9] {
        let site = Site::new(Odd::Ends(reason));
        assert_eq!(site.answered().receive(), end(1, reason));
    }
}

#[test]
fn keys_are_asked_for_that_nobody_can_make() {
    for (odd, elements) in [
        (Odd::KeySize(512), [&[10, 0, 2, 2, 0][..], &[17, 0, 1, 0]]),
        (Odd::KeySize(8192), [&[10, 0, 2, 32, 0], &[17, 0, 1, 0]]),
        (Odd::KeyType(9), [&[10, 0, 2, 8, 0], &[17, 0, 1, 9]]),
        (Odd::Curve(9), [&[17, 0, 1, 1], &[18, 0, 1, 9]]),
    ] {
        let site = Site::new(odd);
        assert_eq!(site.answered().receive(), message(3, 1, &owned(elements)), "{odd:?}");
    }
}

#[test]
fn wrappers_of_certificates_lie() {
    for (odd, element_type, wrapper_type, off) in [
        (Odd::CertificateType(2), 2, 1, 0),
        (Odd::WrapperType(2), 1, 2, 0),
        (Odd::WrapperLength(1), 1, 1, 1),
        (Odd::WrapperLength(-3), 1, 1, -3),
    ] {
        let site = Site::new(odd);
        let store = site.keyed().receive();
        let length = i64::from(u16::from_be_bytes([store[16], store[17]]));
        let there = i64::try_from(store.len() - 20 + 2).unwrap();
        assert_eq!((store[11], store[19]), (element_type, wrapper_type), "{odd:?}");
        assert_eq!(length - there, off, "{odd:?}");
        assert_eq!(spki(&store[20..]), Some(site.key.spki().as_slice()));
    }
}

#[test]
fn certificates_are_not_what_they_should_be() {
    let site = |odd| {
        let site = Site::new(odd);
        let der = site.certificate();
        (der, site)
    };
    let (der, foreign) = site(Odd::ForeignKey);
    assert!(spki(&der).is_some_and(|other| other != foreign.key.spki()));
    assert_eq!(verdict(&foreign, &der), "ok");
    let (der, named) = site(Odd::OtherName);
    assert_eq!(verdict(&named, &der), "ok");
    assert!(der.windows(15).any(|window| window == b"SEP0000DEADBEEF"));
    assert!(!der.windows(15).any(|window| window == NAME.as_bytes()));
    let (der, expired) = site(Odd::Expired);
    assert_eq!(verdict(&expired, &der), "certificate has expired");
    let (der, forged) = site(Odd::BadSignature);
    assert_eq!(verdict(&forged, &der), "certificate signature failure");
    let (der, other) = site(Odd::OtherAuthority);
    assert_eq!(verdict(&other, &der), "unable to get local issuer certificate");
    let (der, garbage) = site(Odd::NotACertificate);
    assert_eq!((der, garbage.server.connections()), (vec![0xA5; 300], 1));
    for one in [&foreign, &named, &expired, &forged, &other, &garbage] {
        assert!(matches!(last(&one.server).outcome, Outcome::Installed(_)));
    }
}

/// What openssl thinks of the certificate, with the CAPF certificate as its authority.
fn verdict(site: &Site, der: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    write_pem(folder.path(), "capf", &site.cluster.nodes[0].capf.certificate.der);
    write_pem(folder.path(), "lsc", der);
    let arguments = ["verify", "-CAfile", "capf.pem", "lsc.pem"];
    let output = std::process::Command::new("openssl")
        .current_dir(folder.path())
        .args(arguments)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = complaint.lines().find_map(|line| line.split_once("lookup: "));
    match (output.status.success(), line) {
        (true, _) => "ok".to_owned(),
        (false, Some((_, why))) => why.to_owned(),
        (false, None) => complaint,
    }
}

#[test]
fn real_call_managers_leave_elements_out() {
    let site = Site::new(Odd::RetryLater { times: 0, delay: None });
    site.server.set_dialect(Dialect::CallManager);
    let mut phone = site.first();
    assert_eq!(phone.receive(), message(1, 1, &[S1[0].to_vec()]));
    phone.session = 1;
    phone.say(2, &hello(""));
    assert_eq!(phone.receive(), message(3, 1, &[S3[0].to_vec()]));
}

#[test]
fn another_certificate_is_shown_or_issues() {
    let site = Site::new(Odd::RetryLater { times: 0, delay: None });
    let other = site.cluster.setup.identity("CAPF-other");
    site.server.present(&Presented::new(&other));
    let mut phone = site.first();
    phone.receive();
    assert_eq!(phone.shown(), other.certificate.der);
    site.server.set_issuer(&other);
    assert_ne!(verdict(&site, &site.certificate()), "ok");
    site.server.follow(&site.cluster);
    let mut phone = site.first();
    phone.receive();
    assert_eq!(phone.shown(), site.cluster.nodes[0].capf.certificate.der);
}

#[test]
fn the_command_line_knows_a_deviation_by_its_name() {
    let names: Vec<&str> = Odd::NAMED.iter().map(|(name, ..)| *name).collect();
    assert!(names.is_sorted());
    for (name, what, odd) in Odd::NAMED {
        assert_eq!(Odd::named(name), Some(odd));
        assert!(!what.is_empty());
    }
    assert_eq!(Odd::named("none"), None);
}
