//! What is weak about a certificate, or soon will be. Nothing here refuses it.

use alloc::vec::Vec;
use core::fmt;

use crate::trust::certificate::Certificate;
use crate::trust::signature::{GOOD_RSA_BITS, SignerKey};

/// A weakness of one certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Weakness {
    /// Its validity is over since so many days.
    Expired(u64),
    /// Its validity ends in so many days.
    Expires(u64),
    /// Its validity has not begun.
    NotYetValid,
    /// Its issuer signed it with SHA-1 or MD5, for which collisions are known.
    Sha1,
    /// Its RSA key has only so many bits.
    SmallKey(usize),
}

impl Weakness {
    /// What is weak about a certificate at this time, in seconds since 1970; without a clock
    /// nothing is known of its validity.
    #[must_use]
    pub fn of(certificate: &Certificate<'_>, now: Option<u64>) -> Vec<Self> {
        let bits = SignerKey::of_certificate(certificate).map(|key| key.bits());
        let small = bits.ok().filter(|bits| *bits < GOOD_RSA_BITS).map(Self::SmallKey);
        let sha1 = certificate.is_signed_weakly().then_some(Self::Sha1);
        let dates = now.and_then(|now| Self::of_dates(certificate.validity, now));
        small.into_iter().chain(sha1).chain(dates).collect()
    }

    fn of_dates((first, last): (i64, i64), now: u64) -> Option<Self> {
        let now = i64::try_from(now).ok()?;
        let days = |seconds: i64| seconds.unsigned_abs() / SECONDS_A_DAY;
        if now < first {
            Some(Self::NotYetValid)
        } else if now > last {
            Some(Self::Expired(days(now.saturating_sub(last))))
        } else {
            let left = days(last.saturating_sub(now));
            (left < SOON).then_some(Self::Expires(left))
        }
    }
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired(days) => write!(f, "expired {days} days ago"),
            Self::Expires(days) => write!(f, "expires in {days} days"),
            Self::NotYetValid => f.write_str("not valid yet"),
            Self::Sha1 => f.write_str("signed with SHA-1 or MD5"),
            Self::SmallKey(bits) => write!(f, "an RSA key of only {bits} bits"),
        }
    }
}

/// Days before the end of its validity from which a certificate is worth a warning: what is renewed
/// once a month is renewed by then.
const SOON: u64 = 30;

const SECONDS_A_DAY: u64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_weak_from_thirty_days_before_their_end() {
        let day = SECONDS_A_DAY;
        let end = i64::try_from(100 * day).unwrap();
        let at = |now: u64| Weakness::of_dates((1, end), now);
        assert_eq!(at(0), Some(Weakness::NotYetValid));
        assert_eq!(at(70 * day), None);
        assert_eq!(at(70 * day + 1), Some(Weakness::Expires(29)));
        assert_eq!(at(100 * day), Some(Weakness::Expires(0)));
        assert_eq!(at(102 * day + 5), Some(Weakness::Expired(2)));
    }
}
