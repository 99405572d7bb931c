//! The paths that a file uses, in imports and in code, as far as they leave the file.

use super::tokens::{Token, production};

/// What a file uses.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Uses {
    /// Paths, imports spelt out one by one; `self` and `super` are resolved to `crate`.
    pub(super) paths: Vec<String>,
    /// Macros called by their bare name.
    pub(super) macros: Vec<String>,
}

/// The uses of the file whose module is `module`, for example `["wire", "tftp"]`.
pub(super) fn uses(module: &[&str], text: &str) -> Uses {
    let tokens = production(text);
    let mut found = Uses::default();
    let mut at = 0;
    while at < tokens.len() {
        let rest = &tokens[at..];
        at += match rest {
            [Token::Name("use"), ..] => 1 + tree(&rest[1..], &[], &mut found.paths),
            [Token::Name("extern"), Token::Name("crate"), Token::Name(name), ..] => {
                found.paths.push((*name).to_owned());
                3
            }
            [Token::Name(name), Token::Sign('!'), ..] => {
                found.macros.push((*name).to_owned());
                2
            }
            [Token::Name(_) | Token::Below, ..] => {
                let (path, length) = path(rest);
                if path.len() > 1 {
                    found.paths.push(path.join("::"));
                }
                length
            }
            _ => 1,
        };
    }
    for path in &mut found.paths {
        *path = resolved(module, path);
    }
    found
}

/// The names of a path in code, and how many tokens they take.
fn path<'a>(tokens: &[Token<'a>]) -> (Vec<&'a str>, usize) {
    let mut names = Vec::new();
    let mut at = usize::from(tokens.first() == Some(&Token::Below));
    while let Some(Token::Name(name)) = tokens.get(at) {
        names.push(*name);
        at += 1;
        match tokens.get(at..at + 2) {
            Some([Token::Below, Token::Name(_)]) => at += 1,
            _ => break,
        }
    }
    (names, at.max(1))
}

/// Spells out the tree of an import; gives the tokens that it takes.
fn tree(tokens: &[Token<'_>], above: &[&str], paths: &mut Vec<String>) -> usize {
    let mut names = above.to_vec();
    let mut at = 0;
    loop {
        match tokens.get(at) {
            Some(Token::Below) => at += 1,
            Some(Token::Name("as")) => at += 2,
            Some(Token::Name("self")) if !names.is_empty() => at += 1,
            Some(Token::Name(name)) => {
                names.push(name);
                at += 1;
            }
            Some(Token::Sign('*')) => {
                names.push("*");
                at += 1;
            }
            Some(Token::Sign('{')) => return at + 1 + branches(&tokens[at + 1..], &names, paths),
            _ => break,
        }
    }
    paths.push(names.join("::"));
    at
}

/// The branches of an import up to the closing brace.
fn branches(tokens: &[Token<'_>], above: &[&str], paths: &mut Vec<String>) -> usize {
    let mut at = 0;
    loop {
        match tokens.get(at) {
            Some(Token::Sign('}')) | None => return at + 1,
            Some(Token::Sign(',')) => at += 1,
            Some(_) => at += tree(&tokens[at..], above, paths).max(1),
        }
    }
}

fn resolved(module: &[&str], path: &str) -> String {
    let mut above = module.to_vec();
    let mut rest = path;
    let mut relative = false;
    if let Some(after) = rest.strip_prefix("self::") {
        (rest, relative) = (after, true);
    }
    while let Some(after) = rest.strip_prefix("super::") {
        above.pop();
        (rest, relative) = (after, true);
    }
    if !relative {
        return path.to_owned();
    }
    let names: Vec<_> = ["crate"].into_iter().chain(above).chain([rest]).collect();
    names.join("::")
}
