use std::io::{self, ErrorKind};
use std::time::Duration;

use super::*;

/// Keeps what is written to it, in place of stderr.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A pipe whose reader has gone.
struct BrokenPipe;

impl io::Write for BrokenPipe {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(ErrorKind::BrokenPipe.into())
    }
}

fn tee() -> (Tee, Sink) {
    let sink = Sink::default();
    (Tee::new(Console::default(), Target::Pipe(Box::new(sink.clone()))), sink)
}

fn log(tee: &Tee, level: Level, target: &str, text: &str) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_micros(33_197_670_000);
    let mut builder = Record::builder();
    let builder = builder.level(level).target(target);
    tee.log_at(time, &builder.args(format_args!("{text}")).build());
}

fn texts(tee: &Tee) -> Vec<String> {
    tee.console.tail(usize::MAX).iter().map(|line| line.text().to_owned()).collect()
}

#[test]
fn a_record_is_one_line_of_the_technote() {
    let (tee, _) = tee();
    log(&tee, Level::Info, "SECD", "tlRequestFile: Request CTLSEP001122334455.tlv");
    let line = "1: NOT 09:13:17.670000 SECD: tlRequestFile: Request CTLSEP001122334455.tlv";
    assert_eq!(texts(&tee), [line]);
}

#[test]
fn stderr_and_the_ring_get_the_same_lines() {
    let (tee, sink) = tee();
    log(&tee, Level::Info, "TFTP", "[1]:Finished --> rcvd 5438 bytes");
    log(&tee, Level::Error, "SECD", "Authenticated the HTTPS conn via TVS");
    let stderr = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    assert_eq!(stderr, texts(&tee).join("\n") + "\n");
}

#[test]
fn lines_of_one_event_leave_in_few_writes_and_none_is_lost() {
    /// Counts what is written at once.
    #[derive(Clone, Default)]
    struct Writes(Arc<Mutex<Vec<String>>>);
    impl io::Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().push(String::from_utf8(bytes.to_vec()).unwrap());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let writes = Writes::default();
    let tee = Tee::new(Console::default(), Target::Pipe(Box::new(writes.clone())));
    let written = || std::mem::take(&mut *writes.0.lock().unwrap());
    together(|| {
        log(&tee, Level::Info, "SECD", "one");
        together(|| log(&tee, Level::Info, "SECD", "two"));
        assert!(written().is_empty());
        // As the end of a panicking program does, and the end of the event.
        tee.flush();
    });
    assert_eq!(written(), [texts(&tee).join("\n") + "\n"]);
    let long = "x".repeat(400);
    together(|| (0..40).for_each(|_| log(&tee, Level::Info, "SECD", &long)));
    tee.flush();
    let writes = written();
    assert!(writes.len() < 8 && writes.iter().all(|text| text.len() <= PIPE_BUF), "{writes:?}");
    assert_eq!(writes.concat(), texts(&tee)[2..].join("\n") + "\n");
    log(&tee, Level::Info, "SECD", "alone");
    assert_eq!(written().len(), 1);
}

#[test]
fn each_level_has_its_mnemonic() {
    let (tee, _) = tee();
    for level in Level::iter() {
        log(&tee, level, "SECD", "text");
    }
    let levels: Vec<String> = texts(&tee).iter().map(|line| line[3..6].to_owned()).collect();
    assert_eq!(levels, ["ERR", "WRN", "NOT", "INF", "DEB"]);
}

#[test]
fn foreign_text_cannot_forge_a_line() {
    let (tee, sink) = tee();
    log(&tee, Level::Info, "JVM", "url\n9: ERR 00:00:00.000000 SECD: forged\u{1b}[2J");
    log(&tee, Level::Info, "JVM\n", "text");
    assert_eq!(sink.0.lock().unwrap().iter().filter(|&&byte| byte == b'\n').count(), 2);
    assert!(texts(&tee)[0].ends_with("url\\n9: ERR 00:00:00.000000 SECD: forged\\u{1b}[2J"));
}

