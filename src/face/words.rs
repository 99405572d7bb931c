//! Closed sets of words: enums in Rust, and in Varlink where its grammar can spell them.

use alloc::borrow::ToOwned;
use alloc::string::String;

use serde_json::Value;

use crate::face::shape::{Declared, Shape, Types, Unfit};

/// An enum whose values are single words.
pub trait Words: Copy + 'static {
    /// Its name in the interface's language.
    const NAME: &'static str;

    /// Every value, in the order of declaration.
    const ALL: &'static [Self];

    /// The word that stands for the value on the wire.
    fn word(self) -> &'static str;

    /// The value that a word stands for.
    #[must_use]
    fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.word() == word)
    }
}

/// The type in the interface's language. A word with a hyphen cannot be a member of an enum there:
/// then it is a string, and a comment says which.
pub(super) fn varlink<W: Words>() -> String {
    // The words stay the same on the wire, where both are strings.
    if is_enum::<W>() { W::NAME.to_owned() } else { String::varlink() }
}

pub(super) fn from_value<W: Words>(value: &Value) -> Result<W, Unfit> {
    // Exactly as declared: other case or a blank is refused, not guessed.
    value.as_str().and_then(W::of).ok_or_else(Unfit::default)
}

pub(super) fn declare<W: Words>(types: &mut Types) {
    if is_enum::<W>() {
        // Only then: a set that is a string in the language has no name there.
        let words = W::ALL.iter().map(|it| it.word()).collect();
        types.insert(W::NAME, Declared::Words(words));
    }
}

fn is_enum<W: Words>() -> bool {
    // All or none: one hyphened word turns the whole set into strings.
    W::ALL.iter().all(|it| it.word().bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Declares an enum with the word of each of its values.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$what:meta])* $value:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum $name { $($(#[$what])* $value,)* }

        impl $crate::face::words::Words for $name {
            const NAME: &'static str = stringify!($name);
            const ALL: &'static [Self] = &[$(Self::$value,)*];

            fn word(self) -> &'static str {
                match self { $(Self::$value => $word,)* }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str($crate::face::words::Words::word(*self))
            }
        }

        impl $crate::face::shape::Shape for $name {
            fn varlink() -> alloc::string::String {
                $crate::face::words::varlink::<Self>()
            }

            fn into_value(self) -> serde_json::Value {
                $crate::face::words::Words::word(self).into()
            }

            fn from_value(value: serde_json::Value) -> Result<Self, $crate::face::shape::Unfit> {
                $crate::face::words::from_value(&value)
            }

            fn blank() -> Self {
                // Any will do: a record with a placeholder is refused as a whole.
                <Self as $crate::face::words::Words>::ALL[0]
            }

            fn declare(types: &mut $crate::face::shape::Types) {
                $crate::face::words::declare::<Self>(types);
            }
        }
    };
}

pub(super) use words;

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro declares for everyone")]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    words! {
        /// Spelt in Varlink too.
        Plain { One = "one", Two = "two", }
    }

    words! {
        /// Not spelt in Varlink.
        Hyphened { NotOk = "not-ok", }
    }

    #[test]
    fn a_word_is_read_as_it_is_written_and_no_other_is() {
        for plain in Plain::ALL {
            assert_eq!(Plain::from_value((*plain).into_value()), Ok(*plain));
        }
        assert!(Plain::from_value("One".into()).is_err() && Plain::from_value(1.into()).is_err());
    }

    #[test]
    fn words_with_hyphens_are_strings_to_varlink() {
        assert_eq!((Plain::varlink(), Hyphened::varlink()), ("Plain".into(), "string".into()));
        let mut types = Types::new();
        Plain::declare(&mut types);
        Hyphened::declare(&mut types);
        assert_eq!(types.into_keys().collect::<Vec<_>>(), ["Plain"]);
        assert_eq!(Hyphened::NotOk.to_string(), "not-ok");
    }
}
