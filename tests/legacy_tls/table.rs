//! Versions, suites, keys and stacks of others, as a table for a person.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use secd_lab::certificate::Identity;
use secd_lab::https;
use secd_lab::keys::Kind;
use secd_lab::list::Role;
use secd_lab::tls::{Presented, Version};
use tempfile::TempDir;

use crate::fronts::{Jsse, stunnel};
use crate::peer::Peer;
use crate::phone::OldTls;
use crate::site::{Site, run};
use crate::support::office::pem;
use crate::{lines, log};

/// A version, a suite, and what each stack calls them.
struct Spoken {
    version: &'static str,
    suite: &'static str,
    openssl: &'static str,
    java: (&'static str, &'static str),
    gnutls: String,
    tlslite: [&'static str; 3],
}

/// Versions: ours, and those of OpenSSL, Java and tlslite-ng.
const VERSIONS: [[&str; 4]; 3] = [
    ["TLS 1.0", "-tls1", "TLSv1", "1"],
    ["TLS 1.1", "-tls1_1", "TLSv1.1", "2"],
    ["TLS 1.2", "-tls1_2", "TLSv1.2", "3"],
];

/// Suites: ours, Java's, cipher and MAC of GnuTLS, and of tlslite-ng; the last two are for TLS 1.2.
const SUITES: [[&str; 6]; 4] = [
    ["AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA", "AES-256-CBC", "SHA1", "aes256", "sha"],
    ["AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA", "AES-128-CBC", "SHA1", "aes128", "sha"],
    [
        "AES256-SHA256",
        "TLS_RSA_WITH_AES_256_CBC_SHA256",
        "AES-256-CBC",
        "SHA256",
        "aes256",
        "sha256",
    ],
    [
        "AES128-SHA256",
        "TLS_RSA_WITH_AES_128_CBC_SHA256",
        "AES-128-CBC",
        "SHA256",
        "aes128",
        "sha256",
    ],
];

fn all() -> Vec<Spoken> {
    let mut all = Vec::new();
    for [version, openssl, java, number] in VERSIONS {
        let known = if version == "TLS 1.2" { SUITES.len() } else { 2 };
        for [suite, name, cipher, mac, aes, sha] in SUITES.into_iter().take(known) {
            let gnutls = format!("+VERS-{}:+{cipher}:+{mac}", version.replace(' ', ""));
            let (java, tlslite) = ((java, name), [number, aes, sha]);
            all.push(Spoken { version, suite, openssl, java, gnutls, tlslite });
        }
    }
    all
}

/// A program that serves a page; it is killed when it is dropped.
struct Program {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Program {
    /// Starts it in a folder with `server.pem` and `server.key`; where it listens, unless it prints
    /// that itself.
    fn start(
        identity: &Identity,
        mut command: Command,
        address: Option<SocketAddr>,
    ) -> Option<Self> {
        let folder = TempDir::new().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("server.pem"), pem(&identity.certificate.der)).expect("a fresh file");
        fs::write(path("server.key"), identity.key.pem()).expect("a fresh file");
        command.current_dir(folder.path()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let mut lines = BufReader::new(child.stdout.take()?).lines().map_while(Result::ok);
        let address = match address {
            Some(address) => address,
            None => {
                let found = lines.find_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned));
                found?.parse().ok()?
            }
        };
        thread::spawn(move || lines.for_each(drop));
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            if started.elapsed() > Duration::from_secs(10) {
                return None;
            }
            thread::sleep(Duration::from_millis(20));
        }
        Some(Self { child, address, _folder: folder })
    }

    fn gnutls(identity: &Identity, what: &str) -> Option<Self> {
        // It has no way to say which port the system chose.
        let port =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.local_addr()).ok()?;
        let mut command = Command::new("gnutls-serv");
        command.args(["--http", "--x509certfile", "server.pem", "--x509keyfile", "server.key"]);
        let priority =
            format!("NONE:+COMP-NULL:+RSA:+SIGN-ALL:{what}:%VERIFY_ALLOW_SIGN_WITH_SHA1");
        command.args(["--priority", &priority, "--port", &port.port().to_string()]);
        Self::start(identity, command, Some(port))
    }

    fn tlslite(identity: &Identity, what: [&str; 3]) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/legacy_tls/tlslite_peer.py");
        let mut command = Command::new("python3");
        command.arg(script).args(["server.pem", "server.key"]).args(what);
        Self::start(identity, command, None)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a page came, in what was to be spoken.
async fn pressed(site: &Site, server: SocketAddr, spoken: &Spoken) -> &'static str {
    log::take();
    let page = site.press(server).await;
    let Spoken { version, suite, .. } = spoken;
    let warning = format!("legacy {version} {suite}: no forward secrecy, <127.0.0.1>");
    let is_warned = lines().iter().any(|line| line.text == warning);
    match page {
        Ok(page) if is_warned && page.contains("200") => "ok",
        Ok(page) if is_warned && !page.is_empty() => "ok",
        Ok(_) => "NO PAGE",
        Err(why) => {
            println!("{version} {suite}: {why}");
            "REFUSED"
        }
    }
}

/// `PYTHONPATH=… cargo test --test legacy_tls -- --ignored --nocapture table`
#[test]
#[ignore = "needs tlslite-ng and gnutls-bin, and minutes"]
fn table_of_versions_suites_keys_and_stacks() {
    run(async {
        let site = Site::with(Version::Any, OldTls::On).await;
        let setup = &site.cluster.setup;
        println!("| Version | Suite | Key | OpenSSL 3.0 | stunnel | Java | GnuTLS | tlslite-ng |");
        let mut wrong = 0;
        for (kind, bits) in [(Kind::Rsa1024, 1024), (Kind::Rsa2048, 2048), (Kind::Rsa4096, 4096)] {
            let identity = setup.issue(&setup.profile("directory.lab.test"), kind);
            site.list(Role::APP_SERVER, &identity.certificate).await;
            let plain = https::Server::start(&Presented::new(&identity), Version::Plain);
            for spoken in &all() {
                let openssl = format!("{} -cipher {}:@SECLEVEL=0", spoken.openssl, spoken.suite);
                let openssl = Peer::of(&identity, &openssl);
                let mut results = vec![pressed(&site, openssl.address, spoken).await];
                let at = (Ipv4Addr::LOCALHOST, 0).into();
                let front = stunnel(at, &identity, plain.address(), spoken.java.0, spoken.suite);
                results.push(pressed(&site, front, spoken).await);
                let java = Jsse::page(&identity, spoken.java);
                results.push(pressed(&site, java.address, spoken).await);
                for program in [
                    Program::gnutls(&identity, &spoken.gnutls),
                    Program::tlslite(&identity, spoken.tlslite),
                ] {
                    results.push(match program {
                        Some(program) => pressed(&site, program.address, spoken).await,
                        None => "not there",
                    });
                }
                wrong += results.iter().filter(|it| !["ok", "not there"].contains(it)).count();
                let Spoken { version, suite, .. } = spoken;
                println!("| {version} | {suite} | RSA {bits} | {} |", results.join(" | "));
            }
        }
        assert_eq!(wrong, 0);
    });
}
