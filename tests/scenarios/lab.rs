//! The phone's surroundings, and what administrators do to them.

use std::net::SocketAddr;
use std::sync::Arc;

use secd_lab::capf;
use secd_lab::certificate::{Certificate, Identity};
use secd_lab::cluster::{Cluster, Files, Rollback, Security, Service, Setup, Signer};
use secd_lab::http;
use secd_lab::https;
use secd_lab::keys::Kind as Key;
use secd_lab::list::{Kind, List, Record, Role};
use secd_lab::old_tls::NOTHING_IN_COMMON;
use secd_lab::tftp;
use secd_lab::tls::{Presented, Version};
use secd_lab::tvs::{Asked, Event, Faults, Servers};

use crate::phone::DEVICE;

/// A cluster with its TVS servers.
pub(crate) struct Site {
    pub(crate) cluster: Cluster,
    pub(crate) tvs: Servers,
    /// How many events of each TVS server have been told.
    told: Vec<usize>,
}

impl Site {
    fn new(setup: Setup) -> Self {
        let mut cluster = Cluster::new(setup);
        let tvs = Servers::start(&mut cluster);
        let told = cluster.nodes.iter().map(|_| 0).collect();
        Self { cluster, tvs, told }
    }

    /// What happened at the TVS servers since the last call.
    fn events(&mut self, prefix: &str) -> Vec<(u64, String)> {
        let mut news = Vec::new();
        for ((node, server), told) in self.tvs.iter().enumerate().zip(&mut self.told) {
            server.settle();
            let events = server.events();
            // The current stack comes first, and an old server refuses it for want of a suite.
            let tries = events.iter().skip(*told).filter(|event| !is_first_try(event));
            for event in tries {
                news.push((event.order(), format!("{prefix}{node} {}", word(event))));
            }
            *told = events.len();
        }
        news
    }
}

fn is_first_try(event: &Event) -> bool {
    matches!(event, Event::Refused { why, .. } if why == NOTHING_IN_COMMON)
}

fn word(event: &Event) -> &'static str {
    match event {
        Event::Refused { .. } => "refused",
        Event::Asked(question) => {
            let named = question.device == format!("CP-8861-{DEVICE}");
            match question.asked {
                Asked::Query { .. } if named && question.reads == 1 => "query",
                Asked::Verify { .. } if named && question.reads == 1 => "verify",
                _ => "nonsense",
            }
        }
    }
}

/// The servers beside TFTP, and what they serve differently.
pub(crate) struct Web {
    pub(crate) http: http::Server,
    pub(crate) https: http::Server,
    /// What the HTTPS server shows.
    pub(crate) shows: Identity,
    edit: Edit,
}

/// Changes what a cluster would serve.
pub(crate) type Edit = fn(&Lab, &mut Files);

/// Everything but the phone.
pub(crate) struct Lab {
    /// The cluster that the phone's TFTP server belongs to.
    pub(crate) home: Site,
    /// The cluster that it came from, or a central one.
    pub(crate) other: Option<Site>,
    /// A directory server whose certificate TVS knows.
    pub(crate) https: https::Server,
    pub(crate) tomcat: Identity,
    /// The CAPF server of the phone's cluster, once it is open.
    capf: Option<capf::Server>,
    /// How many of its sessions have been told.
    capf_told: usize,
    first: tftp::Server,
    second: tftp::Server,
    /// The servers beside TFTP; none unless a row opens them.
    pub(crate) web: Option<Web>,
    edit: Edit,
    kept: Option<Cluster>,
    frozen: bool,
    /// `vendorConfig/settingsAccess` of the phone's configuration; empty if it has none.
    settings_access: &'static str,
    revision: u32,
}

impl Lab {
    pub(crate) fn new(setup: Setup) -> Self {
        let mut home = Site::new(setup);
        let tomcat = home.cluster.setup.identity("tomcat.lab.test");
        home.cluster.import(&tomcat.certificate, &[Role::APP_SERVER]);
        let mut lab = Self {
            https: https::Server::start(&Presented::new(&tomcat), home.cluster.setup.tls),
            home,
            other: None,
            tomcat,
            capf: None,
            capf_told: 0,
            first: tftp::Server::start(Files::new()),
            second: tftp::Server::start(Files::new()),
            web: None,
            edit: |_, _| {},
            kept: None,
            frozen: false,
            settings_access: "",
            revision: 0,
        };
        lab.publish();
        lab
    }

    /// Where the phone asks for files: a cluster of one node has one server.
    pub(crate) fn servers(&self) -> Vec<SocketAddr> {
        let servers = [self.first.address(), self.second.address()];
        servers.into_iter().take(self.home.cluster.nodes.len()).collect()
    }

