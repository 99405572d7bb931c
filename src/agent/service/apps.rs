//! For applications: files, certificates, connections.

use log::info;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::json;

use crate::agent::SECD;
use crate::agent::https::Target;
use crate::agent::installed::{Form, Proven};
use crate::agent::phone_file::Order;
use crate::agent::service::errors::Fault;
use crate::agent::service::{Answer, Service, parameters};
use crate::io::ipc::{Client, Gone};
use crate::io::proxy::Prefixed;
use crate::io::settings::{Host, ServerAddress};
use crate::io::tls;
use crate::trust::peer::Shown;
use crate::trust::{GrantedBy, ListKind, Purpose};
use crate::wire::name::FileName;
use crate::wire::varlink::{Call, Reply};

impl Service {
    pub(super) async fn get_file(&self, call: &Call, client: i32) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Wanted {
            name: String,
            #[serde(default)]
            limit: Option<usize>,
        }
        let wanted: Wanted = parameters(call)?;
        let name = FileName::parse(&wanted.name).map_err(|error| {
            let facts = json!({ "name": wanted.name, "detail": error.to_string() });
            Fault::new("BadName", facts)
        })?;
        if self.agent.installed.borrow().is_locked() {
            return Err(Fault::new("Locked", json!({})));
        }
        let most = self.agent.settings().tftp.config_limit;
        let limit = wanted.limit.unwrap_or(most).min(most);
        let requester = &format!("client c:{client}");
        let order = Order { name: &name, limit, requester, form: Form::Plain };
        // A file is in memory more than once while it is judged and written.
        let _turn = self.files.acquire().await;
        let told = |not_taken| Fault::of_file(name.as_str(), limit, &not_taken);
        let obtained = self.agent.obtain(&order).await.map_err(told)?;
        let path = self.agent.write(&name, &obtained.payload).map_err(told)?;
        Ok(json!({
            "path": path.display().to_string(),
            "length": obtained.payload.len(),
            "verified": obtained.proven == Proven::Yes,
        }))
    }

    pub(super) fn is_secure(&self, call: &Call) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Wanted {
            #[serde(default)]
            server: Option<String>,
        }
        let wanted: Wanted = parameters(call)?;
        if self.agent.installed.borrow().is_locked() {
            return Err(Fault::new("Locked", json!({})));
        }
        // Only a server's name gets into a line of our own.
        let server = match wanted.server {
            None => String::new(),
            Some(text) => match Host::parse(&text) {
                Some(host) => format!(", {host}"),
                None => return Err(Fault::invalid_parameter("server")),
            },
        };
        let secure = self.agent.anchors_snapshot().demand_signed_files();
        let word = if secure { "secure" } else { "not secure" };
        info!(target: SECD, "lookupCTL: TFTP SRVR {word}{server}");
        Ok(json!({ "secure": secure }))
    }

    pub(super) async fn judge(&self, call: &Call) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Wanted {
            certificate: String,
            purpose: String,
            #[serde(default)]
            host: Option<String>,
        }
        let wanted: Wanted = parameters(call)?;
        let purpose = purpose(&wanted.purpose)?;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(wanted.certificate.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| Fault::new("BadCertificate", json!({})))?;
        let (certificate, intermediates) =
            chain.split_first().ok_or_else(|| Fault::new("BadCertificate", json!({})))?;
        let host = host(wanted.host.as_deref().unwrap_or(NOWHERE))?;
        let name = tls::server_name(&host, ([0, 0, 0, 0], 0).into());
        let shown = Shown { purpose, certificate, intermediates, name: &name };
        Ok(match self.agent.judge_peer(shown, &host.to_string()).await {
            Ok(grant) => json!({ "trusted": true, "by": by(grant.by()), "reason": null }),
            Err(distrust) => {
                json!({ "trusted": false, "by": null, "reason": distrust.to_string() })
            }
        })
    }

    /// Opens a connection; with the reply, the client's connection becomes the plaintext stream.
    pub(super) async fn connect(&self, mut client: Client, call: &Call) -> Result<Client, Gone> {
        let opened = match target(call, client.descriptor()) {
            Err(fault) => Err(fault),
            Ok(target) => tokio::select! {
                opened = self.agent.open(&target) => opened.map_err(|error| Fault::from(&error)),
                // Whoever hangs up while we connect wants nothing any more.
                () = client.hangs_up() => {
                    info!(target: SECD, "clpSetupSsl: c:{} has gone, no connection", target.client);
                    return Err(Gone::Closed);
                }
            },
        };
        match opened {
            Err(_) if call.oneway => Ok(client),
            Err(fault) => {
                client.reply(&fault.reply()).await?;
                Ok(client)
            }
            Ok(opened) => {
                client.reply(&Reply::of(json!({ "by": by(opened.by()) }))).await?;
                let (upgraded, early) = client.upgrade();
                let stream = Prefixed::new(early, upgraded.stream);
                let _logged = opened.relay(stream).await;
                Err(Gone::Closed)
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Connect {
    host: String,
    port: u16,
    #[serde(default)]
    purpose: Option<String>,
}

fn target(call: &Call, client: i32) -> Result<Target, Fault> {
    let wanted: Connect = parameters(call)?;
    if !call.upgrade || call.oneway {
        return Err(Fault::invalid_parameter("upgrade"));
    }
    if wanted.port == 0 {
        return Err(Fault::invalid_parameter("port"));
    }
    let server = ServerAddress { host: host(&wanted.host)?, port: wanted.port };
    let purpose = purpose(wanted.purpose.as_deref().unwrap_or("https"))?;
    Ok(Target { server, purpose, client })
}

fn host(text: &str) -> Result<Host, Fault> {
    Host::parse(text).ok_or_else(|| Fault::invalid_parameter("host"))
}

fn purpose(word: &str) -> Result<Purpose, Fault> {
    match word {
        "capf" => Ok(Purpose::Capf),
        "https" => Ok(Purpose::HttpsService),
        "provisioning" => Ok(Purpose::HttpsProvisioning),
        "signalling" => Ok(Purpose::Signalling),
        _ => Err(Fault::invalid_parameter("purpose")),
    }
}

const fn by(by: GrantedBy) -> &'static str {
    match by {
        GrantedBy::Cache => "cache",
        GrantedBy::Listed(ListKind::Ctl) => "ctl",
        GrantedBy::Listed(ListKind::Itl) => "itl",
        GrantedBy::Path(ListKind::Ctl) => "ctl-ca",
        GrantedBy::Path(ListKind::Itl) => "itl-ca",
        GrantedBy::Tvs => "tvs",
    }
}

/// Stands for no host: a certificate cannot be for this one (RFC 6761 §6.4).
const NOWHERE: &str = "host.invalid";
