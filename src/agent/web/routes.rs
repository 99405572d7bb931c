//! The paths that there are.

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
}

/// How a path is answered, if there is such a page.
pub(super) fn route(path: &str) -> Option<Answers> {
    ROUTES.iter().find(|(known, _)| *known == path).map(|(_, answers)| *answers)
}

/// Every path; what follows a question mark is up to the page.
const ROUTES: &[(&str, Answers)] = &[
    ("/", Answers::Page(front::page)),
    ("/doctor", Answers::Doctor),
    ("/log", Answers::Log),
    ("/metrics", Answers::Page(metrics::page)),
    ("/secd.css", Answers::Page(|_, _| WebReply::of("text/css; charset=utf-8", STYLE))),
    ("/secd.js", Answers::Page(|_, _| WebReply::of("text/javascript; charset=utf-8", SCRIPT))),
    ("/status.json", Answers::Page(front::json)),
];

/// The look of all pages, and what makes the log live.
const STYLE: &str = include_str!("secd.css");
const SCRIPT: &str = include_str!("secd.js");
