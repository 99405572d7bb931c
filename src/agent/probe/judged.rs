//! From the outcome of a step to a test case.

use crate::boot::configuration::DEFAULT;
use crate::boot::{Configured, Event, Listed, NotFetched, NotTaken, Obtained};
use crate::diagnose::{Fate, TestCase, TestStatus};
use crate::trust::{Acceptance, Reason, Unanswered, Voucher};
use crate::wire::configuration::encrypted_for;

/// What a boot pass made of a list.
pub(super) fn list(group: &str, name: &str, listed: &Listed) -> TestCase {
    let case = |status, fate: Fate| TestCase::new(group, name, status).does(fate.to_string());
    match listed {
        Listed::Absent => {
            let why = "a call manager without mixed mode has no CTL, and one before 8.0 no ITL";
            case(TestStatus::Skip, Fate::Absent).because("absent", why)
        }
        Listed::Installed { name, acceptance } => {
            let verified = format!("{name}: File sign verify SUCCESS");
            case(TestStatus::Pass, Fate::Taken(*acceptance)).because("", verified)
        }
        Listed::NotFetched { name: file, why } => not_fetched((group, name), file, why),
        Listed::NotInstalled { name: file, why } => not_written((group, name), file, why),
        Listed::Refused { name: file, reason, unanswered } => {
            refused((group, name), file, reason, unanswered.as_ref())
        }
        Listed::Same { name: file } => {
            let same = format!("{file} is already installed");
            case(TestStatus::Pass, Fate::Same).because("", same)
        }
    }
}

/// What a boot pass made of the configuration; `own` is the name of the phone's own.
pub(super) fn configuration(group: &str, own: &str, configured: &Configured) -> TestCase {
    let place = (group, "configuration");
    let fail = || TestCase::new(group, place.1, TestStatus::Fail);
    match configured {
        Configured::Absent => {
            let why = format!("File not found <Cfg File>: neither {own} nor {DEFAULT}");
            fail().does(Fate::Absent.to_string()).because("configuration-missing", why)
        }
        Configured::ForAnother { name, theirs, ours } => {
            let ours = ours.as_deref().unwrap_or("none; --key has one");
            let why = format!("{name}: {}; this phone has {ours}", encrypted_for(theirs));
            fail().does(Fate::Refused.to_string()).because("encrypted-for-another", why)
        }
        Configured::NotFetched { name, why } => not_fetched(place, name, why),
        Configured::NotPut(why) => not_written(place, own, why),
        Configured::Refused { name, reason, unanswered } => {
            refused(place, name, reason, unanswered.as_ref())
        }
        Configured::Taken { name, by } => {
            let case = taken(place, name, *by);
            if name.starts_with(own) {
                return case;
            }
            case.odd("default-configuration", &format!("the servers have no {own}"))
        }
        Configured::Unread { name, why } => {
            let why = format!("{name}: {why}");
            fail().does(Fate::Unreadable.to_string()).because("unreadable", why)
        }
    }
}

/// What came of a file that was requested by name.
pub(super) fn file(place: (&str, &str), obtained: &Result<Obtained, NotTaken>) -> TestCase {
    match obtained {
        Ok(obtained) => taken(place, &obtained.asked, obtained.by),
        Err(NotTaken::Fetch { asked, why: NotFetched::Absent }) => {
            TestCase::new(place.0, place.1, TestStatus::Warn)
                .does("goes without it")
                .because("absent", format!("{asked}: not on the server"))
        }
        Err(NotTaken::Fetch { asked, why }) => not_fetched(place, asked, why),
        Err(NotTaken::Refused { asked, reason, unanswered }) => {
            refused(place, asked, reason, unanswered.as_ref())
        }
        Err(NotTaken::Write(why)) => not_written(place, place.1, why),
    }
}

/// The same with what the log says about it; what it says of an accepted file is a warning.
pub(super) fn with_log(case: TestCase, said: &[Event]) -> TestCase {
    let odd = said.iter().filter_map(odd);
    let case = odd.fold(case, |case, (class, what)| case.odd(class, &what));
    case.with_lines(said.iter().map(ToString::to_string).collect())
}

/// Something that a phone takes all the same; nothing where the case has it already.
fn odd(event: &Event) -> Option<(&'static str, String)> {
    match event {
        Event::FileOdd { warning, .. } | Event::ListOdd { warning, .. } => {
            Some((warning.class(), warning.to_string()))
        }
        Event::ConfigurationOdd { .. } => Some(("configuration-odd", event.to_string())),
        Event::ConfigurationUnreadSealed { .. } => Some(("unreadable", event.to_string())),
        Event::FileEmpty { .. } | Event::ListEmpty { .. } => Some(("empty", event.to_string())),
        _ => None,
    }
}

fn taken((group, name): (&str, &str), file: &str, by: Option<Voucher>) -> TestCase {
    let Some(by) = by else {
        return TestCase::new(group, name, TestStatus::Warn)
            .does(Fate::Unchecked.to_string())
            .because("unchecked", format!("{file}: no list demands a signature"));
    };
    TestCase::new(group, name, TestStatus::Pass)
        .does(Fate::Taken(Acceptance::Chained(by)).to_string())
        .because("", format!("{file}: verify SUCCESS"))
}

fn refused(
    (group, name): (&str, &str),
    file: &str,
    reason: &Reason,
    unanswered: Option<&Unanswered>,
) -> TestCase {
    let unanswered = unanswered.map(|why| format!("; {why}")).unwrap_or_default();
    TestCase::new(group, name, TestStatus::Fail)
        .does(Fate::Refused.to_string())
        .because(reason.class(), format!("{file}: {reason}{unanswered}"))
}

fn not_fetched((group, name): (&str, &str), file: &str, why: &NotFetched) -> TestCase {
    let (status, class) = match why {
        NotFetched::Absent => (TestStatus::Fail, "absent"),
        NotFetched::BrokenOff(_) => (TestStatus::Fail, "broken-off"),
        NotFetched::Failed(_) => (TestStatus::Fail, "transfer-failed"),
        NotFetched::TooLarge(_) => (TestStatus::Fail, "too-large"),
        NotFetched::Unreachable(_) => (TestStatus::Unreachable, "unreachable"),
    };
    TestCase::new(group, name, status)
        .does("does not get it, nothing changes")
        .because(class, format!("{file}: {why}"))
}

fn not_written(
    (group, name): (&str, &str),
    file: &str,
    why: &crate::boot::NotCommitted,
) -> TestCase {
    TestCase::new(group, name, TestStatus::Fail)
        .does("cannot keep it, and goes on with what it has")
        .because("not-written", format!("{file}: {why}"))
}
