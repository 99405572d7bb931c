//! `serve`: a cluster whose administrator types commands.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;

use secd_lab::cluster::{
    Cluster, Files, Fleet, Phones, Rollback, Security, Service, Setup, Signer,
};
use secd_lab::https;
use secd_lab::list::Role;
use secd_lab::tftp::{self, Faults, Odd};
use secd_lab::tls::Presented;
use secd_lab::tvs::{Asked, Server, Servers};

use crate::arguments::Options;
use crate::enrol::Enrolment;
use crate::web::Web;
use crate::{folder, lines};

/// Serves until `quit`, the end of input, or a signal.
pub(crate) fn serve(options: &Options) -> io::Result<()> {
    let mut lab = Lab::start(options)?;
    for line in lines::commands(options.control.as_deref()) {
        match lab.obey(&line) {
            Ok(Next::Publish(what)) => {
                println!("{what}");
                lab.publish()?;
            }
            Ok(Next::Serve(files)) => lab.show_older(files)?,
            Ok(Next::Wait) => {}
            Ok(Next::Quit) => break,
            Err(fault) => println!("refused: {fault}"),
        }
    }
    println!("ended");
    Ok(())
}

struct Lab {
    cluster: Cluster,
    server: tftp::Server,
    tvs: Servers,
    https: https::Server,
    capf: Option<Enrolment>,
    web: Option<Web>,
    directory: PathBuf,
    shown: Files,
    phones: Option<Phones>,
}

/// Has configurations name the TVS servers as they are seen through a port forward.
fn announce(cluster: &mut Cluster, first: Ipv4Addr) {
    for (bits, node) in (first.to_bits()..).zip(&mut cluster.nodes) {
        node.tvs_address = Ipv4Addr::from_bits(bits).to_string();
        node.tvs_port = TVS_PORT;
    }
}

/// The phones from the setup's own on.
fn phones(setup: &Setup, count: u64) -> io::Result<Phones> {
    let first = &setup.device;
    let why = || format!("--phones {count}: no {count} MAC addresses from {first:?} on");
    Phones::from(first, count).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, why()))
}

enum Next {
    Publish(String),
    Quit,
    Serve(Files),
    Wait,
}

