//! The sandbox, tried by the kernel that runs the test: a process enters it as the agent does, and
//! tries what it may no longer do.
//!
//! `cargo test --test sandbox -- --nocapture` prints a line an attempt. As root, it becomes another
//! user; scripts/test-arm runs it in the QEMU phone.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]
#![expect(
    clippy::disallowed_methods,
    reason = "files are written and limits waited for in real time"
)]

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::ptrace;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
use nix::unistd::{Uid, getppid, setuid};
use seccompiler::sock_filter;
use secd::io::sandbox::{self, Folders, Layer, Listening, Needs, NewUser};
use tempfile::TempDir;

/// What somebody who has taken over the agent might try: the layer that is in the way, and what the
/// kernel does about it.
const ATTEMPTS: [(&str, &str, Verdict); 20] = [
    ("write into its own folder", "none", Verdict::Done),
    ("start a thread", "none", Verdict::Done),
    ("open /etc/shadow", "landlock", Verdict::Fails("EACCES")),
    ("read a file that everyone may read", "landlock", Verdict::Fails("EACCES")),
    ("list the root folder", "landlock", Verdict::Fails("EACCES")),
    ("write a file where everyone may", "landlock", Verdict::Fails("EACCES")),
    ("change a file that everyone may change", "landlock", Verdict::Fails("EACCES")),
    ("open a raw socket", "capabilities", Verdict::Fails("EPERM")),
    ("open a packet socket", "seccomp", Verdict::Killed(Signal::SIGSYS)),
    ("listen", "seccomp", Verdict::Killed(Signal::SIGSYS)),
    ("execute a program", "seccomp", Verdict::Killed(Signal::SIGSYS)),
    ("start a process", "seccomp", Verdict::Killed(Signal::SIGSYS)),
    ("mount", "seccomp", Verdict::Killed(Signal::SIGSYS)),
    ("become root", "seccomp", Verdict::Killed(Signal::SIGSYS)),
    ("be traced", "seccomp", Verdict::Killed(Signal::SIGSYS)),
    ("signal its parent", "seccomp", Verdict::Killed(Signal::SIGSYS)),
    ("make a user namespace", "seccomp", Verdict::Killed(Signal::SIGSYS)),
    ("raise the limit of core dumps", "seccomp", Verdict::Killed(Signal::SIGSYS)),
    ("write a file without end", "limits", Verdict::Killed(Signal::SIGXFSZ)),
    ("crash with a core dump", "limits", Verdict::Killed(Signal::SIGABRT)),
];

/// What the kernel makes of an attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    Done,
    Fails(&'static str),
    Killed(Signal),
}

