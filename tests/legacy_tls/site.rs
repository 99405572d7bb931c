//! A cluster, and a phone that has booted from it and may speak old TLS.

use std::net::SocketAddr;

use secd::agent::NotOpened;
use secd_lab::certificate::{Certificate, Identity};
use secd_lab::cluster::{Cluster, Setup};
use secd_lab::https::{self, Connection};
use secd_lab::list::{Kind, List, Record, Role};
use secd_lab::tftp;
use secd_lab::tls::{Presented, Version};
use secd_lab::tvs;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::log;
use crate::phone::{OldTls, Phone};

pub(crate) struct Site {
    pub(crate) phone: Phone,
    pub(crate) tvs: tvs::Server,
    pub(crate) https: https::Server,
    /// A directory server whose certificate TVS knows.
    pub(crate) tomcat: Identity,
    pub(crate) cluster: Cluster,
    tftp: tftp::Server,
}

impl Site {
    /// TVS and directory server of the lab, in this version.
    pub(crate) async fn with(version: Version, old_tls: OldTls) -> Self {
        Self::begin(version, None, old_tls).await
    }

    /// TVS is found at `front`, where a server of others speaks TLS for it.
    pub(crate) async fn behind(front: SocketAddr, old_tls: OldTls) -> Self {
        Self::begin(Version::Plain, Some(front), old_tls).await
    }

    async fn begin(version: Version, front: Option<SocketAddr>, old_tls: OldTls) -> Self {
        log::start();
        let mut cluster = Cluster::new(Setup::default());
        let node = &mut cluster.nodes[0];
        let tvs = tvs::Server::start(&Presented::new(&node.tvs), version);
        let seen = front.unwrap_or(tvs.address());
        node.tvs_address = seen.ip().to_string();
        node.tvs_port = seen.port();
        let tomcat = cluster.setup.identity("tomcat.lab.test");
        cluster.import(&tomcat.certificate, &[Role::APP_SERVER]);
        tvs.store(tvs::entries(&cluster.store()));
        let https = https::Server::start(&Presented::new(&tomcat), version);
        let tftp = tftp::Server::start(cluster.files());
        let phone = Phone::with(&[tftp.address()], old_tls);
        phone.agent().refresh().await;
        log::take();
        Self { phone, tvs, https, tomcat, cluster, tftp }
    }

    pub(crate) fn tvs_identity(&self) -> &Identity {
        &self.cluster.nodes[0].tvs
    }

    /// Presses the Directories key: the page.
    pub(crate) async fn press(&self, server: SocketAddr) -> Result<String, NotOpened> {
        let page = self.phone.press_directories(server).await;
        self.https.settle();
        self.tvs.settle();
        page.map(|page| String::from_utf8_lossy(&page).into_owned())
    }

    /// What the directory server of the lab saw of the last connection.
    pub(crate) fn last(&self) -> Connection {
        self.https.connections().pop().expect("a connection")
    }

    /// Has the phone install a list with one more record.
    pub(crate) async fn list(&self, role: Role, certificate: &Certificate) {
        let cluster = &self.cluster;
        let later = cluster.timestamp() + 60;
        let mut list = List::new(Kind::Itl, cluster.setup.layout, later);
        list.records = cluster.itl_records(0);
        list.records.push(Record::new(role, certificate));
        let itl = list.sign(&cluster.nodes[0].callmanager);
        let mut files = cluster.files();
        for name in ["ITLSEP001122334455.tlv", "ITLFile.tlv"] {
            files.insert(name.to_owned(), itl.clone());
        }
        self.tftp.serve(files);
        self.phone.agent().refresh().await;
        log::take();
    }
}

pub(crate) fn run(story: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, story);
}