impl Lab {
    fn start(options: &Options) -> io::Result<Self> {
        let mut setup = Setup::like(options.release);
        setup.recovery |= options.recovery;
        setup.tls = options.tls;
        if !options.nodes.is_empty() {
            setup.hosts.clone_from(&options.nodes);
        }
        if let Some(device) = &options.device {
            setup.device.clone_from(device);
        }
        let phones = options.phones.map(|count| phones(&setup, count)).transpose()?;
        if phones.is_some() && options.capf.is_some() {
            let why = "CAPF knows one phone: give --phones or the options of CAPF";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        if options.web.is_some() && (options.phones.is_some() || options.capf.is_some()) {
            let why = "HTTP has files that are made beforehand: give --http, or --phones or the options of CAPF";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        if options.web.is_some() {
            // The first that phones take as "ask by HTTPS" (HTTP facts B1).
            setup.signer_version = Some([1, 1]);
        }
        let mut cluster = Cluster::new(setup);
        let ip = options.bind.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let tvs = Servers::start_on(ip, &mut cluster)?;
        if let Some(first) = options.announce {
            announce(&mut cluster, first);
        }
        let tomcat = cluster.setup.identity(&cluster.nodes[0].host);
        cluster.import(&tomcat.certificate, &[Role::APP_SERVER]);
        let https = https::Server::start(&Presented::new(&tomcat), options.tls);
        let server = tftp::Server::start_on(ip, Files::new())?;
        let faults = options.odd.map(Odd::faults).unwrap_or_default();
        server.set_faults(Faults { loss: options.loss, ..faults });
        let capf = options.capf.as_ref();
        let capf = capf.map(|capf| Enrolment::start(ip, &cluster, options, capf)).transpose()?;
        let web = options.web.as_ref();
        let web = web.map(|web| Web::start(ip, &mut cluster, web.odd)).transpose()?;
        let (directory, shown) = (options.directory.clone(), Files::new());
        let mut lab = Self { cluster, server, tvs, https, capf, web, directory, shown, phones };
        lab.publish()?;
        folder::replace(&lab.directory.join("directory.key"), tomcat.key.pem().as_bytes())?;
        folder::replace(&lab.directory.join("directory.der"), &tomcat.certificate.der)?;
        let address = lab.server.address();
        folder::replace(&lab.directory.join("lab.env"), lab.summary().as_bytes())?;
        if let Some(path) = &options.port_file {
            folder::replace(path, format!("{}\n", address.port()).as_bytes())?;
        }
        println!("serving {} on {address}", lab.directory.display());
        Ok(lab)
    }

    /// Where everything is, as a shell reads it. `TVS_ADDR` is the first node's, and
    /// `TVS_ADDRS` are those of all nodes.
    fn summary(&self) -> String {
        let all: Vec<String> = self.tvs.iter().map(|server| server.address().to_string()).collect();
        let capf = self.capf.as_ref().map(|capf| format!("CAPF_ADDR={}\n", capf.address()));
        let web = self.web.as_ref().map(Web::summary);
        format!(
            "TFTP_ADDR={}\nDEVICE={}\nTVS_ADDR={}\nTVS_ADDRS=\"{}\"\nHTTPS_ADDR={}\n{}{}",
            self.server.address(),
            self.cluster.setup.device,
            self.tvs.of(0).address(),
            all.join(" "),
            self.https.address(),
            capf.unwrap_or_default(),
            web.unwrap_or_default()
        )
    }

    /// TVS and TFTP show the certificates of this moment.
    fn publish(&mut self) -> io::Result<()> {
        self.tvs.follow(&self.cluster);
        let files = self.cluster.publish();
        if let Some(web) = &self.web {
            web.serve_by_https(self.cluster.https_files());
        }
        self.show(files, "serving new files")
    }

    /// What HTTPS had at that time is not known any more, so that it has nothing.
    fn show_older(&mut self, files: Files) -> io::Result<()> {
        if let Some(web) = &self.web {
            web.serve_by_https(Files::new());
        }
        self.show(files, "serving older files")
    }

    fn show(&mut self, files: Files, what: &str) -> io::Result<()> {
        let files = match &self.capf {
            Some(capf) => capf.publish(&self.cluster, &self.server, files)?,
            None => files,
        };
        folder::update(&self.directory, &self.shown, &files)?;
        folder::write_identities(&self.directory, &self.cluster)?;
        println!("{what}: {} of them", files.len());
        if let Some(web) = &self.web {
            web.serve(&files);
        }
        match self.phones {
            None if self.capf.is_some() => {}
            None => self.server.serve(files.clone()),
            Some(phones) => {
                let fleet = Fleet::new(&self.cluster, files.clone(), phones);
                self.server.serve_with(files.clone(), Arc::new(fleet));
            }
        }
        self.shown = files;
        Ok(())
    }

    fn obey(&mut self, line: &str) -> Result<Next, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let done = match words.as_slice() {
            [] => return Ok(Next::Wait),
            ["quit"] => return Ok(Next::Quit),
            ["capf", words @ ..] => return self.capf(words),
            ["http", words @ ..] => return self.http(words),
            ["requests"] => return Ok(self.print_requests()),
            ["questions"] => return Ok(self.print_questions()),
            ["tvs", "off"] => return Ok(self.stop_tvs()),
            ["tvs", "on"] => return self.start_tvs(),
            ["restore"] if self.phones.is_some() => {
                return Err("with --phones there is no going back to older files".to_owned());
            }
            ["restore"] if self.capf.is_some() => {
                return Err("with CAPF there is no going back to older files".to_owned());
            }
            ["restore"] => {
                let older = self.cluster.restore().ok_or("there are no older files")?;
                return Ok(Next::Serve(older));
            }
            ["regenerate", "recovery"] => {
                self.cluster.recovery.as_ref().ok_or("start with --recovery")?;
                self.cluster.regenerate_recovery();
                "regenerated ITLRecovery".to_owned()
            }
            ["regenerate", service] => self.regenerate(service, "0")?,
            ["regenerate", service, node] => self.regenerate(service, node)?,
            ["rename", node] => self.rename(node, None)?,
            ["rename", node, host] => self.rename(node, Some(host))?,
            ["rollback", "on"] => self.rollback(Rollback::On),
            ["rollback", "off"] => self.rollback(Rollback::Off),
            ["ctl"] => self.ctl(Security::Mixed),
            ["ctl", "nonsecure"] => self.ctl(Security::NonSecure),
            ["ctl", "delete"] => {
                self.cluster.delete_ctl();
                "deleted the CTL".to_owned()
            }
            _ => return Err(format!("no such command: {line}")),
        };
        Ok(Next::Publish(done))
    }

    fn capf(&self, words: &[&str]) -> Result<Next, String> {
        self.capf.as_ref().ok_or("start with --capf")?.obey(words)?;
        Ok(Next::Wait)
    }

    fn http(&self, words: &[&str]) -> Result<Next, String> {
        self.web.as_ref().ok_or("start with --http")?.obey(words)?;
        Ok(Next::Wait)
    }

    fn print_requests(&self) -> Next {
        for name in self.server.names() {
            println!("requested {name}");
        }
        self.web.iter().for_each(Web::print_requests);
        Next::Wait
    }

    fn print_questions(&self) -> Next {
        let questions: Vec<_> = self.tvs.iter().flat_map(Server::questions).collect();
        for question in &questions {
            match &question.asked {
                Asked::Nonsense(_) => println!("asked nonsense"),
                Asked::Query { subject, .. } => println!("asked for {subject}"),
                Asked::Verify { .. } => println!("asked about a certificate"),
            }
        }
        println!("questions: {}", questions.len());
        Next::Wait
    }

    fn stop_tvs(&mut self) -> Next {
        self.tvs.iter_mut().for_each(Server::close);
        println!("TVS is off");
        Next::Wait
    }

    fn start_tvs(&mut self) -> Result<Next, String> {
        for server in self.tvs.iter_mut() {
            server.reopen().map_err(|error| format!("TVS does not start: {error}"))?;
        }
        println!("TVS is on");
        Ok(Next::Wait)
    }

    fn regenerate(&mut self, service: &str, node: &str) -> Result<String, String> {
        let kind = match service {
            "callmanager" => Service::CallManager,
            "capf" => Service::Capf,
            "tvs" => Service::Tvs,
            other => return Err(format!("no such service: {other}")),
        };
        let node = self.node(node)?;
        self.cluster.regenerate(node, kind);
        Ok(format!("regenerated {service} of {}", self.cluster.nodes[node].host))
    }

    fn rename(&mut self, node: &str, host: Option<&str>) -> Result<String, String> {
        let node = self.node(node)?;
        let old = self.cluster.nodes[node].host.clone();
        let new = host.map_or_else(|| format!("new-{old}"), str::to_owned);
        self.cluster.rename(node, &new);
        Ok(format!("renamed {old} to {new}"))
    }

    fn rollback(&mut self, rollback: Rollback) -> String {
        self.cluster.set_rollback(rollback);
        format!("rollback is {rollback:?}")
    }

    fn ctl(&mut self, security: Security) -> String {
        self.cluster.update_ctl(&Signer::CallManager(0), security);
        format!("wrote a CTL: {security:?}")
    }

    fn node(&self, text: &str) -> Result<usize, String> {
        let nodes = &self.cluster.nodes;
        let named = nodes.iter().position(|node| node.host == text);
        let position = named.or_else(|| text.parse().ok().filter(|at| *at < nodes.len()));
        position.ok_or_else(|| format!("no such node: {text}"))
    }
}

/// The usual one: domain facts, TVS servers in the configuration.
const TVS_PORT: u16 = 2445;
