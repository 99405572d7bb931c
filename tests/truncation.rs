//! The end of TLS and the end of the connection under it: who has asked for a page without a length
//! learns whether it came whole, and whoever ends its own half gets all of it.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]
#![allow(clippy::disallowed_methods, reason = "tests wait in real time, within bounds")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use secd_lab::tls::{self, ClientCertificate, Presented, Version};
use serde_json::{Value, json};
use support::agent::{Agent, secd};
use support::log::shown;
use support::office::Office;
use support::phone::Phone;
use support::socket::{Client, call, full, outcome};
use tempfile::TempDir;

/// How a server ends a connection after the first half of its page.
#[derive(Clone, Copy, Debug)]
enum Ending {
    /// By close_notify: it was all there is.
    CloseNotify,
    /// With the connection under it.
    Fin,
    /// By a reset of the connection under it.
    Reset,
}

/// What comes of a page, whole or not.
const PAGE: &str = "HTTP/1.0 200 OK\r\n\r\n<CiscoIPPhoneText>pay 1";

/// A server with a certificate that TVS vouches for, for one connection.
fn server(office: &Office, version: Version, ending: Ending) -> SocketAddr {
    let presented = Presented::new(&office.tomcat);
    let config = tls::config(&presented, version, ClientCertificate::NotAsked);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        // An old one refuses the current stack, which comes first.
        let accept = || tls::accept(config.clone(), listener.accept().unwrap().0);
        let mut stream = accept().or_else(|_| accept()).unwrap();
        let mut request = [0; 16];
        stream.read_exact(&mut request).unwrap();
        stream.write_all(PAGE.as_bytes()).unwrap();
        stream.flush().unwrap();
        match ending {
            Ending::CloseNotify => {
                stream.send_close_notify().unwrap();
            }
            Ending::Fin => {
                // Nothing of the request is left unread, which would be a reset.
                let mut rest = [0; 4096];
                stream.tcp().set_read_timeout(Some(Duration::from_millis(200))).unwrap();
                while stream.tcp().read(&mut rest).is_ok_and(|length| length > 0) {}
            }
            Ending::Reset => {
                // The client goes on, and nobody reads that.
                stream.tcp().peek(&mut [0]).unwrap();
            }
        }
    });
    address
}

fn booted() -> (Office, Phone, Agent) {
    booted_with("")
}

/// With more sections in the configuration.
fn booted_with(sections: &str) -> (Office, Phone, Agent) {
    let office = Office::open();
    let phone = office.phone(sections);
    let mut agent = Agent::start(&phone);
    agent.pass();
    (office, phone, agent)
}

/// `secd connect`, with what it asks for.
fn connect(phone: &Phone, address: SocketAddr, request: &[u8]) -> Output {
    let mut command = secd();
    command.arg("connect").arg(address.to_string()).arg("--socket").arg(phone.socket());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // The server may be gone before all of it is read.
    let _gone = stdin.write_all(request);
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    output
}

fn cut_connections(phone: &Phone) -> Value {
    call(&phone.socket(), "GetStatus", json!({})).unwrap()["counters"]["cut_connections"].clone()
}

#[test]
fn a_page_that_was_cut_off_is_told_from_one_that_is_whole() {
    for version in [Version::Any, Version::Tls10] {
        let (office, phone, agent) = booted_with(OLD_TLS);
        let request = "GET / HTTP/1.0\r\n\r\n";
        let server = |ending| server(&office, version, ending);
        let whole = connect(&phone, server(Ending::CloseNotify), request.as_bytes());
        assert_eq!((whole.status.code(), whole.stdout), (Some(0), PAGE.as_bytes().to_vec()));
        assert_eq!(cut_connections(&phone), 0);
        let long = request.repeat(100_000);
        for (cut, (ending, request)) in
            [(Ending::Fin, request), (Ending::Reset, &long)].into_iter().enumerate()
        {
            let output = connect(&phone, server(ending), request.as_bytes());
            let why = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(69), "{ending:?}: {why}");
            assert_eq!(why.lines().count(), 1, "{why}");
            assert_eq!(cut_connections(&phone), cut + 1, "{ending:?}");
            if let Ending::Fin = ending {
                assert_eq!(output.stdout, PAGE.as_bytes(), "what came is passed on");
                assert!(why.contains("without close_notify"), "{why}");
            }
        }
        let lines = agent.logged(&phone, 0);
        let cut = lines.iter().filter(|line| line.text.contains("cut off, ")).collect::<Vec<_>>();
        assert!(cut.len() == 2 && cut.iter().all(|line| line.level == "WRN"), "{}", shown(&lines));
    }
}

