//! The console log: one line an event, to stderr and to a ring in memory.
//!
//! ```text
//! <seq>: <LVL> <HH:MM:SS.uuuuuu> <PROC>: <text>
//! ```
//!
//! `LVL` is `ERR`, `WRN`, `NOT`, `INF` or `DEB` for the five levels of the `log` crate, from
//! [`log::Level::Error`] down: so a *notice* is written with `log::info!`. `PROC` is the target of
//! the record, given at each call: `log::info!(target: "SECD", …)`.
//!
//! A record of a library has a path as its target, or the library's name. Its `PROC` is the first
//! segment of the path, and it is shown only as `ERR` or `WRN`: what a library logs below that
//! is about the library. Ours without a target is shown as `SECD`.
//!
//! A record may carry the name of an event and its facts for programs, under [`EVENT`] and
//! [`FACTS`]: they are kept with the line in memory, and not shown.
//!
//! Where systemd's journal reads standard error, a line is an entry of the journal instead, with its
//! own number, time and priority: see [`message_id`].
//!
//! The line is [escaped](escape()) and cut to [`ring::WIDTH`] bytes in one place. Nothing
//! here fails or waits: a line that stderr does not take is lost there, and stays in the ring.
//!
//! A line is written before [`log::Log::log`] returns, or with the others of its event: see
//! [`together`].

mod escape;
mod journal;
pub mod ring;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use env_logger::{Builder, Logger, Target};
use log::kv::Key;
use log::{Level, LevelFilter, Log, Metadata, Record, SetLoggerError};
use nix::fcntl::OFlag;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

pub use escape::{escape, escape_json, escape_page};
use journal::Journal;
pub use journal::{message_id, priority};
pub use ring::{ConsoleLine, Origin, Ring, Since};

use super::clock::{self, TimeOfDay};

/// Starts the console: from here on, log records become lines.
///
/// # Errors
/// If the process already has a logger.
pub fn init(level: LevelFilter) -> Result<Console, SetLoggerError> {
    let console = Console::default();
    let mut tee = Tee::new(console.clone(), stderr());
    tee.journal = Journal::of_stderr();
    log::set_boxed_logger(Box::new(tee))?;
    set_level(level, level);
    Ok(console)
}

/// Shows lines of `shown` and graver from now on; those of `kept` are kept in memory, and what
/// follows them there gets them, even if they are not shown.
pub fn set_level(shown: LevelFilter, kept: LevelFilter) {
    *levels() = Levels { shown, kept };
    log::set_max_level(shown.max(kept));
}

/// Shows lines of `level` and graver from now on; what is kept in memory is not less for that.
pub fn show(level: LevelFilter) {
    let kept = levels().kept;
    set_level(level, kept);
}

/// The level from which on lines are shown.
pub fn shown() -> LevelFilter {
    levels().shown
}

/// Logs the lines of one event, which leave for stderr in one write if a pipe takes them at once.
///
/// Nothing can be waited for meanwhile, and so nobody sees the effect before the line. If the
/// program ends in between, [`log::Log::flush`] writes what is there.
pub fn together<T>(lines: impl FnOnce() -> T) -> T {
    TOGETHER.fetch_add(1, Ordering::SeqCst);
    let result = lines();
    if TOGETHER.fetch_sub(1, Ordering::SeqCst) == 1 {
        log::logger().flush();
    }
    result
}

/// How many events are logging their lines just now, of which one may be part of another.
static TOGETHER: AtomicUsize = AtomicUsize::new(0);

/// The levels from which on lines are shown, and kept.
struct Levels {
    shown: LevelFilter,
    kept: LevelFilter,
}

/// Of the process, as the logger is.
static LEVELS: Mutex<Levels> =
    Mutex::new(Levels { shown: LevelFilter::Trace, kept: LevelFilter::Trace });

/// A panic while they were held leaves them intact.
fn levels() -> MutexGuard<'static, Levels> {
    LEVELS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A handle on the lines in memory; all clones see the same.
#[derive(Clone, Default)]
pub struct Console {
    ring: Arc<Mutex<Ring>>,
    news: Arc<Notify>,
}

impl Console {
    /// The last `count` lines, oldest first.
    pub fn tail(&self, count: usize) -> Vec<ConsoleLine> {
        self.ring().tail(count)
    }

    /// The next lines after `sequence`, from the first on if that is 0; so many at most.
    pub fn next(&self, sequence: u64, count: usize) -> Since {
        self.ring().next(sequence, count)
    }

    /// Waits for a line that comes after this call, whether or not the future was polled by then.
    pub fn news(&self) -> Notified<'_> {
        self.news.notified()
    }

    /// A panic while the ring was held leaves it intact: a line is put in last.
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives each record to the ring and to stderr, as the same line.
struct Tee {
    console: Console,
    stderr: Logger,
    /// Lines for stderr that wait for the others of their event.
    waiting: Mutex<String>,
    /// Takes the lines in place of stderr, if it reads that.
    journal: Option<Journal>,
}

