//! A cluster: nodes with their certificates, and what an administrator can do to them.

mod files;
mod fleet;
mod lists;
mod node;
mod setup;

use std::collections::BTreeMap;

use crate::certificate::{Certificate, Identity, Profile};
use crate::config::{Config, Enrolment, Member};
use crate::list::Role;
use crate::names::Name;
use crate::sign::Style;

pub use fleet::{Fleet, Phones};
pub use node::{Node, Service};
pub use setup::Setup;

/// What a TFTP server serves: name to bytes.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The enterprise parameter "prepare cluster for rollback to pre-8.0".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rollback {
    /// The ITL is full.
    Off,
    /// The TVS and CCM+TFTP records of the ITL are blank.
    On,
}

/// Who signs a trust list.
#[derive(Clone, Debug)]
pub enum Signer {
    /// The CallManager certificate of a node.
    CallManager(usize),
    /// Any other key pair, such as one that is no longer the cluster's, or never was.
    Identity(Box<Identity>),
    /// ITLRecovery.
    Recovery,
    /// An eToken.
    Token(usize),
}

/// What the CTL client was told about the cluster.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// Mixed mode: the CCM+TFTP records carry certificates.
    Mixed,
    /// Moved back to non-secure: they carry none.
    NonSecure,
}

/// A certificate in the store from which TVS answers, with the roles it answers.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The certificate.
    pub certificate: Certificate,
    /// What it may do.
    pub roles: Vec<Role>,
}

/// A call-manager cluster.
///
/// Its files are a function of its state: asked twice they are the same bytes. Every change
/// counts the timestamp on. The CTL alone is kept as it was when the CTL client last ran.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The choices it was made with; digest and layout may be changed at any time.
    pub setup: Setup,
    /// The nodes; the first is the publisher.
    pub nodes: Vec<Node>,
    /// The phone's call-manager group: indices of nodes, by priority.
    pub group: Vec<usize>,
    /// ITLRecovery of the publisher, if the setup asked for one.
    pub recovery: Option<Identity>,
    /// eTokens.
    pub tokens: Vec<Identity>,
    /// The device certificate (MIC or LSC) that encrypted configurations are made for.
    pub device: Identity,
    /// Certificates imported from elsewhere (bulk exchange), for TVS.
    pub imported: Vec<Stored>,
    /// Who signs the ITL.
    pub itl_signer: Signer,
    /// The node whose TFTP server the phone asks; see [`Cluster::serve_from`].
    pub server: usize,
    /// The certificate of the server that serves configurations by HTTPS, if the ITL is to have it.
    pub web: Option<Identity>,
    /// More elements of the configuration's `<device>`, as XML.
    pub config_extra: String,
    rollback: Rollback,
    timestamp: u32,
    ctl: Option<Vec<u8>>,
    published: Vec<Files>,
}

impl Cluster {
    /// A cluster with fresh certificates and no CTL.
    pub fn new(setup: Setup) -> Self {
        let nodes: Vec<Node> = setup.hosts.iter().map(|host| Node::new(&setup, host)).collect();
        let recovery = setup.recovery.then(|| setup.identity(&recovery_name(&setup)));
        let token = |number| setup.token(&format!("SAST-ADN{number:04}f509"));
        let itl_signer = match recovery {
            Some(_) => Signer::Recovery,
            None => Signer::CallManager(0),
        };
        Self {
            group: (0..nodes.len().min(3)).collect(),
            nodes,
            recovery,
            tokens: (0..setup.tokens).map(token).collect(),
            device: device(&setup),
            imported: Vec::new(),
            itl_signer,
            server: 0,
            web: None,
            config_extra: String::new(),
            rollback: Rollback::Off,
            timestamp: setup.timestamp,
            ctl: None,
            published: Vec::new(),
            setup,
        }
    }

    /// Gives one service of a node a new key and certificate.
    pub fn regenerate(&mut self, node: usize, service: Service) {
        self.advance();
        self.nodes[node].regenerate(&self.setup, service);
    }

