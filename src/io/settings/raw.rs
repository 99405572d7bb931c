//! The sections as they are in the file, before they are checked.

use toml::Spanned;
use toml::de::DeValue;

use super::SandboxMode;
use super::typed::{TypedValue, WrongValue, choice};
use crate::trust::policy;

/// A value and its place in the file, if the key is there.
pub(super) type Given<T> = Option<Spanned<T>>;

/// A table of the file, which is filled key by key.
pub(super) trait Table: Default {
    /// Every key that it may have, in the order of the sample.
    const KEYS: &'static [&'static str];

    /// Keeps the value of one of them.
    ///
    /// # Errors
    /// What is wrong with the value.
    fn keep(&mut self, key: &str, value: Spanned<DeValue<'_>>) -> Result<(), WrongValue>;
}

/// Declares tables by their keys and the types of their values. Serde's own derive does the same with
/// a reader for each table, which is 100 KB in the phone's binary.
macro_rules! tables {
    ($($(#[$about:meta])* $name:ident $(besides $other:literal)? {
        $($key:ident: $value:ty,)*
    })*) => {$(
        $(#[$about])*
        #[derive(Default)]
        pub(super) struct $name {
            $(pub(super) $key: Option<$value>,)*
        }

        impl Table for $name {
            const KEYS: &'static [&'static str] = &[$($other,)? $(stringify!($key),)*];

            fn keep(&mut self, key: &str, value: Spanned<DeValue<'_>>) -> Result<(), WrongValue> {
                match key {
                    $(stringify!($key) => self.$key = Some(TypedValue::read(value)?),)*
                    // What is read elsewhere, and what the table does not know, was taken out.
                    _ => {}
                }
                Ok(())
            }
        }
    )*};
}

tables! {
    DeviceTable {
        name: Spanned<String>,
        model: Spanned<String>,
        address: Spanned<String>,
        certificate: Spanned<String>,
        key: Spanned<String>,
    }
    TftpTable {
        servers: Spanned<Vec<Spanned<String>>>,
        blksize: Spanned<u64>,
        windowsize: Spanned<u64>,
        tsize: bool,
        timeout_s: Spanned<u64>,
        retries: Spanned<u64>,
        deadline_s: Spanned<u64>,
        list_limit: Spanned<u64>,
        config_limit: Spanned<u64>,
    }
    ProvisioningTable {
        http: HttpChoice,
        order: Spanned<Vec<Spanned<String>>>,
        http_port: Spanned<u64>,
        https_port: Spanned<u64>,
    }
    PathsTable {
        state: Spanned<String>,
        ram: Spanned<String>,
        socket: Spanned<String>,
    }
    RamTable {
        bytes: Spanned<u64>,
        files: Spanned<u64>,
    }
    PolicyTable {
        first_use: Spanned<FirstUseChoice>,
        pins: Vec<Spanned<String>>,
        older_list: OlderListChoice,
        older_file: OlderFileChoice,
        default_configuration: DefaultConfigurationChoice,
        min_rsa: Spanned<u64>,
        sha1: bool,
        sha256: bool,
    }
    /// Its members are read one by one.
    TvsTable besides "members" {
        ttl_max_s: Spanned<u64>,
        cache: Spanned<u64>,
        connect_timeout_ms: Spanned<u64>,
        handshake_timeout_ms: Spanned<u64>,
        answer_timeout_ms: Spanned<u64>,
        rsa1024: bool,
        legacy_tls: bool,
    }
    HttpsTable {
        connect_timeout_ms: Spanned<u64>,
        handshake_timeout_ms: Spanned<u64>,
        idle_s: Spanned<u64>,
        total_s: Spanned<u64>,
        slots: Spanned<u64>,
        slots_per_user: Spanned<u64>,
        legacy_tls: bool,
    }
    CapfTable {
        retry_s: Spanned<u64>,
        legacy_tls: bool,
    }
    SocketTable {
        mode: Spanned<String>,
        connections: Spanned<u64>,
        per_user: Spanned<u64>,
        idle_s: Spanned<u64>,
    }
    AccessTable {
        read: Vec<Spanned<String>>,
        connect: Vec<Spanned<String>>,
        fetch: Vec<Spanned<String>>,
        erase: Vec<Spanned<String>>,
        configure: Vec<Spanned<String>>,
    }
    TvsMemberTable {
        address: Spanned<String>,
        port: Spanned<u64>,
        priority: Spanned<u64>,
    }
    ConsoleTable {
        level: LevelChoice,
    }
    SyslogTable {
        server: Spanned<String>,
        from_configuration: bool,
        level: LevelChoice,
    }
    WebTable {
        listen: Spanned<Vec<Spanned<String>>>,
        allow: Vec<Spanned<String>>,
        connections: Spanned<u64>,
        log: bool,
    }
    RetryTable {
        first_s: Spanned<u64>,
        max_s: Spanned<u64>,
    }
    IdentityTable {
        export: Spanned<String>,
        radius_ca: Spanned<String>,
    }
    SandboxTable {
        mode: SandboxChoice,
        user: Spanned<String>,
    }
}

/// Declares settings that are one of several words.
macro_rules! choices {
    ($($(#[$about:meta])* $name:ident { $($word:literal $choice:ident,)* })*) => {$(
        $(#[$about])*
        #[derive(Clone, Copy)]
        pub(super) enum $name {
            $($choice,)*
        }

        impl TypedValue for $name {
            fn read(value: Spanned<DeValue<'_>>) -> Result<Self, WrongValue> {
                choice(&value, &[$(($word, Self::$choice),)*])
            }
        }
    )*};
}

choices! {
    OlderListChoice {
        "accept" Accept,
        "confirmed" Confirmed,
        "refuse" Refuse,
    }
    OlderFileChoice {
        "accept" Accept,
        "refuse" Refuse,
        "unless-encrypted" UnlessEncrypted,
    }
    DefaultConfigurationChoice {
        "always" Always,
        "first" First,
    }
    FirstUseChoice {
        "allow" Allow,
        "deny" Deny,
        "pin" Pin,
    }
    HttpChoice {
        "auto" Auto,
        "off" Off,
    }
    SandboxChoice {
        "best-effort" BestEffort,
        "enforce" Enforce,
        "off" Off,
    }
    /// The console's own names for the levels.
    LevelChoice {
        "error" Error,
        "warning" Warning,
        "notice" Notice,
        "info" Info,
        "debug" Debug,
    }
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

impl From<SandboxChoice> for SandboxMode {
    fn from(given: SandboxChoice) -> Self {
        match given {
            SandboxChoice::BestEffort => Self::BestEffort,
            SandboxChoice::Enforce => Self::Enforce,
            SandboxChoice::Off => Self::Off,
        }
    }
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

impl From<DefaultConfigurationChoice> for policy::DefaultConfiguration {
    fn from(given: DefaultConfigurationChoice) -> Self {
        match given {
            DefaultConfigurationChoice::Always => Self::Always,
            DefaultConfigurationChoice::First => Self::First,
        }
    }
}
