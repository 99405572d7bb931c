//! The configuration file, `secd.toml`.
//!
//! Everything but the device's name has a default, and every default is the one of the
//! commented-out key in `rootfs/etc/secd.toml` (a test compares them). All faults of a file are
//! reported at once: a key that cannot be read is left out, and reading goes on after it.

mod access;
mod advice;
mod check;
mod fault;
mod faults;
mod file;
mod network;
mod place;
mod raw;
mod read;
mod typed;
mod values;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use log::LevelFilter;

pub use crate::wire::address::{Host, ServerAddress};
pub use crate::wire::configuration::{Member, TVS_PORT};
pub use access::{Id, Principal};
pub use advice::{NoSuchUser, SettingWarning, System, doubtful_name};
pub use fault::{SettingFault, SettingsFailure, Wrong};
pub use file::SettingsFile;
pub use network::Network;
pub use place::SettingPlace;
pub use read::MAX_FILE;
pub use values::parse_pin;

use super::ram::Quota;
use super::store::Slot;
use crate::trust::Policy;
use crate::wire::name::{DeviceName, Model};
use crate::wire::syslog::LogServer;
use crate::wire::tvs::PhoneName;
use crate::wire::way::FileWay;

/// The configuration file, checked, with defaults filled in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// `[device]`: which phone this is; the one section without a default.
    pub device: DeviceSettings,
    /// `[tftp]`: the servers, and how a file is read from them.
    pub tftp: TftpSettings,
    /// `[provisioning]`: by which ways files come, and at which ports.
    pub provisioning: ProvisioningSettings,
    /// `[paths]`: folders and the socket; a change takes effect at the next start.
    pub paths: Paths,
    /// `[ram]`: how much the folder of verified files may hold.
    pub ram: Quota,
    /// `[policy]`: whom to trust where the technote leaves a choice.
    pub policy: Policy,
    /// `[tvs]`: the servers that vouch for certificates.
    pub tvs: TvsSettings,
    /// `[https]`: bounds of connections that other processes ask for.
    pub https: HttpsSettings,
    /// `[capf]`: how CAPF is asked for a certificate.
    pub capf: CapfSettings,
    /// `[socket]`: bounds of the local socket.
    pub socket: SocketSettings,
    /// `[access]`: which users may call what.
    pub access: Access,
    /// `[console]`: what the log shows.
    pub console: ConsoleSettings,
    /// `[syslog]`: which server gets the log.
    pub syslog: SyslogSettings,
    /// `[web]`: the phone's web page.
    pub web: WebSettings,
    /// `[retry]`: when a failed boot pass is repeated.
    pub retry: RetryPause,
    /// `[identity]`: the phone's certificate for other programs.
    pub identity: IdentitySettings,
    /// `[sandbox]`: how the agent confines itself; a change takes effect at the next start.
    pub sandbox: SandboxSettings,
}

impl Settings {
    /// The defaults, for a phone that has no configuration file.
    #[must_use]
    pub fn of_device(device: DeviceSettings) -> Self {
        Self {
            device,
            tftp: TftpSettings::default(),
            provisioning: ProvisioningSettings::default(),
            paths: Paths::default(),
            ram: Quota::default(),
            policy: Policy::default(),
            tvs: TvsSettings::default(),
            https: HttpsSettings::default(),
            capf: CapfSettings::default(),
            socket: SocketSettings::default(),
            access: Access::default(),
            console: ConsoleSettings::default(),
            syslog: SyslogSettings::default(),
            web: WebSettings::default(),
            retry: RetryPause::default(),
            identity: IdentitySettings::default(),
            sandbox: SandboxSettings::default(),
        }
    }
}

/// Which phone this is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceSettings {
    /// Its name at the call manager.
    pub name: DeviceName,
    /// Its model, for TVS.
    pub model: Model,
    /// The address that its requests to servers come from; the system's choice if there is none.
    pub address: Option<IpAddr>,
    /// Its MIC and the key for it: the certificate that it has without a call manager's.
    pub identity: Option<IdentityFiles>,
}

impl DeviceSettings {
    /// The phone as TVS knows it.
    pub fn caller(&self) -> PhoneName {
        PhoneName { model: self.model.clone(), name: self.name.clone() }
    }
}

/// The files of the phone's MIC and its key, PEM or DER.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IdentityFiles {
    /// The certificate, perhaps with the chain above it.
    pub certificate: PathBuf,
    /// The private key, which also opens encrypted configurations.
    pub key: PathBuf,
}

/// What other programs of the phone get of its certificate.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct IdentitySettings {
    /// The folder for the 802.1X supplicant; nothing is written if there is none.
    pub export: Option<PathBuf>,
    /// The file of the authority that vouches for the authentication server.
    pub radius_ca: Option<PathBuf>,
}

