//! What a body cannot be, whatever the status of its answer.

use core::fmt;

use crate::wire::envelope::VERSION_TAG;
use crate::wire::way::FileWay;

/// Why a body cannot be the file that was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UnfitBody {
    /// Nothing, from a server that makes its files on demand and has none of this name.
    Empty,
    /// For a configuration, something that is neither XML nor signed.
    NoXml,
    /// A page for people: what proxies, portals and web servers send in place of an error.
    Page,
    /// For a file that has to be signed, something that is not.
    Unsigned,
}

impl UnfitBody {
    /// Why a body is of no use as the file of a name; nothing if it may be the file.
    ///
    /// # Source
    /// What is signed begins with the version of its header: domain facts 3.2. By HTTPS servers send
    /// the unsigned configuration under the signed name: sheet on HTTP, B1.
    #[must_use]
    pub fn of(name: &str, way: FileWay, body: &[u8]) -> Option<Self> {
        let plain = name.strip_suffix(".sgn").unwrap_or(name);
        let plain = plain.strip_suffix(".enc").unwrap_or(plain);
        let is_signed = name.ends_with(".tlv") || plain.len() < name.len();
        match body {
            [] => Some(Self::Empty),
            [VERSION_TAG, ..] => None,
            body if is_page(body) => Some(Self::Page),
            _ if is_signed && way != FileWay::Https => Some(Self::Unsigned),
            body if plain.ends_with(".cnf.xml") && !may_be_xml(body) => Some(Self::NoXml),
            _ => None,
        }
    }
}

/// In words that follow the name of the server.
impl fmt::Display for UnfitBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "sent an empty file, which counts as none",
            Self::NoXml => "sent a file that is not XML",
            Self::Page => "sent a page in place of the file",
            Self::Unsigned => "sent a file without a signature",
        })
    }
}

fn is_page(body: &[u8]) -> bool {
    let body = text(body);
    ["<!doctype html", "<html"].iter().any(|start| {
        body.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start.as_bytes()))
    })
}

/// Whether a body begins as XML does, in UTF-8 or UTF-16: whether it is, the parser says.
fn may_be_xml(body: &[u8]) -> bool {
    matches!(body, [0xfe, 0xff, ..] | [0xff, 0xfe, ..]) || text(body).starts_with(b"<")
}

fn text(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "SEP001122334455.cnf.xml";
    const SIGNED: &str = "SEP001122334455.cnf.xml.sgn";
    const ENCRYPTED: &str = "SEP001122334455.cnf.xml.enc.sgn";

    #[test]
    fn a_page_for_people_is_recognized() {
        for page in ["<!DOCTYPE HTML PUBLIC", "\u{feff}\r\n <html>", "<HTML lang=\"en\">"] {
            for name in [PLAIN, SIGNED, "CTLFile.tlv", "ring.raw"] {
                let unfit = UnfitBody::of(name, FileWay::Http, page.as_bytes());
                assert_eq!(unfit, Some(UnfitBody::Page), "{page}");
            }
        }
        for file in ["<", "<device>", "<?xml version=\"1.0\"?><html>"] {
            assert_eq!(UnfitBody::of(PLAIN, FileWay::Http, file.as_bytes()), None, "{file}");
        }
    }

    #[test]
    fn what_must_be_signed_begins_as_an_envelope_unless_it_comes_by_https() {
        let of = |name, way| UnfitBody::of(name, way, b"<device/>");
        for name in [SIGNED, ENCRYPTED, "CTLFile.tlv", "New_Zealand/g3-tones.xml.sgn"] {
            assert_eq!(of(name, FileWay::Http), Some(UnfitBody::Unsigned), "{name}");
            assert_eq!(UnfitBody::of(name, FileWay::Http, b"\x01\x00\x02"), None, "{name}");
        }
        assert_eq!([SIGNED, ENCRYPTED].map(|name| of(name, FileWay::Https)), [None; 2]);
    }

    #[test]
    fn a_configuration_begins_as_xml_and_nothing_is_empty() {
        let json = b"{\"error\": \"not found\"}";
        for (name, way) in [
            (PLAIN, FileWay::Http),
            ("XMLDefault.cnf.xml", FileWay::Http),
            (SIGNED, FileWay::Https),
            (ENCRYPTED, FileWay::Https),
        ] {
            assert_eq!(UnfitBody::of(name, way, json), Some(UnfitBody::NoXml), "{name}");
            assert_eq!(UnfitBody::of(name, way, b"\xff\xfe<\0"), None, "{name}");
            assert_eq!(UnfitBody::of(name, way, b""), Some(UnfitBody::Empty), "{name}");
        }
        assert_eq!(UnfitBody::of("ring.raw", FileWay::Http, json), None);
    }
}
