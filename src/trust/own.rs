//! The phone's own certificates: what they say, and where they come from. Nothing is trusted because
//! of them.

use alloc::format;
use alloc::string::{String, ToString};

use crate::trust::anchors::Anchors;
use crate::trust::certificate::{Certificate, KeyKind};
use crate::trust::list::Anchor;
use crate::trust::name::DistinguishedName;
use crate::trust::signature::{SignerKey, md5};
use crate::wire::Role;

/// Which of the phone's certificates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Which {
    /// The locally significant certificate, which takes precedence everywhere.
    Lsc,
    /// The manufacturing installed certificate, or one that a person has put in its place.
    Mic,
}

impl Which {
    /// Its name, as phones and call managers show it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lsc => "LSC",
            Self::Mic => "MIC",
        }
    }
}

/// What one of the phone's certificates says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnFacts {
    /// Which one it is.
    pub which: Which,
    /// The subject, as call managers write it.
    pub subject: String,
    /// The issuer, in the same way.
    pub issuer: String,
    /// Its number at the issuer.
    pub serial: String,
    /// First and last second of its validity, since 1970.
    pub validity: (i64, i64),
    /// Kind and size of its key.
    pub key: String,
    /// Its name in `certHash` (domain facts 4.2).
    pub md5: [u8; 16],
}

impl OwnFacts {
    /// What a certificate says.
    #[must_use]
    pub fn of(which: Which, certificate: &Certificate<'_>) -> Self {
        Self {
            which,
            subject: certificate.subject(),
            issuer: certificate.issuer(),
            serial: certificate.serial.to_string(),
            validity: certificate.validity,
            key: key(certificate),
            md5: md5(certificate.der),
        }
    }

    /// How far it is from its end at an instant, in seconds since 1970 if the clock is set.
    #[must_use]
    pub fn expiry(&self, now: Option<u64>) -> Expiry {
        let Some(now) = now.and_then(|now| i64::try_from(now).ok()) else { return Expiry::Unknown };
        let (first, last) = self.validity;
        match last.saturating_sub(now) {
            left if left < 0 => Expiry::Expired,
            _ if now < first => Expiry::NotYet,
            left if left < SOON => Expiry::Soon { days: left / DAY },
            _ => Expiry::Good,
        }
    }
}

fn key(certificate: &Certificate<'_>) -> String {
    let kind = certificate.key_kind;
    match SignerKey::of_certificate(certificate) {
        Ok(key) => format!("{} {}", kind.word(), key.bits()),
        Err(_) if kind == KeyKind::OtherCurve => "another elliptic curve".to_string(),
        Err(_) => kind.word().to_string(),
    }
}

/// How far a certificate is from its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Expiry {
    /// Its last second is over.
    Expired,
    /// It holds for longer than the time in which a person is warned.
    Good,
    /// Its first second is still to come: a clock may be wrong.
    NotYet,
    /// It holds for so many more days, and not for long.
    Soon {
        /// Whole days; 0 on the last one.
        days: i64,
    },
    /// The clock is not set.
    Unknown,
}

/// Where an LSC comes from, by the lists in force.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LscOrigin {
    /// A CAPF of the lists has issued it.
    Listed,
    /// Its issuer is no CAPF of the lists, and it was installed under lists of another line: they
    /// were another cluster's, or erased since.
    OtherLine,
    /// Its issuer is no CAPF of the lists, under which it was installed all the same: an external
    /// authority has issued it, or a CAPF certificate that was regenerated since.
    SameLine,
    /// The lists have no CAPF to compare with.
    Unknown,
}

impl LscOrigin {
    /// Where an LSC comes from that was installed under the lists of a line.
    ///
    /// Names are compared, not signatures: it is a hint for a person, and a CAPF gets another name
    /// whenever its certificate is made (facts on CAPF, A2).
    #[must_use]
    pub fn of(certificate: &Certificate<'_>, line: Option<u32>, anchors: &Anchors) -> Self {
        let issuer = DistinguishedName::from_text(&certificate.issuer());
        let records = anchors.lists().flat_map(|list| &list.anchors);
        let mut issuers =
            records.filter(|it| it.role == Role::Capf && it.has_material()).map(subject).peekable();
        let has_any = issuers.peek().is_some();
        let is_listed = issuers.any(|subject| subject == issuer);
        match line {
            _ if is_listed => Self::Listed,
            _ if !has_any => Self::Unknown,
            Some(line) if line == anchors.line() => Self::SameLine,
            _ => Self::OtherLine,
        }
    }
}

/// The subject of a record: that of its certificate, where the list carries it.
fn subject(anchor: &Anchor) -> DistinguishedName {
    let carried = anchor.certificate.as_deref().and_then(|der| Certificate::parse(der).ok());
    let carried = carried.map(|certificate| certificate.subject());
    let text = carried.as_deref().or(anchor.subject.as_deref());
    DistinguishedName::from_text(text.unwrap_or_default())
}

const DAY: i64 = 86_400;

/// The time in which a person is warned. Inferred: call managers show certificates that expire
/// within 30 days.
const SOON: i64 = 30 * DAY;

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(validity: (i64, i64)) -> OwnFacts {
        let text = String::new;
        let [subject, issuer, serial, key] = [text(), text(), text(), text()];
        OwnFacts { which: Which::Lsc, subject, issuer, serial, validity, key, md5: [0; 16] }
    }

    #[test]
    fn a_certificate_ends_after_its_last_second_and_is_warned_of_thirty_days_before() {
        let facts = facts((1_000, 100 * DAY));
        let at = |now: i64| facts.expiry(u64::try_from(now).ok());
        for (now, expected) in [
            (999, Expiry::NotYet),
            (1_000, Expiry::Good),
            (70 * DAY, Expiry::Good),
            (70 * DAY + 1, Expiry::Soon { days: 29 }),
            (100 * DAY, Expiry::Soon { days: 0 }),
            (100 * DAY + 1, Expiry::Expired),
        ] {
            assert_eq!(at(now), expected, "{now}");
        }
        assert_eq!(facts.expiry(None), Expiry::Unknown);
    }
}
