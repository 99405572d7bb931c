//! The only place that asks the system for the time.
//!
//! Everything else takes the time as an argument, so a test has its own origin and a phone whose
//! clock was never set is an ordinary case: [`now`] answers `None` for it.

use core::cell::Cell;
use core::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use nix::time::{ClockId, clock_gettime};
use rustls::pki_types::UnixTime;

/// The wall clock, set or not: good for a stamp in a log, not for a decision.
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
pub fn wall() -> SystemTime {
    SystemTime::now()
}

/// The monotonic clock: for deadlines. It stops while the phone sleeps.
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
pub fn monotonic() -> Instant {
    Instant::now()
}

/// The time since the system's start, the phone's sleep included: for times to live.
///
/// Where the kernel has no such clock, or does not let it be read, it is without the sleep.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
pub fn since_start() -> Duration {
    let time =
        clock_gettime(ClockId::CLOCK_BOOTTIME).or_else(|_| clock_gettime(ClockId::CLOCK_MONOTONIC));
    time.map(Duration::from).unwrap_or_default()
}

/// The kernel's monotonic clock, as another process sees it as well.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
pub fn monotonic_since_start() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default()
}

/// The time since an origin, for what expires.
#[derive(Clone, Debug)]
pub enum Timeline {
    /// The time since then, an instant as [`since_start`] returns it; it goes on while the phone
    /// sleeps.
    Since(Duration),
    /// What the cell holds: the time of a test.
    Set(Rc<Cell<Duration>>),
}

impl Timeline {
    /// The time from now on.
    #[must_use]
    pub fn start() -> Self {
        Self::Since(since_start())
    }

    /// How long it has been.
    #[must_use]
    pub fn now(&self) -> Duration {
        match self {
            Self::Since(origin) => since_start().saturating_sub(*origin),
            Self::Set(cell) => cell.get(),
        }
    }
}

/// The wall clock for decisions: `None` if it was never set.
pub fn now() -> Option<UnixTime> {
    set(wall())
}

/// As [`now`], in seconds since 1970.
pub fn seconds() -> Option<u64> {
    now().map(|now| now.as_secs())
}

/// The seconds since 1970 that [`Rfc3339`] wrote, if they fit a timestamp.
pub fn parse_rfc3339(text: &str) -> Option<u32> {
    let number = |range: core::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let midnight = days(year, month, day)?.checked_mul(86_400)?;
    let seconds = midnight.checked_add(hour * 3600 + minute * 60 + second)?;
    let written = Rfc3339(UnixTime::since_unix_epoch(Duration::from_secs(seconds.into())));
    // Written again and compared: February 31 and its like come out as another day.
    (written.to_string() == text).then_some(seconds)
}

/// Days from 1970 to a date of the Gregorian calendar; what is no date does not come out again.
fn days(year: u32, month: u32, day: u32) -> Option<u32> {
    let year = if month > 2 { year } else { year.checked_sub(1)? };
    // Of a year that begins in March, so that a leap day is the last of it.
    let in_year = (153 * ((month + 9) % 12) + 2) / 5 + day;
    let since_zero = year * 365 + year / 4 - year / 100 + year / 400 + in_year;
    // 719468 from 0000-03-01 to 1970-01-01, and one because days of a month begin with 1.
    since_zero.checked_sub(719_469)
}

/// `time` if it can come from a clock that was set; `None` before [`EARLIEST`].
pub fn set(time: SystemTime) -> Option<UnixTime> {
    let since_epoch = since_epoch(time);
    (since_epoch >= EARLIEST).then(|| UnixTime::since_unix_epoch(since_epoch))
}

/// Shows the time of day in UTC as the console does, `HH:MM:SS.uuuuuu`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TimeOfDay(pub SystemTime);

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since_epoch = since_epoch(self.0);
        write_time(f, since_epoch.as_secs())?;
        write!(f, ".{:06}", since_epoch.subsec_micros())
    }
}

/// Shows a time as RFC 3339 in UTC with whole seconds, `2026-11-24T16:00:00Z`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rfc3339(pub UnixTime);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (year, month, day) = civil(seconds / SECONDS_A_DAY);
        write!(f, "{year:04}-{month:02}-{day:02}T")?;
        write_time(f, seconds)?;
        f.write_str("Z")
    }
}

/// The last or first second of a certificate, since 1970, as a date; 1970 for what was before.
#[must_use]
pub fn date(seconds: i64) -> Rfc3339 {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    Rfc3339(UnixTime::since_unix_epoch(since))
}

/// Shows a time as RFC 3339 in UTC with microseconds, `2026-11-24T16:00:00.017670Z`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stamp(pub SystemTime);

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since_epoch = since_epoch(self.0);
        let (year, month, day) = civil(since_epoch.as_secs() / SECONDS_A_DAY);
        write!(f, "{year:04}-{month:02}-{day:02}T{}Z", TimeOfDay(self.0))
    }
}

fn since_epoch(time: SystemTime) -> Duration {
    // A clock before 1970 was never set: 1970 is as good an answer.
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn write_time(f: &mut fmt::Formatter<'_>, seconds: u64) -> fmt::Result {
    let of_day = seconds % SECONDS_A_DAY;
    write!(f, "{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// Year, month and day of a day counted from 1970-01-01.
///
/// Counts from 0000-03-01, so that the leap day is the last of its year.
///
/// # Source
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`, for days that
/// are not negative.
fn civil(days_since_epoch: u64) -> (u64, u64, u64) {
    let days = days_since_epoch + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

/// 2020-01-01T00:00:00Z: a clock that shows less has never been set.
///
/// Inferred: older than this program, newer than the epochs that unset clocks start from (1970,
/// and the build date of an old firmware).
pub const EARLIEST: Duration = Duration::from_secs(1_577_836_800);

const SECONDS_A_DAY: u64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn rfc3339(seconds: u64) -> String {
        Rfc3339(UnixTime::since_unix_epoch(Duration::from_secs(seconds))).to_string()
    }

    #[test]
    fn a_clock_before_2020_is_unset() {
        assert_eq!(set(SystemTime::UNIX_EPOCH), None);
        assert_eq!(set(at(1_577_836_799)), None);
        assert_eq!(set(SystemTime::UNIX_EPOCH - Duration::from_secs(5)), None);
        assert_eq!(set(at(1_577_836_800)).map(|time| time.as_secs()), Some(1_577_836_800));
    }

    #[test]
    fn the_time_of_day_has_microseconds() {
        let time = at(33_197) + Duration::from_micros(17_670);
        assert_eq!(TimeOfDay(time).to_string(), "09:13:17.017670");
    }

    #[test]
    fn a_stamp_has_date_and_microseconds() {
        let time = at(1_795_536_000) + Duration::from_micros(17_670);
        assert_eq!(Stamp(time).to_string(), "2026-11-24T16:00:00.017670Z");
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(rfc3339(1_709_251_200), "2024-03-01T00:00:00Z");
        assert_eq!(rfc3339(1_767_225_599), "2025-12-31T23:59:59Z");
        assert_eq!(rfc3339(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(rfc3339(4_294_967_295), "2106-02-07T06:28:15Z");
    }
}
