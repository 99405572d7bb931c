//! The TVS server, asked byte by byte by a client of a few lines.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use secd_lab::cluster::{Cluster, Setup};
use secd_lab::keys::Kind;
use secd_lab::tls::{Presented, Version};
use secd_lab::tvs::{Asked, Event, Faults, Server, Servers};

fn ask(server: &Server, request: &[u8]) -> Vec<u8> {
    let mut stream = support::tls::connect(server.address());
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    server.settle();
    answer
}

fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    [&[tag], &length[..], value].concat()
}

fn message(head: [u8; 4], session: u32, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&head[..], &session.to_be_bytes(), &length, payload].concat()
}

const DEVICE: &[u8] = b"\x01CP-8861-SEPB000B4BA0AEE";

#[test]
fn a_query_is_answered_as_in_the_capture() {
    let mut cluster = Cluster::new(Setup::default());
    let servers = Servers::start(&mut cluster);
    let server = servers.of(0);
    server.set_faults(Faults { reserved: 0xF7, ..Faults::default() });
    let signer = &cluster.nodes[0].callmanager.certificate;
    let name = [signer.subject.call_manager().as_bytes(), &[0]].concat();
    let question =
        [element(1, DEVICE), element(3, &name), element(4, &name), element(5, &signer.serial)];
    let answer = ask(server, &message([0x57, 1, 3, 0], 1001, &question.concat()));
    let elements = [
        element(7, &[0]),
        element(2, &signer.der),
        element(8, &[0, 2]),
        element(9, &[0, 1, 0x51, 0x80]),
    ];
    assert_eq!(answer, message([0x57, 1, 4, 0xF7], 1001, &elements.concat()));
    let asked = &server.questions()[0];
    assert_eq!((asked.session, asked.reads), (1001, 1));
    assert_eq!(asked.device, "CP-8861-SEPB000B4BA0AEE");
    assert!(matches!(&asked.asked, Asked::Query { serial, .. } if *serial == signer.serial));
}

#[test]
fn an_unknown_certificate_has_a_status_and_nothing_else() {
    let cluster = Cluster::new(Setup { tvs_key: Some(Kind::Rsa1024), ..Setup::default() });
    let presented = Presented::new(&cluster.nodes[0].capf);
    let server = Server::start(&presented, Version::Tls12);
    let question = [element(1, DEVICE), element(2, b"no certificate")].concat();
    let answer = ask(&server, &message([0x57, 1, 1, 0], 7, &question));
    assert_eq!(answer, message([0x57, 1, 2, 0], 7, &element(7, &[1])));
}

#[test]
fn a_closed_server_refuses_and_an_open_one_answers_on_the_same_port() {
    let cluster = Cluster::new(Setup::default());
    let mut server = Server::start(&Presented::new(&cluster.nodes[0].tvs), Version::Any);
    server.close();
    assert!(TcpStream::connect(server.address()).is_err());
    server.reopen().unwrap();
    let nonsense = message([0x57, 1, 9, 0], 1, &[]);
    assert!(!ask(&server, &nonsense).is_empty());
    assert_eq!(server.questions()[0].asked, Asked::Nonsense(nonsense));
}

#[test]
fn a_client_that_breaks_off_is_on_record() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(&Presented::new(&cluster.nodes[0].tvs), Version::Any);
    drop(TcpStream::connect(server.address()).unwrap());
    while server.connections() == 0 {
        std::thread::yield_now();
    }
    server.settle();
    assert!(matches!(server.events()[..], [Event::Refused { .. }]));
}
