//! A phone: the agent in this process, with folders and a clock of its own.

use std::cell::Cell;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use secd::agent::Agent;
use secd::agent::{NotOpened, ProbeRequest, Target, probe};
use secd::io::clock::Timeline;
use secd::io::settings::{ProvisioningSettings, ServerAddress, Settings};
use secd::trust::Purpose;
use secd_lab::certificate::Identity;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A phone that asks some TFTP servers.
pub(crate) struct Phone {
    agent: Option<Agent>,
    folder: TempDir,
    servers: Vec<SocketAddr>,
    /// For HTTP and HTTPS.
    ports: [u16; 2],
    clock: Rc<Cell<Duration>>,
    old_tls: OldTls,
    /// Whether it has a certificate of its own.
    has_identity: bool,
}

/// Whether a phone may speak old TLS.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum OldTls {
    Off,
    On,
}

impl Phone {
    /// A phone fresh from the box.
    pub(crate) fn new(servers: &[SocketAddr]) -> Self {
        Self::with(servers, OldTls::Off)
    }

    /// The same with both settings for old TLS.
    pub(crate) fn with(servers: &[SocketAddr], old_tls: OldTls) -> Self {
        Self::inside(&std::env::temp_dir(), servers, old_tls)
    }

    /// The same in a folder below this one.
    pub(crate) fn inside(above: &Path, servers: &[SocketAddr], old_tls: OldTls) -> Self {
        let folder = TempDir::new_in(above).expect("a temporary folder");
        fs::create_dir(folder.path().join("state")).expect("a fresh folder");
        let (servers, clock) = (servers.to_vec(), Rc::default());
        let has_identity = false;
        let ports = [6970, 6971];
        let mut phone = Self { agent: None, folder, servers, ports, clock, old_tls, has_identity };
        phone.restart();
        phone
    }

    /// The same with other ports for HTTP and HTTPS.
    pub(crate) fn asking_at(mut self, ports: [u16; 2]) -> Self {
        self.ports = ports;
        self.restart();
        self
    }

    /// Starts the agent again, with what it has stored.
    pub(crate) fn restart(&mut self) {
        // The store belongs to one agent at a time.
        drop(self.agent.take());
        let timeline = Timeline::Set(Rc::clone(&self.clock));
        self.agent = Some(Agent::new(self.configuration(), timeline));
    }

    /// Starts the agent again, with a certificate of its own.
    #[allow(dead_code, reason = "a phone needs one in some of the programs only")]
    pub(crate) fn own(&mut self, identity: &Identity) {
        let write = |name, bytes: &[u8]| {
            let file = fs::File::create_new(self.folder.path().join(name));
            file.and_then(|mut file| file.write_all(bytes)).expect("a folder of its own");
        };
        write("phone.der", &identity.certificate.der);
        write("phone.key", identity.key.pem().as_bytes());
        self.has_identity = true;
        self.restart();
    }

    fn configuration(&self) -> Settings {
        let path = |name| self.folder.path().join(name).display().to_string();
        let identity = match self.has_identity {
            true => {
                let (certificate, key) = (path("phone.der"), path("phone.key"));
                format!("certificate = \"{certificate}\"\nkey = \"{key}\"\n")
            }
            false => String::new(),
        };
        let servers: Vec<String> =
            self.servers.iter().map(|address| format!("\"{address}\"")).collect();
        let text = format!(
            "[device]\nname = \"{DEVICE}\"\nmodel = \"8861\"\n{identity}\
             [tftp]\nservers = [{}]\n\
             [provisioning]\nhttp_port = {}\nhttps_port = {}\n\
             [paths]\nstate = \"{}\"\nram = \"{}\"\nsocket = \"{}\"\n",
            servers.join(", "),
            self.ports[0],
            self.ports[1],
            path("state"),
            path("ram"),
            path("socket")
        );
        let mut configuration = Settings::parse(&text, "secd.toml").expect("a good configuration");
        configuration.tvs.answer_timeout = Duration::from_secs(2);
        configuration.https.handshake_timeout = Duration::from_secs(3);
        configuration.capf.pause = Duration::from_millis(100);
        configuration.tvs.legacy_tls = self.old_tls == OldTls::On;
        configuration.https.legacy_tls = self.old_tls == OldTls::On;
        configuration
    }

