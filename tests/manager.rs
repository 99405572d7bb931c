//! A service manager that starts the agent: it learns when it is ready, what state it is in, that it
//! is alive, and that it ends.
#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]
#![allow(clippy::disallowed_methods, reason = "tests wait in real time, within bounds")]

mod support;

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;
use support::PATIENCE;
use support::agent::{Agent, run};
use support::office::Office;
use support::phone::Phone;
use support::socket::call;

/// The manager's end of the socket.
struct Manager(UnixDatagram);

impl Manager {
    fn at(address: &SocketAddr) -> Self {
        let socket = UnixDatagram::bind_addr(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }

    #[track_caller]
    fn next(&self) -> String {
        let mut buffer = [0; 4096];
        let length = self.0.recv(&mut buffer).expect("a notification");
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    /// The next one that begins so.
    #[track_caller]
    fn await_one(&self, beginning: &str) -> String {
        loop {
            let next = self.next();
            if next.starts_with(beginning) {
                return next;
            }
        }
    }
}

fn started(phone: &Phone, address: &str, watchdog: &str) -> Agent {
    let mut command = run(phone);
    command.env("NOTIFY_SOCKET", address).env("WATCHDOG_USEC", watchdog);
    Agent::spawn(command)
}

#[test]
fn it_is_ready_once_it_serves_and_hears_signals_and_reports_what_it_does() {
    let office = Office::open();
    let phone = office.phone("");
    let path = phone.folder().join("notify");
    let manager = Manager::at(&SocketAddr::from_pathname(&path).unwrap());
    let mut agent = started(&phone, path.to_str().unwrap(), "0");
    assert_eq!(manager.next(), "READY=1");
    // At once, and not after a while: that is what the word is worth.
    call(&phone.socket(), "GetStatus", json!({})).unwrap();
    agent.signal(Signal::SIGHUP);
    let state = "STATUS=state S1 (ITL in force; files must be signed), configuration done";
    assert_eq!(manager.next(), state);
    let reloading = manager.next();
    let time = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect(&reloading);
    assert!(time.parse::<u64>().unwrap() > 0);
    assert_eq!(manager.next(), "READY=1");
    assert_eq!(manager.next(), state, "of the pass that follows");
    // A file with faults changes nothing, and the agent is as ready as before.
    support::write(&phone.configuration(), b"[device]\n");
    agent.signal(Signal::SIGHUP);
    manager.await_one("RELOADING=1");
    assert_eq!(manager.next(), "READY=1");
    manager.await_one("STATUS=state S1");
    agent.signal(Signal::SIGTERM);
    assert_eq!(manager.await_one("STOPPING=1"), "STOPPING=1\nSTATUS=ended by signal");
    assert!(agent.wait().success());
}

#[test]
fn the_watchdog_hears_of_it_twice_in_its_time_and_not_while_the_thread_is_stuck() {
    let phone = Phone::new(&["127.0.0.1:9"]);
    let name = format!("secd-test-{}", std::process::id());
    let manager = Manager::at(&SocketAddr::from_abstract_name(&name).unwrap());
    let agent = started(&phone, &format!("@{name}"), "100000");
    for _ in 0..5 {
        manager.await_one("WATCHDOG=1");
    }
    agent.signal(Signal::SIGSTOP);
    // What it had sent by then.
    manager.0.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    while manager.0.recv(&mut [0; 4096]).is_ok() {}
    agent.signal(Signal::SIGCONT);
    manager.0.set_read_timeout(Some(PATIENCE)).unwrap();
    manager.await_one("WATCHDOG=1");
}

#[test]
fn without_a_socket_it_is_not_ready_and_says_why() {
    let phone = Phone::new(&["127.0.0.1:9"]);
    let path = phone.folder().join("notify");
    let manager = Manager::at(&SocketAddr::from_pathname(&path).unwrap());
    support::write(&phone.socket(), b"");
    let agent = started(&phone, path.to_str().unwrap(), "0");
    let first = manager.next();
    assert!(first.starts_with("STATUS=no client is served: "), "{first}");
    std::fs::remove_file(phone.socket()).unwrap();
    // The pass ends in the meantime, or not.
    manager.await_one("READY=1");
    call(&phone.socket(), "GetStatus", json!({})).unwrap();
    drop(agent);
}

#[test]
fn a_manager_that_cannot_be_reached_is_one_line_and_no_hindrance() {
    for address in ["/nowhere/notify", "vsock:2:1234"] {
        let phone = Phone::new(&["127.0.0.1:9"]);
        let mut agent = started(&phone, address, "20000");
        let lines = agent.pass();
        let of_manager = |line: &&support::log::Line| line.text.contains("the service manager");
        assert_eq!(lines.iter().filter(of_manager).count(), 1, "{address}");
    }
}
