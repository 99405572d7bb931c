//! The console log for a log server.
//!
//! The lines are taken from the console's memory, which is bounded and drops the oldest: a server
//! that takes nothing costs lines, and never the phone's time or more memory.

use core::future;
use std::process;
use std::time::Duration;

use tokio::time::sleep;

use crate::agent::narrate::say;
use crate::agent::owners::Agent;
use crate::boot::Event;
use crate::io::clock::{self, Stamp};
use crate::io::console::{self, Console, ConsoleLine, Since, priority};
use crate::io::syslog::{LogFailure, LogLink};
use crate::wire::syslog::{LogServer, SyslogMessage};

/// How far the forwarding to one server has come.
#[derive(Default)]
struct Progress {
    /// The number of the last line that the server got.
    last: u64,
    /// The number of the line before those that were sent last.
    before: u64,
    /// Lines that were dropped before it could get them.
    lost: u64,
    /// How often it took nothing.
    failures: usize,
    /// Whether the log has its line about that.
    has_failed: bool,
}

impl Agent {
    /// Shows what the settings say, and keeps what a log server is to get as well.
    pub(super) fn set_log_levels(&self) {
        let settings = self.settings();
        let (shown, forwarded) = (settings.console.level, settings.syslog.level);
        let is_forwarded = settings.syslog.server.is_some() || settings.syslog.from_configuration;
        console::set_level(shown, if is_forwarded { shown.max(forwarded) } else { shown });
    }

    /// The log server in force: that of secd.toml, or else the one of the last verified
    /// configuration, if that may name one.
    fn log_server(&self) -> Option<LogServer> {
        let syslog = &self.settings().syslog;
        let of_configuration = || self.installed.log_server();
        syslog.server.clone().or_else(|| of_configuration().filter(|_| syslog.from_configuration))
    }

    /// Returns when another server is in force than this one.
    async fn another_than(&self, server: Option<&LogServer>) {
        loop {
            // Begins to wait here, so that no change is missed between looking and waiting.
            let change = self.in_force.changes();
            if self.log_server().as_ref() != server {
                return;
            }
            change.await;
        }
    }

    /// Forwards the lines of the console to the log server in force, for ever.
    pub(super) async fn forward(&self, console: &Console) {
        loop {
            let server = self.log_server();
            tokio::select! {
                () = self.another_than(server.as_ref()) => {}
                () = self.forward_to(server.as_ref(), console) => {}
            }
        }
    }

    /// Forwards lines, from the first that is still in memory on.
    async fn forward_to(&self, server: Option<&LogServer>, console: &Console) {
        let Some(server) = server else { return future::pending().await };
        // What was dropped before there was a server is no loss.
        let first = console.next(0, 1).lines.first().map_or(1, ConsoleLine::sequence);
        let mut progress = Progress { last: first - 1, before: first - 1, ..Progress::default() };
        let mut pause = FIRST_PAUSE;
        loop {
            let why = self.forward_once(server, console, &mut progress).await;
            pause = if progress.has_failed { LONGEST_PAUSE.min(pause * 2) } else { FIRST_PAUSE };
            progress.failures += 1;
            // One line, however often it fails: it is itself one that the server should get.
            if !progress.has_failed {
                progress.has_failed = true;
                say(&Event::LinesNotForwarded { server: server.to_string(), why });
            }
            sleep(pause).await;
        }
    }

    /// Opens the way to a server, forwards lines until that ends, and returns why it did.
    async fn forward_once(
        &self,
        server: &LogServer,
        console: &Console,
        progress: &mut Progress,
    ) -> String {
        progress.before = progress.last;
        let mut link = match self.open_log_link(server, progress.failures).await {
            Ok(link) => link,
            Err(why) => return why,
        };
        let failure = match self.try_out(&mut link, console, progress).await {
            Ok(()) => {
                say(&Event::LinesForwarded { server: server.to_string() });
                progress.has_failed = false;
                self.forward_over(&mut link, server, console, progress).await
            }
            Err(failure) => failure,
        };
        // An error comes after what it is about: what was sent last has not arrived, and is sent
        // again. Its number shows where it did arrive.
        if matches!(failure, LogFailure::Broken(_)) {
            progress.last = progress.before;
        }
        failure.to_string()
    }

