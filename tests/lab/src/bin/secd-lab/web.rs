//! The servers for HTTP and HTTPS of `serve`.

use std::io;
use std::net::IpAddr;

use secd_lab::certificate::Identity;
use secd_lab::cluster::{Cluster, Files};
use secd_lab::http::{Odd, Server};
use secd_lab::keys::Kind;
use secd_lab::tls::{Presented, Version};

use crate::arguments;

/// Both, with the files that TFTP has.
pub(crate) struct Web {
    http: Server,
    https: Server,
}

impl Web {
    /// Starts both, and has the ITL list the one for HTTPS.
    pub(crate) fn start(ip: IpAddr, cluster: &mut Cluster, odd: Option<Odd>) -> io::Result<Self> {
        let shown = identity(cluster);
        let https = Server::start_on(ip, Files::new())?;
        https.present(&Presented::new(&shown), Version::Any);
        cluster.web = Some(shown);
        let http = Server::start_on(ip, Files::new())?;
        http.set_odd(odd.unwrap_or_default());
        Ok(Self { http, https })
    }

    /// The files for requests to come.
    pub(crate) fn serve(&self, files: &Files) {
        self.http.serve(files.clone());
    }

    /// The configurations for requests to come by HTTPS.
    pub(crate) fn serve_by_https(&self, files: Files) {
        self.https.serve(files);
    }

    /// Does what an administrator types behind `http`.
    pub(crate) fn obey(&self, words: &[&str]) -> Result<(), String> {
        match words {
            ["odd", "none"] => self.http.set_odd(Odd::None),
            ["odd", name] => self.http.set_odd(arguments::Web::odd_named(name)?),
            _ => return Err(format!("no such command: http {}", words.join(" "))),
        }
        println!("HTTP is {}", words.join(" "));
        Ok(())
    }

    pub(crate) fn print_requests(&self) {
        for (way, server) in [("HTTP", &self.http), ("HTTPS", &self.https)] {
            for name in server.names() {
                println!("requested by {way} {name}");
            }
        }
    }

    /// Where they are, as a shell reads it.
    pub(crate) fn summary(&self) -> String {
        format!("HTTP_ADDR={}\nFILES_HTTPS_ADDR={}\n", self.http.address(), self.https.address())
    }
}

/// A key on P-256 and a certificate for it, as call managers have for HTTPS (HTTP facts B3).
fn identity(cluster: &Cluster) -> Identity {
    let profile = cluster.setup.profile(&cluster.nodes[cluster.server].host);
    cluster.setup.issue(&profile, Kind::P256)
}
