//! For applications: files and certificates.

use log::info;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::agent::SECD;
use crate::agent::installed::{Form, Proven};
use crate::agent::phone_file::Order;
use crate::agent::service::calls::Answer;
use crate::agent::service::errors;
use crate::agent::service::office::Service;
use crate::face::Error;
use crate::face::methods::{File, GetFile, IsSecure, Judge, Judgement, Security};
use crate::io::ipc::Client;
use crate::io::settings::Host;
use crate::io::tls;
use crate::trust::peer::Shown;
use crate::wire::name::FileName;

impl Answer<GetFile> for Service {
    async fn answer(&self, wanted: GetFile, client: &Client) -> Result<File, Error> {
        let name = FileName::parse(&wanted.name).map_err(|error| Error::BadName {
            name: wanted.name.clone(),
            detail: error.to_string(),
        })?;
        self.expect_unlocked()?;
        let most = self.agent.settings().tftp.config_limit;
        let limit = wanted.limit.unwrap_or(most).min(most);
        let requester = &format!("client c:{}", client.descriptor());
        let order = Order { name: &name, limit, requester, form: Form::Plain };
        // A file is in memory more than once while it is judged and written.
        let _turn = self.files.acquire().await;
        let not_taken = |why| errors::of_file(name.as_str(), limit, &why);
        let obtained = self.agent.obtain(&order).await.map_err(not_taken)?;
        let path = self.agent.write(&name, &obtained.payload).map_err(not_taken)?;
        Ok(File {
            path: path.display().to_string(),
            length: obtained.payload.len(),
            verified: obtained.proven == Proven::Yes,
        })
    }
}

impl Answer<IsSecure> for Service {
    async fn answer(&self, wanted: IsSecure, _: &Client) -> Result<Security, Error> {
        self.expect_unlocked()?;
        // Only a server's name gets into a line of our own.
        let server = match wanted.server {
            None => String::new(),
            Some(text) => match Host::parse(&text) {
                Some(host) => format!(", {host}"),
                None => return Err(Error::invalid_parameter("server")),
            },
        };
        let secure = self.agent.anchors_snapshot().demand_signed_files();
        let word = if secure { "secure" } else { "not secure" };
        info!(target: SECD, "lookupCTL: TFTP SRVR {word}{server}");
        Ok(Security { secure })
    }
}

impl Answer<Judge> for Service {
    async fn answer(&self, wanted: Judge, _: &Client) -> Result<Judgement, Error> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(wanted.certificate.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| Error::BadCertificate)?;
        let (certificate, intermediates) = chain.split_first().ok_or(Error::BadCertificate)?;
        let host = Host::parse(wanted.host.as_deref().unwrap_or(NOWHERE))
            .ok_or_else(|| Error::invalid_parameter("host"))?;
        let name = tls::server_name(&host, ([0, 0, 0, 0], 0).into());
        let purpose = wanted.purpose.into();
        let shown = Shown { purpose, certificate, intermediates, name: &name };
        Ok(match self.agent.judge_peer(shown, &host.to_string()).await {
            Ok(grant) => Judgement { trusted: true, by: Some(grant.by().into()), reason: None },
            Err(distrust) => {
                Judgement { trusted: false, by: None, reason: Some(distrust.to_string()) }
            }
        })
    }
}

impl Service {
    fn expect_unlocked(&self) -> Result<(), Error> {
        if self.agent.installed.borrow().is_locked() { Err(Error::Locked) } else { Ok(()) }
    }
}

/// Stands for no host: a certificate cannot be for this one (RFC 6761 §6.4).
const NOWHERE: &str = "host.invalid";
