//! `io::tftp` against scripted servers on the loopback, each with ports of the kernel's choice.

#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

use std::net::{SocketAddr, UdpSocket};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use secd::io::tftp::{
    FetchedFile, ReadEvent, ReadFailure, ReadProgress, ReadRequest, TftpOptions, Timing, blocking,
    read, read_first,
};
use secd::proto::tftp::{Negotiation, ServerMisbehaved, WaitingFor};

const V4: &str = "127.0.0.1:0";

/// A server thread: it has the port for requests, gets the first one, and follows its script.
struct Server {
    address: SocketAddr,
    thread: JoinHandle<()>,
}

impl Server {
    fn run(bind: &str, script: impl FnOnce(Peer) + Send + 'static) -> Self {
        let listener = socket(bind);
        let address = listener.local_addr().unwrap();
        let bind = bind.to_owned();
        let thread = thread::spawn(move || {
            let mut buffer = [0; 2048];
            let (length, client) = listener.recv_from(&mut buffer).unwrap();
            let request = buffer[..length].to_vec();
            script(Peer { listener, socket: socket(&bind), client, request });
        });
        Self { address, thread }
    }

    fn join(self) {
        self.thread.join().unwrap();
    }
}

/// The server's end of one transfer.
struct Peer {
    listener: UdpSocket,
    socket: UdpSocket,
    client: SocketAddr,
    request: Vec<u8>,
}

impl Peer {
    fn send(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.client).unwrap();
    }

    fn data(&self, block: u16, bytes: &[u8]) {
        self.send(&[&[0, 3], block.to_be_bytes().as_slice(), bytes].concat());
    }

    #[track_caller]
    fn expect(&self, bytes: &[u8]) {
        let mut buffer = [0; 2048];
        let length = self.socket.recv(&mut buffer).unwrap();
        assert_eq!(buffer[..length], *bytes);
    }

    fn send_file(&self, bytes: &[u8], blksize: usize) {
        let mut block = 0_u16;
        for chunk in bytes.chunks(blksize).chain([[].as_slice()]) {
            block += 1;
            self.data(block, chunk);
            self.expect(&[&[0, 4], block.to_be_bytes().as_slice()].concat());
            if chunk.len() < blksize {
                return;
            }
        }
    }
}

fn socket(bind: &str) -> UdpSocket {
    let socket = UdpSocket::bind(bind).unwrap();
    // Only so that a failing test ends.
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket
}

fn file(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect()
}

fn request(options: TftpOptions) -> ReadRequest<'static> {
    let timing = Timing {
        timeout: Duration::from_millis(200),
        longest: Duration::from_millis(200),
        requests: 4,
        tries: 4,
        refusal_pause: Duration::from_millis(10),
        ..Timing::default()
    };
    ReadRequest { name: "ITLFile.tlv", limit: 100_000, options, timing }
}

/// By the shell that this program is about: `tests/tftp_blocking.rs` has the same scripts.
async fn fetch(server: &Server, options: TftpOptions) -> Result<FetchedFile, ReadFailure> {
    if env!("CARGO_CRATE_NAME") == "tftp_blocking" {
        return streamed(&[server.address], options);
    }
    read(server.address, &request(options), &mut |_| {}).await
}

fn streamed(servers: &[SocketAddr], options: TftpOptions) -> Result<FetchedFile, ReadFailure> {
    let mut bytes = Vec::new();
    let mut watch = |event: ReadEvent<'_>| match event {
        ReadEvent::Requesting(_) => bytes.clear(),
        ReadEvent::Bytes(come) => bytes.extend_from_slice(come),
        _ => {}
    };
    let received = blocking::stream_first(servers, &request(options), &mut watch)?;
    Ok(FetchedFile { bytes, ..received })
}

#[tokio::test]
async fn a_plain_server_is_read_and_progress_is_told() {
    let server = Server::run(V4, |peer| {
        assert_eq!(peer.request, b"\0\x01ITLFile.tlv\0octet\0");
        peer.send_file(&file(1300), 512);
    });
    let mut told = Vec::new();
    let request = request(TftpOptions::default());
    let received = read(server.address, &request, &mut |progress| told.push(progress)).await;
    assert_eq!(received.unwrap().bytes, file(1300));
    assert_eq!(told.last(), Some(&ReadProgress { received: 1300, total: None }));
    server.join();
}

