//! Distinguished names, which trust lists write in more than one way. They are hints: nothing is
//! trusted or refused because of a name alone.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// A name as a text prints it, parsed once so that comparisons are cheap.
///
/// Two are equal if their attributes are, in whatever order: types regardless of case, values
/// exactly. Where a text cannot be split into attributes, only the same text is the same name.
///
/// # Source
/// Call managers join attributes with `;`, most specific first; the tools with `,` in certificate
/// order; eToken names have quotes that need not balance (domain facts 3.7).
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum DistinguishedName {
    /// The attributes in one order and one spelling.
    Attributes(Box<str>),
    /// A text that cannot be split into attributes.
    Text(Box<str>),
}

impl DistinguishedName {
    /// The name that a text prints.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        // One more than allowed, so that too many can be recognized without splitting the whole
        // text.
        let parts = Parts(Some(text)).take(MAX_ATTRIBUTES + 1);
        let attributes: Option<Vec<_>> = parts.map(Attribute::parse).collect();
        let Some(mut attributes) = attributes.filter(|them| them.len() <= MAX_ATTRIBUTES) else {
            return Self::Text(Box::from(text));
        };
        // Call managers and tools write the same attributes in opposite order.
        attributes.sort_unstable_by(Attribute::order);
        let mut written = String::with_capacity(text.len() + 1);
        attributes.iter().for_each(|attribute| attribute.write(&mut written));
        Self::Attributes(written.into_boxed_str())
    }
}

/// A text split at each `;` and `,` that no backslash escapes.
struct Parts<'a>(Option<&'a str>);

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0?;
        let mut escaped = false;
        let end = text.bytes().position(|byte| {
            let ends = !escaped && matches!(byte, b';' | b',');
            // An escaped backslash does not escape what follows it.
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let (part, rest) = match end {
            Some(end) => (text.get(..end)?, text.get(end + 1..)),
            None => (text, None),
        };
        self.0 = rest;
        Some(part)
    }
}

/// One attribute of a name.
struct Attribute<'a> {
    kind: Cow<'a, str>,
    value: Cow<'a, str>,
}

impl<'a> Attribute<'a> {
    /// Parses `type=value`; nothing if there are quotes, which would make the reading a guess.
    fn parse(part: &'a str) -> Option<Self> {
        let (kind, value) = match unescaped(part) {
            // The usual case, without a copy: few names have escapes.
            Cow::Borrowed(part) => {
                let (kind, value) = part.split_once('=')?;
                (Cow::Borrowed(kind.trim()), Cow::Borrowed(value.trim()))
            }
            Cow::Owned(part) => {
                let (kind, value) = part.split_once('=')?;
                (Cow::Owned(kind.trim().into()), Cow::Owned(value.trim().into()))
            }
        };
        (!kind.is_empty() && !value.contains('"')).then_some(Self { kind, value })
    }

    /// Any order will do that puts equal attributes next to each other.
    fn order(&self, other: &Self) -> Ordering {
        let upper = |byte: u8| byte.to_ascii_uppercase();
        let kinds = (self.kind.bytes().map(upper), other.kind.bytes().map(upper));
        kinds.0.cmp(kinds.1).then_with(|| self.value.cmp(&other.value))
    }

    /// `TYPE=value;`, with a backslash before each `;` and backslash inside, so that two attributes
    /// never look like one.
    fn write(&self, name: &mut String) {
        let start = name.len();
        push_escaped(name, &self.kind);
        if let Some(kind) = name.get_mut(start..) {
            kind.make_ascii_uppercase();
        }
        name.push('=');
        push_escaped(name, &self.value);
        name.push(';');
    }
}

fn push_escaped(name: &mut String, text: &str) {
    for piece in text.split_inclusive([';', '\\']) {
        match piece.strip_suffix([';', '\\']) {
            Some(before) => {
                name.push_str(before);
                name.push('\\');
                name.push_str(piece.get(before.len()..).unwrap_or_default());
            }
            None => name.push_str(piece),
        }
    }
}

/// The text without the backslashes that escape something.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut characters = text.chars();
    let next = || match characters.next() {
        Some('\\') => characters.next(),
        other => other,
    };
    Cow::Owned(core::iter::from_fn(next).collect())
}

/// The most attributes that a name is split into; one with more is compared as a text. Bounds what
/// parsing a name costs. Inferred: call managers write six, of nine types.
const MAX_ATTRIBUTES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: &str, right: &str) -> bool {
        DistinguishedName::from_text(left) == DistinguishedName::from_text(right)
    }

    #[test]
    fn order_separator_and_case_of_the_type_do_not_matter() {
        assert!(same("CN=a.b;OU=TAC;O=Cisco", "o=Cisco, OU=TAC, cn=a.b"));
    }

    #[test]
    fn a_value_counts_with_its_case() {
        assert!(!same("CN=a", "CN=A"));
    }

    #[test]
    fn repeated_attributes_are_counted() {
        assert!(!same("CN=a;OU=x;OU=x", "CN=a;OU=x"));
    }

    #[test]
    fn an_escaped_separator_belongs_to_the_value() {
        assert!(same("CN=a,O=Lab\\, Inc.", "O=Lab\\, Inc.;CN=a"));
        assert!(!same("CN=a,O=Lab\\, Inc.", "CN=a,O=Lab"));
    }

    #[test]
    fn a_truncated_token_name_is_only_equal_to_itself() {
        let name = "cn=\"SAST-ADN0054f509        \";ou=IPCBU;o=\"Cisco Systems";
        assert!(same(name, name));
        assert!(!same(name, &name.replace("cn=", "CN=")));
        assert!(!same(name, &name[1..]));
    }

    #[test]
    fn a_name_of_more_attributes_than_anyone_has_is_its_text() {
        let name = |count: usize, last: &str| "OU=a,".repeat(count - 1) + last;
        assert!(same(&name(MAX_ATTRIBUTES, "CN=b"), &name(MAX_ATTRIBUTES, "cn=b")));
        assert!(!same(&name(MAX_ATTRIBUTES + 1, "CN=b"), &name(MAX_ATTRIBUTES + 1, "cn=b")));
    }

    #[test]
    fn what_is_escaped_does_not_run_into_the_next_attribute() {
        assert!(!same("CN=a\\;O=b", "CN=a;O=b"));
        assert!(!same("CN=a\\\\;O=b", "CN=a\\;O=b"));
    }
}
