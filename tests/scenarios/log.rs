//! The log of each test's own thread.
//!
//! The console belongs to the process; an agent runs on one thread, so its lines can be told from
//! those of the agents beside it.

use std::cell::RefCell;
use std::sync::Once;

use log::{LevelFilter, Log, Metadata, Record};

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Has the lines of every thread kept from now on.
pub(crate) fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        log::set_logger(&Capture).expect("no other logger in this process");
        log::set_max_level(LevelFilter::Info);
    });
}

/// Takes the lines that this thread has logged since the last call.
pub(crate) fn take() -> Vec<String> {
    LINES.with_borrow_mut(std::mem::take)
}

struct Capture;

impl Log for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !metadata.target().contains("::") && !metadata.target().contains("rustls")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let level = match record.level() {
                log::Level::Error => "ERR",
                log::Level::Warn => "WRN",
                log::Level::Info => "NOT",
                _ => "INF",
            };
            let line = format!("{} | {level} | {}", record.target(), record.args());
            LINES.with_borrow_mut(|lines| lines.push(line));
        }
    }

    fn flush(&self) {}
}
