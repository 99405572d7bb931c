//! Rust source as far as layering needs it: identifiers, `::` and punctuation, without comments,
//! literals and test code.

/// One token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Token<'a> {
    /// `::`.
    Below,
    /// An identifier or keyword.
    Name(&'a str),
    /// Any other character.
    Sign(char),
}

/// The tokens of production code.
#[allow(dead_code, reason = "of the two tests that use this file one looks at tokens")]
pub(super) fn production(text: &str) -> Vec<Token<'_>> {
    without_tests(&tokens(text))
}

/// The strings of a source, each with the line that it begins in, comments left out.
#[allow(dead_code, reason = "of the two tests that use this file one looks at strings")]
pub(super) fn strings(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = skipped(rest);
        if length > 0 && !rest.starts_with('/') && rest[..length].ends_with(['"', '#']) {
            found.push((text[..at].lines().count(), &rest[..length]));
        }
        at += length.max(first.len_utf8());
    }
    found
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = skipped(rest);
        if length > 0 {
            rest = &rest[length..];
        } else if let Some(after) = rest.strip_prefix("::") {
            found.push(Token::Below);
            rest = after;
        } else if is_name(first) {
            let end = rest.find(|next| !is_name(next)).unwrap_or(rest.len());
            found.push(Token::Name(&rest[..end]));
            rest = &rest[end..];
        } else {
            if !first.is_whitespace() {
                found.push(Token::Sign(first));
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Bytes of the comment or literal that `rest` begins with; 0 if it is something else.
fn skipped(rest: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    let raw = rest.trim_start_matches(['b', 'c']);
    let prefix = rest.len() - raw.len();
    if prefix > 1 {
        return 0;
    }
    if let Some(hashed) = raw.strip_prefix('r') {
        let quoted = hashed.trim_start_matches('#');
        if quoted.starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashed.len() - quoted.len()));
            let start = rest.len() - quoted.len() + 1;
            return rest[start..].find(&close).map_or(rest.len(), |end| start + end + close.len());
        }
    }
    if raw.starts_with('"') {
        return prefix + quoted(raw, '"');
    }
    if raw.starts_with('\'') { character(rest, prefix) } else { 0 }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest[at..];
        if here.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// Bytes up to and with the closing quote.
fn quoted(rest: &str, quote: char) -> usize {
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote {
            return at + 1;
        }
    }
    rest.len()
}

/// A character literal; a lifetime is none, but its quote and name are skipped like one.
fn character(rest: &str, prefix: usize) -> usize {
    let mut after = rest[prefix + 1..].chars();
    let (first, second) = (after.next(), after.next());
    if first == Some('\\') || second == Some('\'') {
        return prefix + quoted(&rest[prefix..], '\'');
    }
    let name = rest[prefix + 1..].find(|next| !is_name(next)).unwrap_or(rest.len() - prefix - 1);
    prefix + 1 + name
}

/// Leaves out every item under `#[cfg(test)]`.
fn without_tests<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut kept = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if tokens[at..].starts_with(&CFG_TEST) {
            at += CFG_TEST.len();
            at += item(&tokens[at..]);
        } else {
            kept.push(*token);
            at += 1;
        }
    }
    kept
}

/// Tokens of the item that comes next: up to its semicolon, or the end of its block.
fn item(tokens: &[Token<'_>]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') if depth == 1 => return at + 1,
            Token::Sign('}') => depth -= 1,
            Token::Sign(';') if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

const CFG_TEST: [Token<'static>; 7] = [
    Token::Sign('#'),
    Token::Sign('['),
    Token::Name("cfg"),
    Token::Sign('('),
    Token::Name("test"),
    Token::Sign(')'),
    Token::Sign(']'),
];