    /// Gives ITLRecovery a new key and certificate.
    pub fn regenerate_recovery(&mut self) {
        self.advance();
        self.recovery = Some(self.setup.identity(&recovery_name(&self.setup)));
    }

    /// Renames a node, which regenerates all its certificates.
    pub fn rename(&mut self, node: usize, host: &str) {
        self.advance();
        self.nodes[node].rename(&self.setup, host);
    }

    /// Sets the rollback parameter.
    pub fn set_rollback(&mut self, rollback: Rollback) {
        self.advance();
        self.rollback = rollback;
    }

    /// Runs the CTL client: from now on there is a CTL, with the certificates of this moment.
    pub fn update_ctl(&mut self, signer: &Signer, security: Security) {
        self.advance();
        self.ctl = Some(self.ctl(signer, security));
    }

    /// Deletes the CTL from the servers.
    pub fn delete_ctl(&mut self) {
        self.ctl = None;
    }

    /// From now on the files are those of another node's TFTP server, signed by its CallManager.
    pub fn serve_from(&mut self, node: usize) {
        self.server = node;
        if matches!(self.itl_signer, Signer::CallManager(_)) {
            self.itl_signer = Signer::CallManager(node);
        }
    }

    /// Imports a foreign certificate into the store from which TVS answers (bulk exchange).
    pub fn import(&mut self, certificate: &Certificate, roles: &[Role]) {
        let (certificate, roles) = (certificate.clone(), roles.to_vec());
        self.imported.push(Stored { certificate, roles });
    }

    /// The time that the next files bear.
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Sets the time that the next files bear; it may go back.
    pub fn set_timestamp(&mut self, timestamp: u32) {
        self.timestamp = timestamp;
    }

    /// The certificates TVS knows now, with their roles: the cluster's own, then imported ones.
    pub fn store(&self) -> Vec<Stored> {
        let mut store: Vec<Stored> = self.nodes.iter().flat_map(Node::stored).collect();
        let sast = |identity: &Identity| stored(identity, &[Role::SAST]);
        store.extend(self.recovery.iter().map(sast));
        store.extend(self.tokens.iter().map(sast));
        store.extend(self.imported.iter().cloned());
        store
    }

    /// What the phone's configuration says now.
    pub fn config(&self) -> Config {
        let member = |index: &usize| {
            let node = &self.nodes[*index];
            Member { address: node.tvs_address.clone(), port: node.tvs_port }
        };
        let host = |index: &usize| self.nodes[*index].host.clone();
        Config {
            release: self.setup.release,
            call_managers: self.group.iter().map(host).collect(),
            tvs: self.group.iter().map(member).collect(),
            load: "sip88xx.14-2-1-0004-1".to_owned(),
            enrolment: Enrolment::default(),
            extra: self.config_extra.clone(),
        }
    }

    /// The key pair that a [`Signer`] stands for.
    pub fn signer<'a>(&'a self, signer: &'a Signer) -> &'a Identity {
        match signer {
            Signer::CallManager(node) => &self.nodes[*node].callmanager,
            Signer::Identity(identity) => identity,
            Signer::Recovery => self.recovery.as_ref().expect("the setup asked for ITLRecovery"),
            Signer::Token(token) => &self.tokens[*token],
        }
    }

    fn style(&self) -> Style {
        let (layout, digest) = (self.setup.layout, self.setup.digest);
        Style { layout, digest, timestamp: self.timestamp }
    }

    fn advance(&mut self) {
        self.timestamp += STEP;
    }
}

fn stored(identity: &Identity, roles: &[Role]) -> Stored {
    Stored { certificate: identity.certificate.clone(), roles: roles.to_vec() }
}

fn recovery_name(setup: &Setup) -> String {
    let publisher = setup.hosts.first().map(String::as_str).unwrap_or_default();
    format!("ITLRECOVERY_{publisher}")
}

fn device(setup: &Setup) -> Identity {
    let subject = Name::common(&format!("CP-8861-{}", setup.device));
    Profile::new(subject, setup.pool.serial()).self_signed(setup.pool.take(setup.key))
}

/// Seconds from one change to the next.
const STEP: u32 = 60;
