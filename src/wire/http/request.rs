//! The head of a request, for the phone's own web page.

use core::fmt;
use core::str;

use httparse::{EMPTY_HEADER, Error, Header, Request, Status};

use super::faulty_part;
use super::head::only;

/// The head of a request: what counts of it. Nothing in it is trusted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RequestHead<'a> {
    /// What is asked for.
    pub verb: Verb,
    /// The path, from its first slash on, as it was written: nothing is decoded.
    pub path: &'a str,
    /// What follows the question mark; empty if there is none.
    pub query: &'a str,
    /// The host that the client means to speak to, with its port if it has one.
    pub host: Option<&'a str>,
    /// The site whose page has caused the request, or `null`.
    pub origin: Option<&'a str>,
    /// How that site is related to this one, by a browser's word for it.
    pub fetch_site: Option<&'a str>,
    /// The last event of a stream that the client has got before.
    pub last_event: Option<&'a str>,
    /// Whether the client takes a stream of events.
    pub takes_events: bool,
    /// Whether a body follows, which no request here needs.
    pub has_body: bool,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verb {
    /// To send the page.
    Get,
    /// What is known of the page, without the page.
    Head,
    /// To do what the page is for.
    Post,
    /// A method that no page here has.
    Unknown,
}

impl<'a> RequestHead<'a> {
    /// Reads a head, which fills `bytes` up to the empty line and with it.
    ///
    /// # Errors
    /// [`MalformedRequest`].
    ///
    /// # Source
    /// RFC 9112 §3 and RFC 9110 §7.2; Fetch Metadata (W3C) for `Sec-Fetch-Site`; HTML, "Server-sent
    /// events", for `Last-Event-ID`. A target other than a path is for proxies, and refused.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, MalformedRequest> {
        let mut headers = [EMPTY_HEADER; MAX_REQUEST_HEADERS];
        let mut request = Request::new(&mut headers);
        match request.parse(bytes) {
            Ok(Status::Complete(length)) if length == bytes.len() => {}
            Ok(_) => return Err(MalformedRequest::Syntax("its lines")),
            Err(error) => return Err(MalformedRequest::from(error)),
        }
        let target = request.path.filter(|target| target.starts_with('/'));
        // With a fragment or a byte that no URL has, readers do not agree about what is meant.
        let target = target.filter(|it| it.bytes().all(|byte| byte.is_ascii_graphic()));
        let target = target.filter(|it| !it.contains('#')).ok_or(MalformedRequest::Target)?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = &*request.headers;
        let length = one(headers, "Content-Length")?;
        Ok(Self {
            verb: Verb::parse(request.method.unwrap_or_default()),
            path,
            query,
            host: one(headers, "Host")?,
            origin: one(headers, "Origin")?,
            fetch_site: one(headers, "Sec-Fetch-Site")?,
            last_event: one(headers, "Last-Event-ID")?,
            takes_events: named(headers, "Accept").any(|value| is_listed(value, EVENTS)),
            // Browsers send the length of an empty form.
            has_body: length.is_some_and(|length| length != "0")
                || named(headers, "Transfer-Encoding").next().is_some(),
        })
    }

    /// The value of a parameter of the query, as it was written.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'a str> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
    }
}

impl Verb {
    fn parse(method: &str) -> Self {
        // In this case: methods are case-sensitive (RFC 9110 §9.1).
        match method {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "POST" => Self::Post,
            _ => Self::Unknown,
        }
    }
}

/// The values of a header, wherever it is.
fn named<'a>(headers: &[Header<'a>], name: &str) -> impl Iterator<Item = &'a [u8]> {
    let found = headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
    found.map(|header| header.value)
}

/// The value of a header that may be there once, which decides who is answered.
fn one<'a>(
    headers: &[Header<'a>],
    name: &'static str,
) -> Result<Option<&'a str>, MalformedRequest> {
    let value = only(headers, name).map_err(|_| MalformedRequest::Repeated(name))?;
    let text = |value| str::from_utf8(value).map_err(|_| MalformedRequest::Syntax("a header"));
    value.map(text).transpose()
}

/// Whether a list of media ranges has this one; parameters do not count.
fn is_listed(value: &[u8], media: &str) -> bool {
    let ranges = value.split(|byte| *byte == b',');
    let mut names = ranges.filter_map(|range| range.split(|byte| *byte == b';').next());
    names.any(|name| name.trim_ascii().eq_ignore_ascii_case(media.as_bytes()))
}

/// Why the head of a request cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MalformedRequest {
    /// A header that may be there once is there again.
    Repeated(&'static str),
    /// It is not HTTP; which part, in words.
    Syntax(&'static str),
    /// What it asks for is not a path.
    Target,
    /// More headers than [`MAX_REQUEST_HEADERS`].
    TooManyHeaders,
}

impl From<Error> for MalformedRequest {
    fn from(error: Error) -> Self {
        faulty_part(error, "its first line").map_or(Self::TooManyHeaders, Self::Syntax)
    }
}

impl fmt::Display for MalformedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repeated(name) => write!(f, "more than one {name}"),
            Self::Syntax(what) => write!(f, "not an HTTP request, by {what}"),
            Self::Target => f.write_str("expected a path that begins with /"),
            Self::TooManyHeaders => write!(f, "more than {MAX_REQUEST_HEADERS} headers"),
        }
    }
}