#[test]
fn text_that_its_writer_escaped_is_not_escaped_again() {
    let (tee, _) = tee();
    log(&tee, Level::Info, "SECD", &escape("a\nb").to_string());
    assert!(texts(&tee)[0].ends_with("SECD: a\\nb"));
}

#[test]
fn a_library_is_heard_only_when_it_warns() {
    let (tee, _) = tee();
    log(&tee, Level::Info, "rustls::client::hs", "chatter");
    log(&tee, Level::Debug, "mio", "chatter");
    log(&tee, Level::Warn, "rustls::check", "odd");
    assert_eq!(texts(&tee), ["1: WRN 09:13:17.670000 rustls: odd"]);
}

#[test]
fn every_library_that_logs_is_known_by_its_name() {
    let lock = include_str!("../../../Cargo.lock");
    for package in lock.split("[[package]]").filter(|package| package.contains("\n \"log\",")) {
        let name = package.split('"').nth(1).unwrap().replace('-', "_");
        assert!(name == "secd" || is_library(&name), "{name}");
    }
    assert!(is_library("Rustls") && !is_library("JVM"));
}

#[test]
fn our_record_without_a_target_is_secds() {
    let (tee, _) = tee();
    log(&tee, Level::Trace, "secd::io::console", "text");
    assert_eq!(texts(&tee), ["1: DEB 09:13:17.670000 SECD: text"]);
}

#[test]
fn a_broken_stderr_costs_nothing_but_its_copy() {
    let tee = Tee::new(Console::default(), Target::Pipe(Box::new(BrokenPipe)));
    log(&tee, Level::Info, "SECD", "one");
    log(&tee, Level::Info, "SECD", "two");
    assert_eq!(texts(&tee).len(), 2);
}

#[test]
fn a_stalled_reader_costs_lines_and_not_the_phone() {
    use std::io::Read;
    use std::os::fd::AsRawFd;

    let (reader, writer) = nix::unistd::pipe().unwrap();
    let stderr = reopened(&format!("/proc/self/fd/{}", writer.as_raw_fd())).unwrap();
    let tee = Tee::new(Console::default(), Target::Pipe(Box::new(stderr)));
    let text = "x".repeat(400);
    for _ in 0..1000 {
        log(&tee, Level::Info, "SECD", &text);
    }
    assert_eq!(tee.console.next(999, usize::MAX).lines.len(), 1);
    drop((tee, writer));
    let mut read = String::new();
    File::from(reader).read_to_string(&mut read).unwrap();
    assert!(read.lines().count() < 1000 && read.lines().all(|line| line.ends_with(&text)));
}

#[test]
fn an_argument_that_logs_does_not_stall_the_console() {
    struct Talker<'a>(&'a Tee);
    impl core::fmt::Display for Talker<'_> {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            log(self.0, Level::Info, "SECD", "inner");
            f.write_str("outer")
        }
    }
    let (tee, _) = tee();
    let talker = Talker(&tee);
    tee.log_at(
        SystemTime::UNIX_EPOCH,
        &Record::builder().level(Level::Info).target("SECD").args(format_args!("{talker}")).build(),
    );
    assert_eq!(texts(&tee).len(), 2);
}

/// The only test that may set the process's logger.
#[test]
fn the_level_changes_while_running() {
    let console = init(LevelFilter::Warn).unwrap();
    log::info!(target: "SECD", "too detailed");
    set_level(LevelFilter::Info, LevelFilter::Info);
    log::info!(target: "SECD", "shown");
    let lines = console.next(0, usize::MAX).lines;
    assert!(lines.iter().all(|line| !line.text().contains("too detailed")));
    assert!(lines.iter().any(|line| line.text().ends_with("SECD: shown")));
    assert!(init(LevelFilter::Warn).is_err());
}