impl Tee {
    /// The inner logger passes every level: what is shown is decided by [`shown`].
    fn new(console: Console, target: Target) -> Self {
        let stderr = Builder::new()
            .filter_level(LevelFilter::Trace)
            .target(target)
            .format(|f, record| io::Write::write_fmt(f, format_args!("{}\n", record.args())))
            .build();
        Self { console, stderr, waiting: Mutex::default(), journal: None }
    }

    fn log_at(&self, time: SystemTime, record: &Record<'_>) {
        let Some(process) = process(record.level(), record.target()) else { return };
        // Formatted before the ring is held: an argument's Display may log.
        let text = record.args().to_string();
        let origin = Origin {
            level: record.level(),
            time,
            event: pair(record, EVENT),
            facts: pair(record, FACTS),
        };
        let mut ring = self.console.ring();
        let line = ring.push(origin, |sequence, line| {
            let level = mnemonic(record.level());
            let time = TimeOfDay(time);
            write!(line, "{sequence}: {level} {time} {}: {}", escape(process), escape(&text))
        });
        // Written while the ring is held: lines reach the reader in the order of their numbers.
        match &self.journal {
            _ if line.level() > shown() => {}
            None => self.print(line.text()),
            Some(journal) if journal.write(line).is_ok() => {}
            Some(_) => self.print(&journal::with_priority(line)),
        }
        self.console.news.notify_waiters();
    }

    fn print(&self, text: &str) {
        let mut waiting = self.waiting();
        // A pipe takes so much as a whole or not at all, so that no line is cut.
        if waiting.len() + text.len() + 2 > PIPE_BUF {
            self.write(&mut waiting);
        }
        if !waiting.is_empty() {
            waiting.push('\n');
        }
        waiting.push_str(text);
        if TOGETHER.load(Ordering::SeqCst) == 0 {
            self.write(&mut waiting);
        }
    }

    fn write(&self, waiting: &mut String) {
        if !waiting.is_empty() {
            // No target and no time: the lines have both.
            self.stderr.log(&Record::builder().args(format_args!("{waiting}")).build());
            waiting.clear();
        }
    }

    /// A panic while it was held leaves lines that are intact.
    fn waiting(&self) -> MutexGuard<'_, String> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for Tee {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
            && process(metadata.level(), metadata.target()).is_some()
    }

    fn log(&self, record: &Record<'_>) {
        self.log_at(clock::wall(), record);
    }

    fn flush(&self) {
        self.write(&mut self.waiting());
    }
}

/// What a record carries under a key.
fn pair(record: &Record<'_>, key: &str) -> Option<Box<str>> {
    let value = record.key_values().get(Key::from(key))?;
    value.to_borrowed_str().map(Box::from)
}

/// The PROC for a target, or `None` if the record is not shown.
fn process(level: Level, target: &str) -> Option<&str> {
    let root = target.split("::").next().unwrap_or(target);
    if root == env!("CARGO_CRATE_NAME") {
        return Some("SECD");
    }
    let library = root.len() != target.len() || LIBRARIES.contains(&root);
    // Warnings of a library may concern the phone; what is below is about the library.
    (!library || level <= Level::Warn).then_some(root)
}

/// Whether the lines of a library in the binary are shown under this name.
pub fn is_library(process: &str) -> bool {
    LIBRARIES.iter().any(|library| library.eq_ignore_ascii_case(process))
}

fn mnemonic(level: Level) -> &'static str {
    match level {
        Level::Error => "ERR",
        Level::Warn => "WRN",
        Level::Info => "NOT",
        Level::Debug => "INF",
        Level::Trace => "DEB",
    }
}

/// Stderr through a description of our own that never waits, so that a stalled reader costs lines
/// and not the phone. `O_NONBLOCK` on descriptor 2 itself would also change it for whoever shares
/// it. A socket (a journal) cannot be opened this way: it is written to as it is. So is a file: it
/// does not stall, and others who write to it share our place in it.
fn stderr() -> Target {
    match reopened("/proc/self/fd/2") {
        Ok(file) => Target::Pipe(Box::new(file)),
        Err(_) => Target::Stderr,
    }
}

fn reopened(path: &str) -> io::Result<File> {
    if fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    OpenOptions::new().append(true).custom_flags(flags.bits()).open(path)
}

/// The key under which a record carries the name of its event.
pub const EVENT: &str = "event";

/// The key under which a record carries the facts of its event, an object of JSON.
pub const FACTS: &str = "facts";

/// What Linux writes into a pipe as a whole (pipe(7)).
const PIPE_BUF: usize = 4096;

/// Libraries in the binary that log with their bare name as the target.
const LIBRARIES: [&str; 7] =
    ["env_filter", "env_logger", "mio", "rustls", "tokio", "tokio_rustls", "webpki"];

#[cfg(test)]
mod tests;
