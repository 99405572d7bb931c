//! The facts of a configuration file that the agent needs.
//!
//! Pure: bytes in, facts out. Whether the file is trusted was decided before.

mod document;
mod enrolment;
mod settings_access;
mod shown;
mod spot;
#[cfg(test)]
mod tests;
mod text;
mod unreadable;
mod warning;
mod web_access;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::wire::address::{Host, ServerAddress};
use crate::wire::syslog::LogServer;
pub use document::Root;
use document::{FoundMembers, Written};
pub use enrolment::{AuthenticationMode, CAPF_PORT, CapfFacts, encrypted_for};
use settings_access::SETTINGS_ACCESS;
pub use settings_access::SettingsAccess;
pub use shown::TextPosition;
pub use unreadable::{Defect, MAX_BYTES, UnreadableConfiguration};
use warning::MAX_MEMBERS;
pub use warning::{ConfigurationWarning, MemberFault};
use web_access::WEB_ACCESS;
pub use web_access::WebAccess;

/// The facts of a configuration.
///
/// # Source
/// Domain facts 1.3, 4.2, 5.8 and 6.3; the layout is that of call managers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Configuration {
    /// Members of the Trust Verification Service, in the order in which they are asked.
    pub tvs: Vec<Member>,
    /// Whether and where to ask CAPF for a certificate.
    pub capf: CapfFacts,
    /// The log server, if it names one.
    pub log_server: Option<LogServer>,
    /// What was passed over.
    pub warnings: Vec<ConfigurationWarning>,
    /// Whether this is the full configuration, or a short one that only announces it.
    pub full: Option<bool>,
    /// Whether the full configuration is encrypted.
    pub encrypted: Option<bool>,
    /// The hash, as it is written, of the phone certificate that it is encrypted for.
    pub cert_hash: Option<Box<str>>,
    /// The number of the security mode: 1 none, 2 authenticated, 3 encrypted.
    pub security_mode: Option<u8>,
    /// Who may use the phone's Settings menu; `None` if nothing or no known number is written.
    pub settings_access: Option<SettingsAccess>,
    /// Whether the phone's web page may be opened; `None` if nothing or no known number is written.
    pub web_access: Option<WebAccess>,
    /// The URLs that are not empty, by the name of their element, such as `directoryURL`.
    pub urls: BTreeMap<&'static str, Box<str>>,
    /// What names files of the phone and is not empty, by the name of its element: whole names
    /// (`dialTemplate`, `softKeyFile`, `featurePolicyFile`), or what the phone makes names from
    /// (`loadInformation`, `userLocale`, `networkLocale`).
    pub named: BTreeMap<&'static str, Box<str>>,
}

/// A member of the Trust Verification Service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Member {
    /// Where it listens, by default at [`TVS_PORT`].
    pub address: ServerAddress,
    /// Lower is asked first. Reference tools count from 0 to 4; no number is refused.
    pub priority: u8,
}

impl Configuration {
    /// Reads a configuration with this root.
    ///
    /// A member without a usable address is skipped with a warning; of other facts but
    /// `encrConfig`, one that cannot be read is the same as one that is not there.
    ///
    /// # Errors
    /// [`UnreadableConfiguration`]: nothing is known of it then, and no fact may count as absent.
    pub fn parse(bytes: &[u8], root: Root) -> Result<Self, UnreadableConfiguration> {
        // Before anything is decoded, which takes memory by the size.
        if bytes.len() > MAX_BYTES {
            let defect = Defect::TooLarge { found: bytes.len() };
            return Err(UnreadableConfiguration {
                defect,
                place: None,
                announces_encryption: false,
            });
        }
        let text = text::decode(bytes);
        let mut found = document::read(&text, root, &FACTS);
        let encrypted = found.facts.get(ENCRYPTED).map(|text| truth(text));
        // Reported of a broken file as well: damage must not hide that there is an encrypted one.
        if let Some((defect, place)) = found.defect {
            let announces_encryption = encrypted == Some(Some(true));
            return Err(UnreadableConfiguration {
                defect,
                place: Some(place),
                announces_encryption,
            });
        }
        // Neither true nor false: guessing "false" would switch encryption off.
        if encrypted == Some(None) {
            let found = found.facts.remove(ENCRYPTED).unwrap_or_default();
            let defect = Defect::Odd { element: ENCRYPTED, found };
            return Err(UnreadableConfiguration {
                defect,
                place: None,
                announces_encryption: true,
            });
        }
        let read = Self::from_found(found, encrypted.flatten());
        // A short one has no use but to announce the encrypted one.
        if read.full == Some(false) && read.encrypted != Some(true) {
            return Err(UnreadableConfiguration {
                defect: Defect::OnlyShort,
                place: None,
                announces_encryption: true,
            });
        }
        Ok(read)
    }

