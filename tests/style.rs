//! The house style, as far as a machine can see it: names, words and comments of `src`.
//!
//! A test that fails here shows the places; what to write instead is in CONTRIBUTING.md.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "layering/tokens.rs"]
#[allow(dead_code, reason = "the layering test uses the rest")]
mod tokens;

/// A file of `src`, by its path below it.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The file without its unit tests, which nobody reads on a console.
    fn production(&self) -> &str {
        self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
    }

    fn place(&self, line: usize) -> String {
        format!("src/{}:{line}", self.path)
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of src") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(source(&root, &path));
            }
        }
    }
    assert!(found.len() > 200, "only {} files", found.len());
    found
}

fn source(root: &Path, path: &PathBuf) -> Source {
    let text = fs::read_to_string(path).expect("a source");
    let path = path.strip_prefix(root).expect("below src").display().to_string();
    Source { path, text }
}

fn is_of_tests(source: &Source) -> bool {
    source.path.ends_with("tests.rs")
}

fn none(found: &[String], what: &str) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

/// The name that a line declares, if it declares a type; those of traits are indented.
fn declared(line: &str) -> Option<&str> {
    if line.starts_with(' ') {
        return None;
    }
    let line = line.strip_prefix("pub").map_or(line, |rest| {
        rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or(rest, |(_, rest)| rest)
    });
    let (kind, rest) = line.trim_start().split_once(' ')?;
    let known = ["enum", "struct", "trait", "type", "union"].contains(&kind);
    known.then(|| rest.split(|next: char| !next.is_alphanumeric()).next().unwrap_or_default())
}

#[test]
fn no_two_types_share_a_name() {
    let mut places = BTreeMap::<String, Vec<String>>::new();
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            if let Some(name) = declared(line) {
                places.entry(name.to_owned()).or_default().push(source.place(number + 1));
            }
        }
    }
    assert!(places.len() > 300, "only {} types", places.len());
    let shared = places.iter().filter(|(_, places)| places.len() > 1);
    let shared: Vec<_> =
        shared.map(|(name, places)| format!("{name}: {}", places.join(", "))).collect();
    none(&shared, "types that share a name");
}

#[test]
fn derives_are_in_alphabetical_order() {
    let mut found = Vec::new();
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            let derived = line.trim().strip_prefix("#[derive(");
            if let Some(derived) = derived.and_then(|rest| rest.strip_suffix(")]")) {
                let names = derived.split(", ").map(|name| name.rsplit("::").next());
                if !names.is_sorted() {
                    found.push(format!("{}: {derived}", source.place(number + 1)));
                }
            }
        }
    }
    none(&found, "derives out of order");
}

#[test]
fn a_doc_comment_says_something() {
    let mut found = Vec::new();
    for source in sources() {
        let mut block = (0, Vec::new());
        for (number, line) in source.text.lines().chain([""]).enumerate() {
            let line = line.trim_start();
            let doc = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
            if let Some(doc) = doc {
                if block.1.is_empty() {
                    block.0 = number + 1;
                }
                block.1.extend(doc.split_whitespace());
            } else {
                if (1..=SAYS_NOTHING).contains(&block.1.len()) {
                    found.push(format!("{}: {}", source.place(block.0), block.1.join(" ")));
                }
                block.1.clear();
            }
        }
    }
    none(&found, "doc comments that only repeat a name");
}

#[test]
fn no_string_has_words_that_a_native_reader_stumbles_over() {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| !is_of_tests(source)) {
        for (number, string) in tokens::strings(source.production()) {
            let lower = string.to_lowercase();
            for word in AVOIDED.iter().filter(|word| has(&lower, word)) {
                found.push(format!("{}: \"{word}\" in {string}", source.place(number)));
            }
        }
    }
    none(&found, "strings with words to avoid");
}

#[test]
fn only_quotes_say_octets() {
    let mut found = Vec::new();
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            let lower = QUOTED.iter().fold(line.to_owned(), |line, quote| line.replace(quote, ""));
            if lower.to_lowercase().contains("octet") {
                found.push(format!("{}: {line}", source.place(number + 1)));
            }
        }
    }
    none(&found, "lines that say octets where the technote says bytes");
}

/// Whether `text` has `words`, not as a part of longer ones.
fn has(text: &str, words: &str) -> bool {
    let letter = |next: char| next.is_alphanumeric();
    text.match_indices(words).any(|(at, _)| {
        !text[..at].ends_with(letter) && !text[at + words.len()..].starts_with(letter)
    })
}

/// Words of a doc comment that can be no more than the name over again.
const SAYS_NOTHING: usize = 3;

/// Verbs of reporting and judging that no log of this field uses, and idiom that is none.
const AVOIDED: [&str; 14] = [
    "believed",
    "believes",
    "farewell",
    "for want of",
    "has it that",
    "in the midst",
    "is to be",
    "octet",
    "octets",
    "stands",
    "stood",
    "tells",
    "told",
    "may not stand",
];

/// The mode of TFTP (RFC 1350), a type of ASN.1, and a method of the standard library.
const QUOTED: [&str; 4] = ["0octet", "`octet`", "OCTET STRING", ".octets()"];
