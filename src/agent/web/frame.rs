//! What all pages have around them, and the parts that they are put together of.

use std::fmt::Display;

use crate::agent::web::markup::Markup;
use crate::agent::web::site::Site;
use crate::face::methods::{Status, Trust};
use crate::io::clock::date;

/// What a badge makes of its word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BadgeTone {
    /// Something has to be done.
    Bad,
    /// As it should be.
    Good,
    /// Worth a look, though nothing is broken.
    Odd,
}

/// The beginning of a page, with the phone and its state at the top.
pub(super) fn begin(site: &Site, status: &Status, trust: &Trust) -> Markup {
    let mut page = Markup::hiding(&site.hidden());
    // The browser names this site to itself alone: without that it would not say that a press of the
    // button came from here.
    page.tag(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"referrer\" content=\"same-origin\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <link rel=\"stylesheet\" href=\"/secd.css\">\
         <script src=\"/secd.js\" defer></script><title>",
    );
    page.text(&status.device).tag(" – phone security</title></head><body><header><h1>");
    page.text(&status.device).tag("</h1><p class=\"state\">");
    let (tone, word) = summary(status, trust);
    badge(&mut page, tone, &word);
    page.tag(" <span>").text(&status.state).tag(": ").text(&status.meaning);
    page.tag("</span></p></header><main>");
    page
}

/// The end of a page.
pub(super) fn end(mut page: Markup) -> Markup {
    page.tag(
        "</main><footer><nav><a href=\"/\">Status</a> <a href=\"/doctor\">Doctor</a> \
         <a href=\"/log\">Log as text</a> <a href=\"/status.json\">Status as JSON</a> \
         <a href=\"/metrics\">Metrics</a></nav></footer></body></html>\n",
    );
    page
}

/// The state of the phone in one or two words.
fn summary(status: &Status, trust: &Trust) -> (BadgeTone, &'static str) {
    let failed = status.last_pass.as_ref().is_some_and(|last| last.failed);
    match (status.locked, failed, status.configuration_fault.is_some()) {
        (true, ..) => (BadgeTone::Bad, "Locked"),
        (_, true, _) => (BadgeTone::Bad, "Boot failed"),
        (.., true) => (BadgeTone::Odd, "Configuration unreadable"),
        _ if status.last_pass.is_none() => (BadgeTone::Odd, "Starting"),
        _ if !trust.signed_files => (BadgeTone::Odd, "Not protected"),
        _ => (BadgeTone::Good, "Protected"),
    }
}

/// A word that stands out; its color says nothing that the word does not.
pub(super) fn badge(page: &mut Markup, tone: BadgeTone, word: &dyn Display) {
    page.tag(match tone {
        BadgeTone::Bad => "<b class=\"badge bad\">",
        BadgeTone::Good => "<b class=\"badge good\">",
        BadgeTone::Odd => "<b class=\"badge odd\">",
    });
    page.text(word).tag("</b>");
}

/// A fact with its name, in a list of such.
pub(super) fn fact(page: &mut Markup, name: &'static str, value: &dyn Display) {
    page.tag("<div><dt>").tag(name).tag("</dt><dd>").text(value).tag("</dd></div>");
}

/// A moment, in seconds since 1970.
pub(super) fn moment(seconds: u64) -> impl Display {
    date(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// A time that has passed, as a person says it.
pub(super) fn ago(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
