//! The trust lists of a cluster.

use super::{Cluster, Node, Rollback, Security, Signer};
use crate::certificate::Identity;
use crate::list::{Kind, List, Material, Record, Role};
use crate::names::Layout;

impl Cluster {
    /// The ITL of the serving node, signed by [`Cluster::itl_signer`].
    pub fn itl(&self) -> Vec<u8> {
        self.itl_of(self.server, &self.itl_signer)
    }

    /// The ITL of one node's TFTP server, signed by `signer`, which need not be among its records.
    pub fn itl_of(&self, node: usize, signer: &Signer) -> Vec<u8> {
        let mut list = List::new(Kind::Itl, self.setup.layout, self.timestamp);
        list.digest = self.setup.digest;
        list.signer_version = self.setup.signer_version.or(list.signer_version);
        list.records = self.itl_records(node);
        list.sign(self.signer(signer))
    }

    /// The CTL of this moment; [`Cluster::update_ctl`] also has it served.
    ///
    /// SAST are the eTokens; without any, the publisher's CallManager (a tokenless CTL).
    pub fn ctl(&self, signer: &Signer, security: Security) -> Vec<u8> {
        let mut list = List::new(Kind::Ctl, self.setup.layout, self.timestamp);
        list.digest = self.setup.digest;
        list.records = self.ctl_records(security);
        list.sign(self.signer(signer))
    }

    /// ITLRecovery, the node's CallManager twice, every TVS, the publisher's CAPF.
    pub fn itl_records(&self, node: usize) -> Vec<Record> {
        let node = &self.nodes[node];
        let (files, other) = match (self.rollback, self.setup.layout) {
            (Rollback::On, Layout::CallManager) => (Material::Nothing, Material::Hash),
            (Rollback::On, Layout::Tools) => (Material::Nothing, Material::Certificate),
            (Rollback::Off, Layout::CallManager) => (Material::Certificate, Material::Hash),
            (Rollback::Off, Layout::Tools) => (Material::Certificate, Material::Certificate),
        };
        let tvs = match self.rollback {
            Rollback::On => Material::Nothing,
            Rollback::Off => other,
        };
        let record = |role, identity: &Identity, material| {
            Record::new(role, &identity.certificate).with(material)
        };
        let mut records = vec![
            record(Role::SAST, &node.callmanager, Material::Certificate),
            record(Role::CCM_TFTP, &node.callmanager, files),
        ];
        if let Some(recovery) = &self.recovery {
            records.insert(0, record(Role::SAST, recovery, Material::Certificate));
        }
        records.extend(self.web.iter().map(|web| record(Role::TFTP, web, files)));
        records.extend(self.nodes.iter().map(|node| record(Role::TVS, &node.tvs, tvs)));
        records.push(record(Role::CAPF, &self.nodes[0].capf, other));
        records
    }

    /// The SASTs, every CallManager, the publisher's CAPF.
    pub fn ctl_records(&self, security: Security) -> Vec<Record> {
        let material = match security {
            Security::Mixed => Material::Certificate,
            Security::NonSecure => Material::Nothing,
        };
        let at = |role, node: &Node, identity: &Identity| {
            Record::new(role, &identity.certificate).at(&node.host, node.address)
        };
        let publisher = &self.nodes[0];
        let token = |token: &Identity| Record::new(Role::SAST, &token.certificate);
        let mut records: Vec<Record> = self.tokens.iter().map(token).collect();
        if self.tokens.is_empty() {
            records.push(at(Role::SAST, publisher, &publisher.callmanager));
        }
        let server = |node: &Node| at(Role::CCM_TFTP, node, &node.callmanager).with(material);
        records.extend(self.nodes.iter().map(server));
        records.push(at(Role::CAPF, publisher, &publisher.capf));
        records
    }
}