    /// Sends one line that the server is to get: whether anybody listens is known only after it.
    async fn try_out(
        &self,
        link: &mut LogLink,
        console: &Console,
        progress: &mut Progress,
    ) -> Result<(), LogFailure> {
        loop {
            // Begins to wait here, so that no line is missed between reading and waiting.
            let news = console.news();
            let mut since = console.next(progress.last, CHUNK);
            let Some(wanted) = since.lines.iter().position(|line| self.is_forwarded(line)) else {
                if since.lines.is_empty() {
                    tokio::select! {
                        () = news => {}
                        failure = link.ends() => return Err(failure),
                    }
                }
                progress.sent(&since);
                continue;
            };
            since.lines.truncate(wanted + 1);
            self.send(link, &since.lines).await?;
            link.settles().await?;
            progress.sent(&since);
            return Ok(());
        }
    }

    /// Whether the server gets lines of this level.
    fn is_forwarded(&self, line: &ConsoleLine) -> bool {
        line.level() <= self.settings().syslog.level
    }

    async fn forward_over(
        &self,
        link: &mut LogLink,
        server: &LogServer,
        console: &Console,
        progress: &mut Progress,
    ) -> LogFailure {
        loop {
            // Begins to wait here, so that no line is missed between reading and waiting.
            let news = console.news();
            let since = console.next(progress.last, CHUNK);
            if !since.lines.is_empty() {
                if let Err(failure) = self.send(link, &since.lines).await {
                    return failure;
                }
                progress.sent(&since);
                continue;
            }
            // Not before all that is there has gone out: each such line is one more.
            if progress.lost > 0 {
                let (server, count) = (server.to_string(), core::mem::take(&mut progress.lost));
                say(&Event::LinesLost { server, count });
                continue;
            }
            tokio::select! {
                () = news => {}
                failure = link.ends() => return failure,
            }
        }
    }

    /// Opens the way to a server, by each of its addresses in turn: over UDP, one where nobody
    /// listens is found out only afterwards.
    async fn open_log_link(&self, server: &LogServer, turn: usize) -> Result<LogLink, String> {
        let addresses = self.names.resolve(&server.address).await;
        let mut addresses = addresses.map_err(|why| why.to_string())?;
        let count = addresses.len().max(1);
        addresses.rotate_left(turn % count);
        let own = self.settings().device.address;
        let mut last = String::new();
        for address in addresses {
            match LogLink::open(own, server.transport, address).await {
                Ok(link) => return Ok(link),
                Err(failure) => last = failure.to_string(),
            }
        }
        Err(last)
    }

    async fn send(&self, link: &mut LogLink, lines: &[ConsoleLine]) -> Result<(), LogFailure> {
        let host = self.settings().device.name.to_string();
        let wanted = lines.iter().filter(|line| self.is_forwarded(line));
        let messages: Vec<String> = wanted.map(|line| message(&host, line)).collect();
        link.send(&messages).await
    }
}

impl Progress {
    /// Notes what the server was sent.
    fn sent(&mut self, since: &Since) {
        if let Some(last) = since.lines.last() {
            (self.before, self.last) = (self.last, last.sequence());
            self.lost += since.missed;
        }
    }
}

/// A line as a log server gets it.
fn message(host: &str, line: &ConsoleLine) -> String {
    let origin = line.origin();
    // A clock that was never set would date the line to 1970.
    let time = clock::set(origin.time).map(|_| Stamp(origin.time).to_string());
    let sequence = line.sequence().to_string();
    let facts = line.facts_as_text();
    let facts: Vec<_> = facts.iter().map(|(name, fact)| (name.as_str(), fact.as_str())).collect();
    SyslogMessage {
        severity: priority(line.level()),
        time: time.as_deref(),
        host,
        process: process::id(),
        event: origin.event.as_deref(),
        elements: &[(LINE, &[("sequence", &sequence)]), (FACTS, &facts)],
        text: line.message(),
    }
    .emit()
}

/// The names of the two elements of a message. 32473 is the number for examples (RFC 5612): this
/// program has none of its own.
const LINE: &str = "secd@32473";
const FACTS: &str = "facts@32473";

/// Lines that are sent at once. Inferred: a boot pass has some fifty.
const CHUNK: usize = 16;

/// The pause before a server that took nothing is tried again; doubles up to the longest. Inferred.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
