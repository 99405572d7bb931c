//! The elements that count, found by their path from the root.
//!
//! Prefixes and namespaces mean nothing, and a reference to an undefined entity is the text that it
//! is written as: phones read configurations that bind neither. The first defect is remembered, and
//! reading goes on for what the rest announces.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use quick_xml::errors::IllFormedError;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Error, Reader};

use crate::wire::configuration::shown::{TextPosition, start_of};
use crate::wire::configuration::spot::Spot;
use crate::wire::configuration::unreadable::Defect;
use crate::wire::configuration::warning::{ConfigurationWarning, MemberFault};

/// The root element that a configuration must have.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Root {
    /// `Default`, as call managers write it for phones that they do not know, or `device`.
    Default,
    /// `device`, as they write it for one phone.
    #[default]
    Device,
}

impl Root {
    fn has_name(self, name: &[u8]) -> bool {
        name == b"device" || (self == Self::Default && name == b"Default")
    }
}

/// What the walk found, as it is written: [`super::Configuration`] makes values of it.
#[derive(Default)]
pub(super) struct FoundMembers {
    /// The text of elements directly below the root.
    pub(super) facts: BTreeMap<&'static str, Box<str>>,
    /// The text of elements that name files, the first of each name.
    pub(super) named: BTreeMap<&'static str, Box<str>>,
    /// The members as they are written, not more than [`MAX_WRITTEN`].
    pub(super) members: Vec<Written>,
    /// The CAPF servers as they are written, not more than [`MAX_WRITTEN`].
    pub(super) capf: Vec<Written>,
    /// The log server as it is written.
    pub(super) log_server: Option<Box<str>>,
    /// How many members there are.
    pub(super) count: usize,
    /// Elements that were passed over: there again, or named in another case.
    pub(super) passed_over: Vec<ConfigurationWarning>,
    /// The first defect, and where it is.
    pub(super) defect: Option<(Defect, TextPosition)>,
}

/// A member as it is written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) priority: Option<u8>,
    pub(super) port: Option<Box<str>>,
    pub(super) address: Option<Box<str>>,
}

impl Written {
    /// The port, or the one that counts where none is written.
    ///
    /// # Errors
    /// [`MemberFault::Port`].
    pub(super) fn port(&self, default: u16) -> Result<u16, MemberFault> {
        // An empty port is as good as none; one that cannot be read is a fault of the member.
        let Some(text) = &self.port else { return Ok(default) };
        let port = text.parse().ok().filter(|port| *port != 0);
        port.ok_or_else(|| MemberFault::Port { found: text.clone() })
    }
}

/// Reads a document with this root; `facts` are the elements directly below it that count.
pub(super) fn read(text: &str, root: Root, facts: &[&'static str]) -> FoundMembers {
    let mut reader = Reader::from_str(text);
    // A bare `&` in a URL is a common slip, and no reason to lose the whole file.
    reader.config_mut().allow_dangling_amp = true;
    let mut walk = DocumentWalk { text, root, facts, ..DocumentWalk::default() };
    loop {
        let at = offset(reader.buffer_position());
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => walk.take(&event, at),
            Err(Error::IllFormed(error)) => {
                // The parser has dropped its element, so this walk must as well to stay in step.
                if matches!(error, IllFormedError::MismatchedEndTag { .. }) {
                    walk.close();
                }
                walk.fault(ill_formed(&error), offset(reader.error_position()));
            }
            // After a broken token the parser cannot tell where the next one begins.
            Err(error) => {
                walk.fault(of_error(error), offset(reader.error_position()));
                return walk.found;
            }
        }
        // Too deep, or another root: reading on costs time and finds nothing.
        if walk.is_over {
            return walk.found;
        }
    }
    match (walk.open.is_empty(), walk.has_root) {
        (true, true) => {}
        (false, _) => walk.fault(Defect::Cut, text.len()),
        // Nothing at all is another trouble of the server than a transfer that broke off.
        (true, false) if text.chars().all(is_blank) => walk.fault(Defect::Empty, 0),
        (true, false) => walk.fault(Defect::Cut, text.len()),
    }
    walk.found
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// Markup without an end is the mark of a file that was cut.
fn of_error(error: Error) -> Defect {
    use quick_xml::errors::SyntaxError::InvalidBangMarkup;
    match error {
        Error::Syntax(syntax) if syntax != InvalidBangMarkup => Defect::Cut,
        other => ill_formed(&other),
    }
}

/// The parser quotes names of elements, which may have any length.
fn ill_formed(error: &dyn fmt::Display) -> Defect {
    Defect::Xml(start_of(&error.to_string()).into())
}

/// The walk through a document.
#[derive(Default)]
struct DocumentWalk<'a> {
    text: &'a str,
    root: Root,
    facts: &'a [&'static str],
    found: FoundMembers,
    open: Vec<Spot>,
    /// What was opened in the element that holds it, and may be there once.
    seen: Vec<Spot>,
    value: String,
    has_root: bool,
    is_over: bool,
}