    /// Has the services show and serve what the cluster is now.
    pub(crate) fn publish(&mut self) {
        if self.frozen {
            return;
        }
        self.revision += 1;
        let access = match self.settings_access {
            "" => String::new(),
            number => {
                format!("<vendorConfig><settingsAccess>{number}</settingsAccess></vendorConfig>")
            }
        };
        self.home.cluster.config_extra =
            format!("<revision>{}</revision>\n{access}", self.revision);
        self.home.tvs.follow(&self.home.cluster);
        if let Some(other) = &self.other {
            other.tvs.follow(&other.cluster);
        }
        let mut files = self.home.cluster.files();
        (self.edit)(self, &mut files);
        if let Some(web) = &self.web {
            let mut files = files.clone();
            (web.edit)(self, &mut files);
            // Over HTTPS a signed name leads to the unsigned file.
            let plain = files.get(PLAIN).cloned().unwrap_or_default();
            web.https.serve(Files::from([(SIGNED.to_owned(), plain)]));
            web.https.present(&Presented::new(&web.shows), Version::Any);
            web.http.serve(files);
        }
        match &self.capf {
            Some(capf) => {
                let made = capf.configurations(&self.home.cluster);
                self.first.serve_with(made.without_configurations(files), Arc::new(made));
            }
            None => self.first.serve(files),
        }
    }

    /// The ports for HTTP and HTTPS; those that nobody has where there are no such servers.
    pub(crate) fn ports(&self) -> [u16; 2] {
        match &self.web {
            None => [6970, 6971],
            Some(web) => [&web.http, &web.https].map(|server| server.address().port()),
        }
    }

    /// The configuration that is served now, without its envelope.
    pub(crate) fn payload(&self) -> Vec<u8> {
        let cluster = &self.home.cluster;
        let capf = self.capf.as_ref().map(|capf| capf.configurations(cluster));
        let made = capf.and_then(|made| made.payload(DEVICE));
        made.unwrap_or_else(|| cluster.config().xml().into_bytes())
    }

    /// What was asked of the TFTP servers since the last call.
    pub(crate) fn asked(&self) -> String {
        let mut names: Vec<String> = self.first.names().iter().map(|name| short(name)).collect();
        names.extend(self.second.names().iter().map(|name| format!("2:{}", short(name))));
        self.first.forget_requests();
        self.second.forget_requests();
        for (prefix, server) in
            self.web.iter().flat_map(|web| [("h", &web.http), ("s", &web.https)])
        {
            names.extend(server.names().iter().map(|name| format!("{prefix}:{}", short(name))));
            server.forget_requests();
        }
        names.join(" ")
    }

    /// What happened at the TVS servers since the last call.
    pub(crate) fn tvs_events(&mut self) -> String {
        let mut events = self.home.events("");
        events.extend(self.other.iter_mut().flat_map(|other| other.events("old ")));
        events.sort();
        let words: Vec<String> = events.into_iter().map(|(_, word)| word).collect();
        words.join(", ")
    }

    /// How the sessions with CAPF since the last call have ended.
    pub(crate) fn capf_events(&mut self) -> String {
        let Some(capf) = &self.capf else { return String::new() };
        capf.settle();
        let sessions = capf.sessions();
        let words: Vec<String> = sessions.iter().skip(self.capf_told).map(ended).collect();
        self.capf_told = sessions.len();
        words.join(", ")
    }
}

/// How a session with CAPF has ended.
fn ended(session: &capf::Session) -> String {
    use capf::Outcome;
    let word = match &session.outcome {
        // The server speaks first, and nothing is due to one that is not trusted.
        _ if session.received.is_empty() => "no byte",
        Outcome::Deleted(true) => "deleted",
        Outcome::Fetched(Some(_)) => "fetched",
        Outcome::Deleted(false) | Outcome::Fetched(None) => "has none",
        Outcome::Installed(_) => "installed",
        Outcome::NoKey => "no key",
        Outcome::NotStored => "not stored",
        Outcome::Nothing => "nothing",
        Outcome::Refused(refusal) => return format!("refused: {refusal:?}"),
        other => return format!("{other:?}"),
    };
    word.to_owned()
}

/// What administrators do.
impl Lab {
    /// From now on files are served as `edit` changes them.
    pub(crate) fn serve(&mut self, edit: Edit) {
        self.edit = edit;
    }

    /// Nothing that happens from now on reaches the services.
    pub(crate) fn do_not_restart(&mut self) {
        self.frozen = true;
    }

    /// Opens servers for HTTP and HTTPS; the certificate of the latter is in no list.
    pub(crate) fn open_web(&mut self) {
        let setup = &self.home.cluster.setup;
        let shows = setup.issue(&setup.profile("web.lab.test"), Key::P256);
        let [http, https] = [(); 2].map(|()| http::Server::start(Files::new()));
        self.web = Some(Web { http, https, shows, edit: |_, _| {} });
    }