#[test]
fn an_application_asks_how_its_own_connection_ended() {
    let (office, phone, _agent) = booted();
    let mut ends = Vec::new();
    for ending in [Ending::CloseNotify, Ending::Fin] {
        let address = server(&office, Version::Any, ending);
        let parameters = json!({ "host": "127.0.0.1", "port": address.port() });
        let call = json!({ "method": full("Connect"), "parameters": parameters, "upgrade": true });
        let mut client = Client::connect(&phone.socket());
        let opened = outcome(client.send_call(&call).reply().unwrap()).unwrap();
        let ask = || {
            let parameters = json!({ "connection": opened["connection"] });
            support::socket::call(&phone.socket(), "GetConnection", parameters).unwrap()
        };
        assert_eq!(ask()["whole"], Value::Null, "it is open");
        client.send(b"GET / HTTP/1.0\r\n\r\n");
        let mut stream = client.stream.try_clone().unwrap();
        let mut page = Vec::new();
        stream.read_to_end(&mut page).unwrap();
        assert_eq!(page, PAGE.as_bytes());
        ends.push(ask()["whole"].clone());
    }
    assert_eq!(ends, [true, false]);
    let parameters = json!({ "connection": 1 });
    let unknown = call(&phone.socket(), "GetConnection", parameters).unwrap();
    assert_eq!(unknown["whole"], Value::Null);
}

/// `openssl s_server` with a page of its own, without a length.
struct Openssl(Child, SocketAddr, TempDir);

impl Openssl {
    /// With more arguments, and what it reads from standard input.
    fn start(office: &Office, more: &[&str], stdin: Stdio) -> Self {
        let folder = TempDir::new().unwrap();
        let write = |name, bytes: &[u8]| support::write(&folder.path().join(name), bytes);
        write("server.der", &office.tomcat.certificate.der);
        write("server.key", office.tomcat.key.pem().as_bytes());
        write("page.txt", PAGE.repeat(10_000).as_bytes());
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", "127.0.0.1:0", "-key", "server.key"]).args(more);
        command.args(["-certform", "DER", "-cert", "server.der"]).current_dir(folder.path());
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = lines.map(Result::unwrap);
        let address =
            lines.find_map(|line| line.strip_prefix("ACCEPT ").map(|it| it.parse().unwrap()));
        thread::spawn(move || lines.for_each(drop));
        Self(child, address.unwrap(), folder)
    }
}

impl Drop for Openssl {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        assert!(fs::exists(self.2.path()).unwrap());
    }
}

#[test]
fn an_independent_server_ends_properly_unless_it_is_killed() {
    let (office, phone, _agent) = booted();
    let server = Openssl::start(&office, &["-WWW"], Stdio::null());
    let whole = connect(&phone, server.1, b"GET /page.txt HTTP/1.0\r\n\r\n");
    assert_eq!(whole.status.code(), Some(0), "{whole:?}");
    assert!(whole.stdout.ends_with(PAGE.as_bytes()));
    // It waits for a request when it is killed.
    let mut command = secd();
    command.args(["connect", "--json", &server.1.to_string(), "--socket"]).arg(phone.socket());
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut waiting = command.spawn().unwrap();
    let stdin = waiting.stdin.take();
    let mut opened = String::new();
    let mut said = BufReader::new(waiting.stderr.take().unwrap());
    said.read_line(&mut opened).unwrap();
    assert!(opened.contains("connection"), "{opened}");
    drop(server);
    said.read_line(&mut opened).unwrap();
    assert_eq!(waiting.wait().unwrap().code(), Some(69), "{opened}");
    assert!(opened.contains("cut off"), "{opened}");
    drop(stdin);
}

/// More than all buffers on the way hold; digits, as other characters are commands to `s_server`.
const LONG: usize = 5_000_000;

/// What `s_server` reads at once.
const SWALLOWED: usize = 16 << 10;

