//! Old TLS: for whom it may be spoken, when it is tried, and what is logged and counted of it.
//!
//! The current stack comes first, always. Only if that ends because the server has nothing of it,
//! before any certificate was shown, and the setting for the purpose is on, is the server connected
//! to once more.

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};

use rustls::pki_types::ServerName;

use crate::agent::narrate::say;
use crate::boot::Event;
use crate::io::settings::Settings;
use crate::io::tls::{HandshakeFailure, OldTerms};
use crate::trust::Purpose;

/// The setting that allows old TLS for a purpose.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct LegacySwitch {
    /// Its key in secd.toml.
    key: &'static str,
    is_on: bool,
}

impl LegacySwitch {
    /// The setting for a purpose; `None` where old TLS is never spoken, whatever the settings.
    pub(super) const fn of(settings: &Settings, purpose: Purpose) -> Option<Self> {
        let (key, is_on) = match purpose {
            Purpose::Capf => ("capf.legacy_tls", settings.capf.legacy_tls),
            Purpose::HttpsService => ("https.legacy_tls", settings.https.legacy_tls),
            Purpose::Tvs => ("tvs.legacy_tls", settings.tvs.legacy_tls),
            // Files come by other ways, and signalling is not the agent's.
            Purpose::HttpsProvisioning | Purpose::Signalling => return None,
        };
        Some(Self { key, is_on })
    }
}

/// A server with which the current stack has no handshake.
#[derive(Clone, Copy)]
pub(super) struct FailedServer<'a> {
    pub(super) settings: &'a Settings,
    pub(super) purpose: Purpose,
    pub(super) address: SocketAddr,
    /// The name that the handshake was made under.
    pub(super) name: &'a ServerName<'static>,
}

/// The same if it is to be connected to once more, in old TLS.
pub(super) struct OldServer<'a> {
    server: FailedServer<'a>,
    first: HandshakeFailure,
}

impl<'a> FailedServer<'a> {
    /// Whether old TLS is to be tried after a failure.
    ///
    /// # Errors
    /// That it is not; why there is no connection, as exactly as the server allows, in words.
    pub(super) async fn after(self, failure: HandshakeFailure) -> Result<OldServer<'a>, String> {
        let switch = LegacySwitch::of(self.settings, self.purpose);
        let (is_on, key) = switch.map_or((false, ""), |switch| (switch.is_on, switch.key));
        let failure = match is_on && failure.may_be_older() {
            true => failure,
            // Servers that close without an alert are asked what they have, too.
            false => self.explained(failure).await,
        };
        if is_on && failure.may_be_older() {
            say(&Event::LegacyTried { ip: self.address.ip(), setting: key });
            return Ok(OldServer { server: self, first: failure });
        }
        let hint = match switch {
            Some(switch) if !switch.is_on && failure.is_spoken_in_old() => {
                format!(" ({key} allows it)")
            }
            _ => String::new(),
        };
        Err(format!("{failure}{hint}"))
    }

    async fn explained(self, failure: HandshakeFailure) -> HandshakeFailure {
        failure.explained(self.settings.device.address, self.address, self.name).await
    }
}

impl OldServer<'_> {
    /// Why there is no connection in old TLS either, in words.
    pub(super) async fn refused(self, second: HandshakeFailure) -> String {
        // It has neither: what it does have says more than that it refused.
        match second.is_refused_offer() {
            true => self.server.explained(self.first).await.to_string(),
            false => second.to_string(),
        }
    }
}

/// How many connections were made in old TLS since the start.
#[derive(Default)]
pub(super) struct LegacyCount(Cell<u64>);

impl LegacyCount {
    /// Counts a connection, and logs it.
    pub(super) fn note(&self, ip: IpAddr, terms: OldTerms) {
        self.0.set(self.0.get() + 1);
        say(&Event::LegacySpoken { ip, terms: terms.to_string() });
    }

    pub(super) fn get(&self) -> u64 {
        self.0.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn switches(section: &str) -> Vec<Option<bool>> {
        let text = format!("[device]\nname = \"SEP001122334455\"\n{section}");
        let settings = Settings::parse(&text, "secd.toml").expect("a good configuration");
        let purposes = [
            Purpose::Capf,
            Purpose::HttpsProvisioning,
            Purpose::HttpsService,
            Purpose::Signalling,
            Purpose::Tvs,
        ];
        let switch = |purpose| LegacySwitch::of(&settings, purpose).map(|it| it.is_on);
        purposes.map(switch).to_vec()
    }

    #[test]
    fn each_setting_is_for_its_purpose_and_off_unless_set() {
        let [off, on] = [Some(false), Some(true)];
        assert_eq!(switches(""), [off, None, off, None, off]);
        assert_eq!(switches("[tvs]\nlegacy_tls = true\n"), [off, None, off, None, on]);
        assert_eq!(switches("[https]\nlegacy_tls = true\n"), [off, None, on, None, off]);
        assert_eq!(switches("[capf]\nlegacy_tls = true\n"), [on, None, off, None, off]);
    }
}
