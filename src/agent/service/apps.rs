//! For applications: files and certificates.

use zeroize::Zeroizing;

use crate::agent::narrate::say;
use crate::agent::peers;
use crate::agent::service::calls::OneReply;
use crate::agent::service::errors;
use crate::agent::service::office::Service;
use crate::agent::world::Real;
use crate::boot::{self, Event, Form, Order, World as _, configuration, file};
use crate::face::methods::{File, GetFile, IsSecure, Judge, Judgement, Security};
use crate::face::{Error, certificates};
use crate::io::ipc::{Client, TooMany};
use crate::io::settings::Host;
use crate::io::{ram, tls};
use crate::trust::peer::{AuthorityPaths, ShownChain};
use crate::trust::{Distrust, Voucher};
use crate::wire::name::FileName;

impl OneReply<GetFile> for Service {
    async fn answer(&self, wanted: GetFile, client: &Client) -> Result<File, Error> {
        let name = FileName::parse(&wanted.name).map_err(|error| Error::BadName {
            name: wanted.name.clone(),
            detail: error.to_string(),
        })?;
        self.expect_unlocked()?;
        let most = self.agent.settings().tftp.config_limit;
        // An application may ask for less than secd.toml allows, not for more.
        let limit = wanted.limit.unwrap_or(most).min(most);
        // A file is in memory more than once while it is judged and written: only so many at once.
        let _turn = self.files.take(client.peer.uid).await;
        let requester = &format!("client c:{}", client.descriptor());
        let (payload, by) = self.file(&name, limit, requester).await?;
        let (folder, length) = (&self.agent.settings().paths.ram, payload.len());
        let path = folder.join(name.as_str()).display().to_string();
        let mut descriptor = None;
        if wanted.descriptor == Some(true) {
            // No await since it was put there, so that it cannot have been replaced.
            let open = ram::open(folder, &name, length);
            let open = open.map_err(|why| errors::not_handed_over(&path, &why))?;
            client.attach(open).map_err(|TooMany| Error::TooManyDescriptors)?;
            descriptor = Some(FIRST);
        }
        Ok(File { path, length, verified: by.is_some(), descriptor })
    }
}

/// What a file holds, and who vouches for its signer.
type TakenFile = (Zeroizing<Vec<u8>>, Option<Voucher>);

impl Service {
    /// Fetches and verifies a file; a configuration goes the way of the pass, which alone keeps
    /// one.
    async fn file(
        &self,
        name: &FileName,
        limit: usize,
        requester: &str,
    ) -> Result<TakenFile, Error> {
        let mut world = Real::new(&self.agent);
        let settings = boot::PassSettings { config_limit: limit, ..world.settings() };
        let own = settings.own_configuration();
        let used = world.last_configuration().map(|last| last.name);
        let is_configuration = own.as_ref() == Some(name) || used.as_deref() == Some(name.as_str());
        if !is_configuration {
            expect_no_folder(name, own.as_ref())?;
            let order = Order { name, limit, requester, form: Form::Plain };
            let taken = file::take(&mut world, &settings, &order).await;
            let taken = taken.map_err(|why| errors::of_file(name.as_str(), limit, why))?;
            return Ok((taken.payload, taken.by));
        }
        let configured = configuration::take(&mut world, &settings, name).await;
        let by = errors::of_configuration(name.as_str(), limit, configured)?;
        // It can have been erased, or damaged in the store, in the moment since.
        let lost = || Error::FileNotFound { name: name.to_string() };
        Ok((self.agent.installed.configuration_payload().ok_or_else(lost)?, by))
    }
}

/// Refuses a name in a folder that would take the place of the phone's configuration.
fn expect_no_folder(name: &FileName, own: Option<&FileName>) -> Result<(), Error> {
    if name.components().next() != own.map(FileName::as_str) {
        return Ok(());
    }
    let detail = "the phone's configuration is not a folder".to_owned();
    Err(Error::BadName { name: name.to_string(), detail })
}

/// The place of the one descriptor that comes with a reply.
const FIRST: usize = 0;

impl OneReply<IsSecure> for Service {
    async fn answer(&self, wanted: IsSecure, client: &Client) -> Result<Security, Error> {
        self.expect_unlocked()?;
        // Only a valid host name gets into a line that bears the agent's name.
        let server = wanted
            .server
            .map(|text| Host::parse(&text).map_err(|_| Error::invalid_parameter("server")));
        // The answer does not depend on the server: lists, not addresses, make servers secure
        // (domain facts 8.2).
        let secure = self.agent.installed.anchors().demand_signed_files();
        let security = file::security_word(secure);
        let looked_up = match server.transpose()? {
            None => Event::SecurityLookedUp { security },
            Some(host) => Event::SecurityLookedUpFor { security, server: host.to_string() },
        };
        // A client that asks without end would otherwise push out all other lines.
        if self.lines.is_worth_a_line(client.peer.uid) {
            say(&looked_up);
        }
        Ok(Security { secure })
    }
}

impl OneReply<Judge> for Service {
    async fn answer(&self, wanted: Judge, client: &Client) -> Result<Judgement, Error> {
        let chain = certificates::read(&wanted.certificate).ok_or(Error::BadCertificate)?;
        let (certificate, intermediates) = chain.split_first().ok_or(Error::BadCertificate)?;
        let host = Host::parse(wanted.host.as_deref().unwrap_or(NOWHERE))
            .map_err(|_| Error::invalid_parameter("host"))?;
        let name = tls::certified_name(&host);
        let purpose = wanted.purpose.into();
        // Judged for a connection as it should be: nobody has said how it is made.
        let (name, paths) = (name.as_ref(), AuthorityPaths::Count);
        let shown = ShownChain { purpose, certificate, intermediates, name, paths };
        let (settings, identity) = (self.agent.settings(), self.agent.identity());
        let around = self.agent.around(&settings, &identity);
        // Each judgement may take a connection to TVS.
        let _turn = self.judgements.take(client.peer.uid).await;
        let judged = peers::judge(&self.agent.tvs, around, shown, &host.to_string()).await;
        let steps = judged.steps.iter().map(ToString::to_string).collect();
        Ok(match judged.verdict {
            Ok(grant) => {
                Judgement { trusted: true, by: Some(grant.by().into()), reason: None, steps }
            }
            // A fault of the call, not a verdict on a peer.
            Err(Distrust::NotACertificate) => return Err(Error::BadCertificate),
            Err(distrust) => {
                let reason = Some(distrust.to_string());
                Judgement { trusted: false, by: None, reason, steps }
            }
        })
    }
}

impl Service {
    pub(super) fn expect_unlocked(&self) -> Result<(), Error> {
        if self.agent.installed.is_locked() { Err(Error::Locked) } else { Ok(()) }
    }
}

/// The host of a certificate that is judged for none: no certificate can be for this name (RFC 6761
/// §6.4).
const NOWHERE: &str = "host.invalid";
