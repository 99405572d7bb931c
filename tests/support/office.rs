//! A call manager whose directories are served by HTTPS, with a certificate that only TVS knows.

use std::net::{Ipv4Addr, SocketAddr};

use secd_lab::certificate::Identity;
use secd_lab::cluster::{Cluster, Setup};
use secd_lab::list::Role;
use secd_lab::tls::{Presented, Version};
use secd_lab::{https, tftp, tvs};

use super::phone::Phone;

/// The servers; they stop when they are dropped.
pub struct Office {
    pub cluster: Cluster,
    pub tftp: tftp::Server,
    pub tvs: tvs::Server,
    pub https: https::Server,
    pub tomcat: Identity,
}

impl Office {
    pub fn open() -> Self {
        Self::open_at((Ipv4Addr::LOCALHOST, 0).into())
    }

    /// With TVS at an address.
    pub fn open_at(address: SocketAddr) -> Self {
        let mut cluster = Cluster::new(Setup::default());
        let node = &mut cluster.nodes[0];
        let tvs = tvs::Server::start_at(address, &Presented::new(&node.tvs), Version::Any).unwrap();
        node.tvs_address = tvs.address().ip().to_string();
        node.tvs_port = tvs.address().port();
        let tomcat = cluster.setup.identity("directory.lab.test");
        cluster.import(&tomcat.certificate, &[Role::APP_SERVER]);
        tvs.store(tvs::entries(&cluster.store()));
        let https = https::Server::start(&Presented::new(&tomcat), Version::Any);
        let tftp = tftp::Server::start(cluster.publish());
        Self { cluster, tftp, tvs, https, tomcat }
    }

    /// A phone of this office, with every layer of the sandbox and more sections in its configuration.
    pub fn phone(&self, sections: &str) -> Phone {
        let server = self.tftp.address().to_string();
        Phone::with(&[&server], "timeout_s = 1\nretries = 1\n", sections)
    }

    /// Where the directories are.
    pub fn url(&self) -> String {
        format!("https://{}/ccmcip/xmldirectory.jsp", self.https.address())
    }

    /// The certificate of the HTTPS server, PEM.
    pub fn certificate(&self) -> String {
        pem(&self.tomcat.certificate.der)
    }

    /// How often TVS was asked.
    pub fn questions(&self) -> usize {
        self.tvs.questions().len()
    }
}

/// A certificate in PEM.
pub fn pem(der: &[u8]) -> String {
    let alphabet: Vec<char> =
        ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
    let mut text = String::new();
    for three in der.chunks(3) {
        let byte = |at: usize| usize::from(three.get(at).copied().unwrap_or_default());
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for sextet in 0..=three.len() {
            text.push(alphabet[(bits >> (18 - 6 * sextet)) & 63]);
        }
        text.push_str(&"=".repeat(3 - three.len()));
    }
    let lines: Vec<&str> =
        (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
