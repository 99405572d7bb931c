//! The phone that a probe boots: its store and its verified files are in memory where the system
//! has a file system there, and gone when it ends.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process;

use tempfile::{Builder, TempDir};

use crate::agent::owners::Agent;
use crate::io::files;
use crate::io::settings::{
    DeviceSettings, IdentityFiles, Member, Paths, ProvisioningSettings, Settings, SyslogSettings,
    TftpSettings, TvsSettings,
};
use crate::io::store::{Damage, DamageReason};
use crate::trust::{TrustList, Verified};
use crate::wire::address::ServerAddress;
use crate::wire::name::{DeviceName, Model};

/// What to probe, and as which phone.
#[derive(Clone, Debug)]
pub struct ProbeRequest {
    /// The phone's name at the call manager.
    pub device: DeviceName,
    /// TFTP servers, in the order in which they are asked.
    pub servers: Vec<ServerAddress>,
    /// TVS members until a verified configuration names others.
    pub tvs: Vec<ServerAddress>,
    /// By which ways the files come, and at which ports.
    pub provisioning: ProvisioningSettings,
    /// HTTPS servers to connect to.
    pub https: Vec<ServerAddress>,
    /// A file with the phone's key and, if it has one, its certificate.
    pub key: Option<PathBuf>,
    /// Lists that the phone has already, with the files that they were read from.
    pub lists: Vec<(Verified<TrustList>, Vec<u8>)>,
}

impl ProbeRequest {
    /// Puts the lists in force that the phone has already.
    pub(super) fn install_lists(&self, agent: &Agent) -> Result<(), NotProbed> {
        for (list, bytes) in &self.lists {
            let name = list.value().kind.generic_name();
            let installed = agent.installed.install(list, name, bytes);
            installed.map_err(|failure| NotProbed::Store(failure.to_string()))?;
        }
        Ok(())
    }
}

/// Why there is no report.
#[derive(Debug)]
pub enum NotProbed {
    /// The folder of the configured phone cannot be used.
    Folder(Damage),
    /// A signal ended it.
    Interrupted,
    /// The lists could not be stored; why, in words.
    Store(String),
    /// The system lacks what is needed.
    System(io::Error),
}

impl fmt::Display for NotProbed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(Damage { path, reason: DamageReason::InUse, .. }) => {
                let path = path.display();
                write!(f, "another secd uses {path}: use secd refresh, or stop that one first")
            }
            Self::Folder(damage) => damage.fmt(f),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Store(why) => write!(f, "the given lists could not be stored: {why}"),
            Self::System(error) => f.write_str(&files::why(error)),
        }
    }
}

impl std::error::Error for NotProbed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System(error) => Some(error),
            _ => None,
        }
    }
}

/// Folders that are removed when it is dropped.
pub(super) struct MemoryPhone {
    state: TempDir,
    ram: TempDir,
}

impl MemoryPhone {
    pub(super) fn new() -> Result<Self, NotProbed> {
        let folder = || folder().map_err(NotProbed::System);
        Ok(Self { state: folder()?, ram: folder()? })
    }

    /// The settings of such a phone: the defaults, but for what was asked for.
    pub(super) fn settings(&self, request: &ProbeRequest) -> Settings {
        let member = |(address, priority): (&ServerAddress, u8)| Member {
            address: address.clone(),
            priority,
        };
        let identity = request
            .key
            .as_ref()
            .map(|path| IdentityFiles { certificate: path.clone(), key: path.clone() });
        let (name, model) = (request.device.clone(), Model::default());
        Settings {
            tftp: TftpSettings {
                servers: request.servers.clone(),
                retries: RETRIES,
                ..TftpSettings::default()
            },
            provisioning: request.provisioning.clone(),
            paths: Paths {
                state: self.state.path().to_path_buf(),
                ram: self.ram.path().to_path_buf(),
                socket: self.ram.path().join("socket"),
            },
            tvs: TvsSettings {
                members: request.tvs.iter().zip(0..).map(member).collect(),
                ..TvsSettings::default()
            },
            // The log of a phone in memory is no log server's business.
            syslog: SyslogSettings { from_configuration: false, ..SyslogSettings::default() },
            ..Settings::of_device(DeviceSettings { name, model, address: None, identity })
        }
    }
}

/// A folder of the user's own. A decrypted configuration need not touch a disk.
fn folder() -> io::Result<TempDir> {
    let mut builder = Builder::new();
    // With the process's number, whoever finds one knows whether it is still in use.
    let prefix = format!("secd-probe-{}-", process::id());
    let builder = builder.prefix(&prefix);
    builder.tempdir_in(Path::new("/dev/shm")).or_else(|_| builder.tempdir())
}

/// How often a request is sent again: half as often as a phone does, since whoever waits for a
/// probe has no second server to lose.
const RETRIES: u32 = 4;
