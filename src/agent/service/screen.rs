//! For the phone's screen: the trust lists, and erasing them.

use std::time::{Duration, SystemTime};

use log::{info, warn};
use rustls::crypto::ring::default_provider;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::agent::SECD;
use crate::agent::installed::{BOTH, NotErased};
use crate::agent::report::{Alarm, Message};
use crate::agent::service::errors::Fault;
use crate::agent::service::{Answer, Service, parameters};
use crate::io::ipc::Peer;
use crate::trust::list::Anchor;
use crate::trust::{ListKind, Provenance, TrustList, Verified};
use crate::wire::varlink::Call;

impl Service {
    pub(super) fn trust(&self) -> Value {
        let agent = &self.agent;
        let anchors = agent.anchors_snapshot();
        let lists: Vec<_> = BOTH.iter().filter_map(|kind| anchors.list(*kind)).map(list).collect();
        let messages: Vec<_> = agent
            .messages()
            .iter()
            .map(|(time, message)| json!({ "time": seconds(*time), "text": message.to_string() }))
            .collect();
        let locked = agent.installed.borrow().is_locked();
        let (state, meaning) = agent.state_words();
        json!({
            "state": state,
            "meaning": meaning,
            "locked": locked,
            "signed_files": locked || anchors.demand_signed_files(),
            "lists": lists,
            "alarm": agent.alarm().map(alarm),
            "messages": messages,
        })
    }

    pub(super) fn erase(&self, call: &Call, peer: Peer) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Wanted {
            what: What,
            #[serde(default)]
            confirmation: Option<String>,
        }
        let wanted: Wanted = parameters(call)?;
        let now = self.agent.timeline.now();
        let mut confirmations = self.confirmations.borrow_mut();
        let Some(confirmation) = wanted.confirmation else {
            let value = confirmations.issue(wanted.what, peer.uid, now);
            return Ok(json!({ "erased": false, "confirmation": value }));
        };
        if !confirmations.redeem(wanted.what, peer.uid, &confirmation, now) {
            warn!(target: SECD, "erase: wrong confirmation by uid {}", peer.uid);
            return Err(Fault::new("WrongConfirmation", json!({})));
        }
        self.erase_now(wanted.what, peer)
    }

    fn erase_now(&self, what: What, peer: Peer) -> Answer {
        info!(target: SECD, "erase: {what:?} by uid {}", peer.uid);
        self.agent.tell(Message::Erasing);
        let erased = self.agent.installed.borrow_mut().erase(what.kinds());
        erased.map_err(|not_erased| match not_erased {
            NotErased::Locked => Fault::new("Locked", json!({})),
            NotErased::Failed(failure) => {
                Fault::new("NotWritten", json!({ "path": failure.to_string() }))
            }
        })?;
        self.agent.cache.borrow_mut().clear();
        self.agent.passes.ask();
        Ok(json!({ "erased": true, "confirmation": null }))
    }
}

/// What is to be erased.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum What {
    All,
    Ctl,
    Itl,
}

impl What {
    const fn kinds(self) -> &'static [ListKind] {
        match self {
            Self::All => &BOTH,
            Self::Ctl => &[ListKind::Ctl],
            Self::Itl => &[ListKind::Itl],
        }
    }
}

/// The confirmation that was given out last: a second one makes the first void, as a second press
/// of the phone's keys does.
#[derive(Default)]
pub(super) struct Confirmations(Option<Issued>);

struct Issued {
    what: What,
    uid: u32,
    value: String,
    until: Duration,
}

impl Confirmations {
    fn issue(&mut self, what: What, uid: u32, now: Duration) -> Option<String> {
        let mut octets = [0; 4];
        default_provider().secure_random.fill(&mut octets).ok()?;
        let value = format!("{:06}", u32::from_be_bytes(octets) % 1_000_000);
        self.0 = Some(Issued { what, uid, value: value.clone(), until: now + VALID });
        Some(value)
    }

    /// A value is good once, for the user who got it and for what it was given.
    fn redeem(&mut self, what: What, uid: u32, value: &str, now: Duration) -> bool {
        self.0.take().is_some_and(|issued| {
            issued.what == what && issued.uid == uid && issued.value == value && now < issued.until
        })
    }
}

fn list(list: &Verified<TrustList>) -> Value {
    let value = list.value();
    json!({
        "kind": value.kind.word(),
        "length": value.length,
        "timestamp": value.timestamp,
        "signer": value.signer,
        "acceptance": list.provenance().acceptance().word(),
        "stored": matches!(list.provenance(), Provenance::Stored(_)),
        "blank": value.is_blank(),
        "md5": hex(&value.md5),
        "sha1": hex(&value.sha1),
        "records": value.anchors.iter().map(record).collect::<Vec<_>>(),
    })
}

fn record(anchor: &Anchor) -> Value {
    json!({
        "role": anchor.role.to_string(),
        "role_code": anchor.role.code(),
        "subject": anchor.subject,
        "issuer": anchor.issuer,
        "serial": anchor.serial().map(|serial| serial.to_string()),
        "cert_sha1": anchor.sha1.map(|digest| hex(&digest)),
        "has_certificate": anchor.certificate.is_some(),
    })
}

pub(super) fn alarm(alarm: Alarm) -> Value {
    json!({ "code": alarm.code(), "name": alarm.name() })
}

pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Ten seconds, as the phone's own `**#` takes (domain facts 8.1).
const VALID: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    const ZERO: Duration = Duration::ZERO;

    #[test]
    fn a_confirmation_is_good_once_for_its_user_and_its_list() {
        let mut confirmations = Confirmations::default();
        let value = confirmations.issue(What::Itl, 500, ZERO).unwrap();
        assert!(confirmations.redeem(What::Itl, 500, &value, ZERO));
        assert!(!confirmations.redeem(What::Itl, 500, &value, ZERO));
        for (what, uid, now) in
            [(What::All, 500, ZERO), (What::Itl, 501, ZERO), (What::Itl, 500, VALID)]
        {
            let value = confirmations.issue(What::Itl, 500, ZERO).unwrap();
            assert!(!confirmations.redeem(what, uid, &value, now), "{what:?} {uid} {now:?}");
        }
    }

    #[test]
    fn a_wrong_guess_makes_the_confirmation_void() {
        let mut confirmations = Confirmations::default();
        let value = confirmations.issue(What::Ctl, 0, ZERO).unwrap();
        assert!(!confirmations.redeem(What::Ctl, 0, "no", ZERO));
        assert!(!confirmations.redeem(What::Ctl, 0, &value, ZERO));
    }
}
