//! The places in a configuration that count.

use crate::wire::configuration::settings_access::SETTINGS_ACCESS;
use crate::wire::configuration::web_access::WEB_ACCESS;

/// An element by its path from the root.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Spot {
    Root,
    /// Directly below the root, by its name.
    Fact(&'static str),
    Tvs,
    CapfList,
    Capf,
    /// Options of the model, which phone manufacturers name.
    VendorConfig,
    Members,
    Member,
    Port,
    Address,
    /// The log server, in the options of the model.
    LogServer,
    SipProfile,
    UserLocale,
    /// An element that names files, by its name.
    Named(&'static str),
    /// Anywhere else: neither it nor what is in it counts.
    Elsewhere,
}

impl Spot {
    /// The element of that name in this one.
    pub(super) fn child(self, name: &[u8], facts: &[&'static str]) -> Self {
        match (self, name) {
            // Only here: `members` and `member` are in groups of call managers, too.
            (Self::Root, b"TVS") => Self::Tvs,
            (Self::Root, b"capfList") => Self::CapfList,
            (Self::CapfList, b"capf") => Self::Capf,
            (Self::Capf, b"phonePort") => Self::Port,
            (Self::Capf, b"processNodeName") => Self::Address,
            (Self::Root, b"vendorConfig") => Self::VendorConfig,
            (Self::VendorConfig, b"settingsAccess") => Self::Fact(SETTINGS_ACCESS),
            (Self::VendorConfig, b"webAccess") => Self::Fact(WEB_ACCESS),
            (Self::VendorConfig, name) if name == LOG_SERVER.as_bytes() => Self::LogServer,
            (Self::Root, b"featurePolicyFile") => Self::Named("featurePolicyFile"),
            (Self::Root, b"loadInformation") => Self::Named("loadInformation"),
            (Self::Root, b"networkLocale") => Self::Named("networkLocale"),
            (Self::Root, b"sipProfile") => Self::SipProfile,
            (Self::Root, b"userLocale") => Self::UserLocale,
            (Self::SipProfile, b"dialTemplate") => Self::Named("dialTemplate"),
            (Self::SipProfile, b"softKeyFile") => Self::Named("softKeyFile"),
            (Self::UserLocale, b"name") => Self::Named("userLocale"),
            (Self::Root, _) => {
                let fact = facts.iter().find(|fact| fact.as_bytes() == name);
                fact.map_or(Self::Elsewhere, |fact| Self::Fact(fact))
            }
            (Self::Tvs, b"members") => Self::Members,
            (Self::Members, b"member") => Self::Member,
            (Self::Member, b"port") => Self::Port,
            (Self::Member, b"address") => Self::Address,
            _ => Self::Elsewhere,
        }
    }

    /// The element right below the root that was probably meant by one that counts for nothing: the
    /// same letters in another case, which is another name in XML.
    pub(super) fn meant(name: &[u8], facts: &[&'static str]) -> Option<&'static str> {
        let known = facts.iter().copied().chain(["TVS", "capfList", "vendorConfig"]);
        known.into_iter().find(|known| known.as_bytes().eq_ignore_ascii_case(name))
    }

    /// Its name, if only the first of its kind counts.
    pub(super) const fn only(self) -> Option<&'static str> {
        match self {
            Self::Fact(name) => Some(name),
            Self::Tvs => Some("TVS"),
            Self::CapfList => Some("capfList"),
            Self::Members => Some("members"),
            Self::Port => Some("port"),
            Self::Address => Some("address"),
            Self::LogServer => Some(LOG_SERVER),
            // Which one a phone takes of two elements that name files is not known.
            Self::Root
            | Self::Capf
            | Self::VendorConfig
            | Self::Member
            | Self::SipProfile
            | Self::UserLocale
            | Self::Named(_)
            | Self::Elsewhere => None,
        }
    }

    /// Whether its text counts.
    pub(super) const fn has_text(self) -> bool {
        matches!(
            self,
            Self::Fact(_) | Self::Port | Self::Address | Self::LogServer | Self::Named(_)
        )
    }
}

/// The element that names a log server.
///
/// # Source
/// Inferred, from the name of the call managers' field "Log Server" among the vendor's settings.
const LOG_SERVER: &str = "logServer";
