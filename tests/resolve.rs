//! Names: by the file of hosts and several name servers, shared by all who ask, kept for a pass,
//! and never in the way of those who ask for something else.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]
#![expect(clippy::disallowed_methods, reason = "a test has files, and waits within bounds")]

mod support;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use secd::io::resolve::{Names, SystemFiles, Unresolved};
use secd::proto::dns::NotFound;
use secd::wire::address::ServerAddress;
use secd::wire::dns::Code;
use secd_lab::cluster::{Cluster, Setup};
use secd_lab::tftp;
use serde_json::json;
use support::agent::{Agent, run_after};
use support::log::shown;
use support::names::{Answer, NameServer};
use support::phone::Phone;
use support::socket::{Client, full};
use tempfile::TempDir;
use tokio::task::LocalSet;

/// The files of a system, in a folder of their own, which goes with it.
struct System {
    _folder: TempDir,
    files: SystemFiles,
}

impl System {
    fn new(hosts: &str, resolv_conf: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let files = SystemFiles { hosts: place("hosts"), resolv_conf: place("resolv.conf") };
        fs::write(&files.hosts, hosts).unwrap();
        fs::write(&files.resolv_conf, resolv_conf).unwrap();
        Self { _folder: folder, files }
    }

    /// With these name servers, and an option.
    fn asking(servers: &[SocketAddr], more: &str) -> Self {
        let line = |it: &SocketAddr| format!("nameserver [{}]:{}\n", it.ip(), it.port());
        Self::new("", &(servers.iter().map(line).collect::<String>() + more))
    }

    fn names(&self) -> Names {
        Names::of(&self.files)
    }
}

async fn find(names: &Names, host: &str) -> Result<Vec<String>, Unresolved> {
    let server = ServerAddress::parse(host, 69).unwrap();
    let found = names.resolve(&server).await?;
    Ok(found.iter().map(ToString::to_string).collect())
}

fn one(last: u8) -> Answer {
    Answer::Addresses(vec![Ipv4Addr::new(127, 0, 0, last)])
}

/// A name server that takes questions and answers none.
fn silent() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// A port on which nobody answers: it was just given back.
fn closed() -> SocketAddr {
    silent().1
}

#[tokio::test]
async fn the_file_of_hosts_comes_before_any_server() {
    let server = NameServer::start(&[("cm1", one(66))]);
    let system = System::asking(&[server.address], "");
    fs::write(&system.files.hosts, "127.0.0.7 cm1.lab.test CM1\n").unwrap();
    assert_eq!(find(&system.names(), "cm1").await, Ok(vec!["127.0.0.7:69".to_owned()]));
    assert_eq!(server.asked("cm1"), 0);
}

#[tokio::test]
async fn a_server_that_is_silent_closed_or_fails_is_followed_by_the_next() {
    let good = NameServer::start(&[("cm1.lab.test", one(2))]);
    let failing = NameServer::start(&[("cm1.lab.test", Answer::Code(2))]);
    let (_socket, silent) = silent();
    for first in [silent, closed(), failing.address] {
        let system = System::asking(&[first, good.address], "");
        let found = find(&system.names(), "cm1.lab.test:6969").await;
        assert_eq!(found, Ok(vec!["127.0.0.2:6969".to_owned()]), "{first}");
    }
}

#[tokio::test]
async fn what_goes_wrong_is_named() {
    let server = NameServer::start(&[("broken.test", Answer::Code(2)), ("v6.test", one(1))]);
    let system = System::asking(&[server.address], "");
    let not_found = |why| Err(Unresolved::NotFound(why));
    let broken = find(&system.names(), "broken.test").await;
    assert_eq!(broken, not_found(NotFound::Failed(Code(2))));
    assert_eq!(find(&system.names(), "absent.test").await, not_found(NotFound::NoSuchName));
    let nobody = System::asking(&[closed()], "");
    assert_eq!(find(&nobody.names(), "cm1").await, not_found(NotFound::Unreachable));
    let (_socket, silent) = silent();
    let silent = System::asking(&[silent], "options attempts:1\n");
    assert_eq!(find(&silent.names(), "cm1").await, not_found(NotFound::Silent));
    // Nobody is asked about a name that cannot exist.
    assert_eq!(find(&nobody.names(), "cm1.invalid").await, not_found(NotFound::NoSuchName));
}

#[tokio::test]
async fn a_name_is_searched_for_and_a_long_answer_comes_over_tcp() {
    let many = (1..=60).map(|last| Ipv4Addr::new(127, 0, 0, last)).collect();
    let server = NameServer::start(&[("cm1.lab.test", one(3)), ("many", Answer::OverTcp(many))]);
    let system = System::asking(&[server.address], "search lab.test\n");
    assert_eq!(find(&system.names(), "cm1").await, Ok(vec!["127.0.0.3:69".to_owned()]));
    let found = find(&system.names(), "many").await.unwrap();
    assert_eq!(found.first().map(String::as_str), Some("127.0.0.1:69"));
    assert_eq!(found.len(), 4, "no more are tried");
}

