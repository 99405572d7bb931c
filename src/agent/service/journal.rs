//! The console log through the socket: read, followed, added to.

use log::{Level, LevelFilter};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::agent::service::errors::Fault;
use crate::agent::service::{Answer, Service, parameters};
use crate::io::console::{self, Line};
use crate::io::ipc::{Client, Gone};
use crate::wire::varlink::{Call, MAX_MESSAGE, Reply};

/// Which lines are wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    count: Option<usize>,
    #[serde(default)]
    level: Option<String>,
}

impl Wanted {
    fn level(&self) -> Result<LevelFilter, Fault> {
        level(self.level.as_deref().unwrap_or("debug"))
    }
}

impl Service {
    /// The last lines that are grave enough: as many as are wanted, and fit into one message.
    pub(super) fn get_log(&self, call: &Call) -> Answer {
        let wanted: Wanted = parameters(call)?;
        let mut lines = self.recent(&wanted, wanted.level()?);
        let mut room = ROOM;
        let fitting = lines.iter().rev().take_while(|line| {
            room = room.saturating_sub(cost(line));
            room > 0
        });
        let dropped = lines.len() - fitting.count();
        lines.drain(..dropped);
        Ok(json!({ "lines": shown(&lines) }))
    }

    fn recent(&self, wanted: &Wanted, level: LevelFilter) -> Vec<Line> {
        let mut lines = self.console.tail(usize::MAX);
        lines.retain(|line| line.level() <= level);
        let skipped = lines.len().saturating_sub(wanted.count.unwrap_or(usize::MAX));
        lines.drain(..skipped);
        lines
    }

    /// Sends lines until the client goes. A reply never holds more than a message may have.
    pub(super) async fn follow_log(
        &self,
        client: &mut Client,
        call: &Call,
    ) -> Result<Answer, Gone> {
        if !call.more || call.oneway {
            return Ok(Err(Fault::expected_more()));
        }
        let wanted = parameters(call).and_then(|wanted: Wanted| Ok((wanted.level()?, wanted)));
        let (level, wanted) = match wanted {
            Ok(wanted) => wanted,
            Err(fault) => return Ok(Err(fault)),
        };
        // What comes while the first lines are sent has a number above all that were there.
        let mut last = self.console.tail(1).first().map_or(0, Line::sequence);
        send(client, &self.recent(&wanted, level), 0).await?;
        loop {
            // Waits from here on, so that no line falls between reading and waiting.
            let news = self.console.news();
            let mut since = self.console.after(last);
            last = since.lines.last().map_or(last, Line::sequence);
            since.lines.retain(|line| line.level() <= level);
            if !since.lines.is_empty() || since.missed > 0 {
                send(client, &since.lines, since.missed).await?;
            }
            tokio::select! {
                () = news => {}
                () = client.leaves() => return Err(Gone::Closed),
            }
        }
    }

    pub(super) fn set_log_level(&self, call: &Call) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Wanted {
            level: String,
        }
        let wanted: Wanted = parameters(call)?;
        console::set_level(level(&wanted.level)?);
        log::info!(target: crate::agent::SECD, "console: level {}", wanted.level);
        Ok(json!({}))
    }
}

/// Writes a line for a client, under its own tag, which cannot be one of ours.
pub(super) fn append_log(call: &Call) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        process: String,
        level: String,
        text: String,
    }
    let wanted: Wanted = parameters(call)?;
    let process = wanted.process.as_str();
    let fits = (1..=16).contains(&process.len())
        && process.chars().all(|character| character.is_ascii_alphanumeric())
        && !OURS.iter().any(|ours| ours.eq_ignore_ascii_case(process));
    if !fits {
        return Err(Fault::invalid_parameter("process"));
    }
    let level =
        level(&wanted.level)?.to_level().ok_or_else(|| Fault::invalid_parameter("level"))?;
    log::log!(target: process, level, "{}", wanted.text);
    Ok(json!({}))
}

/// Sends lines, in as many replies as they need; there is always one.
async fn send(client: &mut Client, lines: &[Line], missed: u64) -> Result<(), Gone> {
    let (first, rest) = lines.split_at(lines.len().min(CHUNK));
    let told = json!({ "lines": shown(first), "missed": missed });
    client.reply(&Reply { continues: true, ..Reply::of(told) }).await?;
    for lines in rest.chunks(CHUNK) {
        let told = json!({ "lines": shown(lines), "missed": 0 });
        client.reply(&Reply { continues: true, ..Reply::of(told) }).await?;
    }
    Ok(())
}

fn shown(lines: &[Line]) -> Vec<Value> {
    lines
        .iter()
        .map(|line| {
            json!({
                "sequence": line.sequence(),
                "level": word(line.level()),
                "text": line.text(),
            })
        })
        .collect()
}

/// The most octets that a line takes in a reply: quotes and backslashes are escaped, and what
/// stands around the text is short.
fn cost(line: &Line) -> usize {
    let escaped = line.text().bytes().filter(|octet| b"\"\\".contains(octet)).count();
    line.text().len() + escaped + 64
}

fn level(word: &str) -> Result<LevelFilter, Fault> {
    match word {
        "error" => Ok(LevelFilter::Error),
        "warning" => Ok(LevelFilter::Warn),
        "notice" => Ok(LevelFilter::Info),
        "info" => Ok(LevelFilter::Debug),
        "debug" => Ok(LevelFilter::Trace),
        _ => Err(Fault::invalid_parameter("level")),
    }
}

/// The console's own names for the levels of the `log` crate.
pub(super) const fn word(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Info => "notice",
        Level::Debug => "info",
        Level::Trace => "debug",
    }
}

/// Tags under which only the agent writes: nobody is to forge a verdict in the log.
const OURS: [&str; 3] = ["SECD", "TFTP", "tftpClient"];

/// Lines in one reply: at most 512 octets each, twice that where all must be escaped.
const CHUNK: usize = 32;

/// Octets of lines in one reply, so that the whole is no longer than a message may be.
const ROOM: usize = MAX_MESSAGE - 1024;
