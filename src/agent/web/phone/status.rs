//! Status messages, and times as phones show them, in UTC.

use crate::agent::web::frame::moment;
use crate::agent::web::phone::table::PageTable;
use crate::face::records::Message;

/// The messages, oldest first.
///
/// # Source
/// A public script takes what follows `] ` in each row. That the member is called `status` is
/// inferred.
pub(super) fn table(messages: &[Message]) -> PageTable {
    let mut table = PageTable::new("Status messages", "<DeviceLog>\n", "</DeviceLog>\n");
    for Message { time, text } in messages {
        let text = format!("[{:0>10} {}] {text}", clock(*time), date(*time));
        table.message(("  <status>", "</status>"), text);
    }
    table
}

/// The time of day in UTC, written `h:mm:ssam`.
pub(super) fn clock(seconds: u64) -> String {
    let hour = seconds / 3600 % 24;
    let half = if hour < 12 { "am" } else { "pm" };
    let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
    format!("{hour}:{:02}:{:02}{half}", seconds / 60 % 60, seconds % 60)
}

/// The date in UTC, written `mm/dd/yy`.
pub(super) fn date(seconds: u64) -> String {
    // RFC 3339: 2026-11-24T16:00:00Z.
    let moment = moment(seconds).to_string();
    let part = |range| moment.get(range).unwrap_or_default();
    format!("{}/{}/{}", part(5..7), part(8..10), part(2..4))
}
