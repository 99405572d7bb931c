//! From sections to the configuration: ranges, addresses, and what must agree.

use core::ops::RangeInclusive;
use std::net::SocketAddr;
use std::path::PathBuf;

use log::LevelFilter;
use toml::Spanned;

use super::faults::Faults;
use super::place::element_key;
use super::raw::{self, Given, LevelChoice};
use super::values::{parse_mode, parse_own_address, parse_pin};
use super::{
    Access, CapfSettings, ConsoleSettings, DeviceSettings, HttpsSettings, IdentityFiles,
    IdentitySettings, Member, Network, Paths, Principal, ProvisioningSettings, Quota, RetryPause,
    SandboxMode, SandboxSettings, Settings, Slot, SocketSettings, SyslogSettings, TVS_PORT,
    TftpSettings, TvsSettings, WebSettings, Wrong,
};
use crate::trust::policy::{Choice, FirstUsePolicy, Policy};
use crate::wire::name::{DeviceName, Model};
use crate::wire::way::FileWay;

/// All sections of a file.
pub(super) struct Sections {
    pub(super) device: raw::DeviceTable,
    pub(super) device_offset: usize,
    pub(super) tftp: raw::TftpTable,
    pub(super) provisioning: raw::ProvisioningTable,
    pub(super) paths: raw::PathsTable,
    pub(super) ram: raw::RamTable,
    pub(super) policy: raw::PolicyTable,
    pub(super) tvs: raw::TvsTable,
    pub(super) members: Vec<(usize, raw::TvsMemberTable)>,
    pub(super) https: raw::HttpsTable,
    pub(super) capf: raw::CapfTable,
    pub(super) socket: raw::SocketTable,
    pub(super) access: raw::AccessTable,
    pub(super) console: raw::ConsoleTable,
    pub(super) syslog: raw::SyslogTable,
    pub(super) web: raw::WebTable,
    pub(super) retry: raw::RetryTable,
    pub(super) identity: raw::IdentityTable,
    pub(super) sandbox: raw::SandboxTable,
}

/// The configuration, complete only if no fault was added.
pub(super) fn configuration(sections: Sections, faults: &mut Faults) -> Option<Settings> {
    let device = device(sections.device, sections.device_offset, faults);
    let tftp = tftp(sections.tftp, faults);
    let provisioning = provisioning(&sections.provisioning, faults);
    let paths = paths(sections.paths, faults);
    let ram = ram(&sections.ram, faults);
    let policy = policy(sections.policy, faults);
    let members = members(&sections.members, faults);
    let tvs = TvsSettings { members, ..tvs(&sections.tvs, faults) };
    let https = https(&sections.https, faults);
    let capf = capf(&sections.capf, faults);
    let socket = socket(sections.socket, faults);
    let access = access(sections.access, faults);
    let console = console(&sections.console);
    let syslog = syslog(&sections.syslog, faults);
    let web = web(sections.web, faults);
    let retry = retry(&sections.retry, faults);
    let identity = exported(sections.identity, &paths, faults);
    let sandbox = sandbox(sections.sandbox, faults);
    // Last: a device without a name must not hide the faults of other sections.
    let device = device?;
    Some(Settings {
        device,
        tftp,
        provisioning,
        paths,
        ram,
        policy,
        tvs,
        https,
        capf,
        socket,
        access,
        console,
        syslog,
        web,
        retry,
        identity,
        sandbox,
    })
}

fn device(raw: raw::DeviceTable, offset: usize, faults: &mut Faults) -> Option<DeviceSettings> {
    let model = raw.model.and_then(|text| {
        let bad = |found| Wrong::BadModel { found };
        faults.text("device.model", &text, Model::parse, bad)
    });
    let address = raw.address.and_then(|text| {
        let bad = |found| Wrong::BadOwnAddress { found };
        faults.text("device.address", &text, parse_own_address, bad)
    });
    // Before the name, whose absence ends this: its faults are reported too.
    let identity = identity(raw.certificate, raw.key, faults);
    let Some(name) = raw.name else {
        faults.missing(offset, "device.name");
        return None;
    };
    let bad = |found| Wrong::BadDeviceName { found };
    let name = faults.text("device.name", &name, DeviceName::parse, bad)?;
    Some(DeviceSettings { name, model: model.unwrap_or_default(), address, identity })
}

