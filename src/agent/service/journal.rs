//! The console log through the socket: read, followed, added to.

use log::LevelFilter;

use crate::agent::narrate::say;
use crate::agent::service::calls::{Answer, Over, Turn};
use crate::agent::service::levels::{filter, gravity};
use crate::agent::service::office::Service;
use crate::boot::Event;
use crate::boot::event::is_ours;
use crate::face::methods::{
    AppendLog, Appended, FollowLog, GetLog, LevelSet, Lines, News, SetLogLevel,
};
use crate::face::terms::Level;
use crate::face::{Carry, Error, Method, Words};
use crate::io::console::{self, Line};
use crate::io::ipc::{Client, Gone};
use crate::wire::varlink::MAX_MESSAGE;

/// The last lines that are grave enough: as many as are wanted, and fit into one message.
impl Answer<GetLog> for Service {
    async fn answer(&self, wanted: GetLog, _: &Client) -> Result<Lines, Error> {
        let mut lines = self.recent(wanted.count, threshold(wanted.level));
        let mut room = ROOM;
        let fitting = lines.iter().rev().take_while(|line| {
            room = room.saturating_sub(cost(line));
            room > 0
        });
        let dropped = lines.len() - fitting.count();
        lines.drain(..dropped);
        Ok(Lines { lines: lines.iter().map(Into::into).collect() })
    }
}

/// Sends lines until the client goes. A reply never holds more than a message may have.
impl Carry<FollowLog, Turn, Over> for Service {
    async fn carry(&self, wanted: FollowLog, turn: Turn) -> Over {
        if !turn.call.more || turn.call.oneway {
            return Ok((turn, Error::ExpectedMore.into_reply()));
        }
        let Turn { mut client, .. } = turn;
        let level = threshold(wanted.level);
        // What comes while the first lines are sent has a number above all that were there.
        let mut last = self.console.tail(1).first().map_or(0, Line::sequence);
        send(&mut client, &self.recent(wanted.count, level), 0).await?;
        loop {
            // Waits from here on, so that no line falls between reading and waiting.
            let news = self.console.news();
            let mut since = self.console.after(last);
            last = since.lines.last().map_or(last, Line::sequence);
            since.lines.retain(|line| line.level() <= level);
            if !since.lines.is_empty() || since.missed > 0 {
                send(&mut client, &since.lines, since.missed).await?;
            }
            tokio::select! {
                () = news => {}
                () = client.leaves() => return Err(Gone::Closed),
            }
        }
    }
}

impl Answer<SetLogLevel> for Service {
    async fn answer(&self, wanted: SetLogLevel, _: &Client) -> Result<LevelSet, Error> {
        console::set_level(filter(wanted.level));
        say(&Event::LogLevelSet { level: wanted.level.word() });
        Ok(LevelSet {})
    }
}

/// Writes a line for a client, under its own tag, which cannot be one of ours.
impl Answer<AppendLog> for Service {
    async fn answer(&self, wanted: AppendLog, _: &Client) -> Result<Appended, Error> {
        let process = wanted.process.as_str();
        let is_a_tag = (1..=16).contains(&process.len())
            && process.chars().all(|character| character.is_ascii_alphanumeric())
            && !is_ours(process)
            && !console::is_library(process);
        if !is_a_tag {
            return Err(Error::invalid_parameter("process"));
        }
        let (process, level) = (wanted.process, gravity(wanted.level));
        say(&Event::Client { process, level, text: wanted.text });
        Ok(Appended {})
    }
}

impl Service {
    fn recent(&self, count: Option<usize>, level: LevelFilter) -> Vec<Line> {
        let mut lines = self.console.tail(usize::MAX);
        lines.retain(|line| line.level() <= level);
        let skipped = lines.len().saturating_sub(count.unwrap_or(usize::MAX));
        lines.drain(..skipped);
        lines
    }
}

/// All lines, if nothing else is wanted.
fn threshold(level: Option<Level>) -> LevelFilter {
    filter(level.unwrap_or(Level::Debug))
}

/// Sends lines, in as many replies as they need; there is always one.
async fn send(client: &mut Client, lines: &[Line], missed: u64) -> Result<(), Gone> {
    let (first, rest) = lines.split_at(lines.len().min(CHUNK));
    send_some(client, first, missed).await?;
    for lines in rest.chunks(CHUNK) {
        send_some(client, lines, 0).await?;
    }
    Ok(())
}

async fn send_some(client: &mut Client, lines: &[Line], missed: u64) -> Result<(), Gone> {
    let lines = lines.iter().map(Into::into).collect();
    client.reply(FollowLog::part(News { lines, missed })).await
}

/// The most bytes that a line takes in a reply: quotes and backslashes are escaped in the text and
/// not again in the facts, and what stands around them is short.
fn cost(line: &Line) -> usize {
    let escaped = line.text().bytes().filter(|byte| b"\"\\".contains(byte)).count();
    let facts = line.origin().facts.as_deref().map_or(0, str::len);
    line.text().len() + escaped + facts + 192
}

/// Lines in one reply: at most 512 bytes each, twice that where all must be escaped; facts have a
/// bound of their own.
const CHUNK: usize = 16;

/// Bytes of lines in one reply, so that the whole is no longer than a message may be.
const ROOM: usize = MAX_MESSAGE - 1024;