#[test]
fn what_the_agent_never_does_is_barred() {
    let site = Site::new();
    let mut wrong = Vec::new();
    for (attempt, layer, expected) in ATTEMPTS {
        let outcome = site.run(attempt);
        let seen = seen(&outcome);
        println!("{attempt:40} {layer:13} {seen}");
        if seen != shown(expected) || outcome.status.core_dumped() {
            wrong.push(format!("{attempt}: expected {}, seen {seen}", shown(expected)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The same attempts succeed without the sandbox, so far as root may make them: the table is not one
/// of things that never work.
#[test]
fn without_the_sandbox_nothing_of_it_is_barred() {
    if !Uid::effective().is_root() {
        return println!("only root could do all of it");
    }
    let site = Site::new();
    for (attempt, _, _) in ATTEMPTS {
        // These end the process, fill the disk, or leave a thread that only a tracer can wait for.
        if !["write a file without end", "crash with a core dump", "be traced"].contains(&attempt) {
            let outcome = site.command(attempt, &[("SECD_OPEN", "1")]).output().unwrap();
            assert_eq!(seen(&outcome), "done", "{attempt}: {outcome:?}");
        }
    }
}

#[test]
fn the_kernel_reports_every_layer() {
    let site = Site::new();
    let (mut child, _out) = site.waiting(&[]);
    // The test is a thread of the other process, the one that was started last.
    let tasks = fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    let last = tasks.map(|task| task.unwrap().path()).max().unwrap();
    let status = fs::read_to_string(last.join("status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
        line.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(field("NoNewPrivs"), "1");
    assert_eq!(field("Seccomp"), "2");
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(field(set), "0000000000000000", "{set}");
    }
    assert!(!field("Uid").split(' ').any(|uid| uid == "0"), "{status}");
    if Uid::effective().is_root() {
        assert_eq!(field("CapBnd"), "0000000000000000");
        assert_eq!(field("Groups"), "");
    }
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let limit = |name: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(limit("Max core file size"), "0 0");
    assert_eq!(limit("Max file size"), format!("{LARGEST} {LARGEST}"));
    assert_ne!(limit("Max processes"), "unlimited unlimited");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn its_memory_is_closed_to_others_of_its_user() {
    if !Uid::effective().is_root() {
        return println!("only root can be two users");
    }
    let site = Site::new();
    for (environment, expected) in [(&[][..], "EACCES"), (&[("SECD_NO_SANDBOX", "1")][..], "done")]
    {
        let (mut child, _out) = site.waiting(environment);
        let target = child.id().to_string();
        let peek =
            site.command("peek", &[("SECD_NO_SANDBOX", "1"), ("SECD_TARGET", &target)]).output();
        assert_eq!(seen(&peek.unwrap()), expected, "{environment:?}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// The kernel counts the processes of each user, and those that root has say nothing of them.
#[test]
fn a_user_with_many_processes_has_room_for_the_agents_threads() {
    if !Uid::effective().is_root() {
        return println!("only root becomes another user");
    }
    let site = Site::new();
    let crowd = ("SECD_NO_SANDBOX", "1");
    let (mut child, _out) = site.running("crowd", &[crowd]);
    let outcome = site.run("start a thread");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(seen(&outcome), "done", "{outcome:?}");
}

/// A container's filter may be there where the agent's own is refused.
#[test]
fn the_filter_of_somebody_else_does_not_count() {
    let outcome = Site::new().command("start a thread", &[("SECD_REFUSED", "1")]).output().unwrap();
    assert_eq!(seen(&outcome), "done", "{outcome:?}");
}

/// Not a test: what the other process of a test does.
#[test]
fn attempt() {
    let Ok(attempt) = env::var("SECD_ATTEMPT") else { return };
    let folder = PathBuf::from(env::var_os("SECD_FOLDER").unwrap());
    enter(&folder.join("own"));
    let outcome = make(&attempt, &folder);
    let word = match outcome {
        Ok(()) => "done".to_owned(),
        Err(error) => match error.raw_os_error() {
            Some(number) => format!("{:?}", nix::errno::Errno::from_raw(number)),
            None => error.to_string(),
        },
    };
    println!("\noutcome: {word}");
    std::process::exit(0);
}

/// Enters the sandbox as the agent does; a layer that is missing fails the test.
fn enter(own: &Path) {
    let user = NewUser { uid: NOBODY, groups: vec![NOBODY] };
    let is_root = Uid::effective().is_root();
    if env::var_os("SECD_OPEN").is_some() {
        return;
    }
    if env::var_os("SECD_NO_SANDBOX").is_some() {
        if is_root {
            let uid = Uid::from_raw(user.uid);
            nix::unistd::setresuid(uid, uid, uid).unwrap();
            // Changing the user has closed it: that of who was started as this user is open.
            nix::sys::prctl::set_dumpable(true).unwrap();
        }
        return;
    }
    let folders = Folders {
        written: vec![own.to_path_buf()],
        read: vec!["/proc".into()],
        ..Folders::default()
    };
    let user = is_root.then_some(user);
    let needs = Needs { user, folders, largest_file: LARGEST, listening: Listening::Over };
    let expected: &[Layer] = match env::var_os("SECD_REFUSED") {
        Some(_) => {
            refuse_filters();
            &[Layer::Calls]
        }
        None => &[],
    };
    let missing = sandbox::enter(&needs).missing();
    let layers: Vec<Layer> = missing.iter().map(|state| state.layer).collect();
    assert_eq!(layers, expected, "{missing:?}");
}

/// Has the kernel refuse seccomp(2), and nothing else.
fn refuse_filters() {
    let step = |code, jf, k| sock_filter { code, jt: 0, jf, k };
    // The number; whether it is that one; EPERM; else go on.
    let program = [
        step(0x20, 0, 0),
        step(0x15, 1, u32::try_from(libc::SYS_seccomp).unwrap()),
        step(0x06, 0, 0x0005_0001),
        step(0x06, 0, 0x7fff_0000),
    ];
    seccompiler::apply_filter(&program).unwrap();
}

fn make(attempt: &str, folder: &Path) -> io::Result<()> {
    let create = |path: PathBuf| File::create(path).map(drop);
    match attempt {
        "write into its own folder" => create(folder.join("own/file")),
        "start a thread" => {
            std::thread::spawn(|| ()).join().unwrap();
            Ok(())
        }
        "open /etc/shadow" => File::open("/etc/shadow").map(drop),
        "read a file that everyone may read" => File::open(folder.join("readable")).map(drop),
        "list the root folder" => fs::read_dir("/").map(drop),
        "write a file where everyone may" => create(folder.join("everyone/file")),
        "change a file that everyone may change" => {
            OpenOptions::new().append(true).open(folder.join("writable")).map(drop)
        }
        "open a raw socket" => open(AddressFamily::Inet, SockType::Raw, SockProtocol::Icmp),
        "open a packet socket" => open(AddressFamily::Packet, SockType::Raw, SockProtocol::EthAll),
        "listen" => TcpListener::bind("127.0.0.1:0").map(drop),
        "execute a program" => {
            Err(Command::new("/bin/sh").args(["-c", "echo; echo outcome: done"]).exec())
        }
        "start a process" => Command::new("/bin/sh").args(["-c", "exit 0"]).status().map(drop),
        "mount" => mount_nothing(),
        "become root" => Ok(setuid(Uid::from_raw(0))?),
        "be traced" => Ok(ptrace::traceme()?),
        "signal its parent" => Ok(kill(getppid(), None)?),
        "make a user namespace" => match unshare(CloneFlags::CLONE_NEWUSER) {
            // Systems may forbid it to everyone, and a thread of a test is not alone.
            Err(
                nix::errno::Errno::EINVAL | nix::errno::Errno::EPERM | nix::errno::Errno::ENOSPC,
            ) => Ok(()),
            made => Ok(made?),
        },
        "raise the limit of core dumps" => {
            let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
            Ok(setrlimit(Resource::RLIMIT_CORE, hard, hard)?)
        }
        "write a file without end" => {
            let mut file = File::create(folder.join("own/large"))?;
            loop {
                file.write_all(&[0; 4096])?;
            }
        }
        "crash with a core dump" => std::process::abort(),
        "crowd" => {
            let idle = || std::thread::sleep(std::time::Duration::from_secs(60));
            let builder = || std::thread::Builder::new().stack_size(32 << 10);
            let _crowd: Vec<_> =
                (0..600).map(|_| builder().spawn(idle)).collect::<Result<_, _>>()?;
            println!("\nready");
            io::stdin().read_exact(&mut [0])
        }
        "wait" => {
            println!("\nready");
            io::stdin().read_exact(&mut [0])
        }
        "peek" => {
            let target = env::var("SECD_TARGET").unwrap();
            File::open(format!("/proc/{target}/environ")).map(drop)
        }
        other => panic!("{other}"),
    }
}

fn open(family: AddressFamily, kind: SockType, protocol: SockProtocol) -> io::Result<()> {
    Ok(socket(family, kind, SockFlag::empty(), protocol).map(drop)?)
}

fn mount_nothing() -> io::Result<()> {
    // Of a folder that is not there: whoever may mount learns that, and nothing is mounted.
    let none: Option<&str> = None;
    match mount(Some("/nonexistent"), "/nonexistent", none, MsFlags::MS_BIND, none) {
        Err(nix::errno::Errno::ENOENT) => Ok(()),
        other => Ok(other?),
    }
}

/// Folders for the other process.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let allow = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        allow(folder.path(), 0o755);
        for (name, mode) in [("own", 0o777), ("everyone", 0o777)] {
            fs::create_dir(path(name)).unwrap();
            allow(&path(name), mode);
        }
        for (name, mode) in [("readable", 0o644), ("writable", 0o666)] {
            fs::write(path(name), "x").unwrap();
            allow(&path(name), mode);
        }
        Self { folder }
    }

    fn command(&self, attempt: &str, environment: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args(["attempt", "--exact", "--nocapture", "--test-threads=1"])
            .env("SECD_ATTEMPT", attempt)
            .env("SECD_FOLDER", self.folder.path())
            .envs(environment.iter().copied())
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    fn run(&self, attempt: &str) -> Output {
        self.command(attempt, &[]).output().unwrap()
    }

    /// A process that has entered, and waits.
    fn waiting(&self, environment: &[(&str, &str)]) -> (Child, ChildStdout) {
        self.running("wait", environment)
    }

    fn running(&self, attempt: &str, environment: &[(&str, &str)]) -> (Child, ChildStdout) {
        let mut command = self.command(attempt, environment);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"\nready\n") {
            let mut byte = [0];
            assert_eq!(out.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&seen));
            seen.push(byte[0]);
        }
        (child, out)
    }
}

fn seen(output: &Output) -> String {
    if let Some(signal) = output.status.signal() {
        return shown(Verdict::Killed(Signal::try_from(signal).unwrap()));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let outcome = text.lines().find_map(|line| line.strip_prefix("outcome: "));
    outcome.map_or_else(|| format!("{output:?}"), str::to_owned)
}

fn shown(verdict: Verdict) -> String {
    match verdict {
        Verdict::Done => "done".to_owned(),
        Verdict::Fails(error) => error.to_owned(),
        Verdict::Killed(signal) => format!("ended by {signal}"),
    }
}

/// The user that root becomes: one that owns nothing.
const NOBODY: u32 = 65_534;

/// Bytes of the largest file.
const LARGEST: u64 = 1 << 20;