fn identity(
    certificate: Given<String>,
    key: Given<String>,
    faults: &mut Faults,
) -> Option<IdentityFiles> {
    match (&certificate, &key) {
        (Some(given), None) => {
            faults.at(given, "device.certificate", Wrong::Alone { without: "device.key" });
        }
        (None, Some(given)) => {
            faults.at(given, "device.key", Wrong::Alone { without: "device.certificate" });
        }
        _ => (),
    }
    let certificate = certificate.and_then(|given| faults.path("device.certificate", &given));
    let key = key.and_then(|given| faults.path("device.key", &given));
    Some(IdentityFiles { certificate: certificate?, key: key? })
}

fn tftp(raw: raw::TftpTable, faults: &mut Faults) -> TftpSettings {
    let default = TftpSettings::default();
    let servers = raw.servers.map(|servers| faults.servers(&servers)).unwrap_or_default();
    // The ranges of RFC 2349 (timeout) and RFC 2348 (blksize); that of windowsize is explained in
    // `wire::tftp`.
    let timeout = faults.seconds("tftp.timeout_s", &raw.timeout_s, 1..=255, default.timeout);
    let deadline = faults.seconds("tftp.deadline_s", &raw.deadline_s, 1..=3600, default.deadline);
    let list_limit = faults.number("tftp.list_limit", &raw.list_limit, limits(Slot::Itl));
    let config_limit =
        faults.number("tftp.config_limit", &raw.config_limit, limits(Slot::Configuration));
    TftpSettings {
        servers,
        blksize: faults.number("tftp.blksize", &raw.blksize, 8..=65_464).unwrap_or(default.blksize),
        windowsize: faults
            .number("tftp.windowsize", &raw.windowsize, 1..=32_767)
            .unwrap_or(default.windowsize),
        tsize: raw.tsize.unwrap_or(default.tsize),
        timeout,
        retries: faults.number("tftp.retries", &raw.retries, 0..=20).unwrap_or(default.retries),
        deadline,
        list_limit: list_limit.unwrap_or(default.list_limit),
        config_limit: config_limit.unwrap_or(default.config_limit),
    }
}

fn provisioning(raw: &raw::ProvisioningTable, faults: &mut Faults) -> ProvisioningSettings {
    let default = ProvisioningSettings::default();
    let key = "provisioning.order";
    // Read under either choice: a mistyped order is a fault before it is needed.
    let ways = raw.order.as_ref().map_or(default.ways, |order| {
        let bad = |found| Wrong::BadWays { found };
        let texts = order.get_ref();
        let ways = texts.iter().filter_map(|text| faults.text(key, text, FileWay::of_word, bad));
        let ways: Vec<FileWay> = ways.collect();
        let is_repeated = ways.iter().enumerate().any(|(at, way)| ways[..at].contains(way));
        if ways.len() == texts.len()
            && (is_repeated || ways.iter().all(|way| *way == FileWay::Https))
        {
            let words: Vec<&str> = ways.iter().map(|way| way.word()).collect();
            faults.at(order, key, Wrong::BadWays { found: words.join(", ") });
        }
        ways
    });
    let mut port =
        |key, given: &Given<u64>, default| faults.number(key, given, 1..=65_535).unwrap_or(default);
    ProvisioningSettings {
        ways: if matches!(raw.http, Some(raw::HttpChoice::Off)) {
            vec![FileWay::Tftp]
        } else {
            ways
        },
        http_port: port("provisioning.http_port", &raw.http_port, default.http_port),
        https_port: port("provisioning.https_port", &raw.https_port, default.https_port),
    }
}

/// No more than the store keeps.
fn limits(slot: Slot) -> RangeInclusive<u64> {
    1024..=u64::try_from(slot.limit()).unwrap_or(u64::MAX)
}

fn paths(raw: raw::PathsTable, faults: &mut Faults) -> Paths {
    let default = Paths::default();
    // The fault is shown at whichever of the two folders is in the file.
    let state_at = raw.state.as_ref().or(raw.ram.as_ref()).map_or(0, |given| given.span().start);
    let state = raw.state.and_then(|given| faults.path("paths.state", &given));
    let ram = raw.ram.and_then(|given| faults.path("paths.ram", &given));
    let socket = raw.socket.and_then(|given| faults.path("paths.socket", &given));
    let paths = Paths {
        state: state.unwrap_or(default.state),
        ram: ram.unwrap_or(default.ram),
        socket: socket.unwrap_or(default.socket),
    };
    // One inside the other would let a fetched file take the place of a trusted one.
    if paths.state.starts_with(&paths.ram) || paths.ram.starts_with(&paths.state) {
        faults.add(state_at, "paths.state", Wrong::Same { other: "paths.ram" });
    }
    paths
}

