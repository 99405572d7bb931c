//! Servers of others: stunnel, which is OpenSSL, and Java's JSSE, as HTTPS peers and before a TVS
//! server without TLS of its own.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use secd_lab::certificate::Identity;
use tempfile::TempDir;

use crate::support::office::pem;

/// A running server; it is killed when it is dropped.
pub(crate) struct Jsse {
    child: Child,
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

impl Jsse {
    /// Speaks these protocols and suites, by Java's names, with what is `behind` it.
    pub(crate) fn start(
        at: SocketAddr,
        identity: &Identity,
        (protocols, suites): (&str, &str),
        behind: &str,
    ) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let write = |name: &str, bytes: &[u8]| {
            fs::write(folder.path().join(name), bytes).expect("a fresh file");
        };
        write("server.der", &identity.certificate.der);
        write("server.pk8", &identity.key.pkcs8());
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/legacy_tls/Jsse.java");
        let mut command = Command::new("java");
        command.arg(source).arg(at.to_string()).args(["server.der", "server.pk8"]);
        command.args([protocols, suites, behind]).current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("a JDK is installed");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut lines = lines.map_while(Result::ok);
        let accept = lines.find_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned));
        let address = accept.expect("Java listens").parse().expect("an address");
        Self { child, address, _folder: folder }
    }

    /// A page that names protocol and suite.
    pub(crate) fn page(identity: &Identity, spoken: (&str, &str)) -> Self {
        Self::start((std::net::Ipv4Addr::LOCALHOST, 0).into(), identity, spoken, "page")
    }
}

impl Drop for Jsse {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Stands before a server without TLS as stunnel does, in this version and suite by its names; a process
/// for each connection, until the test ends.
pub(crate) fn stunnel(
    at: SocketAddr,
    identity: &Identity,
    behind: SocketAddr,
    version: &str,
    suite: &str,
) -> SocketAddr {
    let folder = TempDir::new().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    let (certificate, key) = (path("server.pem"), path("server.key"));
    fs::write(&certificate, pem(&identity.certificate.der)).expect("a fresh file");
    fs::write(&key, identity.key.pem()).expect("a fresh file");
    let text = format!(
        "debug = 0\nsyslog = no\ncert = {}\nkey = {}\nsslVersionMin = {version}\n\
         sslVersionMax = {version}\nciphers = {suite}:@SECLEVEL=0\nconnect = {behind}\n",
        certificate.display(),
        key.display()
    );
    fs::write(path("stunnel.conf"), text).expect("a fresh file");
    let listener = TcpListener::bind(at).expect("the address is free");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let _only_this_connection = serve(&folder.path().join("stunnel.conf"), &stream);
        }
    });
    address
}

fn serve(configuration: &Path, stream: &TcpStream) -> io::Result<()> {
    let end = || stream.try_clone().map(|stream| Stdio::from(OwnedFd::from(stream)));
    let mut command = Command::new("stunnel");
    command.arg(configuration).stdin(end()?).stdout(end()?).stderr(Stdio::null());
    let mut child = command.spawn()?;
    thread::spawn(move || child.wait());
    Ok(())
}
