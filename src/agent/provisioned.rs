//! The phone's configuration: its own, or the default one for phones that the call manager does not
//! know.

use log::{error, info};

use crate::agent::installed::{Form, Proven};
use crate::agent::phone_file::{NotTaken, Obtained, Order, Room};
use crate::agent::report::Message;
use crate::agent::trust_list::is_unreachable;
use crate::agent::{Agent, SECD, TFTP_CLIENT};
use crate::io::store;
use crate::io::tftp::Failure;
use crate::trust::Reason;
use crate::wire::configuration::Configuration;
use crate::wire::name::FileName;

/// How the configuration step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Configured {
    /// One was accepted, and could not be put in place.
    Broken,
    /// A configuration is in place.
    Done,
    /// None was accepted; what was there stays.
    Failed,
    /// No server could be reached.
    Unreachable,
}

impl Configured {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unreachable => "unreachable",
        }
    }
}

impl Agent {
    /// Brings the configuration up to date.
    pub(super) async fn refresh_configuration(&self) -> Configured {
        let own = format!("{}.cnf.xml", self.settings().device.name);
        for name in [own.as_str(), DEFAULT] {
            match self.take(name).await {
                Ok(()) => return Configured::Done,
                Err(NotTaken::Fetch(Failure::NotFound { .. })) => {}
                Err(NotTaken::Fetch(failure)) => return self.not_fetched(name, &failure),
                Err(NotTaken::Refused(_)) => {
                    self.tell(Message::VerificationFailed);
                    return Configured::Failed;
                }
                Err(NotTaken::Write(_, room)) => return self.not_written(room),
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

    /// Fetches, judges and keeps one configuration.
    ///
    /// One that was encrypted the last time is asked for in that form first. A signed one may be
    /// short and say that the whole one is encrypted, and for whom (domain facts 1.3 and 4.2).
    async fn take(&self, name: &str) -> Result<(), NotTaken> {
        // Both names are made of checked parts.
        let Ok(name) = FileName::parse(name) else {
            return Err(NotTaken::Write(name.into(), Room::Enough));
        };
        // Where nobody is verified, ciphertext is of no use, and the server has the plain form.
        if self.was_encrypted(&name) && self.anchors_snapshot().demand_signed_files() {
            match self.obtain(&self.order(&name, Form::Encrypted)).await {
                Ok(obtained) => return self.put(&name, &obtained),
                Err(NotTaken::Fetch(Failure::NotFound { .. })) => {}
                Err(not_taken) => return Err(not_taken),
            }
        }
        let obtained = self.obtain(&self.order(&name, Form::Plain)).await?;
        match self.sealed_for(&obtained) {
            Sealed::No => self.put(&name, &obtained),
            Sealed::ForUs => match self.obtain(&self.order(&name, Form::Encrypted)).await {
                Ok(whole) => self.put(&name, &whole),
                // The phone is known to the call manager: the default configuration is not for it.
                Err(NotTaken::Fetch(Failure::NotFound { .. })) => {
                    error!(target: TFTP_CLIENT, "{name}.enc.sgn is announced and not there");
                    Err(NotTaken::Refused(Reason::NoKey))
                }
                Err(not_taken) => Err(not_taken),
            },
            Sealed::ForAnother { .. } => Err(NotTaken::Refused(Reason::NoKey)),
        }
    }

    fn order<'a>(&self, name: &'a FileName, form: Form) -> Order<'a> {
        let limit = self.settings().tftp.config_limit;
        Order { name, limit, requester: "secd", form }
    }

    pub(super) fn was_encrypted(&self, name: &FileName) -> bool {
        let installed = self.installed.borrow();
        installed
            .configuration()
            .is_some_and(|last| last.form == Form::Encrypted && last.name == name.as_str())
    }

    /// Whether a configuration says that the whole one is encrypted, and whether it is for the
    /// certificate that this phone has; the log says so if it is not.
    fn sealed_for(&self, obtained: &Obtained) -> Sealed {
        if obtained.proven == Proven::No {
            return Sealed::No;
        }
        let ours = self.device.borrow().certificate_md5.clone();
        let sealed = Sealed::of(&obtained.payload, ours.as_deref());
        if let Sealed::ForAnother { theirs } = &sealed {
            let ours = ours.map_or("none".to_owned(), |ours| format!("<{ours}>"));
            error!(
                target: SECD,
                "EROR:certHash: the configuration is encrypted for certificate <{theirs}>, this phone has {ours}"
            );
        }
        sealed
    }

    /// Puts a configuration into the ram folder, and keeps it for the next start.
    fn put(&self, name: &FileName, obtained: &Obtained) -> Result<(), NotTaken> {
        let kept = self.installed.borrow_mut().keep_configuration(name.as_str(), obtained);
        let changed = kept.map_err(|failure| {
            error!(target: SECD, "EROR:verifyFile: {name} not kept: {failure}");
            let room = match &failure {
                store::Failure::Disk(disk) => Room::of(&disk.source),
                _ => Room::Enough,
            };
            NotTaken::Write(self.settings().paths.state.clone(), room)
        })?;
        self.write(name, &obtained.payload)?;
        if changed {
            self.tell(Message::ConfigurationUsed(name.to_string()));
        }
        Ok(())
    }

    /// Puts the configuration of the last start where the phone looks for it.
    pub(super) fn restore_configuration(&self) {
        let installed = self.installed.borrow();
        let Some(last) = installed.configuration() else { return };
        let Ok(name) = FileName::parse(&last.name) else { return };
        let Some(payload) = installed.configuration_payload() else { return };
        if self.write(&name, &payload).is_ok() {
            info!(target: SECD, "store: {name} of the last start is in place");
        }
    }
}

/// Whether the whole configuration is encrypted, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sealed {
    /// For the owner of another certificate, by its hash.
    ForAnother { theirs: Box<str> },
    /// For this phone.
    ForUs,
    /// It is not encrypted.
    No,
}

impl Sealed {
    /// What a configuration says of itself to the phone whose certificate has this hash.
    pub(super) fn of(payload: &[u8], ours: Option<&str>) -> Self {
        let Ok(provision) = Configuration::parse(payload) else { return Self::No };
        if provision.encrypted != Some(true) {
            return Self::No;
        }
        let theirs = provision.cert_hash.unwrap_or_default();
        match ours {
            Some(ours) if ours.eq_ignore_ascii_case(&theirs) => Self::ForUs,
            _ => Self::ForAnother { theirs },
        }
    }
}

/// The configuration of phones that the call manager does not know (domain facts 1.2).
pub(super) const DEFAULT: &str = "XMLDefault.cnf.xml";
