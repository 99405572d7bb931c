//! Distinguished names, which trust lists write in more than one way. They are hints: nothing is
//! trusted or refused for a name alone.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A name as its attributes, in no order: type in upper case, value as it is.
///
/// # Source
/// Call managers join attributes with `;`, most specific first; the tools with `,` in certificate
/// order; eToken names have quotes that need not balance (domain facts 3.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(Vec<(String, String)>);

impl Name {
    fn new(attributes: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut attributes: Vec<_> = attributes
            .into_iter()
            .map(|(kind, value)| (kind.to_ascii_uppercase(), value))
            .collect();
        attributes.sort();
        Self(attributes)
    }

    /// The name that a text of a trust list writes, if it can be told.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        let attributes: Option<Vec<_>> = split(text).iter().map(|part| attribute(part)).collect();
        attributes.filter(|attributes| !attributes.is_empty()).map(Self::new)
    }
}

/// A name as a text prints it, read once for the comparison with others.
#[derive(Clone, Debug)]
pub struct Printed {
    text: String,
    name: Option<Name>,
}

impl Printed {
    /// The name that a text prints.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self { name: Name::of_text(&text), text }
    }

    /// Whether another text prints the same name.
    #[must_use]
    pub fn is(&self, other: &str) -> bool {
        self.text == other || (self.name.is_some() && Name::of_text(other) == self.name)
    }
}

/// Splits at `;` and `,` that no backslash escapes, and takes the backslashes off.
fn split(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => part.extend(characters.next()),
            ';' | ',' => parts.push(core::mem::take(&mut part)),
            _ => part.push(character),
        }
    }
    parts.push(part);
    parts
}

/// `type=value`; quotes make the reading ambiguous, and that is said rather than guessed.
fn attribute(part: &str) -> Option<(String, String)> {
    let (kind, value) = part.split_once('=')?;
    let kind = kind.trim();
    if kind.is_empty() || value.contains('"') {
        return None;
    }
    Some((kind.to_string(), value.trim().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: &str, right: &str) -> bool {
        Printed::new(left.to_string()).is(right)
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
        assert_eq!(Name::of_text(name), None);
    }
}
