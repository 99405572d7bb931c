//! Handshakes between the library's own client and server, in memory.

use rustls::{ClientConnection, ServerConfig, ServerConnection};
use secd_lab::certificate::Identity;
use secd_lab::cluster::Setup;
use secd_lab::tls::{self, ClientCertificate, Presented, Version};

use super::*;
use crate::wire::address::Host;

const DAY: Duration = Duration::from_secs(86_400);
const START: SessionSpan = SessionSpan { now: Duration::ZERO, ttl: DAY };

fn identity() -> Identity {
    Setup::default().identity("directory.lab.test")
}

fn server(version: Version, tickets: usize) -> Arc<ServerConfig> {
    let presented = Presented::new(&identity());
    let config = tls::config(&presented, version, ClientCertificate::NotAsked);
    let tls::Config::Current(config) = config else { panic!("no version of rustls") };
    let mut config = ServerConfig::clone(&config);
    config.send_tls13_tickets = tickets;
    Arc::new(config)
}

fn peer(port: u16) -> SessionPeer {
    let host = Host::parse("directory.lab.test").unwrap();
    SessionPeer { purpose: Purpose::HttpsService, server: ServerAddress { host, port } }
}

/// A connection whose handshake is over; nothing else has been read.
struct Pair {
    client: ClientConnection,
    server: ServerConnection,
    resuming: Resuming,
}

impl Pair {
    fn shaken(
        sessions: &TlsSessions,
        peer: SessionPeer,
        span: SessionSpan,
        server: &Arc<ServerConfig>,
    ) -> Self {
        let resuming = sessions.resuming(peer, SmallKeys::Accept, span).unwrap();
        let name = ServerName::try_from("directory.lab.test").unwrap();
        let mut client = ClientConnection::new(resuming.configuration.clone(), name).unwrap();
        let mut server = ServerConnection::new(server.clone()).unwrap();
        while client.is_handshaking() {
            carry(|to| client.write_tls(to), |from| server.read_tls(from));
            server.process_new_packets().unwrap();
            if client.is_handshaking() {
                carry(|to| server.write_tls(to), |from| client.read_tls(from));
                client.process_new_packets().unwrap();
            }
        }
        carry(|to| client.write_tls(to), |from| server.read_tls(from));
        server.process_new_packets().unwrap();
        Self { client, server, resuming }
    }

    fn is_resumed(&self) -> bool {
        self.client.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    fn admit(&self) {
        self.resuming.keeper.admit(self.client.handshake_kind());
    }

    /// What the server sends after the handshake, tickets of TLS 1.3 among it.
    fn receive(&mut self) {
        let Self { client, server, .. } = self;
        carry(|to| server.write_tls(to), |from| client.read_tls(from));
        client.process_new_packets().unwrap();
    }
}

/// Moves all that there is from one end to the other.
fn carry(
    mut write: impl FnMut(&mut Vec<u8>) -> std::io::Result<usize>,
    mut read: impl FnMut(&mut &[u8]) -> std::io::Result<usize>,
) {
    let mut bytes = Vec::new();
    while write(&mut bytes).unwrap() > 0 {}
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        read(&mut rest).unwrap();
    }
}

fn kept(sessions: &TlsSessions) -> usize {
    locked(&sessions.kept.borrow()).0.len()
}

#[test]
fn of_a_server_that_was_not_admitted_nothing_is_kept() {
    for version in [Version::Tls12, Version::Tls13] {
        let (sessions, server) = (TlsSessions::default(), server(version, 2));
        Pair::shaken(&sessions, peer(443), START, &server).receive();
        assert_eq!(kept(&sessions), 0, "{version:?}");
        let mut pair = Pair::shaken(&sessions, peer(443), START, &server);
        assert!(!pair.is_resumed() && !pair.resuming.has_offered());
        pair.admit();
        pair.receive();
        assert_eq!(kept(&sessions), if version == Version::Tls12 { 1 } else { 2 }, "{version:?}");
        let again = Pair::shaken(&sessions, peer(443), START, &server);
        assert!(again.is_resumed() && again.resuming.has_offered(), "{version:?}");
        assert_eq!(kept(&sessions), 1, "a ticket is for one connection, {version:?}");
    }
}

#[test]
fn what_an_open_connection_receives_after_all_was_forgotten_is_dropped() {
    let (sessions, server) = (TlsSessions::default(), server(Version::Tls13, 2));
    let mut pair = Pair::shaken(&sessions, peer(443), START, &server);
    pair.admit();
    sessions.forget();
    pair.receive();
    assert!(!Pair::shaken(&sessions, peer(443), START, &server).is_resumed());
    assert_eq!(kept(&sessions), 0);
}

#[test]
fn there_are_eight_tickets_of_a_server_and_sixty_four_sessions_in_all() {
    let (sessions, many) = (TlsSessions::default(), server(Version::Tls13, 20));
    let admitted = |port, server| {
        let mut pair = Pair::shaken(&sessions, peer(port), START, server);
        pair.admit();
        pair.receive();
    };
    admitted(443, &many);
    assert_eq!(kept(&sessions), PER_PEER);
    let single = server(Version::Tls12, 0);
    for port in 1000..1100 {
        admitted(port, &single);
    }
    assert_eq!(kept(&sessions), MOST);
    // The oldest have gone.
    assert!(!Pair::shaken(&sessions, peer(443), START, &many).is_resumed());
    assert!(!Pair::shaken(&sessions, peer(1035), START, &single).is_resumed());
    assert!(Pair::shaken(&sessions, peer(1036), START, &single).is_resumed());
    // Once more with one of them takes no further place.
    admitted(1099, &single);
    assert_eq!(kept(&sessions), MOST);
}

#[test]
fn a_session_of_a_policy_is_not_resumed_under_another() {
    let (sessions, server) = (TlsSessions::default(), server(Version::Tls12, 0));
    Pair::shaken(&sessions, peer(443), START, &server).admit();
    assert_eq!(kept(&sessions), 1);
    drop(sessions.resuming(peer(443), SmallKeys::Refuse, START).unwrap());
    assert_eq!(kept(&sessions), 0);
    assert!(!Pair::shaken(&sessions, peer(443), START, &server).is_resumed());
}

#[test]
fn resuming_does_not_prolong_a_session() {
    let at = |seconds| SessionSpan { now: Duration::from_secs(seconds), ttl: DAY };
    for version in [Version::Tls12, Version::Tls13] {
        let (sessions, server) = (TlsSessions::default(), server(version, 1));
        for (seconds, resumed) in
            [(0, false), (86_000, true), (86_399, true), (86_400, false), (172_799, true)]
        {
            let mut pair = Pair::shaken(&sessions, peer(443), at(seconds), &server);
            assert_eq!(pair.is_resumed(), resumed, "{version:?}, {seconds} s");
            pair.admit();
            pair.receive();
        }
    }
}

#[test]
fn an_offered_ticket_allows_no_early_data() {
    let (sessions, server) = (TlsSessions::default(), server(Version::Tls13, 2));
    let mut server = ServerConfig::clone(&server);
    // The server would take some.
    server.max_early_data_size = 1000;
    let server = Arc::new(server);
    let mut pair = Pair::shaken(&sessions, peer(443), START, &server);
    pair.admit();
    pair.receive();
    let resuming = sessions.resuming(peer(443), SmallKeys::Accept, START).unwrap();
    let name = ServerName::try_from("directory.lab.test").unwrap();
    let mut client = ClientConnection::new(resuming.configuration.clone(), name).unwrap();
    assert!(resuming.has_offered());
    assert!(client.early_data().is_none(), "0-RTT data would be sent to whoever has the ticket");
}