/// How the agent confines itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SandboxSettings {
    /// What happens where it cannot.
    pub mode: SandboxMode,
    /// The user to become, where root starts the agent.
    pub user: Option<String>,
}

/// What happens where a layer of the sandbox is missing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SandboxMode {
    /// A warning: the others hold.
    #[default]
    BestEffort,
    /// The agent does not start.
    Enforce,
    /// No layer is applied.
    Off,
}

impl SandboxMode {
    /// The word for it in the file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BestEffort => "best-effort",
            Self::Enforce => "enforce",
            Self::Off => "off",
        }
    }
}

/// Where files come from, and how long they are waited for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TftpSettings {
    /// In the order they are asked.
    pub servers: Vec<ServerAddress>,
    /// Bytes of a block; no option is sent for 512, the default of RFC 1350.
    pub blksize: u16,
    /// Blocks before an acknowledgement; no option is sent for 1, the default of RFC 1350.
    pub windowsize: u16,
    /// Whether the server is asked for the size of the file.
    pub tsize: bool,
    /// Wait before a packet is sent again the first time.
    pub timeout: Duration,
    /// How often a packet is sent again.
    pub retries: u32,
    /// Longest duration of one transfer.
    pub deadline: Duration,
    /// The most bytes of a trust list.
    pub list_limit: usize,
    /// The most bytes of a configuration.
    pub config_limit: usize,
}

/// # Source
/// Technote: the size limit of a configuration is 550001. Measured (`scripts/loss`): blocks that
/// fit into an Ethernet frame, a second and nine tries in all. Inferred: a minute a file, four
/// times 64 KiB for a list.
impl Default for TftpSettings {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            blksize: 1428,
            windowsize: 1,
            tsize: false,
            timeout: Duration::from_secs(1),
            retries: 8,
            deadline: Duration::from_secs(60),
            // What the store could not keep need not be fetched.
            list_limit: Slot::Itl.limit(),
            config_limit: 550_001,
        }
    }
}

/// By which ways a server is asked for files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProvisioningSettings {
    /// The ways, in the order in which they are tried.
    pub ways: Vec<FileWay>,
    /// The port for HTTP, at the address of the TFTP server.
    pub http_port: u16,
    /// The port for HTTPS.
    pub https_port: u16,
}

/// # Source
/// Domain facts 1.6: what newer phones do; the ports are fixed there.
impl Default for ProvisioningSettings {
    fn default() -> Self {
        Self { ways: FileWay::ALL.to_vec(), http_port: HTTP_PORT, https_port: 6971 }
    }
}

/// Where the agent keeps its files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Paths {
    /// The folder of the store.
    pub state: PathBuf,
    /// The folder where verified files are put for the phone.
    pub ram: PathBuf,
    /// The socket that clients connect to.
    pub socket: PathBuf,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            state: "/var/lib/secd/state".into(),
            ram: "/run/secd/ram".into(),
            socket: "/run/secd/socket".into(),
        }
    }
}

/// How TVS is asked about certificates that are in no list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TvsSettings {
    /// The servers until a verified configuration names others, lowest priority number first.
    pub members: Vec<Member>,
    /// The longest time an answer is kept.
    pub ttl_max: Duration,
    /// How many answers are kept.
    pub cache: usize,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for the TLS handshake.
    pub handshake_timeout: Duration,
    /// Longest wait for an answer.
    pub answer_timeout: Duration,
    /// Whether a server may have an RSA key of 1024 bits.
    pub rsa1024: bool,
    /// Whether a server may speak TLS 1.0 to 1.2 without forward secrecy, if it has nothing better.
    pub legacy_tls: bool,
}

/// # Source
/// Technote: the default time-to-live is 86400 s. The rest is inferred.
impl Default for TvsSettings {
    fn default() -> Self {
        Self {
            members: Vec::new(),
            ttl_max: Duration::from_secs(86_400),
            cache: 256,
            connect_timeout: Duration::from_secs(3),
            handshake_timeout: Duration::from_secs(5),
            answer_timeout: Duration::from_secs(5),
            // Call managers of the technote's time have such keys.
            rsa1024: true,
            legacy_tls: false,
        }
    }
}

/// How connections to HTTPS servers are made for the phone's other processes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HttpsSettings {
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for the TLS handshake.
    pub handshake_timeout: Duration,
    /// Longest time without a byte in either direction.
    pub idle: Duration,
    /// Longest time in all.
    pub total: Duration,
    /// How many there may be at once.
    pub slots: usize,
    /// Of these, for one user.
    pub slots_per_user: usize,
    /// Whether a server may speak TLS 1.0 to 1.2 without forward secrecy, if it has nothing better.
    pub legacy_tls: bool,
}

