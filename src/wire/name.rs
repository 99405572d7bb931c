//! Names of files and of the device: what a phone may ask for, write, and call itself.

use core::fmt;
use core::str::FromStr;

/// The name of a file on a server, and of its copy in the ram folder.
///
/// It can neither climb out of a folder nor name a hidden file: one to [`MAX_COMPONENTS`]
/// components of `[A-Za-z0-9._-]`, parted by one `/`, none empty, none starting with a dot.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FileName(String);

impl FileName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`BadName::TooLong`] beyond [`MAX_LENGTH`] bytes, [`BadName::Character`] for anything
    /// outside the allowed set, [`BadName::Empty`] for an empty component (so for an empty name, a
    /// `/` at either end, and `//`), [`BadName::Dot`] for a component that starts with a dot (so
    /// for `..`), [`BadName::TooDeep`] beyond [`MAX_COMPONENTS`] components.
    pub fn parse(name: &str) -> Result<Self, BadName> {
        // First: all that follows walks through the name.
        if name.len() > MAX_LENGTH {
            return Err(BadName::TooLong { length: name.len() });
        }
        let mut offset = 0;
        for (count, component) in name.split('/').enumerate() {
            if count == MAX_COMPONENTS {
                return Err(BadName::TooDeep);
            }
            parse_component(component, offset)?;
            // The component and the `/` behind it.
            offset += component.len() + 1;
        }
        Ok(Self(name.to_owned()))
    }

    /// The name with all its components, as a server is asked for it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The components, folders first.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// This name with `suffix` behind it, such as `.sgn`.
    ///
    /// # Errors
    /// As [`parse`](Self::parse) for the longer name.
    pub fn with_suffix(&self, suffix: &str) -> Result<Self, BadName> {
        Self::parse(&format!("{self}{suffix}"))
    }
}

impl FromStr for FileName {
    type Err = BadName;

