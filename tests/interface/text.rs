//! Texts in Varlink's own language, as facts that can be compared.

use std::collections::BTreeSet;

/// What is said of an interface, one fact an entry: `method Erase, parameter what: What`.
pub(crate) type Facts = BTreeSet<String>;

/// A text in Varlink's own language, read from its beginning.
struct Text<'a> {
    rest: &'a str,
    /// The comment lines right before what comes next.
    comment: String,
}

impl<'a> Text<'a> {
    /// The next word or sign.
    fn token(&mut self) -> Option<&'a str> {
        loop {
            let gap = self.rest.len() - self.rest.trim_start().len();
            if self.rest[..gap].matches('\n').count() > 1 {
                self.comment.clear();
            }
            self.rest = self.rest.trim_start();
            let Some(comment) = self.rest.strip_prefix('#') else { break };
            let (line, rest) = comment.split_once('\n').unwrap_or((comment, ""));
            self.comment += line;
            // The end of the line belongs to the gap after it.
            self.rest = &self.rest[self.rest.len() - rest.len() - 1..];
        }
        let is_word = |c: char| c.is_ascii_alphanumeric() || "_.?[]".contains(c);
        let word = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
        let length = match word {
            0 if self.rest.starts_with("->") => 2,
            0 => usize::from(!self.rest.is_empty()),
            word => word,
        };
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        (!token.is_empty()).then_some(token)
    }

    #[track_caller]
    fn expect(&mut self, wanted: &str) {
        assert_eq!(self.token(), Some(wanted), "before {:.40}", self.rest);
    }

    /// What stands between brackets: members, or words without a type.
    fn list(&mut self) -> Vec<(&'a str, Option<&'a str>)> {
        self.expect("(");
        let mut list = Vec::new();
        loop {
            match self.token().unwrap() {
                ")" => return list,
                "," => {}
                ":" => list.last_mut().unwrap().1 = self.token(),
                name => list.push((name, None)),
            }
        }
    }
}

/// What a text in Varlink's own language says of its interface.
pub(crate) fn read(text: &str) -> Facts {
    let mut text = Text { rest: text, comment: String::new() };
    let mut facts = Facts::new();
    while let Some(keyword) = text.token() {
        let comment = std::mem::take(&mut text.comment);
        let owner = format!("{keyword} {}", text.token().unwrap());
        assert!(facts.insert(owner.clone()), "{owner}: twice");
        let mut add = |what: &str, list: Vec<(&str, Option<&str>)>| {
            facts.extend(list.into_iter().map(|(name, shape)| match shape {
                Some(shape) => format!("{owner}, {what} {name}: {shape}"),
                None => format!("{owner}, word {name}"),
            }));
        };
        match keyword {
            "interface" => {}
            "type" => add("member", text.list()),
            "error" => add("fact", text.list()),
            "method" => {
                add("parameter", text.list());
                text.expect("->");
                add("reply", text.list());
                facts.extend(promises(&owner, &comment));
            }
            other => panic!("{other}"),
        }
    }
    facts
}

/// What the comment of a method says that a program must know: its right, and how it is called.
fn promises(owner: &str, comment: &str) -> Vec<String> {
    let right = comment.split_once("Right: ").and_then(|(_, rest)| rest.split_once('.'));
    let with = ["`more`", "`upgrade`"].into_iter().filter(|word| comment.contains(word));
    let right = right.map(|(right, _)| format!("{owner}, right {right}"));
    right.into_iter().chain(with.map(|word| format!("{owner}, with {word}"))).collect()
}
