//! The console log on a log server: rsyslog, and servers of the test's own that come and go.
#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]
#![allow(clippy::disallowed_methods, reason = "tests wait in real time, within bounds")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use secd_lab::cluster::{Cluster, Files, Setup};
use secd_lab::tftp::Server;
use support::PATIENCE;
use support::agent::{Agent, secd};
use support::log::shown;
use support::office::Office;
use support::phone::{DEVICE, Phone};
use support::server::cache;
use support::socket::call;
use tempfile::TempDir;

/// rsyslog on a port of the loopback, for UDP and TCP; killed when it is dropped.
struct Rsyslog {
    child: Child,
    folder: TempDir,
    port: u16,
}

impl Rsyslog {
    #[track_caller]
    fn start() -> Self {
        // A port that was free a moment ago may be taken when the server comes to it.
        for _ in 0..5 {
            let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut rsyslog = Self::at(port, tempfile::tempdir().unwrap());
            if rsyslog.listens() {
                return rsyslog;
            }
        }
        panic!("rsyslog does not start");
    }

    fn at(port: u16, folder: TempDir) -> Self {
        let path = |name: &str| folder.path().join(name).display().to_string();
        // One line a message, with the parts that RFC 5424 has, as rsyslog understood them.
        let configuration = format!(
            "global(workDirectory=\"{work}\")\n\
             module(load=\"imudp\")\nmodule(load=\"imtcp\")\nmodule(load=\"mmpstrucdata\")\n\
             template(name=\"parts\" type=\"string\" string=\"%inputname%|%protocol-version%|\
             %syslogseverity%|%syslogfacility%|%timereported:::date-rfc3339%|%hostname%|\
             %app-name%|%msgid%|%structured-data%|%$!rfc5424-sd!secd@32473!sequence%|%msg%\\n\")\n\
             ruleset(name=\"all\") {{ action(type=\"mmpstrucdata\")\n\
             action(type=\"omfile\" file=\"{log}\" template=\"parts\") }}\n\
             input(type=\"imudp\" address=\"127.0.0.1\" port=\"{port}\" ruleset=\"all\")\n\
             input(type=\"imtcp\" address=\"127.0.0.1\" port=\"{port}\" ruleset=\"all\")\n",
            work = path(""),
            log = path("log"),
        );
        support::write(&folder.path().join("conf"), configuration.as_bytes());
        let program = cache().unwrap().join("bin/rsyslogd");
        let mut command = Command::new(&program);
        command.args(["-n", "-f", &path("conf"), "-i", &path("pid")]);
        let out = fs::File::create(folder.path().join("out")).unwrap();
        command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out);
        let child = command.spawn();
        let child = child.unwrap_or_else(|error| {
            panic!("{}: {error}: scripts/setup provides it", program.display())
        });
        Self { child, folder, port }
    }

    /// Whether both ports are open.
    fn listens(&mut self) -> bool {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until && self.child.try_wait().unwrap().is_none() {
            let is_bound = UdpSocket::bind(("127.0.0.1", self.port)).is_err();
            if is_bound && TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    /// The messages so far, each by its parts.
    fn messages(&self) -> Vec<Vec<String>> {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        log.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect()
    }

    /// The message of an event, once it is there.
    #[track_caller]
    fn message_of(&self, event: &str) -> Vec<String> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(found) = self.messages().into_iter().find(|parts| parts[MSGID] == event) {
                return found;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("no {event} among {:#?}", self.messages());
    }
}

const MSGID: usize = 7;

impl Drop for Rsyslog {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A phone of an office that sends its log there.
fn sending(office: &Office, server: &str) -> Phone {
    office.phone(&format!("[syslog]\nserver = \"{server}\"\nlevel = \"info\"\n"))
}

#[test]
fn rsyslog_understands_every_part_over_udp_and_over_tcp() {
    let office = Office::open();
    for (transport, input) in [("udp", "imudp"), ("tcp", "imtcp")] {
        let rsyslog = Rsyslog::start();
        let phone = sending(&office, &format!("{transport}://127.0.0.1:{}", rsyslog.port));
        let mut agent = Agent::start(&phone);
        agent.pass();
        let done = rsyslog.message_of("RefreshDone");
        let [by, version, severity, facility, time, host, app, _, facts, sequence, text] =
            &done[..]
        else {
            panic!("{done:?}")
        };
        assert_eq!([by, version, severity, facility], [input, "1", "5", "3"], "{done:?}");
        assert_eq!((host.as_str(), app.as_str()), (DEVICE, "secd"));
        assert!(time.starts_with("20") && time.len() > 20, "{time}");
        assert!(facts.contains("[facts@32473 ") && facts.contains("state=\"S1\""), "{facts}");
        assert!(text.trim_start().starts_with("SECD: refresh: done, state S1 ("), "{text}");
        // From the first line on, each once, although the server was reached later.
        let messages = rsyslog.messages();
        let numbers: Vec<usize> = messages
            .iter()
            .map(|parts| parts[9].parse().unwrap_or_else(|_| panic!("{parts:?}")))
            .collect();
        let last: usize = sequence.parse().unwrap();
        assert_eq!(numbers[..last], (1..=last).collect::<Vec<_>>());
        assert_eq!(rsyslog.message_of("ListFirstUse")[2], "4");
        assert_eq!(rsyslog.message_of("StageOver")[2], "6");
    }
}

/// A receiver of datagrams at an address of its own.
fn receiver(at: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind(at).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn anywhere() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// The numbers of the lines in messages, until the one of an event.
#[track_caller]
fn numbers(receiver: &UdpSocket, event: &str) -> Vec<u64> {
    let mut numbers = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let length =
            receiver.recv(&mut buffer).unwrap_or_else(|_| panic!("no {event}: {numbers:?}"));
        let message = std::str::from_utf8(&buffer[..length]).unwrap();
        numbers.push(sequence(message));
        if message.contains(&format!(" {event} [")) {
            return numbers;
        }
    }
}

fn sequence(message: &str) -> u64 {
    let (_, rest) = message.split_once("sequence=\"").expect(message);
    rest.split_once('"').unwrap().0.parse().unwrap()
}

#[test]
fn a_server_that_is_not_there_yet_gets_every_line_once_it_is() {
    let office = Office::open();
    let address = receiver(anywhere()).local_addr().unwrap();
    let phone = sending(&office, &format!("udp://{address}"));
    let mut agent = Agent::start(&phone);
    agent.pass();
    let gets_nothing =
        |line: &support::log::Line| line.text.contains("gets no lines, connection refused");
    let found = agent.log.find(0, PATIENCE, gets_nothing);
    assert!(found.is_some(), "{}", shown(&agent.log.from(0)));
    let socket = receiver(address);
    let found = numbers(&socket, "RefreshDone");
    assert_eq!(found, (1..=found.len().try_into().unwrap()).collect::<Vec<_>>());
    let lines = agent.log.from(0);
    assert_eq!(lines.iter().filter(|line| gets_nothing(line)).count(), 1, "{}", shown(&lines));
}

#[test]
fn a_dead_server_that_gets_only_grave_lines_is_reported_once() {
    let address = receiver(anywhere()).local_addr().unwrap();
    let phone = Phone::new(&["127.0.0.1:9"]);
    let sections = format!("[syslog]\nserver = \"udp://{address}\"\nlevel = \"error\"\n");
    phone.configure(&["127.0.0.1:9"], "timeout_s = 1\nretries = 0\n", &sections);
    let mut agent = Agent::start(&phone);
    agent.pass();
    // Long enough for two more tries, each of which would be another pair of lines.
    std::thread::sleep(Duration::from_secs(4));
    let lines = agent.log.from(0);
    let count = |text: &str| lines.iter().filter(|line| line.text.contains(text)).count();
    assert_eq!((count("gets no lines"), count("lines go to")), (1, 0), "{}", shown(&lines));
    let socket = receiver(address);
    let mut buffer = [0; 4096];
    let length = socket.recv(&mut buffer).unwrap();
    let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
    // Facility local0 or the like times eight, and severity 3.
    let priority: u8 = message[1..].split('>').next().unwrap().parse().unwrap();
    assert_eq!(priority % 8, 3, "{message}");
}

#[test]
fn what_is_lost_is_counted_and_reported_in_one_line() {
    let phone = Phone::with(&["127.0.0.1:9"], "timeout_s = 1\nretries = 0\n", "");
    let listener = TcpListener::bind(anywhere()).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let sections = format!("[syslog]\nserver = \"tcp://{address}\"\n");
    phone.configure(&["127.0.0.1:9"], "timeout_s = 1\nretries = 0\n", &sections);
    let mut agent = Agent::start(&phone);
    agent.pass();
    // More than the agent keeps.
    for number in 0..300 {
        let parameters = serde_json::json!(
            { "process": "JVM", "level": "notice", "text": format!("line {number}") }
        );
        call(&phone.socket(), "AppendLog", parameters).unwrap();
    }
    let listener = TcpListener::bind(address).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut received, mut lost) = (BTreeSet::new(), None);
    while lost.is_none() {
        let message = frame(&mut server);
        received.insert(sequence(&message));
        lost = message.contains(" LinesLost [").then_some(message);
    }
    let lost = lost.unwrap();
    let (first, last) = (*received.first().unwrap(), *received.last().unwrap());
    assert!(first > 1 && received.len() == usize::try_from(last - first + 1).unwrap());
    assert!(lost.contains(&format!("count=\"{}\"", first - 1)), "first {first}: {lost}");
    let is_report = |line: &support::log::Line| line.text.contains(" were lost");
    let report = agent.log.find(0, PATIENCE, is_report).expect("a line on the console");
    // Another one would have come with the lines of another pass.
    agent.pass_again();
    assert!(!agent.log.from(report + 1).iter().any(is_report));
}

/// A message, behind the number of its bytes.
#[track_caller]
fn frame(stream: &mut TcpStream) -> String {
    let mut length = String::new();
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        match byte[0] {
            b' ' => break,
            digit => length.push(digit.into()),
        }
    }
    let mut message = vec![0; length.parse().expect(&length)];
    stream.read_exact(&mut message).unwrap();
    String::from_utf8(message).unwrap()
}