#[tokio::test]
async fn an_ipv6_server_is_read() {
    if UdpSocket::bind("[::1]:0").is_err() {
        return;
    }
    let server = Server::run("[::1]:0", |peer| peer.send_file(&file(600), 512));
    assert_eq!(fetch(&server, TftpOptions::default()).await.unwrap().bytes, file(600));
    server.join();
}

#[tokio::test]
async fn a_mapped_address_is_read_over_ipv4() {
    let server = Server::run(V4, |peer| peer.send_file(b"x", 512));
    let mapped = SocketAddr::new("::ffff:127.0.0.1".parse().unwrap(), server.address.port());
    let received = read(mapped, &request(TftpOptions::default()), &mut |_| {}).await.unwrap();
    assert_eq!((received.bytes.as_slice(), received.server), (b"x".as_slice(), mapped));
    server.join();
}

#[tokio::test]
async fn a_smaller_block_size_is_followed() {
    let server = Server::run(V4, |peer| {
        peer.send(b"\0\x06tsize\x003000\0blksize\x00700\0");
        peer.expect(b"\0\x04\0\0");
        peer.send_file(&file(3000), 700);
    });
    let options = TftpOptions::default().with_blksize(1428).unwrap().with_tsize();
    let received = fetch(&server, options).await.unwrap();
    assert_eq!(received.bytes, file(3000));
    assert_eq!(received.agreed.options.blksize(), Some(700));
    server.join();
}

#[tokio::test]
async fn refused_options_are_asked_without() {
    let server = Server::run(V4, |peer| {
        peer.send(b"\0\x05\0\x08no\0");
        let mut buffer = [0; 600];
        let (length, client) = peer.listener.recv_from(&mut buffer).unwrap();
        assert_eq!(
            (&buffer[..length], client),
            (b"\0\x01ITLFile.tlv\0octet\0".as_slice(), peer.client)
        );
        let other = Peer { socket: socket(V4), ..peer };
        other.send_file(b"plain", 512);
    });
    let received = fetch(&server, TftpOptions::default().with_tsize()).await.unwrap();
    assert_eq!(received.bytes, b"plain");
    assert_eq!(received.agreed.negotiation, Negotiation::Refused);
    server.join();
}

#[tokio::test]
async fn a_stranger_is_told_and_disturbs_nothing() {
    let server = Server::run(V4, |peer| {
        peer.data(1, &file(512));
        peer.expect(b"\0\x04\0\x01");
        let stranger = socket(V4);
        stranger.send_to(b"\0\x03\0\x02evil", peer.client).unwrap();
        let mut buffer = [0; 600];
        stranger.recv(&mut buffer).unwrap();
        assert_eq!(buffer[..4], [0, 5, 0, 5]);
        // A second one is gone before it can be told: its closed port is not the server's.
        socket(V4).send_to(b"\0\x03\0\x02evil", peer.client).unwrap();
        thread::park_timeout(Duration::from_millis(50));
        peer.data(2, b"good");
        peer.expect(b"\0\x04\0\x02");
    });
    let received = fetch(&server, TftpOptions::default()).await.unwrap();
    assert_eq!(received.bytes, [file(512).as_slice(), b"good"].concat());
    server.join();
}

