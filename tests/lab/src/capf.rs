//! A CAPF server on loopback, stricter than the public one, with deviations on demand.
//!
//! Phones that it knows get certificates, show theirs, or delete them; what is on record for a
//! phone decides over its configurations from then on.
//!
//! ```
//! use secd_lab::capf::{Device, KeyKind, Operation, Server};
//! use secd_lab::cluster::{Cluster, Files, Setup};
//! use secd_lab::tftp;
//!
//! let cluster = Cluster::new(Setup::default());
//! let capf = Server::start(&cluster);
//! let install = Operation::Install(KeyKind::Rsa(2048));
//! capf.enrol(Device::new(&cluster.setup.device).with(install).encrypted());
//! let tftp = tftp::Server::start(Files::new());
//! capf.publish(&cluster, &tftp);
//! println!("phones ask {} and then {}", tftp.address(), capf.address());
//! ```

mod device;
mod issue;
mod key;
mod line;
pub mod message;
mod odd;
pub mod proof;
mod provision;
mod record;
mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::certificate::Identity;
use crate::cluster::{Cluster, Files};
use crate::config::Member;
use crate::listener::Listener;
use crate::tftp;
use crate::tls::{self, ClientCertificate, Presented, Version};

pub use device::{Device, Method, Operation, Profile};
pub use key::{KeyKind, PublicKey};
pub use message::{Command, Element, Message};
pub use odd::Odd;
pub use proof::Unproven;
pub use provision::Provisioning;
pub use record::{Outcome, Received, Refusal, Session};

use issue::Issuer;

/// Whose form messages have.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Dialect {
    /// As a real call manager sends them: without elements 8 and, for RSA, 17.
    CallManager,
    /// As the public server sends them.
    #[default]
    Reference,
}

/// What keeps up with the devices on record.
pub trait Follower: fmt::Debug + Send + Sync {
    /// A device has changed; in a session, its phone does not know yet that the server is done.
    fn device_changed(&self);
}

/// A running server; it stops, and cuts its connections, when it is dropped.
pub struct Server {
    listener: Listener,
    /// Where configurations say that it listens, if not where it does.
    announced: Option<Member>,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    presented: Presented,
    version: Version,
    config: tls::Config,
    issuer: Issuer,
    dialect: Dialect,
    devices: BTreeMap<String, Device>,
    /// The keys that have been certified, as SubjectPublicKeyInfo.
    keys: BTreeSet<Vec<u8>>,
    follower: Option<Arc<dyn Follower>>,
    odd: Option<Odd>,
    /// How many sessions have been put off since then.
    put_off: usize,
    /// Of the last session.
    number: u32,
    sessions: Vec<Session>,
}

impl Shared {
    fn new(cluster: &Cluster) -> Self {
        let capf = &cluster.nodes[0].capf;
        let (presented, version) = (Presented::new(capf), Version::Any);
        Self {
            config: tls::config(&presented, version, ClientCertificate::NotAsked),
            presented,
            version,
            issuer: Issuer::new(capf, &cluster.setup.pool),
            dialect: Dialect::default(),
            devices: BTreeMap::new(),
            keys: BTreeSet::new(),
            follower: None,
            odd: None,
            put_off: 0,
            number: 0,
            sessions: Vec::new(),
        }
    }

    fn configure(&mut self) {
        self.config = tls::config(&self.presented, self.version, ClientCertificate::NotAsked);
    }

    /// The certificate of a key that has none yet.
    fn certify(&mut self, device: &str, spki: &[u8], odd: Option<Odd>) -> Option<Vec<u8>> {
        let certificates = self.devices.values().flat_map(|device| [&device.lsc, &device.mic]);
        let known = certificates.flatten().any(|der| proof::spki(der) == Some(spki));
        let is_new = !known && self.keys.insert(spki.to_vec());
        is_new.then(|| self.issuer.issue(device, spki, odd))
    }
}

/// Changes what is on record of a device, if it is known.
fn change(shared: &Mutex<Shared>, name: &str, effect: impl FnOnce(&mut Device)) -> bool {
    let mut state = held(shared);
    let device = state.devices.get_mut(name);
    let is_known = device.map(effect).is_some();
    let follower = state.follower.clone();
    // It will look at the devices.
    drop(state);
    if let Some(follower) = follower {
        follower.device_changed();
    }
    is_known
}

impl Server {
    /// Serves on a free port of 127.0.0.1 with the CAPF certificate of the publisher, and issues
    /// with it; no device is known yet.
    pub fn start(cluster: &Cluster) -> Self {
        Self::start_on(IpAddr::V4(Ipv4Addr::LOCALHOST), cluster).expect("loopback has a free port")
    }