#[test]
fn a_connection_that_ends_is_made_again_and_one_that_stalls_costs_the_phone_nothing() {
    let office = Office::open();
    let listener = TcpListener::bind(anywhere()).unwrap();
    let phone = sending(&office, &format!("tcp://{}", listener.local_addr().unwrap()));
    let mut agent = Agent::start(&phone);
    agent.pass();
    let (mut first, _) = listener.accept().unwrap();
    first.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut last = 0;
    loop {
        let message = frame(&mut first);
        last = last.max(sequence(&message));
        if message.contains(" LinesForwarded [") {
            break;
        }
    }
    drop(first);
    let (mut second, _) = listener.accept().unwrap();
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    let next = sequence(&frame(&mut second));
    assert!(next > 1 && next <= last + 1, "{last} {next}");
    // From here on nobody reads: passes go on as before.
    for _ in 0..3 {
        agent.pass_again();
    }
}

/// Takes what is on its way, until there is nothing for longer than the agent takes to find out
/// whether anybody listens.
fn drain(receiver: &UdpSocket) {
    receiver.set_read_timeout(Some(Duration::from_millis(1200))).unwrap();
    while receiver.recv(&mut [0; 4096]).is_ok() {}
    receiver.set_read_timeout(Some(PATIENCE)).unwrap();
}