fn exported(raw: raw::IdentityTable, paths: &Paths, faults: &mut Faults) -> IdentitySettings {
    let radius_ca = raw.radius_ca.and_then(|given| faults.path("identity.radius_ca", &given));
    let Some(given) = raw.export else { return IdentitySettings { export: None, radius_ca } };
    let export = faults.path("identity.export", &given);
    // A fetched file must not take the key's place, nor the key that of what is installed.
    for (other, folder) in [("paths.state", &paths.state), ("paths.ram", &paths.ram)] {
        let shares = |export: &PathBuf| export.starts_with(folder) || folder.starts_with(export);
        if export.as_ref().is_some_and(shares) {
            faults.at(&given, "identity.export", Wrong::Same { other });
        }
    }
    IdentitySettings { export, radius_ca }
}

fn sandbox(raw: raw::SandboxTable, faults: &mut Faults) -> SandboxSettings {
    let bad = |found| Wrong::BadUser { found };
    let name = |text: &str| (!text.is_empty() && text != "root").then(|| text.to_owned());
    let user = raw.user.and_then(|text| faults.text("sandbox.user", &text, name, bad));
    SandboxSettings { mode: raw.mode.map_or_else(SandboxMode::default, Into::into), user }
}

/// At least one configuration of the largest size has to fit, and the files that it names.
fn ram(raw: &raw::RamTable, faults: &mut Faults) -> Quota {
    let default = Quota::default();
    let bytes = faults.number("ram.bytes", &raw.bytes, 1 << 20..=1 << 30);
    let files = faults.number("ram.files", &raw.files, 2..=4096);
    Quota { bytes: bytes.unwrap_or(default.bytes), files: files.unwrap_or(default.files) }
}

fn policy(raw: raw::PolicyTable, faults: &mut Faults) -> Policy {
    let default = Policy::default();
    // Read under every policy: a mistyped pin is a fault before it is needed.
    let pins = pins(&raw.pins.unwrap_or_default(), faults);
    let first_use = match raw.first_use {
        None => default.first_use,
        Some(given) => match given.get_ref() {
            raw::FirstUseChoice::Allow => FirstUsePolicy::Allow,
            raw::FirstUseChoice::Deny => FirstUsePolicy::Deny,
            raw::FirstUseChoice::Pin if pins.is_empty() => {
                // Falling back to a first use of any signer would be the opposite of what was
                // meant.
                faults.at(&given, "policy.first_use", Wrong::NoPins);
                FirstUsePolicy::Deny
            }
            raw::FirstUseChoice::Pin => FirstUsePolicy::Pin(pins),
        },
    };
    let bits = faults.number("policy.min_rsa", &raw.min_rsa, 1024..=4096);
    Policy {
        first_use,
        older_list: raw.older_list.map_or(default.older_list, Into::into),
        older_file: raw.older_file.map_or(default.older_file, Into::into),
        default_configuration: raw
            .default_configuration
            .map_or(default.default_configuration, Into::into),
        min_rsa_bits: bits.unwrap_or(default.min_rsa_bits),
        sha1: raw.sha1.map_or(default.sha1, allowed),
        sha256: raw.sha256.map_or(default.sha256, allowed),
    }
}

const fn allowed(given: bool) -> Choice {
    if given { Choice::Accept } else { Choice::Refuse }
}

fn pins(given: &[Spanned<String>], faults: &mut Faults) -> Vec<[u8; 32]> {
    let bad = |found| Wrong::BadPin { found };
    given.iter().filter_map(|pin| faults.text("policy.pins", pin, parse_pin, bad)).collect()
}

