//! Every line that the console log can show: listed in docs/log-lines.md, explained in
//! docs/reading-the-log.md only as it is, and written in one place alone.
//!
//! `UPDATE=1 cargo test --test lines` writes the list anew.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use secd::boot::Event;
use secd::boot::event::{Fact, Level, LineRow};
use secd::io::console::message_id;
use secd::trust::Reason;

const LIST: &str = "docs/log-lines.md";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// How the console writes a level; an expression is decided by the facts.
fn mnemonic(line: &LineRow) -> &'static str {
    match line.level {
        "Error" => "ERR",
        "Warn" => "WRN",
        "Notice" => "NOT",
        "Info" => "INF",
        "Deb" => "DEB",
        _ => "by its facts",
    }
}

fn process(line: &LineRow) -> &'static str {
    match line.process {
        "SECD" => "SECD",
        "TFTP" => "TFTP",
        "TFTP_CLIENT" => "tftpClient",
        _ => "by its facts",
    }
}

fn list() -> String {
    let mut text = String::from(HEAD);
    for line in Event::LINES {
        let shown = line.text.replace('|', "\\|");
        text +=
            &format!("| `{}` | {} | {} | `{shown}` |\n", line.name, mnemonic(line), process(line));
    }
    text += IDS;
    for line in Event::LINES {
        text += &format!("| `{}` | `{}` |\n", line.name, message_id(line.name));
    }
    text
}

const HEAD: &str = "\
# All lines of the console log

Each line is one event. `secd log --json` and whoever follows the log over the socket get its name
and its facts beside the text; in braces are the facts. Lines of the technote are as its firmware
writes them. This list is made from the table in `src/boot/event.rs`, and compared with it by a test.

| Event | Level | Process | Text |
| --- | --- | --- | --- |
";

const IDS: &str = "
## In the journal of systemd

Where the journal reads the agent's standard error, each line is an entry: `MESSAGE` is process and
text, `PRIORITY` the level (`ERR` 3, `WRN` 4, `NOT` 5, `INF` 6, `DEB` 7), `SYSLOG_IDENTIFIER` `secd`,
`SECD_EVENT` the event, `SECD_SEQUENCE` the number of the line, and `SECD_FACT_` with the name of a fact
in capitals that fact. `MESSAGE_ID` is one number for all lines of an event, in every version: the first 16
bytes of the SHA-256 of `phone.secd/` and the event's name. Lines of libraries have none.

```
journalctl -t secd -p err
journalctl SECD_EVENT=ListRefused
journalctl MESSAGE_ID=d83be9debf181af5a8e950a70df37749 -o verbose
```

| Event | MESSAGE_ID |
| --- | --- |
";

#[test]
fn the_list_of_all_lines_is_the_table() {
    let path = root().join(LIST);
    if std::env::var_os("UPDATE").is_some() {
        // Beside the tests nothing reads it meanwhile.
        let mut file = fs::File::create(&path).unwrap();
        std::io::Write::write_all(&mut file, list().as_bytes()).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    for (found, expected) in found.lines().zip(list().lines()) {
        assert_eq!(found, expected, "UPDATE=1 cargo test --test lines writes {LIST} anew");
    }
    assert_eq!(found.lines().count(), list().lines().count());
}

#[test]
fn no_two_events_have_one_name() {
    let names: BTreeSet<_> = Event::LINES.iter().map(|line| line.name).collect();
    assert_eq!(names.len(), Event::LINES.len());
}

/// Whether a text is one that the template can become: holes take anything, also nothing.
fn fits(template: &str, text: &str) -> bool {
    let Some((before, rest)) = template.split_once('{') else { return template == text };
    let Some(text) = text.strip_prefix(before) else { return false };
    let (_, after) = rest.split_once('}').unwrap();
    (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| fits(after, &text[at..]))
}

/// Level, process and text of a line as the console shows it.
fn shown(line: &str) -> Option<(&str, &str, &str)> {
    let (number, rest) = line.split_once(": ")?;
    number.parse::<u32>().ok()?;
    let (level, rest) = rest.split_once(' ')?;
    let (_time, rest) = rest.split_once(' ')?;
    let (process, text) = rest.split_once(": ")?;
    Some((level, process, text))
}

#[test]
fn what_is_explained_can_be_written() {
    let text = fs::read_to_string(root().join("docs/reading-the-log.md")).unwrap();
    let lines: Vec<_> = text.lines().filter_map(shown).collect();
    assert!(lines.len() > 40, "{}", lines.len());
    for (level, name, text) in lines {
        // The Java writes through the agent, whatever it likes.
        let is_it = |line: &&LineRow| {
            [level, "by its facts"].contains(&mnemonic(line))
                && [name, "by its facts"].contains(&process(line))
                && fits(line.text, text)
        };
        let found = Event::LINES.iter().filter(|line| line.name != "Client").find(is_it);
        assert!(found.is_some() || name == "JVM", "no event is {level} {name}: {text}");
    }
}

#[test]
fn a_line_that_nobody_writes_is_found_out() {
    assert!(fits("a {x} b {y}", "a 1 b 2") && fits("{x}", ""));
    assert!(!fits("a {x} b", "a 1 c") && !fits("a", "a b"));
    assert_eq!(shown("12: NOT 18:12:01.6 SECD: store: x"), Some(("NOT", "SECD", "store: x")));
    assert_eq!(shown("text: of NOT a line"), None);
}

/// Every production file of `src`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_stem().is_some_and(|name| name == "tests");
        if path.is_dir() {
            found.extend(sources(&path));
        } else if !is_test && path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn nothing_is_written_but_events() {
    let macros = ["error!(", "warn!(", "info!(", "debug!(", "trace!(", "log::log!("];
    for path in sources(&root().join("src")) {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in (1..).zip(text.lines()) {
            let code = line.trim_start();
            let written = macros.iter().any(|name| code.contains(name)) && !code.starts_with("//");
            assert!(!written, "{}:{number}: {code}", path.display());
        }
    }
}

#[test]
fn an_event_has_name_level_process_text_and_facts() {
    let name = "ITLSEP001122334455.tlv".to_owned();
    let event = Event::ListRefused { name: name.clone(), reason: Reason::WrongSigner };
    assert_eq!(event.name(), "ListRefused");
    assert_eq!((event.level(), event.process()), (Level::Error, "SECD"));
    let text = "EROR:validate_file_envelope: File sign verify FAILED, ITLSEP001122334455.tlv: \
                signer not in CTL or ITL";
    assert_eq!(event.to_string(), text);
    let reason = Fact::Text("signer not in CTL or ITL".to_owned());
    assert_eq!(event.facts(), [("name", Fact::Text(name)), ("reason", reason)]);
}

/// The technote's own lines stand in the table as the firmware writes them.
#[test]
fn every_line_of_the_golden_trace_is_an_event() {
    let trace = fs::read_to_string(root().join("tests/golden-trace.txt")).unwrap();
    let rows: Vec<_> = trace.lines().filter(|row| row.contains(" | ")).collect();
    assert!(rows.len() > 40);
    for row in rows.into_iter().filter(|row| !row.starts_with('#')) {
        let fields: Vec<_> = row.splitn(3, '|').map(str::trim).collect();
        let [name, level, text] = fields[..] else { panic!("{row}") };
        let is_it = |line: &&LineRow| {
            [level, "by its facts"].contains(&mnemonic(line))
                && process(line) == name
                && fits(line.text, text)
        };
        let is_event = Event::LINES.iter().any(|line| is_it(&line));
        assert!(is_event || name == "JVM", "no event is {row}");
    }
}