fn signed() -> String {
    format!("{DEVICE}.cnf.xml.sgn")
}

fn naming(server: &SocketAddr) -> String {
    format!(
        "<device><fullConfig>true</fullConfig><vendorConfig><logServer>{server}@@base=7;pfs=0\
         </logServer></vendorConfig></device>"
    )
}

#[test]
fn the_server_of_a_verified_configuration_counts_also_after_a_restart_until_another_names_none() {
    let cluster = Cluster::new(Setup::default());
    let socket = receiver(anywhere());
    let serving = |xml: &str| {
        let mut files = cluster.files();
        files.insert(signed(), cluster.signed(&signed(), xml.as_bytes()));
        files
    };
    let tftp = Server::start(serving(&naming(&socket.local_addr().unwrap())));
    let phone = Phone::new(&[&tftp.address().to_string()]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    // The line about the configuration is older than the knowledge of the server.
    assert_eq!(numbers(&socket, "RefreshDone")[0], 1);
    assert!(agent.end().success());
    drain(&socket);
    // The servers have nothing, and the phone knows it from before.
    tftp.serve(Files::new());
    let mut agent = Agent::start(&phone);
    assert_eq!(numbers(&socket, "Started"), [1]);
    agent.pass();
    tftp.serve(serving("<device><fullConfig>true</fullConfig></device>"));
    agent.pass_again();
    drain(&socket);
    agent.pass_again();
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    assert!(socket.recv(&mut [0; 4096]).is_err(), "it names none any more");
}

#[test]
fn a_factory_reset_forgets_the_server_of_the_former_owner() {
    let cluster = Cluster::new(Setup::default());
    let socket = receiver(anywhere());
    let mut files = cluster.files();
    let named = naming(&socket.local_addr().unwrap());
    files.insert(signed(), cluster.signed(&signed(), named.as_bytes()));
    let tftp = Server::start(files);
    let phone = Phone::new(&[&tftp.address().to_string()]);
    let mut agent = Agent::start(&phone);
    agent.pass();
    assert_eq!(numbers(&socket, "RefreshDone")[0], 1);
    tftp.serve(Files::new());
    let what = |confirmation| serde_json::json!({ "what": "all", "confirmation": confirmation });
    let asked = call(&phone.socket(), "Erase", what(serde_json::Value::Null)).unwrap();
    call(&phone.socket(), "Erase", what(asked["confirmation"].clone())).unwrap();
    drain(&socket);
    agent.pass_again();
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    assert!(socket.recv(&mut [0; 4096]).is_err(), "nobody names it any more");
}

#[test]
fn an_unsigned_configuration_and_a_setting_against_it_name_no_server() {
    let socket = receiver(anywhere());
    let xml = naming(&socket.local_addr().unwrap());
    let cluster = Cluster::new(Setup::default());
    let unsigned = Files::from([(format!("{DEVICE}.cnf.xml"), xml.clone().into_bytes())]);
    let mut files = cluster.files();
    files.insert(signed(), cluster.signed(&signed(), xml.as_bytes()));
    for (files, sections) in [(unsigned, ""), (files, "[syslog]\nfrom_configuration = false\n")] {
        let tftp = Server::start(files);
        let phone = Phone::with(&[&tftp.address().to_string()], "", sections);
        let mut agent = Agent::start(&phone);
        let lines = agent.pass();
        assert!(lines.last().unwrap().text.ends_with("configuration done"), "{}", shown(&lines));
        agent.pass_again();
        assert!(agent.end().success());
        socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        assert!(socket.recv(&mut [0; 4096]).is_err());
    }
}

#[test]
fn a_quiet_console_takes_nothing_from_memory_nor_from_the_log_server() {
    let office = Office::open();
    let socket = receiver(anywhere());
    let phone = sending(&office, &format!("udp://{}", socket.local_addr().unwrap()));
    let mut agent = Agent::start(&phone);
    agent.pass();
    let log = |words: &[&str]| {
        let mut command = secd();
        command.arg("log").args(words).arg("--socket").arg(phone.socket());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(log(&["--console", "error"]), "");
    let before = agent.log.from(0).len();
    agent.signal(nix::sys::signal::Signal::SIGHUP);
    // SIGHUP reads the settings again, and with them the level: a pass by order does not.
    agent.pass();
    log(&["--console", "error"]);
    let quiet = agent.log.from(0).len();
    let mut refresh = secd();
    refresh.arg("refresh").arg("--socket").arg(phone.socket());
    assert!(refresh.output().unwrap().status.success());
    assert!(agent.log.from(quiet).iter().all(|line| line.level == "ERR"), "{before}");
    assert_eq!(log(&[]).matches("refresh: done").count(), 3);
    for _ in 0..3 {
        numbers(&socket, "RefreshDone");
    }
}
