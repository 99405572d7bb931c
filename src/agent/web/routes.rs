//! The paths that there are.

use crate::agent::web::phone::PhonePage;
use crate::agent::web::reply::WebReply;
use crate::agent::web::site::Site;
use crate::agent::web::{front, metrics};
use crate::wire::http::RequestHead;

/// Makes the answer to a request, at once and without a change to anything.
pub(super) type PageMaker = fn(&Site, &RequestHead<'_>) -> WebReply;

/// How a path is answered.
#[derive(Clone, Copy)]
pub(super) enum Answers {
    /// By the diagnosis, which takes long and contacts servers.
    Doctor,
    /// By the console log, which may be followed.
    Log,
    /// By a page that is made at once.
    Page(PageMaker),
    /// By a page that real phones have under that name.
    Phone(PhonePage),
}

/// How a request is answered, if there is such a page.
pub(super) fn route(asked: &RequestHead<'_>) -> Option<Answers> {
    let own = ROUTES.iter().find(|(path, _)| *path == asked.path).map(|(_, answers)| *answers);
    own.or_else(|| PhonePage::of(asked).map(Answers::Phone))
}

/// Every path of our own; what follows a question mark is up to the page.
const ROUTES: &[(&str, Answers)] = &[
    ("/", Answers::Page(front::page)),
    ("/doctor", Answers::Doctor),
    ("/favicon.ico", Answers::Page(|_, _| WebReply::of("image/svg+xml", ICON))),
    ("/log", Answers::Log),
    ("/metrics", Answers::Page(metrics::page)),
    ("/secd.css", Answers::Page(|_, _| WebReply::of("text/css; charset=utf-8", STYLE))),
    ("/secd.js", Answers::Page(|_, _| WebReply::of("text/javascript; charset=utf-8", SCRIPT))),
    ("/status.json", Answers::Page(front::json)),
];

/// The look of all pages, and what makes the log live.
const STYLE: &str = include_str!("secd.css");
const SCRIPT: &str = include_str!("secd.js");

/// A shield. Browsers ask for an icon of every site, and would be refused for each page otherwise.
const ICON: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\">\
<path fill=\"#0b5cad\" d=\"M8 0l7 2v6q0 5-7 8-7-3-7-8V2z\"/></svg>";
