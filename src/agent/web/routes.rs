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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_has_every_page_and_no_other() {
        let manual = include_str!("../../../docs/man/secd.8");
        let (_, section) = manual.split_once(".SH THE WEB PAGE").expect("a section");
        let section = section.split("\n.SH ").next().unwrap_or_default();
        let heads = section.lines().filter(|line| line.starts_with(".B"));
        let named = heads.flat_map(|line| line.split([' ', '"', ',']));
        let named: Vec<&str> = named.filter(|word| word.starts_with('/')).collect();
        // What a page is drawn with is nobody's to ask for.
        for (path, _) in
            ROUTES.iter().filter(|(path, _)| !path.contains(['.']) || *path == "/status.json")
        {
            assert!(named.contains(path), "secd(8) has no {path}");
        }
        for path in named {
            let head = format!("GET {path} HTTP/1.1\r\n\r\n");
            let asked = RequestHead::parse(head.as_bytes()).expect("a request");
            assert!(route(&asked).is_some(), "secd(8) has {path}, which is no page");
        }
    }
}
