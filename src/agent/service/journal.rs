//! The console log through the socket: read, followed, added to.

use log::{Level, LevelFilter};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::agent::service::errors::Fault;
use crate::agent::service::{Answer, Service, parameters};
use crate::io::console::Line;
use crate::io::ipc::{Client, Gone};
use crate::wire::varlink::{Call, Reply};

/// Which lines are wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    count: Option<usize>,
    #[serde(default)]
    level: Option<String>,
}

impl Service {
    pub(super) fn get_log(&self, call: &Call) -> Answer {
        let wanted: Wanted = parameters(call)?;
        let level = level(wanted.level.as_deref().unwrap_or("debug"))?;
        let lines = self.console.tail(wanted.count.unwrap_or(usize::MAX));
        Ok(json!({ "lines": shown(&lines, level) }))
    }

    /// Sends lines until the client goes. A reply never holds more than a message may have.
    pub(super) async fn follow_log(
        &self,
        client: &mut Client,
        call: &Call,
    ) -> Result<Answer, Gone> {
        if !call.more {
            return Ok(Err(Fault::expected_more()));
        }
        let wanted: Wanted = match parameters(call) {
            Ok(wanted) => wanted,
            Err(fault) => return Ok(Err(fault)),
        };
        let level = match level(wanted.level.as_deref().unwrap_or("debug")) {
            Ok(level) => level,
            Err(fault) => return Ok(Err(fault)),
        };
        let recent = self.console.tail(wanted.count.unwrap_or(usize::MAX));
        let mut last = recent.first().map_or_else(
            || self.console.tail(1).first().map_or(0, Line::sequence),
            |line| line.sequence() - 1,
        );
        loop {
            let news = self.console.news();
            let since = self.console.after(last);
            last = since.lines.last().map_or(last, Line::sequence);
            for lines in since.lines.chunks(CHUNK) {
                let parameters = json!({ "lines": shown(lines, level), "missed": since.missed });
                client.reply(&Reply { continues: true, ..Reply::of(parameters) }).await?;
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
        self.console.set_level(level(&wanted.level)?);
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

fn shown(lines: &[Line], level: LevelFilter) -> Vec<Value> {
    lines
        .iter()
        .filter(|line| line.level() <= level)
        .map(|line| {
            json!({
                "sequence": line.sequence(),
                "level": word(line.level()),
                "text": line.text(),
            })
        })
        .collect()
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

/// Lines in one reply: at most 512 octets each, escaped twice at the worst.
const CHUNK: usize = 32;
