//! Users and groups, as an administrator writes them.

use core::fmt;

/// Someone at the other end of the socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Principal {
    /// `everyone`: whoever may open the socket.
    Everyone,
    /// `group:NAME` or `group:NUMBER`, primary or supplementary.
    Group(Id),
    /// `user:NAME` or `user:NUMBER`, of the process that connected.
    User(Id),
}

/// A user or group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Id {
    /// A name, which is looked up when a client connects.
    Name(String),
    /// A number, which needs no entry in `/etc/passwd` or `/etc/group`.
    Number(u32),
}

impl Principal {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None => (text == "everyone").then_some(Self::Everyone),
            Some(("group", id)) => Id::parse(id).map(Self::Group),
            Some(("user", id)) => Id::parse(id).map(Self::User),
            Some(_) => None,
        }
    }
}

impl Id {
    fn parse(text: &str) -> Option<Self> {
        // Digits are a number even where a user has such a name.
        if let Ok(number) = text.parse() {
            return Some(Self::Number(number));
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        (!text.is_empty() && text.len() <= 32 && text.chars().all(fits))
            .then(|| Self::Name(text.to_owned()))
    }

    /// Whether this is the one with that number or that name.
    #[must_use]
    pub fn is(&self, number: u32, name: Option<&str>) -> bool {
        match self {
            Self::Name(own) => name == Some(own.as_str()),
            Self::Number(own) => *own == number,
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::Group(id) => write!(f, "group:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Number(number) => number.fmt(f),
        }
    }
}
