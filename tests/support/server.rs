//! TFTP servers that others wrote.

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::agent::{run, secd};
use super::phone::Phone;
use super::{PATIENCE, agent};

/// Which server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Program {
    Atftpd,
    Dnsmasq,
    Hpa,
}

/// A running server; it is killed when it is dropped.
pub struct Served {
    child: Child,
    pub address: SocketAddr,
    /// A server that takes port 69 and no other stands in a network of its own.
    apart: bool,
    folder: TempDir,
}

impl Served {
    /// Serves `files` on the loopback address `ip`.
    #[track_caller]
    pub fn start(program: Program, ip: &str, files: &BTreeMap<String, Vec<u8>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let apart = program == Program::Dnsmasq;
        let mut folder = Some(folder);
        // A port that was free a moment ago may be taken when the server comes to it.
        for _ in 0..5 {
            let address = if apart { SocketAddr::new(ip.parse().unwrap(), 69) } else { free(ip) };
            let root = folder.take().unwrap();
            let mut command = program.command(address, root.path());
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
            let mut served = Self { child, address, apart, folder: root };
            if served.answers() {
                return served;
            }
            // A drop would take the folder along.
            let fresh = tempfile::tempdir().unwrap();
            folder = Some(std::mem::replace(&mut served.folder, fresh));
        }
        panic!("{program:?} does not answer on {ip}");
    }

    /// What the configuration of a phone calls it.
    pub fn name(&self) -> String {
        self.address.to_string()
    }

    /// What the console calls it: without the port if that is the usual one.
    pub fn shown(&self) -> String {
        if self.apart { self.address.ip().to_string() } else { self.address.to_string() }
    }

    /// Starts a phone's agent where it can reach the server.
    pub fn agent(&self, phone: &Phone) -> agent::Agent {
        agent::Agent::spawn(self.reaching(run(phone)))
    }

    /// The same command, run where it can reach the server.
    fn reaching(&self, command: Command) -> Command {
        if !self.apart {
            return command;
        }
        let mut apart = Command::new("nsenter");
        apart.arg(format!("--net=/proc/{}/ns/net", self.child.id())).arg("--");
        apart.arg(command.get_program()).args(command.get_args());
        apart
    }

    /// Asks until it says something; `false` if it has ended.
    fn answers(&mut self) -> bool {
        let until = Instant::now() + PATIENCE;
        let name = self.name();
        while Instant::now() < until && self.child.try_wait().unwrap().is_none() {
            let mut fetch = secd();
            fetch.args(["fetch", "absent", "--server", name.as_str()]);
            let output = self.reaching(fetch).output().unwrap();
            // 1: the server says that there is no such file.
            if output.status.code() == Some(1) && !output.stderr.starts_with(b"nsenter") {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    fn command(self, address: SocketAddr, root: &Path) -> Command {
        let (ip, port) = (address.ip().to_string(), address.port().to_string());
        let mut command = Command::new(self.path());
        match self {
            Self::Atftpd => {
                command.args(["--daemon", "--no-fork", "--user", "root", "--group", "root"]);
                command.args(["--logfile", "-", "--port", &port, "--bind-address", &ip]).arg(root);
            }
            Self::Hpa => {
                command.args(["-L", "-u", "root", "-a", &address.to_string(), "-s"]).arg(root);
            }
            Self::Dnsmasq => {
                let script = "ip link set lo up && exec \"$@\"";
                let program = command.get_program().to_owned();
                command = Command::new("unshare");
                command.args(["--net", "sh", "-c", script, "sh"]).arg(program);
                command.args(["--no-daemon", "--conf-file=/dev/null", "--pid-file", "--user=root"]);
                command.args(["--port=0", "--enable-tftp", "--bind-interfaces"]);
                command.arg(format!("--listen-address={ip}"));
                command.arg(format!("--tftp-root={}", root.display()));
            }
        }
        command
    }

    /// Where the system has it, or else where `scripts/setup` put it.
    ///
    /// Two packages name their server `in.tftpd`: `PATH` is not asked.
    #[track_caller]
    fn path(self) -> PathBuf {
        let name = match self {
            Self::Atftpd => "atftpd",
            Self::Dnsmasq => "dnsmasq",
            Self::Hpa => "in.tftpd",
        };
        let system = ["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from);
        system
            .into_iter()
            .chain(cache().map(|cache| cache.join("bin")))
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
            .unwrap_or_else(|| panic!("{name} is missing: scripts/setup provides it"))
    }
}

/// The folder where `scripts/setup` keeps what is not installed.
pub fn cache() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("SECD_CACHE")
        .or_else(|| Some(folder("XDG_CACHE_HOME")?.join("secd")))
        .or_else(|| Some(folder("HOME")?.join(".cache/secd")))
}

/// An address whose port nobody has at the moment.
fn free(ip: &str) -> SocketAddr {
    UdpSocket::bind((ip, 0)).and_then(|socket| socket.local_addr()).unwrap()
}