#[tokio::test]
async fn another_address_is_not_heard_and_is_named_once() {
    let server = Server::run(V4, |peer| {
        let foreign = socket("127.0.0.2:0");
        foreign.send_to(b"\0\x03\0\x01evil", peer.client).unwrap();
        foreign.send_to(b"\0\x03\0\x02evil", peer.client).unwrap();
        foreign.send_to(b"noise", peer.client).unwrap();
        foreign.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        assert!(foreign.recv(&mut [0; 600]).is_err(), "no answer to another host");
        peer.send_file(b"good", 512);
    });
    let mut named = Vec::new();
    let mut bytes = Vec::new();
    let mut watch = |event: ReadEvent<'_>| match event {
        ReadEvent::Foreign { server, from } => named.push((server, from.to_string())),
        ReadEvent::Bytes(come) => bytes.extend_from_slice(come),
        _ => {}
    };
    let (servers, request) = ([server.address], request(TftpOptions::default()));
    if env!("CARGO_CRATE_NAME") == "tftp_blocking" {
        blocking::stream_first(&servers, &request, &mut watch).unwrap();
    } else {
        bytes = read_first(None, &servers, &request, &mut watch).await.unwrap().bytes;
    }
    assert_eq!(bytes, b"good");
    assert_eq!(named, [(server.address, "127.0.0.2".to_owned())]);
    server.join();
}

#[tokio::test]
async fn a_server_that_falls_silent_amid_the_file_is_asked_anew() {
    let server = Server::run(V4, |peer| {
        peer.data(1, &file(512));
        let mut buffer = [0; 600];
        let (length, client) = peer.listener.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"\0\x01ITLFile.tlv\0octet\0");
        assert_ne!(client, peer.client, "another transfer");
        Peer { socket: socket(V4), client, ..peer }.send_file(&file(600), 512);
    });
    assert_eq!(fetch(&server, TftpOptions::default()).await.unwrap().bytes, file(600));
    server.join();
}

#[tokio::test]
async fn the_answer_to_a_lost_request_comes_to_the_second() {
    let server = Server::run(V4, |peer| {
        let mut buffer = [0; 600];
        peer.listener.recv(&mut buffer).unwrap();
        peer.send_file(b"late", 512);
    });
    assert_eq!(fetch(&server, TftpOptions::default()).await.unwrap().bytes, b"late");
    server.join();
}

#[tokio::test]
async fn a_repeated_last_block_is_acknowledged_after_the_end() {
    // A command that has ended answers nobody; the agent goes on, and does.
    if env!("CARGO_CRATE_NAME") == "tftp_blocking" {
        return;
    }
    let server = Server::run(V4, |peer| {
        peer.send_file(b"x", 512);
        peer.data(1, b"x");
        peer.expect(b"\0\x04\0\x01");
    });
    assert_eq!(fetch(&server, TftpOptions::default()).await.unwrap().bytes, b"x");
    // The thread of the test is the thread of the task that answers.
    while !server.thread.is_finished() {
        tokio::task::yield_now().await;
    }
    server.join();
}

#[tokio::test]
async fn a_block_longer_than_agreed_is_not_cut_to_size() {
    let server = Server::run(V4, |peer| {
        peer.data(1, &file(1024));
        peer.expect(b"\0\x05\0\x04block too long\0");
    });
    let failure = fetch(&server, TftpOptions::default()).await.unwrap_err();
    let ReadFailure::Misbehaved { how: ServerMisbehaved::BlockTooLong { .. }, .. } = failure else {
        panic!("{failure}");
    };
    server.join();
}

#[tokio::test]
async fn a_silent_server_whose_answer_comes_from_elsewhere_is_said_to_be_so() {
    let silent = socket(V4);
    let address = silent.local_addr().unwrap();
    let elsewhere = thread::spawn(move || {
        let (_, client) = silent.recv_from(&mut [0; 600]).unwrap();
        socket("127.0.0.2:0").send_to(b"\0\x03\0\x01good", client).unwrap();
        silent
    });
    let failure = read(address, &request(TftpOptions::default()), &mut |_| {}).await.unwrap_err();
    assert!(matches!(failure, ReadFailure::Elsewhere { .. }), "{failure:?}");
    let words = "timed out, answers came from 127.0.0.2 instead";
    assert_eq!(failure.to_string(), format!("TFTP server {address} {words}"));
    drop(elsewhere.join().unwrap());
}

