//! `secd trust`: what the phone's Trust List screen shows.

use std::fmt::Display;

use crate::cli::arguments::{Command, SharedOptions};
use crate::cli::daemon::Daemon;
use crate::cli::exit::{CommandFailure, Exit};
use crate::cli::sheet::{Sheet, yes_or_no};
use crate::cli::words::date;
use crate::face::methods::{GetTrust, Trust};
use crate::face::records::{List, Record};

/// Prints what is trusted.
#[derive(Default)]
pub(super) struct TrustCommand {
    daemon: Daemon,
}

impl Command for TrustCommand {
    const HELP: &'static str = HELP;

    fn shared(&mut self) -> SharedOptions<'_> {
        SharedOptions::Daemon(&mut self.daemon)
    }

    fn run(self) -> Result<Exit, CommandFailure> {
        let daemon = self.daemon;
        Ok(daemon.show(daemon.ask(GetTrust {})?, sheet))
    }
}

fn sheet(trust: &Trust) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.fact("state", &trust.state);
    sheet.fact("meaning", &trust.meaning);
    sheet.fact("locked", &yes_or_no(trust.locked));
    sheet.fact("signed files", &yes_or_no(trust.signed_files));
    if let Some(pin) = &trust.pin {
        sheet.fact("first use pinned to", pin);
    }
    for list in &trust.lists {
        add_list(&mut sheet, list);
    }
    if let Some(alarm) = &trust.alarm {
        // Apart from the messages, whose columns have other widths.
        sheet.keyed_section("Last alarm");
        sheet.row(&["alarm", &alarm.code.to_string(), &alarm.name, &date(alarm.time)]);
    }
    sheet.section("Messages");
    sheet.if_empty("no status message since the start");
    for message in &trust.messages {
        sheet.row(&["message", &date(message.time), &message.text]);
    }
    sheet
}

fn add_list(sheet: &mut Sheet, list: &List) {
    // In every row: a pipe gets no headings.
    let kind = list.kind.to_string();
    sheet.keyed_section(&kind.to_uppercase());
    let mut fact = |name: &str, value: &dyn Display| {
        sheet.row(&[&kind, name, &value.to_string()]);
    };
    fact("length", &list.length);
    fact("md5", &list.md5);
    fact("sha1", &list.sha1);
    fact("signer", &list.signer);
    fact("timestamp", &date(list.timestamp.into()));
    fact("trusted", &list.acceptance.in_words());
    // A blank list is the call manager's way to switch checks off (state S4 of secd(8)).
    fact("blank", &if list.blank { BLANK } else { yes_or_no(false) });
    for record in &list.records {
        let [subject, serial] =
            [&record.subject, &record.serial].map(|field| field.as_deref().unwrap_or_default());
        sheet.row(&[&kind, "record", &record.role, carries(record), serial, subject]);
    }
}

/// What a record has of its certificate.
const fn carries(record: &Record) -> &'static str {
    match (record.has_certificate, &record.cert_sha1) {
        (true, _) => "certificate",
        (false, Some(_)) => "hash",
        (false, None) => "EMPTY",
    }
}

/// What a blank list is to a person.
const BLANK: &str = "yes, empty entries: nothing is checked by this list";

const HELP: &str = "\
Show what the phone's Trust List screen shows: the state, both lists with their hashes, who vouched
for each or whether it was trusted on first use, their records (EMPTY: neither certificate nor
hash; with the certificate's subject and serial number), the last alarm and the status messages.

Usage: secd trust [--json] [--socket PATH]

Exit: 0 shown, 1 not allowed, 69 no daemon
";
