//! The checks one by one, as an administrator would make them by hand.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::diagnose::boot::Fate;
use crate::diagnose::contact::Contact;
use crate::diagnose::findings::{
    Clock, ConfigurationFound, ContactedServer, Findings, Fingerprint, Integrity, ListFound,
    ListVerdict, MemberFound, Offered, OfferedList, Presented, ShownCertificate, StoreFound,
};
use crate::diagnose::own::OwnFound;
use crate::diagnose::ways;
use crate::trust::own::{LscOrigin, OwnFacts};
use crate::trust::peer::Pinned;
use crate::wire::configuration::encrypted_for;

/// One check, as one line of the report.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Check {
    /// What was examined, with the address of a server where there are several.
    pub name: String,
    /// Whether it is as it should be.
    pub mark: Mark,
    /// What was found, in words; may contain names that came from a server.
    pub detail: String,
}

/// Whether something is as it should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mark {
    /// Not as it should be.
    NotOk,
    /// As it should be.
    Ok,
    /// It could not be found out, or means nothing without more knowledge.
    Unknown,
}

impl Mark {
    /// One word, for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotOk => "not-ok",
            Self::Ok => "ok",
            Self::Unknown => "unknown",
        }
    }
}

impl Check {
    fn new(name: impl Into<String>, mark: Mark, detail: impl Into<String>) -> Self {
        Self { name: name.into(), mark, detail: detail.into() }
    }
}

impl Findings {
    /// Every check, in the order in which they are made.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        let mut checks = alloc::vec![store(self.store), clock(self.clock)];
        checks.extend(self.servers.iter().map(|server| {
            // Never "not ok": a server that did not answer may be fine, and its network not.
            let mark = if server.last.is_good() { Mark::Ok } else { Mark::Unknown };
            let last = match &server.last {
                Contact::Never => "not asked".to_string(),
                last => last.to_string(),
            };
            let name = format!("TFTP server {}", server.address);
            // What failed names the server by itself, as in the log.
            let last = last.strip_prefix(&name).map_or(last.as_str(), |rest| {
                let rest = rest.trim_start_matches([':', ' ']);
                rest.strip_prefix("is ").unwrap_or(rest)
            });
            Check::new(name.as_str(), mark, last)
        }));
        checks.extend(self.servers.iter().filter_map(ways_to));
        for (name, list) in [("CTL", &self.ctl), ("ITL", &self.itl)] {
            checks.extend(of_list(name, list));
        }
        if self.members.is_empty() {
            checks.push(Check::new("TVS", Mark::Unknown, "no server is known"));
        }
        checks.extend(self.members.iter().map(|member| tvs(member, self.tvs_records)));
        checks.push(configuration(&self.configuration));
        checks.extend(self.own.iter().map(own));
        checks.extend(self.of_content());
        checks
    }
}

impl Findings {
    /// What a configuration says that would be used, and who may use the settings.
    fn of_content(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        if !self.passed_over.is_empty() {
            let detail = self.passed_over.join("; ");
            checks.push(Check::new("configuration content", Mark::NotOk, detail));
        }
        if self.lacks_tvs() {
            let detail = format!(
                "none, although the lists have {} TVS records; the phone still asks those of before",
                self.tvs_records
            );
            checks.push(Check::new("TVS in the configuration", Mark::NotOk, detail));
        }
        if let Some(access) = self.access.filter(|_| self.bars_erasing()) {
            let detail = format!(
                "{access}: nobody can delete a list at the phone, only a factory reset remains"
            );
            checks.push(Check::new("settings access", Mark::Ok, detail));
        }
        checks
    }
}

/// The ways to the files of a server, where there is more than one.
fn ways_to(server: &ContactedServer) -> Option<Check> {
    if server.ways.len() < 2 {
        return None;
    }
    // The files arrive by another way: the phone is not the worse for it, but its server is.
    let mark = if ways::is_distrusted(&server.ways) { Mark::NotOk } else { Mark::Ok };
    Some(Check::new(format!("ways to {}", server.address), mark, ways::shown(&server.ways)))
}

