//! The TVS servers of a cluster, one a node.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use super::{Server, entries};
use crate::cluster::Cluster;
use crate::tls::Presented;

/// One running server for every node of a cluster.
pub struct Servers(Vec<Server>);

impl Servers {
    /// Starts them on 127.0.0.1, and has the cluster's configuration name them.
    pub fn start(cluster: &mut Cluster) -> Self {
        Self::start_on(IpAddr::V4(Ipv4Addr::LOCALHOST), cluster).expect("loopback has a free port")
    }

    /// Starts them on that address, and has the cluster's configuration name them.
    ///
    /// # Errors
    /// Whatever binding a socket says; the machine may not have the address.
    pub fn start_on(ip: IpAddr, cluster: &mut Cluster) -> io::Result<Self> {
        let store = entries(&cluster.store());
        let (mut servers, version) = (Vec::new(), cluster.setup.tls);
        for node in &mut cluster.nodes {
            let server = Server::start_on(ip, &Presented::new(&node.tvs), version)?;
            server.store(store.clone());
            node.tvs_address = server.address().ip().to_string();
            node.tvs_port = server.address().port();
            servers.push(server);
        }
        Ok(Self(servers))
    }

    /// Takes over the certificates that the cluster has now, as restarted services do.
    pub fn follow(&self, cluster: &Cluster) {
        let store = entries(&cluster.store());
        for (server, node) in self.0.iter().zip(&cluster.nodes) {
            server.store(store.clone());
            server.present(&Presented::new(&node.tvs));
        }
    }

    /// The server of a node.
    pub fn of(&self, node: usize) -> &Server {
        &self.0[node]
    }

    /// The server of a node, to be closed or opened again.
    pub fn of_mut(&mut self, node: usize) -> &mut Server {
        &mut self.0[node]
    }

    /// All servers, in the order of the nodes.
    pub fn iter(&self) -> impl Iterator<Item = &Server> {
        self.0.iter()
    }

    /// All servers, in the order of the nodes.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Server> {
        self.0.iter_mut()
    }
}
