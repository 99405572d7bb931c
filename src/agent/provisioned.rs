//! The phone's configuration: its own, or the default one for phones that the call manager does not
//! know.

use log::{error, info};

use crate::agent::installed::Proven;
use crate::agent::phone_file::{NotTaken, Obtained, Order, Room};
use crate::agent::report::Message;
use crate::agent::trust_list::is_unreachable;
use crate::agent::{Agent, SECD, TFTP_CLIENT};
use crate::io::store;
use crate::io::tftp::Failure;
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
        let own = format!("{}.cnf.xml", self.configuration().device.name);
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
    async fn take(&self, name: &str) -> Result<(), NotTaken> {
        // Both names are made of checked parts.
        let Ok(name) = FileName::parse(name) else {
            return Err(NotTaken::Write(name.into(), Room::Enough));
        };
        let limit = self.configuration().tftp.config_limit;
        let order = Order { name: &name, limit, requester: "secd" };
        let Obtained { payload, proven } = self.obtain(&order).await?;
        self.put(&name, &payload, proven)
    }

    /// Puts a configuration into the ram folder, and keeps it for the next start.
    fn put(&self, name: &FileName, payload: &[u8], proven: Proven) -> Result<(), NotTaken> {
        let kept = self.installed.borrow_mut().keep_configuration(name.as_str(), payload, proven);
        let changed = kept.map_err(|failure| {
            error!(target: SECD, "EROR:verifyFile: {name} not kept: {failure}");
            let room = match &failure {
                store::Failure::Disk(disk) => Room::of(&disk.source),
                _ => Room::Enough,
            };
            NotTaken::Write(self.configuration().paths.state.clone(), room)
        })?;
        self.write(name, payload)?;
        if changed {
            self.tell(Message::ConfigurationUsed(name.to_string()));
        }
        Ok(())
    }

    /// Puts the configuration of the last start where the phone looks for it.
    pub(super) fn restore_configuration(&self) {
        let last = self.installed.borrow().configuration().cloned();
        let Some(last) = last else { return };
        let Ok(name) = FileName::parse(&last.name) else { return };
        if self.write(&name, &last.octets).is_ok() {
            info!(target: SECD, "store: {name} of the last start is in place");
        }
    }
}

/// The configuration of phones that the call manager does not know (domain facts 1.2).
const DEFAULT: &str = "XMLDefault.cnf.xml";