/// # Source
/// Inferred: what a person at a phone waits for; a directory page is read in seconds, and a
/// listener for events in hours.
impl Default for HttpsSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(10),
            idle: Duration::from_secs(300),
            total: Duration::from_secs(86_400),
            slots: 64,
            slots_per_user: 32,
            legacy_tls: false,
        }
    }
}

/// How CAPF is asked for a certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CapfSettings {
    /// The pause between two attempts.
    pub pause: Duration,
    /// Whether a server may speak TLS 1.0 to 1.2 without forward secrecy, if it has nothing better.
    pub legacy_tls: bool,
}

/// # Source
/// Security guide: three attempts, 30 seconds apart (CAPF facts A1).
impl Default for CapfSettings {
    fn default() -> Self {
        Self { pause: Duration::from_secs(30), legacy_tls: false }
    }
}

/// What local clients may take up.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SocketSettings {
    /// Its mode; who may do what is decided by `[access]`.
    pub mode: u32,
    /// Connections of all users together.
    pub connections: usize,
    /// Connections of one user.
    pub per_user: usize,
    /// Longest pause between two calls.
    pub idle: Duration,
}

/// # Source
/// Inferred: a phone has some ten processes that talk to the agent.
impl Default for SocketSettings {
    fn default() -> Self {
        Self { mode: 0o666, connections: 256, per_user: 128, idle: Duration::from_secs(300) }
    }
}

/// Who may do what through the socket; root may do everything.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Access {
    /// Read facts and the log.
    pub read: Vec<Principal>,
    /// Open HTTPS connections and have certificates judged.
    pub connect: Vec<Principal>,
    /// Have files fetched, verified and put into the ram folder.
    pub fetch: Vec<Principal>,
    /// Erase trust lists, after which first use comes again.
    pub erase: Vec<Principal>,
    /// Refresh, reload, flush, set the log level.
    pub configure: Vec<Principal>,
}

impl Default for Access {
    fn default() -> Self {
        let group = |name: &str| vec![Principal::Group(Id::Name(name.to_owned()))];
        Self {
            read: group("phone-ui"),
            connect: group("phone-apps"),
            fetch: group("phone-apps"),
            erase: group("phone-ui"),
            // Root alone, who may do everything anyway.
            configure: Vec::new(),
        }
    }
}

/// How much the console log shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ConsoleSettings {
    /// The least grave level that is shown.
    pub level: LevelFilter,
}

impl Default for ConsoleSettings {
    fn default() -> Self {
        Self { level: LevelFilter::Info }
    }
}

/// Which server gets the lines of the console log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SyslogSettings {
    /// The server; then the one that the phone's configuration names does not count.
    pub server: Option<LogServer>,
    /// Whether a verified configuration may name the server.
    pub from_configuration: bool,
    /// The least grave level that it gets.
    pub level: LevelFilter,
}

/// # Source
/// Inferred: a phone sends its log where its configuration says.
impl Default for SyslogSettings {
    fn default() -> Self {
        Self { server: None, from_configuration: true, level: LevelFilter::Info }
    }
}

/// The phone's web page: where it is, and who may open it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WebSettings {
    /// Where it listens, none by default; a change takes effect at the next start.
    pub listen: Vec<SocketAddr>,
    /// The networks whose hosts may open it.
    pub allow: Vec<Network>,
    /// Connections at once; a change takes effect at the next start.
    pub connections: usize,
    /// Whether it shows the console log.
    pub log: bool,
}

/// # Source
/// Inferred: a browser opens six connections to a server, and two persons look at a phone.
impl Default for WebSettings {
    fn default() -> Self {
        let loopback = Network::new(Ipv4Addr::new(127, 0, 0, 0).into(), 8);
        Self { listen: Vec::new(), allow: vec![loopback], connections: 16, log: true }
    }
}

/// The pause after a boot pass that failed; it doubles from the first to the longest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RetryPause {
    /// The pause after the first failure.
    pub first: Duration,
    /// The longest pause, however many failures came before.
    pub max: Duration,
}

impl Default for RetryPause {
    fn default() -> Self {
        Self { first: Duration::from_secs(30), max: Duration::from_secs(900) }
    }
}

/// The port for files by HTTP (domain facts 0.3).
pub const HTTP_PORT: u16 = 6970;

/// The port of TFTP, RFC 1350.
pub const TFTP_PORT: u16 = 69;

#[cfg(test)]
mod tests;
