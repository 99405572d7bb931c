//! Web servers that others wrote, as servers of a phone's files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use secd_lab::certificate::Identity;
use tempfile::TempDir;

use super::PATIENCE;
use super::office::pem;

/// Which server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WebProgram {
    Busybox,
    Lighttpd,
    Nginx,
    Python,
}

impl WebProgram {
    pub const ALL: [Self; 4] = [Self::Busybox, Self::Lighttpd, Self::Nginx, Self::Python];

    fn command(self, address: SocketAddr, folder: &Path) -> Command {
        let (ip, port) = (address.ip(), address.port());
        let root = folder.join("files");
        let (program, words) = match self {
            Self::Busybox => {
                ("busybox", vec!["httpd".into(), "-f".into(), "-p".into(), address.to_string()])
            }
            Self::Lighttpd => {
                let text = format!(
                    "server.document-root = {root:?}\nserver.bind = \"{ip}\"\nserver.port = {port}\n"
                );
                fs::write(folder.join("conf"), text).unwrap();
                ("lighttpd", vec!["-D".into(), "-f".into(), path(&folder.join("conf"))])
            }
            Self::Nginx => {
                fs::write(folder.join("conf"), nginx(folder, &format!("listen {address};")))
                    .unwrap();
                let prefix = path(folder);
                ("nginx", vec!["-p".into(), prefix, "-c".into(), path(&folder.join("conf"))])
            }
            Self::Python => {
                let words = ["-m", "http.server", "--bind"].map(str::to_owned);
                let words = words.into_iter().chain([ip.to_string(), port.to_string()]);
                ("python3", words.collect())
            }
        };
        let mut command = Command::new(program);
        command.args(words).current_dir(root);
        command
    }
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

/// One server of nginx, in the foreground and as whoever runs the test.
fn nginx(folder: &Path, server: &str) -> String {
    let folder = folder.display();
    let mut text = format!(
        "daemon off; master_process off; pid {folder}/pid; error_log {folder}/error;\n\
         events {{ }}\nhttp {{\n access_log {folder}/access;\n"
    );
    for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        writeln!(text, " {kind}_temp_path {folder}/{kind};").unwrap();
    }
    writeln!(text, " server {{ {server} root {folder}/files; }}\n}}").unwrap();
    text
}

/// A running server; it is killed when it is dropped.
pub struct Web {
    child: Child,
    pub address: SocketAddr,
    folder: TempDir,
}

impl Web {
    /// Serves `files` by HTTP on a free port of an address of loopback.
    #[track_caller]
    pub fn start(program: WebProgram, ip: &str, files: &BTreeMap<String, Vec<u8>>) -> Self {
        Self::run(ip, files, |address, folder| program.command(address, folder))
    }

    /// Serves `files` by HTTPS with nginx, which answers requests for signed configurations with the
    /// unsigned ones: the configuration of the reference pages.
    #[track_caller]
    pub fn start_https(ip: &str, files: &BTreeMap<String, Vec<u8>>, shows: &Identity) -> Self {
        Self::run(ip, files, |address, folder| {
            fs::write(folder.join("certificate"), pem(&shows.certificate.der)).unwrap();
            fs::write(folder.join("key"), shows.key.pem()).unwrap();
            let folder_name = folder.display();
            let server = format!(
                "listen {address} ssl; ssl_certificate {folder_name}/certificate; \
                 ssl_certificate_key {folder_name}/key; \
                 rewrite ^/(SEP[^/]+\\.cnf\\.xml)\\.sgn$ /$1 break;"
            );
            fs::write(folder.join("conf"), nginx(folder, &server)).unwrap();
            let mut command = Command::new("nginx");
            command.arg("-p").arg(folder).arg("-c").arg(folder.join("conf"));
            command
        })
    }

    #[track_caller]
    fn run(
        ip: &str,
        files: &BTreeMap<String, Vec<u8>>,
        command: impl Fn(SocketAddr, &Path) -> Command,
    ) -> Self {
        // A port that was free a moment ago may be taken when the server comes to it.
        for _ in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("files")).unwrap();
            for (name, bytes) in files {
                fs::write(folder.path().join("files").join(name), bytes).unwrap();
            }
            let bound = TcpListener::bind((ip, 0)).and_then(|listener| listener.local_addr());
            let address = bound.unwrap();
            let mut command = command(address, folder.path());
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
            let mut web = Self { child, address, folder };
            if web.answers() {
                return web;
            }
        }
        panic!("no server on {ip}");
    }

    fn answers(&mut self) -> bool {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if TcpStream::connect(self.address).is_ok() {
                return true;
            }
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    /// Replaces or adds a file.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.folder.path().join("files").join(name), bytes).unwrap();
    }

    /// What nginx has logged of requests.
    pub fn access(&self) -> String {
        fs::read_to_string(self.folder.path().join("access")).unwrap_or_default()
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
