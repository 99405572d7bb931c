//! Clients: let in, read, answered.

use std::future;
use std::net::IpAddr;
use std::rc::Rc;

use tokio::time::sleep;

use crate::agent::narrate::say;
use crate::agent::service::{Service, tally};
use crate::agent::web::guard::{NotAnswered, expect_host, expect_own_page, reads};
use crate::agent::web::reply::{WebReply, WebStatus};
use crate::agent::web::routes::{Answers, route};
use crate::agent::web::site::Site;
use crate::agent::web::{doctor, journal};
use crate::boot::Event;
use crate::io::files;
use crate::io::settings::{Network, WebSettings};
use crate::io::web::{self, WebClient, WebGone, WebListener, WebTrouble};
use crate::wire::http::{RequestHead, Verb};

/// Opens every socket that the settings name. None can be opened later.
///
/// Must run inside a tokio runtime.
pub(in crate::agent) fn open(settings: &WebSettings) -> Vec<WebListener> {
    let open = |address| match WebListener::open(address) {
        Ok(listener) => {
            narrate(&listener, settings);
            Some(listener)
        }
        Err(not_open) => {
            say(&Event::WebNotOpen { why: not_open.to_string() });
            None
        }
    };
    settings.listen.iter().copied().filter_map(open).collect()
}

fn narrate(listener: &WebListener, settings: &WebSettings) {
    let Ok(address) = listener.address() else { return };
    let networks: Vec<String> = settings.allow.iter().map(Network::to_string).collect();
    let networks = if networks.is_empty() { "no host".to_owned() } else { networks.join(", ") };
    say(&Event::WebOpen { address: address.to_string(), networks });
    if !address.ip().is_loopback() && settings.allow.iter().any(Network::is_everything) {
        say(&Event::WebOpenToAll { address: address.to_string() });
    }
}

/// Serves the page until it is dropped. Must run inside a `LocalSet`.
pub(in crate::agent) async fn serve(service: Rc<Service>, listeners: Vec<WebListener>) {
    if listeners.is_empty() {
        return future::pending().await;
    }
    let site = Site::new(service);
    for listener in listeners {
        let site = site.clone();
        tokio::task::spawn_local(async move { accept(&site, &listener).await });
    }
    tokio::select! {
        () = narrate_access(&site) => {}
        () = sum_up(&site) => {}
    }
}

async fn accept(site: &Rc<Site>, listener: &WebListener) {
    let admits = |peer: IpAddr| {
        let is_open = site.is_open_to(peer);
        if !is_open {
            let why = if site.is_closed() { "the page is closed" } else { "not in web.allow" };
            refuse(site, peer, || why.to_owned());
        }
        is_open.then(|| site.service.agent.settings().web.connections)
    };
    let serve = |client: WebClient| {
        let (site, peer) = (site.clone(), client.peer);
        tokio::task::spawn_local(async move {
            // Whatever it is doing: a page that is closed is closed at once.
            tokio::select! {
                biased;
                () = site.closes_to(peer) => refuse(&site, peer, || "no longer let in".to_owned()),
                gone = answer(&site, client) => if let Err(gone) = gone {
                    refuse(&site, peer, || gone.to_string());
                },
            }
        });
    };
    let notice = |trouble| match trouble {
        WebTrouble::Accept(error) => say(&Event::WebAcceptFailed { why: files::why(&error) }),
        WebTrouble::Crowded(peer) => {
            refuse(site, peer, || "all connections are in use (web.connections)".to_owned());
        }
    };
    web::accept(listener, &site.rooms, admits, serve, notice).await;
}

/// Counts what was refused; the first few get a line each.
fn refuse(site: &Site, peer: IpAddr, why: impl FnOnce() -> String) {
    site.refused.set(site.refused.get() + 1);
    if site.refusals.is_worth_a_line(ALL) {
        say(&Event::WebRefused { peer, why: why() });
    }
}