#[tokio::test]
async fn an_answer_with_another_number_is_not_heard() {
    let forged = Answer::OtherNumber(vec![Ipv4Addr::new(127, 6, 6, 6)]);
    let server = NameServer::start(&[("cm1.lab.test", forged)]);
    let system = System::asking(&[server.address], "options attempts:1\n");
    let found = find(&system.names(), "cm1.lab.test").await;
    assert_eq!(found, Err(Unresolved::NotFound(NotFound::Silent)));
}

/// Many ask at once, and the first of them goes away.
#[tokio::test]
async fn one_look_up_serves_all_who_ask_and_outlives_whoever_began_it() {
    let (socket, address) = silent();
    let system = System::asking(&[address], "");
    let asking = system.names();
    let local = LocalSet::new();
    local
        .run_until(async {
            let ask = |_| {
                let names = asking.clone();
                tokio::task::spawn_local(async move { find(&names, "cm1.lab.test").await })
            };
            let mut tasks: Vec<_> = (0..20).map(ask).collect();
            tokio::task::yield_now().await;
            tasks.remove(0).abort();
            // What the first one sent is lost; who goes on sends its own.
            for task in tasks {
                assert!(task.await.unwrap().is_err());
            }
        })
        .await;
    socket.set_nonblocking(true).unwrap();
    let mut buffer = [0; 512];
    let questions = std::iter::from_fn(|| socket.recv(&mut buffer).ok()).count();
    // Two questions, each sent twice; and those of the one who went.
    assert!((4..=6).contains(&questions), "{questions}");
}

#[tokio::test]
async fn a_pass_asks_once_for_each_name_whatever_the_answer() {
    let server = NameServer::start(&[("cm1.lab.test", one(4)), ("cm2.lab.test", Answer::Code(3))]);
    let system = System::asking(&[server.address], "");
    let names = system.names();
    for pass in 1..=2 {
        let kept = names.for_a_pass();
        for _ in 0..5 {
            assert!(find(&kept, "cm1.lab.test").await.is_ok());
            assert!(find(&kept, "cm2.lab.test").await.is_err());
        }
        // For IPv4 and for IPv6.
        assert_eq!(
            (server.asked("cm1.lab.test"), server.asked("cm2.lab.test")),
            (2 * pass, 2 * pass)
        );
    }
}

#[tokio::test]
async fn names_that_hang_do_not_hold_up_a_pass() {
    let hanging: Vec<String> = (0..100).map(|number| format!("hangs{number}.test")).collect();
    let mut answers: Vec<_> = hanging.iter().map(|name| (name.as_str(), Answer::Silence)).collect();
    answers.push(("cm1.lab.test", one(5)));
    let server = NameServer::start(&answers);
    let system = System::asking(&[server.address], "options timeout:5\n");
    let names = system.names();
    let local = LocalSet::new();
    local
        .run_until(async {
            let tasks: Vec<_> = hanging
                .iter()
                .map(|host| {
                    let (names, host) = (names.clone(), host.clone());
                    tokio::task::spawn_local(async move { find(&names, &host).await })
                })
                .collect();
            tokio::task::yield_now().await;
            assert!(find(&names.for_a_pass(), "cm1.lab.test").await.is_ok());
            assert!(tasks.iter().all(|task| !task.is_finished()), "the others still hang");
            let asked = || hanging.iter().filter(|name| server.asked(name) > 0).count();
            // A question may still be on its way; those that time out make room for others later.
            for _ in 0..100 {
                if asked() >= 32 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            assert_eq!(asked(), 32, "so many are looked up at once");
        })
        .await;
}

/// An independent name server.
struct Dnsmasq(Child, u16);

impl Dnsmasq {
    fn start(records: &[&str]) -> Self {
        let port = closed().port();
        let mut command = Command::new("dnsmasq");
        command.args(["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts"]);
        command.args(["--listen-address=127.0.0.1", "--bind-interfaces", "--user=root"]);
        command.arg(format!("--port={port}")).args(records).stderr(Stdio::null());
        let child = command.spawn().expect("dnsmasq runs: scripts/setup installs it");
        Self(child, port)
    }

    fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.1).into()
    }
}

