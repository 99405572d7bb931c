//! One node of a cluster.

use std::net::Ipv4Addr;

use super::{Setup, Stored, stored};
use crate::certificate::{Identity, Usage};
use crate::list::Role;

/// The services of a node that have a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Service {
    /// CallManager.pem: signalling, and the signer of files.
    CallManager,
    /// CAPF.pem.
    Capf,
    /// TVS.pem.
    Tvs,
}

/// One node of a cluster.
#[derive(Clone, Debug)]
pub struct Node {
    /// Host name.
    pub host: String,
    /// Address in the CTL.
    pub address: Ipv4Addr,
    /// CallManager.pem.
    pub callmanager: Identity,
    /// CAPF.pem.
    pub capf: Identity,
    /// TVS.pem.
    pub tvs: Identity,
    /// Where the configuration says TVS is; a test puts the address of its server here.
    pub tvs_address: String,
    /// And its port.
    pub tvs_port: u16,
}

impl Node {
    pub(super) fn new(setup: &Setup, host: &str) -> Self {
        let position = setup.hosts.iter().position(|other| other == host).unwrap_or(0);
        let last = u8::try_from(position + 1).expect("a cluster has fewer than 255 nodes");
        Self {
            host: host.to_owned(),
            address: Ipv4Addr::new(192, 0, 2, last),
            callmanager: issue(setup, host, Service::CallManager),
            capf: issue(setup, host, Service::Capf),
            tvs: issue(setup, host, Service::Tvs),
            tvs_address: host.to_owned(),
            tvs_port: 2445,
        }
    }

    pub(super) fn regenerate(&mut self, setup: &Setup, service: Service) {
        let fresh = issue(setup, &self.host, service);
        match service {
            Service::CallManager => self.callmanager = fresh,
            Service::Capf => self.capf = fresh,
            Service::Tvs => self.tvs = fresh,
        }
    }

    /// An address of TVS that a test has set stays; a host name follows the node's.
    pub(super) fn rename(&mut self, setup: &Setup, host: &str) {
        if self.tvs_address == self.host {
            host.clone_into(&mut self.tvs_address);
        }
        host.clone_into(&mut self.host);
        for service in [Service::CallManager, Service::Capf, Service::Tvs] {
            self.regenerate(setup, service);
        }
    }

    pub(super) fn stored(&self) -> [Stored; 3] {
        [
            stored(&self.callmanager, &[Role::SAST, Role::CCM_TFTP]),
            stored(&self.capf, &[Role::CAPF]),
            stored(&self.tvs, &[Role::TVS]),
        ]
    }
}

/// CallManager and TVS bear the host's name, as in the technote; CAPF, an authority, its own.
fn issue(setup: &Setup, host: &str, service: Service) -> Identity {
    let cn = match service {
        Service::CallManager | Service::Tvs => host.to_owned(),
        Service::Capf => format!("CAPF-{}", host.split('.').next().unwrap_or(host)),
    };
    let mut profile = setup.profile(&cn);
    match service {
        Service::CallManager | Service::Tvs => profile.dns = vec![host.to_owned()],
        Service::Capf => profile.usage = Usage::AuthorityAndServer,
    }
    let key = match service {
        Service::Tvs => setup.tvs_key.unwrap_or(setup.key),
        Service::CallManager | Service::Capf => setup.key,
    };
    setup.issue(&profile, key)
}