fn store(found: StoreFound) -> Check {
    let (mark, detail) = match found {
        StoreFound::Locked => (Mark::NotOk, "LOCKED: the lists that were trusted cannot be read"),
        StoreFound::Missing => (
            Mark::NotOk,
            "LOCKED: the state folder does not exist; create it: mode 0700, owner secd",
        ),
        StoreFound::Unusable => (Mark::NotOk, "LOCKED: the state folder cannot be used"),
        StoreFound::Repaired => {
            (Mark::NotOk, "a stored list is damaged, the one before it is in force")
        }
        StoreFound::Sound => (Mark::Ok, "intact"),
    };
    Check::new("store", mark, detail)
}

fn clock(found: Clock) -> Check {
    match found {
        Clock::Set => Check::new("clock", Mark::Ok, "set"),
        Clock::Unset => Check::new(
            "clock",
            Mark::NotOk,
            "never set: listed certificates are trusted, but paths to a listed authority cannot be \
             checked until it is set",
        ),
    }
}

fn of_list(name: &str, list: &ListFound) -> Vec<Check> {
    let mut checks = alloc::vec![comparison(name, list)];
    // Of a list that is installed already, who signed it was settled when it was installed.
    if let Some(offered) = list.news() {
        checks.push(integrity(name, offered));
        checks.push(signer(name, offered));
    }
    checks
}

/// The technote's first check: are the two files the same?
fn comparison(name: &str, list: &ListFound) -> Check {
    let phone = list.installed.as_ref().map_or("none".to_string(), |it| hex(&it.md5));
    let check = |mark, server: &str| {
        let by = list.installed.as_ref().map(signed_by).unwrap_or_default();
        Check::new(
            format!("{name} compared"),
            mark,
            format!("MD5: phone {phone}{by}, server {server}"),
        )
    };
    match &list.offered {
        // A list that is missing on the server removes nothing from the phone (domain facts 1.4).
        Offered::Absent if list.installed.is_none() => check(Mark::Ok, "none"),
        Offered::Absent => check(Mark::Ok, "none; the phone keeps its own"),
        Offered::Found(found) => {
            let mark = if found.judged == ListVerdict::Same { Mark::Ok } else { Mark::NotOk };
            // A phone without a list has nothing that the server's could differ from.
            let mark = if list.installed.is_none() { Mark::Unknown } else { mark };
            // Trust screens show MD5 or SHA-1, by the model (domain facts 8.1).
            let sha1 = hex(&found.sha1);
            check(mark, &format!("{} ({}), SHA-1 {sha1}", hex(&found.md5), found.name))
        }
        Offered::NotExamined => check(Mark::Unknown, "not examined"),
        Offered::NotFetched(why) | Offered::Unreachable(why) => {
            check(Mark::Unknown, &format!("unknown, {why}"))
        }
    }
}

fn signed_by(list: &Fingerprint) -> String {
    format!(" (signed by {})", list.signer)
}

fn integrity(name: &str, list: &OfferedList) -> Check {
    let name = format!("{name} of the server");
    let blank = if list.is_blank { ", with empty entries" } else { "" };
    match &list.integrity {
        Integrity::Intact => {
            Check::new(name, Mark::Ok, format!("signed by one of its own SAST records{blank}"))
        }
        Integrity::SignerNotListed => {
            Check::new(name, Mark::NotOk, "not signed by any of its own SAST records")
        }
        Integrity::Broken(reason) => Check::new(name, Mark::NotOk, reason.to_string()),
    }
}

/// Who signed the new list, and by what the phone trusts that signer, or why it does not.
fn signer(name: &str, list: &OfferedList) -> Check {
    let who = format!("{}, serial {}: ", list.signer, list.serial);
    let (mark, verdict) = match &list.judged {
        ListVerdict::Refused { reason, unanswered: Some(unanswered) } => {
            (Mark::NotOk, format!("{reason}; {unanswered}"))
        }
        ListVerdict::Refused { reason, unanswered: None } => (Mark::NotOk, reason.to_string()),
        ListVerdict::Same => (Mark::Ok, "already in force".to_string()),
        ListVerdict::Taken(acceptance) => (Mark::Ok, Fate::Taken(*acceptance).to_string()),
    };
    // What `secd erase --pin` takes; absent where the list does not prove whose it is.
    let sha256 = list.signer_sha256.map(|digest| format!("; SHA-256 {}", hex(&digest)));
    Check::new(format!("{name} signer"), mark, who + &verdict + &sha256.unwrap_or_default())
}