/// Answers the one request of a client.
async fn answer(site: &Rc<Site>, mut client: WebClient) -> Result<(), WebGone> {
    let head = match client.head().await {
        Ok(head) => head,
        Err(gone @ WebGone::TooLong) => {
            let reply = WebReply::refusal(WebStatus::LONG_HEAD, &gone.to_string());
            client.send(&reply.emit(Verb::Get)).await?;
            client.close().await;
            return Err(gone);
        }
        // A browser opens connections in advance, and does not always need them.
        Err(WebGone::Closed) => return Ok(()),
        Err(gone) => return Err(gone),
    };
    let (verb, reply) = match RequestHead::parse(&head) {
        Ok(asked) => match admitted(site, &asked) {
            Ok(Answers::Log) if reads_live(&asked) => match site.follow() {
                Some(follower) => return journal::follow(&follower, client, &asked).await,
                None => (asked.verb, journal::crowded()),
            },
            Ok(Answers::Log) => (asked.verb, journal::page(site)),
            Ok(Answers::Doctor) if asked.verb == Verb::Post => {
                // Who does not wait for the diagnosis ends it.
                let reply = tokio::select! {
                    reply = doctor::run(site) => reply,
                    () = client.leaves() => return Ok(()),
                };
                (asked.verb, reply)
            }
            Ok(Answers::Doctor) => (asked.verb, doctor::page(site)),
            Ok(Answers::Page(page)) => (asked.verb, page(site, &asked)),
            Ok(Answers::Phone(page)) => (asked.verb, page.reply(site)),
            Err(why) => (asked.verb, not_answered(site, client.peer, why)),
        },
        Err(malformed) => {
            let why = NotAnswered::Malformed(malformed);
            (Verb::Get, not_answered(site, client.peer, why))
        }
    };
    client.send(&reply.emit(verb)).await?;
    site.answered.set(site.answered.get() + 1);
    client.close().await;
    Ok(())
}

/// The page that a request asks for, if it may.
fn admitted(site: &Site, asked: &RequestHead<'_>) -> Result<Answers, NotAnswered> {
    // First: a foreign page must not even learn which pages there are.
    expect_host(asked, &site.service.agent.settings().device.name)?;
    if asked.has_body {
        return Err(NotAnswered::Body);
    }
    let answers = route(asked).ok_or(NotAnswered::NoPage)?;
    match answers {
        Answers::Log if !site.shows_log() => Err(NotAnswered::NoPage),
        Answers::Phone(page) if page.is_of_log() && !site.shows_log() => Err(NotAnswered::NoPage),
        Answers::Doctor if asked.verb == Verb::Post => expect_own_page(asked).map(|()| answers),
        Answers::Doctor if !reads(asked.verb) => Err(NotAnswered::NotGetOrPost),
        _ if !reads(asked.verb) => Err(NotAnswered::NotGet),
        _ => Ok(answers),
    }
}

/// Whether the log is to be followed: a script that does not know streams gets what there is.
fn reads_live(asked: &RequestHead<'_>) -> bool {
    asked.takes_events && asked.verb == Verb::Get
}

fn not_answered(site: &Site, peer: IpAddr, why: NotAnswered) -> WebReply {
    refuse(site, peer, || why.to_string());
    why.reply(&site.service.agent.settings().device.name)
}

/// Logs it when the configuration closes the page, or no longer does.
async fn narrate_access(site: &Site) {
    let mut was_closed = false;
    loop {
        let change = site.service.agent.in_force.changes();
        let is_closed = site.is_closed();
        if is_closed != was_closed {
            say(&if is_closed { Event::WebClosed {} } else { Event::WebReopened {} });
        }
        was_closed = is_closed;
        change.await;
    }
}

/// Logs, from time to time, how many refusals got no line.
async fn sum_up(site: &Site) {
    loop {
        site.refusals.any().await;
        // Only after the first occurrence: an idle agent does not wake up for this.
        sleep(tally::WINDOW).await;
        for (_, count) in site.refusals.sum_up() {
            say(&Event::WebMoreRefused { count });
        }
    }
}

/// All clients are counted as one: an address can be anybody's.
const ALL: u32 = 0;
