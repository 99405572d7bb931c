//! The console log: as text, and as a stream of events.

use std::fmt::Write;
use std::time::Duration;

use log::LevelFilter;
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::agent::web::markup::hide;
use crate::agent::web::reply::{TEXT, WebReply, WebStatus, head};
use crate::agent::web::site::{Follower, Site};
use crate::io::console::{ConsoleLine, Since};
use crate::io::web::{WebClient, WebGone};
use crate::wire::http::RequestHead;

/// The lines in memory, oldest first, as the console shows them.
pub(super) fn page(site: &Site) -> WebReply {
    let lines = lines(site);
    let texts: Vec<&str> = lines.iter().flat_map(|line| [line.text(), "\n"]).collect();
    let mut text = texts.concat();
    hide(&mut text, &site.hidden());
    WebReply::of(TEXT, text)
}

/// The lines in memory, oldest first.
pub(super) fn lines(site: &Site) -> Vec<ConsoleLine> {
    site.service.recent(None, LevelFilter::Trace)
}

/// Where a line is: in which run of the agent, and its number there.
pub(super) fn place(site: &Site, line: &ConsoleLine) -> String {
    format!("{}.{}", site.run, line.sequence())
}

/// The answer to who would be one too many.
pub(super) fn crowded() -> WebReply {
    let why = "the log is already followed by as many as may; read it without a stream of events";
    WebReply::refusal(WebStatus::BUSY, why).with_header("Retry-After: 60")
}

/// Sends lines until the client leaves or is no longer let in.
///
/// # Errors
/// [`WebGone`].
pub(super) async fn follow(
    follower: &Follower,
    mut client: WebClient,
    asked: &RequestHead<'_>,
) -> Result<(), WebGone> {
    let site = follower.site();
    let (console, in_force) = (&site.service.console, &site.service.agent.in_force);
    let mut last = begin(site.run, asked);
    let head = head(WebStatus::OK, "text/event-stream", None);
    client.send(format!("{head}\r\nretry: {RETRY}\n\n").as_bytes()).await?;
    loop {
        // Both begin to wait here, so that nothing is missed between looking and waiting.
        let (news, change) = (console.news(), in_force.changes());
        if !site.shows_log() {
            return Ok(());
        }
        // No more than one event takes: lines of a client that does not read must not pile up.
        let since = console.next(last, CHUNK);
        if let Some(line) = since.lines.last() {
            last = line.sequence();
            client.send(events(site, &since).as_bytes()).await?;
            // The backlog is sent in turn with everything else.
            yield_now().await;
            continue;
        }
        tokio::select! {
            () = news => {}
            () = change => {}
            // A comment, which shows a client that has vanished, and keeps what is in between from
            // forgetting the connection.
            () = sleep(PULSE) => client.send(b":\n\n").await?,
            () = client.leaves() => return Ok(()),
        }
    }
}

/// The number of the last line that the client has; 0 if it has none of this run.
fn begin(run: u128, asked: &RequestHead<'_>) -> u64 {
    // What a browser says by itself, after a connection that broke, is later than what the page says.
    let Some(place) = asked.last_event.or_else(|| asked.parameter("after")) else { return 0 };
    let sequence = match place.split_once('.') {
        Some((of, sequence)) if of.parse() == Ok(run) => sequence,
        Some(_) => return 0,
        None => place,
    };
    sequence.parse().unwrap_or_default()
}

/// Lines as events; no line has a break in it.
fn events(site: &Site, since: &Since) -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    if since.missed > 0 {
        let _ = write!(text, "event: missed\ndata: {}\n\n", since.missed);
    }
    for line in &since.lines {
        let _ = write!(text, "id: {}\ndata: {}\n\n", place(site, line), line.text());
    }
    hide(&mut text, &site.hidden());
    text
}

/// Lines in one event; inferred: a boot pass has some fifty.
const CHUNK: usize = 16;

/// The pause of a browser before it connects again, in milliseconds; inferred.
const RETRY: u32 = 3000;

/// Between two comments; inferred: proxies and routers forget a silent connection after a minute.
const PULSE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(last_event: &str, query: &str) -> u64 {
        let event = if last_event.is_empty() {
            String::new()
        } else {
            format!("Last-Event-ID: {last_event}\r\n")
        };
        let head = format!("GET /log?{query} HTTP/1.1\r\n{event}\r\n");
        begin(77, &RequestHead::parse(head.as_bytes()).unwrap())
    }

    #[test]
    fn a_client_goes_on_behind_the_last_line_that_it_has() {
        assert_eq!(begun("77.5", ""), 5);
        assert_eq!(begun("", "after=77.5"), 5);
        assert_eq!(begun("77.9", "after=77.5"), 9, "a browser that connects again");
        assert_eq!(begun("5", ""), 5, "a script that has read the number of the line");
    }

    #[test]
    fn what_is_of_another_run_or_no_number_begins_with_the_first() {
        for odd in ["76.5", "77.x", "x", "77", ".", "77.", "-1", "1e3", "77.18446744073709551616"] {
            let expected = if odd == "77" { 77 } else { 0 };
            assert_eq!(begun(odd, ""), expected, "{odd}");
            assert_eq!(begun("", &format!("after={odd}")), expected, "{odd}");
        }
        assert_eq!(begun("", ""), 0);
    }
}