    /// The same, with that certificate in the ITL.
    pub(crate) fn open_listed_web(&mut self) {
        self.open_web();
        self.list_web();
    }

    /// The ITL has the certificate of the HTTPS server from now on.
    pub(crate) fn list_web(&mut self) {
        let shows = self.web().shows.clone();
        self.home.cluster.web = Some(shows);
    }

    pub(crate) fn web(&mut self) -> &mut Web {
        self.web.as_mut().expect("servers for HTTP and HTTPS")
    }

    /// From now on the servers beside TFTP have files as `edit` changes them.
    pub(crate) fn serve_by_web(&mut self, edit: Edit) {
        self.web().edit = edit;
    }

    /// Sets the access to settings that the phone's configuration leaves its user.
    pub(crate) fn set_settings_access(&mut self, number: &'static str) {
        self.settings_access = number;
    }

    pub(crate) fn regenerate(&mut self, service: Service) {
        self.home.cluster.regenerate(0, service);
    }

    pub(crate) fn rename(&mut self, node: usize) {
        self.home.cluster.rename(node, &format!("renamed-{node}.lab.test"));
    }

    pub(crate) fn rollback(&mut self, rollback: Rollback) {
        self.home.cluster.set_rollback(rollback);
    }

    /// Runs the CTL client with an eToken.
    pub(crate) fn run_ctl_client(&mut self) {
        self.home.cluster.update_ctl(&Signer::Token(0), Security::Mixed);
    }

    pub(crate) fn move_to_non_secure(&mut self) {
        self.home.cluster.update_ctl(&Signer::Token(0), Security::NonSecure);
    }

    /// Runs the CTL command of clusters without eTokens.
    pub(crate) fn run_tokenless_ctl(&mut self) {
        self.home.cluster.update_ctl(&Signer::CallManager(0), Security::Mixed);
    }

    pub(crate) fn sign_itl_by(&mut self, signer: Signer) {
        self.home.cluster.itl_signer = signer;
    }

    /// The phone's TFTP server is another cluster's from now on; the old cluster stays up.
    pub(crate) fn move_to(&mut self, setup: fn() -> Setup) {
        let pool = self.home.cluster.setup.pool.clone();
        let timestamp = self.home.cluster.timestamp() + 60;
        let home = Site::new(Setup { pool, timestamp, ..setup() });
        self.other = Some(std::mem::replace(&mut self.home, home));
        (self.capf, self.capf_told) = (None, 0);
        self.edit = |_, _| {};
    }

    /// As [`move_to`](Self::move_to), to a cluster whose files are all older.
    pub(crate) fn move_to_older(&mut self, setup: fn() -> Setup) {
        self.move_to(setup);
        self.home.cluster.set_timestamp(LONG_AGO);
    }

    /// The clock of the call manager goes back: what it makes from now on is older.
    pub(crate) fn turn_back(&mut self) {
        self.home.cluster.set_timestamp(LONG_AGO);
    }

    /// From now on TVS knows this certificate, as after a restore of its store.
    pub(crate) fn tvs_knows(&mut self, identity: fn(&Cluster) -> &Identity, roles: &[Role]) {
        let certificate = identity(self.kept.as_ref().expect("kept")).certificate.clone();
        self.home.cluster.import(&certificate, roles);
    }

    /// Keeps the cluster as it is: somebody records its files and steals its keys.
    pub(crate) fn keep(&mut self) {
        self.kept = Some(self.home.cluster.clone());
    }

    /// The cluster as it was kept.
    pub(crate) fn kept(&self) -> &Cluster {
        self.kept.as_ref().expect("a cluster that was kept")
    }

    /// Puts a certificate of the new cluster into the old one's store.
    pub(crate) fn import_into_old(&mut self, certificate: fn(&Cluster) -> &Certificate) {
        let certificate = certificate(&self.home.cluster).clone();
        let old = self.other.as_mut().expect("the phone has moved");
        old.cluster.import(&certificate, &[Role::SAST, Role::TFTP]);
    }

    /// No TVS server of the cluster takes connections any more.
    pub(crate) fn stop_tvs(&mut self) {
        self.home.tvs.iter_mut().for_each(secd_lab::tvs::Server::close);
    }

    pub(crate) fn stop_old_tvs(&mut self) {
        let old = self.other.as_mut().expect("the phone has moved");
        old.tvs.iter_mut().for_each(secd_lab::tvs::Server::close);
    }

    pub(crate) fn start_tvs(&mut self) {
        for server in self.home.tvs.iter_mut() {
            server.reopen().expect("the port is still free");
        }
    }

    /// A TVS server deviates so.
    pub(crate) fn tvs(&mut self, node: usize, faults: Faults) {
        self.home.tvs.of(node).set_faults(faults);
    }