    /// The agent.
    pub(crate) fn agent(&self) -> &Agent {
        self.agent.as_ref().expect("the agent is only gone within restart")
    }

    /// By which ways it asks for files.
    pub(crate) fn provisioning(&self) -> ProvisioningSettings {
        self.configuration().provisioning
    }

    /// What `probe` makes of a phone fresh from the box at the same servers: the case about the ways.
    pub(crate) async fn probed_ways(&self) -> String {
        let settings = self.configuration();
        let request = ProbeRequest {
            device: settings.device.name,
            servers: settings.tftp.servers,
            provisioning: settings.provisioning,
            tvs: Vec::new(),
            https: Vec::new(),
            key: None,
            lists: Vec::new(),
        };
        // On the heap: the compiler would otherwise have to lay out the whole agent within a row.
        let report = Box::pin(probe(request)).await.expect("a report");
        let case = report.cases.into_iter().find(|case| case.group == "ways");
        case.map_or("no case".to_owned(), |case| case.does)
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, duration: Duration) {
        self.clock.set(self.clock.get() + duration);
    }

    /// Everything that a boot pass could change, as one text.
    pub(crate) fn condition(&self) -> String {
        let agent = self.agent();
        let files = ["state", "ram"].map(|folder| {
            let folder = fs::read_dir(self.folder.path().join(folder)).into_iter().flatten();
            let mut files: Vec<_> = folder
                .flatten()
                .map(|entry| {
                    let data = entry.metadata().expect("a file that stays");
                    (entry.file_name(), data.ino(), data.len(), data.mtime_nsec())
                })
                .collect();
            files.sort();
            files
        });
        let said = agent.messages().len();
        let (alarm, cached) = (agent.alarm(), agent.tvs_cache());
        format!("{files:?} {} messages {said} alarm {alarm:?} {cached:?}", agent.state())
    }

    /// The configuration in the ram folder.
    pub(crate) fn configuration_in_use(&self) -> Option<Vec<u8>> {
        let name = |name: &str| self.folder.path().join("ram").join(name);
        let own = fs::read(name(&format!("{DEVICE}.cnf.xml"))).ok();
        own.or_else(|| fs::read(name("XMLDefault.cnf.xml")).ok())
    }

    /// The LSC and its key as they are stored.
    #[allow(dead_code, reason = "a phone enrols in one of the programs only")]
    pub(crate) fn lsc(&self) -> Option<Vec<u8>> {
        fs::read(self.folder.path().join("state/lsc")).ok()
    }

    /// Presses the Directories key: the page, or why there is none. The request is written before
    /// there is a verdict.
    pub(crate) async fn press_directories(&self, server: SocketAddr) -> Result<Vec<u8>, NotOpened> {
        self.fetch(&target(server)).await
    }

    /// Asks a server for a page.
    pub(crate) async fn fetch(&self, target: &Target) -> Result<Vec<u8>, NotOpened> {
        let server = &target.server;
        let (mut ours, agents) = tokio::io::duplex(1 << 16);
        let request = format!("GET /ccmcip/xmldirectory.jsp HTTP/1.1\r\nHost: {server}\r\n\r\n");
        ours.write_all(request.as_bytes()).await.expect("the pipe has room");
        let client = async move {
            let mut page = Vec::new();
            ours.read_to_end(&mut page).await.map(|_| page)
        };
        let (served, page) = tokio::join!(self.agent().serve_https(target, agents), client);
        served.map(|_| page.expect("a pipe does not break"))
    }
}

/// A directory server as a local client names it.
pub(crate) fn target(server: SocketAddr) -> Target {
    let server = ServerAddress::parse(&server.to_string(), 443).expect("an address");
    Target { server, purpose: Purpose::HttpsService, client: 14 }
}

/// The device name of phone and lab.
pub(crate) const DEVICE: &str = "SEP001122334455";