fn tvs(raw: &raw::TvsTable, faults: &mut Faults) -> TvsSettings {
    let default = TvsSettings::default();
    let connect_timeout =
        faults.wait("tvs.connect_timeout_ms", &raw.connect_timeout_ms, default.connect_timeout);
    let handshake_timeout = faults.wait(
        "tvs.handshake_timeout_ms",
        &raw.handshake_timeout_ms,
        default.handshake_timeout,
    );
    let answer_timeout =
        faults.wait("tvs.answer_timeout_ms", &raw.answer_timeout_ms, default.answer_timeout);
    TvsSettings {
        members: Vec::new(),
        ttl_max: faults.seconds("tvs.ttl_max_s", &raw.ttl_max_s, 1..=2_592_000, default.ttl_max),
        cache: faults.number("tvs.cache", &raw.cache, 1..=65_536).unwrap_or(default.cache),
        connect_timeout,
        handshake_timeout,
        answer_timeout,
        rsa1024: raw.rsa1024.unwrap_or(default.rsa1024),
        legacy_tls: raw.legacy_tls.unwrap_or(default.legacy_tls),
    }
}

fn members(raw: &[(usize, raw::TvsMemberTable)], faults: &mut Faults) -> Vec<Member> {
    if raw.len() > MAX_MEMBERS {
        let offset = raw.first().map_or(0, |(offset, _)| *offset);
        let wrong = Wrong::TooMany { found: raw.len(), limit: MAX_MEMBERS };
        faults.add(offset, "tvs.members", wrong);
    }
    let member = |(index, (offset, raw)): (usize, &(usize, raw::TvsMemberTable))| {
        member(&element_key("tvs.members", index), *offset, raw, faults)
    };
    let mut members: Vec<Member> = raw.iter().enumerate().filter_map(member).collect();
    // The sort is stable: members of the same priority keep the order of the file.
    members.sort_by_cached_key(|member| usize::from(member.priority));
    members
}

fn member(
    name: &str,
    offset: usize,
    raw: &raw::TvsMemberTable,
    faults: &mut Faults,
) -> Option<Member> {
    let port = faults.number(&format!("{name}.port"), &raw.port, 1..=65_535);
    let priority = faults.number(&format!("{name}.priority"), &raw.priority, 0..=255);
    let key = format!("{name}.address");
    let Some(address) = &raw.address else {
        faults.missing(offset, &key);
        return None;
    };
    let mut address = faults.address(&key, address, TVS_PORT)?;
    // A `port` of its own wins over one in the address.
    address.port = port.unwrap_or(address.port);
    Some(Member { address, priority: priority.unwrap_or_default() })
}

fn https(raw: &raw::HttpsTable, faults: &mut Faults) -> HttpsSettings {
    let default = HttpsSettings::default();
    let connect_timeout =
        faults.wait("https.connect_timeout_ms", &raw.connect_timeout_ms, default.connect_timeout);
    let handshake_timeout = faults.wait(
        "https.handshake_timeout_ms",
        &raw.handshake_timeout_ms,
        default.handshake_timeout,
    );
    let idle = faults.seconds("https.idle_s", &raw.idle_s, 1..=604_800, default.idle);
    let total = faults.seconds("https.total_s", &raw.total_s, 1..=604_800, default.total);
    let slots = faults.number("https.slots", &raw.slots, 1..=1024).unwrap_or(default.slots);
    // Half of them, unless another number is given: an application has another one beside it.
    let slots_per_user = faults
        .number("https.slots_per_user", &raw.slots_per_user, 1..=1024)
        .unwrap_or(slots.div_ceil(2));
    let legacy_tls = raw.legacy_tls.unwrap_or(default.legacy_tls);
    HttpsSettings {
        connect_timeout,
        handshake_timeout,
        idle,
        total,
        slots,
        slots_per_user,
        legacy_tls,
    }
}

fn capf(raw: &raw::CapfTable, faults: &mut Faults) -> CapfSettings {
    let default = CapfSettings::default();
    let pause = faults.seconds("capf.retry_s", &raw.retry_s, 1..=3600, default.pause);
    CapfSettings { pause, legacy_tls: raw.legacy_tls.unwrap_or(default.legacy_tls) }
}