impl DocumentWalk<'_> {
    fn take(&mut self, event: &Event<'_>, at: usize) {
        match event {
            Event::Start(start) => self.start(start, at),
            Event::Empty(start) => {
                self.start(start, at);
                self.close();
            }
            Event::End(_) => self.close(),
            Event::Text(text) => self.text(text, at),
            Event::CData(text) => self.text(text, at),
            Event::GeneralRef(reference) => self.reference(reference, at),
            // Entities are only ever defined in a subset: without one there is nothing to expand.
            Event::DocType(subset) if subset.contains(&b'[') => {
                self.fault(Defect::DocumentType, at);
            }
            Event::DocType(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => {}
        }
    }

    fn start(&mut self, start: &BytesStart<'_>, at: usize) {
        let local = start.local_name();
        let spot = match self.open.last() {
            None => self.start_root(local.as_ref(), at),
            Some(above) => above.child(local.as_ref(), self.facts),
        };
        if (self.open.last(), spot) == (Some(&Spot::Root), Spot::Elsewhere) {
            self.warn_of_case(local.as_ref(), at);
        }
        // One entry of `open` for each level: a megabyte of `<a>` would be 300,000.
        if self.open.len() >= MAX_DEPTH {
            self.fault(Defect::TooDeep, at);
            self.is_over = true;
        }
        let spot = self.first(spot, at);
        match spot {
            Spot::Capf => self.start_server(),
            Spot::Member => self.start_member(start),
            spot if spot.has_text() => self.value.clear(),
            _ => {}
        }
        self.open.push(spot);
    }

    fn start_root(&mut self, name: &[u8], at: usize) -> Spot {
        if self.has_root {
            self.fault(Defect::Outside, at);
            return Spot::Elsewhere;
        }
        self.has_root = true;
        if !self.root.has_name(name) {
            let found = String::from_utf8_lossy(name).into();
            self.fault(Defect::Root { found }, at);
            self.is_over = true;
        }
        Spot::Root
    }

    /// The element, or one that does not count if there was one like it.
    fn first(&mut self, spot: Spot, at: usize) -> Spot {
        if spot == Spot::Capf && self.found.capf.len() == MAX_WRITTEN {
            return Spot::Elsewhere;
        }
        let Some(element) = spot.only() else { return spot };
        if !self.seen.contains(&spot) {
            self.seen.push(spot);
            return spot;
        }
        self.pass_over(at, |place| ConfigurationWarning::Repeated { element, place });
        Spot::Elsewhere
    }

    /// Warns of an element right below the root that one that counts was probably meant by.
    fn warn_of_case(&mut self, name: &[u8], at: usize) {
        let Some(element) = Spot::meant(name, self.facts) else { return };
        self.pass_over(at, |place| ConfigurationWarning::OtherCase { element, place });
    }

    fn pass_over(&mut self, at: usize, warning: impl FnOnce(TextPosition) -> ConfigurationWarning) {
        // The warnings go into the log, which a hostile file must not fill.
        if self.found.passed_over.len() < MAX_PASSED_OVER {
            let place = self.place(at);
            self.found.passed_over.push(warning(place));
        }
    }

    fn start_server(&mut self) {
        self.forget_server();
        self.found.capf.push(Written::default());
    }

    /// Port and address may be once in each member and server, all else once in the document.
    fn forget_server(&mut self) {
        self.seen.retain(|spot| !matches!(spot, Spot::Port | Spot::Address));
    }

    fn start_member(&mut self, start: &BytesStart<'_>) {
        self.forget_server();
        self.found.count += 1;
        if self.found.count > MAX_WRITTEN {
            return;
        }
        // Without its checks, reading attributes takes time by their number, not by its square.
        let mut attributes = start.attributes();
        let mut attributes = attributes.with_checks(false).flatten();
        let priority = attributes.find(|it| it.key.local_name().as_ref() == b"priority");
        let priority = priority.and_then(|it| priority_of(&it.value));
        self.found.members.push(Written { priority, ..Written::default() });
    }

    fn close(&mut self) {
        let Some(spot) = self.open.pop() else { return };
        let value = || Some(self.value.trim()).filter(|text| !text.is_empty()).map(Box::from);
        let written = match self.open.last() {
            Some(Spot::Capf) => self.found.capf.last_mut(),
            _ if self.found.count > MAX_WRITTEN => None,
            _ => self.found.members.last_mut(),
        };
        match (spot, written) {
            // An empty fact is kept as such: `encrConfig` without a value is not its absence.
            (Spot::Fact(name), _) => {
                self.found.facts.insert(name, value().unwrap_or_default());
            }
            (Spot::LogServer, _) => self.found.log_server = value(),
            (Spot::Named(name), _) => {
                if let Some(value) = value() {
                    self.found.named.entry(name).or_insert(value);
                }
            }
            (Spot::Port, Some(written)) => written.port = value(),
            (Spot::Address, Some(written)) => written.address = value(),
            _ => {}
        }
    }

    fn text(&mut self, text: &[u8], at: usize) {
        // The document was decoded as a whole, so its parts are UTF-8.
        let text = core::str::from_utf8(text).unwrap_or_default();
        match self.open.last() {
            Some(spot) if spot.has_text() => self.value.push_str(text),
            Some(_) => {}
            None if text.chars().all(is_blank) => {}
            None => self.fault(Defect::Outside, at),
        }
    }

    fn reference(&mut self, reference: &BytesRef<'_>, at: usize) {
        let name = core::str::from_utf8(reference).unwrap_or_default();
        // The five of XML 1.0 §4.6, which need no declaration.
        let character = match name {
            "amp" => Some('&'),
            "apos" => Some('\''),
            "gt" => Some('>'),
            "lt" => Some('<'),
            "quot" => Some('"'),
            _ => reference.resolve_char_ref().ok().flatten(),
        };
        let mut buffer = [0; 4];
        match character {
            Some(character) => self.text(character.encode_utf8(&mut buffer).as_bytes(), at),
            // Unknown to this reader, since no document type is read: shown as it is written.
            None => self.text(alloc::format!("&{name};").as_bytes(), at),
        }
    }

    fn fault(&mut self, defect: Defect, at: usize) {
        if self.found.defect.is_none() {
            self.found.defect = Some((defect, self.place(at)));
        }
    }

    fn place(&self, at: usize) -> TextPosition {
        TextPosition::after(self.text.get(..at).unwrap_or(self.text))
    }
}

fn priority_of(value: &[u8]) -> Option<u8> {
    core::str::from_utf8(value).ok()?.trim().parse().ok()
}

/// What may surround a document: space, and the NULs that some servers append.
const fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n' | '\0')
}

/// Inferred: configurations seen nest about eight levels.
const MAX_DEPTH: usize = 64;

/// Members that are looked at. Inferred: several times as many as are asked.
pub(super) const MAX_WRITTEN: usize = 32;

/// Elements that are passed over, and named. Inferred: enough to see the pattern.
const MAX_PASSED_OVER: usize = 8;
