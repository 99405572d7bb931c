//! The CAPF server of `serve`.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use secd_lab::capf::{Device, KeyKind, Method, Operation, Outcome, Server};
use secd_lab::cluster::{Cluster, Files};
use secd_lab::tftp;

use crate::arguments::Capf;

/// The server, for the cluster's own phone.
pub(crate) struct Enrolment {
    server: Server,
    device: String,
}

impl Enrolment {
    pub(crate) fn start(ip: IpAddr, cluster: &Cluster, options: &Capf) -> io::Result<Self> {
        let server = Server::start_on(ip, cluster)?;
        server.set_odd(options.odd);
        let mut device = Device::new(&cluster.setup.device);
        if let Some(method) = &options.method {
            let install = Operation::Install(options.key);
            device = device.by(method.clone()).with(install).encrypted();
            if matches!(method, Method::Lsc | Method::Mic) {
                device = device.mic(&cluster.device.certificate.der);
            }
        }
        server.enrol(device);
        Ok(Self { server, device: cluster.setup.device.clone() })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Has TFTP serve these files, and the phone's configurations as they are at each request; the
    /// former are returned.
    pub(crate) fn publish(&self, cluster: &Cluster, tftp: &tftp::Server, files: Files) -> Files {
        self.server.follow(cluster);
        let configurations = self.server.configurations(cluster);
        let files = configurations.without_configurations(files);
        tftp.serve_with(files.clone(), Arc::new(configurations));
        files
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
