//! The sections as they are in the file, before they are checked.

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use crate::trust::policy;

/// A value and its place in the file, if the key is there.
pub(super) type Given<T> = Option<Spanned<T>>;

// Every table denies unknown fields: a mistyped key must not leave its default in force unseen.

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceTable {
    pub(super) name: Given<String>,
    pub(super) model: Given<String>,
    pub(super) address: Given<String>,
    pub(super) certificate: Given<String>,
    pub(super) key: Given<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TftpTable {
    pub(super) servers: Given<Vec<Spanned<String>>>,
    pub(super) blksize: Given<u64>,
    pub(super) windowsize: Given<u64>,
    pub(super) tsize: Option<bool>,
    pub(super) timeout_s: Given<u64>,
    pub(super) retries: Given<u64>,
    pub(super) deadline_s: Given<u64>,
    pub(super) list_limit: Given<u64>,
    pub(super) config_limit: Given<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PathsTable {
    pub(super) state: Given<String>,
    pub(super) ram: Given<String>,
    pub(super) socket: Given<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RamTable {
    pub(super) bytes: Given<u64>,
    pub(super) files: Given<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyTable {
    pub(super) first_use: Given<FirstUseChoice>,
    pub(super) pins: Option<Vec<Spanned<String>>>,
    pub(super) older_list: Option<OlderListChoice>,
    pub(super) older_file: Option<OlderFileChoice>,
    pub(super) default_configuration: Option<DefaultConfigurationChoice>,
    pub(super) min_rsa: Given<u64>,
    pub(super) sha1: Option<bool>,
    pub(super) sha256: Option<bool>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OlderListChoice {
    Accept,
    Confirmed,
    Refuse,
}

impl From<OlderListChoice> for policy::OlderList {
    fn from(given: OlderListChoice) -> Self {
        match given {
            OlderListChoice::Accept => Self::Accept,
            OlderListChoice::Confirmed => Self::Confirmed,
            OlderListChoice::Refuse => Self::Refuse,
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OlderFileChoice {
    Accept,
    Refuse,
    UnlessEncrypted,
}

impl From<OlderFileChoice> for policy::OlderFile {
    fn from(given: OlderFileChoice) -> Self {
        match given {
            OlderFileChoice::Accept => Self::Accept,
            OlderFileChoice::Refuse => Self::Refuse,
            OlderFileChoice::UnlessEncrypted => Self::UnlessEncrypted,
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DefaultConfigurationChoice {
    Always,
    First,
}

impl From<DefaultConfigurationChoice> for policy::DefaultConfiguration {
    fn from(given: DefaultConfigurationChoice) -> Self {
        match given {
            DefaultConfigurationChoice::Always => Self::Always,
            DefaultConfigurationChoice::First => Self::First,
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FirstUseChoice {
    Allow,
    Deny,
    Pin,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TvsTable {
    /// Named here so that it counts as a known key; the members are read one by one.
    #[serde(rename = "members")]
    pub(super) _members: Option<IgnoredAny>,
    pub(super) ttl_max_s: Given<u64>,
    pub(super) cache: Given<u64>,
    pub(super) connect_timeout_ms: Given<u64>,
    pub(super) handshake_timeout_ms: Given<u64>,
    pub(super) answer_timeout_ms: Given<u64>,
    pub(super) rsa1024: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpsTable {
    pub(super) connect_timeout_ms: Given<u64>,
    pub(super) handshake_timeout_ms: Given<u64>,
    pub(super) idle_s: Given<u64>,
    pub(super) total_s: Given<u64>,
    pub(super) slots: Given<u64>,
    pub(super) slots_per_user: Given<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SocketTable {
    pub(super) mode: Given<String>,
    pub(super) connections: Given<u64>,
    pub(super) per_user: Given<u64>,
    pub(super) idle_s: Given<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccessTable {
    pub(super) read: Option<Vec<Spanned<String>>>,
    pub(super) connect: Option<Vec<Spanned<String>>>,
    pub(super) fetch: Option<Vec<Spanned<String>>>,
    pub(super) erase: Option<Vec<Spanned<String>>>,
    pub(super) configure: Option<Vec<Spanned<String>>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TvsMemberTable {
    pub(super) address: Given<String>,
    pub(super) port: Given<u64>,
    pub(super) priority: Given<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsoleTable {
    pub(super) level: Option<LevelChoice>,
}

/// The console's own names for the levels.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LevelChoice {
    Error,
    Warning,
    Notice,
    Info,
    Debug,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SyslogTable {
    pub(super) server: Given<String>,
    pub(super) from_configuration: Option<bool>,
    pub(super) level: Option<LevelChoice>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RetryTable {
    pub(super) first_s: Given<u64>,
    pub(super) max_s: Given<u64>,
}
