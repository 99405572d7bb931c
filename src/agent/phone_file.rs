//! A file that is not a trust list: asked for under the right name, judged, and put into the ram
//! folder without its envelope.

use std::io;
use std::path::Path;

use log::{error, info, warn};

use crate::agent::fetch::{Limit, Wanted, mapped};
use crate::agent::report::Message;
use crate::agent::trust_list::is_unreachable;
use crate::agent::{Agent, SECD, TFTP_CLIENT};
use crate::io::tftp::Failure;
use crate::io::{files, resolve, store};
use crate::trust::update::{self, Content, Offer};
use crate::trust::{Decision, Reason};
use crate::wire::name::FileName;
use crate::wire::{Envelope, Kind};

/// How the configuration step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Configured {
    /// A configuration is in place.
    Done,
    /// One was accepted, and could not be put in place.
    Broken,
    /// None was accepted; what was there stays.
    Failed,
    /// No server could be reached.
    Unreachable,
}

/// Why a phone file is not in place.
enum NotTaken {
    Fetch(Failure),
    Refused,
    Write(Room),
}

/// Whether a file could not be written for want of room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    Enough,
    None,
}

impl Room {
    fn of(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::StorageFull { Self::None } else { Self::Enough }
    }
}

impl Agent {
    /// Brings the configuration up to date: the phone's own, or the default one for phones that
    /// the call manager does not know.
    pub(super) async fn refresh_configuration(&self) -> Configured {
        let own = format!("{}.cnf.xml", self.configuration.device.name);
        for name in [own.as_str(), DEFAULT] {
            match self.take(name).await {
                Ok(()) => {
                    return Configured::Done;
                }
                Err(NotTaken::Fetch(Failure::NotFound { .. })) => {}
                Err(NotTaken::Fetch(failure)) => return self.not_fetched(name, &failure),
                Err(NotTaken::Refused) => {
                    self.tell(Message::VerificationFailed);
                    return Configured::Failed;
                }
                Err(NotTaken::Write(room)) => return self.not_written(room),
            }
        }
        error!(target: TFTP_CLIENT, "no configuration on the server; the last good one stays");
        self.tell(Message::ConfigurationNotFound);
        Configured::Failed
    }

    fn not_fetched(&self, name: &str, failure: &Failure) -> Configured {
        error!(target: TFTP_CLIENT, "{name}: {failure}");
        if matches!(failure, Failure::TooLarge { .. }) {
            self.tell(Message::ConfigurationTooLarge);
        } else {
            self.tell_failure(failure);
        }
        if is_unreachable(failure) { Configured::Unreachable } else { Configured::Failed }
    }

    /// The guide has a message for one that the file system does not take; else the log has it.
    fn not_written(&self, room: Room) -> Configured {
        if room == Room::None {
            self.tell(Message::ConfigurationTooLarge);
        }
        Configured::Broken
    }

    /// Fetches, judges and writes one configuration.
    async fn take(&self, name: &str) -> Result<(), NotTaken> {
        let limit = self.configuration.tftp.config_limit;
        let path = self.configuration.paths.ram.join(name);
        info!(
            target: TFTP_CLIENT,
            "tftp request rcv'd from secd, srcFile = {name}, dstFile = {} max size = {limit}",
            path.display()
        );
        let signed = self.look_up_servers().await;
        let asked = match signed {
            Security::Secure => {
                info!(target: TFTP_CLIENT, "Secure file requested");
                let asked = format!("{name}.sgn");
                info!(target: TFTP_CLIENT, "authenticated file approved - add .sgn -- {asked}");
                asked
            }
            Security::None => name.to_owned(),
        };
        let wanted = Wanted { name: &asked, limit, said: Limit::Told };
        let octets = self.fetch(&wanted).await.map_err(NotTaken::Fetch)?;
        let offer = Offer { name: &asked, octets: &octets };
        let payload = self.judge_file(signed, offer, &path).map_err(|reason| {
            told_refusal(&path, &reason);
            NotTaken::Refused
        })?;
        self.put(name, &payload)
    }

    /// Whether the servers are secure, with the lines that the log has for it. It is the lists
    /// that make them so: no address is compared (domain facts 8.2).
    async fn look_up_servers(&self) -> Security {
        let servers = resolve::all(&self.configuration.tftp.servers).await;
        let signed = self.anchors().demand_signed_files();
        let Some(server) = servers.first() else { return Security::of(signed) };
        let server = mapped(*server);
        info!(target: TFTP_CLIENT, "auth server - tftpList[0] = {server}");
        info!(target: TFTP_CLIENT, "look up server - 0");
        if signed {
            info!(target: SECD, "lookupCTL: TFTP SRVR secure");
            info!(target: TFTP_CLIENT, "secVal = 0x9");
            info!(target: TFTP_CLIENT, "{server} is a secure server");
            info!(target: TFTP_CLIENT, "retval = SRVR_SECURE");
        } else {
            info!(target: SECD, "lookupCTL: TFTP SRVR not secure");
            info!(target: TFTP_CLIENT, "secVal = 0x0");
            info!(target: TFTP_CLIENT, "{server} is not a secure server");
            info!(target: TFTP_CLIENT, "retval = SRVR_NONSECURE");
        }
        Security::of(signed)
    }

