//! A file that is not a trust list: asked for under the right name, judged, and put into the ram
//! folder without its envelope.

use std::io;
use std::path::{Path, PathBuf};

use log::{error, info, warn};
use zeroize::Zeroizing;

use crate::agent::fetch::{Limit, Wanted, mapped};
use crate::agent::installed::{Form, Proven};
use crate::agent::trust_list::unvouched;
use crate::agent::{Agent, SECD, TFTP_CLIENT};
use crate::io::tftp::Failure;
use crate::io::{files, resolve};
use crate::trust::update::{self, Content, Offer};
use crate::trust::{Decision, Reason, Verified, decrypt};
use crate::wire::name::FileName;
use crate::wire::{Envelope, Kind};

/// A file of the phone that is wanted.
pub(super) struct Order<'a> {
    /// Its name, without what says that it is signed.
    pub(super) name: &'a FileName,
    /// The most octets that it may have.
    pub(super) limit: usize,
    /// Who wants it, for the log.
    pub(super) requester: &'a str,
    /// In which form it is asked for.
    pub(super) form: Form,
}

/// A file that was fetched and judged.
pub(super) struct Obtained {
    /// What it holds, without its envelope; wiped when dropped.
    pub(super) payload: Zeroizing<Vec<u8>>,
    /// Whether someone who may sign it has.
    pub(super) proven: Proven,
    /// How it came.
    pub(super) form: Form,
}

/// Why a phone file is not in place.
#[derive(Debug)]
pub(super) enum NotTaken {
    /// It could not be fetched.
    Fetch(Failure),
    /// It is not believed.
    Refused(Reason),
    /// It could not be written; the log has said why.
    Write(PathBuf, Room),
}

/// Whether a file could not be written for want of room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Enough,
    None,
}

impl Room {
    pub(super) fn of(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::StorageFull { Self::None } else { Self::Enough }
    }
}

impl Agent {
    /// Fetches and judges one file.
    pub(super) async fn obtain(&self, order: &Order<'_>) -> Result<Obtained, NotTaken> {
        let Order { name, limit, requester, form } = order;
        let path = self.settings().paths.ram.join(name.as_str());
        info!(
            target: TFTP_CLIENT,
            "tftp request rcv'd from {requester}, srcFile = {name}, dstFile = {} max size = {limit}",
            path.display()
        );
        let secure = self.look_up_servers().await;
        let asked = match (secure, form) {
            (Security::None, Form::Plain) => name.to_string(),
            (Security::Secure, Form::Plain) => {
                info!(target: TFTP_CLIENT, "Secure file requested");
                let asked = format!("{name}.sgn");
                info!(target: TFTP_CLIENT, "authenticated file approved - add .sgn -- {asked}");
                asked
            }
            (_, Form::Encrypted) => {
                info!(target: TFTP_CLIENT, "Encrypted file requested");
                let asked = format!("{name}.enc.sgn");
                info!(target: TFTP_CLIENT, "encrypted file approved - add .enc.sgn -- {asked}");
                asked
            }
        };
        let wanted = Wanted { name: &asked, limit: *limit, said: Limit::Told };
        let octets = self.fetch(&wanted).await.map_err(NotTaken::Fetch)?;
        let offer = Offer { name: &asked, octets: &octets };
        self.judge_file(*form, offer, &path).await.map_err(|reason| {
            told_refusal(&path, &reason);
            NotTaken::Refused(reason)
        })
    }

    /// Whether the servers are secure, with the lines that the log has for it. It is the lists
    /// that make them so: no address is compared (domain facts 8.2).
    async fn look_up_servers(&self) -> Security {
        let servers = resolve::all(&self.settings().tftp.servers).await;
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

    async fn judge_file(
        &self,
        form: Form,
        offer: Offer<'_>,
        path: &Path,
    ) -> Result<Obtained, Reason> {
        if self.installed.borrow().is_locked() {
            return Err(Reason::Locked);
        }
        // Looked at again, since the lists may have changed while the file was fetched. An unsigned
        // file is what was asked for then; a signed one is taken as well, for its payload.
        let signed = self.anchors().demand_signed_files();
        let plain = form == Form::Plain;
        if plain && !signed && Envelope::parse(offer.octets, Kind::Signed).is_err() {
            warn!(target: SECD, "verifyFile: UNSIGNED, taken as it is <{}>", path.display());
            let payload = Zeroizing::new(offer.octets.to_vec());
            return Ok(Obtained { payload, proven: Proven::No, form });
        }
        let configuration = self.settings();
        let policy = &configuration.policy;
        let anchors = self.anchors_snapshot();
        let kind = if plain { Kind::Signed } else { Kind::Encrypted };
        let accepted = match update::file(&anchors, kind, offer, policy) {
            Decision::Trust(accepted) => accepted,
            Decision::Refuse(reason) => return Err(reason),
            Decision::Ask(query) => match self.ask_signer(&query).await {
                Ok(vouched) => update::file_vouched(&anchors, kind, offer, policy, &vouched)?,
                Err(unanswered) => {
                    unvouched(offer.name, &unanswered);
                    return Err(query.otherwise);
                }
            },
        };
        for warning in &accepted.warnings {
            warn!(target: SECD, "verifyFile: {}: {warning}", offer.name);
        }
        match accepted.value {
            Content::Verified(file) => {
                // Decrypted only now: nobody but a trusted signer learns anything from a failure.
                let payload = match file.value().encryption {
                    None => Zeroizing::new(file.value().body().to_vec()),
                    Some(_) => self.decrypt(&file)?,
                };
                info!(target: SECD, "verifyFile: verify SUCCESS <{}>", path.display());
                Ok(Obtained { payload, proven: Proven::Yes, form })
            }
            // Ciphertext of nobody in particular is of no use.
            Content::Unchecked(_) if !plain => Err(Reason::WrongSigner),
            Content::Unchecked(payload) => {
                warn!(target: SECD, "verifyFile: NOT VERIFIED, taken from anyone <{}>", path.display());
                let payload = Zeroizing::new(payload.to_vec());
                Ok(Obtained { payload, proven: Proven::No, form })
            }
        }
    }

    fn decrypt(&self, file: &Verified<Envelope<'_>>) -> Result<Zeroizing<Vec<u8>>, Reason> {
        let device = self.device.borrow();
        let key = device.key.as_ref().ok_or(Reason::NoKey)?;
        decrypt::decrypt(file, key)
    }

    /// Puts a payload into the ram folder; the same octets again change nothing.
    pub(super) fn write(&self, name: &FileName, payload: &[u8]) -> Result<PathBuf, NotTaken> {
        let configuration = self.settings();
        let folder = &configuration.paths.ram;
        let written = files::provide_folder(folder)
            .and_then(|()| files::write_changed(folder, name, payload));
        written.map_err(|failure| {
            error!(target: SECD, "EROR:verifyFile: {failure}");
            NotTaken::Write(failure.path, Room::of(&failure.source))
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
