//! The agent as a process of its own.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::PATIENCE;
use super::log::{Line, Log, shown};
use super::phone::Phone;
use super::socket::call;

/// A running agent; it is killed when it is dropped.
pub struct Agent {
    child: Child,
    pub log: Log,
    /// Lines that belong to a pass that was looked at.
    seen: usize,
    /// When it was started.
    pub start: Instant,
}

impl Agent {
    /// Starts the agent of a phone.
    pub fn start(phone: &Phone) -> Self {
        Self::spawn(run(phone))
    }

    /// Starts the agent as the last of the commands that `command` runs.
    pub fn spawn(mut command: Command) -> Self {
        // In a process group of its own, it is not reached by what ends a test run by hand.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
        let start = Instant::now();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let log = Log::of(child.stderr.take().unwrap());
        Self { child, log, seen: 0, start }
    }

    /// The lines from `start` on of all that has been answered by now: they may come later than the
    /// answers, so a line of the test's own is waited for behind them.
    #[track_caller]
    pub fn logged(&self, phone: &Phone, start: usize) -> Vec<Line> {
        let mark = format!("mark of {:?}", Instant::now());
        let parameters = json!({ "process": "MARK", "level": "error", "text": mark });
        call(&phone.socket(), "AppendLog", parameters).unwrap();
        let end = self.log.find(start, PATIENCE, |line| line.text.ends_with(&mark));
        let count = end.expect("the mark in the log") - start;
        self.log.from(start).into_iter().take(count).collect()
    }

    /// Where the lines begin that belong to no pass that was looked at.
    pub const fn seen(&self) -> usize {
        self.seen
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The memory that it has in use, in bytes.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() << 10
    }

    /// The descriptors that it has open.
    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }

    /// The lines of the boot pass under way, once it is over.
    #[track_caller]
    pub fn pass(&mut self) -> Vec<Line> {
        self.pass_within(PATIENCE)
    }

    /// The same on a line on which it takes long.
    #[track_caller]
    pub fn pass_within(&mut self, patience: Duration) -> Vec<Line> {
        let end = self.log.find(self.seen, patience, |line| {
            ["refresh: done", "refresh: ended early", "refresh: the store is LOCKED"]
                .iter()
                .any(|end| line.text.starts_with(end))
        });
        let mut lines = self.log.from(self.seen);
        let Some(end) = end else { panic!("the pass does not end:\n{}", shown(&lines)) };
        lines.truncate(end + 1 - self.seen);
        self.seen = end + 1;
        lines
    }

    /// Has it go through another pass, and gives that one's lines.
    #[track_caller]
    pub fn pass_again(&mut self) -> Vec<Line> {
        self.signal(Signal::SIGHUP);
        self.pass()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        kill(pid, signal).unwrap();
    }

    /// Ends it as init does; it must comply.
    #[track_caller]
    pub fn end(mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.wait()
    }

    /// Kills it at once.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("the agent does not end:\n{}", shown(&self.log.from(0)));
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The program itself.
pub fn secd() -> Command {
    Command::new(env!("CARGO_BIN_EXE_secd"))
}

/// The command that starts the agent of a phone.
pub fn run(phone: &Phone) -> Command {
    let mut command = secd();
    command.arg("run").arg("--config").arg(phone.configuration());
    command
}

/// The same inside other namespaces: after `script`, which a shell runs there.
pub fn run_after(phone: &Phone, unshare: &[&str], script: &str) -> Command {
    let mut command = Command::new("unshare");
    let script = format!("set -e; {script}; exec \"$@\"");
    command.args(unshare).args(["sh", "-c", &script, "sh", env!("CARGO_BIN_EXE_secd"), "run"]);
    command.arg("--config").arg(phone.configuration());
    command
}