/// The technote's second check: does TVS present the certificate of its record?
fn tvs(member: &MemberFound, records: usize) -> Check {
    let name = format!("TVS {}", member.address);
    match &member.presented {
        Presented::Certificate(shown) => {
            let (mark, against) = match shown.pinned {
                // There is nothing to pin TVS by, so that not being listed says nothing about it.
                _ if records == 0 => {
                    (Mark::Unknown, "no installed list has a TVS record".to_string())
                }
                Pinned::Fits(kind) => {
                    (Mark::Ok, format!("matches the TVS record of the {}", kind.word()))
                }
                Pinned::OtherCertificate(kind) => (
                    Mark::NotOk,
                    format!("the {} lists this issuer and serial with ANOTHER hash", kind.word()),
                ),
                Pinned::NotListed => {
                    (Mark::NotOk, "not in any TVS record of the phone".to_string())
                }
            };
            Check::new(name, mark, shown_as(shown, &against))
        }
        Presented::NoTls(why) => Check::new(name, Mark::NotOk, why.as_str()),
        Presented::NotExamined => Check::new(name, Mark::Unknown, "not examined"),
        Presented::Unreachable(why) => Check::new(name, Mark::Unknown, why.as_str()),
    }
}

fn shown_as(shown: &ShownCertificate, against: &str) -> String {
    let ShownCertificate { issuer, serial, sha1, is_offered, old_tls, .. } = shown;
    let news = if *is_offered { "; listed in the server's ITL" } else { "" };
    let old = old_tls.as_ref().map(|old| format!("; legacy {old}: no forward secrecy"));
    let old = old.unwrap_or_default();
    let sha1 = hex(sha1);
    format!("presents serial {serial}, SHA-1 {sha1}, issuer {issuer}: {against}{news}{old}")
}

fn configuration(found: &ConfigurationFound) -> Check {
    let check = |mark, detail: &dyn ToString| Check::new("configuration", mark, detail.to_string());
    match found {
        ConfigurationFound::Absent => check(Mark::NotOk, &"none on the server"),
        ConfigurationFound::Announced { name } => {
            check(Mark::NotOk, &format!("{name}: announced, but not on the server"))
        }
        ConfigurationFound::ForAnother { name, theirs, ours } => {
            let ours = ours.as_deref().unwrap_or("none");
            let detail = format!("{name}: {}; this phone has {ours}", encrypted_for(theirs));
            check(Mark::NotOk, &detail)
        }
        ConfigurationFound::NotExamined => check(Mark::Unknown, &"not examined"),
        ConfigurationFound::NotFetched { name, why } => {
            check(Mark::Unknown, &format!("{name}: {why}"))
        }
        ConfigurationFound::OnlyUnsigned { name } => {
            check(Mark::NotOk, &format!("{name}: unsigned, but a signature is required"))
        }
        ConfigurationFound::Refused { name, reason, unanswered, signer } => {
            let unanswered = unanswered.as_ref().map(ToString::to_string);
            let more: String =
                unanswered.iter().chain(signer).map(|more| format!("; {more}")).collect();
            check(Mark::NotOk, &format!("{name}: {reason}{more}"))
        }
        ConfigurationFound::Unreadable { name, why } => {
            check(Mark::NotOk, &format!("{name}: cannot be read: {why}"))
        }
        // Not a fault of the server, and still nothing that an administrator should rely on.
        ConfigurationFound::Unchecked { name } => {
            check(Mark::Unknown, &format!("{name}: accepted from anyone in this state"))
        }
        ConfigurationFound::Verified { name, by } => {
            let by = crate::trust::verified::Acceptance::Chained(*by);
            check(Mark::Ok, &format!("{name}: {}", Fate::Taken(by)))
        }
    }
}

fn own(found: &OwnFound) -> Check {
    let OwnFacts { which, subject, issuer, key, .. } = &found.facts;
    let until = &found.dates[1];
    let mut detail = format!("{subject}, issued by {issuer}, {key}, valid until {until}");
    if found.is_named == Some(true) {
        detail += ", named by certHash";
    }
    if !found.decrypts {
        detail += ", decrypts no configuration";
    }
    if found.origin == Some(LscOrigin::SameLine) {
        detail += ", issuer is no CAPF of the lists (an external CA, or CAPF.pem was regenerated)";
    }
    let warnings = found.warnings();
    let mark = if warnings.is_empty() { Mark::Ok } else { Mark::NotOk };
    for warning in warnings {
        detail = detail + "; " + &warning;
    }
    Check::new(which.word(), mark, detail)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