#[tokio::test]
async fn a_silent_server_times_out() {
    let server = Server::run(V4, drop);
    let silent = socket(V4);
    let address = silent.local_addr().unwrap();
    let failure = read(address, &request(TftpOptions::default()), &mut |_| {}).await.unwrap_err();
    let ReadFailure::TimedOut { waiting: WaitingFor::Answer, .. } = failure else {
        panic!("{failure}")
    };
    assert_eq!(failure.to_string(), format!("TFTP server {address} timed out, no answer"));
    assert!(fetch(&server, TftpOptions::default()).await.is_err());
    server.join();
}

#[tokio::test]
async fn a_closed_port_is_unreachable_at_once() {
    for bind in [V4, "[::1]:0"] {
        let Ok(closed) = UdpSocket::bind(bind).and_then(|socket| socket.local_addr()) else {
            continue;
        };
        let started = tokio::time::Instant::now();
        let failure =
            read(closed, &request(TftpOptions::default()), &mut |_| {}).await.unwrap_err();
        let ReadFailure::Unreachable { server } = failure else { panic!("{failure}") };
        assert_eq!(server, closed);
        assert!(started.elapsed() < Duration::from_millis(190), "before the first timeout");
    }
}

#[tokio::test]
async fn a_server_that_closes_early_has_broken_off() {
    let server = Server::run(V4, |peer| {
        peer.data(1, &file(512));
        drop(peer);
    });
    let failure = fetch(&server, TftpOptions::default()).await.unwrap_err();
    let ReadFailure::BrokeOff { received: 512, .. } = failure else { panic!("{failure}") };
    assert!(failure.to_string().ends_with("broke off after 512 bytes, its port is closed"));
    server.join();
}

#[tokio::test]
async fn the_next_server_is_asked_when_one_is_down() {
    let closed = socket(V4).local_addr().unwrap();
    let server = Server::run(V4, |peer| peer.send_file(b"second", 512));
    let servers = [closed, server.address];
    let mut asked = Vec::new();
    let mut watch = |event: ReadEvent<'_>| {
        if let ReadEvent::Requesting(server) = event {
            asked.push(server);
        }
    };
    let received =
        read_first(None, &servers, &request(TftpOptions::default()), &mut watch).await.unwrap();
    assert_eq!(received.bytes, b"second");
    assert_eq!(received.server, server.address);
    assert_eq!(asked, [closed, server.address]);
    server.join();
}

#[tokio::test]
async fn the_next_server_is_asked_when_one_reports_an_error() {
    let failing = Server::run(V4, |peer| peer.send(b"\0\x05\0\x03disk\0"));
    let server = Server::run(V4, |peer| peer.send_file(b"second", 512));
    let servers = [failing.address, server.address];
    let received = read_first(None, &servers, &request(TftpOptions::default()), &mut |_| {}).await;
    assert_eq!(received.unwrap().bytes, b"second");
    failing.join();
    server.join();
}

#[tokio::test]
async fn a_streamed_file_begins_anew_with_each_server() {
    let failing = Server::run(V4, |peer| {
        for block in 1..=180 {
            peer.data(block, &[7; 512]);
            peer.expect(&[&[0, 4], block.to_be_bytes().as_slice()].concat());
        }
        peer.send(b"\0\x05\0\0disk\0");
    });
    let server = Server::run(V4, |peer| peer.send_file(&file(90_000), 512));
    let servers = [failing.address, server.address];
    let (mut come, mut longest) = (Vec::new(), 0);
    let mut watch = |event: ReadEvent<'_>| match event {
        ReadEvent::Requesting(_) => come.clear(),
        ReadEvent::Bytes(bytes) => {
            come.extend_from_slice(bytes);
            longest = longest.max(bytes.len());
        }
        _ => {}
    };
    let received =
        blocking::stream_first(&servers, &request(TftpOptions::default()), &mut watch).unwrap();
    assert_eq!((received.bytes, come), (Vec::new(), file(90_000)));
    assert!((65_536..66_048).contains(&longest), "{longest}");
    failing.join();
    server.join();
}

