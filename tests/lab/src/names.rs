//! Distinguished names and the three ways they are written.

use crate::der;

/// An attribute type of a distinguished name.
///
/// The order is the call manager's: most specific first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Attribute {
    /// Common name.
    Cn,
    /// Organizational unit.
    Ou,
    /// Organization.
    O,
    /// Locality.
    L,
    /// State or province.
    St,
    /// Country.
    C,
}

impl Attribute {
    fn label(self) -> &'static str {
        match self {
            Self::Cn => "CN",
            Self::Ou => "OU",
            Self::O => "O",
            Self::L => "L",
            Self::St => "ST",
            Self::C => "C",
        }
    }

    /// Last byte of the object identifier 2.5.4.x.
    fn arc(self) -> u8 {
        match self {
            Self::Cn => 3,
            Self::C => 6,
            Self::L => 7,
            Self::St => 8,
            Self::O => 10,
            Self::Ou => 11,
        }
    }
}

/// How a file is written: by the call manager or by the public tools.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Layout {
    /// Names with `;`, most specific attribute first; serial before issuer; blank DNS names.
    CallManager,
    /// Names with `,`, in the certificate's order; issuer before serial; tag 28.
    Tools,
}

/// A distinguished name; its attributes are in the order of the certificate.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Name {
    attributes: Vec<(Attribute, String)>,
    print: Print,
}

/// How a call manager writes a name.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Print {
    /// As its own.
    #[default]
    Plain,
    /// As that of an eToken: lower-case types, values in quotes where they have spaces, and the
    /// whole cut at the first comma, which leaves quotes open.
    Token,
}

impl Name {
    /// The empty name; attributes follow with [`Name::with`].
    pub fn new() -> Self {
        Self::default()
    }

    /// A name of one attribute, the common name.
    pub fn common(cn: &str) -> Self {
        Self::new().with(Attribute::Cn, cn)
    }

    /// The subject of a call manager's certificate, in an order that is neither of the two written
    /// forms, so that nobody can get away with comparing text.
    pub fn of_service(cn: &str) -> Self {
        Self::new()
            .with(Attribute::C, "US")
            .with(Attribute::O, "Lab")
            .with(Attribute::Ou, "Voice")
            .with(Attribute::Cn, cn)
            .with(Attribute::St, "North Carolina")
            .with(Attribute::L, "RTP")
    }

    /// The subject of an eToken's certificate.
    ///
    /// # Source
    /// The CTL of a public technote (118893; domain facts 3.7): the blanks are the certificate's
    /// own.
    pub fn of_token(cn: &str) -> Self {
        let name = Self::common(&format!("{cn:<24}"))
            .with(Attribute::Ou, "IPCBU")
            .with(Attribute::O, "Lab Systems, Inc.");
        Self { print: Print::Token, ..name }
    }

    /// The name with one more attribute.
    #[must_use]
    pub fn with(mut self, attribute: Attribute, value: &str) -> Self {
        self.attributes.push((attribute, value.to_owned()));
        self
    }

    /// A name of this common name, and then the other attributes of `self` in their order.
    #[must_use]
    pub fn sibling(&self, cn: &str) -> Self {
        let mut sibling = Self::common(cn);
        let others = self.attributes.iter().filter(|(attribute, _)| *attribute != Attribute::Cn);
        sibling.attributes.extend(others.cloned());
        sibling
    }

    /// The text of the name in the given layout, without NUL.
    pub fn text(&self, layout: Layout) -> String {
        match layout {
            Layout::CallManager => self.call_manager(),
            Layout::Tools => tools(&self.attributes),
        }
    }

    /// `CN=..;OU=..;O=..;L=..;ST=..;C=..`, whatever the certificate's order; nothing is escaped.
    pub fn call_manager(&self) -> String {
        let mut sorted = self.attributes.clone();
        sorted.sort_by_key(|(attribute, _)| *attribute);
        let written = |(attribute, value): &(Attribute, String)| match self.print {
            Print::Token if value.contains(' ') => {
                format!("{}=\"{value}\"", attribute.label().to_lowercase())
            }
            Print::Token => format!("{}={value}", attribute.label().to_lowercase()),
            Print::Plain => format!("{}={value}", attribute.label()),
        };
        let parts: Vec<String> = sorted.iter().map(written).collect();
        let whole = parts.join(";");
        match (self.print, whole.split_once(',')) {
            (Print::Token, Some((start, _))) => start.to_owned(),
            _ => whole,
        }
    }

    /// `RDNSequence` in DER.
    pub fn der(&self) -> Vec<u8> {
        let relative: Vec<Vec<u8>> = self.attributes.iter().map(relative_name).collect();
        der::element(0x30, &relative.concat())
    }
}

fn relative_name((attribute, value): &(Attribute, String)) -> Vec<u8> {
    let string = match attribute {
        Attribute::C => 0x13,
        _ => 0x0C,
    };
    let kind = der::oid(&[0x55, 0x04, attribute.arc()]);
    der::set(&der::sequence(&[&kind, &der::element(string, value.as_bytes())]))
}

/// In the certificate's order, with commas inside values escaped.
fn tools(attributes: &[(Attribute, String)]) -> String {
    let written = |(attribute, value): &(Attribute, String)| {
        format!("{}={}", attribute.label(), value.replace(',', "\\,"))
    };
    attributes.iter().map(written).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::{Attribute, Layout, Name};

    #[test]
    fn call_manager_form_is_most_specific_first() {
        let text = Name::of_service("cm1").call_manager();
        assert_eq!(text, "CN=cm1;OU=Voice;O=Lab;L=RTP;ST=North Carolina;C=US");
    }

    #[test]
    fn the_name_of_a_token_is_quoted_and_cut_at_the_comma() {
        let name = Name::of_token("SAST-ADN0054f509");
        let text = "cn=\"SAST-ADN0054f509        \";ou=IPCBU;o=\"Lab Systems";
        assert_eq!(name.text(Layout::CallManager), text);
        let tools = "CN=SAST-ADN0054f509        ,OU=IPCBU,O=Lab Systems\\, Inc.";
        assert_eq!(name.text(Layout::Tools), tools);
    }

    #[test]
    fn call_managers_escape_nothing() {
        let name = Name::common("app").with(Attribute::O, "Lab, Inc.");
        assert_eq!(name.text(Layout::CallManager), "CN=app;O=Lab, Inc.");
    }

    #[test]
    fn tools_form_keeps_the_order_and_escapes_commas() {
        let name = Name::common("app").with(Attribute::O, "Lab, Inc.");
        assert_eq!(name.text(Layout::Tools), "CN=app,O=Lab\\, Inc.");
    }
}
