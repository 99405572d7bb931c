//! The paths that a file uses, in imports and in code, as far as they leave the file.

use super::tokens::{Token, production};

/// What a file uses.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Uses {
    /// Imports, spelt out one by one; `self` and `super` are resolved to `crate`.
    pub(super) imports: Vec<Import>,
    /// Paths in code, those of one name too, resolved likewise.
    pub(super) code: Vec<String>,
    /// Crates that are named as such.
    pub(super) crates: Vec<String>,
    /// Macros called by their bare name.
    pub(super) macros: Vec<String>,
}

/// One imported thing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Import {
    /// The name that it has in the file.
    pub(super) name: String,
    /// Where it comes from.
    pub(super) path: String,
    /// Whether it is there for others.
    pub(super) scope: Scope,
}

/// Who an import is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scope {
    /// The file itself.
    File,
    /// Others, to whatever extent.
    Others,
}

impl Uses {
    /// The paths that may leave the file.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        let imports = self.imports.iter().map(|import| &import.path);
        let code = self.code.iter().filter(|path| path.contains("::"));
        imports.chain(&self.crates).chain(code).map(String::as_str)
    }
}

/// The uses of the file whose module is `module`, for example `["wire", "tftp"]`.
pub(super) fn uses(module: &[&str], text: &str) -> Uses {
    let tokens = production(text);
    let mut found = Uses::default();
    let mut at = 0;
    while at < tokens.len() {
        let rest = &tokens[at..];
        at += match rest {
            [Token::Name("use"), ..] => {
                let mut leaves = Vec::new();
                let length = tree(&rest[1..], &[], &mut leaves);
                let scope = scope(&tokens[..at]);
                let import = |leaf: Leaf| leaf.import(module, scope);
                found.imports.extend(leaves.into_iter().map(import));
                1 + length
            }
            [Token::Name("extern"), Token::Name("crate"), Token::Name(name), ..] => {
                found.crates.push((*name).to_owned());
                3
            }
            [Token::Name(name), Token::Sign('!'), ..] => {
                found.macros.push((*name).to_owned());
                2
            }
            // A declaration is no use.
            [Token::Name("mod"), Token::Name(_), ..] => 2,
            // A field or a method; what is called is not said here.
            [Token::Sign('.'), Token::Name(_), ..] => 2,
            [Token::Name(_) | Token::Below, ..] => {
                let (path, length) = path(rest);
                found.code.push(resolved(module, &path.join("::")));
                length
            }
            _ => 1,
        };
    }
    found
}

/// Whom an import is for, by the tokens before it.
fn scope(before: &[Token<'_>]) -> Scope {
    match before {
        [.., Token::Name("pub")] | [.., Token::Sign(')')] => Scope::Others,
        _ => Scope::File,
    }
}

/// One leaf of the tree of an import.
struct Leaf {
    path: String,
    alias: Option<String>,
}

impl Leaf {
    fn import(self, module: &[&str], scope: Scope) -> Import {
        let last = self.path.rsplit("::").next().unwrap_or_default().to_owned();
        let name = self.alias.unwrap_or(last);
        Import { name, path: resolved(module, &self.path), scope }
    }
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
fn tree(tokens: &[Token<'_>], above: &[&str], leaves: &mut Vec<Leaf>) -> usize {
    let mut names = above.to_vec();
    let mut alias = None;
    let mut at = 0;
    loop {
        match tokens.get(at) {
            Some(Token::Below) => at += 1,
            Some(Token::Name("as")) => {
                if let Some(Token::Name(name)) = tokens.get(at + 1) {
                    alias = Some((*name).to_owned());
                }
                at += 2;
            }
            Some(Token::Name("self")) if !names.is_empty() => at += 1,
            Some(Token::Name(name)) => {
                names.push(name);
                at += 1;
            }
            Some(Token::Sign('*')) => {
                names.push("*");
                at += 1;
            }
            Some(Token::Sign('{')) => return at + 1 + branches(&tokens[at + 1..], &names, leaves),
            _ => break,
        }
    }
    leaves.push(Leaf { path: names.join("::"), alias });
    at
}

/// The branches of an import up to the closing brace.
fn branches(tokens: &[Token<'_>], above: &[&str], leaves: &mut Vec<Leaf>) -> usize {
    let mut at = 0;
    loop {
        match tokens.get(at) {
            Some(Token::Sign('}')) | None => return at + 1,
            Some(Token::Sign(',')) => at += 1,
            Some(_) => at += tree(&tokens[at..], above, leaves).max(1),
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
