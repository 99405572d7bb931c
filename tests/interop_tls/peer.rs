//! `openssl s_server` as the peer of an HTTPS connection.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secd_lab::certificate::Identity;
use tempfile::TempDir;

/// A running server; it is killed when it is dropped.
pub(crate) struct Peer {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Peer {
    /// Serves its status page with a certificate of the lab.
    pub(crate) fn of(identity: &Identity, arguments: &str) -> Self {
        Self::at((Ipv4Addr::LOCALHOST, 0).into(), identity, arguments)
    }

    /// The same at an address.
    pub(crate) fn at(address: SocketAddr, identity: &Identity, arguments: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let write = |name, bytes| fs::write(folder.path().join(name), bytes).expect("a fresh file");
        write("server.der", identity.certificate.der.clone());
        write("server.key", identity.key.pem().into_bytes());
        Self::run_at(address, folder.path(), &format!("-certform DER -cert server.der {arguments}"))
    }

    /// Serves its status page with `server.pem` and `server.key` of a folder.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::run(folder, "-cert server.pem")
    }

    pub(crate) fn run(folder: &Path, arguments: &str) -> Self {
        Self::run_at((Ipv4Addr::LOCALHOST, 0).into(), folder, arguments)
    }

    fn run_at(address: SocketAddr, folder: &Path, arguments: &str) -> Self {
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", &address.to_string(), "-www", "-key", "server.key"]);
        command.args(arguments.split_whitespace()).current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("openssl is installed");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            let length = lines.read_line(&mut line).expect("openssl writes text");
            assert!(length > 0, "openssl s_server {arguments} does not start");
            match line.trim().strip_prefix("ACCEPT") {
                // It names the port only if the system has chosen it.
                Some("") => break address,
                Some(chosen) => break chosen.trim().parse().expect("where it listens"),
                None => {}
            }
        };
        thread::spawn(move || io::copy(&mut lines, &mut io::sink()));
        Self { child, address }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A certificate that `openssl` wrote.
pub(crate) fn certificate(path: &Path) -> Vec<u8> {
    CertificateDer::from_pem_file(path).expect("a certificate").to_vec()
}
