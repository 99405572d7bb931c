//! The trace that the console must show: templates of lines, in order, with holes for values.

use std::collections::BTreeMap;

use super::log::{Line, shown};

/// What the holes of a section have been filled with.
type Bound = BTreeMap<String, String>;

/// Values that differ from line to line, or within one: a connection has two descriptors, and there
/// is more than one server.
const VARYING: [&str; 5] = ["fd", "id", "ip", "n", "port"];

#[derive(Debug)]
struct Template {
    process: String,
    level: String,
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Eq, PartialEq)]
enum Piece {
    Literal(String),
    Hole(String),
}

/// Finds the lines of a section in the log, in order; other lines may stand between them.
///
/// A hole has one value throughout the section: the one given in `known`, or else the first found.
#[track_caller]
pub fn expect(lines: &[Line], section: &str, known: &[(&str, &str)]) {
    let known = known.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut bound: Bound = known.collect();
    let mut at = 0;
    for template in templates(section) {
        let rest = lines.get(at..).unwrap_or_default();
        let found = rest.iter().position(|line| template.takes(line, &mut bound));
        let Some(found) = found else {
            let Template { process, level, text, .. } = template;
            panic!(
                "[{section}]: no line for\n  {process} | {level} | {text}\n\
                 with {bound:?} among\n{}of\n{}",
                shown(rest),
                shown(lines)
            );
        };
        at += found + 1;
    }
}

fn templates(section: &str) -> Vec<Template> {
    let trace = include_str!("../golden-trace.txt");
    let mut lines = trace.lines().skip_while(|line| *line != format!("[{section}]"));
    assert!(lines.next().is_some(), "the trace has a section {section}");
    lines.take_while(|line| !line.starts_with('[')).filter_map(Template::parse).collect()
}

impl Template {
    fn parse(row: &str) -> Option<Self> {
        let mut fields = row.splitn(3, " | ").map(str::trim_end);
        let (process, level, text) = (fields.next()?, fields.next()?, fields.next()?);
        let (process, level) = (process.to_owned(), level.to_owned());
        Some(Self { process, level, text: text.to_owned(), pieces: pieces(text) })
    }

    fn takes(&self, line: &Line, bound: &mut Bound) -> bool {
        let mut filled = bound.clone();
        let takes = self.process == line.process
            && self.level == line.level
            && fits(&self.pieces, &line.text, &mut filled);
        if takes {
            *bound = filled;
        }
        takes
    }
}

/// `<name>` is a hole; `<<name>>` is one between angle brackets that are printed.
fn pieces(text: &str) -> Vec<Piece> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('<') {
        let (before, after, end, close) = match after.strip_prefix('<') {
            Some(after) => (format!("{before}<"), after, ">>", ">"),
            None => (before.to_owned(), after, ">", ""),
        };
        let (name, after) = after.split_once(end).expect("a hole is closed");
        pieces.push(Piece::Literal(before));
        pieces.push(Piece::Hole(name.to_owned()));
        pieces.push(Piece::Literal(close.to_owned()));
        rest = after;
    }
    pieces.push(Piece::Literal(rest.to_owned()));
    pieces
}

fn fits(pieces: &[Piece], text: &str, bound: &mut Bound) -> bool {
    let Some((piece, others)) = pieces.split_first() else { return text.is_empty() };
    let name = match piece {
        Piece::Literal(literal) => {
            return text
                .strip_prefix(literal.as_str())
                .is_some_and(|rest| fits(others, rest, bound));
        }
        Piece::Hole(name) => name,
    };
    if let Some(value) = bound.get(name) {
        return text.strip_prefix(value.as_str()).is_some_and(|rest| fits(others, rest, bound));
    }
    for (end, _) in text.char_indices().skip(1).chain([(text.len(), ' ')]) {
        let mut filled = bound.clone();
        if !VARYING.contains(&name.as_str()) {
            filled.insert(name.clone(), text[..end].to_owned());
        }
        if end > 0 && fits(others, &text[end..], &mut filled) {
            *bound = filled;
            return true;
        }
    }
    false
}
