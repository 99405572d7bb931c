//! The console log on the socket: read, followed, added to.

use log::LevelFilter;

use crate::agent::narrate::say;
use crate::agent::service::calls::{CallTurn, OneReply, Over};
use crate::agent::service::levels::{filter, gravity};
use crate::agent::service::office::Service;
use crate::boot::Event;
use crate::boot::event::is_ours;
use crate::face::methods::{
    AppendLog, Appended, FollowLog, GetLog, LevelSet, Lines, News, SetLogLevel,
};
use crate::face::terms::Level;
use crate::face::{Carry, Error, Method, Words};
use crate::io::console::{self, ConsoleLine, Since};
use crate::io::ipc::{Client, Gone};
use crate::wire::varlink::MAX_MESSAGE;

/// The last lines of that level and above: as many as requested that fit into one message.
impl OneReply<GetLog> for Service {
    async fn answer(&self, wanted: GetLog, _: &Client) -> Result<Lines, Error> {
        let mut lines = self.recent(wanted.count, threshold(wanted.level));
        let mut room = ROOM;
        // From the newest back: if not all fit, the oldest are left out.
        let fitting = lines.iter().rev().take_while(|line| {
            room = room.saturating_sub(cost(line));
            room > 0
        });
        let dropped = lines.len() - fitting.count();
        lines.drain(..dropped);
        Ok(Lines { lines: lines.iter().map(Into::into).collect() })
    }
}

/// Sends lines until the client leaves. No reply is longer than a message may be.
impl Carry<FollowLog, CallTurn, Over> for Service {
    async fn carry(&self, wanted: FollowLog, turn: CallTurn) -> Over {
        if !turn.takes_more() {
            return Ok((turn, Error::ExpectedMore.into_reply()));
        }
        let CallTurn { mut client, .. } = turn;
        let level = threshold(wanted.level);
        let mut last = self.before_recent(wanted.count, level);
        // There is always a first reply, if only an empty one.
        let mut is_first = true;
        loop {
            // Begins to wait here, so that no line is missed between reading and waiting.
            let news = self.console.news();
            // No more than one reply takes: lines of a client that does not read must not pile up.
            let Since { missed, mut lines } = self.console.next(last, CHUNK);
            let reached = lines.last().map(ConsoleLine::sequence);
            lines.retain(|line| line.level() <= level);
            if is_first || !lines.is_empty() || missed > 0 {
                let lines = lines.iter().map(Into::into).collect();
                client.reply(FollowLog::part(News { lines, missed })).await?;
                is_first = false;
            }
            if let Some(reached) = reached {
                last = reached;
                // The backlog is sent in turn with other clients' calls.
                client.turn().await;
                continue;
            }
            tokio::select! {
                () = news => {}
                () = client.leaves() => return Err(Gone::Closed),
            }
        }
    }
}

impl OneReply<SetLogLevel> for Service {
    async fn answer(&self, wanted: SetLogLevel, _: &Client) -> Result<LevelSet, Error> {
        console::show(filter(wanted.level));
        say(&Event::LogLevelSet { level: wanted.level.word() });
        Ok(LevelSet {})
    }
}

/// Logs a line for a client, under its own tag, which cannot be one of ours. Beyond a limit its
/// lines are counted and left out.
impl OneReply<AppendLog> for Service {
    async fn answer(&self, wanted: AppendLog, client: &Client) -> Result<Appended, Error> {
        let process = wanted.process.as_str();
        // Short, and of characters that cannot imitate the separators of a line, nor our own tags.
        let is_a_tag = (1..=16).contains(&process.len())
            && process.chars().all(|character| character.is_ascii_alphanumeric())
            && !is_ours(process)
            && !console::is_library(process);
        if !is_a_tag {
            return Err(Error::invalid_parameter("process"));
        }
        let (process, level) = (wanted.process, gravity(wanted.level));
        if self.lines.is_worth_a_line(client.peer.uid) {
            say(&Event::Client { process, level, text: wanted.text });
        }
        Ok(Appended {})
    }
}

impl Service {
    /// The last lines of that level and graver.
    pub(in crate::agent) fn recent(
        &self,
        count: Option<usize>,
        level: LevelFilter,
    ) -> Vec<ConsoleLine> {
        let mut lines = self.console.tail(usize::MAX);
        lines.retain(|line| line.level() <= level);
        let skipped = lines.len().saturating_sub(count.unwrap_or(usize::MAX));
        lines.drain(..skipped);
        lines
    }

    /// The number of the line before the first of these.
    fn before_recent(&self, count: Option<usize>, level: LevelFilter) -> u64 {
        match self.recent(count, level).first() {
            Some(line) => line.sequence() - 1,
            None => self.console.tail(1).first().map_or(0, ConsoleLine::sequence),
        }
    }
}

/// The lines to show: all, unless a level is given.
fn threshold(level: Option<Level>) -> LevelFilter {
    filter(level.unwrap_or(Level::Debug))
}

/// The most bytes that a line takes in a reply: quotes and backslashes are escaped in the text, but
/// not again in the facts, and the other members are short.
fn cost(line: &ConsoleLine) -> usize {
    let escaped = line.text().bytes().filter(|byte| b"\"\\".contains(byte)).count();
    let facts = line.origin().facts.as_deref().map_or(0, str::len);
    line.text().len() + escaped + facts + 192
}

/// Lines in one reply: at most 512 bytes each, twice that where all must be escaped; facts have a
/// bound of their own.
const CHUNK: usize = 16;

/// Bytes of lines in one reply, so that the whole is no longer than a message may be.
const ROOM: usize = MAX_MESSAGE - 1024;
