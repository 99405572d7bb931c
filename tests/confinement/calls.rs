//! The table of system calls beside what strace(1) sees of the daemon, both ways.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use secd::io::sandbox::{CALLS, CallRule};
use secd_lab::capf::{self, Device, KeyKind, Operation};
use serde_json::json;

use crate::support::PATIENCE;
use crate::support::agent::{Agent, run, secd};
use crate::support::office::Office;
use crate::support::phone::{DEVICE, Phone};
use crate::support::socket::call;

/// Calls of the table that one life of an agent need not make, and why they are there.
const UNSEEN: &[(&str, &str)] = &[
    ("epoll_pwait", "in place of epoll_wait on AArch64"),
    ("clock_gettime", "where the kernel has no page from which the time can be read"),
    ("restart_syscall", "after SIGSTOP and SIGCONT"),
    ("mremap", "a large buffer that grows"),
    ("lseek", "of files, by the standard library, in some orders of calls only"),
    ("futex", "threads that wait for each other"),
    ("utimensat", "a file of the ram folder that is asked for again"),
    ("newfstatat", "folders that the C library opens"),
    ("faccessat2", "whether something is there"),
    ("fchmodat", "modes, on AArch64"),
    ("chmod", "of a socket that is opened later"),
    ("readlinkat", "links, on AArch64"),
    ("readlink", "links"),
    ("rmdir", "folders below the ram folder that have become empty"),
    ("listen", "a socket that is opened later"),
    ("seccomp", "a socket that is opened later"),
    ("getpeername", "who is at the other end"),
    ("ioctl", "numbers of interfaces, for addresses of IPv6 that need one"),
    ("rt_sigreturn", "behind every signal: strace shows it or not"),
    ("exit_group", "the end"),
    ("getpid", "a crash, likewise"),
    ("sendmsg", "a file that is handed to a client as a descriptor"),
    ("tgkill", "a crash, which ends with SIGABRT"),
    ("unlinkat", "files of the store that a crash has left"),
    ("fchmod", "a file of the store with another mode"),
    ("geteuid", "files of the ram folder that another user put there"),
    ("madvise", "memory of a thread that has ended"),
    ("recvmsg", "reasons of a port that is closed"),
];

#[test]
fn the_table_is_what_the_agent_makes_and_no_more() {
    let made = traced();
    let listed: BTreeSet<&str> = CALLS.iter().map(|call| call.name()).collect();
    let unlisted: Vec<&String> =
        made.iter().filter(|name| !listed.contains(name.as_str())).collect();
    assert!(unlisted.is_empty(), "not in the table: {unlisted:?}");
    let excused = |name: &str| UNSEEN.iter().any(|(unseen, _)| *unseen == name);
    let unused: Vec<&str> =
        listed.iter().copied().filter(|name| !made.contains(*name) && !excused(name)).collect();
    assert!(unused.is_empty(), "never made: {unused:?}; seen were {made:?}");
    for (name, _) in UNSEEN {
        let of_others = ["epoll_pwait", "fchmodat", "readlinkat"].contains(name);
        assert!(listed.contains(name) || of_others, "{name} is not in the table");
    }
    assert!(CALLS.iter().filter(|call| call.rule == CallRule::Absent).count() < 3);
}

/// What an agent calls after it has entered: lists and a configuration, an enrolment, questions to
/// TVS, connections, the page, the doctor, the log, a reload, and the end.
fn traced() -> BTreeSet<String> {
    let office = Office::open();
    let capf = capf::Server::start(&office.cluster);
    capf.enrol(Device::new(DEVICE).with(Operation::Install(KeyKind::Rsa(2048))));
    capf.publish(&office.cluster, &office.tftp);
    let web = "[web]\nlisten = [\"127.0.0.1:0\"]\n[access]\nread = [\"everyone\"]\n";
    let phone = office.phone(web);
    let trace = phone.folder().join("trace");
    let mut command = Command::new("strace");
    // Without -D, the signals of a test would be for strace.
    command.args(["-D", "-f", "-qq", "-o"]).arg(&trace);
    let agent = run(&phone);
    command.arg(agent.get_program()).args(agent.get_args());
    let mut agent = Agent::spawn(command);
    agent.pass();
    let enrolled = |line: &crate::support::log::Line| line.text.contains("LSC Installed");
    assert!(agent.log.find(0, PATIENCE, enrolled).is_some(), "{:?}", agent.log.from(0));
    agent.pass();
    use_it(&office, &phone, &agent);
    let end = kill(Pid::from_raw(i32::try_from(agent.pid()).unwrap()), Signal::SIGTERM);
    end.unwrap();
    assert!(agent.wait().success(), "a call that is not listed ends the agent");
    let calls = calls(&trace);
    assert!(calls.contains("sendto") && calls.len() > 30, "{calls:?}");
    calls
}

fn use_it(office: &Office, phone: &Phone, agent: &Agent) {
    let (socket, request) = (phone.socket(), phone.folder().join("request"));
    crate::support::write(&request, b"GET /ccmcip/xmldirectory.jsp HTTP/1.0\r\n\r\n");
    let ask = |arguments: &[&str]| {
        let mut command = secd();
        command.args(arguments).arg("--socket").arg(&socket);
        command.stdin(File::open(&request).unwrap()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().unwrap()
    };
    for arguments in [&["status"][..], &["trust"], &["doctor"], &["lsc", "show"], &["cache"]] {
        assert!(ask(arguments).code().is_some_and(|code| code <= 1), "{arguments:?}");
    }
    for _ in 0..2 {
        assert!(ask(&["connect", &office.https.address().to_string()]).success());
    }
    let name = format!("{DEVICE}.cnf.xml");
    for _ in 0..2 {
        assert!(ask(&["get", &name]).success());
    }
    call(&socket, "GetLog", json!({})).unwrap();
    let page = agent.log.find(0, PATIENCE, |line| line.text.starts_with("web: ")).unwrap();
    let text = agent.log.from(page)[0].text.clone();
    let address = text.split_whitespace().find(|word| word.starts_with("127.0.0.1:")).unwrap();
    for path in ["/", "/status.json", "/metrics", "/NetworkConfiguration"] {
        let mut page = TcpStream::connect(address.trim_end_matches(',')).unwrap();
        write!(page, "GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", address.trim_end_matches(','))
            .unwrap();
        page.read_to_end(&mut Vec::new()).unwrap();
    }
    assert!(ask(&["erase", "itl", "--yes"]).success());
    assert!(ask(&["reload"]).success());
    assert!(ask(&["refresh"]).code().is_some());
}

/// The calls of a trace behind the one that installs the filter.
fn calls(trace: &Path) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(&fs::read(trace).unwrap()).into_owned();
    let inside = text.lines().skip_while(|line| !line.contains("seccomp(")).skip(1);
    let name = |line: &str| {
        let (_, call) = line.split_once(char::is_whitespace)?;
        let call = call.trim_start().trim_start_matches("<... ");
        let end = call.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        let is_call = call[end..].starts_with('(') || call[end..].starts_with(" resumed");
        (end > 0 && is_call).then(|| call[..end].to_owned())
    };
    inside.filter_map(name).collect()
}