    /// A TVS server shows a certificate that no list has.
    pub(crate) fn strange_tvs(&mut self, node: usize) {
        let stranger = self.home.cluster.setup.identity("stranger.lab.test");
        self.home.cluster.nodes[node].tvs = stranger;
        self.do_not_restart();
        self.home.tvs.of(node).present(&Presented::new(&self.home.cluster.nodes[node].tvs));
    }

    /// A TVS server shows a certificate with issuer and serial number of the listed one, and
    /// another key.
    pub(crate) fn forged_tvs(&mut self) {
        let setup = &self.home.cluster.setup;
        let listed = &self.home.cluster.nodes[0].tvs.certificate;
        let mut profile = setup.profile("forged.lab.test");
        (profile.subject, profile.serial) = (listed.subject.clone(), listed.serial.clone());
        let forged = profile.self_signed(setup.pool.take(Key::Rsa2048));
        self.do_not_restart();
        self.home.tvs.of(0).present(&Presented::new(&forged));
    }

    /// TVS answers with this time to live.
    pub(crate) fn tvs_ttl(&mut self, seconds: u32) {
        self.do_not_restart();
        let mut entries = secd_lab::tvs::entries(&self.home.cluster.store());
        entries.iter_mut().for_each(|entry| entry.ttl = Some(seconds));
        self.home.tvs.of(0).store(entries);
    }

    /// The second TFTP server serves the files of another node, which the phone can verify; the
    /// first goes on as before.
    pub(crate) fn serve_from_second(&mut self, node: usize) {
        self.home.cluster.serve_from(node);
        self.publish();
        self.second.serve(self.home.cluster.files());
        self.frozen = true;
    }

    /// The first TFTP server has an error for every request.
    pub(crate) fn break_first(&mut self) {
        self.first.set_faults(tftp::Faults { refuse: Some(3), ..tftp::Faults::default() });
    }

    /// Opens the CAPF server of the cluster, which knows the phone so.
    pub(crate) fn open_capf(&mut self, device: capf::Device) {
        let capf = capf::Server::start(&self.home.cluster);
        capf.enrol(device);
        self.capf = Some(capf);
    }

    /// The CAPF server, once it is open.
    pub(crate) fn capf(&self) -> &capf::Server {
        self.capf.as_ref().expect("CAPF is open")
    }

    /// Schedules an operation for the phone, which is to show itself so.
    pub(crate) fn schedule(&self, operation: capf::Operation, method: capf::Method) {
        self.capf().set_method(DEVICE, method);
        self.capf().schedule(DEVICE, operation);
    }

    /// CAPF shows a certificate that no list has and that TVS knows in this role, if in any.
    pub(crate) fn strange_capf(&mut self, roles: &[Role]) {
        let other = self.home.cluster.setup.identity("CAPF-other");
        if !roles.is_empty() {
            self.home.cluster.import(&other.certificate, roles);
        }
        self.capf().present(&Presented::new(&other));
    }

    /// The certificate that phones of the cluster come with, DER.
    pub(crate) fn mic(&self) -> Vec<u8> {
        self.home.cluster.device.certificate.der.clone()
    }

    /// Somebody whom no cluster knows.
    pub(crate) fn stranger(&self) -> Identity {
        self.home.cluster.setup.identity("stranger.lab.test")
    }
}

/// A list as people build it by hand: no file server, no TVS.
pub(crate) fn hand_built(lab: &Lab, signer: &Identity) -> Vec<u8> {
    let cluster = &lab.home.cluster;
    let mut list = List::new(Kind::Itl, cluster.setup.layout, cluster.timestamp());
    let roles = [Role::SAST, Role::CCM, Role::APP_SERVER];
    list.records = roles.map(|role| Record::new(role, &signer.certificate)).to_vec();
    list.sign(signer)
}

/// Serves this ITL under both names.
pub(crate) fn put_itl(files: &mut Files, itl: &[u8]) {
    for name in [ITL_OWN, "ITLFile.tlv"] {
        files.insert(name.to_owned(), itl.to_vec());
    }
}

fn short(name: &str) -> String {
    let name = name.replace(DEVICE, "SEP");
    let name = name.replace(".tlv", "").replace(".cnf.xml.sgn", ".sgn");
    let name = name.replace(".cnf.xml.enc.sgn", ".enc.sgn");
    name.replace(".cnf.xml", ".xml")
}

/// Before whatever a cluster makes.
const LONG_AGO: u32 = 1_500_000_000;

pub(crate) const CTL_OWN: &str = "CTLSEP001122334455.tlv";
pub(crate) const ITL_OWN: &str = "ITLSEP001122334455.tlv";
pub(crate) const PLAIN: &str = "SEP001122334455.cnf.xml";
pub(crate) const SIGNED: &str = "SEP001122334455.cnf.xml.sgn";