    fn from_found(mut found: FoundMembers, encrypted: Option<bool>) -> Self {
        let (tvs, mut warnings) = members(found.members, found.count);
        warnings.append(&mut found.passed_over);
        let (capf, mut odd) = enrolment::facts(found.facts.remove(CAPF_MODE), found.capf);
        warnings.append(&mut odd);
        let log_server = found.log_server.and_then(|text| {
            let read = LogServer::of_configuration(&text);
            read.map_err(|why| {
                warnings.push(ConfigurationWarning::LogServer { found: text, why });
            })
            .ok()
        });
        let mut facts = found.facts;
        facts.remove(ENCRYPTED);
        // Call managers write elements without content for what is not set.
        facts.retain(|_, text| !text.is_empty());
        let settings_access = facts.remove(SETTINGS_ACCESS).and_then(|found| {
            let access = SettingsAccess::of_text(&found);
            if access.is_none() {
                warnings.push(ConfigurationWarning::SettingsAccess { found });
            }
            access
        });
        let web_access = facts.remove(WEB_ACCESS).and_then(|found| {
            let access = WebAccess::of_text(&found);
            if access.is_none() {
                warnings.push(ConfigurationWarning::WebAccess { found });
            }
            access
        });
        Self {
            tvs,
            capf,
            log_server,
            warnings,
            full: facts.remove("fullConfig").and_then(|text| truth(&text)),
            encrypted,
            cert_hash: facts.remove("certHash"),
            settings_access,
            security_mode: facts.remove("deviceSecurityMode").and_then(|text| text.parse().ok()),
            web_access,
            urls: facts,
            named: found.named,
        }
    }
}

/// The members in the order of their priority, those without one last.
fn members(written: Vec<Written>, count: usize) -> (Vec<Member>, Vec<ConfigurationWarning>) {
    let (mut members, mut warnings) = (Vec::new(), Vec::new());
    for (position, written) in written.into_iter().enumerate() {
        if written.priority.is_none() {
            warnings.push(ConfigurationWarning::Member { position, fault: MemberFault::Priority });
        }
        // One bad member does not cost the others: fewer to ask is better than none.
        match member(written) {
            Ok(member) => members.push(member),
            Err(fault) => warnings.push(ConfigurationWarning::Member { position, fault }),
        }
    }
    // Stable: members of one priority stay in the order of the file.
    members.sort_by_cached_key(|member| usize::from(member.priority));
    if members.len() > MAX_MEMBERS {
        warnings.push(ConfigurationWarning::TooMany { found: count });
        members.truncate(MAX_MEMBERS);
    }
    (members, warnings)
}

fn member(written: Written) -> Result<Member, MemberFault> {
    let port = written.port(TVS_PORT)?;
    let found = written.address.ok_or(MemberFault::NoAddress)?;
    let host = Host::parse(&found).map_err(|why| MemberFault::Address { found, why })?;
    let priority = written.priority.unwrap_or(u8::MAX);
    Ok(Member { address: ServerAddress { host, port }, priority })
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

const ENCRYPTED: &str = "encrConfig";

const CAPF_MODE: &str = "capfAuthMode";

/// The elements directly below the root that count: facts about the configuration, and the URLs of
/// services that phones ask the agent to open (domain facts 1.3, 4.2 and 6.3).
const FACTS: [&str; 18] = [
    "authenticationURL",
    CAPF_MODE,
    "certHash",
    "deviceSecurityMode",
    "directoryURL",
    ENCRYPTED,
    "fullConfig",
    "idleURL",
    "informationURL",
    "messagesURL",
    "proxyServerURL",
    "secureAuthenticationURL",
    "secureDirectoryURL",
    "secureIdleURL",
    "secureInformationURL",
    "secureMessagesURL",
    "secureServicesURL",
    "servicesURL",
];

/// The service's port where none is written (technote: "port:2445 (default)").
pub const TVS_PORT: u16 = 2445;
