//! A phone that has booted from a cluster whose ITL names some HTTPS servers.

use std::net::SocketAddr;

use secd::agent::{NotOpened, Target};
use secd::io::settings::ServerAddress;
use secd::trust::{GrantedBy, Purpose};
use secd_lab::certificate::Certificate;
use secd_lab::cluster::{Cluster, Setup};
use secd_lab::list::{Kind, List, Record, Role};
use secd_lab::tftp;
use secd_lab::tls::{Presented, Version};
use secd_lab::tvs;

use crate::log;
use crate::phone::Phone;

/// The phone and who it asks.
pub(crate) struct Office {
    pub(crate) phone: Phone,
    pub(crate) tvs: tvs::Server,
    /// The list that it has installed.
    pub(crate) itl: Vec<u8>,
    _tftp: tftp::Server,
}

impl Office {
    /// With an ITL that has these certificates as application servers.
    pub(crate) async fn listing(listed: &[&Certificate]) -> Self {
        log::start();
        let mut cluster = Cluster::new(Setup::default());
        let node = &mut cluster.nodes[0];
        let tvs = tvs::Server::start(&Presented::new(&node.tvs), Version::Any);
        node.tvs_address = tvs.address().ip().to_string();
        node.tvs_port = tvs.address().port();
        let mut list = List::new(Kind::Itl, cluster.setup.layout, cluster.timestamp());
        list.records = cluster.itl_records(0);
        list.records.extend(listed.iter().map(|listed| Record::new(Role::APP_SERVER, listed)));
        let itl = list.sign(&cluster.nodes[0].callmanager);
        let mut files = cluster.files();
        for name in ["ITLSEP001122334455.tlv", "ITLFile.tlv"] {
            files.insert(name.to_owned(), itl.clone());
        }
        let tftp = tftp::Server::start(files);
        let phone = Phone::new(&[tftp.address()]);
        phone.agent().refresh().await;
        log::take();
        Self { phone, tvs, itl, _tftp: tftp }
    }

    /// Has TVS vouch for a certificate from now on.
    pub(crate) fn vouch(&self, certificate: &Certificate) {
        let roles = vec![Role::APP_SERVER];
        let entry = tvs::Entry { certificate: certificate.clone(), roles, ttl: Some(60) };
        self.tvs.store(vec![entry]);
    }

    /// Presses the Directories key: the page.
    pub(crate) async fn press(&self, server: SocketAddr) -> Result<String, NotOpened> {
        let page = self.phone.press_directories(server).await?;
        Ok(String::from_utf8_lossy(&page).into_owned())
    }

    /// Opens a connection to a host by its name, and tells who vouched for it.
    pub(crate) async fn open(&self, host: &str, port: u16) -> Result<GrantedBy, NotOpened> {
        let server = ServerAddress::parse(&format!("{host}:{port}"), 443).expect("an address");
        let target = Target { server, purpose: Purpose::HttpsService, client: 14 };
        self.phone.agent().open(&target).await.map(|opened| opened.by())
    }
}
