//! The journal of systemd, where that reads the console: each line is an entry with its priority, the
//! name of its event, and its facts.
//!
//! Where its own socket takes no entries, a line goes to standard error with its priority in front.
//!
//! # Source
//! systemd.exec(5) for `JOURNAL_STREAM`, sd-daemon(3) for the priority in front of a line, "Native
//! Journal Protocol" for entries, systemd.journal-fields(7) for their fields.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::{env, fs};

use log::Level;

use super::ring::ConsoleLine;
use crate::face::hex;
use crate::trust::signature::sha256;

/// The journal as the reader of the console.
pub(super) struct Journal {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Journal {
    /// The journal, if it reads our standard error.
    pub(super) fn of_stderr() -> Option<Self> {
        let stream = env::var_os("JOURNAL_STREAM")?;
        // Also inherited by those whose standard error goes elsewhere: the number decides.
        is_stream(&stream, Path::new("/proc/self/fd/2")).then(|| Self::at(SOCKET).ok()).flatten()
    }

    /// A journal whose socket is at this path, now or later.
    fn at(path: impl Into<PathBuf>) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, path: path.into() })
    }

    /// Writes an entry.
    ///
    /// # Errors
    /// If no journal takes it: one that is being started anew, or whose queue is full, which is not
    /// waited for. The line then goes to standard error, which has a buffer of its own.
    pub(super) fn write(&self, line: &ConsoleLine) -> io::Result<()> {
        // Connected anew for each line: a journal that was started anew has another socket.
        self.socket.send_to(&entry(line), &self.path).map(|_| ())
    }
}

/// Whether an open file is the one that the journal reads, by the numbers of its device and inode.
fn is_stream(stream: &OsString, file: &Path) -> bool {
    let numbers = fs::metadata(file).map(|file| format!("{}:{}", file.dev(), file.ino()));
    numbers.is_ok_and(|numbers| *stream == *numbers)
}

/// The line for standard error.
pub(super) fn with_priority(line: &ConsoleLine) -> String {
    format!("<{}>{}", priority(line.level()), line.message())
}

/// The priority of syslog(3) for a level of the console.
#[must_use]
pub const fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 5,
        Level::Debug => 6,
        Level::Trace => 7,
    }
}

/// The `MESSAGE_ID` of an event's lines: the same in every version, and nobody else's.
#[must_use]
pub fn message_id(event: &str) -> String {
    let digest = sha256(format!("{NAMESPACE}{event}").as_bytes());
    let (id, _) = digest.split_at(ID);
    hex(id)
}

fn entry(line: &ConsoleLine) -> Vec<u8> {
    let mut entry = Vec::new();
    let origin = line.origin();
    // No value has a line break, which would end it: line and facts are escaped.
    let mut put = |name: &str, value: &str| {
        entry.extend_from_slice(format!("{name}={value}\n").as_bytes());
    };
    put("MESSAGE", line.message());
    put("PRIORITY", &priority(line.level()).to_string());
    put("SYSLOG_IDENTIFIER", env!("CARGO_PKG_NAME"));
    put("SECD_SEQUENCE", &line.sequence().to_string());
    if let Some(event) = &origin.event {
        put("MESSAGE_ID", &message_id(event));
        put("SECD_EVENT", event);
    }
    for (name, text) in line.facts_as_text() {
        put(&format!("SECD_FACT_{}", name.to_ascii_uppercase()), &text);
    }
    entry
}

/// Where the journal takes entries.
const SOCKET: &str = "/run/systemd/journal/socket";

/// What is hashed in front of an event's name. It must never change: administrators filter by what
/// comes of it.
const NAMESPACE: &str = "phone.secd/";

/// Bytes of a message ID (sd_journal_print(3)).
const ID: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::console::{Origin, Ring};
    use std::time::SystemTime;

    fn line(text: &str, event: Option<&str>, facts: &str) -> ConsoleLine {
        let (time, event) = (SystemTime::UNIX_EPOCH, event.map(Box::from));
        let origin = Origin { level: Level::Warn, time, event, facts: Some(facts.into()) };
        let mut ring = Ring::default();
        let compose = |number, line: &mut dyn core::fmt::Write| {
            write!(line, "{number}: WRN 00:00:00.000000 {text}")
        };
        ring.push(origin, compose).clone()
    }

    #[test]
    fn an_entry_has_text_priority_event_and_facts() {
        let facts = r#"{"name":"ITLFile.tlv","limit":5}"#;
        let entry = entry(&line("SECD: store: odd", Some("StoreOdd"), facts));
        let expected = format!(
            "MESSAGE=SECD: store: odd\nPRIORITY=4\nSYSLOG_IDENTIFIER=secd\nSECD_SEQUENCE=1\n\
             MESSAGE_ID={}\nSECD_EVENT=StoreOdd\nSECD_FACT_LIMIT=5\nSECD_FACT_NAME=ITLFile.tlv\n",
            message_id("StoreOdd")
        );
        assert_eq!(String::from_utf8(entry).unwrap(), expected);
    }

    #[test]
    fn a_line_of_a_library_has_no_message_id() {
        let entry = entry(&line("rustls: odd", None, "no JSON"));
        assert!(!String::from_utf8(entry).unwrap().contains("MESSAGE_ID"));
    }

    #[test]
    fn a_fact_with_a_line_break_cannot_forge_a_field() {
        let facts = r#"{"why":"a\nPRIORITY=0"}"#;
        let entry = entry(&line("SECD: x", None, facts));
        assert!(entry.ends_with(b"SECD_FACT_WHY=a\\nPRIORITY=0\n"), "{entry:?}");
    }

    #[test]
    fn the_id_of_an_event_never_changes() {
        // By `printf phone.secd/ListRefused | sha256sum`.
        assert_eq!(message_id("ListRefused"), "d83be9debf181af5a8e950a70df37749");
    }

    #[test]
    fn the_stream_is_known_by_device_and_inode() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let numbers = fs::metadata(file.path()).unwrap();
        let (device, inode) = (numbers.dev(), numbers.ino());
        assert!(is_stream(&format!("{device}:{inode}").into(), file.path()));
        for stream in [format!("{device}:{}", inode + 1), String::new(), "x:y".to_owned()] {
            assert!(!is_stream(&stream.into(), file.path()));
        }
    }

    #[test]
    fn a_journal_that_is_started_anew_goes_on_and_one_that_is_full_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let journal = Journal::at(&path).unwrap();
        let line = line("SECD: x", None, "{}");
        assert!(journal.write(&line).is_err(), "nobody is there yet");
        for _ in 0..2 {
            let reader = UnixDatagram::bind(&path).unwrap();
            journal.write(&line).unwrap();
            let mut buffer = [0; 1024];
            let length = reader.recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], entry(&line));
            fs::remove_file(&path).unwrap();
        }
        let _reads_nothing = UnixDatagram::bind(&path).unwrap();
        let taken = (0..10_000).take_while(|_| journal.write(&line).is_ok()).count();
        assert!(taken < 10_000, "nobody reads");
    }

    #[test]
    fn a_line_for_standard_error_has_its_priority_and_neither_number_nor_time() {
        assert_eq!(with_priority(&line("SECD: store: odd", None, "{}")), "<4>SECD: store: odd");
    }
}