/// The stream of events that a browser's `EventSource` asks for.
const EVENTS: &str = "text/event-stream";

/// The most headers of a request. Inferred: browsers send about fifteen.
pub const MAX_REQUEST_HEADERS: usize = 48;

/// The most bytes of a request's head. Inferred: browsers send less than 1 KiB to a page without
/// cookies.
pub const MAX_REQUEST: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::*;

    fn asked(first: &str, headers: &[&str]) -> Vec<u8> {
        let lines: Vec<_> =
            [first].iter().chain(headers).map(|line| format!("{line}\r\n")).collect();
        (lines.concat() + "\r\n").into_bytes()
    }

    #[test]
    fn what_counts_of_a_request_is_read() {
        let bytes = asked(
            "GET /log?after=7.5&x= HTTP/1.1",
            &[
                "host: 192.0.2.7:8080 ",
                "ACCEPT: text/html, Text/Event-Stream;q=1",
                "last-event-id: 7.9",
            ],
        );
        let head = RequestHead::parse(&bytes).unwrap();
        assert_eq!((head.verb, head.path, head.query), (Verb::Get, "/log", "after=7.5&x="));
        assert_eq!((head.host, head.last_event), (Some("192.0.2.7:8080"), Some("7.9")));
        assert_eq!((head.parameter("after"), head.parameter("x")), (Some("7.5"), Some("")));
        assert_eq!((head.parameter("y"), head.origin, head.fetch_site), (None, None, None));
        assert!(head.takes_events && !head.has_body);
    }

    #[test]
    fn a_method_counts_in_its_own_case() {
        for (method, verb) in [
            ("GET", Verb::Get),
            ("HEAD", Verb::Head),
            ("POST", Verb::Post),
            ("get", Verb::Unknown),
            ("DELETE", Verb::Unknown),
        ] {
            let bytes = asked(&format!("{method} / HTTP/1.0"), &[]);
            assert_eq!(RequestHead::parse(&bytes).unwrap().verb, verb);
        }
    }

    #[test]
    fn a_body_is_announced_by_a_length_or_by_chunks() {
        for (headers, has_body) in [
            (&[][..], false),
            (&["Content-Length: 0"], false),
            (&["Content-Length: 1"], true),
            (&["Content-Length: +0"], true),
            (&["Transfer-Encoding: chunked"], true),
        ] {
            let bytes = asked("POST /doctor HTTP/1.1", headers);
            assert_eq!(RequestHead::parse(&bytes).unwrap().has_body, has_body, "{headers:?}");
        }
    }

    #[test]
    fn what_is_no_request_for_a_path_is_refused_with_words() {
        let many = ["x: y"; MAX_REQUEST_HEADERS + 1];
        for (first, headers, wrong) in [
            ("GET http://h/ HTTP/1.1", &[][..], MalformedRequest::Target),
            ("OPTIONS * HTTP/1.1", &[], MalformedRequest::Target),
            ("CONNECT h:80 HTTP/1.1", &[], MalformedRequest::Target),
            ("GET /a#b HTTP/1.1", &[], MalformedRequest::Target),
            ("GET /ä HTTP/1.1", &[], MalformedRequest::Target),
            ("GET / HTTP/2.0", &[], MalformedRequest::Syntax("its version")),
            ("\u{16}\u{3}\u{1} /", &[], MalformedRequest::Syntax("its first line")),
            ("GET / HTTP/1.1", &["a b: c"], MalformedRequest::Syntax("a header")),
            ("GET / HTTP/1.1", &["Host: a", " b"], MalformedRequest::Syntax("a header")),
            ("GET / HTTP/1.1", &["Host: ä\u{1}"], MalformedRequest::Syntax("a header")),
            ("GET / HTTP/1.1", &["Host: a", "hOST: a"], MalformedRequest::Repeated("Host")),
            ("GET / HTTP/1.1", &["Origin: a", "Origin: b"], MalformedRequest::Repeated("Origin")),
            ("GET / HTTP/1.1", &many, MalformedRequest::TooManyHeaders),
        ] {
            let bytes = asked(first, headers);
            let found = RequestHead::parse(&bytes).unwrap_err();
            assert_eq!(found, wrong, "{first} {headers:?}");
            assert!(!found.to_string().is_empty());
        }
    }

    #[test]
    fn what_is_cut_or_goes_on_is_no_head() {
        let bytes = asked("GET / HTTP/1.1", &["Host: a"]);
        for end in 0..bytes.len() {
            assert!(RequestHead::parse(&bytes[..end]).is_err(), "{end}");
        }
        assert!(RequestHead::parse(&[&bytes[..], b"x"].concat()).is_err());
    }
}
