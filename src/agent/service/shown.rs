//! The agent's own values, as the interface shows them.

use std::time::{Duration, SystemTime};

use crate::boot;
use crate::diagnose;
use crate::face::hex;
use crate::face::records::{Alarm, Check, Condition, Line, List, Message, Record, Server, Verdict};
use crate::face::terms::{Acceptance, By, ListKind, Mark, Purpose, StageName};
use crate::io::clock::Stamp;
use crate::io::console;
use crate::trust::cache::CachedAnswer;
use crate::trust::list::Anchor;
use crate::trust::{self, GrantedBy, Provenance, TrustList, Verified, Voucher};
use crate::wire::Role;

impl From<&Verified<TrustList>> for List {
    fn from(list: &Verified<TrustList>) -> Self {
        let value = list.value();
        Self {
            kind: value.kind.into(),
            length: value.length,
            timestamp: value.timestamp,
            signer: value.signer.to_string(),
            acceptance: list.provenance().acceptance().into(),
            stored: matches!(list.provenance(), Provenance::Stored(_)),
            blank: value.is_blank(),
            md5: hex(&value.md5),
            sha1: hex(&value.sha1),
            records: value.anchors.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Anchor> for Record {
    fn from(anchor: &Anchor) -> Self {
        Self {
            role: anchor.role.to_string(),
            role_code: anchor.role.code(),
            subject: anchor.subject.as_deref().map(str::to_owned),
            issuer: anchor.issuer.as_deref().map(str::to_owned),
            serial: anchor.serial().map(|serial| serial.to_string()),
            cert_sha1: anchor.sha1.map(|digest| hex(&digest)),
            has_certificate: anchor.certificate.is_some(),
        }
    }
}

impl From<boot::Alarm> for Alarm {
    fn from(alarm: boot::Alarm) -> Self {
        Self { code: alarm.code(), name: alarm.name().to_owned() }
    }
}

impl From<&(SystemTime, boot::StatusMessage)> for Message {
    fn from((time, message): &(SystemTime, boot::StatusMessage)) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { time: since.as_secs(), text: message.to_string() }
    }
}

impl From<&console::ConsoleLine> for Line {
    fn from(line: &console::ConsoleLine) -> Self {
        let origin = line.origin();
        let facts = origin.facts.as_deref();
        Self {
            sequence: line.sequence(),
            level: line.level().into(),
            time: Stamp(origin.time).to_string(),
            event: origin.event.as_deref().map(str::to_owned),
            // Made by `narrate` and cut to fit: what is no JSON any more is left out.
            facts: facts.and_then(|facts| serde_json::from_str(facts).ok()),
            text: line.text().to_owned(),
        }
    }
}

impl From<boot::Stage> for StageName {
    fn from(stage: boot::Stage) -> Self {
        match stage {
            boot::Stage::Ctl => Self::Ctl,
            boot::Stage::Itl => Self::Itl,
            boot::Stage::Configuration => Self::Configuration,
            boot::Stage::Network => Self::Network,
            boot::Stage::Store => Self::Store,
        }
    }
}

impl From<diagnose::ContactedServer> for Server {
    fn from(server: diagnose::ContactedServer) -> Self {
        Self { address: server.address, last: server.last.to_string() }
    }
}

impl From<diagnose::Check> for Check {
    fn from(check: diagnose::Check) -> Self {
        Self { name: check.name, mark: check.mark.into(), detail: check.detail }
    }
}

impl From<(&'static str, Option<bool>)> for Condition {
    fn from((text, holds): (&'static str, Option<bool>)) -> Self {
        Self { text: text.to_owned(), holds }
    }
}

impl From<diagnose::Mark> for Mark {
    fn from(mark: diagnose::Mark) -> Self {
        match mark {
            diagnose::Mark::NotOk => Self::NotOk,
            diagnose::Mark::Ok => Self::Ok,
            diagnose::Mark::Unknown => Self::Unknown,
        }
    }
}

impl From<trust::ListKind> for ListKind {
    fn from(kind: trust::ListKind) -> Self {
        match kind {
            trust::ListKind::Ctl => Self::Ctl,
            trust::ListKind::Itl => Self::Itl,
        }
    }
}

impl From<trust::Acceptance> for Acceptance {
    fn from(acceptance: trust::Acceptance) -> Self {
        match acceptance {
            trust::Acceptance::Chained(Voucher::Ctl) => Self::Ctl,
            trust::Acceptance::Chained(Voucher::Itl) => Self::Itl,
            trust::Acceptance::Chained(Voucher::Tvs) => Self::Tvs,
            trust::Acceptance::FirstUse => Self::FirstUse,
        }
    }
}

impl From<GrantedBy> for By {
    fn from(by: GrantedBy) -> Self {
        match by {
            GrantedBy::Cache => Self::Cache,
            GrantedBy::Listed(trust::ListKind::Ctl) => Self::Ctl,
            GrantedBy::Listed(trust::ListKind::Itl) => Self::Itl,
            GrantedBy::Path(trust::ListKind::Ctl) => Self::CtlCa,
            GrantedBy::Path(trust::ListKind::Itl) => Self::ItlCa,
            GrantedBy::Tvs => Self::Tvs,
        }
    }
}

impl From<Purpose> for trust::Purpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Capf => Self::Capf,
            Purpose::Https => Self::HttpsService,
            Purpose::Provisioning => Self::HttpsProvisioning,
            Purpose::Signalling => Self::Signalling,
        }
    }
}

/// An answer of TVS, with the seconds for which it still holds at `now`.
pub(super) fn verdict(entry: &CachedAnswer, now: Duration) -> Verdict {
    Verdict {
        sha256: hex(entry.endorsed().sha256()),
        roles: entry.endorsed().roles().unwrap_or_default().iter().map(Role::to_string).collect(),
        member: entry.source.member.to_string(),
        expires_in: entry.expires.saturating_sub(now).as_secs(),
        has_certificate: entry.bytes() > 0,
    }
}