    fn from_str(name: &str) -> Result<Self, BadName> {
        Self::parse(name)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of the phone at its call manager, such as `SEP001122334455`, `ATA001122334455` or
/// `CSFALICE`: one to [`MAX_DEVICE`] of `[A-Za-z0-9._-]`, the first a letter or digit and no two
/// dots in a row, so that a file name can be built from it.
///
/// # Source
/// Domain facts 1.1: hard phones and adapters are named for their MAC address, soft clients freely.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct DeviceName(String);

impl DeviceName {
    /// Reads a name; `None` if the text breaks the rules above.
    pub fn parse(name: &str) -> Option<Self> {
        let fits = name.len() <= MAX_DEVICE
            && name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && !name.contains("..")
            && parse_component(name, 0).is_ok();
        fits.then(|| Self(name.to_owned()))
    }

    /// The name, letters in the case in which they were written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The model in a device name of TVS, `CP-<model>-<device>`: one to [`MAX_MODEL`] letters and
/// digits.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Model(String);

impl Model {
    /// Reads a model; `None` if the text breaks the rule above.
    pub fn parse(model: &str) -> Option<Self> {
        is_alphanumeric(model, MAX_MODEL).then(|| Self(model.to_owned()))
    }

    /// The model, such as `8861` or `7962G`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Four zeros, which the reference server accepts as any model.
impl Default for Model {
    fn default() -> Self {
        Self("0000".to_owned())
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a [`FileName`]. Offsets count bytes from the start of the name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BadName {
    /// A character outside `[A-Za-z0-9._-]` and `/`.
    Character {
        /// Bytes before the character.
        offset: usize,
        /// The character, which may be any of Unicode.
        found: char,
    },
    /// A component starts with a dot.
    Dot {
        /// Bytes before the component.
        offset: usize,
    },
    /// A component is empty.
    Empty {
        /// Bytes before the place where the component should be.
        offset: usize,
    },
    /// More than [`MAX_COMPONENTS`] components.
    TooDeep,
    /// More than [`MAX_LENGTH`] bytes.
    TooLong {
        /// How many there are.
        length: usize,
    },
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character { offset, found } => {
                write!(f, "character {found:?} at offset {offset} is not allowed in a file name")
            }
            Self::Dot { offset } => {
                write!(f, "file name component at offset {offset} starts with a dot")
            }
            Self::Empty { offset } => write!(f, "file name component at offset {offset} is empty"),
            Self::TooDeep => write!(f, "file name has more than {MAX_COMPONENTS} components"),
            Self::TooLong { length } => {
                write!(f, "file name of {length} bytes exceeds the limit of {MAX_LENGTH}")
            }
        }
    }
}

impl core::error::Error for BadName {}

fn parse_component(component: &str, offset: usize) -> Result<(), BadName> {
    if component.is_empty() {
        return Err(BadName::Empty { offset });
    }
    // `.` and `..` would climb; any other such name is a hidden file.
    if component.starts_with('.') {
        return Err(BadName::Dot { offset });
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match component.char_indices().find(|&(_, c)| !allowed(c)) {
        Some((at, found)) => Err(BadName::Character { offset: offset + at, found }),
        None => Ok(()),
    }
}

fn is_alphanumeric(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Bytes in a device name. Inferred: `SEP` and a MAC address are 15; soft clients choose longer.
pub const MAX_DEVICE: usize = 32;

/// Bytes in a model. Inferred: `7962G` is the longest that is documented.
pub const MAX_MODEL: usize = 16;

/// Bytes in a name. Inferred: the longest documented name, a list of a locale, has about 60.
pub const MAX_LENGTH: usize = 128;

/// Components in a name. Inferred: documented names have three at most,
/// `Desktops/320x212x12/List.xml.sgn`.
pub const MAX_COMPONENTS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_phones_ask_for_are_names() {
        for name in [
            "CTLSEP001122334455.tlv",
            "SEP001122334455.cnf.xml.enc.sgn",
            "New_Zealand/g3-tones.xml.sgn",
            "Desktops/320x212x12/List.xml.sgn",
        ] {
            assert_eq!(FileName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_name_cannot_climb_or_start_at_the_root() {
        assert_eq!(FileName::parse("../passwd"), Err(BadName::Dot { offset: 0 }));
        assert_eq!(FileName::parse("a/../b"), Err(BadName::Dot { offset: 2 }));
        assert_eq!(FileName::parse("/etc/passwd"), Err(BadName::Empty { offset: 0 }));
        assert_eq!(FileName::parse("a/.hidden"), Err(BadName::Dot { offset: 2 }));
    }

    #[test]
    fn an_empty_component_is_refused() {
        assert_eq!(FileName::parse(""), Err(BadName::Empty { offset: 0 }));
        assert_eq!(FileName::parse("a//b"), Err(BadName::Empty { offset: 2 }));
        assert_eq!(FileName::parse("a/"), Err(BadName::Empty { offset: 2 }));
    }

    #[test]
    fn a_foreign_character_is_named_with_its_offset() {
        for (name, offset, found) in
            [("a/b c", 3, ' '), ("a\\b", 1, '\\'), ("a\0", 1, '\0'), ("ä", 0, 'ä')]
        {
            assert_eq!(FileName::parse(name), Err(BadName::Character { offset, found }));
        }
    }

    #[test]
    fn length_and_depth_have_limits() {
        assert!(FileName::parse(&"a".repeat(MAX_LENGTH)).is_ok());
        let long = "a".repeat(MAX_LENGTH + 1);
        assert_eq!(FileName::parse(&long), Err(BadName::TooLong { length: MAX_LENGTH + 1 }));
        assert!(FileName::parse("a/b/c/d").is_ok());
        assert_eq!(FileName::parse("a/b/c/d/e"), Err(BadName::TooDeep));
    }

    #[test]
    fn hard_phones_adapters_and_soft_clients_have_names() {
        for name in ["SEP001122334455", "ATA001122334455", "CSFALICE", "CSFalice.b-c_1"] {
            let parsed = DeviceName::parse(name).unwrap();
            assert_eq!(parsed.as_str(), name);
            assert!(FileName::parse(&format!("CTL{parsed}.tlv")).is_ok());
        }
        for name in
            ["", "-1", ".x", "a..b", "a/b", "../x", "SEP 1", "ä", &"A".repeat(MAX_DEVICE + 1)]
        {
            assert_eq!(DeviceName::parse(name), None);
        }
        assert_eq!(Model::parse("7962G").unwrap().to_string(), "7962G");
        assert_eq!(Model::parse("7962-G"), None);
    }

    #[test]
    fn a_suffix_is_checked_like_the_rest() {
        let name = FileName::parse("SEP001122334455.cnf.xml").unwrap();
        assert_eq!(name.with_suffix(".sgn").unwrap().as_str(), "SEP001122334455.cnf.xml.sgn");
        assert!(name.with_suffix("/").is_err());
    }
}