    /// The same on a free port of the given address.
    ///
    /// # Errors
    /// Whatever binding the socket says; the machine may have no IPv6.
    pub fn start_on(ip: IpAddr, cluster: &Cluster) -> io::Result<Self> {
        let shared = Arc::new(Mutex::new(Shared::new(cluster)));
        let listener = Listener::start((ip, 0).into(), {
            let shared = Arc::clone(&shared);
            move |stream| session::serve(stream, &shared)
        })?;
        Ok(Self { listener, announced: None, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Refuses connections from now on.
    pub fn close(&mut self) {
        self.listener.close();
    }

    /// Takes connections again, on the same port.
    ///
    /// # Errors
    /// The port may have been taken in the meantime.
    pub fn reopen(&mut self) -> io::Result<()> {
        self.listener.reopen()
    }

    /// Waits until every connection has ended, so that all that happened is on record.
    pub fn settle(&self) {
        self.listener.settle();
    }

    /// How many TCP connections there were.
    pub fn connections(&self) -> usize {
        held(&self.shared).sessions.len()
    }

    /// The connections so far.
    pub fn sessions(&self) -> Vec<Session> {
        held(&self.shared).sessions.clone()
    }

    /// Shows another certificate from now on; it issues as before.
    pub fn present(&self, presented: &Presented) {
        let mut shared = held(&self.shared);
        shared.presented = presented.clone();
        shared.configure();
    }

    /// Takes other versions of TLS from now on.
    pub fn set_version(&self, version: Version) {
        let mut shared = held(&self.shared);
        shared.version = version;
        shared.configure();
    }

    /// Issues by this authority from now on, as in online and offline CA mode.
    pub fn set_issuer(&self, identity: &Identity) {
        held(&self.shared).issuer.identity = identity.clone();
    }

    /// Issues certificates for so many days from now on.
    pub fn set_validity(&self, days: u64) {
        held(&self.shared).issuer.days = days;
    }

    /// Speaks so from now on.
    pub fn set_dialect(&self, dialect: Dialect) {
        held(&self.shared).dialect = dialect;
    }

    /// Deviates so on connections from now on, or no longer.
    pub fn set_odd(&self, odd: Option<Odd>) {
        let mut shared = held(&self.shared);
        (shared.odd, shared.put_off) = (odd, 0);
    }

    /// Has configurations made from now on name it so, as it is seen through a port forward.
    pub fn announce(&mut self, member: Member) {
        self.announced = Some(member);
    }

    /// Has this keep up with the devices from now on.
    pub fn set_follower(&self, follower: Arc<dyn Follower>) {
        held(&self.shared).follower = Some(follower);
    }

    /// Shows and issues by the CAPF certificate that the publisher has now.
    pub fn follow(&self, cluster: &Cluster) {
        let capf = &cluster.nodes[0].capf;
        self.present(&Presented::new(capf));
        self.set_issuer(capf);
    }
}

/// What administrators do.
impl Server {
    /// Knows this device from now on, in place of one with the same name.
    pub fn enrol(&self, device: Device) {
        held(&self.shared).devices.insert(device.name.clone(), device);
    }

    /// The device of this name as it is on record now.
    pub fn device(&self, name: &str) -> Option<Device> {
        held(&self.shared).devices.get(name).cloned()
    }

    /// Schedules an operation for a device that is known; a password that was used stays so.
    ///
    /// # Panics
    /// If the device is unknown.
    pub fn schedule(&self, name: &str, operation: Operation) {
        self.change(name, |device| (device.operation, device.issued) = (operation, false));
    }

    /// Has a device that is known authenticate in this way from now on.
    ///
    /// # Panics
    /// If the device is unknown.
    pub fn set_method(&self, name: &str, method: Method) {
        self.change(name, |device| (device.method, device.spent) = (method, false));
    }

    /// Has TFTP serve the files of the cluster, and the configurations of the devices that are
    /// known now as they are at each request; the former are returned.
    pub fn publish(&self, cluster: &Cluster, tftp: &tftp::Server) -> Files {
        let provisioning = self.configurations(cluster);
        let files = provisioning.without_configurations(cluster.files());
        tftp.serve_with(files.clone(), Arc::new(provisioning));
        files
    }

    /// The configurations of the devices as they are at each request.
    pub fn configurations(&self, cluster: &Cluster) -> Provisioning {
        let address = self.address();
        let real = || Member { address: address.ip().to_string(), port: address.port() };
        let server = self.announced.clone().unwrap_or_else(real);
        Provisioning::new(cluster, server, &self.shared)
    }

    fn change(&self, name: &str, effect: impl FnOnce(&mut Device)) {
        assert!(change(&self.shared, name, effect), "the device is known");
    }
}

fn held(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
