//! The agent's own values, as the interface shows them.

use std::time::{Duration, SystemTime};

use crate::agent::contacts::Contacts;
use crate::agent::passes::Passed;
use crate::boot;
use crate::diagnose;
use crate::face::hex;
use crate::face::records::{
    Alarm, Check, Condition, Line, List, Message, Record, Server, Stage, Verdict,
};
use crate::face::terms::{Acceptance, By, ListKind, Mark, Purpose, StageName};
use crate::io::clock::Stamp;
use crate::io::console;
use crate::trust::cache::CachedAnswer;
use crate::trust::list::Anchor;
use crate::trust::{self, GrantedBy, Provenance, TrustList, Verified, Voucher};
use crate::wire::Role;
use crate::wire::address::ServerAddress;

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

impl From<(boot::Alarm, SystemTime)> for Alarm {
    fn from((alarm, time): (boot::Alarm, SystemTime)) -> Self {
        Self { code: alarm.code(), name: alarm.name().to_owned(), time: since_1970(time) }
    }
}

impl From<&Passed> for Stage {
    fn from(passed: &Passed) -> Self {
        Self {
            stage: passed.stage.into(),
            detail: passed.word.to_owned(),
            reason: passed.reason.clone(),
        }
    }
}

impl From<&(SystemTime, boot::StatusMessage)> for Message {
    fn from((time, message): &(SystemTime, boot::StatusMessage)) -> Self {
        Self { time: since_1970(*time), text: message.to_string() }
    }
}

impl From<&console::ConsoleLine> for Line {
    fn from(line: &console::ConsoleLine) -> Self {
        let origin = line.origin();
        Self {
            sequence: line.sequence(),
            level: line.level().into(),
            time: Stamp(origin.time).to_string(),
            event: origin.event.as_deref().map(str::to_owned),
            facts: line.facts(),
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

impl From<ListKind> for trust::ListKind {
    fn from(kind: ListKind) -> Self {
        match kind {
            ListKind::Ctl => Self::Ctl,
            ListKind::Itl => Self::Itl,
        }
    }
}

impl From<trust::Acceptance> for Acceptance {
    fn from(acceptance: trust::Acceptance) -> Self {
        match acceptance {
            trust::Acceptance::Chained(Voucher::Ctl) => Self::Ctl,
            trust::Acceptance::Chained(Voucher::Itl) => Self::Itl,
            // HTTPS vouches for configurations alone, and lists are accepted here.
            trust::Acceptance::Chained(Voucher::Https | Voucher::Tvs) => Self::Tvs,
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

/// A time of the wall clock, as the interface has it; 0 if the clock is before 1970.
pub(super) fn since_1970(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// A server with the last contact that is remembered of it.
pub(super) fn server(address: &ServerAddress, contacts: &Contacts) -> Server {
    let age = contacts.age(address);
    Server {
        address: address.to_string(),
        last: age.map(|_| contacts.last(address).to_string()),
        age: age.map(|age| age.as_secs()),
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
