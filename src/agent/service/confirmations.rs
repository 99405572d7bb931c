//! Confirmations: the number that the second of the two erasing calls repeats.

use std::time::Duration;

use rustls::crypto::ring::default_provider;

use crate::face::terms::What;

/// The confirmation that was issued last: a second one makes the first void, as a second press of
/// the phone's keys does.
#[derive(Default)]
pub(super) struct Confirmations(Option<Issued>);

/// What a confirmation is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Deed {
    DeleteIdentity,
    Erase(What),
}

struct Issued {
    deed: Deed,
    uid: u32,
    value: String,
    until: Duration,
}

impl Confirmations {
    pub(super) fn issue(&mut self, deed: Deed, uid: u32, now: Duration) -> Option<String> {
        let mut bytes = [0; 4];
        default_provider().secure_random.fill(&mut bytes).ok()?;
        // Six digits, which a person can type; the remainder favours no value by a useful amount.
        let value = format!("{:06}", u32::from_be_bytes(bytes) % 1_000_000);
        self.0 = Some(Issued { deed, uid, value: value.clone(), until: now + VALID });
        Some(value)
    }

    /// Whether a value is good: once, for the user who got it and for what it was issued.
    pub(super) fn redeem(&mut self, deed: Deed, uid: u32, value: &str, now: Duration) -> bool {
        // Taken, not looked at: a wrong guess costs the confirmation, so that none can be tried.
        self.0.take().is_some_and(|issued| {
            issued.deed == deed && issued.uid == uid && issued.value == value && now < issued.until
        })
    }
}

/// Ten seconds, as the phone's own `**#` takes (domain facts 8.1).
const VALID: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    const ZERO: Duration = Duration::ZERO;
    const ITL: Deed = Deed::Erase(What::Itl);

    #[test]
    fn a_confirmation_is_good_once_for_its_user_and_its_list() {
        let mut confirmations = Confirmations::default();
        let value = confirmations.issue(ITL, 500, ZERO).unwrap();
        assert!(confirmations.redeem(ITL, 500, &value, ZERO));
        assert!(!confirmations.redeem(ITL, 500, &value, ZERO));
        for (deed, uid, now) in [
            (Deed::Erase(What::All), 500, ZERO),
            (Deed::DeleteIdentity, 500, ZERO),
            (ITL, 501, ZERO),
            (ITL, 500, VALID),
        ] {
            let value = confirmations.issue(ITL, 500, ZERO).unwrap();
            assert!(!confirmations.redeem(deed, uid, &value, now), "{deed:?} {uid} {now:?}");
        }
    }

    #[test]
    fn a_wrong_guess_makes_the_confirmation_void() {
        let mut confirmations = Confirmations::default();
        let value = confirmations.issue(ITL, 0, ZERO).unwrap();
        assert!(!confirmations.redeem(ITL, 0, "no", ZERO));
        assert!(!confirmations.redeem(ITL, 0, &value, ZERO));
    }
}