fn socket(raw: raw::SocketTable, faults: &mut Faults) -> SocketSettings {
    let default = SocketSettings::default();
    let mode = raw.mode.and_then(|text| {
        let bad = |found| Wrong::BadMode { found };
        faults.text("socket.mode", &text, parse_mode, bad)
    });
    let mut count =
        |key, given: &Given<u64>, default| faults.number(key, given, 1..=4096).unwrap_or(default);
    let connections = count("socket.connections", &raw.connections, default.connections);
    let per_user = count("socket.per_user", &raw.per_user, default.per_user);
    SocketSettings {
        mode: mode.unwrap_or(default.mode),
        connections,
        per_user,
        idle: faults.seconds("socket.idle_s", &raw.idle_s, 1..=86_400, default.idle),
    }
}

fn access(raw: raw::AccessTable, faults: &mut Faults) -> Access {
    let default = Access::default();
    let mut right = |key, given: Option<Vec<Spanned<String>>>, default| match given {
        None => default,
        Some(given) => {
            let bad = |found| Wrong::BadPrincipal { found };
            given.iter().filter_map(|text| faults.text(key, text, Principal::parse, bad)).collect()
        }
    };
    Access {
        read: right("access.read", raw.read, default.read),
        connect: right("access.connect", raw.connect, default.connect),
        fetch: right("access.fetch", raw.fetch, default.fetch),
        erase: right("access.erase", raw.erase, default.erase),
        configure: right("access.configure", raw.configure, default.configure),
    }
}

fn console(raw: &raw::ConsoleTable) -> ConsoleSettings {
    let level = raw.level.map(filter);
    level.map_or_else(ConsoleSettings::default, |level| ConsoleSettings { level })
}

const fn filter(level: LevelChoice) -> LevelFilter {
    match level {
        LevelChoice::Error => LevelFilter::Error,
        LevelChoice::Warning => LevelFilter::Warn,
        // The `log` crate has no notice: from here on, each level is one further down there.
        LevelChoice::Notice => LevelFilter::Info,
        LevelChoice::Info => LevelFilter::Debug,
        LevelChoice::Debug => LevelFilter::Trace,
    }
}

fn syslog(raw: &raw::SyslogTable, faults: &mut Faults) -> SyslogSettings {
    let default = SyslogSettings::default();
    let server = raw.server.as_ref().and_then(|text| faults.log_server("syslog.server", text));
    SyslogSettings {
        server,
        from_configuration: raw.from_configuration.unwrap_or(default.from_configuration),
        level: raw.level.map_or(default.level, filter),
    }
}

fn web(raw: raw::WebTable, faults: &mut Faults) -> WebSettings {
    let default = WebSettings::default();
    let listen = raw.listen.map_or(default.listen, |given| {
        if given.get_ref().len() > MAX_LISTEN {
            let wrong = Wrong::TooMany { found: given.get_ref().len(), limit: MAX_LISTEN };
            faults.at(&given, "web.listen", wrong);
        }
        let bad = |found| Wrong::BadListen { found };
        // IPv4 in the notation of IPv6 is IPv4.
        let canonical = |it: SocketAddr| SocketAddr::new(it.ip().to_canonical(), it.port());
        let parse = |text: &str| text.parse().ok().map(canonical);
        let texts = given.get_ref().iter();
        texts.filter_map(|text| faults.text("web.listen", text, parse, bad)).collect()
    });
    let allow = raw.allow.map_or(default.allow, |given| {
        let bad = |found| Wrong::BadNetwork { found };
        given.iter().filter_map(|it| faults.text("web.allow", it, Network::parse, bad)).collect()
    });
    let connections = faults.number("web.connections", &raw.connections, 2..=256);
    WebSettings {
        listen,
        allow,
        connections: connections.unwrap_or(default.connections),
        log: raw.log.unwrap_or(default.log),
    }
}

fn retry(raw: &raw::RetryTable, faults: &mut Faults) -> RetryPause {
    let default = RetryPause::default();
    let first = faults.seconds("retry.first_s", &raw.first_s, 1..=86_400, default.first);
    // A first pause beyond the default limit raises that, if none is set.
    let longest = default.max.max(first);
    // The pause only grows: its limit cannot be below where it starts.
    let max = faults.seconds("retry.max_s", &raw.max_s, first.as_secs()..=86_400, longest);
    RetryPause { first, max }
}

/// Addresses of the web page. Inferred: those of two interfaces, in both families, twice.
const MAX_LISTEN: usize = 8;

/// TVS members. Reference tools: up to five in a configuration.
const MAX_MEMBERS: usize = 5;
