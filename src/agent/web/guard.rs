//! Which requests are answered at all.

use std::fmt;

use crate::agent::web::reply::{WebReply, WebStatus};
use crate::wire::address::{Host, ServerAddress};
use crate::wire::http::{MalformedRequest, RequestHead, Verb};
use crate::wire::name::DeviceName;

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NotAnswered {
    /// A body, which no request here has.
    Body,
    /// An action that the page of another site may have caused.
    ForeignOrigin,
    /// For a host that this phone is not.
    Host,
    /// It cannot be read.
    Malformed(MalformedRequest),
    /// There is no such page.
    NoPage,
    /// A page that is only read.
    NotGet,
    /// A page that is read, or does something.
    NotGetOrPost,
}

impl NotAnswered {
    pub(super) fn reply(self, device: &DeviceName) -> WebReply {
        let refusal = |status| WebReply::refusal(status, &self.to_string());
        match self {
            Self::Body => refusal(WebStatus::TOO_LARGE),
            Self::ForeignOrigin => refusal(WebStatus::FORBIDDEN),
            Self::Host => {
                let why = format!("{self}: open it by its address, or as {device}");
                WebReply::refusal(WebStatus::MISDIRECTED, &why)
            }
            Self::Malformed(_) => refusal(WebStatus::BAD_REQUEST),
            Self::NoPage => refusal(WebStatus::NOT_FOUND),
            Self::NotGet => refusal(WebStatus::NOT_ALLOWED).with_header("Allow: GET, HEAD"),
            Self::NotGetOrPost => {
                refusal(WebStatus::NOT_ALLOWED).with_header("Allow: GET, HEAD, POST")
            }
        }
    }
}

impl fmt::Display for NotAnswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Body => "a request with a body",
            Self::ForeignOrigin => {
                "not from a page of this phone: its Origin or Sec-Fetch-Site must say so"
            }
            Self::Host => "not a name of this phone",
            Self::Malformed(malformed) => return malformed.fmt(f),
            Self::NoPage => "no such page",
            Self::NotGet => "this page is only read: use GET or HEAD",
            Self::NotGetOrPost => "use GET, HEAD or POST",
        })
    }
}

/// Whether a request means this phone: by an address, which only who reaches it can use, or by the
/// device's name. A name of somebody else's leads here when that one lets it (DNS rebinding), and a
/// browser then takes our pages for theirs.
///
/// # Errors
/// [`NotAnswered::Host`].
pub(super) fn expect_host(asked: &RequestHead<'_>, device: &DeviceName) -> Result<(), NotAnswered> {
    let host = asked.host.and_then(|host| ServerAddress::parse(host, PORT).ok());
    match host.map(|address| address.host) {
        Some(Host::Ip(_)) => Ok(()),
        Some(Host::Name(name)) if name.eq_ignore_ascii_case(device.as_str()) => Ok(()),
        _ => Err(NotAnswered::Host),
    }
}

/// Whether an action was caused by a page of this phone. A browser says so in one header or both,
/// and no page can change them; who sends neither has to send one.
///
/// # Errors
/// [`NotAnswered::ForeignOrigin`].
///
/// # Source
/// Fetch, "Origin" header; Fetch Metadata, which browsers send to trustworthy addresses alone.
pub(super) fn expect_own_page(asked: &RequestHead<'_>) -> Result<(), NotAnswered> {
    // Without a word about where it comes from, as after `Referrer-Policy: no-referrer`.
    let origin = asked.origin.filter(|origin| *origin != "null").map(|origin| {
        let host = origin.strip_prefix("http://");
        host.zip(asked.host).is_some_and(|(ours, host)| ours.eq_ignore_ascii_case(host))
    });
    let site = asked.fetch_site.map(|site| site == "same-origin");
    match (origin, site) {
        (Some(true), None | Some(true)) | (None, Some(true)) => Ok(()),
        _ => Err(NotAnswered::ForeignOrigin),
    }
}

/// Whether a request only reads.
pub(super) const fn reads(verb: Verb) -> bool {
    matches!(verb, Verb::Get | Verb::Head)
}

/// The port that a URL without one means (RFC 9110 §4.2.1).
const PORT: u16 = 80;

#[cfg(test)]
mod tests {
    use super::*;

    fn asked<'a>(
        host: Option<&'a str>,
        origin: Option<&'a str>,
        fetch_site: Option<&'a str>,
    ) -> RequestHead<'a> {
        let (path, query, last_event) = ("/doctor", "", None);
        let (takes_events, has_body) = (false, false);
        let verb = Verb::Post;
        RequestHead {
            verb,
            path,
            query,
            host,
            origin,
            fetch_site,
            last_event,
            takes_events,
            has_body,
        }
    }

    #[test]
    fn the_phone_is_meant_by_an_address_or_by_its_name() {
        let device = DeviceName::parse("SEP001122334455").unwrap();
        for (host, is_meant) in [
            (Some("192.0.2.7"), true),
            (Some("127.0.0.1:8080"), true),
            (Some("[2001:db8::1]:80"), true),
            (Some("sep001122334455"), true),
            (Some("SEP001122334455:8080"), true),
            (Some("localhost"), false),
            (Some("SEP001122334455.example.com"), false),
            (Some("SEP001122334456"), false),
            (Some("127.0.0.1.example.com"), false),
            (Some("2130706433"), false),
            (Some("0x7f.1"), false),
            (Some("127.1"), false),
            (Some("192.0.2.7:99999"), false),
            (Some("user@192.0.2.7"), false),
            (Some(""), false),
            (None, false),
        ] {
            let found = expect_host(&asked(host, None, None), &device);
            assert_eq!(found.is_ok(), is_meant, "{host:?}");
        }
    }

    #[test]
    fn an_action_comes_from_a_page_of_the_phone() {
        let host = Some("192.0.2.7:8080");
        for (origin, site, is_own) in [
            (Some("http://192.0.2.7:8080"), None, true),
            (Some("http://192.0.2.7:8080"), Some("same-origin"), true),
            (None, Some("same-origin"), true),
            (None, None, false),
            (Some("http://192.0.2.7:8080"), Some("cross-site"), false),
            (Some("http://192.0.2.7:8080"), Some("same-site"), false),
            (Some("http://192.0.2.7:8080"), Some("none"), false),
            (Some("http://192.0.2.7"), None, false),
            (Some("http://192.0.2.7:8081"), Some("same-origin"), false),
            (Some("https://192.0.2.7:8080"), None, false),
            (Some("http://example.com"), None, false),
            (Some("null"), None, false),
            (Some("null"), Some("same-origin"), true),
            (Some("null"), Some("cross-site"), false),
            (Some(""), None, false),
            (None, Some("none"), false),
        ] {
            let found = expect_own_page(&asked(host, origin, site));
            assert_eq!(found.is_ok(), is_own, "{origin:?} {site:?}");
        }
    }
}
