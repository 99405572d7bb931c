//! Answers to requests, and the headers that each of them has.

use std::borrow::Cow;
use std::fmt::Write;

use crate::agent::web::markup::Markup;
use crate::wire::http::Verb;

/// An answer to one request.
#[derive(Debug)]
pub(super) struct WebReply {
    status: WebStatus,
    media: &'static str,
    /// A header that not every answer has, without the end of its line.
    header: Option<&'static str>,
    body: Cow<'static, str>,
}

/// The status of an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct WebStatus(u16, &'static str);

impl WebStatus {
    pub(super) const OK: Self = Self(200, "OK");
    pub(super) const SEE_OTHER: Self = Self(303, "See Other");
    pub(super) const BAD_REQUEST: Self = Self(400, "Bad Request");
    pub(super) const FORBIDDEN: Self = Self(403, "Forbidden");
    pub(super) const NOT_FOUND: Self = Self(404, "Not Found");
    pub(super) const NOT_ALLOWED: Self = Self(405, "Method Not Allowed");
    pub(super) const CONFLICT: Self = Self(409, "Conflict");
    pub(super) const TOO_LARGE: Self = Self(413, "Content Too Large");
    pub(super) const MISDIRECTED: Self = Self(421, "Misdirected Request");
    pub(super) const LONG_HEAD: Self = Self(431, "Request Header Fields Too Large");
    pub(super) const BUSY: Self = Self(503, "Service Unavailable");
}

impl WebReply {
    /// A page for a browser.
    pub(super) fn page(page: Markup) -> Self {
        Self::of(HTML, page.into_text())
    }

    /// An answer of another kind, by its media type.
    pub(super) fn of(media: &'static str, body: impl Into<Cow<'static, str>>) -> Self {
        Self { status: WebStatus::OK, media, header: None, body: body.into() }
    }

    /// A refusal, with what to do in words.
    pub(super) fn refusal(status: WebStatus, why: &str) -> Self {
        Self { status, ..Self::of(TEXT, format!("{why}\n")) }
    }

    /// The same with another status.
    pub(super) fn with_status(self, status: WebStatus) -> Self {
        Self { status, ..self }
    }

    /// The same with one more header.
    pub(super) fn with_header(self, header: &'static str) -> Self {
        Self { header: Some(header), ..self }
    }

    /// The answer as bytes; to `HEAD`, all but the body.
    pub(super) fn emit(&self, verb: Verb) -> Vec<u8> {
        let mut answer = head(self.status, self.media, self.header);
        // Writing into a string does not fail.
        let _ = write!(answer, "Content-Length: {}\r\n\r\n", self.body.len());
        if verb != Verb::Head {
            answer.push_str(&self.body);
        }
        answer.into_bytes()
    }
}

/// The head of an answer up to what depends on its body.
pub(super) fn head(status: WebStatus, media: &'static str, header: Option<&'static str>) -> String {
    let WebStatus(code, reason) = status;
    let mut head = format!("HTTP/1.1 {code} {reason}\r\nContent-Type: {media}\r\n{SECURITY}");
    if let Some(header) = header {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head
}

/// What every answer has: nothing is kept, embedded, guessed, passed on, or run but our own files.
const SECURITY: &str = "\
Connection: close\r\n\
Cache-Control: no-store\r\n\
X-Content-Type-Options: nosniff\r\n\
Referrer-Policy: no-referrer\r\n\
Content-Security-Policy: default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'\r\n\
Cross-Origin-Resource-Policy: same-origin\r\n";

pub(super) const HTML: &str = "text/html; charset=utf-8";
pub(super) const TEXT: &str = "text/plain; charset=utf-8";
pub(super) const JSON: &str = "application/json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_head_is_the_same_without_the_body() {
        let reply = WebReply::of(TEXT, "four").with_header("Allow: GET");
        let whole = String::from_utf8(reply.emit(Verb::Get)).unwrap();
        let head = String::from_utf8(reply.emit(Verb::Head)).unwrap();
        assert_eq!(whole, format!("{head}four"));
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"));
        assert!(head.contains("\r\nAllow: GET\r\nContent-Length: 4\r\n"), "{head}");
    }
}