/// What an old server is made to speak.
const TLS_1_0: &str = "-tls1 -cipher AES256-SHA:@SECLEVEL=0";

/// Lets the phone speak with one.
const OLD_TLS: &str = "[https]\nlegacy_tls = true\n";

/// A server that ends at its client's close_notify, whatever it has still to send: `openssl s_server`
/// with an answer on its standard input, which stays open as long as the thread is kept.
fn abrupt(office: &Office, version: &str) -> (Openssl, JoinHandle<ChildStdin>) {
    let mut server = once(office, version);
    let mut stdin = server.0.stdin.take().unwrap();
    let answer = thread::spawn(move || {
        // The handshake that it refuses may swallow what is there by then.
        let _until_it_ends = stdin.write_all(&vec![b'7'; LONG + SWALLOWED]);
        stdin
    });
    (server, answer)
}

/// `openssl s_server` for one connection; an old one refuses the current stack before.
fn once(office: &Office, version: &str) -> Openssl {
    let count = if version == TLS_1_0 { "2" } else { "1" };
    let more: Vec<&str> = version.split(' ').chain(["-naccept", count]).collect();
    Openssl::start(office, &more, Stdio::piped())
}

/// A connection whose client has closed its half behind its request, and its number.
fn half_closed(phone: &Phone, server: SocketAddr) -> (Client, Value) {
    let parameters = json!({ "host": "127.0.0.1", "port": server.port() });
    let call = json!({ "method": full("Connect"), "parameters": parameters, "upgrade": true });
    let mut client = Client::connect(&phone.socket());
    let opened = outcome(client.send_call(&call).reply().unwrap()).unwrap();
    client.send(b"GET / HTTP/1.0\r\n\r\n");
    client.stream.shutdown(Shutdown::Write).unwrap();
    (client, opened["connection"].clone())
}

/// Waits for the end of a server, which comes well before the limit of a silent one.
#[track_caller]
fn ends_soon(mut server: Openssl) {
    let gone = Instant::now();
    server.0.wait().unwrap();
    assert!(gone.elapsed() < Duration::from_secs(10), "{:?}", gone.elapsed());
}

#[test]
fn a_client_that_closes_its_half_gets_the_whole_answer_and_frees_the_server_when_it_goes() {
    let (office, phone, _agent) = booted_with(OLD_TLS);
    for version in ["-tls1_2", "-tls1_3", TLS_1_0] {
        let (mut server, _answer) = abrupt(&office, version);
        let (mut client, _) = half_closed(&phone, server.1);
        let come = client.take(LONG);
        assert_eq!(come.len(), LONG, "{version}");
        assert!(server.0.try_wait().unwrap().is_none(), "the client may still wait");
        drop(client);
        ends_soon(server);
    }
}

#[test]
fn the_end_of_standard_input_costs_nothing_of_the_answer() {
    let (office, phone, _agent) = booted_with(OLD_TLS);
    for (version, more) in
        [("-tls1_2", None), ("-tls1_3", None), (TLS_1_0, None), ("-tls1_3", Some("--half-close"))]
    {
        let (server, _answer) = abrupt(&office, version);
        let mut command = secd();
        command.args(["connect", &server.1.to_string()]).args(more);
        command.arg("--socket").arg(phone.socket()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Closed behind it. Without a request the server may block in its read.
        child.stdin.take().unwrap().write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        let mut come = Vec::new();
        child
            .stdout
            .take()
            .unwrap()
            .take(u64::try_from(LONG).unwrap())
            .read_to_end(&mut come)
            .unwrap();
        assert_eq!(come.len(), LONG, "{version} {more:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        ends_soon(server);
    }
}

#[test]
fn a_server_that_is_silent_gets_the_end_of_its_client_before_the_idle_limit() {
    let (office, phone, _agent) = booted_with(&format!("{OLD_TLS}idle_s = 4\n"));
    for version in ["-tls1_2", "-tls1_3", TLS_1_0] {
        // It waits for its client's end, or for something to send.
        let server = once(&office, version);
        let (client, connection) = half_closed(&phone, server.1);
        assert_eq!(client.rest(), b"", "{version}");
        let ended = call(&phone.socket(), "GetConnection", json!({ "connection": connection }));
        assert_eq!(ended.unwrap()["whole"], true, "{version}");
        ends_soon(server);
    }
}