impl Drop for Dnsmasq {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn an_independent_name_server_is_understood() {
    let many: Vec<String> =
        (1..=60).map(|n| format!("--host-record=many.test,127.9.0.{n}")).collect();
    let mut records: Vec<&str> = many.iter().map(String::as_str).collect();
    records.extend(["--host-record=cm1.lab.test,127.0.0.8,::1", "--local=/test/"]);
    records.push("--cname=voice.lab.test,cm1.lab.test");
    let server = Dnsmasq::start(&records);
    let system = System::asking(&[server.address()], "search lab.test\n");
    let names = system.names();
    let until = Instant::now() + support::PATIENCE;
    while find(&names, "cm1").await.is_err() && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for host in ["cm1", "cm1.lab.test", "voice.lab.test.", "VOICE"] {
        let found = find(&names, host).await.unwrap();
        assert!(found.contains(&"127.0.0.8:69".to_owned()), "{host}: {found:?}");
    }
    assert_eq!(find(&names, "many.test").await.unwrap().len(), 4);
    let absent = find(&names, "absent.lab.test").await;
    assert_eq!(absent, Err(Unresolved::NotFound(NotFound::NoSuchName)));
}

/// A phone whose file server is known by name, and whose applications ask for names that hang.
struct Beset {
    agent: Agent,
    phone: Phone,
    _name_server: NameServer,
    _tftp: tftp::Server,
}

impl Beset {
    fn start() -> Self {
        // Port 53 is free for this process at this address; resolv.conf(5) has no other.
        let [.., high, low] = std::process::id().to_be_bytes();
        let address = (Ipv4Addr::new(127, 53, high, low.max(1)), 53).into();
        let hanging: Vec<String> = (0..NAMES).map(|number| format!("hangs{number}.test")).collect();
        let mut answers: Vec<_> =
            hanging.iter().map(|name| (name.as_str(), Answer::Silence)).collect();
        answers.push(("cm1.lab.test", one(1)));
        let name_server = NameServer::start_at(address, &answers);
        let tftp = tftp::Server::start(Cluster::new(Setup::default()).files());
        let servers = format!("cm1.lab.test:{}", tftp.address().port());
        let more = format!(
            "[socket]\nper_user = {}\nconnections = 256\n[https]\nslots = {NAMES}\n",
            NAMES + 8
        );
        let phone = Phone::with(&[&servers], "timeout_s = 1\nretries = 1\n", &more);
        let resolv_conf = phone.folder().join("resolv.conf");
        fs::write(&resolv_conf, format!("nameserver {}\n", address.ip())).unwrap();
        let script = format!("mount --bind {} /etc/resolv.conf", resolv_conf.display());
        let mut agent = Agent::spawn(run_after(&phone, &["--mount"], &script));
        agent.pass();
        Self { agent, phone, _name_server: name_server, _tftp: tftp }
    }

    /// Has an application ask for every name that hangs.
    fn hang(&self) -> Vec<Client> {
        let ask = |number| {
            let parameters = json!({ "host": format!("hangs{number}.test"), "port": 443 });
            let call =
                json!({ "method": full("Connect"), "parameters": parameters, "upgrade": true });
            let mut client = Client::connect(&self.phone.socket());
            client.send_call(&call);
            client
        };
        let clients = (0..NAMES).map(ask).collect();
        // Until the agent has read them all.
        let until = Instant::now() + support::PATIENCE;
        let waiting = || {
            let status = support::socket::call(&self.phone.socket(), "GetStatus", json!({}));
            status.unwrap()["open_connections"].as_u64().unwrap()
        };
        while waiting() < u64::try_from(NAMES).unwrap() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        clients
    }

    fn threads(&self) -> usize {
        let tasks = format!("/proc/{}/task", self.agent.pid());
        fs::read_dir(tasks).unwrap().count()
    }
}

/// Names that hang at once.
const NAMES: usize = 200;

#[test]
fn look_ups_have_no_threads_hold_up_no_pass_and_are_not_waited_for_at_the_end() {
    let mut beset = Beset::start();
    let clients = beset.hang();
    let threads = beset.threads();
    let lines = beset.agent.pass_again();
    let done = lines.iter().any(|line| line.text.contains("configuration done"));
    let status = beset.threads();
    let end = Instant::now();
    let ended = beset.agent.end();
    let took = end.elapsed();
    drop(clients);
    println!("{threads} threads, {status} after the pass; ended after {took:?}");
    assert!(done, "{}", shown(&lines));
    assert_eq!((threads, status), (1, 1));
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert!(ended.success());
}

#[tokio::test]
async fn a_search_domain_whose_server_fails_is_followed_by_the_next() {
    let answers = [("cm1.dead.test", Answer::Code(2)), ("cm1.lab.test", one(2))];
    let server = NameServer::start(&answers);
    let system = System::asking(&[server.address], "search dead.test lab.test\n");
    let found = find(&system.names(), "cm1").await;
    assert_eq!(found, Ok(vec!["127.0.0.2:69".to_owned()]));
}

#[tokio::test]
async fn a_listed_name_does_not_wait_behind_those_that_hang() {
    let (_socket, silent) = silent();
    let system = System::asking(&[silent], "");
    fs::write(&system.files.hosts, "127.0.0.7 cm1\n").unwrap();
    let names = system.names();
    let local = LocalSet::new();
    local
        .run_until(async move {
            for number in 0..64 {
                let names = names.clone();
                tokio::task::spawn_local(
                    async move { find(&names, &format!("h{number}.test")).await },
                );
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            let begun = Instant::now();
            let found = find(&names, "cm1").await;
            assert_eq!(found, Ok(vec!["127.0.0.7:69".to_owned()]), "{:?}", begun.elapsed());
            assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        })
        .await;
}
