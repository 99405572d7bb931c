//! The CAPF server of `serve`.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use secd_lab::capf::{Device, Follower, KeyKind, Method, Operation, Outcome, Provisioning, Server};
use secd_lab::cluster::{Cluster, Files};
use secd_lab::config::Member;
use secd_lab::tftp;

use crate::arguments::{Capf, Options};
use crate::folder;

/// The server, for the cluster's own phone.
pub(crate) struct Enrolment {
    server: Server,
    device: String,
    copy: Arc<FolderCopy>,
}

/// The folder's copy of the phone's configurations, as they are after each change.
#[derive(Debug)]
struct FolderCopy {
    directory: PathBuf,
    device: String,
    written: Mutex<Written>,
}

#[derive(Debug, Default)]
struct Written {
    made_by: Option<Provisioning>,
    files: Files,
}

impl FolderCopy {
    fn write(&self, written: &mut Written) -> io::Result<()> {
        let Some(made_by) = &written.made_by else { return Ok(()) };
        let files = made_by.of(&self.device);
        folder::update(&self.directory, &written.files, &files)?;
        written.files = files;
        Ok(())
    }
}

impl Follower for FolderCopy {
    fn device_changed(&self) {
        let mut written = self.written.lock().expect("no panic while it is held");
        if let Err(error) = self.write(&mut written) {
            println!("{}: not written: {error}", self.directory.display());
        }
    }
}

impl Enrolment {
    /// Starts it as `options` say, of which `capf` is a part.
    pub(crate) fn start(
        ip: IpAddr,
        cluster: &Cluster,
        options: &Options,
        capf: &Capf,
    ) -> io::Result<Self> {
        let mut server = Server::start_on(ip, cluster)?;
        if let Some(first) = options.announce {
            server.announce(Member { address: first.to_string(), port: CAPF_PORT });
        }
        server.set_odd(capf.odd);
        let mut device = Device::new(&cluster.setup.device);
        if let Some(method) = &capf.method {
            let install = Operation::Install(capf.key);
            device = device.by(method.clone()).with(install).encrypted();
            if matches!(method, Method::Lsc | Method::Mic) {
                device = device.mic(&cluster.device.certificate.der);
            }
        }
        server.enrol(device);
        let device = cluster.setup.device.clone();
        let (directory, written) = (options.directory.clone(), Mutex::default());
        let copy = Arc::new(FolderCopy { directory, device: device.clone(), written });
        server.set_follower(copy.clone());
        Ok(Self { server, device, copy })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Has TFTP serve these files, and the phone's configurations as they are at each request; the
    /// former are returned, the latter written into the folder.
    pub(crate) fn publish(
        &self,
        cluster: &Cluster,
        tftp: &tftp::Server,
        files: Files,
    ) -> io::Result<Files> {
        self.server.follow(cluster);
        let configurations = self.server.configurations(cluster);
        let files = configurations.without_configurations(files);
        tftp.serve_with(files.clone(), Arc::new(configurations));
        let mut written = self.copy.written.lock().expect("no panic while it is held");
        written.made_by = Some(self.server.configurations(cluster));
        self.copy.write(&mut written)?;
        Ok(files)
    }

    /// Does what an administrator types behind `capf`.
    pub(crate) fn obey(&self, words: &[&str]) -> Result<(), String> {
        let install = |key| self.schedule(Operation::Install(key));
        match words {
            ["install"] => install(KeyKind::Rsa(2048)),
            ["install", key] => install(key.parse()?),
            ["fetch"] => self.schedule(Operation::Fetch),
            ["delete"] => self.schedule(Operation::Delete),
            ["nothing"] => self.schedule(Operation::Nothing),
            ["method", method] => {
                self.server.set_method(&self.device, method.parse()?);
                println!("the phone authenticates by {method}");
            }
            ["odd", "none"] => {
                self.server.set_odd(None);
                println!("CAPF is as it should be");
            }
            ["odd", name] => {
                self.server.set_odd(Some(Capf::odd_named(name)?));
                println!("CAPF is odd: {name}");
            }
            ["sessions"] => self.print_sessions(),
            _ => return Err(format!("no such command of CAPF: {}", words.join(" "))),
        }
        Ok(())
    }

    fn schedule(&self, operation: Operation) {
        self.server.schedule(&self.device, operation);
        println!("scheduled: {operation}");
    }

    fn print_sessions(&self) {
        let sessions = self.server.sessions();
        for session in &sessions {
            println!("session {}: {}", session.number, words(&session.outcome));
        }
        println!("sessions: {}", sessions.len());
    }
}

/// How a session ended.
fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Deleted(true) => "the phone has deleted its certificate".to_owned(),
        Outcome::Deleted(false) => "the phone had no certificate to delete".to_owned(),
        Outcome::Fetched(Some(der)) => {
            format!("the phone has sent a certificate of {} bytes", der.len())
        }
        Outcome::Fetched(None) => "the phone had no certificate to send".to_owned(),
        Outcome::Going => "still going".to_owned(),
        Outcome::Installed(der) => {
            format!("the phone has stored a certificate of {} bytes", der.len())
        }
        Outcome::Left(why) => format!("the phone left {why}"),
        Outcome::NoHandshake(why) => format!("no handshake: {why}"),
        Outcome::NoKey => "the phone could not make the key".to_owned(),
        Outcome::NotStored => "the phone did not store the certificate".to_owned(),
        Outcome::Nothing => "nothing was pending".to_owned(),
        Outcome::Odd => "ended by the odd server".to_owned(),
        Outcome::Refused(refusal) => format!("refused: {refusal:?}"),
    }
}

/// The usual one: CAPF facts A1.
const CAPF_PORT: u16 = 3804;
