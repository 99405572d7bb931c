//! A look over the text before it is parsed.
//!
//! The parser takes time by the square of the attributes of an element and of the namespaces in
//! force (tried: minutes for half a megabyte), so these are counted first, in one linear pass.

use crate::wire::configuration::unreadable::{MAX_OCTETS, Place, Unreadable};

/// The octets as text that is safe to parse.
pub(super) fn text(octets: &[u8]) -> Result<&str, Unreadable> {
    if octets.len() > MAX_OCTETS {
        return Err(Unreadable::TooLarge { found: octets.len() });
    }
    let declared = declared_encoding(octets);
    match core::str::from_utf8(octets) {
        Ok(text) if text.is_ascii() => {}
        Ok(_) if declared.is_none_or(is_utf8) => {}
        Err(error) if declared.is_none_or(is_utf8) => {
            let good = octets.get(..error.valid_up_to()).unwrap_or_default();
            return Err(Unreadable::Utf8(place(good)));
        }
        _ => {
            let declared = String::from_utf8_lossy(declared.unwrap_or_default());
            return Err(Unreadable::Encoding { declared: Box::from(&*declared) });
        }
    }
    tags(octets)?;
    core::str::from_utf8(octets).map_err(|_| Unreadable::Utf8(place(octets)))
}

fn is_utf8(encoding: &[u8]) -> bool {
    [&b"utf-8"[..], b"utf8", b"us-ascii"].iter().any(|known| encoding.eq_ignore_ascii_case(known))
}

/// The encoding in the XML declaration; it does not matter where all is ASCII.
fn declared_encoding(octets: &[u8]) -> Option<&[u8]> {
    let text = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
    let (declaration, _) = split(text.strip_prefix(b"<?xml")?, b"?>")?;
    let (_, value) = split(declaration, b"encoding")?;
    let value = value.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = value.split_first()?;
    split(value, core::slice::from_ref(quote)).map(|(encoding, _)| encoding)
}

/// Counts what is nested and what stands in a tag. Stops where the text is not well-formed: the
/// parser stops there too, and says why.
fn tags(octets: &[u8]) -> Result<(), Unreadable> {
    let (mut rest, mut depth, mut namespaces) = (octets, 0_usize, 0_usize);
    let before = |rest: &[u8]| octets.get(..octets.len() - rest.len()).unwrap_or_default();
    while let Some((_, markup)) = split(rest, b"<") {
        let at = || place(before(markup)).back();
        let skipped = skipped(markup);
        if let Some(skipped) = skipped {
            rest = skipped;
            continue;
        }
        if markup.starts_with(b"!DOCTYPE") {
            return Err(Unreadable::DocumentType(at()));
        }
        let tag = Tag::read(markup);
        namespaces += tag.namespaces;
        depth = match markup.first() {
            Some(b'/') => depth.saturating_sub(1),
            _ if tag.is_empty => depth,
            _ => depth + 1,
        };
        let counts = [
            (tag.attributes, MAX_ATTRIBUTES, "attributes"),
            (depth, MAX_DEPTH, "levels"),
            (namespaces, MAX_NAMESPACES, "namespaces"),
        ];
        if let Some((_, _, what)) = counts.iter().find(|(count, most, _)| count > most) {
            return Err(Unreadable::TooMany { what, place: at() });
        }
        rest = tag.rest;
    }
    Ok(())
}

/// What follows a comment, a CDATA section or an instruction; nothing if it has no end.
fn skipped(markup: &[u8]) -> Option<&[u8]> {
    let kinds: [(&[u8], &[u8]); 3] = [(b"!--", b"-->"), (b"![CDATA[", b"]]>"), (b"?", b"?>")];
    let (start, end) = kinds.into_iter().find(|(start, _)| markup.starts_with(start))?;
    let inside = markup.get(start.len()..).unwrap_or_default();
    Some(split(inside, end).map_or(&[][..], |(_, rest)| rest))
}

/// What matters of a tag.
struct Tag<'a> {
    attributes: usize,
    namespaces: usize,
    is_empty: bool,
    rest: &'a [u8],
}

impl<'a> Tag<'a> {
    /// Reads to the `>` that no quotes enclose.
    fn read(markup: &'a [u8]) -> Self {
        let mut tag = Self { attributes: 0, namespaces: 0, is_empty: false, rest: &[] };
        let (mut quote, mut last) = (None, 0);
        for (place, octet) in markup.iter().copied().enumerate() {
            match (quote, octet) {
                (Some(open), _) if open == octet => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(octet),
                (None, b'=') => tag.attributes += 1,
                (None, b'x') => {
                    let starts = markup.get(place..).is_some_and(|at| at.starts_with(b"xmlns"));
                    tag.namespaces += usize::from(starts);
                }
                (None, b'>') => {
                    tag.is_empty = last == b'/';
                    tag.rest = markup.get(place + 1..).unwrap_or_default();
                    return tag;
                }
                (None, _) => {}
            }
            last = octet;
        }
        tag
    }
}

/// What stands before and after the first `mark`.
fn split<'a>(octets: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let place = octets.windows(mark.len()).position(|window| window == mark)?;
    Some((octets.get(..place)?, octets.get(place + mark.len()..)?))
}

/// The place that follows `before`.
fn place(before: &[u8]) -> Place {
    let line = before.iter().filter(|octet| **octet == b'\n').count();
    let last = before.rsplit(|octet| *octet == b'\n').next().unwrap_or_default();
    // Octets that continue a character of UTF-8 start no new column.
    let column = last.iter().filter(|octet| **octet & 0xc0 != 0x80).count();
    let count = |number| u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1);
    Place { line: count(line), column: count(column) }
}

impl Place {
    /// One column before.
    const fn back(self) -> Self {
        Self { line: self.line, column: self.column.saturating_sub(1) }
    }
}

/// Inferred: no element of a configuration has more than a few.
const MAX_ATTRIBUTES: usize = 32;

/// Inferred: configurations seen nest about eight levels.
const MAX_DEPTH: usize = 64;

/// Inferred: configurations seen declare one or two (`xsi:type`).
const MAX_NAMESPACES: usize = 16;