    fn judge_file(
        &self,
        security: Security,
        offer: Offer<'_>,
        path: &Path,
    ) -> Result<Vec<u8>, Reason> {
        // An unsigned file is what was asked for; a signed one is taken as well, for its payload.
        if security == Security::None && Envelope::parse(offer.octets, Kind::Signed).is_err() {
            warn!(target: SECD, "verifyFile: UNSIGNED, taken as it is <{}>", path.display());
            return Ok(offer.octets.to_vec());
        }
        let policy = &self.configuration.policy;
        let accepted = match update::file(&self.anchors(), Kind::Signed, offer, policy) {
            Decision::Trust(accepted) => accepted,
            Decision::Refuse(reason) => return Err(reason),
            Decision::Ask(query) => {
                warn!(target: SECD, "processTvsClntReq: no TVS to ask about {}", query.subject);
                return Err(query.otherwise);
            }
        };
        for warning in &accepted.warnings {
            warn!(target: SECD, "verifyFile: {}: {warning}", offer.name);
        }
        match accepted.value {
            Content::Verified(file) => {
                info!(target: SECD, "verifyFile: verify SUCCESS <{}>", path.display());
                Ok(file.value().body().to_vec())
            }
            Content::Unchecked(payload) => {
                warn!(target: SECD, "verifyFile: NOT VERIFIED, taken from anyone <{}>", path.display());
                Ok(payload.to_vec())
            }
        }
    }

    /// Puts a payload into the ram folder, and keeps it for the next start; the same octets again
    /// change nothing.
    fn put(&self, name: &str, payload: &[u8]) -> Result<(), NotTaken> {
        let mut installed = self.installed.borrow_mut();
        let kept = installed.configuration();
        let same = kept.is_some_and(|kept| kept.name == name && kept.octets == payload);
        if !same {
            installed.keep_configuration(name, payload).map_err(|failure| {
                error!(target: SECD, "EROR:verifyFile: {name} not kept: {failure}");
                NotTaken::Write(match &failure {
                    store::Failure::Disk(disk) => Room::of(&disk.source),
                    _ => Room::Enough,
                })
            })?;
        }
        drop(installed);
        self.write(name, payload).map_err(NotTaken::Write)?;
        if !same {
            self.tell(Message::ConfigurationUsed(name.to_owned()));
        }
        Ok(())
    }

    /// Puts the configuration of the last start where the phone looks for it.
    pub(super) fn restore_configuration(&self) {
        let last = self.installed.borrow().configuration().cloned();
        let Some(last) = last else { return };
        if self.write(&last.name, &last.octets).is_ok() {
            info!(target: SECD, "store: {} of the last start is in place", last.name);
        }
    }

    fn write(&self, name: &str, payload: &[u8]) -> Result<(), Room> {
        let folder = &self.configuration.paths.ram;
        let name = FileName::parse(name).map_err(|error| {
            error!(target: SECD, "EROR:verifyFile: {name}: {error}");
            Room::Enough
        })?;
        let written = files::provide_folder(folder)
            .and_then(|()| files::write_changed(folder, &name, payload));
        written.map(|_| ()).map_err(|failure| {
            error!(target: SECD, "EROR:verifyFile: {failure}");
            Room::of(&failure.source)
        })
    }
}

fn told_refusal(path: &Path, reason: &Reason) {
    let path = path.display();
    if matches!(reason, Reason::WrongSigner) {
        error!(
            target: SECD,
            "EROR:verifyFile: sgn verify file failed <{path}>, errclass 8, errcode 19 (signer not in CTL)"
        );
    } else {
        error!(target: SECD, "EROR:verifyFile: sgn verify file failed <{path}>: {reason}");
    }
    error!(target: SECD, "EROR:verifyFile: verify FAILED, <{path}>");
}

/// Whether the phone's file servers are secure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    None,
    Secure,
}

impl Security {
    const fn of(signed: bool) -> Self {
        if signed { Self::Secure } else { Self::None }
    }
}

/// The configuration of phones that the call manager does not know (domain facts 1.2).
const DEFAULT: &str = "XMLDefault.cnf.xml";
