//! The console log of a running agent.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// One line; of another form than the console's, it has no process and no level.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Line {
    pub level: String,
    pub process: String,
    pub text: String,
}

impl Line {
    /// `<seq>: <LVL> <HH:MM:SS.uuuuuu> <PROC>: <text>`
    pub fn parse(line: &str) -> Self {
        let parse = || {
            let (sequence, rest) = line.split_once(": ")?;
            sequence.parse::<u64>().ok()?;
            let (level, rest) = rest.split_once(' ')?;
            let (_time, rest) = rest.split_once(' ')?;
            let (process, text) = rest.split_once(": ")?;
            Some(Self { level: level.into(), process: process.into(), text: text.into() })
        };
        parse().unwrap_or_else(|| Self { text: line.to_owned(), ..Self::default() })
    }
}

/// The lines so far; clones see the same.
#[derive(Clone, Default)]
pub struct Log(Arc<(Mutex<Lines>, Condvar)>);

#[derive(Default)]
struct Lines {
    lines: Vec<Line>,
    ended: bool,
}

impl Log {
    /// Collects what `source` says, until it ends.
    pub fn of(source: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let writer = log.clone();
        thread::spawn(move || {
            for line in BufReader::new(source).lines().map_while(Result::ok) {
                writer.lines().lines.push(Line::parse(&line));
                writer.0.1.notify_all();
            }
            writer.lines().ended = true;
            writer.0.1.notify_all();
        });
        log
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.0.lock().expect("no panic while the lines are held")
    }

    /// The lines from `start` on.
    pub fn from(&self, start: usize) -> Vec<Line> {
        self.lines().lines.get(start..).unwrap_or_default().to_vec()
    }

    /// The number of the first line from `start` on that `wanted` takes; `None` if the log ends
    /// before, or `patience` does.
    pub fn find(
        &self,
        start: usize,
        patience: Duration,
        wanted: impl Fn(&Line) -> bool,
    ) -> Option<usize> {
        let until = Instant::now() + patience;
        let (mut at, mut lines) = (start, self.lines());
        loop {
            while let Some(line) = lines.lines.get(at) {
                if wanted(line) {
                    return Some(at);
                }
                at += 1;
            }
            let left = until.checked_duration_since(Instant::now());
            if lines.ended || left.is_none() {
                return None;
            }
            lines = self.0.1.wait_timeout(lines, left.unwrap_or_default()).unwrap().0;
        }
    }
}

/// The lines as one text, for a message.
pub fn shown(lines: &[Line]) -> String {
    let line = |line: &Line| format!("  {} | {} | {}\n", line.process, line.level, line.text);
    lines.iter().map(line).collect()
}

/// The status messages among the lines.
pub fn messages(lines: &[Line]) -> Vec<&str> {
    told(lines, "status message: ")
}

/// The alarms among the lines.
pub fn alarms(lines: &[Line]) -> Vec<&str> {
    told(lines, "Trust List update alarm: ")
}

fn told<'a>(lines: &'a [Line], prefix: &str) -> Vec<&'a str> {
    lines.iter().filter_map(|line| line.text.strip_prefix(prefix)).collect()
}