#[tokio::test]
async fn not_found_is_definite() {
    let lacking = Server::run(V4, |peer| peer.send(b"\0\x05\0\x01no such file\0"));
    let unasked = socket(V4);
    let servers = [lacking.address, unasked.local_addr().unwrap()];
    let failure = read_first(None, &servers, &request(TftpOptions::default()), &mut |_| {})
        .await
        .unwrap_err();
    let expected = format!("file not found on TFTP server {}: no such file", lacking.address);
    assert_eq!(failure.to_string(), expected);
    unasked.set_nonblocking(true).unwrap();
    assert!(unasked.recv(&mut [0; 600]).is_err(), "the second server was not asked");
    lacking.join();
}

#[tokio::test]
async fn not_found_is_definite_whatever_its_number() {
    for (number, said) in [(2, " (error 2): no such file"), (0, " (error 0): no such file")] {
        let lacking = Server::run(V4, move |peer| {
            peer.send(&[b"\0\x05\0".as_slice(), &[number], b"no such file\0"].concat());
        });
        let failure = fetch(&lacking, TftpOptions::default()).await.unwrap_err();
        assert!(matches!(failure, ReadFailure::NotFound { .. }), "{failure}");
        assert!(failure.to_string().ends_with(said), "{failure}");
        lacking.join();
    }
}

#[tokio::test]
async fn a_missing_file_as_the_field_says_it_is_not_found() {
    let hex: String = include_str!("field/f05-error-2-not-there.hex").split_whitespace().collect();
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    let datagram: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
    let lacking = Server::run(V4, move |peer| peer.send(&datagram));
    let failure = fetch(&lacking, TftpOptions::default()).await.unwrap_err();
    let said = format!(
        "file not found on TFTP server {} (error 2): No such file or directory",
        lacking.address
    );
    assert_eq!(failure.to_string(), said);
    lacking.join();
}

#[tokio::test]
async fn a_refusal_by_another_number_is_a_refusal_too() {
    for number in [0, 4] {
        let server = Server::run(V4, move |peer| {
            peer.send(&[b"\0\x05\0".as_slice(), &[number], b"no\0"].concat());
            let mut buffer = [0; 600];
            let length = peer.listener.recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], b"\0\x01ITLFile.tlv\0octet\0");
            Peer { socket: socket(V4), ..peer }.send_file(b"plain", 512);
        });
        let received = fetch(&server, TftpOptions::default().with_tsize()).await.unwrap();
        assert_eq!(received.bytes, b"plain");
        server.join();
    }
}

#[tokio::test]
async fn a_server_that_passes_over_options_is_asked_plainly() {
    let server = Server::run(V4, |peer| {
        let mut buffer = [0; 600];
        let length = peer.listener.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"\0\x01ITLFile.tlv\0octet\0");
        peer.send_file(b"plain", 512);
    });
    let received = fetch(&server, TftpOptions::default().with_tsize()).await.unwrap();
    assert_eq!(received.bytes, b"plain");
    assert_eq!(received.agreed.negotiation, Negotiation::Unanswered);
    server.join();
}

#[tokio::test]
async fn no_server_is_a_failure_of_its_own() {
    let failure =
        read_first(None, &[], &request(TftpOptions::default()), &mut |_| {}).await.unwrap_err();
    assert!(matches!(failure, ReadFailure::NoServer));
}

#[tokio::test]
async fn requests_come_from_the_phones_own_address() {
    let own = "127.0.9.9".parse().unwrap();
    let server = Server::run(V4, move |peer| {
        assert_eq!(peer.client.ip(), own);
        peer.send_file(b"plain", 512);
    });
    let servers = [server.address];
    let options = TftpOptions::default();
    let received = read_first(Some(own), &servers, &request(options), &mut |_| {}).await.unwrap();
    assert_eq!(received.bytes, b"plain");
    server.join();
}

#[tokio::test]
async fn an_own_address_that_the_machine_lacks_is_named() {
    let servers = ["127.0.0.1:69".parse().unwrap()];
    let own = Some("192.0.2.77".parse().unwrap());
    let options = TftpOptions::default();
    let failure = read_first(own, &servers, &request(options), &mut |_| {}).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "TFTP server 127.0.0.1:69: device.address: 192.0.2.77 is not an address of this machine"
    );
}
