//! The journal of systemd as the reader of the console. Needs root, for a folder of its own below
//! `/run`.
#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]
#![allow(clippy::disallowed_methods, reason = "tests wait in real time, within bounds")]

mod support;

use std::collections::BTreeMap;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use secd::io::console::message_id;
use support::agent::{Agent, run_after};
use support::office::Office;
use support::phone::{Phone, SAME_USER};
use support::{PATIENCE, agent};

/// An agent whose standard error is what the journal reads, with `folder` as the journal's own.
fn under_the_journal(phone: &Phone, folder: &Path) -> Agent {
    let script = format!(
        "mount -t tmpfs none /run; mkdir -p /run/systemd/journal; \
         mount --bind {} /run/systemd/journal; \
         JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2); export JOURNAL_STREAM",
        folder.display()
    );
    Agent::spawn(run_after(phone, &["--mount"], &script))
}

/// The fields of an entry, each of which is on a line.
fn fields(entry: &[u8]) -> BTreeMap<String, String> {
    let text = std::str::from_utf8(entry).unwrap();
    let fields = text.lines().map(|line| line.split_once('=').expect(line));
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

struct FakeJournal(UnixDatagram);

impl FakeJournal {
    fn in_folder(folder: &Path) -> Self {
        let socket = UnixDatagram::bind(folder.join("socket")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }

    /// The entries up to that of an event.
    #[track_caller]
    fn until(&self, event: &str) -> Vec<BTreeMap<String, String>> {
        let mut entries = Vec::new();
        let mut buffer = [0; 8192];
        loop {
            let length = self.0.recv(&mut buffer).unwrap_or_else(|_| panic!("{entries:#?}"));
            entries.push(fields(&buffer[..length]));
            if entries
                .last()
                .and_then(|entry| entry.get("SECD_EVENT"))
                .is_some_and(|it| it == event)
            {
                return entries;
            }
        }
    }
}

#[test]
fn each_line_is_an_entry_with_priority_message_id_and_facts_and_none_is_there_twice() {
    let office = Office::open();
    let phone = office.phone(SAME_USER);
    let folder = tempfile::tempdir().unwrap();
    let journal = FakeJournal::in_folder(folder.path());
    let agent = under_the_journal(&phone, folder.path());
    let entries = journal.until("RefreshDone");
    let numbers: Vec<usize> =
        entries.iter().map(|entry| entry["SECD_SEQUENCE"].parse().unwrap()).collect();
    // The kernel queues ten entries here: what a busy machine does not read in time goes to standard
    // error, and nothing goes both ways.
    let beside = agent.log.from(0);
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    assert_eq!(numbers.len() + beside.len(), *numbers.last().unwrap(), "{numbers:?} {beside:?}");
    let with_priority = |line: &support::log::Line| line.text.starts_with('<');
    assert!(beside.iter().all(with_priority), "{beside:?}");
    assert!(numbers.len() > 10, "{numbers:?}");
    let of = |event: &str| entries.iter().find(|entry| entry["SECD_EVENT"] == event).unwrap();
    let first_use = of("ListFirstUse");
    assert_eq!(first_use["PRIORITY"], "4");
    assert_eq!(first_use["SYSLOG_IDENTIFIER"], "secd");
    assert_eq!(first_use["MESSAGE_ID"], message_id("ListFirstUse"));
    let name = &first_use["SECD_FACT_NAME"];
    let text = format!("SECD: updateFromFile: {name} trusted on FIRST USE, signed by ");
    assert!(first_use["MESSAGE"].starts_with(&text), "{first_use:?}");
    assert_eq!(of("StageOver")["PRIORITY"], "6");
    assert_eq!(of("ListRequested")["PRIORITY"], "5");
}

#[test]
fn without_the_journals_socket_lines_go_to_standard_error_with_their_priority() {
    let office = Office::open();
    let phone = office.phone(SAME_USER);
    let folder = tempfile::tempdir().unwrap();
    let agent = under_the_journal(&phone, folder.path());
    let done =
        |line: &support::log::Line| line.text.starts_with("<5>SECD: refresh: done, state S1");
    assert!(agent.log.find(0, PATIENCE, done).is_some(), "{:?}", agent.log.from(0));
    // A journal that is started later takes the lines from then on.
    let journal = FakeJournal::in_folder(folder.path());
    let lines = agent.log.from(0).len();
    agent.signal(nix::sys::signal::Signal::SIGHUP);
    let taken = journal.until("RefreshDone");
    assert_eq!(taken[0]["SECD_EVENT"], "Reloaded");
    // Each goes one way: what is printed did not fit into the queue of a journal that is read late.
    let number = |entry: &BTreeMap<_, String>| entry["SECD_SEQUENCE"].parse::<usize>().unwrap();
    let logged = number(&taken[taken.len() - 1]) - number(&taken[0]) + 1;
    assert!(taken.len() + agent.log.from(lines).len() <= logged);
}

#[test]
fn a_stream_that_is_not_standard_error_changes_nothing() {
    let phone = Phone::new(&["127.0.0.1:9"]);
    let mut command = agent::run(&phone);
    command.env("JOURNAL_STREAM", "1:1");
    let mut agent = Agent::spawn(command);
    assert!(agent.pass().iter().all(|line| line.process == "SECD" || line.process == "TFTP"));
}
